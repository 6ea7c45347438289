"""Studies: the budget, the first trial, going on, stopping early, side by side, and what is written in the end."""

import shutil
import sqlite3
import sys
import tomllib
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import evaluation_world as toy
import numpy as np
import pytest
from pydantic import model_validator
from rich.console import Console

from bowerbird.bundle import Config
from bowerbird.config import Settings, value_at
from bowerbird.errors import BowerbirdError, ConfigError, DataError
from bowerbird.evaluation import study, watching
from bowerbird.evaluation.study import attempts
from bowerbird.evaluation.study.ledger import done, open_study
from bowerbird.evaluation.tuning import Bench
from bowerbird.models import Blend, Ease, Ials, Popular, Sasrec, Text
from bowerbird.protocols import Watches, silent
from bowerbird.ranges import Range

pytestmark = pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not installed; it comes with the extra `train`")


@pytest.fixture(scope="module")
def bench():
    return Bench(*toy.world(), budget=6)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A study without a trial: its tables are sooner copied than made."""
    file = tmp_path_factory.mktemp("studies") / "study.db"
    open_study(file)
    return file


@pytest.fixture
def file(empty, tmp_path):
    return Path(shutil.copy(empty, tmp_path))


@dataclass(frozen=True)
class Seer:
    """Scores the camp of the history by `skill`, and adds noise that is each history's own."""

    skill: float
    n_items: int

    def score(self, queries):
        noise = [np.random.default_rng(query.history.items.tolist()).random(self.n_items, np.float32) for query in queries]
        camps = np.array([query.history.items[-1] % 2 if len(query.history) else 0 for query in queries])
        same = np.arange(self.n_items)[None, :] % 2 == camps[:, None]
        return (self.skill * same + np.array(noise).reshape(len(queries), -1)).astype(np.float32)


class Able(Settings):
    """`skill` is what counts; `luck` does nothing; more than `most` is refused."""

    kind: Literal["able"] = "able"
    skill: float = 0.0
    luck: float = 1.0
    most: float = 1.0

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"luck": (1.0, 2.0)}
    RANGES: ClassVar[dict[str, Range]] = {"skill": Range(0.0, 1.0)}

    FITS: ClassVar[list[float]] = []
    INTERRUPT: ClassVar[list[int]] = []
    """Before which fits Ctrl-C is pressed."""

    def fit(self, log, catalogue, rng, progress=silent):
        if len(self.FITS) in self.INTERRUPT:
            self.INTERRUPT.remove(len(self.FITS))
            raise KeyboardInterrupt
        self.FITS.append(self.skill)
        if self.skill > self.most:
            raise DataError("able: too able")
        return Seer(self.skill, len(catalogue))


class Pair(Settings):
    """Of its two settings one must be the smaller."""

    kind: Literal["pair"] = "pair"
    low: int = 1
    high: int = 2

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {"low": (1, 2, 3), "high": (1, 2, 3)}

    @model_validator(mode="after")
    def _ordered(self):
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self

    def fit(self, log, catalogue, rng, progress=silent):
        return Seer(1.0, len(catalogue))


class Fixed(Settings):
    """Has nothing to tune."""

    kind: Literal["fixed"] = "fixed"

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {}


class Learner(Settings):
    """Tells its skill after each of three epochs."""

    kind: Literal["learner"] = "learner"
    skill: float = 0.9

    SPACE: ClassVar[dict[str, tuple[Any, ...]]] = {}
    RANGES: ClassVar[dict[str, Range]] = {"skill": Range(0.0, 1.0)}

    EPOCHS: ClassVar[list[tuple[float, int]]] = []

    def fit(self, log, catalogue, rng, progress=silent):
        for epoch in (1, 2, 3):
            self.EPOCHS.append((self.skill, epoch))
            if isinstance(progress, Watches):
                progress.epoch(epoch, self.skill)
        return Seer(self.skill, len(catalogue))


@pytest.fixture(autouse=True)
def forget():
    for told in (Able.FITS, Able.INTERRUPT, Learner.EPOCHS):
        told.clear()


def settings(found):
    return [trial.recipe for trial in found.trials]


