"""What every test may use: how hard properties are tried, a cache of this run's own, and a toy vendor at work."""

from __future__ import annotations

import atexit
import os
import tempfile

import pytest
from hypothesis import HealthCheck, settings

if "MOCKSERVER_CACHE" not in os.environ:  # read documents are kept for this run (its workers included), never in anybody's home
    drawer = tempfile.TemporaryDirectory(prefix="mockserver-tests-")
    atexit.register(drawer.cleanup)
    os.environ["MOCKSERVER_CACHE"] = drawer.name

from mockserver.engine.site import Site
from tests import toy

settings.register_profile("dev", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def site() -> Site:
    """The toy vendor alone, with the people of the company."""
    return toy.site()
