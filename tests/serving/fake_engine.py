"""An engine of the right shape over a shelf of films, small enough that every answer is known by looking."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from bowerbird.answers import Answer, Receipt, Recommended, UserProfile
from bowerbird.data import Catalogue
from bowerbird.errors import BundleError, DataError, StoreError
from bowerbird.explain import Tally
from bowerbird.live import Taken
from bowerbird.profiles import Edit, claims, event_of, profile_of, read_edits, standing
from bowerbird.steering import Reader, Vocabulary
from bowerbird.types import Event, History

SHELF = """Toy Story (1995)|Animation,Children,Comedy
Heat (1995)|Crime,Thriller
Spirited Away (2001)|Animation,Fantasy
Alien (1979)|Horror,Sci-Fi
Aliens (1986)|Action,Sci-Fi
The Apartment (1960)|Comedy,Drama,Romance
Some Like It Hot (1959)|Comedy,Crime
Ran (1985)|Drama,War
Blade Runner (1982)|Sci-Fi,Thriller
Amélie (2001)|Comedy,Romance
Fargo (1996)|Crime,Drama
Finding Nemo (2003)|Animation,Children
The Third Man (1949)|Mystery,Thriller
Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)|Comedy,War
Monsters, Inc. (2001)|Animation,Children,Comedy
2001: A Space Odyssey (1968)|Sci-Fi
Paths of Glory (1957)|Drama,War
Shaun of the Dead (2004)|Comedy,Horror
Ronin (1998)|Crime,Thriller
Chinatown (1974)|Crime,Mystery
My Neighbor Totoro (1988)|Animation,Fantasy
Casablanca (1942)|Drama,Romance"""

WEIGHTS = {"like": 1.0, "rating": 1.0, "view": 0.5, "seen": 0.0, "not_interested": -1.0, "dislike": -1.0}


class FakeEngine:
    """Scores an item by the categories that it shares with the history; ties go by the order of the shelf."""

    def __init__(self, shelf: str = SHELF) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        for number, line in enumerate(shelf.splitlines()):
            title, categories = line.split("|")
            row = {"item": str(number + 1), "title": title, "categories": categories.split(","), "created": None, "available": True}
            self.rows[row["item"]] = row
        self.shelf = self._read()
        self.log: list[Event] = []
        self.corrections: list[Event] = []
        self.item_offset = 0
        self.ready = True
        self.broken = False
        self.bundle = SimpleNamespace(fingerprint="f00dfeedf00dfeed", model=SimpleNamespace(kind="fake"))
        self.store = SimpleNamespace(newest=lambda: len(self.log), unknown_slates=4, left_out={"objected": 9})
        self.slates_dropped = 6
        self.recalled = 3
        self.behind_s = 0.5
        self.taken = Taken()
        self.features = frozenset({"device"})
        self.worded = Tally(worded=8)
        self.learned = SimpleNamespace(offset=7, taught=5, passed=2, unknown=1, drift=SimpleNamespace(breaks=3))
        self.ids = itertools.count(1)

    @contextmanager
    def following(self) -> Iterator[None]:
        yield

    @property
    def catalogue(self) -> Catalogue:
        return self.shelf

    def observe(self, events: Sequence[Event]) -> int:
        if self.broken:
            raise StoreError("store: the disk is full")
        for event in events:
            if event.kind not in WEIGHTS:
                raise DataError(f"event.kind: must be one of {', '.join(WEIGHTS)}, got {event.kind!r}")
        known = {event.key for event in self.log if event.key}
        self.taken.add(events)
        for event in events:
            if event.key is None or event.key not in known:
                self.log.append(event if event.time else replace(event, time=datetime.now(UTC)))
                known.add(event.key)
        return len(self.log)

    def recommend(self, *, user: str | None = None, history: Sequence[Event] | None = None, **asked: Any) -> Answer:
        past = None if history is None else [{"item": e.item, "time": e.time, "kind": e.kind, "value": e.value} for e in history]
        asked["filters"] = dict(asked.get("filters") or {})
        receipt = Receipt(
            bundle=self.bundle.fingerprint,
            offset=len(self.log),
            item_offset=self.item_offset,
            asked_at=datetime.now(UTC),
            user=user,
            history=past,
            **{name: value for name, value in asked.items() if value is not None},
        )
        return self.replay(receipt)

    def replay(self, receipt: Receipt) -> Answer:
        if receipt.bundle != self.bundle.fingerprint:
            raise BundleError(f"receipt: it was made by bundle {receipt.bundle}, which is not among the last that this engine had live")
        if receipt.history is not None:
            past = [Event("", e.item, e.time, e.kind, e.value) for e in receipt.history]
        else:
            past = [e for e in self.log[: receipt.offset] if e.user == receipt.user]
        unknown = set(receipt.filters) - {"categories"}
        if unknown:
            raise DataError(f"filters: no attribute {sorted(unknown)[0]!r}; the catalogue has categories")
        pool = self._ranked(past, receipt)
        order = [item for item, _ in pool]
        chosen = self._varied(pool, receipt.diversity or 0.0, receipt.k)
        plain = [
            Recommended(
                item,
                place + 1,
                score,
                self.rows[item]["title"],
                tuple(self.rows[item]["categories"]),
                intents=tuple(self.rows[item].get("intents", ())),
            )
            for place, (item, score) in enumerate(chosen)
        ]
        shown = [self._reasoned(one, past, receipt, order) for one in plain] if receipt.explain else plain
        unread = tuple(name for name, value in receipt.context.items() if (name, value) != ("device", "phone"))
        wish = None if receipt.text is None else Reader(Vocabulary(self.shelf)).read(receipt.text)
        return Answer(f"slate-{next(self.ids)}", receipt.user, tuple(shown), receipt, wish=wish, unread=unread)

    def search(self, text: str, user: str | None = None, k: int = 10) -> list[Recommended]:
        words = set(text.casefold().split())
        found = [row for row in self.rows.values() if words & set(row["title"].casefold().split())]
        return [Recommended(row["item"], n + 1, 1 / (n + 1), row["title"], tuple(row["categories"])) for n, row in enumerate(found[:k])]

    def edits(self, user: str) -> tuple[Edit, ...]:
        return standing(event for event in self.corrections if event.user == user)

    def profile(self, user: str, language: str | None = None) -> UserProfile:
        past = self.history(user, 1000)
        numbers = [self.shelf.number(event.item) for event in past]
        history = History.of(numbers, [WEIGHTS[event.kind] for event in past], [event.time.timestamp() for event in past])
        profile = profile_of(history, self.shelf, datetime.now(UTC).timestamp())
        sentences, dropped = claims(profile, history, self.shelf, language or "en")
        return UserProfile(user, profile, sentences, dropped, self.edits(user))

    def edit_profile(self, user: str, edits: Sequence[Edit] | str, language: str | None = None) -> UserProfile:
        at, unheard = datetime.now(UTC), ()
        if isinstance(edits, str):
            words = edits
            edits, unheard = read_edits(words, Vocabulary(self.shelf), at)
            if not edits:
                raise DataError(f"profile: a correction must say what to do, got {words!r}")
        made = [event_of(edit, user, at, f"edit-{next(self.ids)}") for edit in edits]
        self.corrections += made
        self.taken.add(made)
        return replace(self.profile(user, language), unheard=unheard)

    def similar(self, item: str, k: int = 10) -> list[Recommended]:
        return list(self.recommend(history=[Event("", item, kind="like")], k=k).items)

    def put_items(self, items: Sequence[Mapping[str, Any]]) -> int:
        for row in items:
            extra = set(row) - {"item", "title", "categories", "created", "available"}
            if extra:
                raise DataError(f"item {row['item']!r}: no column {sorted(extra)[0]!r}")
            self.rows[row["item"]] = {"categories": [], "created": None, "available": True, **row}
        self.item_offset += len(items)
        self.shelf = self._read()
        return self.item_offset

    def item(self, item: str) -> dict[str, Any] | None:
        return self.rows.get(item)

    def search_titles(self, text: str, k: int = 10) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if text.casefold() in row["title"].casefold()][:k]

    def history(self, user: str, limit: int = 50) -> list[Event]:
        return [event for event in self.log if event.user == user][-limit:]

    def users(self, limit: int = 50) -> list[str]:
        return list(dict.fromkeys(event.user for event in self.log))[:limit]

    def _read(self) -> Catalogue:
        """The rows, with a vector that has a one for each category."""
        rows = self.rows.values()
        bare = Catalogue.of(list(self.rows), [row["title"] for row in rows], [row["categories"] for row in rows])
        told = bare.category_matrix.toarray()
        return bare.with_vectors(told / np.maximum(np.linalg.norm(told, axis=1, keepdims=True), 1))

    def _score(self, item: str, past: Sequence[Event]) -> float:
        mine = set(self.rows[item]["categories"])
        return sum(WEIGHTS[e.kind] * len(mine & set(self.rows[e.item]["categories"])) for e in past if e.item in self.rows)

    def _ranked(self, past: Sequence[Event], receipt: Receipt) -> list[tuple[str, float]]:
        hidden = {e.item for e in past} | set(receipt.exclude)
        wanted = receipt.filters.get("categories", [])
        wanted = set(wanted if isinstance(wanted, list) else [wanted])
        allowed = [
            i for i, row in self.rows.items() if i not in hidden and row["available"] and (not wanted or wanted & set(row["categories"]))
        ]
        return sorted(((i, self._score(i, past)) for i in allowed), key=lambda pair: -pair[1])

    def _varied(self, pool: list[tuple[str, float]], diversity: float, k: int) -> list[tuple[str, float]]:
        left, chosen, counts = list(pool), [], Counter()
        while left and len(chosen) < k:
            best = max(left, key=lambda p: (1 - diversity) * p[1] - 0.7 * diversity * sum(counts[c] for c in self.rows[p[0]]["categories"]))
            left.remove(best)
            chosen.append(best)
            counts.update(self.rows[best[0]]["categories"])
        return chosen

    def _reasoned(self, plain: Recommended, past: Sequence[Event], receipt: Receipt, order: list[str]) -> Recommended:
        place = order.index(plain.item) + 1
        liked = [e.item for e in past if WEIGHTS[e.kind] > 0 and set(plain.categories) & set(self.rows[e.item]["categories"])]
        cited = list(dict.fromkeys(liked))[-3:]
        if not cited:
            return replace(plain, reason="Widely liked.", rank_with=place)
        titles = " and ".join(self.rows[i]["title"] for i in cited)
        without = [i for i, _ in self._ranked([e for e in past if e.item not in cited], receipt)]
        fallen = without.index(plain.item) + 1 if plain.item in without else None
        return replace(plain, reason=f"You liked {titles}.", because=tuple(cited), rank_with=place, rank_without=fallen)
