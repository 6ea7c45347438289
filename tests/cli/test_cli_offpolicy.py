"""`bowerbird offpolicy` on a little store."""

import json
from datetime import timedelta

import pytest

from bowerbird.answers import Receipt
from bowerbird.asking import asked
from bowerbird.bundle import Config
from bowerbird.cli import main
from bowerbird.live import Grower, Worded
from bowerbird.models import Popular
from bowerbird.pipeline import RankingSettings
from bowerbird.ranking import ExploreSettings
from bowerbird.store import SlateRow, SqlStore
from bowerbird.types import Event
from little_world import START, bundle

EXPLORES = RankingSettings(repeats=True, explore=ExploreSettings(places=(2,), candidates=3))


@pytest.fixture
def shop(tmp_path):
    """A saved bundle, and a store with twelve slates, the first item of each second one liked."""
    fitted = bundle(Config(model=Popular(), ranking=EXPLORES))
    fitted.save(tmp_path / "model")
    with SqlStore(f"sqlite:///{tmp_path}/log.db") as store:
        for n in range(12):
            at = START + timedelta(minutes=n)
            receipt = Receipt(bundle=fitted.fingerprint, offset=0, item_offset=0, asked_at=at, user=f"v{n}", k=3, seed=n)
            [slate] = fitted.pipeline.recommend([asked(receipt, fitted, fitted.pipeline, store, Worded(Grower())).request])
            items = tuple(fitted.catalogue.ids[item] for item in slate.items)
            drawn = (tuple(slate.standings.tolist()), tuple(slate.propensities.tolist()))
            said = receipt.model_dump(mode="json")
            store.log_slates([SlateRow(f"{n:02}", 0, at, f"v{n}", fitted.fingerprint, said, items, *drawn)])
            if n % 2:
                store.append([Event(f"v{n}", items[0], at, "like", slate=f"{n:02}")])
    return tmp_path


def test_the_policy_that_ran_and_another_are_valued(shop, monkeypatch, capsys):
    (shop / "off.toml").write_text("[ranking]\nrepeats = true\n")
    store = f"sqlite:///{shop}/log.db"
    for words in (["--out", str(shop / "same.json")], ["--config", str(shop / "off.toml"), "--out", str(shop / "off.json")]):
        monkeypatch.setattr("sys.argv", ["bowerbird", "offpolicy", str(shop / "model"), "--store", store, *words])
        with pytest.raises(SystemExit, match="0"):
            main()
    printed = capsys.readouterr().out
    same, off = (json.loads((shop / name).read_text()) for name in ("same.json", "off.json"))
    assert [row["value"] for row in same["estimates"]] == pytest.approx([0.5, 0.5, 0.5])
    assert (same["slates"], same["answers"], same["could"], same["drawn"]) == (12, 6, 12, 12)
    assert off["could"] < 12
    assert off["estimates"][0] == same["estimates"][0]
    assert "The target could have shown 12 of the 12 slates (100.0%)" in printed
    assert "too few to trust the figures" in printed
