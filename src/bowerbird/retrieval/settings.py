"""How the items that are worth scoring are found."""

from pydantic import Field

from bowerbird.config import Settings


class RetrieveSettings(Settings):
    """From how many items on only some of them are scored, and which.

    from_items  a smaller catalogue is scored whole
    nominees    how many items each model of a blend nominates; a model that stands alone, twice as many
    recall      an index is set so that it finds this share of the hundred items that its model scores best
    """

    from_items: int = Field(default=30_000, ge=1)
    nominees: int = Field(default=500, ge=100)
    recall: float = Field(default=0.99, gt=0, le=1)
