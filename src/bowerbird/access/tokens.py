"""The text of an API key, of which only a digest is kept.

    bwb_4f1c09aa_Jm2l…43 letters…
    │   │        └── 256 random bits
    │   └── id: names the key in lists and in logs, and says which digest to compare with
    └── so that scanners of repositories know it for a secret

A slow hash is for passwords, which people choose and others can guess. Nobody guesses 256 random bits, so one SHA-256 keeps them as
well, and costs a request microseconds; a slow hash would only be a way to keep the server busy with wrong keys.
"""

import re
import secrets
from hashlib import sha256

PREFIX = "bwb"
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")


def minted() -> tuple[str, str]:
    """The id of a new key, and the key itself.

    >>> id, token = minted()
    >>> id_of(token) == id, len(token)
    (True, 56)
    """
    id = secrets.token_hex(4)
    return id, f"{PREFIX}_{id}_{secrets.token_urlsafe(32)}"


def id_of(token: str) -> str | None:
    """The id in a key; None where the text has not the form of one.

    >>> id_of("bwb_4f1c09aa_short") is None
    True
    """
    found = _FORM.fullmatch(token)
    return None if found is None else found[1]


def digest_of(token: str) -> bytes:
    """What is kept of a key: 32 bytes."""
    return sha256(token.encode()).digest()
