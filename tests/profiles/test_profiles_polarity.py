"""What reviews say: learned when a bundle is fitted, kept in it, refused where it is damaged, and heard in the engine's profiles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from bowerbird.bundle import Bundle, Config
from bowerbird.data import Catalogue, Dataset, RawData, clean
from bowerbird.engine import Engine
from bowerbird.errors import BundleError
from bowerbird.fitting import fit, learn_polarity, reviewed
from bowerbird.live.remembered import Remembered
from bowerbird.profiles import Polarity, labels_of
from bowerbird.store import SqlStore, read_bundle, write_bundle
from bowerbird.types import Event, History
from little_world import START, TASTES, bundle, raw

GOOD, BAD = "The {} is lovely.", "The {} is awful."


@dataclass
class Mood:
    """Sees which taste's word stands in a text, and whether it is lovely or awful."""

    name: str = "mood"
    dimension: int = 4
    read: int = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += len(texts)
        rows = [[*(float(taste in text) for taste in TASTES), 0.1 + 2 * ("lovely" in text) - 2 * ("awful" in text)] for text in texts]
        vectors = np.array(rows, np.float32).reshape(-1, 4)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def dataset(
    stars: Sequence[float], texts: Sequence[str | None] | None = None, kind: str = "review", config: Config | None = None
) -> Dataset:
    """One review an event, over the little world's items."""
    n, items = len(stars), raw().items
    said = texts or [(GOOD if star > 3 else BAD).format("tea") for star in stars]
    events = pl.DataFrame(
        {
            "user": [f"u{number % 7}" for number in range(n)],
            "item": [f"tea-{number % 8}" for number in range(n)],
            "time": [START + timedelta(hours=number) for number in range(n)],
            "kind": [kind] * n,
            "value": list(map(float, stars)),
            "text": said,
        },
        schema_overrides={"text": pl.String},
    )
    data = (config or Config()).data
    return clean(RawData(events, items), data)


def test_marks_are_linear_in_stars_whatever_the_kind_weighs() -> None:
    config = Config.model_validate({"data": {"kinds": {"note": {"weight": 0.4, "value": "rating"}}}})
    for kind in ("review", "note"):
        marks = reviewed(dataset([1, 2, 3, 4, 5], ["a", "b", "c", "d", "e"], kind, config), config)["mark"]
        assert marks.to_list() == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=1e-6)


def test_only_events_with_a_text_and_a_rating_are_read() -> None:
    told = reviewed(dataset([5, 1, 4], ["a", None, ""]), Config())
    assert told["text"].to_list() == ["a"]
    assert len(reviewed(dataset([5, 1], ["a", "b"], "view"), Config())) == 0
    uncounted = Config.model_validate({"data": {"ratings": "none"}})
    assert len(reviewed(dataset([5, 1], ["a", "b"], config=uncounted), uncounted)) == 0


def test_a_head_is_learned_where_there_are_reviews_of_both_sides() -> None:
    head = learn_polarity(dataset([5] * 30 + [1] * 20), Config(), encoder=Mood())
    assert head is not None
    assert head.reviews == 50
    good, bad = head.of(Mood().encode(["rope is lovely", "paint is awful"]))
    assert good > 0.5
    assert bad < -0.5


@pytest.mark.parametrize(
    ("stars", "settings"),
    [([5] * 60, {}), ([5] * 60 + [1] * 19, {}), ([5] * 30 + [1] * 30, {"reviews": 0}), ([3] * 60, {"least": 1}), ([], {"least": 1})],
)
def test_nothing_is_learned_from_too_little(stars: list[float], settings: dict) -> None:
    config, mood = Config.model_validate({"polarity": settings}), Mood()
    assert learn_polarity(dataset([*stars, 4], [*[GOOD] * len(stars), None]), config, encoder=mood) is None
    assert mood.read == 0


@pytest.mark.parametrize(("good", "bad", "wanted"), [(100, 100, (20, 20)), (100, 5, (35, 5)), (5, 100, (5, 35))])
def test_no_more_is_read_than_is_allowed_and_both_sides_alike(good: int, bad: int, wanted: tuple[int, int]) -> None:
    heard: list[str] = []

    class Listening(Mood):
        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            heard.extend(texts)
            return super().encode(texts)

    config = Config.model_validate({"polarity": {"reviews": 40, "least": 1}})
    learn_polarity(dataset([5] * good + [1] * bad), config, encoder=Listening())
    assert (sum("lovely" in text for text in heard), sum("awful" in text for text in heard)) == wanted


def test_fitting_learns_from_reviews() -> None:
    config = Config.model_validate({"model": {"kind": "popular"}, "intents": {"most": 0}, "polarity": {"least": 4}})
    praise, blame = ["I love this.", "Works perfectly.", "Excellent quality."], ["I hate this.", "Broke at once.", "Terrible quality."]
    fitted = fit(dataset([5] * 6 + [1] * 6, praise * 2 + blame * 2), config)
    assert fitted.polarity is not None
    good, bad = fitted.polarity.of(config.encoder.open().encode(["Wonderful, very happy.", "Awful, do not buy."]))
    assert good > 0 > bad
    assert fitted.facts()["reviews_learned_from"] == 12
    assert fit(dataset([5] * 6, praise * 2), config).polarity is None


