"""A transformer in an ONNX file, run by onnxruntime: the encoder that needs no torch."""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bowerbird.errors import LanguageError
from bowerbird.language.tokens import Ids, batches, padded, tokenize
from bowerbird.language.vectors import Pooling, pool, unit

TOKENS_A_BATCH = 512
"""Few enough for the hidden layer to stay in a core's cache: batches of 4096 tokens take 1.5 times as long a token."""

KNOWN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

logger = logging.getLogger(__name__)


def open_session(path: Path) -> Any:
    """An onnxruntime session of one thread a run, without telemetry or warnings.

    raises  LanguageError if the file is missing, damaged, or wants inputs that no text gives
    """
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # every batch has its own shape
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  its errors have no common class but this
        raise LanguageError(f"encoder {path}: onnxruntime cannot load it ({str(error).splitlines()[0]:.200})") from None
    names = [one.name for one in session.get_inputs()]
    if strange := [name for name in names if name not in KNOWN_INPUTS]:
        raise LanguageError(f"encoder {path}: its inputs must be among {', '.join(KNOWN_INPUTS)}, got {strange[0]}")
    return session


def worker_count(threads: int) -> int:
    """`threads`, or for 0 the cores that this process may use."""
    if threads > 0:
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, eq=False)
class OnnxEncoder:
    """Reads texts with a transformer whose file puts out one state a token.

    A text's vector does not depend on the texts beside it, up to the rounding of float32 sums. The empty text has a
    vector as any other: what the model says of its special tokens alone. Safe to use from several threads.

    name        of the weights and of how they are used
    dimension   d of the vectors
    pooling     how the token states become one vector
    max_tokens  longer texts lose their ends; how many did is logged, and `too_long` counts them
    pad         token number of padding
    prompt      put in front of every text
    threads     batches read at a time, one core each
    cost        about 4 000 tokens a second and core (all-MiniLM-L6-v2, AVX-512)
    """

    name: str
    dimension: int
    session: Any
    tokenizer: Tokenizer
    pooling: Pooling
    max_tokens: int
    pad: int = 0
    prompt: str = ""
    threads: int = 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d), unit length.

        raises  DataError for what is not text
        """
        ids, cut = tokenize(self.tokenizer, texts, self.prompt)
        if cut:
            logger.info("%d of %d texts are longer than %d tokens; their ends were not read", cut, len(texts), self.max_tokens)
        vectors = np.zeros((len(ids), self.dimension), np.float32)
        plan = list(batches(np.array([len(one) for one in ids], np.int64), TOKENS_A_BATCH))

        def read(rows: NDArray[np.intp]) -> None:
            vectors[rows] = self._read(ids, rows)

        if self.threads == 1 or len(plan) < 2:
            for rows in plan:
                read(rows)
        else:
            with ThreadPoolExecutor(min(self.threads, len(plan)), "encoder") as pool_of_threads:
                list(pool_of_threads.map(read, plan))
        return vectors

    def too_long(self, texts: Sequence[str]) -> int:
        """How many of the texts have more than `max_tokens` tokens: their ends are not read."""
        return tokenize(self.tokenizer, texts, self.prompt)[1]

    def _read(self, ids: Ids, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        numbers, mask = padded(ids, rows, self.pad)
        given = {"input_ids": numbers, "attention_mask": mask, "token_type_ids": np.zeros_like(numbers)}
        states = self.session.run([state_output(self.session)], {one.name: given[one.name] for one in self.session.get_inputs()})[0]
        return unit(pool(states.astype(np.float32, copy=False), mask, self.pooling))


def state_output(session: Any) -> str:
    """The name of the output with one state a token: (batch, tokens, d).

    raises  LanguageError if there is none
    """
    outputs = [one for one in session.get_outputs() if len(one.shape) == 3]
    if not outputs:
        got = ", ".join(f"{one.name} {one.shape}" for one in session.get_outputs())
        raise LanguageError(f"encoder: its file must put out (batch, tokens, d) token states, got {got}")
    return str(outputs[0].name)
