"""Reasons in a live engine: in the language that is asked for, and in a chat model's words where these are supported and come in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bowerbird import engine as engines
from bowerbird.bundle import Bundle, Config
from bowerbird.engine import Engine
from bowerbird.errors import DataError
from bowerbird.explain import Worder
from bowerbird.models import Ease
from bowerbird.store import SqlStore
from bowerbird.types import Prompt
from little_world import Spotter, bundle


@dataclass
class Says:
    """A chat model that always says the same."""

    words: str
    name: str = "says"

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        return [self.words] * len(prompts)


@pytest.fixture(scope="module")
def fitted() -> Bundle:
    return bundle(Config(model=Ease(l2=5.0)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


def reasons(engine: Engine, **asked: str) -> list[str | None]:
    return [one.reason for one in engine.recommend(user="u1", k=3, explain=True, **asked).items]  # type: ignore[arg-type]


def test_reasons_speak_the_language_that_is_asked_for(store: SqlStore, fitted: Bundle) -> None:
    engine = Engine(fitted, store, Spotter())
    english, german, chinese = reasons(engine), reasons(engine, language="de"), reasons(engine, language="zh")
    assert english == reasons(engine, language="en")
    assert len({english[0], german[0], chinese[0]}) == 3
    answer = engine.recommend(user="u1", k=3, explain=True, language="de")
    assert engine.replay(answer.receipt).items == answer.items
    with pytest.raises(DataError, match="language: must be one of en, de, zh, got 'tlh'"):
        engine.recommend(user="u1", language="tlh")


def test_a_chat_models_words_are_shown_only_where_they_are_supported(
    store: SqlStore, fitted: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = reasons(Engine(fitted, store, Spotter()))
    worder = Worder(Says("Everybody says that this won three Oscars."))
    monkeypatch.setattr(engines, "words_of", lambda bundle: worder)
    engine = Engine(fitted, store, Spotter())
    assert reasons(engine) == plain
    assert engine.worded.unsupported + engine.worded.plain == 3
    assert engine.worded.worded == 0
    for number in range(engines.HAD):
        engine.swap(bundle(Config(model=Ease(l2=6.0 + number))))
    with pytest.raises(RuntimeError, match="shutdown"):
        worder._pool.submit(print)