@pytest.fixture(scope="module")
def heard() -> Bundle:
    """The little world's bundle, with a head that tells lovely from awful."""
    return replace(bundle(), polarity=learn_polarity(dataset([5] * 30 + [1] * 30), Config(), encoder=Mood()))


def test_it_comes_back_from_disk_and_names_the_bundle(heard: Bundle, tmp_path: Path) -> None:
    heard.save(tmp_path / "b")
    loaded = Bundle.load(tmp_path / "b")
    assert isinstance(loaded.polarity, Polarity)
    assert heard.polarity is not None
    assert (loaded.polarity.weights == heard.polarity.weights).all()
    assert (loaded.polarity.bias, loaded.polarity.reviews) == (heard.polarity.bias, 60)
    assert loaded.fingerprint == heard.fingerprint
    assert replace(heard, polarity=None).fingerprint != heard.fingerprint
    assert replace(heard, polarity=replace(heard.polarity, weights=-heard.polarity.weights)).fingerprint != heard.fingerprint


def test_a_damaged_head_is_refused_and_none_is_no_harm(heard: Bundle, tmp_path: Path) -> None:
    heard.save(tmp_path / "b")
    stored = read_bundle(tmp_path / "b")
    rest = {stem: arrays for stem, arrays in stored.arrays.items() if stem != "polarity"}
    write_bundle(tmp_path / "old", {key: value for key, value in stored.manifest.items() if key != "polarity"}, rest, stored.tables)
    assert Bundle.load(tmp_path / "old").polarity is None
    write_bundle(tmp_path / "lost", stored.manifest, rest, stored.tables)
    with pytest.raises(BundleError, match="polarity"):
        Bundle.load(tmp_path / "lost")
    write_bundle(tmp_path / "short", stored.manifest, rest | {"polarity": {"weights": np.zeros(3)}}, stored.tables)
    with pytest.raises(BundleError, match=r"a weight for each number of a vector, got \(3,\) beside vectors of 4"):
        Bundle.load(tmp_path / "short")
    write_bundle(tmp_path / "odd", stored.manifest, rest | {"polarity": {"weights": np.full(4, np.nan)}}, stored.tables)
    with pytest.raises(BundleError, match="finite"):
        Bundle.load(tmp_path / "odd")
    file = tmp_path / "b" / "polarity.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BundleError, match=r"polarity\.safetensors is damaged"):
        Bundle.load(tmp_path / "b")


def reviews(*texts: str, value: float | None = None) -> list[Event]:
    return [Event("ann", f"rope-{number}", kind="review", value=value, text=text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("stars", [None, 3.0])
@pytest.mark.parametrize("hears", [True, False])
def test_profiles_hear_what_reviews_say_of_a_topic(heard: Bundle, tmp_path: Path, hears: bool, stars: float | None) -> None:
    live = heard if hears else replace(heard, polarity=None)
    with SqlStore(f"sqlite:///{tmp_path / 'log.db'}") as store:
        engine = Engine(live, store, Mood())
        engine.observe(reviews("Good shop. The rope is awful.", "The rope is awful!", value=stars))
        told = engine.profile("ann")
        assert (told.dropped, told.notes) == (0, ())
        named = [one.topic.name for one in (told.profile.dislikes if hears else told.profile.interests) if one.topic.sort == "category"]
        assert named == ["rope"]
        [said] = [claim.text for claim in told.sentences if claim.topic.sort == "category"]
        assert said.startswith("You turn rope down: 2 events" if hears else "You like rope: 2 events")


@pytest.mark.parametrize(("mark", "wanted"), [(np.nan, -1.0), (0.0, -0.5), (1.0, 0.0), (-1.0, -1.0)])
def test_a_sentence_and_the_reviews_mark_count_alike(mark: float, wanted: float) -> None:
    surely = Polarity(np.array([0.0, 0.0, 0.0, 100.0]), 0.0)
    rope = Catalogue.of(["a"], categories=[["rope", "tea"]])
    says = labels_of(History.of([0], [0.7]), rope, ["The rope is awful."], surely, Mood(), np.array([mark], np.float32)).says.toarray()
    assert says[0].tolist() == pytest.approx([wanted, 0.7])


def test_of_very_many_reviews_the_newest_are_read_and_it_is_said(heard: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bowerbird.profiling.READ", 2)
    with SqlStore(f"sqlite:///{tmp_path / 'log.db'}") as store:
        engine = Engine(heard, store, Mood())
        engine.observe(reviews("The rope is awful.", "The rope is lovely.", "The rope is lovely."))
        told = engine.profile("ann")
        assert [one.topic.name for one in told.profile.interests if one.topic.sort == "category"] == ["rope"]
        assert told.notes == ("of the reviews the oldest 1 were not read",)


def test_what_is_remembered_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    mood = Mood()
    remembered = Remembered(mood)
    first = remembered.encode(["tea", "rope", "tea"])
    assert mood.read == 2
    assert (first == Mood().encode(["tea", "rope", "tea"])).all()
    assert (remembered.encode(["rope", "tea"]) == first[[1, 0]]).all()
    assert mood.read == 2
    assert remembered.encode([]).shape == (0, 4)
    monkeypatch.setattr("bowerbird.live.remembered.KEPT", 1)
    assert (remembered.encode(["paint", "tea"]) == Mood().encode(["paint", "tea"])).all()
    assert len(remembered._known) == 1
