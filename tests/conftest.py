"""What all tests share: no property has a time limit, and CI tries the same examples each time."""

import os

from hypothesis import HealthCheck, settings

collect_ignore_glob = ["golden/make_*.py"]  # they need the reference libraries

settings.register_profile("bowerbird", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ)
settings.load_profile("bowerbird")
