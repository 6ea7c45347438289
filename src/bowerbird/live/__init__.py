"""What a live engine keeps beside its bundle: items put in, and what it learns from the log."""

from bowerbird.live.clock import Clock
from bowerbird.live.expiring import Expirer
from bowerbird.live.exposure import shown_before
from bowerbird.live.following import HISTORY_LIMIT, Follower, Room, fresh, learns, newest_event
from bowerbird.live.growing import Grower
from bowerbird.live.learned import Learned
from bowerbird.live.recalling import Recall, Seen
from bowerbird.live.slatelog import SlateLog
from bowerbird.live.taken import Taken
from bowerbird.live.worded import Worded

__all__ = [
    "HISTORY_LIMIT",
    "Clock",
    "Expirer",
    "Follower",
    "Grower",
    "Learned",
    "Recall",
    "Room",
    "Seen",
    "SlateLog",
    "Taken",
    "Worded",
    "fresh",
    "learns",
    "newest_event",
    "shown_before",
]