class TestBudget:
    def test_the_first_trial_is_the_recipe_as_given_and_the_budget_is_kept(self, bench):
        given = Able(skill=0.123456)
        found = study.search(given, bench)
        assert len(found.trials) == bench.budget == len(Able.FITS)
        assert found.trials[0].recipe == found.given.recipe == given
        assert len({recipe.skill for recipe in settings(found)}) == bench.budget

    def test_the_best_is_found_and_held_against_what_was_given(self, bench):
        found = study.search(Able(), bench)
        assert found.best.score == max(trial.score for trial in found.trials) > found.given.score
        assert found.difference.mean == pytest.approx(found.best.score - found.given.score, abs=1e-6)
        assert found.best.score == pytest.approx(bench.try_out(found.best.recipe, bench.cases()).score)

    def test_minutes_end_it_too_but_one_trial_is_made(self, bench):
        assert len(study.search(Able(), replace(bench, budget=study.ENDLESS), minutes=0).trials) == 1

    def test_no_trial_begins_after_the_time(self, monkeypatch):
        clock = iter([5.0, 5.0, 11.0])
        monkeypatch.setattr(attempts, "monotonic", lambda: next(clock))
        tickets = iter(range(9))
        assert list(attempts.allowed(tickets.__next__, 9, until=10.0)) == [0, 1, 2]

    def test_the_same_seed_makes_the_same_trials_and_another_one_others(self, bench):
        one, two = (settings(study.search(Able(), bench)) for _ in range(2))
        assert one == two
        assert one != settings(study.search(Able(), replace(bench, seed=1)))

    def test_validation_judges_and_is_not_learned_from(self, bench):
        toy.CampRecipe.FITS.clear()
        study.search(toy.CampRecipe(), bench)
        assert all(log is bench.split.train for log, _ in toy.CampRecipe.FITS)

    def test_nothing_to_tune_is_said(self, bench):
        with pytest.raises(ConfigError, match="tuning fixed: the model has no settings to tune"):
            study.search(Fixed(), bench)


class TestRefused:
    def test_refused_settings_are_a_trial_with_a_note(self, bench):
        found = study.search(Able(most=0.5), bench)
        refused = [trial for trial in found.trials if trial.recipe.skill > 0.5]
        assert found.refused == len(refused) > 0
        assert {trial.note for trial in refused} == {"able: too able"}
        assert found.best.recipe.skill <= 0.5

    def test_settings_that_do_not_go_together_are_a_trial_with_a_note(self, bench):
        found = study.search(Pair(), replace(bench, budget=9))
        notes = [trial.note for trial in found.trials if trial.note]
        assert len(notes) == found.refused > 0
        assert all("low must be below high" in note for note in notes)

    def test_all_refused_is_said(self, bench):
        with pytest.raises(ConfigError, match="no settings could be fitted and judged; the first: able: too able"):
            study.search(Able(most=-1), bench)

    def test_refused_as_given_there_is_no_difference_to_tell(self, bench):
        found = study.search(Able(skill=0.9, most=0.8), bench)
        assert found.difference is None
        assert study.said(found)[0].startswith("NDCG@10 refused as given, ")


