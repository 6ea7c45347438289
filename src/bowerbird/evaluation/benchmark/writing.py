"""Results to files and back: the figures as JSON, the page, the plots beside it."""

import json
from pathlib import Path

from bowerbird.errors import DataError
from bowerbird.evaluation.benchmark.page import page
from bowerbird.evaluation.benchmark.plots import plots
from bowerbird.evaluation.benchmark.running import FORMAT
from bowerbird.store.files import whole_file
from bowerbird.types import Json


def write_results(results: Json, path: Path) -> None:
    """All figures, as JSON.

    raises  DataError if it cannot be written; what was there is unchanged
    """
    with whole_file(path) as part:
        part.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_results(path: Path) -> Json:
    """What `write_results` wrote.

    raises  DataError if there is no such file, or it is none of ours
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise DataError(f"{path}: is no JSON ({error})") from None
    if not isinstance(results, dict) or results.get("format") != FORMAT or "tables" not in results:
        raise DataError(f"{path}: must be what `bowerbird bench --out` wrote, format {FORMAT}, got something else")
    return results


def write_page(results: Json, path: Path) -> None:
    """The page, and its plots in a folder of its name beside it: `benchmarks.md`, `benchmarks/….png`.

    raises  DataError if one cannot be written; what was there of it is unchanged
    """
    folder = path.with_suffix("")
    for name, png in plots(results).items():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / name) as part:
            part.write_bytes(png)
    with whole_file(path) as part:
        part.write_text(page(results, folder.name), encoding="utf-8")
