"""What a whole test costs in the process: the same test with respx, pytest-httpx, responses and with ours, side by side.

    pip install --group benchmarks && python benchmarks/in_process.py [--tests 300] [--rounds 5]

Each suite is a file of so many equal tests: set up, one request, one look at the reply, tear down. A round runs every suite in a fresh
pytest, each way in turn, so that what the machine does besides falls on all of them. What pytest itself costs is told by an empty suite
and taken off.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

head = """
import httpx, pytest
client = httpx.Client(base_url="https://api.workos.com", headers={"authorization": "Bearer sk_test"})
page = {"object": "list", "data": [], "list_metadata": {"before": None, "after": None}}
"""

suites = {
    "nothing": (
        """
@pytest.mark.parametrize("n", range({tests}))
def test_one(n):
    pass
""",
        (),
    ),
    "respx": (
        """
@pytest.mark.parametrize("n", range({tests}))
def test_one(n, respx_mock):
    respx_mock.get("https://api.workos.com/user_management/users", params={{"limit": "1"}}).respond(json=page)
    assert client.get("/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        ("respx",),
    ),
    "pytest-httpx": (
        """
@pytest.mark.parametrize("n", range({tests}))
def test_one(n, httpx_mock):
    httpx_mock.add_response(url="https://api.workos.com/user_management/users?limit=1", json=page)
    assert client.get("/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        ("pytest_httpx",),
    ),
    "responses (requests)": (
        """
import requests, responses
session = requests.Session()
@pytest.mark.parametrize("n", range({tests}))
def test_one(n):
    with responses.RequestsMock() as mock:
        mock.get("https://api.workos.com/user_management/users", json=page)
        assert session.get("https://api.workos.com/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        (),
    ),
    "ours, intercepted": (
        """
@pytest.mark.mockserver(intercept=True)
@pytest.mark.parametrize("n", range({tests}))
def test_one(n, workos):
    client.headers["authorization"] = "Bearer " + workos.credentials["api_key"]
    assert client.get("/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        ("mockserver",),
    ),
    "ours, by transport": (
        """
client = httpx.Client(base_url="https://api.workos.com", transport=(relay := httpx.MockTransport(lambda request: None)))
@pytest.mark.parametrize("n", range({tests}))
def test_one(n, workos):
    client._transport = workos.transport()
    client.headers["authorization"] = "Bearer " + workos.credentials["api_key"]
    assert client.get("/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        ("mockserver",),
    ),
    "ours (requests)": (
        """
import requests
session = requests.Session()
@pytest.mark.mockserver(intercept=True)
@pytest.mark.parametrize("n", range({tests}))
def test_one(n, workos):
    session.headers["authorization"] = "Bearer " + workos.credentials["api_key"]
    assert session.get("https://api.workos.com/user_management/users", params={{"limit": 1}}).status_code == 200
""",
        ("mockserver",),
    ),
}

plugins = {"respx": "respx", "pytest_httpx": "pytest_httpx", "mockserver": "mockserver.pytest_plugin"}


def seconds(folder: Path, suite: Path, wanted: tuple[str, ...]) -> float:
    """The processor time a suite takes, plugins of the others left out. Wall time would measure the machine's other work, too."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"-p{plugins[name]}" for name in wanted), str(suite)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if told.returncode:
        sys.exit(f"{suite.name} did not pass:\n{told.stdout[-2000:]}{told.stderr[-2000:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken: dict[str, list[float]] = {suite: [] for suite in suites}
        few = {suite: folder / f"test_few_{number}.py" for number, suite in enumerate(suites)}
        many = {suite: folder / f"test_many_{number}.py" for number, suite in enumerate(suites)}
        for suite, (text, _) in suites.items():
            few[suite].write_text(head + text.format(tests=2))
            many[suite].write_text(head + text.format(tests=told.tests + 2))
        for _ in range(told.rounds):
            for suite, (_, wanted) in suites.items():
                start, whole = seconds(folder, few[suite], wanted), seconds(folder, many[suite], wanted)
                taken[suite].append((whole - start) / told.tests * 1e6)
        empty = statistics.median(taken["nothing"])
        print(f"{told.tests} tests, {told.rounds} rounds; microseconds a test beyond an empty one, which takes {empty:.0f}")
        for suite, figures in taken.items():
            if suite != "nothing":
                print(f"  {suite:<24}{statistics.median(figures) - empty:8.0f}   best {min(figures) - empty:.0f}")


if __name__ == "__main__":
    main()
