"""What it costs: nothing that is not used is imported. Times are measured in benchmarks/."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_heavy_is_imported_before_a_fixture_is_used() -> None:
    """Neither what reads contracts nor what serves."""
    heavy = ["jsonschema_rs", "orjson", "yaml", "starlette", "uvicorn", "httpx", "click", "mockserver.testing", "mockserver.engine"]
    program = f"import pytest, sys; import mockserver.pytest_plugin; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.strip() == "[]"
