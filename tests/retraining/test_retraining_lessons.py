"""Who learns from events while live has learned of them in a contest as well: in the order of time, and never of what is asked."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import retraining_world as world

from bowerbird.bundle import Bundle
from bowerbird.live import newest_event
from bowerbird.retraining import ContestSettings, logged, newest_learned
from bowerbird.retraining.heldout import held_out
from bowerbird.retraining.lessons import Lessons
from bowerbird.retraining.sides import Side
from bowerbird.types import Event


@dataclass(frozen=True)
class Pupil:
    """Scores every item by how often it was told of it."""

    kind: ClassVar[str] = "pupil"
    heard: tuple = ()

    def score(self, queries):
        counts = np.bincount([one.item for one in self.heard], minlength=world.ITEMS)
        return np.tile(counts.astype(np.float32), (len(queries), 1))

    def after(self, happened):
        return Pupil((*self.heard, *happened))


@pytest.fixture(scope="module")
def pupil() -> Bundle:
    return replace(world.champion(), model=Pupil())


def test_it_is_told_of_everything_since_its_fit_in_the_order_of_time(pupil: Bundle, tmp_path: Path) -> None:
    with world.store(tmp_path / "log.db", pupil, shifted=True, users=20) as store:
        store.append([Event("new0", "i0", world.LATER + 30 * world.DAY, "like"), Event("old3", "i1", world.LATER, "like")])
        log = logged(store, pupil).log
    lessons, fitted = Lessons(pupil, log), newest_event(pupil).timestamp()
    later = np.sort(log.times[log.times > fitted])
    for instant in (fitted, later[0], later[1], later[50], later[50], later[-1], np.inf):
        heard = lessons.told(instant).model.heard
        assert [one.query.time for one in heard] == later[later < instant].tolist()
    assert all((one.query.history.times < one.query.time).all() for one in heard)
    assert pupil.model.heard == ()


def test_nobody_teaches_more_than_their_share(pupil: Bundle, tmp_path: Path) -> None:
    few = replace(pupil, config=pupil.config.model_copy(update={"live": pupil.config.live.model_copy(update={"per_user": 2})}))
    with world.store(tmp_path / "log.db", few, shifted=True, users=20) as store:
        log = logged(store, few).log
    heard = Lessons(few, log).told(np.inf).model.heard
    assert max(np.unique([one.user for one in heard], return_counts=True)[1]) == 2


def test_a_side_answers_with_what_it_has_learned_by_then(pupil: Bundle, tmp_path: Path) -> None:
    with world.store(tmp_path / "log.db", pupil, shifted=True) as store:
        data = logged(store, pupil)
    asked = held_out(data.log, newest_learned(pupil), ContestSettings(least_questions=1, least_users=2), repeats=False, seed=0)
    side = Side.of(pupil, data)
    learning = side.asked(asked, 10, 0, "asking", lambda *_: None)
    popular = Lessons(pupil, side.log).told(asked.start).model.score([None])[0]
    first = int(data.log.items[asked.events[0]])
    taken = data.log.before(int(asked.events[0])).history.items
    better = (popular >= popular[first]) & ~np.isin(np.arange(world.ITEMS), taken)
    assert learning.hit[0] == (better.sum() <= 10)
    assert learning.ndcg.mean() > 0
    assert pupil.model.heard == ()
