"""Catalogues whose texts tell nothing: a gain from text stands only beside what these get."""

from collections.abc import Callable, Mapping

import numpy as np

from bowerbird.data import Catalogue
from bowerbird.errors import DataError


def shuffled_texts(catalogue: Catalogue, rng: np.random.Generator) -> Catalogue:
    """Every item has the language vector of another, drawn at random: the same vectors, no meaning.

    raises  DataError if no texts have been read
    """
    if catalogue.vectors is None:
        raise DataError("control shuffled texts: the catalogue must have language vectors, got none")
    return catalogue.with_vectors(catalogue.vectors[rng.permutation(len(catalogue))])


def random_vectors(catalogue: Catalogue, rng: np.random.Generator) -> Catalogue:
    """Every item has a random unit vector of the same dimension.

    raises  DataError if no texts have been read
    """
    if catalogue.vectors is None:
        raise DataError("control random vectors: the catalogue must have language vectors, got none")
    vectors = rng.standard_normal(catalogue.vectors.shape).astype(np.float32)
    return catalogue.with_vectors(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


CONTROLS: Mapping[str, Callable[[Catalogue, np.random.Generator], Catalogue]] = {
    "shuffled texts": shuffled_texts,
    "random vectors": random_vectors,
}
