"""Bowerbird: a recommender engine. Raw behaviour logs and item text go in; live, diverse, explained recommendations come out."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Bundle": "bundle",
    "Config": "bundle",
    "Engine": "engine",
    "Event": "types",
    "SqlStore": "store",
    "clean": "data",
    "fit": "fitting",
    "read": "data",
    "sample_path": "data",
}
__all__ = ["Bundle", "Config", "Engine", "Event", "SqlStore", "__version__", "clean", "fit", "read", "sample_path"]


def __getattr__(name: str) -> Any:
    """The public names, each imported at its first use: `import bowerbird` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bowerbird' has no attribute {name!r}")
    return getattr(import_module(f"bowerbird.{_HOMES[name]}"), name)
