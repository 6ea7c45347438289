"""Fill one table: choose each model's settings, fit it with each seed, keep every finished cell."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic_core import to_jsonable_python

from bowerbird import __version__
from bowerbird.config import parse, value_at
from bowerbird.evaluation.benchmark.apart import Job, Launch, apart
from bowerbird.evaluation.benchmark.jobs import judging, tuning
from bowerbird.evaluation.benchmark.machine import code, load
from bowerbird.evaluation.benchmark.shelf import Shelf
from bowerbird.evaluation.benchmark.suites import Contestant
from bowerbird.evaluation.tuning import Bench, Space
from bowerbird.models import Recipe
from bowerbird.protocols import Progress, silent
from bowerbird.types import Json

POPULAR = Contestant("what is popular", {"kind": "popular"})
"""Stands in for the others where they can say nothing."""


@dataclass(frozen=True, eq=False, slots=True)
class Ground:
    """A data set, cut in one way: what all models of a table have in common.

    title  of the table, as progress has it
    bench  the split, the catalogue with its texts read, and the budget of the tuning; its seed is the first
    key    all that a finished cell depends on, besides the model and its seed
    seeds  of the fits
    """

    title: str
    bench: Bench
    key: Json
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hands:
    """How cells come about: where they are kept, how they are computed and with how many threads, who is told."""

    shelf: Shelf
    threads: int = 1
    launch: Launch = apart
    progress: Progress = field(default=silent)

    def kept(self, what: Json, make: Callable[[], Json]) -> Json:
        """What lies on the shelf for `what`, or is made now and laid there."""
        what = {**what, "threads": self.threads, "bowerbird": __version__}
        found = self.shelf.get(what)
        return self.shelf.put(what, make()) if found is None else found

    def done(self, job: Job) -> Json:
        """What came of the job, with the memory that it took, how busy the machine was, and the state of the code that did it."""
        outcome = self.launch(job, self.threads, self.progress)
        if outcome.value is None:
            raise NotMeasuredError(outcome.fault)
        return {**outcome.value, "peak_bytes": outcome.peak_bytes, "load": load(), "code": code()}


class NotMeasuredError(Exception):
    """A cell cannot be had; the message says why. Other cells can."""


def rows(ground: Ground, models: Sequence[Contestant], system: str, hands: Hands) -> Iterator[Json]:
    """One row a model, its cells in it, or why there are none."""
    popular = fallback(ground, hands)
    for place, model in enumerate(models):
        role = "system" if model.title == system else "baseline" if model.baseline else "model"
        start = {"title": model.title, "name": model.name, "role": role}
        told = replace(hands, progress=partial(_tell, hands.progress, f"{ground.title}: {model.title}", place, len(models)))
        try:
            yield {**start, **_row(ground, model, None if role == "system" else popular, told)}
        except NotMeasuredError as reason:
            yield {**start, "why": str(reason)}
    hands.progress(ground.title, len(models), len(models))


def fallback(ground: Ground, hands: Hands) -> Recipe:
    """The best way to say what is popular, for those who can say nothing of a query: as anyone would run them."""
    told = replace(hands, progress=partial(_tell, hands.progress, f"{ground.title}: {POPULAR.title}", 0, 1))
    recipe: Recipe = _settled(ground, POPULAR, told)["recipe"]
    return recipe


def _row(ground: Ground, model: Contestant, popular: Recipe | None, hands: Hands) -> Json:
    if why := model.unavailable(ground.bench.split.train.has_clock):
        raise NotMeasuredError(why)
    settled = _settled(ground, model, hands)
    recipe = settled.pop("recipe")
    fits = []
    for seed in ground.seeds:
        what = {"step": "judging", **ground.key, "model": recipe.model_dump(mode="json"), "seed": seed}
        what["popular"] = popular and popular.model_dump(mode="json")
        fits.append(hands.kept(what, partial(hands.done, partial(judging, replace(ground.bench, seed=seed), recipe, popular))))
    return {**settled, "settings": recipe.model_dump(mode="json"), "fits": fits}


def _settled(ground: Ground, model: Contestant, hands: Hands) -> Json:
    """The recipe with the best settings, which of them were chosen, from how many trials, and how long that took."""
    recipe: Recipe = parse(Recipe, model.settings, model.title)
    space: Space = type(recipe).SPACE if model.space is None else model.space
    if not space:
        return {"recipe": recipe, "chosen": {}, "trials": [], "tuning_seconds": 0.0}
    bench = ground.bench
    what = {"step": "tuning", **ground.key, "model": recipe.model_dump(mode="json"), "space": repr(dict(space)), "seed": bench.seed}
    what |= {"trials": bench.budget, "users": bench.max_users}
    found = hands.kept(what, partial(hands.done, partial(tuning, bench, recipe, space)))
    chosen: Recipe = parse(type(recipe), found["settings"], model.title)
    values = {name: to_jsonable_python(value_at(chosen, name)) for name in space}
    return {"recipe": chosen, "chosen": values, "trials": found["trials"], "tuning_seconds": found["seconds"]}


def _tell(progress: Progress, where: str, place: int, places: int, what: str, done: int, total: int) -> None:
    """Pass on how far a cell is, as a step of its table."""
    progress(f"{where}, {what} {done}/{total}", place, places)
