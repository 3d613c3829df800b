"""`mockserver ctl` and the same verbs as Python, against a running server; `mockserver demo` with the network cable out."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from mockserver.cli_live import Line, ctl, seconds, tree
from mockserver.engine.site import Site
from mockserver.errors import BadOption
from mockserver.remote import Refused, Remote, contract, snake
from mockserver.ui import dashboard
from mockserver.web.app import App
from mockserver.web.server import in_thread
from tests import toy

top = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Site, str]]:
    site = toy.site()
    with in_thread(App(site, dashboard.routes(site))) as address:
        yield site, address.url


@pytest.fixture
def run(running: tuple[Site, str], request: pytest.FixtureRequest) -> Callable[..., Result]:
    world = re.sub(r"\W+", "-", request.node.name)[:60].strip("-")

    def call(*words: str) -> Result:
        return CliRunner().invoke(ctl, ["--url", running[1], "--world", world, *words])

    return call


def told(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


commands = {" ".join(line.words): line for each in contract().operations.values() for line in map(Line.read, each.node.get("x-ctl", ()))}


def test_every_operation_can_be_said_on_the_command_line() -> None:
    """All but the document itself, which programs read."""
    silent = [each.id for each in contract().operations.values() if not each.node.get("x-ctl")]
    assert silent == ["showDocument"]


@pytest.mark.parametrize("words", commands)
def test_every_command_has_help_with_an_example(words: str) -> None:
    """--help of each tells what it does and shows a line that can be typed."""
    result = CliRunner().invoke(ctl, [*words.split(), "--help"])
    assert result.exit_code == 0
    assert f"mockserver ctl {words}" in result.output


@pytest.mark.parametrize("words", commands)
def test_every_command_takes_what_its_operation_takes(words: str) -> None:
    """Arguments and fixed values of a line are parameters of its operation or fields of its body."""
    operation = next(
        each
        for each in contract().operations.values()
        for line in each.node.get("x-ctl", ())
        if Line.read(line).words == tuple(words.split())
    )
    command: click.Command = tree()[words.split(maxsplit=1)[0]]
    if isinstance(command, click.Group):
        command = command.commands[words.split()[1]]
    body = contract().properties(operation.body[1]["application/json"]) if operation.body else {}
    known = {each.name for each in operation.parameters} | set(body)
    assert {*commands[words].arguments, *commands[words].fixed} <= known


def test_a_story_by_command_line(run: Callable[..., Result], running: tuple[Site, str]) -> None:
    """Checkpoint, change, diff, clock, faults, journal, rewind: what is done is done in the world that was named."""
    told(run("checkpoints", "keep", "before"))
    added = told(run("state", "add", "library", "shelves", "name=Blue"))
    assert isinstance(added, dict)
    assert told(run("state", "change", "library", "shelves", added["id"], "name=Red"))["name"] == "Red"
    assert told(run("state", "list", "library", "shelves", "name=Red", "--limit", "1"))["total"] == 1
    assert [each["change"] for each in told(run("worlds", "diff", "--since", "before"))["changes"]] == ["added"]
    assert told(run("clock", "advance", "2h"))["now"] == "2026-01-31T14:00:00.000Z"
    assert told(run("clock", "freeze", "2026-03-01T00:00:00Z"))["now"] == "2026-03-01T00:00:00.000Z"
    fault = told(
        run("faults", "add", "status", "--status", "403", "--operations", "getShelf", "--operations", "listShelves", "--times", "3")
    )
    assert fault["operations"] == ["getShelf", "listShelves"]
    assert len(told(run("faults", "pack", "bad day", "--vendor", "library"))["faults"]) > 1
    assert run("faults", "clear").output == ""
    assert told(run("worlds", "rewind", "before"))["now"] == "2026-01-31T12:00:00.000Z"
    assert told(run("worlds", "diff")) == {"changes": []}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["state", "get", "library", "shelves", "nope"], "no shelves 'nope'"),
        (["state", "add", "library", "shelves", "name"], "not NAME=VALUE"),
        (["clock", "advance", "soon"], "span of time"),
        (["clock", "freeze", "noon"], "freeze"),
        (["faults", "add", "sloow"], "sloow"),
        (["people", "show", "fard@example.com"], "did you mean 'farid@example.com'"),
        (["worlds", "rewind", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_is_one_line(run: Callable[..., Result], words: list[str], said: str) -> None:
    """The server's own words, as an error of the command line."""
    result = run(*words)
    assert result.exit_code != 0
    assert said in str(result.exception) + result.output


def test_nobody_there_is_one_line_and_exit_2() -> None:
    """The whole program: no traceback when no server listens."""
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "ctl", "--url", "http://127.0.0.1:9", "health"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"mockserver: http://127.0.0.1:9: .*mockserver serve.*\n", done.stderr)


