"""Webhooks reach their endpoint: signed, in order, and again when they were not taken."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from mockserver.engine.site import Site
from mockserver.state.world import Post
from mockserver.web.app import App
from mockserver.web.outbox import Outbox, Sent, opener, send, waits
from tests import toy
from tests.web.conftest import Receiver, Served


def ring(served: Served, url: str, words: str = "ding") -> None:
    reply = served.client.post(f"{served.url}/bells", json={"url": url, "words": words}, headers=toy.writer)
    assert reply.status_code == 204


def later(served: Served, seconds: float) -> None:
    """Let this much time pass in the world."""
    assert served.client.put(f"{served.control}/clock", json={"advance": seconds}).status_code == 200


def test_a_delivery_arrives_as_it_was_written(served: Served, receiver: Receiver) -> None:
    """Body and headers to the byte, at the path that was asked for."""
    ring(served, f"{receiver.url}/hook?a=b", "ding dong")
    came = receiver.next()
    assert (came.path, came.body, came.headers["content-type"]) == ("/hook?a=b", b"ding dong", "text/plain")


def test_deliveries_keep_their_order(served: Served, receiver: Receiver) -> None:
    """However quickly they follow each other and however slowly the endpoint answers, an endpoint sees them as they happened."""
    receiver.held.clear()
    ring(served, receiver.url, "0")
    first = receiver.next()
    for number in range(1, 30):
        ring(served, receiver.url, str(number))
    assert receiver.came.empty()
    receiver.held.set()
    assert [first.body, *(receiver.next().body for _ in range(29))] == [str(number).encode() for number in range(30)]


def test_a_slow_endpoint_holds_up_nobody_else(served: Served, receiver: Receiver) -> None:
    """Another endpoint of the same world gets its deliveries meanwhile."""
    receiver.held.clear()
    ring(served, f"{receiver.url}/slow")
    assert receiver.next().path == "/slow"
    ring(served, f"{receiver.url}/quick")
    assert receiver.next().path == "/quick"


def test_what_is_not_taken_is_tried_again_by_the_worlds_clock(served: Served, receiver: Receiver) -> None:
    """Seven tries, each after a longer wait, none before its time; then it is given up."""
    receiver.statuses += [500, 404, 301, 503, 500, 500, 500]
    ring(served, receiver.url)
    assert receiver.next().path == "/"
    for wait in waits:
        later(served, wait / 1000 - 1)
        assert receiver.came.empty()
        later(served, 1)
        assert receiver.next().body == b"ding"
    later(served, 7 * 24 * 3600)
    ring(served, receiver.url, "another")
    assert receiver.next().body == b"another"
    assert served.site.worlds.get(served.world).outbox == []


def test_a_wait_begins_when_the_try_does(served: Served, receiver: Receiver) -> None:
    """However the clock is moved while an endpoint thinks: whoever then moves it on finds the next try where it belongs."""
    receiver.statuses.append(500)
    receiver.held.clear()
    ring(served, receiver.url)
    receiver.next()
    served.site.worlds.get(served.world).clock.advance(3_000)
    receiver.held.set()
    later(served, 2)
    assert receiver.next().path == "/"


def test_a_world_remembers_its_last_thousand_tries() -> None:
    """What was sent is counted on, and what is older is let go."""
    site = toy.site()
    outbox, world = Outbox(site), site.worlds.get("default")
    world.outbox += [Post("none://", {}, b"", 0, "library", attempt=len(waits) + 1)] * 1_003
    asyncio.run(outbox.flush(world))
    numbers = [sent.number for sent in outbox.sent["default"]]
    assert numbers == list(range(4, 1_004))


def test_a_taken_delivery_is_not_sent_again(served: Served, receiver: Receiver) -> None:
    """Any 2xx is a yes."""
    receiver.statuses += [500, 202]
    ring(served, receiver.url)
    receiver.next()
    later(served, 24 * 3600)
    receiver.next()
    later(served, 24 * 3600)
    ring(served, receiver.url, "another")
    assert receiver.next().body == b"another"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "file: is not http or https"),
        ("nonsense", "unknown url type"),
        ("http://", "no host given"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("", "unknown url type"),
    ],
)
def test_an_address_that_is_none_is_no_error_of_ours(url: str, words: str) -> None:
    """Whatever was registered as an endpoint: a try that failed, with the reason."""
    told = send(Post(url, {}, b"", 0, "library"), {})
    assert isinstance(told, Sent)
    assert told.status == 0
    assert words in told.error


def test_an_endpoint_that_is_not_there_is_tried_again() -> None:
    """Nobody listening is a try that failed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert send(Post(f"http://127.0.0.1:{port}", {}, b"", 0, "library"), {}).status == 0


def test_no_proxy_comes_between(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says of proxies is meant for clients."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    opener.cache_clear()
    assert send(Post(receiver.url, {}, b"x", 0, "library"), {}).status == 200


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """A webhook goes where it was asked to go and nowhere else."""
    receiver.statuses.append(302)
    assert send(Post(f"{receiver.url}/hook", {}, b"x", 0, "library"), {}).status == 302
    assert receiver.next().path == "/hook"
    assert receiver.came.empty()


def test_worlds_do_not_send_for_each_other(served: Served, receiver: Receiver) -> None:
    """Time that passes in one world sends nothing of another."""
    receiver.statuses.append(500)
    ring(served, receiver.url)
    receiver.next()
    other = replace(served, world=f"{served.world}-other")
    later(other, 24 * 3600)
    ring(other, receiver.url, "mine")
    assert receiver.next().body == b"mine"
    assert len(served.site.worlds.get(served.world).outbox) == 1


def test_without_a_server_nothing_is_sent() -> None:
    """A site in memory keeps what it would send, to be looked at."""
    site: Site = toy.site()
    app = App(site)
    assert isinstance(app.outbox, Outbox)
    toy.ask(site, "POST", "/library/bells", {"url": "http://192.0.2.1/"})
    (post,) = site.worlds.get("default").outbox
    assert (post.url, post.body) == ("http://192.0.2.1/", b"ding")
