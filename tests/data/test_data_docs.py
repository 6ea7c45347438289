import re
import tomllib
from pathlib import Path

import pytest

from bowerbird.config import parse
from bowerbird.data import KINDS, CleaningSettings, DataSettings

PAGE = (Path(__file__).parents[2] / "docs" / "data-formats.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", blocks("toml"))
def test_settings_of_the_page_are_settings(block):
    parse(DataSettings, tomllib.loads(block)["data"])


@pytest.mark.parametrize("block", blocks("python"))
def test_code_of_the_page_runs(block, capsys):
    exec(block, {})
    assert "events" in capsys.readouterr().out


def test_the_page_has_every_kind_with_its_weight():
    table = PAGE.split("## Kinds and weights")[1].split("An event without a kind")[0]
    said = {
        name: (float(weight.replace("−", "-")), "ignore" if value == "–" else value)
        for names, weight, value in re.findall(r"^\| (`.*?) \| (\S+) \| (\S+) \|$", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    assert said == {name: (kind.weight, kind.value) for name, kind in KINDS.items()}


def test_the_page_has_every_cleaning_setting():
    assert [name for name in CleaningSettings.model_fields if f"`{name}" not in PAGE] == []
