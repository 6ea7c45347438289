"""What the bench measures: suites, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bowerbird.errors import ConfigError
from bowerbird.evaluation.leaderboard import BASELINES
from bowerbird.evaluation.tuning import Space
from bowerbird.models import RECIPES
from bowerbird.training import require
from bowerbird.types import Json


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that is held against the others.

    title        as it stands in the tables
    settings     as in a configuration: its kind, and what is not as it comes
    space        what may be tuned of it; None = all that its recipe says may be
    needs_clock  whether it has a place only where events have times
    trained      whether fitting it needs the extra "train"
    baseline     whether it is one of those that have to be beaten
    """

    title: str
    settings: Json
    space: Space | None = None
    needs_clock: bool = False
    trained: bool = False
    baseline: bool = False

    @property
    def name(self) -> str:
        """What `--only model=…` knows it by.

        >>> Contestant("EASE, recency-weighted", {"kind": "ease"}).name
        'ease-recency-weighted'
        """
        return "-".join(self.title.lower().replace(",", " ").split())

    def unavailable(self, has_clock: bool) -> str:
        """Why it cannot take part, in a sentence; "" if it can."""
        if self.settings["kind"] not in RECIPES:
            return f'this version of Bowerbird has no model of the kind "{self.settings["kind"]}"'
        try:
            if self.trained:
                require(self.settings["kind"])
        except ConfigError as lack:
            return str(lack)
        return "the events have no times" if self.needs_clock and not has_clock else ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Tables to fill.

    tables  data set and protocol of each; "time", "last" or "users"
    models  the rows of each
    part    what of a larger suite this is, in the words of `part_of`; "" = all
    system  the title of the one that is tested against every other, named beforehand so that no test picks its winner
    """

    name: str
    tables: tuple[tuple[str, str], ...]
    models: tuple[Contestant, ...]
    system: str = "blend"
    part: str = ""


UNWATCHED: Json = {"train": {"runs": None}}
"""A fit that found the folder of an earlier one would go on from there, and its seconds would tell nothing."""

CHEAP: tuple[Contestant, ...] = (
    *(Contestant(one.name, one.recipe.model_dump(), one.space, one.needs_clock, baseline=True) for one in BASELINES),
    Contestant("SLIM", {"kind": "slim"}),
    Contestant("sequential", {"kind": "sequential"}),
    Contestant("text", {"kind": "text"}),
    Contestant("blend", {"kind": "blend"}),
)

TRAINED: tuple[Contestant, ...] = tuple(
    Contestant(title, {**settings, **UNWATCHED}, trained=True)
    for title, settings in (
        ("MF", {"kind": "mf"}),
        ("BPR", {"kind": "bpr"}),
        ("AMF", {"kind": "bpr", "adversarial": {}}),
        ("NCF", {"kind": "ncf"}),
        ("two-tower", {"kind": "two_tower"}),
        ("SASRec", {"kind": "sasrec"}),
    )
)

SUITES: Mapping[str, Suite] = {
    "small": Suite("small", (("movielens", "time"), ("movielens", "last")), CHEAP),
    "full": Suite(
        "full",
        (
            ("movielens", "time"),
            ("movielens", "last"),
            ("movielens", "users"),
            ("office", "time"),
            ("office", "last"),
            ("office", "users"),
            ("beauty", "last"),
            ("beauty", "users"),
            ("lastfm", "users"),
        ),
        (*CHEAP, *TRAINED),
    ),
}


def part_of(suite: Suite, wish: str) -> Suite:
    """The part of the suite that is wished for: "data=beauty,model=ease,model=blend,protocol=last"; what is not named stays whole.

    raises  ConfigError for a word that is none of these three, or a name that the suite does not have

    >>> part_of(SUITES["full"], "data=beauty,model=ease").tables
    (('beauty', 'last'), ('beauty', 'users'))
    """
    there = {
        "data": list(dict.fromkeys(data for data, _ in suite.tables)),
        "protocol": list(dict.fromkeys(protocol for _, protocol in suite.tables)),
        "model": [model.name for model in suite.models],
    }
    wished: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in wish.split(","))):
        what, _, name = part.partition("=")
        if what not in there:
            raise ConfigError(f"only: each part must be data=…, protocol=… or model=…, got {part!r}")
        if name not in there[what]:
            raise ConfigError(f"only: {what} must be one of {', '.join(there[what])} in suite {suite.name}, got {name!r}")
        wished.setdefault(what, []).append(name)
    asked = {what: wished.get(what, names) for what, names in there.items()}
    return replace(
        suite,
        part=wish,
        tables=tuple(pair for pair in suite.tables if pair[0] in asked["data"] and pair[1] in asked["protocol"]),
        models=tuple(model for model in suite.models if model.name in asked["model"]),
    )
