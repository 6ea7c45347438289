from pydantic import Field

from bowerbird.config import Settings


class LikingSettings(Settings):
    """How likes and dislikes are learned from.

    window        of a history, so many of its newest likes and dislikes are read
    prior_events  the share of likes is drawn to the mean of all as if the user had liked and disliked so many more
    texts_l2      what is tried for how strongly the weights of texts are held where they start; chosen by users that were not learned from
    others        whether what other people's likes say of an item, and of which items go together, counts too
    raters        an item's lift is drawn to what its text foretells as if so many people more had marked it so
    factors       numbers of the vectors that tell which items go together
    most          examples that are learned from: the others are left out by chance
    """

    window: int = Field(default=10, ge=1)
    prior_events: float = Field(default=2.0, gt=0)
    texts_l2: tuple[float, ...] = Field(default=(5.0, 50.0, 500.0, 5000.0), min_length=1)
    others: bool = True
    raters: float = Field(default=3.0, gt=0)
    factors: int = Field(default=64, ge=1)
    most: int = Field(default=60_000, ge=1)
