"""What a bundle would have learned while it was live, of a log that lies there whole."""

import numpy as np

from bowerbird.bundle import Bundle
from bowerbird.live import Room, newest_event
from bowerbird.protocols import Follows
from bowerbird.types import Happened, Log


class Lessons:
    """A bundle that is told of the events since its fit in the order of time, as far as one asks; one that does not learn stays as it is.

    As the live engine does it (`live.Follower`), but by the events' own times and not by those of their arrival.

    log  of all events, by the bundle's numbers of items and its weights
    """

    def __init__(self, bundle: Bundle, log: Log) -> None:
        self._bundle, self._log, self._room = bundle, log, Room(bundle.config.live)
        newest = newest_event(bundle)
        later = np.flatnonzero(log.times > (np.inf if newest is None else newest.timestamp()))
        self._events = later[np.argsort(log.times[later], kind="stable")]
        self._done = 0

    def told(self, instant: float) -> Bundle:
        """The bundle once it knows of all that happened before an instant, which is not before the last one that was asked for."""
        model, log = self._bundle.model, self._log
        end = int(np.searchsorted(log.times[self._events], instant))
        if isinstance(model, Follows) and end > self._done:
            heard = [event for event in self._events[self._done : end].tolist() if self._room.take(str(log.users[event]))]
            happened = [
                Happened(str(log.users[event]), log.before(event), int(log.items[event]), float(log.weights[event])) for event in heard
            ]
            self._bundle = self._bundle.with_catalogue(self._bundle.catalogue, model.after(happened))
        self._done = end
        return self._bundle
