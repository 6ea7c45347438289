from collections.abc import Iterator

import pytest
from fake_engine import FakeEngine
from starlette.testclient import TestClient

from bowerbird.serving import create_app


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def http(engine: FakeEngine) -> Iterator[TestClient]:
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client
