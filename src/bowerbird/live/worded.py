"""What the words of users are read by: one value for each state of a catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bowerbird.bundle import Bundle
from bowerbird.data import histories_of
from bowerbird.language import CachedEncoder
from bowerbird.live.growing import Grower
from bowerbird.live.remembered import Remembered
from bowerbird.profiles import Labels, labels_of
from bowerbird.profiles.labels import shares_of_all
from bowerbird.search import Index
from bowerbird.steering import Reader, Vocabulary
from bowerbird.types import History


@dataclass(eq=False)
class Worded:
    """Reads wishes and searches over the items of a bundle. Each part is made at its first need, and made over when the catalogue changed.

    What users write is read without the cache on disk: it is theirs.
    """

    grower: Grower
    _reader: Reader | None = field(init=False, repr=False, default=None)
    _index: Index | None = field(init=False, repr=False, default=None)
    _heard: Remembered | None = field(init=False, repr=False, default=None)
    _usual: tuple[Bundle, NDArray[np.float64]] | None = field(init=False, repr=False, default=None)

    def reader(self, bundle: Bundle) -> Reader:
        """Reads wishes about the items of a bundle; with its encoder where the catalogue has vectors."""
        known = self._reader
        if known is not None and known.vocabulary.catalogue is bundle.catalogue:
            return known
        catalogue, encoder = bundle.catalogue, None
        if catalogue.vectors is not None:
            opened = self.grower.reader(bundle)
            encoder = opened.encoder if isinstance(opened, CachedEncoder) else opened
        same = known is not None and known.vocabulary.encoder is encoder
        made = Reader(known.vocabulary.over(catalogue) if same and known is not None else Vocabulary(catalogue, encoder))
        self._reader = made
        return made

    def index(self, bundle: Bundle) -> Index:
        """Finds items of a bundle by words."""
        known = self._index
        if known is None or known.catalogue is not bundle.catalogue:
            known = Index.of(bundle.catalogue, known)
            self._index = known
        return known

    def labels(self, bundle: Bundle, history: History, reviews: Sequence[str | None], marks: NDArray[np.float32]) -> Labels:
        """What each event says of each topic: its weight, or what its review says, where the bundle has learned what sentences say.

        reviews  (n_events,) what the user wrote; None = nothing
        marks    (n_events,) of the reviews, NaN = none
        cost     the encoder's, for sentences that speak of a category of their item; what was read is kept
        """
        encoder = None if bundle.polarity is None or not any(reviews) else self.reader(bundle).vocabulary.encoder
        if encoder is None:
            return labels_of(history, bundle.catalogue)
        if self._heard is None or self._heard.encoder is not encoder:
            self._heard = Remembered(encoder)
        return labels_of(history, bundle.catalogue, reviews, bundle.polarity, self._heard, marks)

    def usual(self, bundle: Bundle) -> NDArray[np.float64]:
        """(n_topics,): how what everybody likes divides over the topics, by the events that the bundle was fitted on."""
        known = self._usual
        if known is None or known[0].catalogue is not bundle.catalogue:
            histories = histories_of(bundle.events, bundle.catalogue, bundle.config.data, bundle.scale)[1]
            known = (bundle, shares_of_all(histories, bundle.catalogue))
            self._usual = known
        return known[1]
