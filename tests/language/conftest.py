import numpy as np
import pytest
from numpy.typing import NDArray

from bowerbird.language import MiniLm, OnnxEncoder


@pytest.fixture(scope="session")
def minilm() -> OnnxEncoder:
    return MiniLm().open(threads=2)


class Counting:
    """An encoder for tests: a text's vector is drawn from its letters; it counts what it reads."""

    def __init__(self, name: str = "counting", dimension: int = 4) -> None:
        self.name, self.dimension = name, dimension
        self.read: list[str] = []

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        self.read += texts
        raw = np.array([np.random.default_rng(list(text.encode())).normal(size=self.dimension) for text in texts])
        vectors: NDArray[np.float32] = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        return vectors


@pytest.fixture
def counting() -> type[Counting]:
    return Counting
