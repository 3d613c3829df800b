"""Every client library meets the same double, and each fault as the library's own error: in the process, by interception, by socket."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3

from mockserver.testing.memory import parse


class Get(Protocol):
    """Patience is long but where its end is the point: machines are slow at times."""

    def __call__(self, url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]: ...


@dataclass(frozen=True)
class Library:
    """How a library asks (url, headers, seconds of patience) for (status, body), and its own errors for a connection that drops and for a late reply."""

    get: Get
    cut: tuple[type[Exception], ...]
    late: tuple[type[Exception], ...]


def by_httpx(lib: Any) -> Get:
    def get(url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]:
        with lib.Client(timeout=patience, verify=False) as client:
            reply = client.get(url, headers=headers)
            assert reply.elapsed is not None
            return reply.status_code, reply.content

    return get


def by_async_httpx(lib: Any) -> Get:
    async def ask(url: str, headers: dict[str, str], patience: float) -> tuple[int, bytes]:
        async with lib.AsyncClient(timeout=patience, verify=False) as client:
            reply = await client.get(url, headers=headers)
            return reply.status_code, reply.content

    return lambda url, headers, patience=20: asyncio.run(ask(url, headers, patience))


def by_requests(url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]:
    with requests.Session() as session:
        reply = session.get(url, headers=headers, timeout=patience)
        return reply.status_code, reply.content


def by_urllib3(url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]:
    with urllib3.PoolManager(retries=False) as pool:
        reply = pool.request("GET", url, headers=headers, timeout=patience)
        return reply.status, reply.data


def by_urllib(url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=patience) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def by_aiohttp(url: str, headers: dict[str, str], patience: float = 20) -> tuple[int, bytes]:
    async def ask() -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience)) as session,
            session.get(url, headers=headers) as reply,
        ):
            return reply.status, await reply.read()

    return asyncio.run(ask())


libraries = {
    "httpx": Library(by_httpx(httpx), (httpx.RemoteProtocolError,), (httpx.ReadTimeout,)),
    "httpx async": Library(by_async_httpx(httpx), (httpx.RemoteProtocolError,), (httpx.ReadTimeout,)),
    "httpx2": Library(by_httpx(httpx2), (httpx2.RemoteProtocolError,), (httpx2.ReadTimeout,)),
    "httpx2 async": Library(by_async_httpx(httpx2), (httpx2.RemoteProtocolError,), (httpx2.ReadTimeout,)),
    "requests": Library(
        by_requests, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError), (requests.ReadTimeout, requests.ConnectionError)
    ),
    "urllib3": Library(by_urllib3, (urllib3.exceptions.ProtocolError,), (urllib3.exceptions.ReadTimeoutError,)),
    "urllib": Library(by_urllib, (http.client.IncompleteRead, http.client.RemoteDisconnected, urllib.error.URLError), (TimeoutError,)),
    "aiohttp": Library(by_aiohttp, (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError), (TimeoutError,)),
}

each_library = pytest.mark.parametrize("library", libraries.values(), ids=libraries)
each_way = pytest.mark.parametrize(
    "way",
    [pytest.param("socket", id="by socket"), pytest.param("intercept", marks=pytest.mark.mockserver(intercept=True), id="by interception")],
)


def key_of(pagerduty: Any) -> dict[str, str]:
    return {"authorization": f"Token token={pagerduty.credentials['api_key']}"}


@each_way
@each_library
def test_every_library_gets_its_answer(library: Library, way: str, pagerduty: Any) -> None:
    """Status, body and links are right, and the call is in the journal as it was sent."""
    status, body = library.get(f"{pagerduty.url}/users?limit=1&query=Ada%20Okafor", key_of(pagerduty))
    assert status == 200
    assert f'"self":"{pagerduty.url}/users/'.encode() in body
    (made,) = pagerduty.calls.made("listUsers", query="Ada Okafor")
    assert made.headers["authorization"] == key_of(pagerduty)["authorization"]


@each_way
@each_library
@pytest.mark.parametrize("where", ["before", "head", "body"])
def test_a_cut_connection_is_the_librarys_own_error(library: Library, way: str, where: str, pagerduty: Any) -> None:
    """Before the head or in the body: what a real network would give (aiohttp tries once more by itself), and the next call is fine."""
    with pagerduty.fault({"effect": "cut", "where": where}), pytest.raises(library.cut):
        library.get(f"{pagerduty.url}/users", key_of(pagerduty))
    assert library.get(f"{pagerduty.url}/users", key_of(pagerduty))[0] == 200
    assert pagerduty.bench.judge() == []


@each_way
@each_library
def test_a_late_reply_is_the_librarys_own_timeout(library: Library, way: str, pagerduty: Any) -> None:
    """A reply that begins after the client's patience has ended is a timeout."""
    pagerduty.slow("listUsers", seconds=30 if way == "intercept" else 0.6, times=1)
    with pytest.raises(library.late):
        library.get(f"{pagerduty.url}/users", key_of(pagerduty), 0.2)


