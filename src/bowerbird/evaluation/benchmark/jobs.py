"""What the bench has done in a process of its own: choosing a model's settings, and judging it with them."""

from dataclasses import replace
from time import perf_counter

from bowerbird.evaluation.leaderboard import fitted_popular, judged_row
from bowerbird.evaluation.protocol import Result
from bowerbird.evaluation.report import plain
from bowerbird.evaluation.tuning import Bench, Space, Tuned, tune
from bowerbird.models import Recipe
from bowerbird.pipeline import RankingSettings
from bowerbird.protocols import Progress
from bowerbird.types import Json


def tuning(bench: Bench, recipe: Recipe, space: Space | None, progress: Progress) -> Json:
    """The best settings, the trials that they were chosen from, and what that took."""
    start = perf_counter()
    tuned = tune(recipe, replace(bench, progress=progress), space)
    found: Json = plain(
        {
            "settings": tuned.recipe.model_dump(mode="json"),
            "trials": [trial.to_json() for trial in tuned.trials],
            "seconds": perf_counter() - start,
        }
    )
    return found


def judging(bench: Bench, recipe: Recipe, popular: Recipe | None, progress: Progress) -> Json:
    """One fit on all that may be learned, its figures user by user, and what it took.

    popular  answers the queries of which the model can say nothing; None = nobody does
    """
    bench = replace(bench, progress=progress)
    fallback = fitted_popular(bench, popular) if popular else None
    ranking = RankingSettings(diversity=0, repeats=bench.repeats)
    row = judged_row(bench, recipe.kind, "", Tuned(recipe, (), 0), told=bench.catalogue, ranking=ranking, fallback=fallback)
    costs = {"fit_seconds": row.fit_seconds, "cpu_seconds": row.cpu_seconds, "ms_per_query": row.result.ms_per_query}
    return {**figures(row.result), **costs}


def figures(result: Result) -> Json:
    """What is kept of a result: two figures a user at the first cut-off, who had a history, and how much of the catalogue was shown."""
    k = result.ks[0]
    found: Json = plain(
        {
            "ndcg": result.values[f"ndcg@{k}"].tolist(),
            "recall": result.values[f"recall@{k}"].tolist(),
            "known": (result.lengths > 0).tolist(),
            "coverage": result.totals["coverage"],
        }
    )
    return found
