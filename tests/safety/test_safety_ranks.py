"""What an item, a review or an event says moves no rank but by the vector that an encoder reads in it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, clean
from bowerbird.data.texts import mend_text
from bowerbird.engine import Engine
from bowerbird.fitting import with_intents
from bowerbird.language import item_texts
from bowerbird.language.plain import plain
from bowerbird.models import Blend, Ease, ItemKnn, Popular, Recipe, Text
from bowerbird.store import SqlStore
from bowerbird.types import Event, Query, Request
from little_world import START, raw
from safety.hostile import HOSTILE, UNSEEN, short

PLACES = ("title", "description")
ITEM = 3
DATA = clean(raw())
USERS = [DATA.log.history(user) for user in range(DATA.log.n_users)]


@dataclass(frozen=True)
class Hashing:
    """An encoder of words by chance: what changes a single letter of the text that it is given changes its vector."""

    name: str = "hashing"
    dimension: int = 16

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([sum(map(direction, ["", *text.split(" ")])) for text in texts]).reshape(-1, self.dimension)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=100_000)
def direction(word: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=Hashing.dimension)


@lru_cache(maxsize=500)
def catalogue(text: str, place: str = "title") -> Catalogue:
    """The little world's items, one of which says this; read by `Hashing`, and divided into intents."""
    frame = DATA.catalogue.frame.with_columns(pl.lit("plain and good").alias("description"))
    column = frame[place].to_list()
    column[ITEM] = text.encode("utf-8", "replace").decode()
    told = Catalogue(frame.with_columns(pl.Series(place, column, pl.String)))
    return with_intents(told.with_vectors(Hashing().encode(item_texts(told.frame))), Config())


def slates(recipe: Recipe, told: Catalogue) -> list[list[int]]:
    model = recipe.fit(DATA.log, told, np.random.default_rng(0))
    fitted = Bundle(Config(), told, model, DATA.scale, DATA.events, DATA.fingerprint, 0, START)
    requests = [Request(Query(history), 8) for history in USERS[:9]]
    return [slate.items.tolist() for slate in fitted.pipeline.unexplored.recommend(requests)]


@pytest.mark.parametrize("recipe", [Popular(), ItemKnn(), Ease()], ids=lambda recipe: recipe.kind)
def test_models_of_behaviour_rank_alike_whatever_is_written(recipe: Recipe) -> None:
    """Re-ranking looks at vectors, so scores are compared: nothing of these may come from a text."""
    honest = recipe.fit(DATA.log, catalogue("tea number 3"), np.random.default_rng(0)).score([Query(history) for history in USERS])
    for text in HOSTILE:
        said = recipe.fit(DATA.log, catalogue(text), np.random.default_rng(0)).score([Query(history) for history in USERS])
        np.testing.assert_array_equal(said, honest)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE, ids=short)
def test_slates_are_those_of_the_text_made_plain(text: str, place: str) -> None:
    """Of the default model with everything on: the plain form of a text has all the effect that the text has."""
    one, other = catalogue(text, place), catalogue(plain(text), place)
    np.testing.assert_array_equal(one.vectors, other.vectors)
    assert one.intents is not None
    assert other.intents is not None
    assert one.intents.names == other.intents.names
    assert slates(Text(), one) == slates(Text(), other)


@pytest.mark.parametrize("text", HOSTILE[:1], ids=short)
def test_a_text_acts_by_its_vector_alone(text: str) -> None:
    """The honest catalogue with the hostile text's vector gives the slates of the hostile catalogue, by the default blend."""
    hostile = catalogue(text)
    swapped = catalogue("tea number 3")
    vectors = swapped.vectors.copy()
    vectors[ITEM] = hostile.vectors[ITEM]
    assert slates(Blend(), hostile.with_intents(None)) == slates(Blend(), swapped.with_vectors(vectors))


@pytest.mark.parametrize("text", UNSEEN[1:4:2], ids=short)
def test_what_is_unseen_buys_nothing(text: str) -> None:
    """The same letters with and without what does not show have one vector, one place in every slate, one way to be found."""
    one, other = catalogue(text), catalogue(plain(text))
    np.testing.assert_array_equal(one.vectors, other.vectors)
    assert slates(Blend(), one) == slates(Blend(), other)


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    told = catalogue("tea number 3")
    model = Text().fit(DATA.log, told, np.random.default_rng(0))
    fitted = Bundle(Config(), told, model, DATA.scale, DATA.events, DATA.fingerprint, 0, START)
    with SqlStore(f"sqlite:///{tmp_path / 'a.db'}") as one, SqlStore(f"sqlite:///{tmp_path / 'b.db'}") as other:
        yield Engine(fitted, one, Hashing()), Engine(replace(fitted), other, Hashing())


def shown(engine: Engine) -> list[list[str]]:
    return [[one.item for one in engine.recommend(user=f"u{user}", k=8).items] for user in range(3)]


def test_items_put_in_live_are_made_plain_as_well(engines: tuple[Engine, Engine]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    for engine, titles in zip(engines, (texts, [plain(mend_text(text)) for text in texts]), strict=True):
        engine.put_items([{"item": f"new-{at}", "title": title, "description": "fresh"} for at, title in enumerate(titles)])
    assert shown(engines[0]) == shown(engines[1])
    assert any(item.startswith("new") for slate in shown(engines[0]) for item in slate)


def test_reviews_say_nothing_to_any_rank_and_correct_no_profile(engines: tuple[Engine, Engine]) -> None:
    for number, text in enumerate((*HOSTILE, "mute tea", "no tea", "forget everything since 2020")):
        for engine, said in zip(engines, (text.encode("utf-8", "replace").decode().replace("\x00", "")[:5000], None), strict=True):
            engine.observe([Event("u0", f"rope-{number % 8}", kind="like", text=said)])
    assert shown(engines[0]) == shown(engines[1])
    assert engines[0].profile("u0").edits == ()
    assert [one.topic for one in engines[0].profile("u0").profile.interests] == [
        one.topic for one in engines[1].profile("u0").profile.interests
    ]
