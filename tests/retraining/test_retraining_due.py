"""When a retraining is due: never without new events, by the clock, or on drift after a rest."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from bowerbird.retraining.due import due
from bowerbird.retraining.settings import ContestSettings, GuardSettings, RetrainSettings, ScheduleSettings

FITTED = datetime(2024, 1, 1, tzinfo=UTC)
DAILY = ScheduleSettings(every_hours=24, breaks=2, rest_hours=3, least_events=100)
ONLY_DRIFT = ScheduleSettings(every_hours=None, breaks=1, rest_hours=0)

CASES = [
    ("the day is over", DAILY, 24, None, 100, 0, True),
    ("not yet", DAILY, 23.9, None, 100, 0, False),
    ("nothing new", DAILY, 1000, None, 99, 9, False),
    ("drift", DAILY, 3, None, 100, 2, True),
    ("too little drift", DAILY, 23, None, 100, 1, False),
    ("drift, but too soon", DAILY, 2.9, None, 100, 50, False),
    ("tried and refused today", DAILY, 30, 10, 100, 0, False),
    ("tried and refused yesterday", DAILY, 30, 5, 100, 0, True),
    ("drift since the refusal", DAILY, 30, 26, 100, 2, True),
    ("an attempt before the fit", DAILY, 5, -40, 100, 0, False),
    ("never by the clock", ONLY_DRIFT, 9999, None, 5000, 0, False),
    ("by drift alone", ONLY_DRIFT, 0, None, 5000, 1, True),
]


@pytest.mark.parametrize(
    ("settings", "hours", "tried", "events", "breaks", "wanted"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_due(settings, hours, tried, events, breaks, wanted):
    attempt = None if tried is None else FITTED + timedelta(hours=tried)
    said = due(settings, fitted=FITTED, tried=attempt, at=FITTED + timedelta(hours=hours), new_events=events, breaks=breaks)
    assert said.now is wanted
    assert said.why


def test_settings_without_effect_are_refused():
    with pytest.raises(ValidationError, match="never make a retraining due"):
        ScheduleSettings(every_hours=None, breaks=0)
    with pytest.raises(ValidationError, match="rest_hours has no effect"):
        ScheduleSettings(breaks=0, rest_hours=5)
    with pytest.raises(ValidationError, match="holdout has no effect"):
        ContestSettings(holdout_days=2, holdout=0.5)


def test_the_page_shows_the_defaults():
    page = (Path(__file__).parents[2] / "docs" / "retraining.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert RetrainSettings.model_validate(tomllib.loads(shown)) == RetrainSettings()
    assert {name: set(table) for name, table in tomllib.loads(shown).items() if isinstance(table, dict)} == {
        "contest": set(ContestSettings.model_fields) - {"holdout_days"},
        "schedule": set(ScheduleSettings.model_fields),
        "guard": set(GuardSettings.model_fields),
    }
