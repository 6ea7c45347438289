"""What people want of their data, where it is read and written: who was erased is not stored again, who objects teaches nobody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256

import polars as pl
from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, union_all

from bowerbird.store.rows import instant
from bowerbird.store.schema import acts, events, objections, slates
from bowerbird.types import Json, UserId

ERASE, EXPIRE, OBJECT, ALLOW = "erase", "expire", "object", "allow"

IDS = 400
"""Ids of one look-up; databases bound the number of parameters."""

TEACHES: ColumnElement[bool] = events.c.user.not_in(select(objections.c.user))
"""Of events: whoever did it does not object to being profiled. What learns reads no others."""

COUNTS: ColumnElement[bool] = or_(slates.c.user.is_(None), slates.c.user.not_in(select(objections.c.user)))
"""Of slates likewise."""

EVER = select(select(objections).exists(), select(acts).where(acts.c.does == ERASE).exists())
"""Whether anybody objects, and whether anybody was erased."""

OBJECTED, ERASED = "objected", "erased"


def mark_of(user: UserId) -> str:
    """What is kept of the id of somebody who was erased: enough to know it again, if it comes."""
    return sha256(f"bowerbird erased {user}".encode()).hexdigest()


def admitted(connection: Connection, rows: Sequence[Json]) -> tuple[list[Json], Counter[str]]:
    """The rows of events or slates that may be stored, and how many may not, by why: whose users object to being profiled ("objected"),
    and those of users who were erased, from before they were ("erased"). A row without a time is from before.
    """
    users = {row["user"] for row in rows if row["user"] is not None}
    objecting, erased = _said(connection, users)
    if not objecting and not erased:
        return list(rows), Counter()
    why: Counter[str] = Counter()
    kept = []
    for row in rows:
        user = row["user"]
        if user in objecting:
            why[OBJECTED] += 1
        elif user in erased and (row["time"] is None or row["time"] <= erased[user]):
            why[ERASED] += 1
        else:
            kept.append(row)
    return kept, why


def spared(connection: Connection, frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of events without those that have expired, and those of people who were erased, from before they were; the very same where
    there are none.

    cost  O(users) where anybody was ever erased
    """
    query = select(acts.c.who, func.max(acts.c.before).label("before")).where(acts.c.does.in_((ERASE, EXPIRE))).group_by(acts.c.who)
    known: dict[str | None, int] = {row.who: row.before for row in connection.execute(query)}
    if (expired := known.pop(None, None)) is not None:
        frame = frame.filter((pl.col("time") >= instant(expired)).fill_null(True))
    if not known or not len(frame):
        return frame
    marks = {user: mark_of(user) for user in frame["user"].unique().to_list()}
    gone = [(user, instant(known[mark])) for user, mark in marks.items() if mark in known]
    if not gone:
        return frame
    before = pl.DataFrame({"user": [user for user, _ in gone], "before": [at for _, at in gone]}, schema_overrides={"user": pl.String})
    joined = frame.join(before.with_columns(pl.col("before").dt.cast_time_unit("us")), on="user", how="left", maintain_order="left")
    return joined.filter(pl.col("before").is_null() | (pl.col("time") > pl.col("before")).fill_null(False)).drop("before")


def _said(connection: Connection, users: Iterable[UserId]) -> tuple[set[UserId], dict[UserId, int]]:
    """Who of these objects, and until when others were erased. Where nobody ever did or was, one quick query says so."""
    if not any(connection.execute(EVER).one()):
        return set(), {}
    objecting: set[UserId] = set()
    erased: dict[UserId, int] = {}
    marks = {mark_of(user): user for user in users}
    every = list(marks.items())
    for start in range(0, len(every), IDS):
        some = dict(every[start : start + IDS])
        query = union_all(
            select(objections.c.user, literal(0)).where(objections.c.user.in_(some.values())),
            select(acts.c.who, func.max(acts.c.before)).where(acts.c.who.in_(some), acts.c.does == ERASE).group_by(acts.c.who),
        )
        for who, before in connection.execute(query):
            if who in some:
                erased[some[who]] = before
            else:
                objecting.add(who)
    return objecting, erased
