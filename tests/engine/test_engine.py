"""One call in, one reply out: the straight line and everything that can stop a call on it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.contract import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.site import Site
from mockserver.engine.vendor import Kind, Option, Turn, Vendor
from mockserver.errors import BadOption, Refusal, UnknownName
from mockserver.message import Reply
from tests import toy
from tests.toy import ask


def problem(reply: Reply) -> tuple[int, str | None]:
    return reply.status, reply.headers.get("Mock-Problem")


# -- told apart -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "told", "words"),
    [
        ("GET", "/library/shelfs", (404, "unknown-path"), "library has no GET /shelfs; nearest: GET /shelves"),
        ("GET", "/library/shelves/", (404, "unknown-path"), "library has no GET /shelves/; nearest: GET /shelves"),
        ("GET", "/library//shelves", (404, "unknown-path"), "nearest: GET /shelves"),
        ("PUT", "/library/shelves", (405, "unknown-method"), "library takes GET, POST at /shelves, not PUT"),
        ("POST", "/library/shelves/s000/burn", (501, "not-acted-out"), "burn is in the contract; the fake does not act it out yet"),
        ("GET", "/library/shelves/%zz", (404, "unknown-path"), "is not percent-encoded UTF-8"),
        ("GET", "/library/lies", (500, "own-reply"), "lie: reply body /name: "),
        ("GET", "/library/shelves/none", (404, None), None),
    ],
)
def test_what_is_ours_is_told_apart_from_what_is_the_vendors(
    method: str, path: str, told: tuple[int, str | None], words: str | None, site: Site
) -> None:
    """An unknown path, a wrong method, a missing behaviour and our own mistake speak as problems; a business 404 as the vendor."""
    reply = ask(site, method, path)
    assert problem(reply) == told
    if words is None:
        assert reply.value == {"error": "not_found", "field": None}
    else:
        assert reply.media == "application/problem+json"
        assert words in reply.value["detail"]


def test_a_wrong_method_is_told_the_right_ones(site: Site) -> None:
    """Allow lists every method of the path."""
    reply = ask(site, "PUT", "/library/shelves/s000")
    assert reply.headers["Allow"] == "DELETE, GET, PATCH"


def test_head_is_answered_like_get(site: Site) -> None:
    """The status and headers of GET; the web room leaves the body away."""
    assert ask(site, "HEAD", "/library/shelves/s000").status == 200


def test_our_own_broken_reply_is_loud(site: Site) -> None:
    """What would have broken the contract never leaves: a 500 says what was wrong and where the contract says so, and it is journalled."""
    reply = ask(site, "GET", "/library/lies")
    (finding,) = reply.value["findings"]
    assert (reply.value["status_meant"], finding["place"], finding["keyword"]) == (200, "reply body /name", "minLength")
    (exchange,) = site.worlds.get("default").journal
    assert (exchange.operation, exchange.findings[0].keyword) == ("lie", "minLength")


# -- the order of the line ------------------------------------------------------------------------------------------


def test_who_asks_is_judged_before_what_is_asked(site: Site) -> None:
    """Without credentials a bad call is a 401, not a 400; with them, a bad call is a 400 before it is a 403 or 404."""
    assert ask(site, "POST", "/library/shelves", raw=b"{", headers={}).status == 401
    assert ask(site, "POST", "/library/shelves", raw=b"{", headers=toy.reader).status == 400
    assert ask(site, "POST", "/library/shelves/none/books", raw=b"{").status == 400


def test_a_turn_is_metered_once_and_before_its_body_is_read() -> None:
    """Badly put calls count against the limit too."""
    counted: list[str] = []
    card = toy.card()
    vendor = Vendor(
        name="metered", authenticate=toy.authenticate, refuse=toy.refuse, invalid=toy.invalid, meter=lambda turn: counted.append(turn.operation.id),
        kinds=card.kinds, populate=toy.populate,
    )  # fmt: skip
    site = toy.site()
    site.add(Engine(vendor, Contract.load(toy.document)))
    statuses = [ask(site, "POST", "/metered/shelves", raw=b"{").status, ask(site, "GET", "/metered/shelves").status]
    statuses.append(ask(site, "GET", "/metered/shelves", headers={}).status)
    assert (statuses, counted) == ([400, 200, 401], ["createShelf", "listShelves"])


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"[]", b'{"name": ""}', b'{"name": 1}', b'{"name":"x","facts":' + b"[" * 300 + b"]" * 300 + b"}"]
)
def test_a_refused_call_changes_nothing(raw: bytes, site: Site) -> None:
    """Not a record, not a draw, not a counter."""
    world = site.worlds.get("default")
    ask(site, "GET", "/library/shelves")
    before = world.snapshot()
    assert ask(site, "POST", "/library/shelves", raw=raw).status == 400
    assert (list(world.store("library")["shelves"]), world.drawn, world.counters) == (
        list(before.stores["library"]["shelves"]), before.drawn, before.counters,
    )  # fmt: skip


# -- anything at all ------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
paths = st.lists(words | st.sampled_from(["shelves", "books", "s000", "0", "lies"]), max_size=6).map(
    lambda parts: "/library/" + "/".join(quote(part, safe="") for part in parts)
)
headers = st.dictionaries(
    st.sampled_from(["authorization", "content-type", "accept", "x-y"]),
    st.sampled_from(["Bearer writer", "Bearer", "application/json", "text/plain", "*/*", "\xff", ""]),
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", ""]), path=paths | words.map("/library/".__add__),
    query=words | words.map(quote), headers=headers, raw=st.binary(max_size=40) | st.just(b'{"name":"x","title":"y"}'),
)  # fmt: skip
def test_any_call_whatever_gets_an_answer(method: str, path: str, query: str, headers: Mapping[str, str], raw: bytes) -> None:
    """No call makes an exception, and none but the toy's lie a 5xx of ours."""
    reply = ask(shared, method, path, headers=headers, query=query, raw=raw)
    kind = reply.headers.get("Mock-Problem")
    assert kind in (None, "unknown-path", "unknown-method", "not-acted-out") or path == "/library/lies"
    assert reply.status < 500 or kind in ("not-acted-out", "own-reply")
    assert shared.worlds.get("default").journal[-1].call.path == path.removeprefix("/library")


