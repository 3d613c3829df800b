"""Which vendor and which world an address means."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.site import Route, Site
from mockserver.engine.vendor import Vendor
from mockserver.errors import BadScene
from mockserver.message import Reply
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock
from mockserver.vendors import shelf
from tests import toy


def second(name: str = "second", **card: Any) -> Engine:
    return Engine(Vendor(name=name, **card), Contract.load(toy.document))


def two() -> Site:
    site = toy.site()
    site.add(second())
    return site


def route(site: Site, path: str, host: str = "localhost:4010", headers: dict[str, str] | None = None) -> tuple[str, str, str, str] | str:
    """Vendor, world, path and base; or the kind of problem."""
    told = site.route("http", host, path, headers or {})
    if isinstance(told, Route):
        return told.engine.vendor.name, told.world, told.path, told.base
    return told.headers["Mock-Problem"]


@pytest.mark.parametrize(
    ("host", "path", "told"),
    [
        ("localhost:4010", "/library/shelves", ("library", "default", "/shelves", "http://localhost:4010/library")),
        ("localhost:4010", "/second/a/b", ("second", "default", "/a/b", "http://localhost:4010/second")),
        ("localhost:4010", "/library", ("library", "default", "/", "http://localhost:4010/library")),
        ("localhost:4010", "/library/", ("library", "default", "/", "http://localhost:4010/library")),
        ("api.library.example.com", "/shelves", ("library", "default", "/shelves", "http://api.library.example.com")),
        ("API.Library.Example.Com:8443", "/shelves", ("library", "default", "/shelves", "http://API.Library.Example.Com:8443")),
        ("top.shelf.example.com", "/shelves", ("library", "default", "/shelves", "http://top.shelf.example.com")),
        ("library.localhost:4010", "/shelves", ("library", "default", "/shelves", "http://library.localhost:4010")),
        ("second.localhost", "/shelves", ("second", "default", "/shelves", "http://second.localhost")),
        ("[::1]:4010", "/library/shelves", ("library", "default", "/shelves", "http://[::1]:4010/library")),
        ("", "/library/x", ("library", "default", "/x", "http:///library")),
        ("localhost:4010", "/shelves", "unknown-vendor"),
        ("localhost:4010", "/", "unknown-vendor"),
        ("localhost:4010", "/Library/shelves", "unknown-vendor"),
        ("shelf.example.com", "/shelves", "unknown-vendor"),
        ("notlibrary.example.com", "/shelves", "unknown-vendor"),
    ],
)
def test_an_address_means_a_vendor(host: str, path: str, told: object) -> None:
    """By the prefix anywhere, by the vendor's real host or NAME.localhost at the root; else it is said what is served."""
    assert route(two(), path, host) == told


@pytest.mark.parametrize(
    ("path", "headers", "told"),
    [
        ("/library/shelves", {"mock-world": "mine"}, ("library", "mine", "/shelves", "http://localhost:4010/library")),
        ("/_world/mine/library/shelves", {}, ("library", "mine", "/shelves", "http://localhost:4010/_world/mine/library")),
        (
            "/_world/mine/library/shelves",
            {"mock-world": "yours"},
            ("library", "mine", "/shelves", "http://localhost:4010/_world/mine/library"),
        ),
        ("/_world/a%40b/library/x", {}, ("library", "a@b", "/x", "http://localhost:4010/_world/a%40b/library")),
        ("/library/shelves", {"mock-world": "a/b"}, "bad-world"),
        ("/library/shelves", {"mock-world": "../etc"}, "bad-world"),
        ("/library/shelves", {"mock-world": "x" * 129}, "bad-world"),
        ("/library/shelves", {"mock-world": "a, b"}, "bad-world"),
        ("/_world//library/x", {}, "bad-world"),
        ("/_world/%/library/x", {}, "bad-world"),
        ("/_world/%00/library/x", {}, "bad-world"),
        ("/_world/mine", {}, "unknown-vendor"),
    ],
)
def test_an_address_means_a_world(path: str, headers: dict[str, str], told: object) -> None:
    """By the path or by the header, the path winning; what is no name for a world is refused and makes none."""
    site = two()
    assert route(site, path, headers=headers) == told
    assert list(site.worlds) == []


def test_a_vendor_alone_answers_at_the_root_too() -> None:
    """`serve ONE` needs no prefix; a second vendor ends that."""
    site = toy.site()
    assert route(site, "/shelves") == ("library", "default", "/shelves", "http://localhost:4010")
    assert route(site, "/library/shelves") == ("library", "default", "/shelves", "http://localhost:4010/library")
    site.add(second())
    assert route(site, "/shelves") == "unknown-vendor"


