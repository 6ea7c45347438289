"""The tuned model written back into the user's configuration, all else as it was."""

import tomllib
from math import inf
from typing import Any

from pydantic import BaseModel

from bowerbird import __version__
from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.evaluation.study.ledger import needed
from bowerbird.evaluation.study.outcome import Outcome
from bowerbird.evaluation.study.tables import said
from bowerbird.types import Json

MARK = "# tuned: "


def written(text: str, found: Outcome) -> str:
    """The TOML that `bowerbird fit --config` takes: `text` with the best model as its `[model]`, and on top where that comes from.

    Every setting of the model is written, so that it stays what it is should defaults change.

    raises  ConfigError if what is written would not read back as the same settings
    """
    tomlkit = needed("tomlkit")
    wanted: Config = parse(Config, tomllib.loads(text)).model_copy(update={"model": found.best.recipe})
    document = tomlkit.parse("".join(line for line in text.splitlines(keepends=True) if not line.startswith(MARK)))
    document.pop("model", None)
    document["model"] = toml_table(found.best.recipe)
    plan = found.plan
    origin = (
        f'by bowerbird {__version__} on data {plan.facts.get("data", "unnamed")}, split "{plan.bench.split.name}", seed {plan.bench.seed}'
    )
    whole: str = "".join(f"{MARK}{line}\n" for line in [origin, *said(found)]) + tomlkit.dumps(document)
    if parse(Config, tomllib.loads(whole)) != wanted:
        raise ConfigError(f"config: the tuned settings cannot be written as TOML: {found.best.recipe!r}")
    return whole


def toml_table(settings: BaseModel) -> Json:
    """All settings but those that are None by default: TOML has no word for it."""
    values = {name: (getattr(settings, name), field.default) for name, field in type(settings).model_fields.items()}
    return {name: _toml(value) for name, (value, default) in values.items() if not (value is None and default is None)}


def _toml(value: Any) -> Any:
    """None, where it is not the default, is a span without end."""
    if isinstance(value, BaseModel):
        return toml_table(value)
    if isinstance(value, list | tuple):
        return [_toml(part) for part in value]
    return inf if value is None else value
