"""The control API, end to end: it looks into worlds, steers them, and answers whatever it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import vendors
from mockserver.contract.wire import largest_body
from mockserver.engine.site import Site
from mockserver.message import Call, Json, Reply
from mockserver.web.app import App
from tests import toy
from tests.web.conftest import Served


def asked(site: Site, method: str, path: str, value: Json = None, headers: Mapping[str, str] | None = None) -> Reply:
    """One request to the control API of a site, without the wire."""
    content = b"" if value is None else json.dumps(value).encode()
    call = Call(method, path, headers={"content-type": "application/json", **(headers or {})}, body=content)
    reply = asyncio.run(App(site).control.answer(call))
    assert isinstance(reply, Reply)
    return reply


def test_the_server_tells_what_it_is(served: Served) -> None:
    """Index, health, and its own description, whose every path leads somewhere."""
    base = f"{served.address.url}/_mockserver"
    assert served.client.get(f"{base}/health").json()["status"] == "ok"
    assert list(served.client.get(f"{base}/").json()["vendors"]) == ["library"]
    paths = served.client.get(f"{base}/openapi.json").json()["paths"]
    assert {"/health", "/worlds/{world}/journal", "/journal"} <= paths.keys()


def test_what_a_client_did_is_in_the_journal(served: Served) -> None:
    """What was asked of the vendor is told by the control API of that world, and of no other."""
    served.client.get(f"{served.url}/shelves?limit=0", headers=toy.reader)
    (exchange,) = served.client.get(f"{served.control}/journal").json()["exchanges"]
    assert (exchange["operation"], exchange["response"]["status"]) == ("listShelves", 400)
    assert exchange["findings"][0]["place"] == "query limit"
    assert served.client.get(f"{served.address.url}/_mockserver/worlds/elsewhere/journal").json()["exchanges"] == []


def test_what_was_asked_is_told_as_a_script_in_utf_8(served: Served) -> None:
    """Calls hold whatever a client wrote; who reads the script in a browser sees it as it was written."""
    served.client.post(
        f"{served.url}/shelves", content='{"name": "Çağrı"}'.encode(), headers={**toy.writer, "content-type": "application/json"}
    )
    script = served.client.get(f"{served.control}/journal/curl")
    assert script.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Çağrı" in script.text


def test_what_is_too_large_is_not_read_as_something_else(served: Served) -> None:
    """A record larger than the server reads is refused for its size."""
    reply = served.client.post(f"{served.control}/state/library/shelves", content=b" " * (largest_body + 1))
    assert (reply.status_code, reply.headers["mock-problem"]) == (413, "too-large")


def test_what_is_seeded_is_served(served: Served) -> None:
    """A record put in by the state door is what the vendor's API tells, and what a client changes is what the door tells."""
    seeded = served.client.post(f"{served.control}/state/library/shelves", json={"name": "seeded"})
    assert seeded.status_code == 201
    address = f"{served.url}/shelves/{seeded.json()['id']}"
    assert served.client.get(address, headers=toy.reader).json() == seeded.json()
    served.client.patch(address, json={"name": "changed"}, headers=toy.writer)
    assert served.client.get(f"{served.control}/state/library/shelves/{seeded.json()['id']}").json()["name"] == "changed"


def test_what_breaks_the_contract_is_not_seeded(served: Served) -> None:
    """The state door checks by the contract, and says what it refuses and why; nothing is made."""
    reply = served.client.post(f"{served.control}/state/library/shelves", json={"name": ""})
    assert (reply.status_code, reply.headers["mock-problem"]) == (400, "bad-control")
    assert "the contract refuses this shelves: /name:" in reply.json()["detail"]
    assert served.client.get(f"{served.control}/state").json()["vendors"]["library"]["shelves"] == 12


