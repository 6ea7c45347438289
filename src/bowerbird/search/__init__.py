"""Search: words, vectors and the user's own scores, fused."""

from bowerbird.search.index import Index
from bowerbird.search.tokens import search_tokens

__all__ = ["Index", "search_tokens"]
