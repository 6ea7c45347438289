"""A server over the fake engine, to be started as a process: `python served.py HOST PORT`."""

import sys
import time
from typing import Any

from fake_engine import FakeEngine

from bowerbird.answers import Answer
from bowerbird.errors import BowerbirdError
from bowerbird.serving import serve


class SlowEngine(FakeEngine):
    """Takes a second for the user "slow"."""

    def recommend(self, *, user: str | None = None, **asked: Any) -> Answer:
        if user == "slow":
            print("working", flush=True)
            time.sleep(1)
        return super().recommend(user=user, **asked)


if __name__ == "__main__":
    try:
        serve(SlowEngine(), sys.argv[1], int(sys.argv[2]), say=lambda words: print(words, flush=True))
    except BowerbirdError as error:
        sys.exit(str(error))
