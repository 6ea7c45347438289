"""The README's five lines do what they say, on a little shop."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ITEMS = """item,title,categories
tea,Green tea,kitchen
teapot,Teapot for green tea,kitchen
cup,Cup for green tea,kitchen
rope,Climbing rope,outdoors
tent,Tent for two,outdoors
stove,Camping stove,outdoors
"""

LIKES = {
    "b": "teapot tea",
    "c": "cup teapot tea",
    "d": "teapot tea",
    "e": "tea cup teapot",
    "f": "rope tent",
    "g": "tent rope stove",
    "h": "stove rope",
}


def test_the_five_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{user},{item},like" for user, items in LIKES.items() for item in items.split()]
    (tmp_path / "events.csv").write_text("\n".join(["user,item,kind", *rows]))
    (tmp_path / "items.csv").write_text(ITEMS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOWERBIRD_CACHE", str(tmp_path / "cache"))
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert (result.failed, result.attempted) == (0, 5)
