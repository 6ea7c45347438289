"""Compiling hot loops with numba."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(loop: Callable[P, R]) -> Callable[P, R]:
    """The loop as machine code, made at its first call, free of the interpreter lock, kept on disk for the next process.

    Sums may be reordered so that they use the processor's vector units; NaN and infinity keep their meaning. Where nothing can be
    written (a read-only container without a home), the code is made anew in each process.
    """
    free = {"reassoc", "contract", "nsz"}
    try:
        return njit(cache=True, nogil=True, fastmath=free)(loop)
    except RuntimeError:  # numba finds no folder for its cache
        return njit(nogil=True, fastmath=free)(loop)
