"""What a study tries: a recipe, what may be changed of it, and the bench that judges."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bowerbird.config import changed, value_at
from bowerbird.data import Cases
from bowerbird.evaluation.tuning import Bench
from bowerbird.models import Blend, Recipe
from bowerbird.ranges import Range

Choices = dict[str, Range | tuple[Any, ...]]
"""Setting, by its dotted name -> what it may be."""


@dataclass(frozen=True)
class Plan:
    """The same for all trials and all workers, and for the command that goes on tomorrow.

    recipe  as given: the first trial
    bench   fits and judges; its `budget` is how many trials the study may have in all
    facts   what the scores rest on besides (data, split, encoder …), by name: a study of other facts is another study
    """

    recipe: Recipe
    bench: Bench
    facts: Mapping[str, str]

    @cached_property
    def choices(self) -> Choices:
        """What may be changed of the recipe."""
        return choices(self.recipe)

    @cached_property
    def cases(self) -> Cases:
        """The validation cases that judge all trials."""
        return self.bench.cases()

    @cached_property
    def identity(self) -> dict[str, str]:
        """All that must be the same for two scores to be compared, by name."""
        return {
            **self.facts,
            **{f"model.{name}": repr(value) for name, value in self.recipe.model_dump(mode="json").items()},
            **{f"range of {name}": repr(choice) for name, choice in self.choices.items()},
            "k": str(self.bench.ks[0]),
            "seed": str(self.bench.seed),
            "repeats": str(self.bench.repeats),
            "validation users": str(len(self.cases)),
        }

    @property
    def given(self) -> dict[str, Any]:
        """Where the recipe as given lies, setting by setting."""
        return {name: _place(choice, value_at(self.recipe, name)) for name, choice in self.choices.items()}

    def recipe_at(self, places: Mapping[str, Any]) -> Recipe:
        """The recipe with the settings that were drawn.

        raises  ConfigError where they do not go together
        """
        return changed(self.recipe, {name: _value(self.choices[name], place) for name, place in places.items()})


def choices(recipe: Recipe) -> Choices:
    """What a recipe declares of its settings: its `RANGES`, else the values of its `SPACE`; of a blend, its members' settings.

    Each is made wide enough to hold the setting as it is.

    >>> from bowerbird.models import Ease
    >>> choices(Ease(l2=5.0))["l2"]
    Range(low=5.0, high=3000.0, log=True, endless=False)
    """
    return {name: _holding(choice, value_at(recipe, name)) for name, choice in _declared(recipe).items()}


def _declared(recipe: Recipe) -> Choices:
    declared: Choices = {**type(recipe).SPACE, **getattr(type(recipe), "RANGES", {})}
    for place, member in enumerate(recipe.members if isinstance(recipe, Blend) else ()):
        declared |= {f"members.{place}.{name}": choice for name, choice in _declared(member).items()}
    return declared


def _holding(choice: Range | tuple[Any, ...], value: Any) -> Range | tuple[Any, ...]:
    if isinstance(choice, Range):
        return choice.holding(value)
    return choice if value in choice else (value, *choice)


def _place(choice: Range | tuple[Any, ...], value: Any) -> Any:
    return choice.place(value) if isinstance(choice, Range) else value


def _value(choice: Range | tuple[Any, ...], place: Any) -> Any:
    return choice.value(place) if isinstance(choice, Range) else place
