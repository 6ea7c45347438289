"""Reasons on a world whose carrying events are known, each certificate computed again by hand."""

from dataclasses import dataclass, field

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from bowerbird.data import Catalogue
from bowerbird.errors import DataError
from bowerbird.explain import Carriers, ExplainSettings, certify, explain
from bowerbird.types import History, Query, Slate


@dataclass(eq=False)
class Sums:
    """Score = the sum over the history of weight · table[event, item], plus what everybody gets. Counts its calls."""

    table: np.ndarray
    everybody: np.ndarray
    asked: list[int] = field(default_factory=list)

    def score(self, queries):
        self.asked.append(len(queries))
        rows = [query.history.weights @ self.table[query.history.items] + self.everybody for query in queries]
        return np.array(rows, np.float32).reshape(len(queries), self.table.shape[1])


class Explained(Sums):
    """The same, and tells what each event adds."""

    def contributions(self, query, items):
        return (query.history.weights[:, None] * self.table[np.ix_(query.history.items, items)]).astype(np.float32)


class Liar(Sums):
    """Names event 0 as the cause of everything, whatever the truth."""

    def contributions(self, query, items):
        told = np.zeros((len(query.history), len(items)), np.float32)
        told[0] = 1
        return told


FILMS = Catalogue.of(
    [f"i{number}" for number in range(8)],
    ["Toy Story", "A Bug's Life", "Alien", "Toy Soldiers", "Clue", "Brazil", "Heat", "Up"],
    [["Animation", "Kids"], ["Animation"], ["Horror"], ["Animation", "War"], ["Comedy"], [], ["Crime"], ["Animation"]],
)


def toy(kind=Explained):
    """Toy Story and A Bug's Life carry Toy Soldiers, Alien carries Brazil, and Clue is liked by everybody."""
    table = np.zeros((8, 8))
    table[0, 3], table[1, 3] = 3, 2
    table[2, 5], table[2, 3] = 4, 0.1
    everybody = np.array([0, 0, 0, 0, 4.5, 0.2, 0.4, 0.3])
    return kind(table, everybody)


def may_be_shown(history, n=8):
    allowed = np.ones(n, bool)
    allowed[history.items] = False
    return allowed


def rank(row, allowed, item):
    return 1 + sum(bool(row[other] >= row[item]) for other in np.flatnonzero(allowed) if other != item)


def by_item(reasons):
    return {reason.item: reason for reason in reasons}


def test_the_events_that_carry_an_item_are_cited_and_the_fall_is_told():
    history = History.of([0, 1, 2])
    slate = Slate(np.array([3, 5, 4], np.int32), np.array([5.1, 4.2, 4.5], np.float32))
    toys, brazil, clue = explain(toy(), Query(history), slate, may_be_shown(history), FILMS, ExplainSettings(cover=0.9, min_fall=0.5))
    assert toys.because.tolist() == [0, 1]
    assert (toys.rank_with, toys.rank_without, toys.verified) == (1, 5, True)
    assert toys.features == ("Animation",)
    assert toys.text == "Because you liked Toy Story and A Bug's Life — both Animation. Without these two it drops from 1st to 5th."
    assert brazil.text == "Because you liked Alien. Without that it drops from 3rd to 5th."
    assert (clue.because.tolist(), clue.verified, clue.rank_without) == ([], False, None)
    assert clue.text == "A pick for everyone: with no history at all it would still rank 1st."


def test_citing_stops_when_enough_is_cited_and_grows_when_it_does_not_pass():
    history = History.of([0, 1, 2])
    slate = Slate(np.array([3], np.int32), np.array([5.1], np.float32))
    [reason] = explain(toy(), Query(history), slate, may_be_shown(history), FILMS, ExplainSettings(cover=0.5))
    assert reason.because.tolist() == [0]
    assert reason.features == ("Animation", "Toy")
    steep = ExplainSettings(cover=0.5, min_fall=3)  # without the first alone it falls to 3rd only
    [reason] = explain(toy(), Query(history), slate, may_be_shown(history), FILMS, steep)
    assert (reason.because.tolist(), reason.rank_without) == ([0, 1], 5)