shared = toy.site()


# -- journal --------------------------------------------------------------------------------------------------------


def test_every_exchange_is_journalled(site: Site) -> None:
    """What was asked, when, what it meant, what was wrong with it and what was answered, refusals and unknown paths included."""
    ask(site, "GET", "/library/shelves", query="limit=1")
    ask(site, "GET", "/library/shelves", query="limit=0")
    ask(site, "GET", "/library/nowhere")
    journal = site.worlds.get("default").journal
    assert [(each.operation, each.reply.status, len(each.findings)) for each in journal] == [
        ("listShelves", 200, 0), ("listShelves", 400, 1), (None, 404, 0),
    ]  # fmt: skip
    assert journal[0].at == toy.noon
    assert journal[0].call.url == "http://localhost:4010/library/shelves?limit=1"
    assert journal[1].findings[0].place == "query limit"
    assert journal[0].reply.body is not None


def test_a_journal_does_not_grow_for_ever(site: Site) -> None:
    """The newest thousand exchanges are kept."""
    for _ in range(1100):
        ask(site, "GET", "/library/nowhere")
    assert len(site.worlds.get("default").journal) == 1000


# -- building -------------------------------------------------------------------------------------------------------


def test_a_behaviour_for_nothing_fails_at_once() -> None:
    """A behaviour for an operation that the contract does not have fails when the engine is built, with the nearest name."""
    vendor = Vendor(name="toy")
    vendor.behaviour("listShelfs")(lambda _: Reply(200))
    with pytest.raises(UnknownName, match=r"unknown operation of toy \(it has a behaviour\) 'listShelfs': did you mean 'listShelves'\?"):
        Engine(vendor, Contract.load(toy.document))


def test_two_behaviours_for_one_operation_fail_at_once() -> None:
    """Nobody overrules anybody silently."""
    vendor = Vendor(name="toy")
    vendor.behaviour("burn")(lambda _: Reply(204))
    with pytest.raises(ValueError, match="toy: burn has a behaviour already"):
        vendor.behaviour("burn")(lambda _: Reply(204))


@pytest.mark.parametrize(
    ("given_options", "error", "message"),
    [
        ({"colour": "red"}, None, None),
        ({"color": "red"}, UnknownName, "unknown option of toy 'color': did you mean 'colour'?"),
        ({"colour": "blue"}, BadOption, "option toy.colour='blue' is not one of red, green"),
    ],
    ids=["good", "unknown", "out of range"],
)
def test_options_are_settled_when_the_engine_is_built(
    given_options: dict[str, str], error: type[Exception] | None, message: str | None
) -> None:
    """Defaults below what was given; unknown switches and values are named."""
    vendor = Vendor(name="toy", options={"colour": Option("green", ("red", "green"), "what it is painted in")})
    if error is None:
        assert Engine(vendor, Contract.load(toy.document), given_options).options == {"colour": "red"}
        assert Engine(vendor, Contract.load(toy.document)).options == {"colour": "green"}
    else:
        with pytest.raises(error) as told:
            Engine(vendor, Contract.load(toy.document), given_options)
        assert str(told.value) == message


def test_a_behaviour_may_refuse_from_anywhere() -> None:
    """One exception, rendered once by the card; its headers travel with it."""
    vendor = Vendor(name="toy", refuse=toy.refuse, kinds=(Kind("shelves", "Shelf"),))

    @vendor.behaviour("getShelf")
    def refuse(turn: Turn) -> Reply:
        raise Refusal(403, "no", headers={"X-Why": "because"})

    site = Site([Engine(vendor, Contract.load(toy.document))], toy.site().scene, toy.site().worlds.origin.clock)
    reply = ask(site, "GET", "/toy/shelves/s000")
    assert (reply.status, reply.value["error"], reply.headers["X-Why"]) == (403, "no", "because")
