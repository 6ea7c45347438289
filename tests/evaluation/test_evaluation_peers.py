import re
import sys
from pathlib import Path

import evaluation_world as world
import pytest

from bowerbird.evaluation import peers
from bowerbird.evaluation.exchange import read_answers, write_exchange
from bowerbird.evaluation.peers import Peer, find_peers
from bowerbird.evaluation.task import Report

ANSWERING = """
import json, os, sys
from pathlib import Path
import polars as pl

folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
schema = {"query": pl.Int32, "rank": pl.Int32, "item": pl.Int32, "score": pl.Float32}
history = pl.read_parquet(folder / "queries.parquet").filter(query=0)["item"].to_list()
new = next(item for item in range(task["n_items"]) if item not in history)
pl.DataFrame([(0, 0, new, 1.0)], schema, orient="row").write_parquet(folder / "answers.parquet")
settings = {"threads": os.environ["OMP_NUM_THREADS"]}
run = {"peer": "toy", "version": "1", "fit_seconds": 0, "recommend_seconds": 0, "peak_memory_mb": 1, "settings": settings}
(folder / "run.json").write_text(json.dumps(run))
"""
HERE = Path(sys.executable)


def toy(folder, script, requirements=""):
    folder.mkdir(exist_ok=True)
    (folder / "toy.py").write_text(script)
    (folder / "toy.txt").write_text(requirements)
    return Peer(folder / "toy.py")


@pytest.fixture
def asked(tmp_path):
    split, _ = world.world()
    write_exchange(tmp_path / "asked", split, threads=3)
    return split, tmp_path / "asked"


def test_a_peer_is_a_script_with_requirements_beside_it(tmp_path):
    toy(tmp_path, "")
    (tmp_path / "helper.py").write_text("")
    assert [peer.name for peer in find_peers(tmp_path)] == ["toy"]


def test_a_peer_answers_with_the_threads_it_is_given(tmp_path, asked):
    split, folder = asked
    report = peers.run(toy(tmp_path, ANSWERING), folder, HERE)
    assert isinstance(report, Report)
    assert report.settings == {"threads": "3"}
    assert len(read_answers(folder, split)["toy"][0]) == 1


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("print('so far so good')\nraise SystemExit('no such model')", "ended with code 1, its last words 'no such model'"),
        ("import not_there_at_all", "No module named"),
        ("", r"run\.json: cannot be read"),
        ("import sys; open(sys.argv[1] + '/run.json', 'w').write('{}')", r"run\.json"),
    ],
)
def test_a_peer_that_fails_gives_a_sentence(tmp_path, asked, script, sentence):
    said = peers.run(toy(tmp_path, script), asked[1], HERE)
    assert isinstance(said, str)
    assert said.startswith("toy: ")
    assert re.search(sentence, said)
    assert "\n" not in said


def test_a_peer_that_does_not_end_is_ended(tmp_path, asked):
    said = peers.run(toy(tmp_path, "import time; time.sleep(600)"), asked[1], HERE, seconds=0.5)
    assert said == f"toy: did not end within 0.5 seconds; {asked[1] / 'toy.log'} has what it said"


def test_a_folder_that_asks_nothing_gives_a_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "task.json: cannot be read" in peers.run(toy(tmp_path, ANSWERING), tmp_path / "empty", HERE)


def test_a_failed_run_leaves_no_answers_of_the_last_one(tmp_path, asked):
    peers.run(toy(tmp_path, ANSWERING), asked[1], HERE)
    peers.run(toy(tmp_path, "raise SystemExit(1)"), asked[1], HERE)
    assert not list(asked[1].glob("answers*")) + list(asked[1].glob("run.json"))


def test_the_environment_is_made_once_and_again_when_requirements_change(tmp_path, asked, monkeypatch):
    made = []

    def call(command, log, *rest):
        made.append([str(word) for word in command])

    monkeypatch.setattr(peers, "call", call)
    (asked[1] / "run.json").unlink(missing_ok=True)
    peer = toy(tmp_path, ANSWERING, "one==1")
    peer.environment.mkdir(parents=True)
    for requirements, calls in (("one==1", 3), ("one==1", 1), ("one==2", 3)):
        made.clear()
        peer.requirements.write_text(requirements)
        peers.run(peer, asked[1])
        assert len(made) == calls
        assert made[-1] == [str(peer.environment / "bin" / "python"), str(peer.script), str(asked[1])]


def test_a_peer_that_cannot_be_installed_gives_a_sentence(tmp_path, asked):
    peer = toy(tmp_path, ANSWERING, f"toy @ file://{tmp_path}/not-there.whl")
    said = peers.run(peer, asked[1])
    assert said.startswith("toy: cannot be installed: ended with code 1, its last words")
    assert not (peer.environment / "installed.txt").exists()
