"""Any sentence-transformers model: a folder, or a name on the hub. Without torch where it has an ONNX file."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import Field

from bowerbird.config import Settings
from bowerbird.errors import LanguageError
from bowerbird.language import hub, torchbacked
from bowerbird.language.layout import Layout, default_prompt, fingerprint, read_layout
from bowerbird.language.onnx import OnnxEncoder, open_session, state_output, worker_count
from bowerbird.language.tokens import load_tokenizer
from bowerbird.protocols import Encoder


class SentenceTransformer(Settings):
    """Which model, and how to run it.

    model       a folder, or a name on the hub such as `intfloat/multilingual-e5-small`
    revision    branch, tag or commit on the hub
    prompt      put in front of every text; None = the model's own default (E5 models want "query: ")
    max_tokens  longer texts lose their ends; None = the model's own limit
    backend     auto: onnxruntime if the model has an ONNX file, else torch (extra `train`)
    """

    kind: Literal["sentence-transformers"] = "sentence-transformers"
    model: str = Field(min_length=1)
    revision: str | None = None
    prompt: str | None = None
    max_tokens: int | None = Field(default=None, ge=8)
    backend: Literal["auto", "onnx", "torch"] = "auto"

    def open(self, threads: int = 0) -> Encoder:
        """Fetch the model if it is not here, and load it.

        threads  cores to use; 0 = all that this process may use
        raises   LanguageError if it cannot be found, fetched, loaded, or run with what is installed
        """
        local = Path(self.model).expanduser()
        folder = local if local.is_dir() else hub.fetch(self.model, self.revision, [] if self.backend == "torch" else hub.ONNX)
        layout = None if self.backend == "torch" else read_layout(folder)
        if layout is not None:
            return self._open_onnx(layout, threads)
        if self.backend == "onnx":
            raise LanguageError(f"encoder {self.model!r}: backend onnx needs onnx/model.onnx, tokenizer.json and plain pooling there")
        torchbacked.require(self.model)
        if not local.is_dir():
            folder = hub.fetch(self.model, self.revision, hub.WEIGHTS)
        prompt = default_prompt(folder) if self.prompt is None else self.prompt
        return torchbacked.load(folder, self._name(fingerprint(folder), prompt), prompt, self.max_tokens, worker_count(threads))

    def _open_onnx(self, layout: Layout, threads: int) -> OnnxEncoder:
        session = open_session(layout.onnx)
        dimension = next(one.shape[2] for one in session.get_outputs() if one.name == state_output(session))
        if not isinstance(dimension, int):
            raise LanguageError(f"encoder {layout.onnx}: its token states must have a fixed dimension, got {dimension}")
        prompt = layout.prompt if self.prompt is None else self.prompt
        data = [path for path in (layout.onnx.with_name("model.onnx_data"),) if path.is_file()]
        print_ = fingerprint(layout.onnx.parent, layout.onnx, *data, layout.tokenizer)
        max_tokens = min(self.max_tokens or layout.max_tokens, layout.max_tokens)
        return OnnxEncoder(
            name=self._name(f"{print_}-{layout.pooling}-{max_tokens}", prompt),
            dimension=dimension,
            session=session,
            tokenizer=load_tokenizer(layout.tokenizer, max_tokens),
            pooling=layout.pooling,
            max_tokens=max_tokens,
            pad=layout.pad,
            prompt=prompt,
            threads=worker_count(threads),
        )

    def _name(self, contents: str, prompt: str) -> str:
        """What the model is made of and what it is asked, not where it lies."""
        asked = f"-{hashlib.sha256(prompt.encode()).hexdigest()[:8]}" if prompt else ""
        cut = f"-{self.max_tokens}" if self.max_tokens else ""
        return f"st-{Path(self.model).name}-{contents}{cut}{asked}"