def test_a_vendor_may_claim_paths_of_the_root() -> None:
    """A sign-in that cannot have a prefix is answered without one, whatever else is served."""
    import re

    site = toy.site()
    site.add(second("entry", root=re.compile(r"/[^/]+/oauth2/")))
    assert route(site, "/tenant/oauth2/token") == ("entry", "default", "/tenant/oauth2/token", "http://localhost:4010")
    assert route(site, "/library/oauth2/token") == ("library", "default", "/oauth2/token", "http://localhost:4010/library")


def test_no_vendors_host_is_forgotten_or_remembered_too_long() -> None:
    """What a host meant is looked up once; a vendor that joins later is found all the same, and strangers fill no memory."""
    site = toy.site()
    assert route(site, "/x", "late.example.com") == ("library", "default", "/x", "http://late.example.com")
    site.add(second("late", hosts=("late.example.com",)))
    assert route(site, "/x", "late.example.com") == ("late", "default", "/x", "http://late.example.com")
    for number in range(3000):
        route(site, "/x", f"host{number}.example.com")
    assert len(site._known_hosts) <= 1000


def test_worlds_do_not_see_each_other() -> None:
    """What one world made, another does not have; each starts as the scene left it."""
    site = toy.site()
    made = toy.ask(site, "POST", "/_world/one/library/shelves", {"name": "mine"}).value["id"]
    assert toy.ask(site, "GET", f"/_world/one/library/shelves/{made}").status == 200
    assert toy.ask(site, "GET", f"/_world/two/library/shelves/{made}").status == 404
    assert toy.ask(site, "GET", f"/library/shelves/{made}").status == 404


def test_a_dropped_world_starts_again() -> None:
    """Dropping a world forgets everything in it."""
    site = toy.site()
    toy.ask(site, "DELETE", "/library/shelves/s000")
    assert toy.ask(site, "GET", "/library/shelves/s000").status == 404
    assert site.worlds.drop("default")
    assert not site.worlds.drop("default")
    assert toy.ask(site, "GET", "/library/shelves/s000").status == 200


def of_scene(records: dict[str, Any]) -> Site:
    scene = scenes.load(shelf.scene("company"), now=toy.noon)
    told = scenes.Scene(scene.people, scene.now, records=records)
    return Site([Engine(toy.card(), Contract.load(toy.document))], told, Clock(frozen=toy.noon))


def test_a_scene_may_bring_records_of_its_own() -> None:
    """They stand beside the people's, are completed where they are partial, and are in every world."""
    site = of_scene({"library": {"shelves": [{"id": "extra"}, {"id": "s000", "name": "Replaced"}]}})
    assert toy.ask(site, "GET", "/library/shelves/extra").value == {"id": "extra", "name": "unnamed"}
    assert toy.ask(site, "GET", "/_world/other/library/shelves/s000").value["name"] == "Replaced"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({"library": {"shelfs": []}}, "/records/library/shelfs: no such kind; known: shelves, books"),
        ({"library": {"shelves": [{"id": "a"}, {"id": "b", "name": ""}]}}, "/records/library/shelves/1: /name: "),
    ],
    ids=["unknown kind", "breaks the contract"],
)
def test_records_of_a_scene_keep_the_contract(records: dict[str, Any], words: str) -> None:
    """What a scene brings is checked like everything else, before anybody asks for it, and the place in the scene is named."""
    with pytest.raises(BadScene) as error:
        of_scene(records)
    assert words in str(error.value)


def test_a_vendor_that_is_replaced_begins_with_its_own_records() -> None:
    """New worlds have what the new one brings, and nothing that the old one had laid."""
    site = toy.site()
    assert toy.ask(site, "GET", "/library/shelves/s000").status == 200
    card = dataclasses.replace(toy.card(), populate=lambda *_: {"shelves": [{"id": "new", "name": "New"}]})
    site.add(Engine(card, Contract.load(toy.document)))
    statuses = [toy.ask(site, "GET", f"/_world/later/library/shelves/{key}").status for key in ("new", "s000")]
    assert statuses == [200, 404]


@pytest.mark.parametrize("name", vendors.names())
def test_the_real_hosts_of_bundled_vendors_are_theirs(name: str) -> None:
    """A client that is sent to this server under the vendor's own host name is answered by that vendor."""
    site = vendors.site(clock="2026-01-31T12:00:00Z")
    hosts = site.engines[name].vendor.hosts
    assert hosts
    assert {route(site, "/x", host.replace("*", "company"))[0] for host in hosts} == {name}


def test_an_answer_wakes_the_outbox_of_its_world() -> None:
    """A site tells whoever sends as soon as a world has something to send."""
    site, told = toy.site(), []
    site.mail = lambda world: told.append(world.name)
    toy.ask(site, "GET", "/library/shelves")
    assert told == []
    reply: Reply = toy.ask(site, "POST", "/_world/mine/library/bells", {"url": "http://localhost:1/"})
    assert (reply.status, told) == (204, ["mine"])
