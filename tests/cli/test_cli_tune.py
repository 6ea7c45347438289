"""`bowerbird tune` on a little shop: what it writes, and every mistake that a user can make."""

import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from commandline import ended

from bowerbird.bundle import Bundle, Config
from bowerbird.models import Ease
from little_world import raw

pytestmark = pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not installed; it comes with the extra `train`")

Run = Callable[..., tuple[int, str, str]]

CONFIG = """# the shop's settings
[model]
kind = "ease"
l2 = 5.0
[split]
kind = "last" # no clock to trust
[ranking]
diversity = 0.25
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events.csv, items.jsonl and bowerbird.toml."""
    folder = tmp_path_factory.mktemp("shop")
    events = raw()
    assert events.items is not None
    events.events.write_csv(folder / "events.csv")
    events.items.write_ndjson(folder / "items.jsonl")
    (folder / "bowerbird.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shop: Path) -> Run:
    """Run `tune` on the shop in this process, or another command: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "400")

    def call(*words: object, command: str = "tune", config: Path | None = None) -> tuple[int, str, str]:
        data = ["--events", shop / "events.csv", "--items", shop / "items.jsonl", "--config", config or shop / "bowerbird.toml"]
        monkeypatch.setattr("sys.argv", ["bowerbird", command, *map(str, [*data, *words])])
        return ended(capsys)

    return call


def test_what_it_writes_is_what_fit_takes(run: Run, shop: Path, tmp_path: Path) -> None:
    code, said, errors = run(
        "--out", tmp_path / "tuned.toml", "--trials", 3, "--study", tmp_path / "study.db", "--plots", tmp_path / "plots"
    )
    assert code == 0, errors
    assert "half_life_events" in said
    assert "NDCG@10 " in said
    text = (tmp_path / "tuned.toml").read_text(encoding="utf-8")
    assert text.startswith("# tuned: by bowerbird ")
    assert "3 trials" in text
    assert 'kind = "last" # no clock to trust' in text
    assert (tmp_path / "plots" / "history.html").is_file()
    code, _, errors = run("--out", tmp_path / "shop.bundle", command="fit", config=tmp_path / "tuned.toml")
    assert code == 0, errors
    config = Bundle.load(tmp_path / "shop.bundle").config
    assert config == Config.model_validate(tomllib.loads(text))
    assert (config.split.kind, config.ranking.diversity, config.model.kind) == ("last", 0.25, "ease")

    code, said, errors = run("--out", tmp_path / "again.toml", "--trials", 3, "--study", tmp_path / "study.db")
    assert code == 0, errors
    assert (tmp_path / "again.toml").read_text(encoding="utf-8") == text
    code, _, errors = run("--out", tmp_path / "again.toml", "--study", tmp_path / "study.db", "--split", "users")
    assert code == 1
    assert "it was made with split.kind = last, now users" in errors


def test_ctrl_c_keeps_what_is_done_and_writes_the_best(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fits, fit = [], Ease.fit

    def interrupted(self: Ease, *rest: object) -> object:
        fits.append(self)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fit(self, *rest)

    monkeypatch.setattr(Ease, "fit", interrupted)
    code, said, errors = run("--out", tmp_path / "tuned.toml", "--trials", 9)
    assert code == 130, errors
    assert "Ended by Ctrl-C." in said
    assert "# tuned: 2 trials" in (tmp_path / "tuned.toml").read_text(encoding="utf-8")


def test_time_alone_is_a_budget(run: Run, tmp_path: Path) -> None:
    code, said, errors = run("--out", tmp_path / "tuned.toml", "--minutes", 0.0001)
    assert code == 0, errors
    assert "1 trials" in said


MISTAKES = {
    "no folder to write to": (("--out", "none/tuned.toml"), "none/tuned.toml: cannot be written, there is no such folder"),
    "jobs without a study": (("--out", "tuned.toml", "--jobs", 2), "jobs: more than one need a study file"),
    "a study that is none": (("--out", "tuned.toml", "--study", "events.csv"), "events.csv: is not a study"),
    "no trials": (("--out", "tuned.toml", "--trials", 0), "--trials"),
    "negative minutes": (("--out", "tuned.toml", "--minutes", -1), "--minutes"),
    "no cut-off": (("--out", "tuned.toml", "--k", 0), "--k"),
    "no such split": (("--out", "tuned.toml", "--split", "halves"), "halves"),
}


@pytest.mark.parametrize(("words", "sentence"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_one_sentence_and_nothing_is_written(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], sentence: str
) -> None:
    monkeypatch.chdir(shop)
    code, _, errors = run(*words)
    assert code in (1, 2)
    assert sentence in errors
    assert "Traceback" not in errors
    assert not (shop / "tuned.toml").exists()


def test_a_missing_config_is_named(run: Run, tmp_path: Path) -> None:
    code, _, errors = run("--out", tmp_path / "tuned.toml", config=tmp_path / "none.toml")
    assert code == 1
    assert "none.toml: no such file" in errors
