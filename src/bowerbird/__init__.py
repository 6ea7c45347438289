"""Bowerbird: a recommender engine. Raw behaviour logs and item text go in; live, diverse, explained recommendations come out."""

__version__ = "0.1.0"
