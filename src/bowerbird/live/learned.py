"""What an engine has learned from its log since its bundle was fitted: one immutable value, and its bytes."""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from bowerbird.adaptation import Bandit, Drift, PageHinkley
from bowerbird.bundle import Bundle
from bowerbird.models import pack, state, unpack
from bowerbird.types import Offset, UserId

STATE = "state"
MODEL, BANDIT = "model.", "bandit."
"""What the names of their arrays begin with."""


@dataclass(frozen=True, eq=False)
class Learned:
    """A fold over the log of events and items: the same log gives the same bytes, wherever the fold was interrupted.

    base         the bundle as it was fitted
    bundle       with the items that were put in before `offset`, and the model as it is after the events
    offset       of the newest event that was looked at
    item_offset  of the newest item in `bundle`
    bandit       what slates that were answered told of rewards; None where nothing is explored
    drift        of how well events were foreseen
    teachers     users of the last events that taught something, oldest first
    taught       how many events taught something
    passed       how many taught nothing, since too many of the last ones were of the same user
    unknown      how many taught nothing, since their item was not in the catalogue
    acts         the newest act on people's data that it was learned after (`SqlStore.acts`)
    """

    base: Bundle
    bundle: Bundle
    offset: Offset = 0
    item_offset: Offset = 0
    bandit: Bandit | None = None
    drift: Drift = field(default_factory=Drift)
    teachers: tuple[UserId, ...] = ()
    taught: int = 0
    passed: int = 0
    unknown: int = 0
    acts: int = 0

    def to_bytes(self) -> bytes:
        """All but the bundle: of its model what differs from the base's. Equal states have equal bytes.

        cost  O(what differs), and one comparison of the arrays that are not the very same
        """
        shape, arrays = pack(self.bundle.model)
        _, fitted = pack(self.base.model)
        changed = {MODEL + name: array for name, array in arrays.items() if not _same(array, fitted.get(name))}
        bandit, believed = (None, {}) if self.bandit is None else pack(self.bandit)
        changed |= {BANDIT + name: array for name, array in believed.items()}
        said = {
            "offset": self.offset,
            "item_offset": self.item_offset,
            "model": shape,
            "bandit": bandit,
            "drift": {name: value for name, value in asdict(self.drift).items() if name != "settings"},
            "teachers": self.teachers,
            "taught": self.taught,
            "passed": self.passed,
            "unknown": self.unknown,
            "acts": self.acts,
        }
        return save(
            {name: np.ascontiguousarray(array) for name, array in changed.items()}, metadata={STATE: json.dumps(said, sort_keys=True)}
        )

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when anything learned does."""
        return sha256(self.to_bytes()).hexdigest()[:16]

    @staticmethod
    def from_bytes(base: Bundle, bundle: Bundle, kept: bytes) -> "Learned":
        """The state again.

        bundle  the base with the items in that it had then
        """
        said, changed = _header(kept), load(kept)
        _, arrays = pack(bundle.model)
        model = unpack(said["model"], {**arrays, **_named(changed, MODEL)})
        bandit = said["bandit"] and state.unpack(said["bandit"], _named(changed, BANDIT), {Bandit.kind: Bandit})
        settings = base.config.live.drift or PageHinkley()
        return Learned(
            base,
            bundle.with_catalogue(bundle.catalogue, model),
            said["offset"],
            said["item_offset"],
            bandit,
            Drift(settings, **said["drift"]),
            tuple(said["teachers"]),
            said["taught"],
            said["passed"],
            said["unknown"],
            acts_of(said),
        )

    @staticmethod
    def acts_of(kept: bytes) -> int:
        """`acts`, as bytes have it."""
        return acts_of(_header(kept))

    @staticmethod
    def item_offset_of(kept: bytes) -> Offset:
        """Which items must be in the bundle that `from_bytes` is given."""
        offset: Offset = _header(kept)["item_offset"]
        return offset


def acts_of(said: dict[str, Any]) -> int:
    """Snapshots of older versions do not say, and no act was known to them."""
    acts: int = said.get("acts", 0)
    return acts


def _header(kept: bytes) -> dict[str, Any]:
    length = int.from_bytes(kept[:8], "little")
    said: dict[str, Any] = json.loads(json.loads(kept[8 : 8 + length])["__metadata__"][STATE])
    return said


def _named(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _same(array: NDArray[Any], other: NDArray[Any] | None) -> bool:
    if other is None or array is other:
        return other is not None
    return array.dtype == other.dtype and array.shape == other.shape and array.tobytes() == other.tobytes()
