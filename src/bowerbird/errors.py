"""Everything that Bowerbird raises on purpose.

    BowerbirdError
    ├── ConfigError      a setting is unknown, missing or out of its range
    ├── DataError        a file, a row, an id or an array is not what it should be
    ├── BundleError      a saved bundle is missing, damaged or of another kind
    ├── StoreError       the event store cannot be opened, read or written
    │   └── UnavailableError   not now: its database does not answer, or too much waits for it
    └── LanguageError    a language model cannot be loaded or does not answer

A message is one sentence: what is wrong, where, which rule, and the value got.
"""


class BowerbirdError(Exception):
    """The root: catch this to catch all that Bowerbird raises on purpose."""


class ConfigError(BowerbirdError):
    """A setting is unknown, missing or out of its range."""


class DataError(BowerbirdError):
    """A file, a row, an id or an array is not what it should be."""


class BundleError(BowerbirdError):
    """A saved bundle is missing, damaged or of another kind."""


class StoreError(BowerbirdError):
    """The event store cannot be opened, read or written."""


class UnavailableError(StoreError):
    """The event store does not answer now, or too much waits for it; the same call may be made again."""


class LanguageError(BowerbirdError):
    """A language model cannot be loaded or does not answer."""
