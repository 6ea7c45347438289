"""The calibrated dial written into the user's configuration, all else as it was."""

import tomllib

from bowerbird import __version__
from bowerbird.bundle import Config
from bowerbird.config import parse
from bowerbird.errors import ConfigError
from bowerbird.evaluation.frontier.running import Frontier
from bowerbird.evaluation.study.ledger import needed
from bowerbird.evaluation.study.written import toml_table
from bowerbird.types import Json

MARK = "# dial: "


def written(text: str, found: Frontier, fingerprint: str) -> str:
    """The TOML that `bowerbird fit --config` takes: `text` with the re-ranker and its dial in `[ranking]`, and on top where they come from.

    Comments within `[ranking]` are lost.

    raises  ConfigError if what is written would not read back as the same settings
    """
    tomlkit = needed("tomlkit")
    before: Config = parse(Config, tomllib.loads(text))
    learned = {"rerank": found.dial.rerank, "dial": found.dial.strengths}
    wanted = before.model_copy(update={"ranking": before.ranking.model_copy(update=learned)})
    document = tomlkit.parse("".join(line for line in text.splitlines(keepends=True) if not line.startswith(MARK)))
    kept: Json = {name: value for name, value in tomllib.loads(text).get("ranking", {}).items() if name not in learned}
    document.pop("ranking", None)
    flat = {name: value for name, value in kept.items() if not isinstance(value, dict)}
    deep = {name: value for name, value in kept.items() if isinstance(value, dict)}
    document["ranking"] = {**flat, "dial": list(found.dial.strengths), "rerank": toml_table(found.dial.rerank), **deep}
    origin = f'by bowerbird {__version__} on data {fingerprint}, split "{found.bench.split.name}", seed {found.bench.seed}'
    meaning = f"found on {found.validation_users} users of validation, for lists of {found.bench.ks[0]} by {found.recipe.kind}"
    whole: str = "".join(f"{MARK}{line}\n" for line in (origin, meaning)) + tomlkit.dumps(document)
    if parse(Config, tomllib.loads(whole)) != wanted:
        raise ConfigError(f"config: the dial cannot be written as TOML: {found.dial.strengths!r}")
    return whole
