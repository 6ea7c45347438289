"""Search: words, vectors and the user's own scores, fused."""

from bowerbird.search.index import Index

__all__ = ["Index"]
