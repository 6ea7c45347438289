"""The rules as a configuration names them."""

from collections import Counter
from typing import Self

from pydantic import Field, model_validator

from bowerbird.config import Settings
from bowerbird.data import Catalogue
from bowerbird.data.times import instants, seconds
from bowerbird.errors import ConfigError
from bowerbird.ranking.exposure import MaxShare, column_labels
from bowerbird.ranking.fresh import FreshQuota
from bowerbird.ranking.rulebook import Rulebook
from bowerbird.ranking.rules import MaxPerCategory
from bowerbird.ranking.slots import Apart, Pin, Pinned
from bowerbird.types import Value


class MaxShareSettings(Settings):
    """At most a share of the slate for each value of a column: `MaxShare`.

    column  of the catalogue: provider, brand, `categories` …
    share   above 0, at most 1; one item of each value may always be shown
    """

    column: str
    share: float = Field(gt=0, le=1)

    def build(self, catalogue: Catalogue, where: str) -> MaxShare:
        """The rule over this catalogue."""
        _columns(catalogue, [self.column], f"{where}.column")
        return MaxShare(column_labels(catalogue, self.column), self.share)


class PinSettings(Settings):
    """Places that only items with certain values may take: `Pin`.

    places  from 1, as they are shown
    items   column → the value wanted, or a list of which one is wanted, as the filters of a request
    """

    places: tuple[int, ...] = Field(min_length=1)
    items: dict[str, Value | list[Value]] = Field(min_length=1)

    def build(self, catalogue: Catalogue, where: str) -> Pin:
        """The rule over this catalogue."""
        _columns(catalogue, list(self.items), f"{where}.items")
        return Pin(self.places, catalogue.mask(self.items))


class FreshSettings(Settings):
    """Places kept for fresh items: `FreshQuota`.

    least   at least so many fresh items in every slate, if there are any
    days    fresh is what came out at most so many days before the request
    column  of the catalogue, with the day on which an item came out
    """

    least: int = Field(default=1, ge=1)
    days: float = Field(default=30.0, gt=0)
    column: str = "created"

    def build(self, catalogue: Catalogue, where: str) -> FreshQuota:
        """The rule over this catalogue."""
        _columns(catalogue, [self.column], f"{where}.column")
        born = seconds(instants(catalogue.frame[self.column], f"{where}.column")).to_numpy()
        return FreshQuota(born, self.least, self.days)


class RulesSettings(Settings):
    """Rules that every slate keeps, in the order in which they give way to each other (`Rulebook`).

    max_per_category   at most this many items of one category; None = no such rule
    max_share          at most a share of the slate for each value of a column
    pin                places that only certain items may take
    fresh              places kept for fresh items
    category_distance  items of one category stand at least so many places apart; None = wherever
    """

    max_per_category: int | None = Field(default=None, ge=1)
    max_share: tuple[MaxShareSettings, ...] = ()
    pin: tuple[PinSettings, ...] = ()
    fresh: FreshSettings | None = None
    category_distance: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _places_once(self) -> Self:
        places = Counter(place for pin in self.pin for place in pin.places)
        for place, times in places.items():
            if place < 1:
                raise ValueError(f"a pinned place must be 1 or more, got {place}")
            if times > 1:
                raise ValueError(f"a place can be pinned once, place {place} is pinned {times} times")
        return self

    def build(self, catalogue: Catalogue, where: str = "ranking.rules") -> Rulebook | None:
        """The rules over this catalogue; None where there is no rule.

        where   the path of these settings, for errors
        raises  ConfigError for a column that the items do not have, DataError if nothing in the column for fresh items is a time
        cost    O(n_items) for each rule on a column
        """
        if self == RulesSettings():
            return None
        limits: list[MaxPerCategory | MaxShare] = []
        if self.max_per_category is not None:
            limits.append(MaxPerCategory(catalogue.category_matrix, self.max_per_category))
        limits += [rule.build(catalogue, f"{where}.max_share.{at}") for at, rule in enumerate(self.max_share)]
        pins = [pin.build(catalogue, f"{where}.pin.{at}") for at, pin in enumerate(self.pin)]
        return Rulebook(
            limits=limits,
            pinned=Pinned(pins) if pins else None,
            fresh=self.fresh.build(catalogue, f"{where}.fresh") if self.fresh else None,
            apart=Apart(catalogue.category_matrix, self.category_distance) if self.category_distance else None,
        )


def _columns(catalogue: Catalogue, names: list[str], where: str) -> None:
    """Refuse a column that the items do not have.

    raises  ConfigError
    """
    for name in names:
        if name not in catalogue.frame.columns:
            raise ConfigError(f"{where}: must be one of {', '.join(sorted(catalogue.frame.columns))}, got {name!r}")
