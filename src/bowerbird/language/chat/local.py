"""A small instruct model in this process: a folder, a name on the hub, or a GGUF file. Run by transformers, opened when asked for."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import LanguageError
from bowerbird.language import hub
from bowerbird.language.chat.torchbacked import LocalChat, load, require
from bowerbird.language.layout import fingerprint
from bowerbird.language.onnx import worker_count


class LocalModel(Settings):
    """Which model, and how to run it.

    model       a folder, a GGUF file, or a name on the hub such as `HuggingFaceTB/SmolLM2-360M-Instruct`
    gguf_file   the GGUF file in that folder or at that place on the hub; it is multiplied out to float32
    revision    branch, tag or commit on the hub
    max_context tokens of a prompt and its answer together; None = the model's own limit
    """

    kind: Literal["local"] = "local"
    model: str = Field(min_length=1)
    gguf_file: str | None = None
    revision: str | None = None
    max_context: int | None = Field(default=None, ge=64)

    def open(self, threads: int = 0) -> LocalChat:
        """Fetch the model if it is not here, and load it.

        threads  cores to use; 0 = all that this process may use
        raises   LanguageError if it cannot be found, fetched, loaded, or run with what is installed
        cost     4 bytes of memory a parameter
        """
        folder, file = self._place
        require(self.model, gguf=file is not None)
        if folder is None:
            folder = hub.fetch(self.model, self.revision, [file] if file else hub.SAFE, what="chat model")
        return load(folder, file, self._name(folder, file), self.max_context, worker_count(threads))

    @cached_property
    def _place(self) -> tuple[Path | None, str | None]:
        local = Path(self.model).expanduser()
        if local.suffix == ".gguf":
            if not local.is_file():
                raise LanguageError(f"chat model {self.model!r}: no such file")
            return local.parent, local.name
        if not local.is_dir():
            return None, self.gguf_file
        if self.gguf_file and not (local / self.gguf_file).is_file():
            raise LanguageError(f"chat model {self.model!r}: must hold {self.gguf_file}, got no such file there")
        return local, self.gguf_file

    def _name(self, folder: Path, file: str | None) -> str:
        """What the model is made of, not where it lies."""
        contents = fingerprint(folder, folder / file) if file else fingerprint(folder)
        cut = f"-{self.max_context}" if self.max_context else ""
        return f"local-{Path(self.model).stem}-{contents}{cut}"
