"""Texts into token numbers, and texts of like length into batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bowerbird.errors import DataError, LanguageError
from bowerbird.language.plain import plain

Ids = list[list[int]]


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """A `tokenizer.json` that cuts at `max_tokens`, pads nothing, and takes no word of a text for one of the model's own marks.

    raises  LanguageError if the file is missing or is no tokenizer
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001  the library raises the bare class
        raise LanguageError(f"tokenizer {path}: cannot be read ({error})") from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is three words
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], prompt: str = "") -> tuple[Ids, int]:
    """The token numbers of each text, made `plain`, and how many texts were too long and lost their ends.

    One by one, in this thread: the library's own pool takes all cores whatever one asks for.

    raises  DataError for what is not text
    cost    30–100 µs a text
    """
    ids, cut = [], 0
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"texts: number {place} must be a string, got {text!r:.40}")
        read: Any = tokenizer.encode(prompt + plain(text))
        ids.append(read.ids)
        cut += bool(read.overflowing)
    return ids, cut


def clean(text: str) -> str:
    """The text in characters that UTF-8 can write; half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def batches(lengths: NDArray[np.int64], budget: int) -> Iterator[NDArray[np.intp]]:
    """Rows to read together: longest first, at most `budget` tokens with padding, or one text.

    >>> [rows.tolist() for rows in batches(np.array([2, 9, 3, 2]), budget=6)]
    [[1], [2, 0], [3]]
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size


def padded(ids: Ids, rows: NDArray[np.intp], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n, longest) token numbers and the mask of those that are real.

    >>> padded([[7], [8, 9]], np.array([0, 1]), pad=0)[0].tolist()
    [[7, 0], [8, 9]]
    """
    longest = max(len(ids[row]) for row in rows)
    numbers, mask = np.full((len(rows), longest), pad, np.int64), np.zeros((len(rows), longest), np.int64)
    for at, row in enumerate(rows):
        numbers[at, : len(ids[row])] = ids[row]
        mask[at, : len(ids[row])] = 1
    return numbers, mask
