"""Interception: calls to real hosts are answered in the process, every other host is refused, and nothing stays patched."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import aiohttp.connector
import httpx
import httpx2
import pytest
import requests
import urllib3
import urllib3.connection

from mockserver.testing.intercept import Unreachable, covers, targets
from tests.plugin.conftest import Run, ask


def async_get(lib: Any) -> Callable[[str], Any]:
    async def get(url: str) -> Any:
        async with lib.AsyncClient() as client:
            return await client.get(url)

    return lambda url: asyncio.run(get(url))


def by_aiohttp(url: str) -> Any:
    async def get() -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as reply:
            return reply.status

    return asyncio.run(get())


askers: dict[str, Callable[[str], Any]] = {
    "httpx": httpx.get,
    "httpx async": async_get(httpx),
    "httpx2": httpx2.get,
    "httpx2 async": async_get(httpx2),
    "requests": requests.get,
    "urllib3": lambda url: urllib3.PoolManager().request("GET", url),
    "urllib": urllib.request.urlopen,
    "aiohttp": by_aiohttp,
}


@pytest.mark.mockserver(intercept=True, allow="host")
@pytest.mark.parametrize(
    "url", ["https://example.org/", "http://example.org:8080/x", "http://127.0.0.1:9/"], ids=["https", "a port", "this machine"]
)
@pytest.mark.parametrize("get", askers.values(), ids=askers)
def test_every_other_host_is_refused_before_a_connection_is_made(get: Callable[[str], Any], url: str, workos: Any) -> None:
    """Every library raises the same error, which no client's `except` for its library's errors swallows; it says what to do."""
    with pytest.raises(Unreachable, match=r"is not served here and may not be reached; served: api\.workos\.com.*allow_hosts="):
        get(url)


def test_a_refused_host_fails_the_test_even_when_the_client_swallows_it(run: Run) -> None:
    """A client that catches everything does not hide that it left the house."""
    result = run(
        ask
        + """
import pytest

@pytest.mark.mockserver(intercept=True)
def test_one(workos):
    try:
        httpx.get("https://api.pagerduty.com/users")
    except BaseException:
        pass
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*where    host api.pagerduty.com", "*Ask for the fixture of the vendor whose host it is*"])


def test_the_ini_file_can_ask_for_it_and_allow_hosts(run: Run) -> None:
    """mockserver_intercept and mockserver_allow_hosts do what the marker's words do; an allowed host is reached for real."""
    result = run(
        """
        import threading, urllib.request
        from http.server import BaseHTTPRequestHandler, HTTPServer
        import pytest, httpx

        class Hello(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        def test_one(workos):
            with HTTPServer(("127.0.0.1", 0), Hello) as server:
                threading.Thread(target=server.handle_request).start()
                with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as reply:
                    assert reply.status == 204
            assert workos.url == "https://api.workos.com"
            assert httpx.get("https://api.workos.com/user_management/users").status_code == 401
        """,
        ini="mockserver_intercept = true\nmockserver_allow_hosts = 127.0.0.1\nmockserver_allow = auth",
    )
    result.assert_outcomes(passed=1)


