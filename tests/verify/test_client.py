"""Clients with one planted defect each are found out, in the words of its kind; their correct twins pass in every mode."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from mockserver.cli_verify import verify
from mockserver.errors import MockServerError
from mockserver.vendors import engine as load_engine
from mockserver.vendors import site
from mockserver.verify.client import Report, Verification, load
from mockserver.verify.draws import modes
from mockserver.verify.judge import kinds
from mockserver.verify.runs import Runner
from mockserver.web.app import App
from mockserver.web.server import Plan, in_thread

clients = Path(__file__).parent / "clients"
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")

Try = Callable[..., Report]


@pytest.fixture(scope="module")
def verified() -> Iterator[Try]:
    """A client run against WorkOS, all on one server: `verified("sessions.py", "list", defect, "valid", most=12)`."""
    place = site(["workos"])
    (engine,) = place.engines.values()
    quiet = logging.getLogger("uvicorn.error")
    quiet.addFilter(silence)
    with in_thread(App(place), Plan(tls_port=0)) as address:

        def run(file: str, job: str, defect: str, *kinds: str, most: int = 12, seconds: float = 8.0) -> Report:
            program = [sys.executable] if file.endswith(".py") else ["node"]
            command = [*program, str(clients / file), job, *([defect] if defect else [])]
            runner = Runner(place, engine, address, command, seconds)
            try:
                return Verification(runner, kinds=kinds, most=most, view="sessions" if job == "list" else None).all()
            finally:
                runner.close()

        yield run
    quiet.removeFilter(silence)


def silence(_: logging.LogRecord) -> bool:
    """Connections that clients leave in the middle are meant here."""
    return False


planted = [
    ("sessions.py", "list", "needs a browser", "valid", 8, "crash", "user_agent"),
    ("sessions.py", "list", "needs an address", "valid", 8, "crash", "ip_address"),
    ("sessions.py", "list", "knows all ways in", "valid", 14, "crash", "auth_method"),
    ("sessions.py", "list", "reads times its own way", "valid", 14, "crash", "expires_at"),
    ("sessions.py", "list", "closes the door to new fields", "valid", 8, "crash", "x_unforeseen"),
    ("sessions.py", "list", "needs a row", "valid", 8, "crash", "0 rows"),
    ("sessions.py", "offboard", "needs a name", "valid", 8, "crash", "first_name"),
    ("sessions.py", "list", "drops who came by other ways", "valid", 8, "wrong view", "user_agent"),
    ("sessions.py", "list", "reads one page", "valid", 4, "wrong view", "lost"),
    ("sessions.py", "list", "stops at a short page", "state", 6, "wrong view", "at most 1"),
    ("sessions.py", "list", "is lost without its key", "state", 6, "crash", "expire"),
    ("sessions.py", "offboard", "insists on what it saw", "state", 8, "crash", "vanishes from"),
    ("sessions.py", "list", "believes any id", "near-miss", 14, "wrong view", "data/0/id"),
    ("sessions.py", "list", "asks for too much", "valid", 1, "request outside the contract", "query limit"),
    ("sessions.py", "list", "asks for what is not there", "valid", 1, "request outside the contract", "query page"),
    ("sessions.py", "offboard", "sends more", "valid", 1, "request outside the contract", "body /why"),
    ("sessions.py", "list", "trusts every body", "near-miss", 4, "crash", "is not JSON"),
    ("sessions.py", "list", "takes what it cannot read for nothing", "near-miss", 4, "swallowed error", "could not be read"),
    ("sessions.py", "list", "does without the list", "near-miss", 6, "swallowed error", "data is missing"),
    ("sessions.py", "list", "takes errors for nothing", "faults", 9, "swallowed error", "500"),
    ("sessions.py", "list", "ignores the length", "faults", 4, "swallowed error", "cut short"),
    ("sessions.py", "offboard", "does not look", "faults", 22, "swallowed error", "revoke"),
    ("sessions.py", "list", "does not catch", "faults", 4, "crash", "cut of listSessions"),
    ("sessions.py", "list", "does not wait", "faults", 4, "ignored wait", "Retry-After: 1"),
    ("sessions.py", "offboard", "repeats what it may have done", "faults", 22, "unsafe repeat", "revoke"),
    ("sessions.py", "list", "waits for ever", "faults", 1, "hang", "slow"),
    ("sessions.py", "list", "retries for ever", "faults", 14, "hang", "status=503"),
    ("sessions.py", "list", "never ends", "valid", 1, "hang", "calls"),
    ("sessions.mjs", "list", "needs a browser", "valid", 8, "crash", "user_agent"),
    ("sessions.mjs", "list", "drops who came by other ways", "valid", 8, "wrong view", "ip_address"),
    ("sessions.mjs", "list", "reads one page", "valid", 1, "wrong view", "lost"),
    ("sessions.mjs", "list", "stops at a short page", "state", 6, "wrong view", "at most 1"),
    ("sessions.mjs", "list", "trusts every body", "near-miss", 3, "crash", "is not JSON"),
    ("sessions.mjs", "list", "takes errors for nothing", "faults", 9, "swallowed error", "500"),
    ("sessions.mjs", "list", "does not catch", "faults", 3, "crash", "cut of listSessions"),
    ("sessions.mjs", "list", "does not wait", "faults", 3, "ignored wait", "Retry-After: 1"),
    ("sessions.mjs", "list", "waits for ever", "faults", 1, "hang", "slow"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "job", "defect", "mode", "most", "kind", "words"),
    [pytest.param(*each, marks=node if each[0].endswith("mjs") else (), id=f"{each[0]} {each[2]}") for each in planted],
)
def test_a_planted_defect_is_found(verified: Try, file: str, job: str, defect: str, mode: str, most: int, kind: str, words: str) -> None:
    """As the kind it is, with what shows it, and with the replies that do."""
    seconds = 4.0 if kind == "hang" else 8.0
    found = [each for each in verified(file, job, defect, mode, most=most, seconds=seconds).found if each.kind == kind]
    assert any(words in each.reason for each in found), [each.reason for each in found]
    assert all(each.replies for each in found)


def test_every_kind_of_finding_has_a_planted_defect() -> None:
    """So that none of them is only a word."""
    assert {each[5] for each in planted} == set(kinds)


@pytest.mark.slow
@pytest.mark.parametrize("job", ["list", "offboard"])
def test_the_correct_twin_passes_in_every_mode(verified: Try, job: str) -> None:
    """Nothing is found where nothing is wrong."""
    report = verified("sessions.py", job, "", *modes, most=60)
    assert [each.reason for each in report.found] == []
    assert all(report.cases.values())


@pytest.mark.slow
@node
def test_the_correct_twin_in_node_passes_in_every_mode(verified: Try) -> None:
    """Whatever language it is written in."""
    assert [each.reason for each in verified("sessions.mjs", "list", "", *modes, most=40).found] == []


@pytest.mark.slow
def test_a_finding_is_told_once_and_as_small_as_it_can_be(verified: Try) -> None:
    """One record with one field that is not as usual, however many cases showed it."""
    (found,) = verified("sessions.py", "list", "needs a browser", "valid", most=14).found
    rows, change = found.case.changes
    assert (rows["do"], rows["count"]) == ("rows", 1)
    assert change["path"] == ["user_agent"]
    assert len(found.replies) == 1
    assert "openapi.yaml" in found.allowed


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mockserver", "verify", *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_what_was_saved_is_replayed_until_it_is_mended(tmp_path: Path) -> None:
    """The file replays the finding for the client that has it, and nothing for the one that has not."""
    file, report = tmp_path / "found.json", tmp_path / "junit.xml"
    common = ["client", "--vendor", "workos", "--view", "sessions"]
    broken = [sys.executable, str(clients / "sessions.py"), "list", "needs a row"]
    first = call(*common, "--modes", "valid", "--max-examples", "5", "--save", str(file), "--junit", str(report), "--", *broken)
    assert first.returncode == 1, first.stderr
    assert "0 rows of listSessions" in first.stdout
    assert ET.parse(report).getroot().get("failures") == "1"
    again = call(*common, "--replay", str(file), "--json", "--", *broken)
    assert again.returncode == 1
    assert json.loads(again.stdout)["findings"][0]["kind"] == "crash"
    assert call(*common, "--replay", str(file), "--", *broken[:-1]).returncode == 0
    assert len(load(file)) == 1


findings = Path(__file__).parents[2] / "docs" / "findings"


@pytest.mark.parametrize("file", sorted(findings.glob("*.json")), ids=lambda file: file.stem)
def test_what_is_told_of_published_clients_can_be_replayed(file: Path) -> None:
    """The file is read, its operations are there still, and the page names it beside the program that it is replayed with."""
    told = json.loads(file.read_text())
    assert len(load(file)) == len(told["findings"]) > 0
    contract = load_engine(told["vendor"]).contract
    assert all(change["operation"] in contract.operations for case in load(file) for change in case.changes if "operation" in change)
    page = (findings.parent / "findings.md").read_text()
    command = re.search(rf"docs/findings/{file.name} -- (?:python|node) (\S+)`", page)
    assert command is not None
    assert (findings.parents[1] / command[1]).is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["client", "--vendor", "workos", "--", "/no/such/command"], "cannot be started"),
        (["client", "--vendor", "workos", "--", sys.executable, "-c", "raise SystemExit(3)"], "made no call"),
        (["client", "--vendor", "workoss", "--", "true"], "did you mean 'workos'"),
        (["client", "--vendor", "workos", "--modes", "near_miss", "--", "true"], "did you mean 'near-miss'"),
        (["client", "--vendor", "workos", "--operations", "listSesions", "--", "true"], "did you mean 'listSessions'"),
        (["client", "--vendor", "workos", "--view", "session", "--", "true"], "did you mean 'sessions'"),
        (["client", "--vendor", "workos", "--replay", "/no/such/file", "--", "true"], "No such file"),
        (["fake", "--url", "ftp://example.com", "workos"], "is no address"),
        (["fake", "workos", "--operations", "nope"], "unknown operation"),
    ],
)
def test_what_cannot_be_run_is_one_line(arguments: list[str], words: str) -> None:
    """That says what to do; nothing was verified."""
    result = CliRunner().invoke(verify, arguments)
    assert isinstance(result.exception, MockServerError), result.output
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