class TestFile:
    def test_a_study_goes_on_as_if_it_had_not_been_interrupted(self, bench, file):
        through = study.search(Able(), bench)
        Able.FITS.clear()
        Able.INTERRUPT.append(3)
        broken = study.search(Able(), bench, file=file)
        assert broken.interrupted
        assert settings(broken) == settings(through)[:3]
        again = study.search(Able(), bench, file=file)
        assert settings(again) == settings(through)
        assert not again.interrupted
        fits = len(Able.FITS)
        assert settings(study.search(Able(), bench, file=file)) == settings(through)  # the budget is spent: nothing is tried
        assert len(Able.FITS) == fits == bench.budget

    def test_what_a_killed_command_left_running_is_closed_and_not_counted(self, bench, file):
        bench = replace(bench, budget=2)
        study.search(Able(), replace(bench, budget=1), file=file)
        open_study(file).ask()
        assert len(study.search(Able(), bench, file=file).trials) == 2
        states = [trial.state.name for trial in open_study(file).trials]
        assert states == ["COMPLETE", "FAIL", "COMPLETE"]

    def test_another_study_is_refused_and_the_difference_named(self, bench, file):
        bench = replace(bench, budget=1)
        study.search(Able(), bench, file=file, facts={"data": "f00d"})
        others = {
            "data = f00d, now beef": (Able(), bench, {"data": "beef"}),
            "model.skill = 0.0, now 0.5": (Able(skill=0.5), bench, {"data": "f00d"}),
            "model.kind = 'able', now 'ease'": (Ease(), bench, {"data": "f00d"}),
            "seed = 0, now 7": (Able(), replace(bench, seed=7), {"data": "f00d"}),
            "k = 10, now 5": (Able(), replace(bench, ks=(5,)), {"data": "f00d"}),
        }
        for sentence, (recipe, other, facts) in others.items():
            with pytest.raises(ConfigError, match=rf"study .*study\.db: it was made with {sentence}; give another file"):
                study.search(recipe, other, file=file, facts=facts)
        assert len(study.search(Able(), bench, file=file, facts={"data": "f00d"}).trials) == 1

    def test_another_database_is_refused_and_stays_as_it_was(self, bench, tmp_path):
        file = tmp_path / "events.db"
        with closing(sqlite3.connect(file)) as database:
            database.execute("CREATE TABLE events (user TEXT)")
        before = file.read_bytes()
        with pytest.raises(DataError, match=r"events\.db: is not a study, but another SQLite database"):
            study.search(Able(), bench, file=file)
        assert file.read_bytes() == before

    def test_a_file_of_another_kind_or_no_folder_is_a_sentence(self, bench, tmp_path):
        (tmp_path / "thesis.txt").write_text("years of work " * 99)
        with pytest.raises(DataError, match=r"thesis\.txt: is not a study"):
            study.search(Able(), bench, file=tmp_path / "thesis.txt")
        with pytest.raises(DataError, match="cannot be opened"):
            study.search(Able(), bench, file=tmp_path / "none" / "study.db")

    def test_ctrl_c_before_anything_is_done_is_ctrl_c(self, bench):
        Able.INTERRUPT.append(0)
        with pytest.raises(KeyboardInterrupt):
            study.search(Able(), bench)


class TestSideBySide:
    def test_two_processes_share_one_budget(self, bench, file):
        bench = replace(bench, budget=3)
        found = study.search(toy.CampRecipe(), bench, file=file, jobs=2)
        assert len(found.trials) == bench.budget == len(open_study(file).trials)
        assert found.trials[0].recipe == toy.CampRecipe()
        assert found.lost == 0

    def test_they_need_a_file(self, bench):
        with pytest.raises(ConfigError, match="jobs: more than one need a study file that they share, got 2"):
            study.search(Able(), bench, jobs=2)

    def test_workers_at_the_same_point_draw_different_settings(self, bench):
        plan = study.Plan(Able(), bench, {})
        drawn = []
        for worker in range(3):
            ledger = open_study(None)
            attempts.attempt(ledger, plan, worker)
            drawn.append(done(ledger)[0].params["skill"])
        assert len(set(drawn)) == 3


class TestStoppingEarly:
    def test_few_users_are_never_judged_in_part(self):
        assert watching.stages(73) == [73]
        assert watching.stages(100) == [50, 100]
        assert watching.stages(2000) == [250, 1000, 2000]

    def test_stage_by_stage_the_figures_are_the_same(self, bench, monkeypatch):
        monkeypatch.setattr(watching, "FEWEST", 4)
        told = []
        whole = bench.try_out(Able(skill=0.3), bench.cases())
        parts = bench.try_out(Able(skill=0.3), bench.cases(), lambda *step: told.append(step))
        np.testing.assert_array_equal(parts.values, whole.values)
        n = len(bench.cases())
        assert [(step, where) for step, _, where in told] == [(0, f"{n // 8} of {n} users"), (1, f"{n // 2} of {n} users")]

    def test_a_bad_trial_is_stopped(self, bench, monkeypatch):
        monkeypatch.setattr(watching, "FEWEST", 4)
        found = study.search(Able(), replace(bench, budget=20))
        stopped = [trial for trial in found.trials if trial.note]
        assert found.stopped == len(stopped) > 0
        assert all(trial.values is None and trial.note.startswith("stopped after ") for trial in stopped)
        assert max(trial.recipe.skill for trial in stopped) < found.best.recipe.skill

    def test_the_first_five_are_judged_in_full(self, bench, monkeypatch):
        monkeypatch.setattr(watching, "FEWEST", 4)
        assert study.search(Able(skill=1.0), replace(bench, budget=5)).stopped == 0

    def test_recipes_with_epochs_are_stopped_in_the_fit(self, bench):
        found = study.search(Learner(), replace(bench, budget=15))
        stopped = {trial.recipe.skill: trial.note for trial in found.trials if trial.note}
        assert stopped
        assert all(note.startswith("stopped after epoch 1, ") for note in stopped.values())
        assert {skill for skill, epoch in Learner.EPOCHS if epoch == 1} - {skill for skill, epoch in Learner.EPOCHS if epoch == 2}

    def test_a_net_tells_its_epochs_and_can_be_stopped(self, bench):
        pytest.importorskip("lightning", reason="Lightning is not installed; it comes with the extra `train`")
        recipe = Sasrec(factors=4, blocks=1, heads=1, length=5, train={"epochs": 9, "runs": None, "tracker": None})
        steps = []

        def watch(step, figure, where):
            steps.append((step, where))
            if step == 2:
                raise InterruptedError(where)

        with pytest.raises(InterruptedError):
            bench.try_out(recipe, bench.cases(), watch)
        assert steps == [(1, "epoch 1"), (2, "epoch 2")]


