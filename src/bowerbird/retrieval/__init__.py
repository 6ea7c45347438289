"""Which items are worth scoring: where a catalogue is large, few of its items are asked for (`Retriever`)."""

from bowerbird.retrieval.index import VectorIndex
from bowerbird.retrieval.retriever import Retriever
from bowerbird.retrieval.settings import RetrieveSettings

__all__ = ["RetrieveSettings", "Retriever", "VectorIndex"]
