"""Ids that say nothing to whoever lacks the key: HMAC-SHA256 of what a site calls its users."""

import hmac
import os
import re
from dataclasses import dataclass, field

import polars as pl

from bowerbird.errors import ConfigError

VARIABLE = "BOWERBIRD_PSEUDONYM_KEY"
"""Where the key is: never in a file of settings, never in a bundle."""

LEAST = 32
"""Characters of a key. Ids can be guessed one by one, so it is the key that hides them."""

_FORM = re.compile(r"p-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Gives each id its pseudonym, the same wherever the key is the same. A pseudonym is its own, so that it may be given again.

    key     secret; with another one everybody is somebody else
    raises  ConfigError for a key that is too short

    >>> names = Pseudonyms("0123456789abcdef0123456789abcdef")
    >>> names.of("ada")
    'p-7f06173e229c19dd526caed61c2cfefa'
    >>> names.of(names.of("ada")) == names.of("ada")
    True
    """

    key: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < LEAST:
            raise ConfigError(f"{VARIABLE}: must have at least {LEAST} characters, got {len(self.key)}")

    @staticmethod
    def from_environment() -> "Pseudonyms":
        """With the key of this process's environment.

        raises  ConfigError if there is none
        """
        key = os.environ.get(VARIABLE)
        if key is None:
            raise ConfigError(f"data.pseudonyms: needs a secret key of at least {LEAST} characters in the environment's {VARIABLE}")
        return Pseudonyms(key)

    @staticmethod
    def where(wanted: bool) -> "Pseudonyms | None":
        """Those of the environment, where they are wanted."""
        return Pseudonyms.from_environment() if wanted else None

    def of(self, id: str) -> str:
        """The pseudonym of an id."""
        return id if _FORM.fullmatch(id) else f"p-{self._digest(id)}"

    def key_of(self, key: str) -> str:
        """An idempotency key that says no more than that it is the same, for clients write ids into theirs."""
        return f"k-{self._digest(f'key {key}')}"

    def column(self, users: pl.Series) -> pl.Series:
        """A column of ids as pseudonyms; what is null stays so."""
        told = {user: self.of(str(user)) for user in users.unique().drop_nulls().to_list()}
        return pl.Series(users.name, [None if user is None else told[user] for user in users.to_list()], pl.String)

    def _digest(self, text: str) -> str:
        return hmac.new(self.key.encode(), text.encode(), "sha256").hexdigest()[:32]
