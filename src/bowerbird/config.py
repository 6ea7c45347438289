"""Typed settings: frozen, unknown keys refused, errors that name the path and the value got.

The parts of a configuration stand beside the code that they steer; `bowerbird.fitting.Config` puts them together.
"""

import tomllib
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from bowerbird.errors import ConfigError

T = TypeVar("T")

Span = Annotated[Annotated[float, Field(gt=0)] | None, BeforeValidator(lambda value: None if value == inf else value)]
"""A length above 0 in the unit of the setting's name; None, which TOML writes `inf`, is without end."""


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


def value_at(settings: BaseModel, name: str) -> Any:
    """The value of a setting by its dotted name: `l2`, `train.learning_rate`, `members.2.l2` (places from 0).

    raises  ConfigError if there is no such setting
    """
    value: Any = settings
    for part in name.split("."):
        try:
            value = value[int(part)] if isinstance(value, Sequence) else getattr(value, part)
        except (AttributeError, IndexError, ValueError):
            raise ConfigError(f"{name}: no such setting") from None
    return value


def changed(settings: T, changes: Mapping[str, Any]) -> T:
    """The same settings but for `changes`, dotted names (`value_at`) with their new values; all is checked again.

    raises  ConfigError if there is no such setting, or it refuses the value

    >>> class Dial(Settings):
    ...     strength: float = 0.5
    >>> class Desk(Settings):
    ...     dials: tuple[Dial, ...] = (Dial(), Dial())
    >>> changed(Desk(), {"dials.1.strength": 2}).dials
    (Dial(strength=0.5), Dial(strength=2.0))
    """
    raw = TypeAdapter(type(settings)).dump_python(settings)
    for name, value in changes.items():
        raw = _put(raw, name.split("."), value, name)
    return parse(type(settings), raw)


def refuse_idle(settings: BaseModel, beside: str, **used: bool) -> None:
    """For a validator: refuse a setting that was changed from its default, and has no effect beside another one.

    beside  the other setting, in words
    used    for each setting, whether it has an effect
    raises  ValueError that names the first that has none

    >>> class Dial(Settings):
    ...     strength: float = 0.5
    >>> refuse_idle(Dial(strength=1), "dial 'off'", strength=False)
    Traceback (most recent call last):
    ...
    ValueError: strength has no effect with dial 'off', leave it out
    """
    for name, has_effect in used.items():
        if not has_effect and getattr(settings, name) != type(settings).model_fields[name].default:
            raise ValueError(f"{name} has no effect with {beside}, leave it out")


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


def _put(raw: Any, path: Sequence[str], value: Any, name: str) -> Any:
    """A copy of dumped settings with one value replaced."""
    if not path:
        return value
    here, *rest = path
    if isinstance(raw, Mapping):
        return {**raw, here: _put(raw.get(here), rest, value, name)}
    if isinstance(raw, Sequence) and here.isdecimal() and int(here) < len(raw):
        return [_put(part, rest, value, name) if place == int(here) else part for place, part in enumerate(raw)]
    raise ConfigError(f"{name}: no such setting")


def _sentence(error: ValidationError, where: str) -> str:
    """`model.l2: input should be greater than 0, got -1`, and how many more there are."""
    first, *more = error.errors(include_url=False)
    path = ".".join([*([where] if where else []), *(str(part) for part in first["loc"])]) or "settings"
    rule = first["msg"][0].lower() + first["msg"][1:]
    rest = f" (and {len(more)} more)" if more else ""
    return f"{path}: {rule}, got {first['input']!r:.80}{rest}"
