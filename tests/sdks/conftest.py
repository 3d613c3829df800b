"""The server that unmodified SDKs talk to: one for the whole run, over real sockets, a fresh world for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mockserver.engine.site import Site
from mockserver.vendors import site as make_site
from mockserver.web.app import App
from mockserver.web.server import Address, Plan, in_thread


@dataclass(frozen=True, slots=True)
class Served:
    """One vendor in one world, as an SDK sees it."""

    url: str
    tls_url: str
    ca: str
    root_tls_url: str
    credentials: dict[str, str]
    subject: dict[str, Any]
    site: Site
    world: str


@dataclass(frozen=True, slots=True)
class Running:
    site: Site
    address: Address


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    site = make_site()
    with in_thread(App(site), Plan(tls_port=0)) as address:
        yield Running(site, address)


worlds = itertools.count()


@pytest.fixture
def served(running: Running) -> Iterator[Callable[[str], Served]]:
    """`served("workos")`: that vendor in a world of this test's own. Afterwards: no reply of ours broke the contract."""
    name = f"sdk-{os.getpid()}-{next(worlds)}"
    site, address = running.site, running.address

    def serve(vendor: str) -> Served:
        engine = site.engines[vendor]
        assert address.tls_url is not None
        assert address.ca is not None
        prefix = f"/_world/{name}/{vendor}"
        return Served(
            url=address.url + prefix,
            tls_url=address.tls_url + prefix,
            ca=address.ca,
            root_tls_url=address.tls_url,
            credentials=engine.vendor.credentials(site.scene, engine.options),
            subject=engine.vendor.subject(site.scene, engine.options),
            site=site,
            world=name,
        )

    yield serve
    ours = [
        exchange for exchange in site.worlds.get(name).journal if exchange.reply.headers.get("Mock-Problem") in ("own-reply", "own-error")
    ]
    site.worlds.drop(name)
    assert not ours, [(exchange.call.method, exchange.call.path, exchange.findings) for exchange in ours]
