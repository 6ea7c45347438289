"""What all tests share: no property has a time limit, CI tries the same examples each time, and the user's cache is left alone."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small nets: threads that wait for each other cost more than they bring

import postgres as server
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine

from bowerbird.store import SqlStore
from bowerbird.store.schema import metadata

collect_ignore_glob = ["golden/make_*.py"]  # they need the reference libraries

settings.register_profile("bowerbird", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ)
settings.load_profile("bowerbird")


@pytest.fixture(autouse=True, scope="session")
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOWERBIRD_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[server.Postgres]:
    """A real PostgreSQL of the tests' own."""
    try:
        server.found()
    except LookupError as missing:
        pytest.skip(str(missing))
    with server.started() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing_yet(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables: the test runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    made: str = request.getfixturevalue("postgres").database()
    return made


@pytest.fixture(scope="session")
def empty_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An event store in SQLite with nothing in it, to be copied: quicker than made."""
    path = tmp_path_factory.mktemp("empty") / "log.db"
    SqlStore(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def on_postgres(postgres: server.Postgres) -> str:
    """The address of an event store in PostgreSQL that tests have one after another."""
    url = postgres.database()
    SqlStore(url).close()
    return url


@pytest.fixture
def postgres_url(on_postgres: str) -> str:
    """The address of an event store in PostgreSQL with nothing in it."""
    engine = create_engine(on_postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
    engine.dispose()
    return on_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_log: Path) -> str:
    """The address of an event store with nothing in it: the test runs on both kinds."""
    if request.param == "sqlite":
        shutil.copy(empty_log, tmp_path / "log.db")
        return f"sqlite:///{tmp_path}/log.db"
    emptied: str = request.getfixturevalue("postgres_url")
    return emptied
