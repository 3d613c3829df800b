"""Who may use the control API: programs of this machine and pages that this server sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

import httpx
import pytest

from mockserver.web.app import App
from mockserver.web.guard import hostname, is_loopback
from tests import toy


def visit(
    headers: Mapping[str, str] | None = None,
    *,
    client: str = "127.0.0.1",
    method: str = "GET",
    path: str = "/_mockserver/health",
    token: str = "",
) -> httpx.Response:
    """One request to the control API, from an address."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(App(toy.site(), token=token), client=(client, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4010") as web:
            return await web.request(method, path, headers=headers, params={"token": "x"} if token == "asked" else None)

    return asyncio.run(ask())


allowed = {
    "a program": {},
    "by address": {"Host": "127.0.0.1:4010"},
    "by IPv6 address": {"Host": "[::1]:4010"},
    "by a name below localhost": {"Host": "library.localhost:4010"},
    "a page of this server": {"Origin": "http://localhost:4010", "Sec-Fetch-Site": "same-origin"},
    "typed into a browser": {"Sec-Fetch-Site": "none"},
}
forbidden = {
    "a page of another site": {"Origin": "https://www.example.org"},
    "a page of another port": {"Origin": "http://localhost:8000"},
    "a page over another scheme": {"Origin": "https://localhost:4010"},
    "a page without an origin": {"Origin": "null"},
    "an image of another site": {"Sec-Fetch-Site": "cross-site"},
    "a page of a neighbouring site": {"Sec-Fetch-Site": "same-site"},
    "a name that was rebound": {"Host": "rebound.example.org:4010"},
    "a rebound name with a port in it": {"Host": "rebound.example.org:4010", "Origin": "http://rebound.example.org:4010"},
    "a name that only ends alike": {"Host": "notlocalhost"},
    "a name that only begins alike": {"Host": "localhost.example.org"},
    "an address of the network": {"Host": "192.0.2.7:4010"},
    "no name": {"Host": ""},
    "a broken name": {"Host": "[::1"},
    "a name with an account": {"Host": "localhost@rebound.example.org"},
}


@pytest.mark.parametrize("headers", allowed.values(), ids=allowed)
def test_this_machine_is_let_in(headers: dict[str, str]) -> None:
    """Programs here, by any name of this machine, and the server's own pages."""
    assert visit(headers).status_code == 200


@pytest.mark.parametrize("headers", forbidden.values(), ids=forbidden)
@pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("POST", "/reset"), ("GET", "/nowhere"), ("OPTIONS", "/reset")])
def test_pages_of_others_are_not(headers: dict[str, str], method: str, path: str) -> None:
    """No page of another origin reads or changes anything, whatever path it asks for; the reason is said."""
    reply = visit(headers, method=method, path=f"/_mockserver{path}")
    assert (reply.status_code, reply.headers["mock-problem"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("client", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7"])
def test_another_machine_is_not_let_in(client: str) -> None:
    """By whatever name it calls this one."""
    assert visit(client=client).status_code == 403


def test_a_token_lets_in_whoever_shows_it() -> None:
    """With a token, and only with it, another machine is let in; a page of another origin is not even then."""
    bearer = {"Authorization": "Bearer sesame", "Host": "mock.example.com"}
    assert visit(bearer, client="192.0.2.7", token="sesame").status_code == 200
    assert visit({"Host": "localhost"}, token="sesame").status_code == 403
    assert visit({**bearer, "Authorization": "Bearer wrong"}, token="sesame").status_code == 403
    assert visit({**bearer, "Origin": "https://www.example.org"}, token="sesame").status_code == 403


tokens = {"a word": "sesame", "what no cookie can hold": 'open; "sésame", \\ 100%+'}


@pytest.mark.parametrize("token", tokens.values(), ids=tokens)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_browser_changes_the_token_of_its_address_for_a_cookie(scheme: str, token: str) -> None:
    """The address it is sent on to has no token, no script reads the cookie, no other site sends it, and it lets in."""
    page = f"{scheme}://mock.example.com/_mockserver/health"
    reply = visit(client="192.0.2.7", path=f"{page}?token={quote(token)}&x=1", token=token)
    assert (reply.status_code, reply.headers["location"]) == (303, "/_mockserver/health")
    kept, *flags = reply.headers["set-cookie"].split("; ")
    assert {flag.lower() for flag in flags} == {"httponly", "path=/_mockserver", "samesite=strict"} | (
        {"secure"} if scheme == "https" else set()
    )
    assert visit({"Cookie": kept}, client="192.0.2.7", path=page, token=token).status_code == 200
    assert visit({"Cookie": f"{kept}x"}, client="192.0.2.7", path=page, token=token).status_code == 403


def test_the_vendors_are_not_guarded() -> None:
    """A fake answers whoever asks, as the vendor would."""
    reply = visit({**toy.reader, **forbidden["a page of another site"]}, path="/library/shelves/s000")
    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("a.b.localhost", True),
        ("127.9.9.9", True),
        ("[::1]:80", True),
        ("::1", False),
        ("127.0.0.1.example.org", False),
        ("0x7f000001", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_names_of_this_machine(host: str, here: bool) -> None:
    """Only what is written as a loopback name or address is one."""
    assert is_loopback(hostname(host)) == here
