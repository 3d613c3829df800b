"""What a whole test costs in the process: the same test with respx, pytest-httpx, responses and with ours, side by side.

    python benchmarks/in_process.py [--tests 200] [--rounds 7] [--peers FOLDER]

Each suite is a file of so many equal tests, each beside an empty one: set up, one request of a client that is kept, one look at the
reply, tear down. The clock is the process's own and runs from before a test's setup to after its report. A round runs every suite in a
fresh pytest with no plugins but its own, each way in turn, so that what the machine does besides falls on all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from shop import document

here: Final = Path(__file__).resolve().parent
peers: Final = ("pytest-httpx>=0.36", "responses>=0.26", "respx>=0.23")

clock: Final = """
import json, os, time
import pytest

taken = {"test_empty": [], "test_one": []}

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["n"])

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    before = time.process_time_ns()
    result = yield
    taken[item.originalname].append((time.process_time_ns() - before) / 1000)
    return result

def pytest_sessionfinish():
    with open(os.environ["TAKEN"], "w") as file:
        json.dump(taken, file)
"""

head: Final = """
import pytest
page = {{"object": "list", "data": [], "list_metadata": {{"before": None, "after": None}}}}
each = pytest.mark.parametrize("n", range({tests}))

@each
def test_empty(n):
    pass
"""

by_httpx: Final = """
import httpx
client = httpx.Client(base_url="https://api.workos.com", headers={{"authorization": "Bearer sk_test"}})
address = "/user_management/users"
"""

by_document: Final = """
import httpx
client = httpx.Client(base_url="https://api.example.com")
"""

by_requests: Final = """
import requests
client = requests.Session()
address = "https://api.workos.com/user_management/users"
"""


class Suite(NamedTuple):
    """The text of a suite, and the plugin it needs."""

    text: str
    plugin: str = ""


nothing: Final = """
@each
def test_one(n):
    pass
"""

intercepted: Final = """
@pytest.mark.mockserver(intercept=True)
@each
def test_one(n, workos):
    if n == 0:  # it is the same in every test
        client.headers["authorization"] = "Bearer " + workos.credentials["api_key"]
    assert client.get(address, params={{"limit": 1}}).status_code == 200
"""

suites: Final[Mapping[str, Suite]] = {
    "no plugin": Suite(nothing),
    "our plugin, not used": Suite(nothing, "mockserver.pytest_plugin"),
    "pytest-httpx": Suite(
        by_httpx
        + """
@each
def test_one(n, httpx_mock):
    httpx_mock.add_response(url="https://api.workos.com/user_management/users?limit=1", json=page)
    assert client.get(address, params={{"limit": 1}}).status_code == 200
""",
        "pytest_httpx",
    ),
    "respx": Suite(
        by_httpx
        + """
@each
def test_one(n, respx_mock):
    respx_mock.get("https://api.workos.com/user_management/users", params={{"limit": "1"}}).respond(json=page)
    assert client.get(address, params={{"limit": 1}}).status_code == 200
""",
        "respx.plugin",
    ),
    "ours, httpx intercepted": Suite(by_httpx + intercepted, "mockserver.pytest_plugin"),
    "ours, a document of one's own": Suite(
        by_document
        + """
@pytest.mark.mockserver("shop.json", intercept=True)
@each
def test_one(n, mockserver):
    assert client.get("/sessions", params={{"limit": 1}}).status_code == 200
""",
        "mockserver.pytest_plugin",
    ),
    "ours, httpx by transport": Suite(
        """
import httpx
address = "/user_management/users"

@each
def test_one(n, workos):
    key = {{"authorization": "Bearer " + workos.credentials["api_key"]}}
    client = httpx.Client(base_url="https://api.workos.com", headers=key, transport=workos.transport())
    assert client.get(address, params={{"limit": 1}}).status_code == 200
""",
        "mockserver.pytest_plugin",
    ),
    "responses": Suite(
        by_requests
        + """
import responses

@each
def test_one(n):
    with responses.RequestsMock() as mock:
        mock.get(address, json=page)
        assert client.get(address, params={{"limit": 1}}).status_code == 200
"""
    ),
    "ours, requests intercepted": Suite(by_requests + intercepted, "mockserver.pytest_plugin"),
}

warm: Final = 20
"""Tests that are not counted: the first ones import and compile."""


def run(folder: Path, name: str, added: Path) -> tuple[float, float]:
    """Microseconds of processor time that an empty test and the suite's own took, medians of one pytest run."""
    plugin, taken = suites[name].plugin, folder / "taken.json"
    file = folder / f"test_{list(suites).index(name)}.py"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "clock",
        *(["-p", plugin] if plugin else []),
        str(file),
    ]
    path = os.pathsep.join([str(folder), str(added), str(here.parent)])
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path, "TAKEN": str(taken)}
    told = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if told.returncode:
        sys.exit(f"{name} did not pass:\n{told.stdout[-2000:]}{told.stderr[-2000:]}")
    times = json.loads(taken.read_text())
    return statistics.median(times["test_empty"][warm:]), statistics.median(times["test_one"][warm:])


def spread(figures: list[float]) -> str:
    low, middle, high = statistics.quantiles(figures, n=4)
    return f"{middle:8.0f}  ({low:.0f}-{high:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=Path, help="where the peers are installed; without it they are, into a temporary folder")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        added = told.peers or folder / "peers"
        if not added.exists():
            install = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(added), *peers]
            subprocess.run([sys.executable, "-m", *install], check=True)
        (folder / "clock.py").write_text(clock)
        (folder / "shop.json").write_text(json.dumps({**document(4), "servers": [{"url": "https://api.example.com"}]}))
        for number, each in enumerate(suites.values()):
            (folder / f"test_{number}.py").write_text((head + each.text).format(tests=told.tests + warm))
        taken: dict[str, list[tuple[float, float]]] = {suite: [] for suite in suites}
        for _ in range(told.rounds):
            for suite, figures in taken.items():
                figures.append(run(folder, suite, added))
    print(f"{told.tests} tests, {told.rounds} rounds; microseconds of processor time, medians and (the middle half of the rounds)")
    print(f"  {'':<28}{'an empty test':<24}one request, beyond that")
    for suite, figures in taken.items():
        beyond = "" if suites[suite].text == nothing else spread([one - empty for empty, one in figures])
        print(f"  {suite:<28}{spread([empty for empty, _ in figures]):<24}{beyond}")


if __name__ == "__main__":
    main()