@each_way
@each_library
def test_a_length_that_promises_too_much_is_a_broken_reply(library: Library, way: str, pagerduty: Any) -> None:
    """Content-Length says more than comes."""
    with pagerduty.fault({"effect": "length", "by": 7}), pytest.raises(library.cut):
        library.get(f"{pagerduty.url}/users", key_of(pagerduty))


@each_way
@each_library
def test_a_length_that_promises_too_little_cuts_the_body_short(library: Library, way: str, pagerduty: Any) -> None:
    """The client takes what was promised; the JSON ends in the middle."""
    whole = library.get(f"{pagerduty.url}/users", key_of(pagerduty))[1]
    with pagerduty.fault({"effect": "length", "by": -7}):
        assert library.get(f"{pagerduty.url}/users", key_of(pagerduty))[1] == whole[:-7]


@each_way
@each_library
def test_an_error_status_is_the_vendors_own(library: Library, way: str, pagerduty: Any) -> None:
    """Status and body of a fault-made reply are PagerDuty's."""
    pagerduty.fail("listUsers", status=500, times=1)
    status, body = library.get(f"{pagerduty.url}/users", key_of(pagerduty))
    assert status == 500
    assert b'"code":2000' in body


def test_a_requests_adapter_needs_no_interception(pagerduty: Any) -> None:
    """Mounted on a session, it answers whatever address the session asks for."""
    with requests.Session() as session:
        session.mount("https://", pagerduty.adapter())
        reply = session.get("https://pagerduty.example.com/users?limit=1", headers=key_of(pagerduty))
    assert reply.json()["users"][0]["self"].startswith("https://pagerduty.example.com/users/")


def test_azure_core_works_through_the_adapter(azure: Any) -> None:
    """A session with the adapter, in azure-core's RequestsTransport, drives azure-mgmt without a socket or a patch."""
    from azure.core.credentials import AccessToken
    from azure.core.pipeline.transport import RequestsTransport
    from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient

    class Known:
        def get_token(self, *_: str, **__: Any) -> AccessToken:
            return AccessToken(azure.credentials["access_token"], 4_102_444_800)

    with requests.Session() as session:
        session.mount("https://", azure.adapter())
        transport = RequestsTransport(session=session, session_owner=False)
        with DesktopVirtualizationMgmtClient(Known(), azure.credentials["subscription_id"], transport=transport) as client:
            pools = [pool.name for pool in client.host_pools.list()]
    assert len(pools) == len(azure.state.hostPools)


def test_the_double_is_an_asgi_application(pagerduty: Any) -> None:
    """Whoever speaks ASGI can be given it: here httpx' own transport."""

    async def ask() -> int:
        transport = httpx.ASGITransport(pagerduty.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://api.pagerduty.com", headers=key_of(pagerduty)) as client:
            return (await client.get("/users")).status_code

    assert asyncio.run(ask()) == 200


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc", b"abc"),
        (b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"GET /a HTTP/1.1\r\nhost: b\r\n\r\n", b""),
    ],
    ids=["of a length", "in chunks", "without a body"],
)
def test_a_request_is_whole_only_when_its_last_byte_is_there(sent: bytes, body: bytes) -> None:
    """Cut anywhere, it is waited for; whole, it has its body."""
    assert all(parse(sent[:end], "http", "a") is None for end in range(len(sent) - (4 if b"chunked" in sent else 0)))
    call = parse(sent, "http", "a")
    assert call is not None
    assert call.body == body


def test_a_request_to_a_proxy_names_its_host_itself() -> None:
    """An absolute target, as proxies are sent it, says where the call really goes."""
    call = parse(b"GET http://api.example.com/a?b=c HTTP/1.1\r\nhost: proxy\r\n\r\n", "http", "proxy")
    assert call is not None
    assert (call.base, call.path, call.query) == ("http://api.example.com", "/a", "b=c")


@each_way
def test_a_header_that_comes_twice_arrives_twice(way: str, zendesk: Any) -> None:
    """Two cookies are two headers on every wire, and a client keeps both."""
    basic = (f"{zendesk.credentials['email']}/token", zendesk.credentials["api_token"])
    with httpx.Client() as client:
        reply = client.get(f"{zendesk.url}/api/v2/users/me", auth=basic)
        assert [each.partition("=")[0] for each in reply.headers.get_list("set-cookie")] == ["_zendesk_cookie", "__cfruid"]
        assert {"_zendesk_cookie", "__cfruid"} == set(client.cookies)


@pytest.mark.mockserver(intercept=True, allow_hosts="127.0.0.1", strict=False)
def test_a_kept_connection_reads_from_a_real_socket_afterwards(workos: Any, pagerduty: Any) -> None:
    """A connection whose call was answered in the process reads what a real server says next as it always would."""
    connection = http.client.HTTPConnection("api.workos.com", timeout=20)
    connection.request("GET", "/user_management/users")
    assert connection.getresponse().status == 401
    connection.host, _, port = pagerduty.bench.address.url.removeprefix("http://").partition(":")
    connection.port = int(port)
    connection.request("GET", f"/_world/{pagerduty.bench.name}/pagerduty/users", headers=key_of(pagerduty))
    reply = connection.getresponse()
    assert reply.status == 200
    assert reply.read().startswith(b'{"users":[')
    connection.close()
