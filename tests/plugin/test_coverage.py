"""Coverage: which operations, parameters and statuses a suite exercised, for people, for programs and as a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.plugin.conftest import Run, ask

suite = (
    ask
    + """
import pytest

@pytest.mark.parametrize("limit", [1, 2])
def test_list(pagerduty, limit):
    client_of(pagerduty).get(f"/users?limit={limit}")

def test_nobody(pagerduty):
    client_of(pagerduty).get("/users/PNOBODY")

def test_nothing_of_the_contract(pagerduty):
    with pagerduty.expects_violation("unknown-path"):
        client_of(pagerduty).get("/usrs")
"""
)


@pytest.mark.parametrize(
    "workers", [pytest.param((), id="in one process"), pytest.param(("-n", "2"), id="over two workers", marks=pytest.mark.slow)]
)
def test_coverage_is_told_and_written(run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """The terminal has the figures and what was never exercised; JSON has every operation; workers' counts add up."""
    result = run(suite, "--mockserver-coverage", *workers, apart=bool(workers))
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["*= contract coverage =*", "pagerduty*2 of 14  14 %*", "pagerduty: never exercised: *and * more (-v names them)"]
    )
    told = json.loads((pytester.path / "mockserver-coverage" / "coverage.json").read_text())
    listed = told["vendors"]["pagerduty"]["operations"]
    assert listed["listUsers"]["calls"] == 2
    assert listed["listUsers"]["parameters"]["query limit"] == 2
    assert listed["listUsers"]["parameters"]["query offset"] == 0
    assert listed["listUsers"]["statuses"]["200"] == 2
    assert listed["getUser"]["statuses"]["404"] == 1
    assert listed["getUser"]["parameters"]["path id"] == 1
    assert listed["deleteUserSession"]["calls"] == 0
    assert told["percent"] == pytest.approx(100 * 2 / 14, abs=0.01)


class Links(HTMLParser):
    """What a page would fetch, and which tags it leaves open."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_needs_nothing_but_itself(run: Run, pytester: pytest.Pytester) -> None:
    """No script, style or picture is fetched, and every operation is on it."""
    run(suite, "--mockserver-coverage", "--mockserver-coverage-dir=told")
    page = (pytester.path / "told" / "index.html").read_text()
    seen = Links()
    seen.feed(page)
    assert seen.fetched == []
    assert {"listUsers", "deleteUserSession", "getUserSessions"} <= set(seen.text)


@pytest.mark.parametrize(("under", "passes"), [("10", True), ("14.2", True), ("50", False)], ids=["far below", "just below", "above"])
def test_too_little_coverage_fails_the_run(run: Run, pytester: pytest.Pytester, under: str, passes: bool) -> None:
    """--mockserver-fail-under alone is enough, writes nothing, and says what is missing."""
    result = run(suite, f"--mockserver-fail-under={under}")
    result.assert_outcomes(passed=4)
    assert (result.ret == 0) is passes
    assert not Path(pytester.path / "mockserver-coverage").exists()
    if not passes:
        result.stdout.fnmatch_lines(["FAIL: 14.3 % of the operations were exercised, 50 % are required"])


def test_nothing_is_counted_unless_it_is_asked_for(run: Run, pytester: pytest.Pytester) -> None:
    """No section, no files."""
    result = run(suite)
    result.stdout.no_fnmatch_line("*contract coverage*")
    assert not Path(pytester.path / "mockserver-coverage").exists()


def test_a_run_without_doubles_has_nothing_to_tell(run: Run) -> None:
    """And is not failed for it."""
    result = run("def test_one(): pass", "--mockserver-coverage", "--mockserver-fail-under=100")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["no double was asked anything"])
