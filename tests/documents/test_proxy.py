"""The validation proxy and documents that change: over real sockets, against a fake of our own."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver import vendors
from mockserver.errors import BadOption
from mockserver.web.app import App
from mockserver.web.relay import Relay, Upstream, saved
from mockserver.web.server import in_thread
from mockserver.web.watch import look, noted, watched
from tests.documents.conftest import Client, Serve, specs


@pytest.fixture
def upstream(petstore: Client) -> Iterator[str]:
    """The petstore at an address."""
    with in_thread(App(petstore.site)) as address:
        yield address.url


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def relay(upstream: str, told: list[str]) -> Relay:
    return Relay(vendors.site([str(specs / "petstore.yaml")]), Upstream.told(upstream), tell=told.append)


@pytest.fixture
def proxy(relay: Relay, petstore: Client) -> Iterator[httpx.Client]:
    with in_thread(relay) as address, httpx.Client(base_url=address.url, headers=petstore.headers) as client:
        yield client


def test_what_keeps_the_contract_passes_unchanged(proxy: httpx.Client, petstore: Client, told: list[str]) -> None:
    """Both ways, and nothing is told."""
    made = proxy.post("/pet", json={"name": "Rex", "photoUrls": []})
    assert made.status_code == 200
    assert petstore("GET", f"/pet/{made.json()['id']}").value == made.json() == proxy.get(f"/pet/{made.json()['id']}").json()
    assert told == []
    assert "Mock-Findings" not in made.headers


def test_a_compressed_body_arrives_as_one(proxy: httpx.Client, told: list[str]) -> None:
    """It is passed on as it came, with the name of its coding, and looked into on the way."""
    packed = gzip.compress(b'{"name":"Rex","photoUrls":[]}')
    made = proxy.post("/pet", content=packed, headers={"content-type": "application/json", "content-encoding": "gzip"})
    assert (made.status_code, made.json()["name"], told) == (200, "Rex", [])


def test_what_breaks_it_passes_and_is_told(proxy: httpx.Client, relay: Relay, told: list[str]) -> None:
    """In a header, in words, and in the journal; a path the contract does not have as well."""
    reply = proxy.post("/pet", json={"name": 5})
    assert reply.headers["Mock-Findings"]
    assert any("photoUrls" in line for line in told)
    assert proxy.get("/nowhere").status_code == 404
    journal = relay.site.worlds.get("default").journal
    assert [bool(exchange.findings) for exchange in journal] == [True, True]
    assert "the contract has no such path" in told[-1]


def test_what_the_upstream_would_swallow_is_told(proxy: httpx.Client, told: list[str]) -> None:
    """A parameter that nobody declared is a mistake of the client, though the server answers; so says the journal, and so does the proxy."""
    reply = proxy.get("/pet/1?fields=name")
    assert (reply.status_code, reply.headers["Mock-Findings"]) == (200, "1")
    assert "query fields" in told[-1]


def test_strict_stops_what_breaks_it(upstream: str, petstore: Client) -> None:
    """422 for a call, which is not forwarded."""
    relay = Relay(vendors.site([str(specs / "petstore.yaml")]), Upstream.told(upstream), strict=True)
    with in_thread(relay) as address:
        reply = httpx.post(f"{address.url}/pet", json={"name": 5}, headers=petstore.headers)
    assert (reply.status_code, reply.headers["Mock-Problem"]) == (422, "broken-call")
    assert not petstore.site.worlds.get("default").journal


def test_an_upstream_that_is_not_there_is_told(told: list[str]) -> None:
    """502, and a line that names it."""
    relay = Relay(vendors.site([str(specs / "petstore.yaml")]), Upstream.told("http://127.0.0.1:1"), tell=told.append)
    with in_thread(relay) as address:
        reply = httpx.get(f"{address.url}/pet/1")
    assert (reply.status_code, reply.headers["Mock-Problem"]) == (502, "no-upstream")
    assert any("http://127.0.0.1:1 does not answer" in line for line in told)


@pytest.mark.parametrize("url", ["ftp://x", "http://", "petstore", "http://x:port", "http://x?a=b"])
def test_only_a_server_can_be_upstream(url: str) -> None:
    """Scheme and host, and what is wrong is said."""
    with pytest.raises(BadOption, match="--upstream"):
        Upstream.told(url)


def test_a_scene_is_made_of_what_passed(proxy: httpx.Client, relay: Relay, petstore: Client, tmp_path: Path) -> None:
    """Each record once, the last time it was seen; a fake served from it knows them, and nothing else."""
    ident = proxy.post("/pet", json={"name": "Rex", "photoUrls": []}).json()["id"]
    proxy.put("/pet", json={"id": ident, "name": "Max", "photoUrls": []})
    file = tmp_path / "seen.json"
    assert saved(relay, file) == 1
    site = vendors.site([str(specs / "petstore.yaml")], scene=str(file))
    replay = Client(site, petstore.engine, headers=petstore.headers)
    assert replay("GET", f"/pet/{ident}").value["name"] == "Max"
    assert [pet["name"] for pet in replay("GET", "/pet/findByStatus", status=["available", "pending", "sold"]).value] in ([], ["Max"])


def test_a_document_that_changes_is_read_again_and_keeps_what_fits(serve: Serve, tmp_path: Path) -> None:
    """A new operation is there, a record stays, one that fits no more goes; a broken file changes nothing."""
    path = tmp_path / "petstore.yaml"
    shutil.copy(specs / "petstore.yaml", path)
    site = vendors.site([str(path)])
    client = Client(site, watched(site)["petstore"], headers=serve("petstore.yaml").headers)
    kept, lost = (client("POST", "/pet", {"name": name, "photoUrls": []}).value["id"] for name in ("Rex", "Maximilian"))

    def change(text: str) -> None:
        seen = noted(site)
        path.write_text(text)
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))  # a clock of the file system may be coarse
        look(site, seen)

    old = path.read_text()
    new = old.replace("name: {type: string, example: doggie}", "name: {type: string, maxLength: 5}").replace(
        "/store/inventory:", "/store/stock:"
    )
    change(new)
    assert client("GET", f"/pet/{kept}").value["name"] == "Rex"
    assert client("GET", f"/pet/{lost}").status == 404
    assert (client("GET", "/store/stock").status, client("GET", "/store/inventory").status) == (200, 404)
    change("broken: [")
    assert client("GET", f"/pet/{kept}").value["name"] == "Rex"
