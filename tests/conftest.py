"""What all tests share: no property has a time limit, CI tries the same examples each time, and the user's cache is left alone."""

import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small nets: threads that wait for each other cost more than they bring

import pytest
from hypothesis import HealthCheck, settings

collect_ignore_glob = ["golden/make_*.py"]  # they need the reference libraries

settings.register_profile("bowerbird", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ)
settings.load_profile("bowerbird")


@pytest.fixture(autouse=True, scope="session")
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOWERBIRD_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
