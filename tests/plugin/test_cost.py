"""What it costs: nothing that is not used is imported, and no hook is called. Times are measured in benchmarks/."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.plugin.conftest import Run

heavy = ["jsonschema_rs", "orjson", "yaml", "starlette", "uvicorn", "httpx", "click", "mockserver.testing", "mockserver.engine"]


def test_nothing_heavy_is_imported_before_a_fixture_is_used() -> None:
    """Neither what reads contracts nor what serves."""
    program = f"import pytest, sys; import mockserver.pytest_plugin; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.strip() == "[]"


def test_a_suite_that_uses_no_fixture_runs_as_if_the_plugin_were_not_there(run: Run) -> None:
    """Nothing is imported, and nothing of ours stands around the call of a test; with the first fixture both are there."""
    result = run(
        f"""
        import sys

        def around(config):
            found = config.hook.pytest_runtest_call.get_hookimpls()
            return [each for each in found if type(each.plugin).__module__ == "mockserver.pytest_plugin"]

        def test_without(pytestconfig):
            assert not [name for name in {[name for name in heavy if name.startswith("mockserver")]} if name in sys.modules]
            assert not around(pytestconfig)

        def test_with(workos, pytestconfig):
            assert len(around(pytestconfig)) == 1
        """,
        apart=True,
    )
    result.assert_outcomes(passed=2)


def test_a_fixture_that_is_asked_for_late_is_judged_all_the_same(run: Run) -> None:
    """A test may ask for its double in its middle, also the very first one."""
    result = run(
        """
        def test_one(request):
            workos = request.getfixturevalue("workos")
            assert workos.answer("GET", "https", "api.workos.com", "/nothing", "", {}, b"").status == 404

        def test_two(request):
            test_one(request)
        """
    )
    result.assert_outcomes(passed=1, errors=1, failed=1)
    result.stdout.fnmatch_lines(["*the client left the contract of workos*"])


@pytest.mark.parametrize("intercept", ["True", "False"], ids=["intercepted", "by transport"])
def test_nothing_of_a_test_is_left_for_the_garbage_collector(run: Run, intercept: str) -> None:
    """When a test is over its double, bench and journal are gone at once: whoever has thousands of tests does not collect for them."""
    result = run(
        f"""
        import gc, httpx, pytest, weakref

        left = []

        @pytest.fixture(autouse=True, scope="module")
        def uncollected():
            gc.collect()
            gc.disable()
            yield
            gc.enable()

        @pytest.mark.mockserver(intercept={intercept}, strict=False)
        def test_one(workos):
            client = httpx.Client() if {intercept} else httpx.Client(transport=workos.transport())
            with client:
                assert client.get("https://api.workos.com/user_management/users").status_code == 401
            left.append(weakref.ref(workos))
            left.append(weakref.ref(workos.bench))

        def test_two():
            assert [each() for each in left] == [None, None]
        """
    )
    result.assert_outcomes(passed=2)
