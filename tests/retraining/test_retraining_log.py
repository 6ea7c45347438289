"""The log of a store as clean data: all that it has, numbered as the bundle numbers it, and what was left out is counted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import retraining_world as world

from bowerbird.bundle import Bundle
from bowerbird.data import DataSettings
from bowerbird.errors import DataError
from bowerbird.retraining import logged
from bowerbird.store import SqlStore
from bowerbird.types import Event


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return world.champion(users=20)


def with_data(bundle: Bundle, **settings: object) -> Bundle:
    config = bundle.config.model_copy(update={"data": DataSettings.model_validate(settings)})
    return replace(bundle, config=config)


def test_a_store_that_was_filled_from_a_bundle_gives_its_data_back(bundle: Bundle, tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.import_events(bundle.events)
        data = logged(store, bundle)
    assert data.fingerprint == bundle.data_print
    assert data.catalogue.ids == bundle.catalogue.ids
    assert data.scale == bundle.scale


def test_items_keep_their_numbers_and_new_ones_come_after(bundle: Bundle, tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.import_events(bundle.events)
        store.put_items([{"item": "moon", "title": "a moon"}, {"item": "i3", "title": "thing number three"}])
        store.append([Event("ann", "moon", world.LATER, "like"), Event("ann", "never-put", world.LATER, "like")])
        data = logged(store, bundle)
    assert data.catalogue.ids == (*bundle.catalogue.ids, "moon", "never-put")
    assert (data.catalogue.titles[3], data.catalogue.titles[-2]) == ("thing number three", "a moon")
    assert data.report["unknown items"].kept == 1


def test_what_is_left_out_is_counted(bundle: Bundle, tmp_path: Path) -> None:
    future = world.LATER + timedelta(days=40_000)
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.append([Event("ann", f"i{n}", world.LATER, "like") for n in (1, 1, 2)])
        store.append([Event("ann", "i3", future, "like"), Event("ann", "i4", None, "like"), Event("ann", "i5", world.LATER, "Yodel")])
        data = logged(store, bundle)
    left = {row.check: row.left_out for row in data.report if row.left_out}
    assert left == {"events": 3, "duplicates": 1, "missing times": 1, "future times": 1}
    assert data.report["unknown kinds"].mended == 1


def test_circumstances_come_back_as_they_were(bundle: Bundle, tmp_path: Path) -> None:
    told = with_data(bundle, context=("device", "hours", "paid", "mixed", "never"))
    contexts = [
        {"device": "tv", "hours": 2, "paid": True, "mixed": "007"},
        {"device": "phone", "hours": 0.5, "mixed": 7},
        {"device": None, "paid": False, "other": "x"},
        {},
    ]
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.append([Event("ann", f"i{n}", world.LATER + n * world.HOUR, "like", context=one) for n, one in enumerate(contexts)])
        data = logged(store, told)
    assert data.events["device"].to_list() == ["tv", "phone", None, None]
    assert data.events["hours"].to_list() == [2, 0.5, None, None]
    assert data.events["paid"].to_list() == [True, None, False, None]
    assert data.events["mixed"].to_list() == ["007", "7", None, None]
    assert data.report["mixed context (mixed)"].mended == 2
    assert data.events["never"].null_count() == 4


def test_nothing_left_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        store.append([Event("ann", "i1", world.LATER + timedelta(days=40_000), "like")])
        with pytest.raises(DataError, match="none of 1 rows is left after cleaning"):
            logged(store, bundle)
