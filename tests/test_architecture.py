"""The house stands: floors hold, the request path is light, nothing is pickled."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bowerbird"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def test_imports_run_strictly_downhill():
    """In a process of its own, for the linter turns off the logging of everyone else."""
    pytest.importorskip("importlinter", reason="import-linter is not installed; it comes with the extra `dev`")
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"
    run = subprocess.run([sys.executable, "-c", script, ROOT / "pyproject.toml"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_part_stands_on_a_floor():
    """A module that the contract does not name could import anything."""
    named = {name.strip() for contract in CONTRACTS for layer in contract.get("layers", []) for name in layer.split("|")}
    there = {f"bowerbird.{path.stem}" for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"bowerbird.__init__", "bowerbird.__main__"} <= named


def test_the_request_path_does_not_import_what_only_training_needs():
    heavy = ("torch", "transformers", "sentence_transformers", "matplotlib", "sklearn")
    script = f"import sys, bowerbird.engine, bowerbird.serving.app; print(*[name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout.split(), run.stderr) == ([], "")


def test_nothing_is_pickled():
    forbidden = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    assert [path for path in SOURCE.rglob("*.py") if imported(path) & forbidden] == []


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
