import hashlib
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bowerbird import serving
from bowerbird.serving.covers import HEIGHT, PALETTES, PATTERNS, WIDTH, cover

STATIC = Path(serving.__file__).parent / "static"


@given(st.text())
def test_every_title_has_a_cover_of_its_own_making(title: str) -> None:
    made = cover(title)
    assert 0 <= made.palette < PALETTES
    assert made.shapes
    assert all(re.fullmatch(r"[MmhHvVaAqQlLz\d .-]+", shape.path) and shape.tone in "abc" for shape in made.shapes)
    assert made == cover.__wrapped__(title)
    assert made.name in title


def test_shapes_start_near_the_canvas() -> None:
    for pattern in PATTERNS:
        for first in range(0, 256, 15):
            for shape in pattern(bytes([first]) * 30):
                x, y = map(float, re.match(r"M(-?[\d.]+) (-?[\d.]+)", shape.path).groups())
                assert -WIDTH <= x <= 2 * WIDTH
                assert -HEIGHT <= y <= 2 * HEIGHT


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_letters_can_be_read_on_every_palette() -> None:
    palettes = re.findall(r"\.p\d+ \{ --bg: (#\w{6}); --fg: (#\w{6});", (STATIC / "site.css").read_text())
    assert len(palettes) == PALETTES
    for ground, letters in palettes:
        dark, light = sorted((luminance(ground), luminance(letters)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, letters)


def test_the_vendored_script_is_the_one_that_was_checked() -> None:
    stated = re.search(r"`([0-9a-f]{64})`", (STATIC / "vendor/README.md").read_text())[1]
    assert hashlib.sha256((STATIC / "vendor/htmx.min.js").read_bytes()).hexdigest() == stated
