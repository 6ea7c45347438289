"""What was done, and in which circumstances, goes with an event wherever it goes."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from bowerbird.data import KINDS, Dataset, DataSettings, Kind, RawData, clean, histories_of, history_of, split_last, split_time, split_users
from bowerbird.data.kinds import kind_numbers
from bowerbird.errors import ConfigError
from bowerbird.models.rehearsal import rehearse
from bowerbird.training.validation import hold_out
from bowerbird.types import Event

START = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = DataSettings(kinds={"borrow": Kind(weight=0.9)}, context=("device", "alone"))


def dataset() -> Dataset:
    """Nine users, each of whom does something else with each item on another device."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "user": f"u{user}",
            "item": f"i{item}",
            "time": START + timedelta(hours=int(hour)),
            "kind": str(rng.choice(["view", "purchase", "borrow", "like"])),
            "value": None,
            "text": None,
            "device": [None, "phone", "tv"][item % 3],
            "alone": bool(user % 2),
        }
        for user in range(9)
        for hour, item in enumerate(rng.permutation(6))
    ]
    frame = pl.DataFrame(rows, schema_overrides={"value": pl.Float64, "text": pl.String})
    return clean(RawData(frame, pl.DataFrame({"item": [f"i{item}" for item in range(6)]})), SETTINGS)


def test_numbers_stay_where_they_are_when_kinds_are_added() -> None:
    """Models know kinds by number, so neither the settings nor a later version may move one."""
    assert list(KINDS)[:5] == ["interaction", "view", "click", "play", "rating"]
    assert kind_numbers(KINDS, KINDS).tolist() == list(range(1, len(KINDS) + 1))
    assert kind_numbers(["borrow", "view", "yodel"], SETTINGS.all_kinds).tolist() == [64, 2, 0]


def test_more_kinds_than_there_are_numbers_are_refused() -> None:
    many = {f"kind{number}": Kind(weight=1) for number in range(193)}
    with pytest.raises(ConfigError, match="at most 192 kinds can be added, got 193"):
        kind_numbers([], {**KINDS, **many})


def test_the_log_says_what_the_table_says() -> None:
    data = dataset()
    assert data.log.kinds.tolist() == kind_numbers(data.events["kind"], SETTINGS.all_kinds).tolist()
    assert 64 in data.log.kinds
    assert data.log.context is not None
    for place, (device, alone) in enumerate(data.events.select("device", "alone").iter_rows()):
        assert data.log.context.at(place) == {"alone": alone} | ({} if device is None else {"device": device})


def test_a_live_history_tells_the_kinds_as_the_log_does() -> None:
    data = dataset()
    events = [
        Event(row["user"], row["item"], row["time"].replace(tzinfo=UTC), row["kind"], row["value"])
        for row in data.events.iter_rows(named=True)
    ]
    many = dict(zip(*histories_of(data.events, data.catalogue, SETTINGS, data.scale)[:2], strict=True))
    for number, user in enumerate(data.users):
        one, _ = history_of([event for event in events if event.user == user], data.catalogue, SETTINGS, data.scale)
        assert one.kinds.tolist() == many[user].kinds.tolist() == data.log.history(number).kinds.tolist()


def test_a_question_is_asked_in_the_circumstances_of_its_answer() -> None:
    data = dataset()
    number_of = {item: int(name[1:]) for item, name in enumerate(data.catalogue.frame["item"])}
    splits = (split_time(data.log, 0.2, 0.2), split_last(data.log), split_users(data.log, np.random.default_rng(0)))
    questions = [(query, targets[0]) for cut in splits for query, targets in zip(cut.test.queries, cut.test.targets, strict=True)]
    held = hold_out(data.log, 0.9, np.random.default_rng(0))[1]
    questions += list(zip(held.queries, held.targets, strict=True))
    questions += [(one.query, one.asked[0]) for one in rehearse(data.log, 20, np.random.default_rng(0), newest=False).questions]
    assert len(questions) > 30
    assert {"alone"} <= {name for query, _ in questions for name in query.context}
    for query, item in questions:
        assert query.context.get("device") == [None, "phone", "tv"][number_of[int(item)] % 3]


def test_a_part_of_a_log_keeps_kinds_and_circumstances() -> None:
    log = dataset().log
    keep = np.random.default_rng(1).random(len(log)) < 0.5
    part = log.where(keep)
    assert part.kinds.tolist() == log.kinds[keep].tolist()
    assert part.context is not None
    assert log.context is not None
    assert [part.context.at(place) for place in range(len(part))] == [log.context.at(place) for place in np.flatnonzero(keep).tolist()]