@pytest.mark.mockserver(intercept=True)
def test_every_host_of_a_vendor_is_answered(azure: Any, zendesk: Any) -> None:
    """Entra's host belongs to Azure, and every subdomain to Zendesk."""
    tenant = azure.credentials["tenant_id"]
    discovery = httpx.get(f"https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert discovery["token_endpoint"].startswith("https://login.microsoftonline.com/")
    basic = (f"{zendesk.credentials['email']}/token", zendesk.credentials["api_token"])
    for name in ("example", "another"):
        assert httpx.get(f"https://{name}.zendesk.com/api/v2/sessions", auth=basic).status_code == 200


@pytest.mark.mockserver(intercept=True)
def test_the_newest_bench_answers(workos: Any) -> None:
    """In a fork, calls to the real host go to the fork's world."""
    with workos.fork() as inner, inner.expects_violation("auth"):
        httpx.get("https://api.workos.com/user_management/users")
        assert len(inner.calls) == 1
    assert len(workos.calls) == 0


@pytest.mark.parametrize(
    ("pattern", "name", "is_covered"),
    [
        ("api.workos.com", "api.workos.com", True),
        ("api.workos.com", "xapi.workos.com", False),
        ("*.zendesk.com", "example.zendesk.com", True),
        ("*.zendesk.com", "zendesk.com", False),
        ("*.zendesk.com", "zendesk.com.example.org", False),
    ],
    ids=str,
)
def test_a_star_covers_every_name_below(pattern: str, name: str, is_covered: bool) -> None:
    """And nothing that only looks like it."""
    assert covers(pattern, name) is is_covered


def originals() -> list[Any]:
    """What stands where a patch would be."""
    return [vars(getattr(sys.modules[module], owner))[name] for module, places in targets.items() for owner, name, _ in places]


before = originals()


@pytest.mark.parametrize(
    "end",
    [
        "pass",
        "assert False",
        "raise RuntimeError('broken')",
        "pytest.skip('not today')",
        "raise KeyboardInterrupt",
        "pytest.exit('enough')",
    ],
    ids=["passes", "fails", "errors", "skips", "is interrupted", "ends the run"],
)
def test_nothing_stays_patched_however_a_test_ends(run: Run, end: str) -> None:
    """Patches, the import hook, worlds and the server's thread are gone when the run is over."""
    import threading

    threads = set(threading.enumerate())
    hooks = list(sys.meta_path)
    with contextlib.suppress(KeyboardInterrupt):
        run(
            f"""
            import pytest, httpx

            @pytest.mark.mockserver(intercept=True, strict=False)
            def test_one(workos):
                workos.ca
                httpx.get("https://api.workos.com/nothing")
                {end}
            """
        )
    assert originals() == before
    assert [hook for hook in sys.meta_path if hook not in hooks] == []
    assert set(threading.enumerate()) <= threads


def test_a_library_imported_while_calls_are_caught_is_patched_and_put_back(run: Run) -> None:
    """A client that imports its library late is caught all the same."""
    result = run(
        """
        import pytest, sys

        @pytest.mark.mockserver(intercept=True, strict=False)
        def test_one(workos):
            assert "httpx2" not in sys.modules
            import httpx2
            assert httpx2.get("https://api.workos.com/user_management/users").status_code == 401

        def test_two():
            import httpx2
            assert httpx2.HTTPTransport.handle_request.__module__ == "httpx2._transports.default"
            assert type(httpx2.__loader__).__name__ == "SourceFileLoader"
        """,
        "-p", "no:anyio",
        apart=True,
    )  # fmt: skip
    result.assert_outcomes(passed=2)


@pytest.mark.mockserver(intercept=True)
def test_a_connection_of_http_client_itself_is_caught(workos: Any) -> None:
    """Below urllib, requests and urllib3 lies http.client; whoever uses it bare is caught, too."""
    connection = http.client.HTTPSConnection("api.workos.com", timeout=1)
    connection.request("GET", "/user_management/users", headers={"authorization": f"Bearer {workos.credentials['api_key']}"})
    reply = connection.getresponse()
    assert reply.status == 200
    assert reply.read().startswith(b'{"object":"list"')


class Noting(http.client.HTTPResponse):
    """A response that looks for itself how it begins, as libraries with a class of their own do."""

    def begin(self) -> None:
        self.start = bytes(self.fp.peek(8)[:8])
        super().begin()


class Noted(http.client.HTTPSConnection):
    response_class = Noting


@pytest.mark.mockserver(intercept=True, strict=False)
def test_a_connection_keeps_its_own_class_of_responses(workos: Any) -> None:
    """A library that reads the bytes in a way of its own finds the bytes of a whole response."""
    connection = Noted("api.workos.com")
    connection.request("GET", "/user_management/users", headers={"authorization": f"Bearer {workos.credentials['api_key']}"})
    reply = connection.getresponse()
    assert isinstance(reply, Noting)
    assert (reply.start, reply.status, reply.getheader("content-type")) == (b"HTTP/1.1", 200, "application/json; charset=utf-8")
    assert json.loads(reply.read())["data"]
    with workos.fault({"effect": "cut", "where": "before"}), pytest.raises(http.client.RemoteDisconnected):
        connection.request("GET", "/user_management/users")
        connection.getresponse()
