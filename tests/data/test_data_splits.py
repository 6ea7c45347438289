import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.config import parse
from bowerbird.data import SplitSettings, split, split_labelled, split_last, split_time, split_users
from bowerbird.errors import ConfigError, DataError
from bowerbird.types import Log

N_ITEMS = 6
ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(0, N_ITEMS - 1), st.sampled_from([1.0, 0.5, 0.0, -1.0])),
    min_size=1,
    max_size=60,
)


def log_of(rows, clock=True) -> Log:
    rows = sorted(rows, key=lambda row: row[:2])
    users, times, items, weights = (list(column) for column in zip(*rows, strict=True))
    stamps = np.array(times, float) if clock else np.full(len(rows), np.nan)
    return Log(np.array(users, np.int32), np.array(items, np.int32), np.array(weights, np.float32), stamps, 5, N_ITEMS)


def try_time(log, **settings):
    try:
        return split_time(log, **settings)
    except DataError as error:
        assert "cannot be cut" in str(error)  # noqa: PT017
        return None


def check_cases(cases, repeats):
    assert np.all(np.diff(cases.users) > 0)
    for query, targets in zip(cases.queries, cases.targets, strict=True):
        assert len(targets) == len(set(targets.tolist())) > 0
        assert targets.dtype == np.int32
        if not repeats:
            assert not set(targets.tolist()) & set(query.history.items.tolist())


@given(ROWS, st.booleans())
def test_time_no_model_sees_what_comes_after_its_question(rows, repeats):
    log = log_of(rows)
    cut = try_time(log, validation=0.2, test=0.3, repeats=repeats)
    if cut is None:
        return
    first, second = ({query.time for query in cases.queries} or {None} for cases in (cut.validation, cut.test))
    assert len(first) == len(second) == 1
    for log_part, cases in ((cut.train, cut.validation), (cut.before_test, cut.test)):
        for query in cases.queries:
            assert log_part.times.max() < query.time
            assert (query.history.times < query.time).all()
    check_cases(cut.validation, repeats)
    check_cases(cut.test, repeats)


@given(ROWS, st.booleans())
def test_time_every_user_is_accounted_for(rows, repeats):
    log = log_of(rows)
    cut = try_time(log, validation=0.2, test=0.3, repeats=repeats)
    if cut is None or not len(cut.test):
        return
    instant = cut.test.queries[0].time
    for user in range(log.n_users):
        whole = log.history(user)
        before = whole.times < instant
        late = whole.items[~before & (whole.weights > 0)]
        wanted = [item for item in dict.fromkeys(late.tolist()) if repeats or item not in whole.items[before]]
        if wanted:
            place = cut.test.users.tolist().index(user)
            assert cut.test.targets[place].tolist() == wanted
            assert cut.test.queries[place].history.items.tolist() == whole.items[before].tolist()
        else:
            assert user not in cut.test.users


def test_time_newcomers_are_asked_with_an_empty_history():
    log = log_of([(0, t, t % 6, 1.0) for t in range(8)] + [(1, 9, 0, 1.0), (1, 10, 1, 1.0)])
    cut = split_time(log, validation=0.2, test=0.2)
    assert cut.test.users.tolist() == [1]
    assert len(cut.test.queries[0].history) == 0
    assert cut.test.targets[0].tolist() == [0, 1]
    assert (len(cut.train), len(cut.before_test)) == (6, 8)


def test_time_without_clock_says_what_to_use():
    with pytest.raises(DataError, match='no times; use split "last" or "users"'):
        split_time(log_of([(0, 0, 0, 1.0)] * 5, clock=False))
    with pytest.raises(DataError, match="too many at the same time"):
        split_time(log_of([(0, 7, item, 1.0) for item in range(6)]))


