"""The machine's clock steps back: nothing happens earlier than what happened before it, and nothing is refused for it."""

from datetime import UTC, datetime, timedelta

import pytest

from bowerbird.engine import Engine
from bowerbird.errors import DataError
from bowerbird.live import Clock
from bowerbird.store import SqlStore
from bowerbird.types import Event
from little_world import Spotter, bundle

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Machine:
    """A clock that can be set."""

    at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def engine(machine, tmp_path):
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        yield Engine(bundle(), store, Spotter(), clock=Clock(machine))


def test_a_clock_that_steps_back_a_little_stands_still(engine, machine):
    engine.observe([Event("zoe", "tea-1", kind="like")])
    machine.at = NOON - timedelta(minutes=20)
    engine.observe([Event("zoe", "tea-2", kind="like")])
    engine.observe([Event("zoe", "tea-3", kind="like", time=NOON)])
    answer = engine.recommend(user="zoe", k=21)
    assert answer.receipt.asked_at == NOON
    assert not {"tea-1", "tea-2", "tea-3"} & {one.item for one in answer.items}
    assert [event.time for event in engine.history("zoe")] == [NOON] * 3
    machine.at = NOON + timedelta(minutes=1)
    assert engine.recommend(user="zoe").receipt.asked_at == machine.at


def test_a_clock_that_was_far_ahead_is_believed_when_it_is_put_right(engine, machine):
    machine.at = NOON + timedelta(days=30)
    engine.observe([Event("zoe", "tea-1", kind="like")])
    machine.at = NOON
    engine.observe([Event("zoe", "tea-2", kind="like")])
    answer = engine.recommend(user="zoe", k=22)
    assert answer.receipt.asked_at == NOON
    assert not {"tea-1", "tea-2"} & {one.item for one in answer.items}, "what is stored in the future was taken nevertheless"
    assert engine.replay(answer.receipt).items == answer.items
    with pytest.raises(DataError, match="must not lie in the future"):
        engine.observe([Event("zoe", "tea-3", kind="like", time=NOON + timedelta(days=30))])
