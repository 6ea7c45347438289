"""A chat model in the configuration: it names intents and words reasons, and nothing else changes."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from bowerbird.batch import recommend_all
from bowerbird.bundle import Bundle, Config
from bowerbird.config import parse
from bowerbird.errors import ConfigError, LanguageError
from bowerbird.explain import Tally
from bowerbird.language.chat import ChatEndpoint
from little_world import bundle

TOML = '[chat]\nkind = "openai"\nmodel = "m"\nkey_env = ""\n'


class Parrot:
    """Names groups by their first term with a word of its own, and words every other reason rightly."""

    name = "parrot"

    def __init__(self) -> None:
        self.asked = 0

    def complete(self, prompts):
        answers = []
        for prompt in prompts:
            self.asked += 1
            text = prompt.messages[0].text
            if "<facts>" not in text:
                terms = json.loads(text.split("from the others: ", 1)[1].splitlines()[0])
                answers.append(json.dumps({"name": f"All {terms[0]}"}))
                continue
            told = json.loads(text.split("<facts>\n", 1)[1].splitlines()[0])
            titles = told.get("liked", told.get("touched"))
            row = " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
            answers.append(f"Because of {row}, we suggest this one{'.' if self.asked % 2 else ', a marvel.'}")
        return answers


@pytest.fixture
def parrot(monkeypatch):
    chat = Parrot()
    monkeypatch.setattr(ChatEndpoint, "open", lambda settings, threads=0: chat)
    return chat


def config(tmp_path: Path, more: str = "") -> Config:
    path = tmp_path / "b.toml"
    path.write_text(TOML + more)
    return Config.load(path)


def events_of(fitted: Bundle, users: int) -> pl.DataFrame:
    return fitted.events.filter(pl.col("user").is_in([f"u{number}" for number in range(users)]))


def test_intents_are_named_by_the_model(tmp_path, parrot):
    fitted = bundle(config(tmp_path))
    assert set(fitted.catalogue.intents.names) == {"All tea", "All rope", "All paint"}
    plain = bundle()
    assert fitted.catalogue.intents.membership.shape == plain.catalogue.intents.membership.shape
    assert set(plain.catalogue.intents.names) == {"tea", "rope", "paint"}


def test_a_model_that_is_gone_leaves_the_names_as_they_were(tmp_path, parrot, caplog):
    def gone(prompts):
        raise LanguageError("endpoint http://x: gave up after 5 tries")

    parrot.complete, parrot.name = gone, "gone"
    assert set(bundle(config(tmp_path)).catalogue.intents.names) == {"tea", "rope", "paint"}
    assert "gave up" in caplog.text


def test_reasons_are_worded_where_they_are_supported_and_nothing_else_changes(tmp_path, parrot):
    told = replace(bundle(), config=config(tmp_path, "[explain]\nworded = true\nmin_fall = 0\n"))
    plain = replace(told, config=config(tmp_path, "[explain]\nmin_fall = 0\n"))
    events = events_of(told, 36)
    worded, template = (recommend_all(one, events, k=3, explain=True) for one in (told, plain))
    tally = worded.wording
    assert tally is not None
    assert template.wording is None
    assert tally.worded > 0
    assert tally.unsupported > 0
    assert tally == Tally(tally.worded, tally.unsupported, plain=len(worded.slates) - tally.worded - tally.unsupported)
    assert worded.slates.drop("reason").equals(template.slates.drop("reason"))
    assert "marvel" not in " ".join(worded.slates["reason"].drop_nulls())
    own = worded.slates["reason"].str.contains("we suggest this one").fill_null(False)
    assert own.sum() == tally.worded
    assert worded.slates.filter(~own)["reason"].equals(template.slates.filter(~own)["reason"])
    asked = parrot.asked
    assert recommend_all(told, events, k=3, explain=True).slates.equals(worded.slates)
    assert parrot.asked == asked


def test_reasons_speak_the_language_that_is_set(tmp_path):
    german = replace(bundle(), config=config(tmp_path, '[explain]\nlanguage = "de"\n'))
    said = recommend_all(german, events_of(german, 3), k=3, explain=True).slates["reason"].drop_nulls()
    assert said.str.contains("Platz|spräche").all()


def test_words_without_a_model_are_refused():
    with pytest.raises(ConfigError, match=r"explain\.worded must have a chat model, set the table \[chat\]"):
        parse(Config, {"explain": {"worded": True}})