@given(ROWS, st.booleans(), st.booleans())
def test_last_by_its_definition(rows, clock, repeats):
    log = log_of(rows, clock)
    cut = split_last(log, repeats=repeats)
    check_cases(cut.validation, repeats)
    check_cases(cut.test, repeats)
    for user in range(log.n_users):
        whole = log.history(user)
        can = [n for n in range(len(whole)) if whole.weights[n] > 0 and (repeats or whole.items[n] not in whole.items[:n])]
        if len(can) < 3:
            assert user not in cut.test.users
            assert user not in cut.validation.users
            assert len(cut.train.history(user)) == len(cut.before_test.history(user)) == len(whole)
            continue
        for cases, seen, target in ((cut.validation, cut.train, can[-2]), (cut.test, cut.before_test, can[-1])):
            place = cases.users.tolist().index(user)
            query = cases.queries[place]
            assert cases.targets[place].tolist() == [whole.items[target]]
            assert query.history.items.tolist() == whole.items[:target].tolist() == seen.history(user).items.tolist()
            assert np.isnan(query.time) if not clock else query.time == whole.times[target]


def test_last_by_hand():
    log = log_of([(0, t, item, weight) for t, (item, weight) in enumerate([(0, 1), (1, 1), (2, 1), (0, 1), (3, 1), (4, -1)])])
    cut = split_last(log)
    assert [targets.tolist() for targets in (*cut.validation.targets, *cut.test.targets)] == [[2], [3]]
    assert (len(cut.train), len(cut.before_test)) == (2, 4)


@given(ROWS, st.integers(0, 3))
def test_users_held_out_are_never_learned_from(rows, seed):
    log = log_of(rows)
    try:
        cut = split_users(log, np.random.default_rng(seed), 0.2, 0.2, 0.5)
    except DataError as error:
        assert 'split "users"' in str(error)  # noqa: PT017
        return
    check_cases(cut.validation, False)
    check_cases(cut.test, False)
    assert not set(cut.train.users.tolist()) & (set(cut.validation.users.tolist()) | set(cut.test.users.tolist()))
    assert not set(cut.before_test.users.tolist()) & set(cut.test.users.tolist())
    assert set(cut.validation.users.tolist()) <= set(cut.before_test.users.tolist())
    for query, user in zip(cut.test.queries, cut.test.users.tolist(), strict=True):
        assert 1 <= len(query.history) < len(log.history(user))
        assert query.history.items.tolist() == log.history(user).items[: len(query.history)].tolist()


def test_users_same_seed_same_split():
    log = log_of([(u, t, t, 1.0) for u in range(5) for t in range(6)])
    one, two = (split(log, SplitSettings(kind="users"), np.random.default_rng(3)) for _ in range(2))
    assert one.test.users.tolist() == two.test.users.tolist()
    assert [len(q.history) for q in one.test.queries] == [5]


def test_users_too_few():
    with pytest.raises(DataError, match="at least 3 users with 2 events or more, got 1"):
        split_users(log_of([(0, 0, 0, 1.0), (0, 1, 1, 1.0), (1, 0, 0, 1.0)]), np.random.default_rng(0))


def test_repeats_make_old_items_targets():
    log = log_of([(0, t, t % 2, 1.0) for t in range(10)])
    assert len(split_time(log, 0.2, 0.2).test) == 0
    assert split_time(log, 0.2, 0.2, repeats=True).test.targets[0].tolist() == [0, 1]


def test_labelled_refuses_parts_out_of_order():
    log = log_of([(0, 0, 0, 1.0), (0, 1, 1, 1.0), (1, 0, 2, 1.0)])
    with pytest.raises(DataError, match="user number 0 has an event of part 0 after one of part 2"):
        split_labelled(log, np.array([2, 0, 0], np.int8))
    assert split_labelled(log, np.array([0, 2, 1], np.int8)).validation.users.tolist() == [1]


def test_settings_leave_something_to_learn_from():
    with pytest.raises(ConfigError, match="together less than 1"):
        parse(SplitSettings, {"validation": 0.5, "test": 0.5})


def test_sorting_is_stable():
    log = log_of([(0, 1, item, 1.0) for item in (3, 1, 2)])
    assert log.history(0).items.tolist() == [3, 1, 2]