class TestChoices:
    def test_ranges_go_before_values(self):
        assert study.choices(Ials())["l2"] == Ials.RANGES["l2"]
        assert study.choices(Able()) == {"luck": (1.0, 2.0), "skill": Range(0.0, 1.0)}

    def test_what_is_given_is_always_among_them(self):
        found = study.choices(Able(skill=3.0, luck=9.0))
        assert found == {"luck": (9.0, 1.0, 2.0), "skill": Range(0.0, 3.0)}
        assert study.choices(Ease(half_life_events=None))["half_life_events"].endless

    def test_of_a_blend_those_of_its_members_by_place(self, bench):
        given = Blend(members=(Popular(), Ease(l2=7.0), Text()), cases=20)
        assert {name.split(".")[1] for name in study.choices(given)} == {"0", "1", "2"}
        assert study.choices(given)["members.1.l2"].low == 7.0
        found = study.search(given, replace(bench, budget=3))
        assert found.trials[0].recipe == given
        for trial in found.trials[1:]:
            assert [member.kind for member in trial.recipe.members] == ["popular", "ease", "text"]
            assert trial.recipe.members[1].l2 != 7.0
            assert trial.recipe.cases == 20
        console = Console(width=150)
        with console.capture() as capture:
            console.print(study.table(found))
        assert "members.1.l2 (ease)" in capture.get()

    @pytest.mark.parametrize("log", [True, False])
    def test_a_range_without_end_has_none_beyond_it(self, log):
        span = Range(1.0, 16.0, log=log, endless=True)
        assert span.value(16.0) == 16.0
        assert span.value(16.1) is None
        assert span.value(span.place(None)) is None
        grid = np.geomspace(1, span.end, 1001) if log else np.linspace(1, span.end, 1001)
        assert np.mean([span.value(place) is None for place in grid]) == pytest.approx(0.2, abs=0.01)

    def test_whole_numbers_stay_whole(self):
        span = Range(16, 256, log=True)
        assert span.whole
        assert isinstance(span.value(17), int)
        assert not Range(1.0, 2.0).whole

    def test_rounded_but_never_out_of_the_range(self):
        assert Range(0.12345, 0.98765).value(0.123451) == 0.12345
        assert Range(0.12345, 0.98765).value(0.987649) == 0.98765
        assert Range(1.0, 1000.0).value(123.456) == 123.0

    @pytest.mark.parametrize(("low", "high", "log", "sentence"), [(2, 1, False, "low must be less"), (0, 1, True, "low must be > 0")])
    def test_impossible_ranges_are_refused(self, low, high, log, sentence):
        with pytest.raises(ConfigError, match=sentence):
            Range(low, high, log=log)

    def test_zero_has_no_magnitude(self):
        assert Range(0.1, 10.0, log=True).holding(0.0) == Range(0.0, 10.0, log=False)


TEXT = """# my shop
[split] # how to cut
kind = "last"

[model]
kind = "ease" # will be tuned
l2 = 5.0

[ranking]
diversity = 0.25
"""


@pytest.fixture(scope="module")
def tuned(bench):
    return study.search(Ease(l2=5.0), replace(bench, budget=12), facts={"data": "f00d"})