@pytest.mark.parametrize(("text", "value"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("-1d", -86400), ("1.5h", 5400)])
def test_spans_of_time_are_read(text: str, value: float) -> None:
    """Seconds, or a number with s, m, h or d."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "h", "1w", "2 h", "1h30m"])
def test_other_spans_are_refused(text: str) -> None:
    """With the forms that are known."""
    with pytest.raises(BadOption, match="15m, 2h or 1d"):
        seconds(text)


def test_every_operation_is_a_method(running: tuple[Site, str]) -> None:
    """snake_case of the operationId; a name that is none says which is like it."""
    server = Remote(running[1], world="remote")
    for operation in contract().operations:
        assert callable(getattr(server, snake(operation)))
    with pytest.raises(AttributeError, match="did you mean 'move_clock'"):
        server.move_clok(advance=1)
    assert server.move_clock(advance=60)["now"] == "2026-01-31T12:01:00.000Z"
    assert server.show_record(vendor="library", kind="shelves", key="s000")["name"] == "Ada"
    with pytest.raises(Refused, match="no shelves 's0/0'") as refused:
        server.show_record(vendor="library", kind="shelves", key="s0/0")
    assert refused.value.status == 404
    assert server.remove_record(vendor="library", kind="shelves", key="s000") is None


def test_a_program_can_follow_the_journal(running: tuple[Site, str]) -> None:
    """Exchanges come one by one as they happen, those that the filter lets through."""
    site, url = running
    followed = Remote(url, world="followed").follow_journal(verdict="broken")
    heard: list[dict[str, object]] = []
    reader = threading.Thread(target=lambda: heard.append(next(followed)), daemon=True)
    reader.start()
    world = {**toy.writer, "mock-world": "followed"}
    while reader.is_alive():  # the stream tells from when it was begun: asked again until it hears
        toy.ask(site, "GET", "/shelves", headers=world)
        toy.ask(site, "GET", "/shelves", query="limit=0", headers=world)
        reader.join(0.05)
    followed.close()
    assert heard[0]["verdict"] == "broken"


def test_a_public_server_tells_its_token_once_and_wants_it_ever_after() -> None:
    """--public with an address that others reach: the control API and the dashboard answer whoever shows the token, and nobody else."""
    words = ["serve", "workos", "--host", "0.0.0.0", "--public", "--port", "0", "--json"]
    server = subprocess.Popen([sys.executable, "-m", "mockserver", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        url = f"http://127.0.0.1:{ready['url'].rpartition(':')[2]}"
        with pytest.raises(Refused, match="wants its token"):
            Remote(url).show_health()
        assert Remote(url, token=ready["control_token"]).show_health()["status"] == "ok"
        assert len(ready["control_token"]) >= 32
    finally:
        server.terminate()
        server.wait(20)
        assert server.stdout is not None
        server.stdout.close()


# -- the demo -----------------------------------------------------------------------------------------------------------

cable_out = """
import socket
connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

def near(address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost", None):
        raise AssertionError(f"the network cable is out: {address[0]}")

def guarded(self, address):
    near(address)
    return connect(self, address)

def resolved(host, *rest, **more):
    near((host,))
    return getaddrinfo(host, *rest, **more)

socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo = guarded, guarded, resolved
"""


@pytest.fixture
def unplugged(tmp_path: Path) -> dict[str, str]:
    """The environment of a process all of whose sockets to anywhere else are refused."""
    (tmp_path / "sitecustomize.py").write_text(cable_out)
    return {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{top}", "PYTHONUNBUFFERED": "1"}


def test_the_cable_is_really_out(unplugged: dict[str, str]) -> None:
    """What the next test relies on: another address is refused, by name and by number."""
    for host in ("192.0.2.1", "www.example.com"):
        code = f"import socket; socket.create_connection(({host!r}, 80), 1)"
        done = subprocess.run([sys.executable, "-c", code], env=unplugged, capture_output=True, text=True, check=False)
        assert "the network cable is out" in done.stderr


@pytest.mark.slow
def test_the_demo_works_with_the_network_cable_out(unplugged: dict[str, str]) -> None:
    """`mockserver demo` serves everything, examples/offboard.py signs a person out everywhere, every page of the dashboard answers."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "demo", "--no-browser", "--port", "0"], env=unplugged, stderr=subprocess.PIPE, text=True
    )
    try:
        assert demo.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", demo.stderr.readline())
        assert found is not None
        client = [sys.executable, str(top / "examples" / "offboard.py"), "farid@example.com", "--url", found[0], "--pace", "0"]
        done = subprocess.run(client, env=unplugged, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("6 of 6 ended") == 4
        assert done.stderr.endswith("24 sessions ended\n")
        again = subprocess.run(client, env=unplugged, capture_output=True, text=True, check=False, timeout=60)
        assert again.stderr.endswith("0 sessions ended\n")
        server = Remote(found[0])
        assert set(server.show_person(email="farid@example.com")["sessions"].values()) == {0}
        assert server.show_journal(verdict="broken") == {"total": 0, "exchanges": []}
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(20) == 0
    finally:
        demo.kill()
        demo.wait(20)
        assert demo.stderr is not None
        demo.stderr.close()


def test_the_client_says_when_nobody_is_there() -> None:
    """One line and exit 2."""
    assert shutil.which(sys.executable)
    done = subprocess.run(
        [sys.executable, str(top / "examples" / "offboard.py"), "ada@example.com", "--url", "http://127.0.0.1:9"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("offboard: http://127.0.0.1:9 is no mockserver")
    assert done.stderr.count("\n") == 1
