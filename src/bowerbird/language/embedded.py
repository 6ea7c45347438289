"""The encoder in the package: all-MiniLM-L6-v2. It needs no hub, no network and no torch."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import LanguageError
from bowerbird.language.onnx import OnnxEncoder, open_session, worker_count
from bowerbird.language.tokens import load_tokenizer

FOLDER = Path(__file__).parent / "minilm"


class MiniLm(Settings):
    """English sentences into 384 dimensions by 22.7M parameters, kept as int8 and run in float32.

    max_tokens  longer texts lose their ends; the model was made for at most 256
    source      Reimers & Gurevych, EMNLP 2019; `minilm/LICENSE` (Apache-2.0)

    >>> near = MiniLm().open(threads=1).encode(["a film about space", "a movie about the stars", "office chair"])
    >>> bool(near[0] @ near[1] > 0.5 > near[0] @ near[2])
    True
    """

    kind: Literal["minilm"] = "minilm"
    max_tokens: int = Field(default=256, ge=8, le=512)

    def open(self, threads: int = 0) -> OnnxEncoder:
        """Load the weights, after a check of their SHA-256.

        threads  cores to use; 0 = all that this process may use
        raises   LanguageError if the files are missing or damaged
        cost     0.2 s and 0.2 GB of memory
        """
        manifest = check(FOLDER)
        return OnnxEncoder(
            name=f"minilm-{manifest['sha256']['model.onnx'][:12]}-{self.max_tokens}",
            dimension=manifest["dimension"],
            session=open_session(FOLDER / "model.onnx"),
            tokenizer=load_tokenizer(FOLDER / "tokenizer.json", self.max_tokens),
            pooling=manifest["pooling"],
            max_tokens=self.max_tokens,
            threads=worker_count(threads),
        )


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose files are what it says.

    raises  LanguageError that names the wrong file
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        for name, wanted in manifest["sha256"].items():
            got = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if got != wanted:
                raise LanguageError(
                    f"encoder {folder / name}: damaged, its SHA-256 must be {wanted:.12}…, got {got:.12}…; reinstall bowerbird"
                )
    except OSError as error:
        raise LanguageError(f"encoder {folder}: cannot be read ({error.strerror}: {error.filename}); reinstall bowerbird") from None
    except (ValueError, KeyError, AttributeError) as error:
        raise LanguageError(f"encoder {folder / 'manifest.json'}: damaged ({error}); reinstall bowerbird") from None
    return manifest
