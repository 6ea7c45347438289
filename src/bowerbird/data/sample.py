"""MovieLens latest-small, which comes with the package. For non-commercial use: see `sample/README.txt`."""

from pathlib import Path


def sample_path() -> Path:
    """The folder of the sample; its format is "movielens".

    >>> sorted(path.name for path in sample_path().iterdir())
    ['README.txt', 'movies.csv', 'ratings.csv', 'tags.csv']
    """
    return Path(__file__).parent / "sample"