def random_world(seed, n_events):
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((25, 25)) < 0.4, rng.normal(size=(25, 25)), 0)
    weights = np.round(rng.uniform(-1, 1, n_events), 1).astype(np.float32)
    return table, rng.normal(size=25), History.of(rng.integers(0, 25, n_events).tolist(), weights)


@pytest.mark.parametrize("kind", [Explained, Sums])
@given(seed=st.integers(0, 2**32 - 1), n_events=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_every_certificate_is_what_a_second_reckoning_gives(kind, seed, n_events):
    table, everybody, history = random_world(seed, n_events)
    scorer, allowed = kind(table, everybody), may_be_shown(history, 25)
    row = scorer.score([Query(history)])[0]
    items = np.flatnonzero(allowed)[np.argsort(-row[allowed])][:6].astype(np.int32)
    catalogue = Catalogue.of([str(number) for number in range(25)])
    reasons = explain(scorer, Query(history), Slate(items, row[items]), allowed, catalogue)
    assert [reason.item for reason in reasons] == items.tolist()
    for reason in reasons:
        assert reason.rank_with == rank(row, allowed, reason.item)
        assert reason.verified == (len(reason.because) > 0)
        assert len(set(reason.because.tolist())) == len(reason.because) <= 3
        if reason.verified:
            keep = [at for at, item in enumerate(history.items) if item not in reason.because]
            left = History(history.items[keep], history.weights[keep], history.times[keep])
            assert reason.rank_without == rank(scorer.score([Query(left)])[0], allowed, reason.item)
            assert reason.rank_without >= max(reason.rank_with + 2, 2 * reason.rank_with)
            for cited in reason.because:
                assert history.weights[history.items == cited].max() > 0
        else:
            assert reason.rank_without is None


def test_a_planted_attribution_does_not_pass():
    history = History.of([6, 0, 1])  # Heat adds nothing to anything
    slate = Slate(np.array([3, 4], np.int32), np.array([5, 4.5], np.float32))
    reasons = explain(toy(Liar), Query(history), slate, may_be_shown(history), FILMS)
    assert [reason.because.tolist() for reason in reasons] == [[], []]
    assert not any(reason.verified or "Because" in reason.text for reason in reasons)
    assert reasons[0].text == "Your history as a whole speaks for it: without all of it, it drops from 1st to 5th."


def test_a_likeness_is_named_as_a_likeness_where_no_reason_passes():
    history = History.of([7, 0, 1])
    slate = Slate(np.array([3], np.int32), np.array([5], np.float32))
    [reason] = explain(toy(Liar), Query(history), slate, may_be_shown(history), FILMS)
    assert (reason.because.tolist(), reason.verified, reason.features) == ([], False, ("Animation",))
    assert reason.text.endswith("it drops from 1st to 5th. It shares “Animation” with Up.")


def test_an_event_that_holds_an_item_down_is_never_cited():
    history = History.of([0, 2], [1, -1])
    slate = Slate(np.array([3, 5], np.int32), np.array([2.9, -3.8], np.float32))
    reasons = by_item(explain(toy(), Query(history), slate, may_be_shown(history), FILMS))
    assert reasons[3].because.tolist() == [0]
    assert reasons[5].because.tolist() == []


def test_scorers_that_do_not_explain_themselves_are_explained_by_occlusion():
    history = History.of([0, 1, 2])
    slate = Slate(np.array([3, 5], np.int32), np.array([5.1, 4.2], np.float32))
    most = ExplainSettings(cover=0.8)
    told = explain(toy(Explained), Query(history), slate, may_be_shown(history), FILMS, most)
    found = explain(toy(Sums), Query(history), slate, may_be_shown(history), FILMS, most)
    assert [reason.because.tolist() for reason in told] == [reason.because.tolist() for reason in found]
    assert [reason.text for reason in told] == [reason.text for reason in found]


def test_the_cost_is_bounded():
    table, everybody, _ = random_world(3, 0)
    history = History.of(list(range(15)) * 3)
    slate = Slate(np.arange(15, 25, dtype=np.int32), np.zeros(10, np.float32))
    catalogue = Catalogue.of([str(number) for number in range(25)])
    scorer = Explained(table, everybody)
    explain(scorer, Query(history), slate, may_be_shown(history, 25), catalogue)
    assert len(scorer.asked) == 1
    assert scorer.asked[0] <= 2 + 3 * len(slate)
    scorer = Sums(table, everybody)
    explain(scorer, Query(history), slate, may_be_shown(history, 25), catalogue, ExplainSettings(occluded=4))
    assert len(scorer.asked) == 2
    assert scorer.asked[0] == 5


def test_equal_histories_are_asked_once():
    scorer = toy()
    history = History.of([2])
    claims = [Carriers(np.array([2], np.int32), 1)] * 5
    certify(scorer, Query(history), np.arange(3, 8, dtype=np.int32), claims, may_be_shown(history), min_fall=0.5)
    assert scorer.asked == [3]  # with, for anyone, without Alien


def test_a_newcomer_gets_no_reason_and_no_error():
    slate = Slate(np.array([4, 6], np.int32), np.array([4.5, 0.4], np.float32))
    for kind in (Explained, Sums):
        reasons = explain(toy(kind), Query(History.of([])), slate, np.ones(8, bool), FILMS)
        assert [reason.because.tolist() for reason in reasons] == [[], []]
        assert reasons[1].text == "A common first choice: 2nd for everyone we know nothing about yet."
    assert explain(toy(), Query(History.of([0])), Slate(slate.items[:0], slate.scores[:0]), np.ones(8, bool), FILMS) == []


class SilentWithoutHistory(Explained):
    def score(self, queries):
        scores = super().score(queries)
        scores[[len(query.history) == 0 for query in queries]] = np.nan
        return scores


def test_an_item_that_cannot_be_scored_any_more_drops_out():
    history = History.of([2], [0.5])
    slate = Slate(np.array([5], np.int32), np.array([4.2], np.float32))
    [reason] = explain(toy(SilentWithoutHistory), Query(history), slate, may_be_shown(history), FILMS)
    assert (reason.because.tolist(), reason.rank_without, reason.verified) == ([2], None, True)
    assert reason.text == "Because of Alien. Without that nothing would speak for it."


def test_a_scorer_that_knows_fewer_items_than_the_catalogue_is_fine_and_one_that_knows_more_is_refused():
    history = History.of([0, 1])
    slate = Slate(np.array([3], np.int32), np.array([5], np.float32))
    bigger = Catalogue.of([f"i{number}" for number in range(10)])
    [reason] = explain(toy(), Query(history), slate, may_be_shown(history, 10), bigger)
    assert (reason.rank_with, reason.because.tolist()) == (1, [0, 1])
    with pytest.raises(DataError, match="got 7 for 8 scored items"):
        explain(toy(), Query(history), slate, np.ones(7, bool), FILMS)


def test_where_a_scorer_says_the_same_of_all_it_says_nothing():
    scorer = Explained(np.zeros((8, 8)), np.zeros(8))
    slate = Slate(np.array([3], np.int32), np.zeros(1, np.float32))
    [reason] = explain(scorer, Query(History.of([0])), slate, may_be_shown(History.of([0])), FILMS)
    assert (reason.rank_with, reason.verified) == (8, False)  # after the seven that may be shown


def test_a_repeat_may_be_its_own_reason():
    table = np.eye(8) * 5
    history = History.of([2, 2])
    slate = Slate(np.array([2], np.int32), np.array([10], np.float32))
    [reason] = explain(Explained(table, toy().everybody), Query(history), slate, np.ones(8, bool), FILMS)
    assert reason.text == "Because you liked this one itself. Without that it drops from 1st to 8th."


def test_the_query_s_circumstances_are_asked_with_again():
    seen = []

    class Watching(Explained):
        def score(self, queries):
            seen.extend(queries)
            return super().score(queries)

    query = Query(History.of([0, 1]), 7.0, {"device": "tv"}, "something funny")
    table = toy()
    explain(Watching(table.table, table.everybody), query, Slate(np.array([3], np.int32), np.ones(1, np.float32)), np.ones(8, bool), FILMS)
    assert {(query.time, query.context["device"], query.text) for query in seen} == {(7.0, "tv", "something funny")}
