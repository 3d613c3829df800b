"""The benchmarks run where a stranger runs them, and compare like with like. No time is judged here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

root = Path(__file__).parents[2]
command = [sys.executable, str(root / "benchmarks" / "side_by_side.py")]
shortly = ["--only", "loads", "--rounds", "1", "--requests", "1", "--warm", "0"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="benchmarks read Linux's own count of a process's time")


def environment(scratch: Path, programs: str = os.environ["PATH"]) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(scratch), "PATH": programs, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}


def inside(script: str) -> str:
    """What a script prints that may import the benchmarks' modules."""
    told = subprocess.run([sys.executable, "-c", script], cwd=root / "benchmarks", capture_output=True, text=True, check=True)
    return told.stdout


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_help_names_every_section_and_every_peer() -> None:
    """Who asks for help learns what can be measured and beside whom."""
    told = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    words = " ".join(told.stdout.split())
    for name in json.loads(inside("import json, side_by_side as s; print(json.dumps([*s.sections, *(peer.name for peer in s.peers)]))")):
        assert name in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "speed"], "invalid choice: 'speed'"),
        (["--peers", "apache"], "invalid choice: 'apache'"),
        (["--rounds", "0"], "argument --rounds: invalid positive value: '0'"),
        (["--alone", "--peers", "prism"], "not allowed with"),
    ],
    ids=["a section", "a peer", "no rounds", "alone beside a peer"],
)
def test_what_cannot_be_measured_is_said_at_once(words: list[str], said: str) -> None:
    """A word that means nothing ends it with exit code 2 before anything is installed or started."""
    told = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert said in told.stderr


@pytest.mark.parametrize(
    ("npm", "why"),
    [
        ("#!/bin/sh\necho 'npm error code E404' >&2\necho 'npm error 404 no such package' >&2\nexit 1\n", "npm could not install it: E404"),
        ("", "needs `npm`, which is not on this machine"),
        ("#!/bin/sh\nexit 0\n", "did not come up: "),
    ],
    ids=["npm refuses", "no npm", "npm brings nothing"],
)
def test_a_peer_that_cannot_be_had_is_told_and_the_others_are_measured(npm: str, why: str, tmp_path: Path) -> None:
    """Its rows say why in place of figures, ours are there, the exit code is 1, and nothing is left in the temporary folder."""
    programs, scratch = tmp_path / "bin", tmp_path / "tmp"
    programs.mkdir()
    scratch.mkdir()
    for name, text in {"npm": npm, "node": "#!/bin/sh\necho 'module not found' >&2\nexit 1\n"}.items():
        if text:
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
    told = subprocess.run(
        [*command, *shortly, "--peers", "prism"], env=environment(scratch, str(programs)), capture_output=True, text=True, check=False
    )
    rows = [line for line in told.stdout.splitlines() if line.startswith("prism ") and "—" in line]
    assert told.returncode == 1, told.stderr
    assert len(rows) == 4
    assert all(why in row for row in rows)
    assert sum(line.startswith("ours ") for line in told.stdout.splitlines()) == 5
    assert f"not measured: prism: {why}" in told.stderr
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_who_stops_it_finds_nothing_left(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C or a kill in the middle of a run ends every server that it started and removes its folder."""
    with subprocess.Popen(
        [*command, "--only", "loads", "--alone", "--warm", "0", "--rounds", "100000"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        while "requests/s   " not in process.stdout.readline():
            assert process.poll() is None
        started = children(process.pid)
        process.send_signal(how)
        assert process.wait(60) == 1
        assert process.stderr.read() == "stopped\n"
    assert len(started) == 3
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []


def test_ours_and_the_one_by_hand_are_asked_and_answer_the_same(tmp_path: Path) -> None:
    """Same statuses, same type, same fields, what breaks the contract refused by both; otherwise the yardstick would do less or more than we."""
    script = f"""
import json, pathlib
from load import Load
from servers import by_hand, new_session, ours, running
from shop import document
folder = pathlib.Path({str(tmp_path)!r})
(folder / "shop.json").write_text(json.dumps(document()))
def seen(server):
    with running(server, folder / "shop.json", folder) as (port, pid, _):
        def ask(*requests): return list(Load(port, pid, 1).answers(list(requests)))
        made = json.loads(ask(("POST", "/sessions", new_session))[0][1])
        one = "/sessions/" + made["id"]
        asked = [
            ("GET", one, b""), ("POST", "/sessions", new_session), ("GET", "/sessions?limit=1", b""), ("DELETE", one, b""),
            ("GET", one, b""), ("DELETE", one, b""), ("POST", "/sessions", b"{{}}"), ("POST", "/sessions", b"{{"),
            ("POST", "/sessions", new_session[:-1] + b', "more": 1}}'), ("GET", "/sessions?limit=0", b""), ("GET", "/sessions?limit=x", b""),
        ]
        for (method, path, _), (status, body) in zip(asked, ask(*asked)):
            yield [method, path.replace(made["id"], "ID"), status, list(json.loads(body)) if body and status < 300 else None]
print(json.dumps([list(seen(by_hand)), list(seen(ours))]))
"""
    by_hand, ours = json.loads(inside(script))
    assert [each[2] for each in by_hand] == [200, 201, 200, 204, 404, 404, 400, 400, 400, 400, 400]
    assert ours == by_hand


def test_every_server_can_be_asked_every_load() -> None:
    """A row of the table knows its path, page and body; bodies that must differ do."""
    script = """
import json
from peers import peers
from servers import bare, by_hand, loads, ours
for server in (by_hand, ours, bare, *peers):
    for load in loads:
        (method, path, body), (_, _, second) = server.requests(load, ["a"], 2)
        assert path.startswith(server.path), (server.name, path)
        assert (method == "POST") == bool(body), (server.name, load)
        assert (body != second) == (b"#" in server.body and method == "POST"), (server.name, load)
        assert not body or json.loads(body)
    assert all("@" in each[1:] for each in server.packages), server.packages
print("asked")
"""
    assert inside(script) == "asked\n"


def test_the_time_of_threads_that_have_ended_is_counted() -> None:
    """A server on the JVM starts and ends threads as it goes; what they took is its own."""
    burner = """
import sys, threading, time
def burn():
    sum(range(2_000_000))
    print(time.thread_time_ns(), flush=True)
thread = threading.Thread(target=burn); thread.start(); thread.join()
print("ended", flush=True); sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", burner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        burnt, _ = int(process.stdout.readline()), process.stdout.readline()
        counted = float(inside(f"from load import cpu; print(cpu({process.pid}))"))
    assert counted >= burnt / 1e9
