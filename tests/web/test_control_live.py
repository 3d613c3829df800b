"""The control API, door by door: each a promise of control.yaml, whose replies the server itself checks by that document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any

import httpx
import orjson
import pytest

from mockserver.contract.contract import Contract
from mockserver.engine.site import Site
from mockserver.message import Call
from mockserver.web import doors
from mockserver.web.app import App
from mockserver.web.control import description
from tests import toy


class Client:
    """The control API of an application, asked without a socket."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, method: str, path: str, value: Any = None, **headers: str) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost") as client:
                return await client.request(method, f"/_mockserver{path}", json=value, headers=headers)

        return asyncio.run(once())


@pytest.fixture
def app(site: Site) -> App:
    return App(site)


@pytest.fixture
def ask(app: App) -> Client:
    return Client(app)


def names(path: str, value: Any, *keys: str) -> list[Any]:
    return [[each[key] for key in keys] for each in value[path]]


def test_every_operation_of_the_document_has_a_door_and_every_door_is_described() -> None:
    """The document is true: nothing in it is missing, nothing is there that it does not tell."""
    assert doors.doors.keys() == Contract.load(description).operations.keys()


def test_a_reply_that_the_document_does_not_describe_is_a_loud_500(app: App, ask: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own replies are checked too."""
    monkeypatch.setitem(doors.doors, "showHealth", lambda _: {"status": "poorly"})
    assert ask("GET", "/health").status_code == 500


@pytest.mark.parametrize(
    ("method", "path", "value", "status", "words"),
    [
        ("GET", "/jurnal", None, 404, "nearest"),
        ("POST", "/health", None, 405, "takes GET"),
        ("PUT", "/clock", {"advance": "soon"}, 400, "advance"),
        ("PUT", "/clock", {"freeze": "noon"}, 400, "freeze"),
        ("PUT", "/clock", {"freeze": True, "run": True}, 400, "propert"),
        ("PUT", "/clock", {"advance": 1e300}, 400, "advance"),
        ("PUT", "/clock", None, 400, "body"),
        ("GET", "/worlds/%ff/clock", None, 400, "encoding"),
        ("GET", "/worlds/a%20b/clock", None, 400, "world"),
        ("POST", "/worlds/one/fork", {"name": "../etc"}, 400, "name"),
        ("POST", "/worlds/one/fork", {"name": "one"}, 400, "another name"),
        ("POST", "/rewind", {"to": "nowhere"}, 404, "nowhere"),
        ("GET", "/diff?since=nowhere", None, 404, "nowhere"),
        ("GET", "/diff?from=nowhere", None, 404, "nowhere"),
        ("GET", "/diff?from=one&since=two", None, 400, "not both"),
        ("GET", "/people/fard@example.com", None, 404, "did you mean 'farid@example.com'"),
        ("GET", "/people?limit=0", None, 400, "limit"),
        ("POST", "/people/ada@example.com/revoke", {"session": "x"}, 404, "holds no session"),
        ("POST", "/people/ada@example.com/revoke", {"vendor": "libary"}, 404, "did you mean 'library'"),
        ("GET", "/state/library/boks", None, 404, "did you mean 'books'"),
        ("GET", "/state/library/books/999999999999", None, 404, "999999999999"),
        ("POST", "/state/library/shelves", {"name": ""}, 400, "contract refuses"),
        ("PATCH", "/state/library/shelves/s000", {"id": "s999"}, 400, "another key"),
        ("GET", "/journal?status=abc", None, 400, "status"),
        ("GET", "/journal?verdict=fine", None, 400, "verdict"),
        ("GET", "/journal/7", None, 404, "no exchange 7"),
        ("POST", "/faults", {"effect": "sloow"}, 400, "effect"),
        ("POST", "/faults", {"effect": "slow"}, 400, "seconds"),
        ("POST", "/faults", {"effect": "slow", "seconds": 1, "operations": ["getBok"]}, 400, "getBok"),
        ("POST", "/faults", {"effect": "slow", "seconds": 1, "vendor": "library", "operations": ["getBok"]}, 400, "getBook"),
        ("DELETE", "/faults/none", None, 404, "none"),
        ("PUT", "/packs/good%20day", {"on": True}, 404, "bad day"),
        ("PUT", "/limits", {"limits": "maybe"}, 400, "limits"),
        ("POST", "/webhooks/1/redeliver", None, 404, "1"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(ask: Client, method: str, path: str, value: Any, status: int, words: str) -> None:
    """A bad request is a problem that names the place and, where it can, the remedy; nothing of it is done."""
    reply = ask(method, path, value)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert words in reply.json()["detail"]
    assert "\n" not in reply.json()["detail"]


def test_the_short_form_of_a_path_means_the_world_of_the_header(ask: Client) -> None:
    """Below /worlds/{world}/ and directly with the header Mock-World stand the same doors."""
    ask("PUT", "/clock", {"advance": 60}, **{"Mock-World": "one"})
    assert ask("GET", "/worlds/one/clock").json()["now"] == "2026-01-31T12:01:00.000Z"
    assert ask("GET", "/clock").json()["now"] == "2026-01-31T12:00:00.000Z"


def test_a_fork_starts_as_its_world_and_goes_its_own_way(ask: Client, site: Site) -> None:
    """What was done before the fork is in both, what is done after in one."""
    ask("DELETE", "/worlds/one/state/library/shelves/s000")
    assert ask("POST", "/worlds/one/fork", {"name": "two"}).status_code == 201
    ask("DELETE", "/worlds/two/state/library/shelves/s001")
    shelves = {name: [each["id"] for each in site.worlds.get(name).store("library")["shelves"]] for name in ("one", "two")}
    assert "s000" not in shelves["one"]
    assert "s000" not in shelves["two"]
    assert "s001" in shelves["one"]
    assert "s001" not in shelves["two"]


def test_a_checkpoint_tells_what_changed_since_and_brings_it_back(ask: Client) -> None:
    """Keep, change, diff, rewind: the difference names every record and field, and after the rewind there is none."""
    assert ask("POST", "/checkpoints", {"name": "before"}).status_code == 201
    ask("DELETE", "/state/library/shelves/s000")
    ask("PATCH", "/state/library/shelves/s001", {"name": "Changed"})
    added = ask("POST", "/state/library/shelves", {"name": "New"}).json()["id"]
    told = {each["key"]: each for each in ask("GET", "/diff?since=before").json()["changes"]}
    assert {key: each["change"] for key, each in told.items()} == {"s000": "removed", "s001": "changed", added: "added"}
    assert told["s001"]["fields"] == {"name": {"before": "Ben", "after": "Changed"}}
    assert ask("POST", "/rewind", {"to": "before"}).json()["checkpoints"] == ["before"]
    assert ask("GET", "/diff?since=before").json() == {"changes": []}
    assert ask("GET", "/diff").json() == {"changes": []}


def test_two_worlds_can_be_compared(ask: Client) -> None:
    """The difference from another world holds what either of them wrote."""
    ask("DELETE", "/worlds/one/state/library/shelves/s000")
    ask("DELETE", "/worlds/two/state/library/shelves/s001")
    told = ask("GET", "/worlds/two/diff?from=one").json()["changes"]
    assert [(each["key"], each["change"]) for each in told] == [("s000", "added"), ("s001", "removed")]


def test_a_reset_world_is_the_scene_again(ask: Client) -> None:
    """Records, clock and checkpoints are as in a new world; dropping forgets it altogether."""
    ask("DELETE", "/worlds/one/state/library/shelves/s000")
    ask("POST", "/worlds/one/checkpoints", {"name": "x"})
    assert ask("POST", "/worlds/one/reset").json()["checkpoints"] == []
    assert ask("GET", "/worlds/one/diff").json() == {"changes": []}
    assert ask("DELETE", "/worlds/one").status_code == 204
    assert ask("DELETE", "/worlds/one").status_code == 404


def test_records_are_filtered_by_their_fields_as_one_writes_them(ask: Client) -> None:
    """Text is compared as text, everything else as JSON."""
    assert ask("GET", "/state/library/books?shelf_id=s000").json()["total"] == 4
    assert ask("GET", "/state/library/books?id=1").json()["records"][0]["title"] == "Book 1"


CALLS = (("GET", "/shelves"), ("GET", "/shelves?limit=0"), ("GET", "/nothing"), ("GET", "/lies"), ("DELETE", "/shelves/s003"))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?limit=2", [4, 5]),
        ("?verdict=kept", [1, 5]),
        ("?verdict=broken", [2]),
        ("?verdict=unmatched", [3]),
        ("?verdict=ours", [4]),
        ("?method=delete", [5]),
        ("?status=2xx", [1, 5]),
        ("?status=400", [2]),
        ("?operation=listShelves", [1, 2]),
        ("?vendor=library&operation=deleteShelf", [5]),
        ("?text=s003", [1, 5]),
        ("?vendor=nobody", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_journal_can_be_asked(ask: Client, site: Site, query: str, numbers: list[int]) -> None:
    """Every filter keeps what it says; numbers are those of the world, counted from 1."""
    for method, path in CALLS:
        place, _, asked_query = path.partition("?")
        toy.ask(site, method, place, query=asked_query)
    assert [each["number"] for each in ask("GET", f"/journal{query}").json()["exchanges"]] == numbers


def test_an_exchange_tells_the_contract_place_or_the_nearest_operation(ask: Client, site: Site) -> None:
    """A breach stands with its place in the call and in the document; a call that matches nothing beside the nearest operation."""
    toy.ask(site, "GET", "/shelves", query="limit=0")
    toy.ask(site, "GET", "/shelf")
    broken, unmatched = (ask("GET", f"/journal/{number}").json() for number in (1, 2))
    (finding,) = broken["findings"]
    assert (finding["place"], finding["contract"]) == ("query limit", "#/paths/~1shelves/get/parameters/0/schema/minimum")
    assert unmatched["nearest"][0] == "GET /shelves"


def test_numbers_stay_when_the_journal_lets_old_exchanges_go(ask: Client, site: Site) -> None:
    """The thousand and first call does not renumber the others."""
    for _ in range(1003):
        toy.ask(site, "GET", "/nothing")
    told = ask("GET", "/journal?limit=1000").json()["exchanges"]
    assert (told[0]["number"], told[-1]["number"]) == (4, 1003)
    assert ask("GET", "/journal/3").status_code == 404


def test_the_journal_leaves_as_har(ask: Client, site: Site) -> None:
    """An entry an exchange, with what HAR 1.2 requires of one."""
    toy.ask(site, "POST", "/shelves", {"name": "Blue"})
    (entry,) = ask("GET", "/journal/har").json()["log"]["entries"]
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
    assert orjson.loads(entry["request"]["postData"]["text"]) == {"name": "Blue"}
    assert entry["response"]["status"] == 201


def test_a_curl_line_is_safe_in_a_shell(ask: Client, site: Site) -> None:
    """Quotes, dollars and backticks in a call stay what they were."""
    import shlex

    nasty = '\'; rm -rf "$HOME" `x`'
    toy.ask(site, "POST", "/shelves", {"name": nasty})
    words = shlex.split(ask("GET", "/journal/curl").text)
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert orjson.loads(words[words.index("--data-raw") + 1]) == {"name": nasty}


async def events(app: App, last: str = "", query: str = "") -> AsyncIterator[bytes]:
    answer = await app.control.answer(Call("GET", "/journal/follow", query, {"last-event-id": last} if last else {}))
    assert isinstance(answer, AsyncIterator)
    async with aclosing(answer) as stream:  # type: ignore[type-var]  # an async generator has aclose
        async for each in stream:
            yield each


async def first(stream: AsyncIterator[bytes], count: int) -> list[bytes]:
    return [await anext(stream) for _ in range(count)]


def within(seconds: float, work: Awaitable[Any]) -> Any:
    async def timed() -> Any:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run(timed())


def test_who_follows_hears_every_call_and_every_change(app: App, site: Site) -> None:
    """An event for each exchange from now on, with its number as id, and one when the control API changed something."""

    async def follow() -> list[bytes]:
        toy.ask(site, "GET", "/nothing")
        stream = events(app)
        heard = await first(stream, 1)
        toy.ask(site, "GET", "/shelves")
        heard += await first(stream, 1)
        await app.control.answer(Call("POST", "/checkpoints", "", {"content-type": "application/json"}, b'{"name":"x"}'))
        return heard + await first(stream, 1)

    comment, exchange, change = within(5, follow())
    assert comment.startswith(b":")
    assert exchange.startswith(b"id: 2\nevent: exchange\ndata: {")
    assert change == b"event: change\ndata: null\n\n"


def test_who_comes_back_hears_what_was_missed(app: App, site: Site) -> None:
    """Last-Event-ID: everything after it, filtered as asked."""

    async def follow() -> list[bytes]:
        for path in ("/shelves", "/nothing", "/shelves"):
            toy.ask(site, "GET", path)
        return await first(events(app, "1", "verdict=kept"), 2)

    _, exchange = within(5, follow())
    assert exchange.startswith(b"id: 3\n")


def test_to_follow_does_not_keep_a_dropped_world_alive(app: App, site: Site) -> None:
    """A dropped world stays dropped while somebody follows it, and is heard again when it is used again."""

    async def follow() -> list[bytes]:
        toy.ask(site, "GET", "/nothing")
        stream = events(app)
        await first(stream, 1)
        site.worlds.drop("default")
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.wait([waiting], timeout=3 * doors.glance)
        assert "default" not in site.worlds
        toy.ask(site, "GET", "/shelves")
        return [await waiting]

    assert within(5, follow())[0].startswith(b"id: 1\n")


def test_who_follows_lets_go_when_the_server_closes(app: App) -> None:
    """A stream ends by itself, so that stopping the server waits for nobody."""

    async def follow() -> list[bytes]:
        stream = events(app)
        heard = await first(stream, 1)
        app.control.closing = True
        return heard + [each async for each in stream]

    assert len(within(5, follow())) == 1


def test_faults_are_given_listed_struck_and_taken(ask: Client, site: Site) -> None:
    """A fault strikes from when it is given, tells how often it did, and not after it was taken away."""
    given = ask("POST", "/faults", {"effect": "status", "status": 403, "operations": ["getShelf"], "times": 1, "name": "no"}).json()
    assert (given["vendor"], given["struck"]) == ("library", 0)
    assert [toy.ask(site, "GET", "/shelves/s000").status for _ in range(2)] == [403, 200]
    assert names("faults", ask("GET", "/faults").json(), "name", "struck", "seen") == [["no", 1, 2]]
    assert ask("GET", "/journal/1").json()["fault"] == "no"
    assert ask("DELETE", "/faults/no").status_code == 204
    assert ask("GET", "/faults").json()["faults"] == []


def test_a_pack_is_switched_on_and_off_for_one_vendor(ask: Client) -> None:
    """Its faults carry the vendor in their names, and go together."""
    on = ask("PUT", "/packs/bad%20day", {"on": True, "vendor": "library"}).json()["faults"]
    assert {each["vendor"] for each in on} == {"library"}
    assert all(each["name"].startswith("library: bad day") for each in on)
    assert ask("PUT", "/packs/bad%20day", {"on": False, "vendor": "library"}).json() == {"faults": []}


def test_coverage_counts_calls_by_status_and_breach(ask: Client, site: Site) -> None:
    """Every operation of the contract stands there once, with how its calls went."""
    toy.ask(site, "GET", "/shelves")
    toy.ask(site, "GET", "/shelves", query="limit=0")
    told = {each["operation"]: each for each in ask("GET", "/coverage").json()["vendors"]["library"]}
    assert told.keys() == site.engines["library"].contract.operations.keys()
    assert (told["listShelves"]["statuses"], told["listShelves"]["broken"]) == ({"200": 1, "400": 1}, 1)
    assert told["burn"]["behaviour"] == "none"
