import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.data.sequences import DAY, decayed_rows, decayed_weights
from bowerbird.errors import DataError
from bowerbird.types import History

N_ITEMS = 6
EVENTS = st.lists(st.tuples(st.integers(0, 8), st.sampled_from([-1.0, -0.5, 0.0, 0.3, 1.0]), st.integers(0, 30)), max_size=8)


def history(events: list[tuple[int, float, int]]) -> History:
    """Of (item, weight, day), in order of the days."""
    events = sorted(events, key=lambda event: event[2])
    return History.of([item for item, _, _ in events], [weight for _, weight, _ in events], [day * DAY for _, _, day in events])


def by_hand(one: History, half_events: float | None, half_days: float | None, now: float | None, signed: bool) -> list[float]:
    """What the docstring says, event by event."""
    worths = []
    for place, (weight, time) in enumerate(zip(one.weights, one.times, strict=True)):
        after = [w for w in one.weights[place + 1 :] if (w != 0 if signed else w > 0)]
        worth = float(weight) if signed else max(float(weight), 0.0)
        if half_events is not None:
            worth *= 0.5 ** (len(after) / half_events)
        if half_days is not None:
            worth *= 0.5 ** (max((one.times[-1] if now is None else now) - time, 0) / DAY / half_days)
        worths.append(worth)
    return worths


@settings(max_examples=40, deadline=None)
@given(
    st.lists(EVENTS, max_size=5),
    st.sampled_from([None, 0.5, 2.0]),
    st.sampled_from([None, 3.0]),
    st.sampled_from([None, 20.0]),
    st.booleans(),
)
def test_each_event_is_worth_what_the_rule_says(
    many: list[list[tuple[int, float, int]]], half_events: float | None, half_days: float | None, now: float | None, signed: bool
) -> None:
    histories = [history(events) for events in many]
    asked = None if now is None else np.full(len(histories), now * DAY)
    got = decayed_weights(histories, half_life_events=half_events, half_life_days=half_days, now=asked, signed=signed)
    expected = [worth for one in histories for worth in by_hand(one, half_events, half_days, None if now is None else now * DAY, signed)]
    np.testing.assert_allclose(got, np.array(expected, np.float32), rtol=1e-5)
    assert got.dtype == np.float32


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, max_size=5), st.sampled_from([None, 2.0]))
def test_a_row_sums_the_events_of_an_item_and_leaves_out_unknown_ones(
    many: list[list[tuple[int, float, int]]], half_life: float | None
) -> None:
    histories = [history(events) for events in many]
    rows = decayed_rows(histories, N_ITEMS, half_life_events=half_life)
    assert rows.shape == (len(histories), N_ITEMS)
    assert rows.dtype == np.float32
    for row, one in zip(rows.toarray(), histories, strict=True):
        expected = np.zeros(N_ITEMS)
        for item, worth in zip(one.items, by_hand(one, half_life, None, None, True), strict=True):
            if item < N_ITEMS:
                expected[item] += worth
        np.testing.assert_allclose(row, expected, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_a_batch_is_a_loop_of_singles(many: list[list[tuple[int, float, int]]]) -> None:
    histories = [history(events) for events in many]
    together = decayed_rows(histories, N_ITEMS, half_life_events=1.5, half_life_days=4.0).toarray()
    for row, one in zip(together, histories, strict=True):
        np.testing.assert_array_equal(row, decayed_rows([one], N_ITEMS, half_life_events=1.5, half_life_days=4.0).toarray()[0])


def test_an_event_that_says_nothing_makes_the_others_no_older() -> None:
    plain = decayed_weights([History.of([0, 1])], half_life_events=1)
    seen = decayed_weights([History.of([0, 5, 1, 5], weights=[1, 0, 1, 0])], half_life_events=1)
    assert plain.tolist() == [0.5, 1.0]
    assert seen.tolist() == [0.5, 0.0, 1.0, 0.0]


def test_without_a_clock_days_change_nothing() -> None:
    one = History.of([0, 1])
    assert decayed_weights([one], half_life_events=None, half_life_days=1, now=np.array([5 * DAY])).tolist() == [1.0, 1.0]
    assert decayed_weights([one], half_life_events=None, half_life_days=1).tolist() == [1.0, 1.0]


def test_days_count_from_the_question_and_else_from_the_newest_event() -> None:
    one = History.of([0, 1], times=[0, DAY])
    assert decayed_weights([one], half_life_events=None, half_life_days=1).tolist() == [0.5, 1.0]
    assert decayed_weights([one], half_life_events=None, half_life_days=1, now=np.array([2 * DAY])).tolist() == [0.25, 0.5]
    assert decayed_weights([one], half_life_events=None, half_life_days=1, now=np.array([np.nan])).tolist() == [0.5, 1.0]


def test_nothing_gives_nothing() -> None:
    assert decayed_rows([], 3, half_life_events=1, half_life_days=1).shape == (0, 3)
    assert decayed_rows([History.of([])], 3, half_life_events=1, half_life_days=1).nnz == 0


@pytest.mark.parametrize("name", ["half_life_events", "half_life_days"])
def test_a_half_life_of_nought_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"decay: {name} must be > 0, got 0"):
        decayed_rows([History.of([1])], 3, **{"half_life_events": None, name: 0})


def test_an_event_later_than_the_question_counts_as_now() -> None:
    one = History.of([0, 1], times=[0, 4 * DAY])
    assert decayed_weights([one], half_life_events=None, half_life_days=1, now=np.array([DAY])).tolist() == [0.5, 1.0]
