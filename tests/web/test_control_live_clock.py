"""Time that passes through the control API: everything due on the way happens, in order and at its own moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver.contract.contract import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.site import Site
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock, iso_ms
from mockserver.state.table import Layout
from mockserver.state.world import Post, World
from mockserver.vendors import shelf
from mockserver.web.app import App
from mockserver.web.outbox import waits
from tests import toy
from tests.web.conftest import Receiver, Served


def falling(url: str) -> Site:
    """The library, whose shelves fall one after the other, an hour apart, each with a webhook that tells when."""
    card = toy.card()
    shelves, books = card.kinds
    shelves = replace(shelves, layout=Layout(due=lambda record: toy.noon + (int(record["id"][1:]) + 1) * 3_600_000))

    def tick(world: World) -> None:
        table, now = world.store("library")["shelves"], world.clock.now()
        for key in table.overdue(now):
            table.remove(key)
            world.outbox.append(Post(url, {}, f"{key} {iso_ms(now)}".encode(), now, "library", about=key))

    clock = Clock(frozen=toy.noon)
    card = replace(card, kinds=(shelves, books), tick=tick)
    return Site([Engine(card, Contract.load(toy.document))], scenes.load(shelf.scene("company"), now=clock.now()), clock)


def control(app: App, *asked: tuple[str, str, Any]) -> list[Any]:
    """These requests to the control API, one after the other on one loop."""

    async def all_of_them() -> list[Any]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/_mockserver", timeout=30) as client:
            return [(await client.request(method, path, json=value)).json() for method, path, value in asked]

    return asyncio.run(all_of_them())


def test_each_thing_happens_at_its_own_time_and_in_order(receiver: Receiver) -> None:
    """A jump of a day makes twelve things happen an hour apart, and each webhook was sent when its hour came."""
    app = App(falling(receiver.url))
    clock, told = control(app, ("PUT", "/clock", {"advance": 86_400}), ("GET", "/webhooks", None))
    assert clock == {"now": "2026-02-01T12:00:00.000Z", "frozen": True, "next": None}
    hours = [toy.noon + (nth + 1) * 3_600_000 for nth in range(12)]
    assert [each["body"] for each in told["sent"]] == [f"s{nth:03d} {iso_ms(hour)}" for nth, hour in enumerate(hours)]
    assert [receiver.next().body.decode() for _ in range(12)] == [each["body"] for each in told["sent"]]


def test_the_clock_tells_what_is_due_next(receiver: Receiver) -> None:
    """Freezing at a time lets everything before it happen and nothing after."""
    app = App(falling(receiver.url))
    before, after = control(app, ("GET", "/clock", None), ("PUT", "/clock", {"freeze": "2026-01-31T14:30:00Z"}))
    assert (before["next"], after["next"]) == ("2026-01-31T13:00:00.000Z", "2026-01-31T15:00:00.000Z")
    assert [receiver.next().body[:4] for _ in range(2)] == [b"s000", b"s001"]


def test_going_back_undoes_nothing_and_repeats_nothing(receiver: Receiver) -> None:
    """The clock may be set back; what has happened has."""
    app = App(falling(receiver.url))
    _, clock, told = control(app, ("PUT", "/clock", {"advance": 7200}), ("PUT", "/clock", {"advance": -7200}), ("GET", "/webhooks", None))
    assert clock["now"] == "2026-01-31T12:00:00.000Z"
    assert len(told["sent"]) == 2


def test_a_clock_that_was_let_go_runs_on_from_where_it_stood() -> None:
    """Run: no longer frozen, and not before the time it showed."""
    (clock,) = control(App(toy.site()), ("PUT", "/clock", {"run": True}))
    assert clock["frozen"] is False
    assert clock["now"] >= "2026-01-31T12:00:00.000Z"


def test_one_jump_makes_every_retry_of_a_webhook_at_its_time(served: Served, receiver: Receiver) -> None:
    """Seven tries stand in the list, each due a longer wait after the last."""
    receiver.statuses += [500] * 7
    served.client.post(f"{served.url}/bells", json={"url": receiver.url}, headers=toy.writer)
    served.client.put(f"{served.control}/clock", json={"advance": 86_400}, timeout=30)
    told = served.client.get(f"{served.control}/webhooks").json()
    assert told["waiting"] == []
    assert [each["attempt"] for each in told["sent"]] == [1, 2, 3, 4, 5, 6, 7]
    due = [toy.noon + sum(waits[:nth]) for nth in range(7)]
    assert [each["due"] for each in told["sent"]] == [iso_ms(each) for each in due]


def test_what_was_sent_can_be_sent_once_more(served: Served, receiver: Receiver) -> None:
    """Redelivered is the same body, now, as a first try."""
    receiver.statuses += [410]
    served.client.post(f"{served.url}/bells", json={"url": receiver.url, "words": "again"}, headers=toy.writer)
    receiver.next()
    served.client.put(f"{served.control}/clock", json={"advance": 86_400}, timeout=30)
    receiver.next()
    waiting = served.client.post(f"{served.control}/webhooks/1/redeliver").json()
    assert (waiting["attempt"], waiting["status"], waiting["about"]) == (1, None, "again")
    assert receiver.next().body == b"again"


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_world_has_its_limits_switched_for_itself(switch: str) -> None:
    """The switch of one world is not that of another, nor of the server."""
    from mockserver.engine.vendor import Option

    card = replace(toy.card(), options={"limits": Option("off" if switch == "on" else "on", ("on", "off"), "limits")})
    clock = Clock(frozen=toy.noon)
    site = Site([Engine(card, Contract.load(toy.document))], scenes.load(shelf.scene("company"), now=clock.now()), clock)
    here, there = control(App(site), ("PUT", "/worlds/one/limits", {"limits": switch}), ("GET", "/worlds/two/limits", None))
    assert here == {"vendors": {"library": switch}, "counted": []}
    assert there != here
