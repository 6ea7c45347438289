"""Which topics each event of a history speaks for, and which against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bowerbird.data import Catalogue
from bowerbird.intents import OTHER
from bowerbird.profiles.values import Topic
from bowerbird.protocols import Encoder
from bowerbird.types import History

if TYPE_CHECKING:
    from bowerbird.profiles.polarity import Polarity


@dataclass(frozen=True, eq=False)
class Labels:
    """Topics, and what each event says of each.

    topics  the catalogue's intents that have a name, then its categories
    says    (n_events, n_topics) float64, in −1..1: how much the event is about the topic times what it tells, its weight or, where a review
            speaks of the topic itself, what the review says of it
    """

    topics: tuple[Topic, ...]
    says: sparse.csr_array


def topics_of(catalogue: Catalogue) -> tuple[tuple[Topic, ...], sparse.csr_array]:
    """The topics of a catalogue, and how items belong to them: (n_items, n_topics), intents in parts, categories in 0 and 1."""
    topics = [Topic(sort="category", name=name) for name in catalogue.category_names]
    if catalogue.intents is None:
        return tuple(topics), catalogue.category_matrix
    named = [name for name in catalogue.intents.names if name != OTHER]
    belongs = sparse.csr_array(sparse.hstack([catalogue.intents.named, catalogue.category_matrix]))
    return (*(Topic(sort="intent", name=name) for name in named), *topics), belongs


def labels_of(
    history: History,
    catalogue: Catalogue,
    reviews: Sequence[str | None] | None = None,
    polarity: "Polarity | None" = None,
    encoder: Encoder | None = None,
    marks: NDArray[np.float32] | None = None,
) -> Labels:
    """What each event says of each topic.

    An event tells its weight of every topic of its item. Where it has a review, and there is a head that knows what sentences say
    (`fit_polarity`), the sentences that name a category of the item by its words tell what they say of that category instead: the mean of
    their polarity and, where the review has one, its mark. Either alone is right less often (`benchmarks/polarity.py`).

    reviews  (n_events,) what the user wrote; None = nothing
    marks    (n_events,) in −1..1, NaN = no mark, as `bowerbird.data.marks_of` has them; None = no marks
    cost     O(events · topics of an item), and the encoder's for reviews

    >>> shop = Catalogue.of(["a", "b"], categories=[["tea"], ["tea", "rope"]])
    >>> labels = labels_of(History.of([0, 1], [1, -0.5]), shop)
    >>> [topic.name for topic in labels.topics], labels.says.toarray().tolist()
    (['rope', 'tea'], [[0.0, 1.0], [-0.5, -0.5]])
    """
    topics, belongs = topics_of(catalogue)
    rows = sparse.csr_array(belongs[history.items].astype(np.float64))
    says = sparse.csr_array(rows.multiply(history.weights.astype(np.float64)[:, None]))
    if reviews is None or polarity is None or encoder is None or not any(reviews):
        return Labels(topics, says)
    table = says.tolil()
    columns = {topic.name: at for at, topic in enumerate(topics) if topic.sort == "category"}
    told = [(event, text) for event, text in enumerate(reviews) if text]
    names = [catalogue.categories[history.items[event]] for event, _ in told]
    given = np.full(len(history), np.nan) if marks is None else marks
    for (event, _), aspects in zip(told, polarity.aspects([text for _, text in told], names, encoder), strict=True):
        for category, value in aspects.items():
            table[event, columns[category]] = value if np.isnan(given[event]) else (value + given[event]) / 2
    return Labels(topics, sparse.csr_array(table))


def shares_of_all(histories: Sequence[History], catalogue: Catalogue) -> NDArray[np.float64]:
    """(n_topics,): how what these histories like divides over the topics; each sort sums to 1. The `usual` of a profile."""
    topics, belongs = topics_of(catalogue)
    pull = np.zeros(len(topics))
    for history in histories:
        liked = history.weights > 0
        pull += history.weights[liked].astype(np.float64) @ belongs[history.items[liked]].astype(np.float64)
    return normalised(pull, topics)


def normalised(pull: NDArray[np.float64], topics: Sequence[Topic]) -> NDArray[np.float64]:
    """(n_topics,): divided by the sum over all topics of the same sort; 0 where that is 0."""
    shares = np.zeros(len(pull))
    for sort in ("intent", "category"):
        same = np.array([topic.sort == sort for topic in topics], bool)
        shares[same] = pull[same] / (pull[same].sum() or 1)
    return shares
