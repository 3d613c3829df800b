"""The command line: composes, prints, exits. Every error is one clear line and exit 2."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import __version__, vendors

program = Path(sys.executable).with_name("mockserver")
plain = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_") or name == "MOCKSERVER_CACHE"}


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in a folder."""
    return subprocess.run(
        [program, *arguments], cwd=cwd, env={**plain, **(env or {})}, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def serving(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """`mockserver serve --json …` for as long as the block lasts: what it told, and its process."""
    command = [str(program), "serve", "--json", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env={**plain, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        try:
            line = server.stdout.readline()
            assert line, server.stderr.read()
            yield json.loads(line), server
        finally:
            server.kill()


# -- serve ----------------------------------------------------------------------------------------------------------


def test_json_is_exactly_one_line(tmp_path: Path) -> None:
    """Addresses and working credentials of every vendor, in one line, and nothing else ever on stdout."""
    with serving("--port", "0", cwd=tmp_path) as (told, server):
        assert told.keys() == {"url", "tls_url", "ca", "vendors"}
        assert (told["tls_url"], told["ca"]) == (None, None)
        assert sorted(told["vendors"]) == list(vendors.names())
        for name, own in told["vendors"].items():
            assert own["url"] == f"{told['url']}/{name}"
            assert own["tls_url"] is None
            assert own["credentials"]
            assert all(isinstance(value, str) for value in own["credentials"].values())
            assert httpx.get(f"{own['url']}/nowhere").headers["mock-problem"] == "unknown-path"
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        assert server.stdout
        assert server.stdout.read() == ""


def test_the_credentials_are_those_that_clients_know(tmp_path: Path) -> None:
    """Each vendor's by the names its clients call them."""
    with serving("--port", "0", cwd=tmp_path) as (told, _):
        names = {name: set(own["credentials"]) for name, own in told["vendors"].items()}
    assert names == {
        "azure": {"tenant_id", "client_id", "client_secret", "subscription_id", "access_token"},
        "pagerduty": {"api_key", "oauth_token"},
        "workos": {"api_key", "client_id"},
        "zendesk": {"email", "api_token", "oauth_token"},
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_a_clean_stop(number: signal.Signals, tmp_path: Path) -> None:
    """Exit 0, no traceback, although somebody still holds a connection; the port and the CA's file are let go."""
    with serving("zendesk", "--port", "0", "--tls", "--tls-port", "0", cwd=tmp_path) as (told, server):
        port = int(told["url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            server.send_signal(number)
            assert server.wait(20) == 0
        assert server.stderr
        assert "Traceback" not in server.stderr.read()
        assert not Path(told["ca"]).exists()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_tls_is_signed_by_the_ca_it_tells_of(tmp_path: Path) -> None:
    """Every vendor under https as well, for this machine's names and the vendors' real hosts."""
    with serving("--port", "0", "--tls", "--tls-port", "0", cwd=tmp_path) as (told, _):
        context = ssl.create_default_context(cafile=told["ca"])
        for name, own in told["vendors"].items():
            assert own["tls_url"] == f"{told['tls_url']}/{name}"
            assert httpx.get(f"{own['tls_url']}/nowhere", verify=context).headers["mock-problem"] == "unknown-path"
        port = int(told["tls_url"].rpartition(":")[2])
        for host in ("api.pagerduty.com", "management.azure.com", "login.microsoftonline.com", "api.workos.com", "company.zendesk.com"):
            with socket.create_connection(("127.0.0.1", port)) as sock, context.wrap_socket(sock, server_hostname=host):
                pass


def test_one_vendor_answers_at_the_root_too(tmp_path: Path) -> None:
    """`serve ONE` needs no prefix."""
    with serving("workos", "--port", "0", cwd=tmp_path) as (told, _):
        assert list(told["vendors"]) == ["workos"]
        key = told["vendors"]["workos"]["credentials"]["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{told['url']}/user_management/users", headers=headers).status_code == 200


def test_same_seed_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Scene, ids and credentials are the same whatever the process and its hash seed; another seed gives others."""

    def bytes_of(seed: str, hash_seed: str) -> list[bytes]:
        arguments = ("pagerduty", "--port", "0", "--seed", seed, "--people", "40", "--clock", "2026-01-31T09:00:00Z")
        with serving(*arguments, cwd=tmp_path, env={"PYTHONHASHSEED": hash_seed}) as (told, _):
            own = told["vendors"]["pagerduty"]
            headers = {"Authorization": f"Token token={own['credentials']['api_key']}"}
            users = httpx.get(f"{told['url']}/users?limit=100", headers=headers)
            first = users.json()["users"][0]["id"]
            sessions = httpx.get(f"{told['url']}/users/{first}/sessions", headers=headers)
            assert len(users.json()["users"]) == 40
            return [users.content.replace(told["url"].encode(), b""), sessions.content, json.dumps(own["credentials"]).encode()]

    assert bytes_of("7", "0") == bytes_of("7", "1")
    assert bytes_of("7", "0")[0] != bytes_of("8", "0")[0]


def test_the_banner_has_addresses_credentials_and_curl_lines(tmp_path: Path) -> None:
    """For people: on stderr, every vendor with what it takes to try it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(program), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=plain, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        assert server.stdout
        banner = ""
        while "Ctrl-C stops" not in banner:
            line = server.stderr.readline()
            assert line, banner
            banner += line
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stdout.read() == ""
    for name in vendors.names():
        assert f"http://127.0.0.1:{port}/{name}" in banner
    assert banner.count("    curl ") == len(vendors.names())
    assert "api_token" in banner


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here, so what the banner tells people to try is NOT tried")
def test_the_curl_lines_work() -> None:
    """What the banner tells people to paste into a shell is answered 200."""
    from mockserver.vendors import site as make_site
    from mockserver.web.app import App
    from mockserver.web.server import in_thread

    site = make_site()
    with in_thread(App(site)) as address:
        for name, engine in site.engines.items():
            facts = {
                **engine.vendor.credentials(site.scene, engine.options), **engine.vendor.subject(site.scene, engine.options),
                "url": f"{address.url}/{name}", "tls_url": f"{address.url}/{name}",
            }  # fmt: skip
            line = f"curl -s -o {os.devnull} -w '%{{http_code}}' {engine.vendor.sample.format_map(facts)}"
            assert subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=30).stdout == "200", line


# -- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "zendeks"], "unknown vendor 'zendeks': did you mean 'zendesk'?"),
        (["serve", ".."], "..: cannot be read: Is a directory"),
        (["serve", "."], ".: cannot be read: Is a directory"),
        (["serve", "none.yaml"], "none.yaml: cannot be read: No such file or directory"),
        (["serve", "broken.yaml"], "broken.yaml:2:"),
        (["serve", "empty.json"], "empty.json: not an OpenAPI document"),
        (["serve", "--scene", "companny"], "unknown scene 'companny': did you mean 'company'?"),
        (["serve", "--scene", "none.json"], "none.json: cannot be read: No such file or directory"),
        (["serve", "--scene", "scene.json"], "scene.json: /people: is str, not a list"),
        (["serve", "--scene", "records.json"], "/records/workos/usres"),
        (["serve", "--scene", "foreign.json"], "foreign.json: /records: 'wrkos': did you mean 'workos'?"),
        (["serve", "--clock", "yesterday"], "clock 'yesterday' is neither `real` nor an ISO 8601 time"),
        (["serve", "--clock", "9999-12-31"], "a clock goes from 1970-01-01T00:00:00Z"),
        (["serve", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["serve", "--people", "0"], "0 is not in the range 1<=x"),
        (["serve", "--people", "many"], "'many' is not a valid integer"),
        (["serve", "--host", "0.0.0.0"], "--host 0.0.0.0 can be reached from other machines"),
        (["serve", "--host", "256.1.1.1", "--public"], "cannot listen on 256.1.1.1 port"),
        (["serve", "--option", "zendesk.paln=team"], "unknown option of zendesk 'paln': did you mean 'plan'?"),
        (["serve", "--option", "zendesk.plan=gigantic"], "option zendesk.plan='gigantic' is not one of"),
        (["serve", "--option", "zendesk"], "is not VENDOR.NAME=VALUE, such as"),
        (["serve", "--option", "zendeks.plan=team"], "unknown API in the options: 'zendeks': did you mean 'zendesk'?"),
        (["serve", "--prot", "0"], "No such option '--prot'. (Did you mean one of: '--host', '--port'?)"),
        (["srve"], "No such command 'srve'"),
        (["vendors", "zendeks"], "unknown vendor 'zendeks': did you mean 'zendesk'?"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_every_mistake_is_one_clear_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    """What is wrong, where, and what to do, on stderr; exit 2, no traceback, nothing on stdout."""
    (tmp_path / "broken.yaml").write_text("openapi: 3.1.0\n\tpaths: {}\n")
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "scene.json").write_text('{"devices": {"d": {"user_agent": "x"}}, "people": "nobody"}')
    company = json.loads(vendors.shelf.scene("company").read_text())
    (tmp_path / "records.json").write_text(json.dumps({**company, "records": {"workos": {"usres": [{}]}}}))
    (tmp_path / "foreign.json").write_text(json.dumps({**company, "records": {"wrkos": {}}}))
    port = [] if "--port" in arguments or arguments[0] != "serve" else ["--port", "0"]
    ran = run(*arguments, *port, cwd=tmp_path)
    (line,) = ran.stderr.splitlines()
    assert line.startswith("mockserver: ")
    assert words in line
    assert (ran.returncode, ran.stdout) == (2, "")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """Which port, and how to take another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = run("serve", "--port", port, cwd=tmp_path)
    (line,) = ran.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with --port, or 0 for any free one" in line
    assert ran.returncode == 2


# -- defaults -------------------------------------------------------------------------------------------------------


def test_defaults_come_from_pyproject(tmp_path: Path) -> None:
    """[tool.mockserver] of the nearest pyproject.toml above, the folder it is run in included."""
    settings = '[tool.mockserver]\nvendors = ["zendesk"]\nport = 0\nclock = "2026-01-31T09:00:00Z"\n[tool.mockserver.options.zendesk]\nplan = "team"\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    below = tmp_path / "below"
    below.mkdir()
    with serving(cwd=below) as (told, _):
        assert list(told["vendors"]) == ["zendesk"]
        clock = httpx.get(f"{told['url']}/_mockserver/clock").json()
        assert (clock["now"], clock["frozen"]) == ("2026-01-31T09:00:00.000Z", True)


def test_variables_win_over_pyproject_and_words_over_both(tmp_path: Path) -> None:
    """MOCKSERVER_<OPTION> stands between the two."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mockserver]\nport = 0\nclock = "2026-01-01T00:00:00Z"\nseed = 5\nvendors = ["zendesk"]\n'
    )
    env = {"MOCKSERVER_CLOCK": "2026-02-02T00:00:00Z", "MOCKSERVER_VENDORS": "workos pagerduty"}
    with serving(cwd=tmp_path, env=env) as (told, _):
        assert list(told["vendors"]) == ["workos", "pagerduty"]
        assert httpx.get(f"{told['url']}/_mockserver/clock").json()["now"] == "2026-02-02T00:00:00.000Z"
    with serving("azure", "--clock", "2026-03-03T00:00:00Z", cwd=tmp_path, env=env) as (told, _):
        assert list(told["vendors"]) == ["azure"]
        assert httpx.get(f"{told['url']}/_mockserver/clock").json()["now"] == "2026-03-03T00:00:00.000Z"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[tool.mockserver]\nprot = 1\n", "did you mean 'port'?"),
        ("[tool.mockserver]\nport = 'x'\n", "'x' is not a valid integer"),
        ("[tool.mockserver]\npeople = [1]\n", "'[1]' is not a valid integer"),
        ("[tool.mockserver]\npeople = true\n", "'True' is not a valid integer"),
        ("[tool.mockserver]\ntls = 3\n", "'3' is not a valid boolean"),
        ("tool.mockserver = 1\n", "[tool.mockserver] is not a table"),
        ("[tool.mockserver]\noptions = 1\n", "[tool.mockserver.options] is not a table for each vendor"),
        ("[tool.mockserver.options]\nzendesk = 1\n", "[tool.mockserver.options] is not a table for each vendor"),
        ("[tool.mockserver\n", "pyproject.toml: not TOML"),
        ("[tool.mockserver]\nvendors = 'zendesk'\nport = 0\nclock = 5\n", "clock '5' is neither"),
    ],
)
def test_a_bad_setting_is_one_clear_line(settings: str, words: str, tmp_path: Path) -> None:
    """Unknown names, wrong types and broken files name the file or the setting."""
    (tmp_path / "pyproject.toml").write_text(settings)
    ran = run("serve", cwd=tmp_path)
    (line,) = ran.stderr.splitlines()
    assert words in line
    assert (ran.returncode, ran.stdout) == (2, "")


@pytest.mark.parametrize(("name", "value"), [("PORT", "x"), ("CLOCK", "x"), ("TLS", "maybe"), ("PEOPLE", "-1")])
def test_a_bad_variable_is_one_clear_line(name: str, value: str, tmp_path: Path) -> None:
    """As if it had been typed."""
    ran = run("serve", cwd=tmp_path, env={f"MOCKSERVER_{name}": value})
    assert len(ran.stderr.splitlines()) == 1
    assert ran.returncode == 2


# -- the rest -------------------------------------------------------------------------------------------------------


def test_vendors_tells_every_operation(tmp_path: Path) -> None:
    """Generated from the specs: for people, and as JSON."""
    told = json.loads(run("vendors", "--json", cwd=tmp_path).stdout)
    assert [vendor["name"] for vendor in told] == list(vendors.names())
    for vendor in told:
        assert {each["operation"] for each in vendor["operations"]} == set(vendors.engine(vendor["name"]).contract.operations)
    shown = run("vendors", "zendesk", cwd=tmp_path).stdout
    assert "GET    /api/v2/users/{user_id}/sessions" in shown
    assert "zendesk.plan=" in shown


def test_the_version_is_told(tmp_path: Path) -> None:
    """--version, and `python -m mockserver` is the same program."""
    ran = subprocess.run([sys.executable, "-m", "mockserver", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert __version__ in ran.stdout
    assert ran.stdout == run("--version", cwd=tmp_path).stdout


def commands() -> list[list[str]]:
    """Every command by the words that name it."""
    import click

    from mockserver.cli import cli

    def below(command: click.Command, words: list[str]) -> Iterator[list[str]]:
        yield words
        if isinstance(command, click.Group):
            here = click.Context(command)
            for name in command.list_commands(here):
                inner = command.get_command(here, name)
                assert inner
                yield from below(inner, [*words, name])

    return list(below(cli, []))


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_helps(words: list[str]) -> None:
    """--help of each says what it does, by an example where there is something to say."""
    from click.testing import CliRunner

    from mockserver.cli import cli

    told = CliRunner().invoke(cli, [*words, "--help"])
    assert told.exit_code == 0
    assert "Usage: " in told.output
    if len(words) <= 1:
        assert "Example:" in told.output


def test_without_a_command_it_helps(tmp_path: Path) -> None:
    """Whoever types only the name is shown what there is."""
    ran = run(cwd=tmp_path)
    assert ran.returncode == 2
    assert "serve" in ran.stderr + ran.stdout


def test_stdout_may_close_early(tmp_path: Path) -> None:
    """`mockserver vendors | head -1` is no error worth a traceback."""
    told = subprocess.run(f"{program} vendors | head -1", shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Traceback" not in told.stderr


def test_nothing_is_told_to_streams_that_are_closed(tmp_path: Path) -> None:
    """A server that was started without stdin and stdout serves, and stops as any other."""
    command = f"exec {program} serve zendesk --port 0 <&- >&-"
    with subprocess.Popen(["sh", "-c", command], cwd=tmp_path, env=plain, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        try:
            told = next(line for line in server.stderr if "Ctrl-C stops" in line or "Traceback" in line)
        finally:
            server.terminate()
        assert "Traceback" not in told
        assert server.wait(20) == 0


def test_a_folder_that_is_no_more_is_one_clear_line(tmp_path: Path) -> None:
    """Somebody removed it since this shell went there."""
    (tmp_path / "gone").mkdir()
    told = subprocess.run(
        ["sh", "-c", f"rmdir {tmp_path}/gone && exec {program} vendors"],
        cwd=tmp_path / "gone",
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "the folder this was started in is no more" in told.stderr


def test_a_pyproject_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    """As TOML has it: somebody's umlaut in a description does not stop a server on a machine without a locale."""
    (tmp_path / "pyproject.toml").write_text('[project]\ndescription = "grün"\n[tool.mockserver]\nport = 0\n', encoding="utf-8")
    told = run("vendors", cwd=tmp_path, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert (told.returncode, told.stderr) == (0, "")