def test_a_reset_makes_the_scene_again(served: Served) -> None:
    """Whatever was done in a world is undone; other worlds are left alone."""
    served.client.delete(f"{served.url}/shelves/s000", headers=toy.writer)
    served.client.put(f"{served.control}/clock", json={"advance": 60})
    assert served.client.post(f"{served.control}/reset").status_code == 200
    assert served.client.get(f"{served.url}/shelves/s000", headers=toy.reader).status_code == 200
    assert served.client.get(f"{served.control}/clock").json()["now"] == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({"advance": 3600.5}, 200),
        ({"advance": -1}, 200),
        ({"freeze": "2030-01-01T00:00:00Z"}, 200),
        ({"freeze": True}, 200),
        ({"run": True}, 200),
        ({"advance": 1e300}, 400),
        ({"advance": "1"}, 400),
        ({"freeze": "0001-01-01T00:00:00Z"}, 400),
        ({"freeze": "9999-12-31T23:59:59Z"}, 400),
        ({"freeze": "soon"}, 400),
        ({"run": False}, 400),
        ({"advance": 1, "run": True}, 400),
        ({}, 400),
    ],
    ids=str,
)
def test_the_clock_goes_where_it_is_told_or_stays(value: Json, status: int, site: Site) -> None:
    """A time that is none moves nothing."""
    before = site.worlds.get("default").clock.now()
    assert asked(site, "PUT", "/clock", value).status == status
    assert status == 200 or site.worlds.get("default").clock.now() == before


def test_a_clock_cannot_be_driven_off_its_scale(site: Site) -> None:
    """However often it is advanced by a century, the world goes on answering."""
    statuses = [asked(site, "PUT", "/clock", {"advance": 3_162_240_000}).status for _ in range(20)]
    assert set(statuses) == {200, 400}
    assert asked(site, "GET", "/clock").status == 200


names = st.sampled_from(["default", "mine", "a b", "ü", "..", "x" * 200, "%", ""])
words = st.sampled_from(
    ["library", "shelves", "books", "s000", "0", "--5", "-", "٣", "nobody", "1", "ada@example.com", "\0", "slow", "9" * 50]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["a", "", "s000", "listBooks"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "to", "id", "kind", "advance", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)
operations = sorted(App(toy.site()).control.contract.operations.values(), key=lambda operation: operation.id)


@given(operation=st.sampled_from(operations), data=st.data(), value=values, header=names)
@settings(max_examples=300)
def test_whatever_is_asked_gets_an_answer(operation: Any, data: st.DataObject, value: Json, header: str) -> None:
    """Every operation with any path, any body and any world: an answer or a problem that says why, never a failure of ours."""
    path = operation.path
    for name in operation.names:
        path = path.replace(f"{{{name}}}", quote(data.draw(names if name == "world" else words), safe=""))

    async def ask() -> Any:
        headers = {"content-type": "application/json", "mock-world": header}
        return await App(shared).control.answer(Call(operation.method, path, headers=headers, body=json.dumps(value).encode()))

    reply = asyncio.run(ask())
    if isinstance(reply, Reply):
        assert reply.status < 500, reply.value


shared = toy.site()

fields = st.sampled_from(
    ["id", "name", "email", "user_id", "created_at", "status", "expires_at", "properties", "url", "role", "x", "_secret"]
)


@pytest.mark.parametrize("name", vendors.names())
@given(data=st.data())
def test_whatever_is_seeded_is_kept_whole_or_refused(name: str, data: st.DataObject) -> None:
    """Any fields with any values, in any kind of any bundled vendor: a record that keeps the contract, or a problem."""
    site = bundled()
    kind = data.draw(st.sampled_from(sorted(site.engines[name].kinds)))
    partial = data.draw(st.dictionaries(fields, values, max_size=4))
    reply = asked(site, "POST", f"/state/{name}/{kind}", partial)
    assert reply.status in (201, 400), reply.value


def bundled(kept: list[Site] = []) -> Site:  # noqa: B006  # made once, when it is first needed
    if not kept:
        kept.append(vendors.site(clock="2026-01-31T12:00:00Z"))
    return kept[0]


def test_concurrent_requests_of_one_world_do_not_meet_half_way(served: Served) -> None:
    """Thirty clients create at the same time: every one is told of its own record, and all of them are there."""

    async def create() -> list[str]:
        async with httpx.AsyncClient() as web:
            posts = (web.post(f"{served.url}/shelves", json={"name": f"n{number}"}, headers=toy.writer) for number in range(30))
            return [reply.json()["id"] for reply in await asyncio.gather(*posts)]

    made = asyncio.run(create())
    there = {
        shelf["id"]: shelf["name"] for shelf in served.client.get(f"{served.url}/shelves?limit=100", headers=toy.reader).json()["shelves"]
    }
    assert [there[key] for key in made] == [f"n{number}" for number in range(30)]
