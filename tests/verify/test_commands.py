"""Commands that are kept from case to case: quick, judged like the others, and started again when they break."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.vendors import site
from mockserver.verify.client import Report, Verification
from mockserver.verify.commands import CannotRun
from mockserver.verify.runs import Runner, workers
from mockserver.web.app import App
from mockserver.web.server import Plan, in_thread

client = Path(__file__).parent / "clients" / "warm.py"


@pytest.fixture(scope="module")
def place() -> Iterator[Any]:
    made = site(["workos"])
    with in_thread(App(made), Plan()) as address:
        yield made, address


@pytest.fixture
def verified(place: Any, tmp_path: Path) -> Any:
    """`verified(defect)`: what came of it, and how often the command was started."""
    made, address = place
    (engine,) = made.engines.values()

    def run(defect: str = "", most: int = 24, seconds: float = 8.0) -> tuple[Report, int]:
        starts = tmp_path / "starts"
        runner = Runner(
            made, engine, address, [sys.executable, str(client), str(starts), *([defect] if defect else [])], seconds, warm=True
        )
        try:
            report = Verification(runner, kinds=("valid", "state"), most=most, view="sessions").all()
        finally:
            runner.close()
        return report, len(starts.read_text().splitlines())

    return run


def test_a_kept_command_is_started_a_few_times_for_many_cases(verified: Any) -> None:
    """No more often than cases run at once; nothing is found where nothing is wrong."""
    report, starts = verified(most=48)
    assert [found.reason for found in report.found] == []
    assert report.runs > 40
    assert starts <= workers


@pytest.mark.slow
def test_a_kept_command_that_crashes_is_found_out_and_started_again(verified: Any) -> None:
    """With its own last words and the smallest reply, as one that is started anew."""
    report, _ = verified("needs a browser", most=8)
    (found,) = report.found
    assert found.kind == "crash"
    assert "user_agent" in found.reason
    assert "AttributeError" in found.did or "KeyError" in found.did or "TypeError" in found.did


def test_a_kept_command_that_loses_rows_is_found_out(verified: Any) -> None:
    """By what it answers."""
    report, _ = verified("loses the first", most=4)
    assert {found.kind for found in report.found} == {"wrong view"}


@pytest.mark.slow
def test_a_slow_start_is_no_hang(verified: Any) -> None:
    """The time of a command runs from its first call on."""
    report, _ = verified("starts slowly", most=2, seconds=2.0)
    assert report.found == []


@pytest.mark.parametrize(
    ("defect", "seconds", "words"),
    [("speaks its own way", 8.0, "--warm: the command answered 'done'"), ("never answers", 0.3, "made no call")],
)
def test_a_command_that_does_not_keep_to_the_way_of_answering_cannot_be_run(verified: Any, defect: str, seconds: float, words: str) -> None:
    """And is told how, in one line."""
    with pytest.raises(CannotRun, match=words) as caught:
        verified(defect, seconds=seconds)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_what_failed_before_is_tried_first(verified: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is told as it was, without being made small again; without a cache nothing is remembered."""
    monkeypatch.setenv("MOCKSERVER_CACHE", str(tmp_path))
    first, _ = verified("needs a browser", most=8)
    again, _ = verified("needs a browser", most=8)
    assert [found.case for found in again.found] == [found.case for found in first.found]
    assert again.runs < first.runs
    monkeypatch.setenv("MOCKSERVER_CACHE", "off")
    assert verified("needs a browser", most=8)[0].runs == first.runs
