"""Who may come in: API keys, and how often each may knock."""

from bowerbird.access.bucket import Bucket
from bowerbird.access.ring import KeyRing
from bowerbird.access.tokens import digest_of, id_of, minted

__all__ = ["Bucket", "KeyRing", "digest_of", "id_of", "minted"]
