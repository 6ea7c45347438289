"""The one path: score, mask, retrieve, re-rank."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bowerbird.config import parse
from bowerbird.data import Catalogue
from bowerbird.errors import ConfigError, DataError
from bowerbird.pipeline import Pipeline, RankingSettings, best
from bowerbird.types import History, Query, Request, Scores


@dataclass(frozen=True)
class Fixed:
    """Scores every query alike."""

    row: tuple[float, ...]

    def score(self, queries: Sequence[Query]) -> Scores:
        return np.tile(np.array(self.row, np.float32), (len(queries), 1))


def ask(*items: int, **rest: object) -> Request:
    return Request(Query(History.of(list(items))), **rest)  # type: ignore[arg-type]


def shop(n: int = 6) -> Catalogue:
    return Catalogue.of([f"item {number}" for number in range(n)])


nan = float("nan")


def test_best_first_without_the_history() -> None:
    slate = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop()).recommend([ask(1, k=3)])[0]
    assert slate.items.tolist() == [2, 3, 4]
    assert slate.scores.tolist() == [4, 3, 2]


def test_repeats_when_wanted() -> None:
    pipeline = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop(), RankingSettings(repeats=True))
    assert pipeline.recommend([ask(1, k=2)])[0].items.tolist() == [1, 2]


def test_what_cannot_be_scored_is_not_shown_and_the_list_is_short() -> None:
    assert Pipeline(Fixed((nan, 5, nan, nan, 2, nan)), shop()).recommend([ask(k=4)])[0].items.tolist() == [1, 4]


def test_items_beyond_the_scorer_are_left_out() -> None:
    assert Pipeline(Fixed((1, 2)), shop(4)).recommend([ask(k=9)])[0].items.tolist() == [1, 0]


def test_a_scorer_wider_than_the_catalogue_is_refused() -> None:
    with pytest.raises(DataError, match="knows 6 items and the catalogue only 4"):
        Pipeline(Fixed((1, 2, 3, 4, 5, 6)), shop(4)).recommend([ask()])


def test_only_what_the_request_allows() -> None:
    allowed = np.array([True, False, True, False, False, False])
    assert Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop()).recommend([ask(k=4, allowed=allowed)])[0].items.tolist() == [2, 0]


def test_no_request_no_slate() -> None:
    assert Pipeline(Fixed((1, 2)), shop(2)).recommend([]) == []


@given(arrays(np.float32, 12, elements=st.sampled_from([0.0, 1.0, 2.0, nan])), st.integers(1, 15))
def test_best_is_a_stable_sort(row: np.ndarray, n: int) -> None:
    expected = sorted((number for number in range(12) if not np.isnan(row[number])), key=lambda number: (-row[number], number))[:n]
    assert best(row, n).items.tolist() == expected


def test_a_batch_is_its_single_requests() -> None:
    pipeline = Pipeline(Fixed((1, 5, 4, 3, 2, 0)), shop())
    requests = [ask(1, k=3), ask(k=2), ask(2, 3, k=6)]
    together = pipeline.recommend(requests)
    for request, slate in zip(requests, together, strict=True):
        assert slate.items.tolist() == pipeline.recommend([request])[0].items.tolist()


def twins() -> Catalogue:
    return Catalogue.of(["a", "a again", "b"], vectors=[[1, 0], [1, 0], [0, 1]])


@pytest.mark.parametrize("kind", ["mmr", "dpp", "ssd", "exchange"])
def test_a_calibrated_dial_is_read_between_its_tenths(kind: str) -> None:
    raw = RankingSettings.model_validate({"rerank": {"kind": kind}})
    dialled = raw.model_copy(update={"dial": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.8, 1.0)})
    plain, mapped = (Pipeline(Fixed((3, 2.9, 0.5)), twins(), settings) for settings in (raw, dialled))
    for diversity, strength in ((0.0, 0.0), (0.8, 0.0), (0.85, 0.4), (0.9, 0.8), (1.0, 1.0)):
        assert dialled.strength(diversity) == pytest.approx(strength)
        mine, theirs = mapped.recommend([ask(k=2, diversity=diversity)])[0], plain.recommend([ask(k=2, diversity=strength)])[0]
        assert mine.items.tolist() == theirs.items.tolist()
    assert mapped.recommend([ask(k=2, diversity=0.0)])[0].items.tolist() == [0, 1], "0 is the scorer's order under any dial"
    assert mapped.recommend([ask(k=2, diversity=1.0)])[0].items.tolist() == [0, 2]


@pytest.mark.parametrize(
    "dial", [(0.0,) * 10, (0.1,) * 11, (*(0.0,) * 9, 0.5, 0.4), (*(0.0,) * 10, 1.5), (0.0, float("nan"), *(1.0,) * 9)], ids=str
)
def test_a_dial_that_is_none_is_refused(dial: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="dial: value error, must be 11 numbers"):
        parse(RankingSettings, {"dial": dial})
