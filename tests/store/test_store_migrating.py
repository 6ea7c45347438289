"""A database of every format there was becomes one of ours when it is opened, and keeps what is in it."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from bowerbird.errors import StoreError
from bowerbird.store import Put, SlateRow, SqlStore
from bowerbird.store.migrating import SCRIPTS
from bowerbird.store.schema import FORMAT, VERSIONS, metadata
from bowerbird.types import Event

ONE = """
CREATE TABLE bowerbird (name VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (name));
CREATE TABLE events ("offset" {offset} NOT NULL, "user" TEXT NOT NULL, item TEXT NOT NULL, time BIGINT, kind TEXT NOT NULL, value FLOAT,
    text TEXT, context TEXT, "key" TEXT, PRIMARY KEY ("offset"), UNIQUE ("key"));
CREATE INDEX events_of_user ON events ("user", "offset");
CREATE TABLE items ("offset" {offset} NOT NULL, "row" TEXT NOT NULL, PRIMARY KEY ("offset"));
INSERT INTO bowerbird VALUES ('format', '1');
INSERT INTO events {columns} VALUES ({first}'ann', 'heat', 1000000, 'like', 4.5, 'tense', '{{"device": "tv"}}', 'a');
INSERT INTO items {row} VALUES ({first}'{{"item": "heat"}}');
"""
TWO = """
ALTER TABLE events ADD COLUMN slate TEXT;
ALTER TABLE items ADD COLUMN events BIGINT DEFAULT '0' NOT NULL;
CREATE INDEX events_of_slate ON events (slate, "offset") WHERE slate IS NOT NULL;
CREATE TABLE snapshots (bundle TEXT NOT NULL, "offset" BIGINT NOT NULL, state {bytes} NOT NULL, PRIMARY KEY (bundle, "offset"));
CREATE TABLE slates (id TEXT NOT NULL, "offset" {place} NOT NULL, time BIGINT NOT NULL, "user" TEXT,
    bundle TEXT NOT NULL, receipt TEXT NOT NULL, items TEXT NOT NULL, standings TEXT NOT NULL,
    propensities TEXT NOT NULL, PRIMARY KEY (id));
CREATE INDEX slates_in_order ON slates ("offset", time, id);
UPDATE bowerbird SET value = '2';
"""
WORDS = {
    "sqlite": {"offset": "INTEGER", "place": "INTEGER", "bytes": "BLOB", "first": "1, ", "columns": "", "row": ""},
    "postgresql": {
        "offset": "BIGSERIAL",
        "place": "BIGINT",
        "bytes": "BYTEA",
        "first": "",
        "columns": '("user", item, time, kind, value, text, context, key)',
        "row": '("row")',
    },
}
"""Formats 1 and 2 as they were made by the versions that had them, before there were steps from one to the next."""

LIKED = Event("ann", "heat", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "like", 4.5, "tense", {"device": "tv"}, "a")
SHOWN = SlateRow("s1", 1, datetime(2024, 5, 1, tzinfo=UTC), "ann", "f00d", {"k": 1}, ("ronin",), (1.5,), (1.0,))


def made(url: str, *scripts: str) -> None:
    words = WORDS[url.partition(":")[0].partition("+")[0]]
    said(url, *(line for script in scripts for line in script.format(**words).split(";\n") if line.strip()))


def said(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize("scripts", [[ONE], [ONE, TWO]], ids=["format 1", "format 2"])
def test_what_is_in_an_older_database_stays(nothing_yet, scripts):
    made(nothing_yet, *scripts)
    for _ in range(2):
        with SqlStore(nothing_yet) as store:
            assert store.history("ann", 9)[0] == LIKED
            assert store.items_since(0) == [Put(1, 0, {"item": "heat"})]
            store.log_slates([SHOWN])
            assert store.append([LIKED, Event("ann", "ronin", key="b", slate="s1")]) == 2
            assert store.answers("s1") == [Event("ann", "ronin", key="b", slate="s1")]


@pytest.mark.parametrize("scripts", [[], [ONE], [ONE, TWO]], ids=["new", "format 1", "format 2"])
def test_the_steps_lead_to_the_tables_that_the_code_speaks_of(nothing_yet, scripts):
    made(nothing_yet, *scripts)
    SqlStore(nothing_yet).close()
    engine = create_engine(nothing_yet)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSIONS.name, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == str(FORMAT)
        indices = {index["name"] for table in ("events", "slates") for index in inspect(connection).get_indexes(table)}
        assert {"events_of_user", "events_of_slate", "slates_in_order"} <= indices
        assert [unique["column_names"] for unique in inspect(connection).get_unique_constraints("events")] == [["key"]]
        assert not inspect(connection).has_table("bowerbird")
    engine.dispose()


def test_the_last_step_is_the_format():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [str(FORMAT)]


def test_an_offset_is_not_given_again_after_its_event_was_erased(nothing_yet):
    with SqlStore(nothing_yet) as store:
        assert store.append([Event("ann", "heat"), Event("ann", "ronin")]) == 2
        said(nothing_yet, "DELETE FROM events")
        assert store.append([Event("ann", "heat")]) == 3


def test_a_step_that_fails_changes_nothing(nothing_yet):
    made(nothing_yet, ONE, "CREATE TABLE slates (id TEXT);\n")
    with pytest.raises(StoreError, match=r"slates.* already exists"):
        SqlStore(nothing_yet)
    engine = create_engine(nothing_yet)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM bowerbird")).scalar() == "1"
        assert "slate" not in [column["name"] for column in inspect(connection).get_columns("events")]
        assert not inspect(connection).has_table(VERSIONS.name)
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused(nothing_yet):
    SqlStore(nothing_yet).close()
    said(nothing_yet, f"UPDATE {VERSIONS.name} SET version_num = '99'")
    with pytest.raises(StoreError, match=f"must be of format {FORMAT}, got format 99; it was written by another version"):
        SqlStore(nothing_yet)


def test_somebody_elses_database_is_refused(nothing_yet):
    said(nothing_yet, "CREATE TABLE events (id INTEGER)")
    with pytest.raises(StoreError, match="has a table 'events' that is not Bowerbird's"):
        SqlStore(nothing_yet)


def test_processes_may_open_an_empty_database_at_once(nothing_yet):
    script = "import sys; from bowerbird.store import SqlStore; from bowerbird.types import Event\n"
    script += "sys.stdin.readline()\nwith SqlStore(sys.argv[1]) as store: store.append([Event('ann', 'heat')])"
    command = [sys.executable, "-c", script, nothing_yet]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in processes] == ["", "", ""]
    with SqlStore(nothing_yet) as store:
        assert store.count() == 3