class TestWhatIsWritten:
    def test_it_reads_back_as_the_best_and_all_else_is_as_it_was(self, tuned):
        whole = study.written(TEXT, tuned)
        before, after = Config.model_validate(tomllib.loads(TEXT)), Config.model_validate(tomllib.loads(whole))
        assert after.model == tuned.best.recipe
        assert after == before.model_copy(update={"model": tuned.best.recipe})
        assert "# my shop\n[split] # how to cut\n" in whole

    def test_it_says_where_it_comes_from(self, tuned):
        head = study.written("", tuned).splitlines()
        assert 'on data f00d, split "time", seed 0' in head[0]
        assert f"{tuned.best.score:.4f} best, on {len(tuned.plan.cases)} validation users" in head[1]
        assert "12 trials" in head[2]

    def test_tuned_again_the_head_is_new_and_not_longer(self, tuned):
        once = study.written(TEXT, tuned)
        assert study.written(once, tuned) == once

    @pytest.mark.parametrize(
        "best",
        [
            Ease(half_life_events=None),
            Popular(half_life_days=3.5),
            Blend(),
            Blend(members=(Popular(window_days=9), Ease(half_life_events=None, l2=1e-7), Text(half_life_events=None))),
        ],
        ids=["without end", "plain", "blend", "nested"],
    )
    def test_every_recipe_can_be_written(self, tuned, best):
        whole = study.written(TEXT, replace(tuned, best=replace(tuned.best, recipe=best)))
        assert Config.model_validate(tomllib.loads(whole)).model == best

    def test_what_toml_cannot_say_is_refused(self, tuned):
        with pytest.raises(ConfigError, match="keep: "):
            study.written("", replace(tuned, best=replace(tuned.best, recipe=Ease(keep=None))))


class TestTold:
    def test_the_table_has_each_setting_before_and_after(self, tuned):
        console = Console(width=150)
        with console.capture() as capture:
            console.print(study.table(tuned))
        text = capture.get()
        for name in tuned.plan.choices:
            assert name in text
            assert f"{tuned.importance[name]:.0%}" in text
        assert f"{tuned.best.recipe.l2:g}" in text
        assert sum(tuned.importance.values()) == pytest.approx(1)

    def test_a_gain_is_told_with_its_interval_and_whether_it_is_noise(self, bench):
        sure, noise = (study.search(Able(skill=skill), replace(bench, budget=9)) for skill in (0.0, 0.5))
        assert "above 0" in study.said(sure)[2]
        assert f"{sure.difference.low:+.4f} to {sure.difference.high:+.4f}" in study.said(sure)[2]
        assert "flatters" in study.said(sure)[3]
        assert ("within noise" in study.said(noise)[2]) == (noise.difference.low <= 0)

    def test_no_gain_is_told(self, bench):
        found = study.search(Able(skill=1.0), replace(bench, budget=1))
        assert study.said(found)[2] == "Nothing better than the settings as given was found."

    def test_few_trials_tell_no_importance(self, bench):
        assert study.search(Able(), bench).importance == {}

    def test_what_does_nothing_is_unimportant(self, bench):
        shares = study.search(Able(), replace(bench, budget=25)).importance
        assert shares["skill"] > 0.8

    def test_plots_need_no_network(self, tuned, tmp_path):
        drawn = study.draw(tuned, tmp_path / "plots")
        assert sorted(path.name for path in drawn) == ["history.html", "history.png", "importance.html", "importance.png"]
        for page in tmp_path.glob("plots/*.html"):
            text = page.read_text(encoding="utf-8")
            assert "<script src" not in text
            assert "Plotly.newPlot" in text
        assert all(path.stat().st_size > 5000 for path in drawn)

    def test_without_importance_there_is_history_alone(self, bench, tmp_path):
        drawn = study.draw(study.search(Able(), replace(bench, budget=2)), tmp_path)
        assert [path.name for path in drawn] == ["history.html", "history.png"]


@pytest.mark.parametrize("library", ["optuna", "tomlkit", "plotly"])
def test_a_missing_library_is_named_with_the_extra(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BowerbirdError, match=rf"tune: needs {library}, .* pip install 'bowerbird\[train\]'"):
        study.needed(library)


def test_settings_are_found_and_changed_by_dotted_names():
    blend = Blend(members=(Popular(), Ease()))
    assert value_at(blend, "members.1.l2") == 100.0
    for name in ("members.2.l2", "members.x", "l3", "members.1.l2.l2", "kind.upper.x"):
        with pytest.raises(ConfigError, match="no such setting"):
            value_at(blend, name)
