"""Typed settings: frozen, unknown keys refused, errors that name the path and the value got.

The parts of a configuration stand beside the code that they steer; `bowerbird.fitting.Config` puts them together.
"""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bowerbird.errors import ConfigError

T = TypeVar("T")


class Settings(BaseModel):
    """The base of all settings.

    >>> class Dial(Settings):
    ...     strength: float = 0.5
    >>> parse(Dial, {"strenght": 1})
    Traceback (most recent call last):
    ...
    bowerbird.errors.ConfigError: strenght: extra inputs are not permitted, got 1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


def parse(kind: type[T] | Any, raw: Any, where: str = "") -> T:
    """Check `raw` (dicts, lists, numbers, strings) against a settings type.

    raises  ConfigError that names the first wrong path, the rule and the value got
    """
    try:
        checked: T = TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        raise ConfigError(_sentence(error, where)) from None
    return checked


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    raises  ConfigError if the file is missing, unreadable or not TOML
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"config {path}: no such file") from None
    except OSError as error:
        raise ConfigError(f"config {path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {path}: not valid TOML ({error})") from None


def _sentence(error: ValidationError, where: str) -> str:
    """`model.l2: input should be greater than 0, got -1`, and how many more there are."""
    first, *more = error.errors(include_url=False)
    path = ".".join([*([where] if where else []), *(str(part) for part in first["loc"])]) or "settings"
    rule = first["msg"][0].lower() + first["msg"][1:]
    rest = f" (and {len(more)} more)" if more else ""
    return f"{path}: {rule}, got {first['input']!r:.80}{rest}"
