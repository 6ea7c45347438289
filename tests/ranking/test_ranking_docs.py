"""The examples of docs/diversity.md run as they stand there."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "diversity.md"


def test_the_page_tells_the_truth():
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 5
    assert result.failed == 0
