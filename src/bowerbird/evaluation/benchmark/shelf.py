"""Where finished cells lie, so that nothing is computed twice."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from bowerbird.errors import DataError
from bowerbird.store.files import whole_file
from bowerbird.types import Json


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of results, one JSON file each, named by all that the result depends on.

    >>> import tempfile
    >>> shelf = Shelf(Path(tempfile.mkdtemp()))
    >>> shelf.put({"model": "ease", "seed": 0}, {"ndcg": 0.25})
    {'ndcg': 0.25}
    >>> shelf.get({"seed": 0, "model": "ease"})
    {'ndcg': 0.25}
    >>> shelf.get({"model": "ease", "seed": 1})
    """

    folder: Path

    def get(self, what: Json) -> Json | None:
        """What was found for `what`; None if nothing was, or if its file is damaged."""
        try:
            kept = json.loads(self._path(what).read_text(encoding="utf-8"))
        except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError):
            return None
        found: Json = kept["found"]
        return found

    def put(self, what: Json, found: Json) -> Json:
        """Keep it, and give it back as `get` will.

        raises  DataError if it cannot be written; what was kept before stays
        """
        text = json.dumps({"what": what, "found": found}, allow_nan=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{self.folder}: cannot be made ({error.strerror})") from None
        with whole_file(self._path(what)) as part:
            part.write_text(text, encoding="utf-8")
        again: Json = json.loads(text)["found"]
        return again

    def _path(self, what: Json) -> Path:
        name = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]
        return self.folder / f"{name}.json"
