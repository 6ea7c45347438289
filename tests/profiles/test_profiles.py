"""Profiles: counts that can be checked by hand, trends that are no noise, sentences that are true, edits that act and can be withdrawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from bowerbird.config import parse
from bowerbird.data import Catalogue, DataSettings, RawData, clean, history_of
from bowerbird.data.values import ValueScale
from bowerbird.errors import ConfigError, DataError
from bowerbird.language import MiniLm
from bowerbird.profiles import (
    Edit,
    ProfileSettings,
    Topic,
    acting,
    claims,
    event_of,
    fit_polarity,
    labels_of,
    profile_of,
    read_edits,
    standing,
    supported,
)
from bowerbird.profiles.fold import trend_of
from bowerbird.steering import Vocabulary
from bowerbird.types import Event, History

DAY = 86_400.0
SHOP = Catalogue.of(["tea-1", "tea-2", "rope-1", "rope-2"], categories=[["tea"], ["tea"], ["rope"], ["rope"]])
TEA, ROPE = (Topic(sort="category", name=name) for name in ("tea", "rope"))
NOW = datetime(2026, 6, 15, tzinfo=UTC)


def history(*items: int, days: list[float] | None = None, weights: list[float] | None = None) -> History:
    times = None if days is None else [NOW.timestamp() - day * DAY for day in days]
    return History.of(list(items), weights, times)


def test_shares_fade_by_half_lives() -> None:
    settings = ProfileSettings(half_life_days=10, prior=0, least=1)
    profile = profile_of(history(0, 2, days=[10, 0]), SHOP, NOW.timestamp(), settings)
    assert [(one.topic, round(one.share, 6)) for one in profile.interests] == [(ROPE, 0.666667), (TEA, 0.333333)]


def test_what_lies_after_now_is_not_known() -> None:
    profile = profile_of(history(0, 0, 2, 2, days=[3, 2, -1, -2]), SHOP, NOW.timestamp())
    assert [one.topic for one in profile.interests] == [TEA]


def test_dislikes_are_told_apart() -> None:
    profile = profile_of(history(0, 1, 2, 3, weights=[1, 1, -1, -0.5]), SHOP, 0.0)
    assert [one.topic for one in profile.interests] == [TEA]
    assert [(one.topic, one.count) for one in profile.dislikes] == [(ROPE, 2)]


def test_noise_is_hardly_ever_called_a_trend() -> None:
    rng = np.random.default_rng(0)
    called = [trend_of(rng.random(80) < 0.3, np.arange(80) >= 60, 0.05) != "steady" for _ in range(1000)]
    assert np.mean(called) <= 0.05


def test_a_change_is_called_a_trend() -> None:
    items, days = [0] * 30 + [2] * 15, [400 - day for day in range(30)] + [15 - day for day in range(15)]
    profile = profile_of(history(*items, days=days), SHOP, NOW.timestamp())
    assert {one.topic.name: one.trend for one in profile.interests} == {"tea": "fading", "rope": "rising"}


def test_true_sentences_stay_and_planted_ones_fall() -> None:
    past = history(0, 1, 0, 2, days=[4, 3, 2, 1])
    profile = profile_of(past, SHOP, NOW.timestamp())
    [claim], dropped = claims(profile, past, SHOP)
    assert (claim.topic, claim.count, dropped) == (TEA, 3, 0)
    assert claim.text == "You like tea: 3 events speak for it, the last of them tea-1."
    lies = [
        replace(claim, topic=ROPE, text=claim.text.replace("tea", "rope")),
        replace(claim, count=4),
        replace(claim, text="You like tea: 30 events speak for it, the last of them tea-1."),
        replace(claim, says="dislikes"),
        replace(claim, title="rope-1"),
        replace(claim, evidence=()),
        replace(claim, evidence=(*claim.evidence[:-1], replace(claim.evidence[-1], time=NOW))),
    ]
    assert [supported(lie, past, SHOP) for lie in lies] == [False] * len(lies)
    false = replace(profile, interests=(replace(profile.interests[0], topic=ROPE),))
    assert claims(false, past, SHOP) == ((), 1)


def test_a_muted_topic_is_not_shown_until_withdrawn() -> None:
    mute = Edit(does="mute", topic=ROPE)
    acts = acting([mute], history(0), SHOP)
    assert acts.allowed is not None
    assert acts.allowed.tolist() == [True, True, False, False]
    log = [event_of(mute, "ann", NOW, "1"), event_of(Edit(does="withdraw", id="1"), "ann", NOW, "2")]
    assert standing(log[:1])[0].topic == ROPE
    assert standing(log) == ()


def test_more_and_less_are_bounded_and_the_last_one_stands() -> None:
    log = [event_of(Edit(does=does, topic=TEA), "ann", NOW, str(n)) for n, does in enumerate(["more", "less", "more"])]
    acts = acting(standing(log), history(), SHOP)
    assert acts.bonus is not None
    assert acts.bonus.tolist() == [1, 1, 0, 0]


def test_what_is_forgotten_leaves_the_history_and_stays_hidden() -> None:
    forget = Edit(does="forget", topic=TEA, since=NOW - timedelta(days=5))
    acts = acting([forget], history(0, 1, 2, days=[9, 3, 1]), SHOP)
    assert acts.history.items.tolist() == [0, 2]
    assert acts.allowed is not None
    assert not acts.allowed[1]
    assert acting([forget], history(0, 1, 2, days=[9, 3, 1]), SHOP, repeats=True).allowed is None


@pytest.mark.parametrize(
    ("text", "does", "name"),
    [
        ("mute rope", "mute", "rope"),
        ("please no more ropes", "mute", "rope"),
        ("more tea", "more", "tea"),
        ("show me less rope", "less", "rope"),
        ("unmute rope", "withdraw", "rope"),
        ("forget my tea shopping in May", "forget", "tea"),
    ],
)
def test_edits_in_words(text: str, does: str, name: str) -> None:
    [edit], unheard = read_edits(text, Vocabulary(SHOP), NOW)
    assert (edit.does, edit.topic and edit.topic.name, unheard) == (does, name, ())


def test_a_span_in_words() -> None:
    [edit], _ = read_edits("forget what I bought in May", Vocabulary(SHOP), NOW)
    assert (edit.since, edit.until, edit.topic) == (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC), None)
    [edit], _ = read_edits("forget tea before 2020", Vocabulary(SHOP), NOW)
    assert (edit.since, edit.until, edit.topic) == (None, datetime(2020, 1, 1, tzinfo=UTC), TEA)
    assert read_edits("forget gifts in May; mute zebras", Vocabulary(SHOP), NOW)[1] == ("mute zebras",)


def test_edits_are_no_behaviour() -> None:
    edit = event_of(Edit(does="mute", topic=TEA), "ann", NOW, "1")
    past, unknown = history_of([Event("ann", "tea-1", NOW, "like"), edit], SHOP, DataSettings(), ValueScale())
    assert (past.items.tolist(), unknown) == ([0], 0)
    raw = pl.DataFrame([{"user": "ann", "item": one.item, "time": NOW, "kind": one.kind} for one in (Event("ann", "x", kind="like"), edit)])
    cleaned = clean(RawData(raw, None), now=NOW)
    assert cleaned.events["item"].to_list() == ["x"]
    assert {row["check"]: row["left_out"] for row in cleaned.report.to_json()}["edits of profiles"] == 1
    with pytest.raises(DataError, match="@profile"):
        Catalogue.of(["@profile"])
    with pytest.raises(ConfigError, match="Bowerbird"):
        parse(DataSettings, {"kinds": {"profile_mute": {"weight": 1}}})


def test_an_edit_must_say_enough() -> None:
    for wrong in ({"does": "mute"}, {"does": "forget"}, {"does": "withdraw"}, {"does": "more", "topic": TEA, "since": NOW}):
        with pytest.raises(ValueError, match=r"must|belong"):
            Edit(**wrong)


def test_polarity_is_heard_by_aspect() -> None:
    encoder = MiniLm().open(threads=1)
    good = [
        "I love this, it works wonderfully.",
        "Excellent quality, very happy.",
        "Great value and a joy to use.",
        "Perfect, highly recommended.",
    ]
    bad = ["I hate this, it broke at once.", "Terrible quality, very disappointed.", "A waste of money.", "Awful, do not buy this."]
    head = fit_polarity([*good, *bad], [1] * 4 + [-1] * 4, encoder)
    heard, nothing = head.aspects(
        ["The tea is wonderful, I love it. The rope is awful and broke.", "The tea is late."], [["tea", "rope"], ["paint"]], encoder
    )
    assert nothing == {}
    assert heard["tea"] > 0 > heard["rope"]
    both = Catalogue.of(["a"], categories=[["tea", "rope"]])
    labels = labels_of(History.of([0]), both, ["The rope is awful and broke."], head, encoder)
    says = dict(zip([topic.name for topic in labels.topics], labels.says.toarray()[0], strict=True))
    assert says["tea"] == 1
    assert says["rope"] < 0
    with pytest.raises(DataError, match="good and with bad"):
        fit_polarity(good, [1] * 4, encoder)
