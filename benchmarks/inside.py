"""What is measured in a process of its own, without a wire: worlds, the memory of a session, a large scene, the journal."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Final

from mockserver.engine.site import Site
from mockserver.state.drawn import Drawn
from mockserver.state.world import World
from mockserver.vendors import names, site


def timed(work: Callable[[], object]) -> float:
    """Processor seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def kind_of_sessions(made: Site, vendor: str) -> str:
    """Every vendor's sessions."""
    return "userSessions" if "userSessions" in made.engines[vendor].kinds else "sessions"


def laid(made: Site) -> Site:
    """Every table of every vendor, as a first request to each would lay them."""
    for vendor, engine in made.engines.items():
        for kind in engine.kinds:
            made.lay(vendor)[kind]
    return made


def worlds() -> None:
    """A thousand worlds of a scene with ten thousand sessions, first untouched, then written to."""
    made = laid(site(["workos"], people=6500))
    kind = kind_of_sessions(made, "workos")
    stored = len(made.lay("workos")[kind])
    first = made.worlds.get("first")
    forks: list[World] = []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    forks += [made.worlds.origin.fork(str(number)) for number in range(1000)]
    held = (tracemalloc.get_traced_memory()[0] - before) / 1000
    tracemalloc.stop()
    took = min(timed(lambda: [made.worlds.origin.fork(str(number)) for number in range(1000)]) for _ in range(7)) * 1000
    print(f"a world forked from {stored:,} sessions: {took:.1f} µs, {held / 1024:.2f} KB; ", end="")
    record = next(iter(first.store("workos")[kind]))

    def write() -> None:
        for fork in forks:
            fork.store("workos")[kind].put({**record, "status": "revoked"})

    print(f"with its first write {timed(write) * 1000:.1f} µs more")


def session_memory() -> None:
    """What a stored session of a scene holds when all are listed, by vendor; and what is kept of those read last."""
    for vendor in names():
        made = site([vendor], people=4_000)
        kind = kind_of_sessions(made, vendor)
        table = made.lay(vendor)[kind]
        assert len(made.scene.people[-1].name)  # names are there, as for whoever started the server
        tracemalloc.start()
        keys = table.keys()
        listed = tracemalloc.get_traced_memory()[0]
        for key in keys:
            table.get(key)
        read = tracemalloc.get_traced_memory()[0] - listed
        tracemalloc.stop()
        print(f"{vendor}: {len(table):,} {kind}, {listed / 1024 / len(table):.2f} KB each, and {read >> 20} MB of those read last")


def scene() -> None:
    """A million sessions made by the scene: when the first can be read, and what it takes to list a tenth of them."""
    people = 667_000
    for vendor in names():
        began = time.process_time()
        grown = site([vendor], people=people)
        kind, engine, world = kind_of_sessions(grown, vendor), grown.engines[vendor], grown.worlds.get("first")
        busiest = grown.scene.people.busiest
        assert busiest is not None
        listed = len(list(engine.vendor.holds(world, busiest.email)))
        first = time.process_time() - began
        far = next(number for number in range(people - 100, people) if grown.scene.people.holds(number))
        drawn = engine.vendor.populate(grown.scene, engine.options)[kind]
        assert isinstance(drawn, Drawn)
        record = next(iter(drawn.of(far)))
        table, key = world.store(vendor)[kind], engine.kinds[kind].layout.key(record)
        read = timed(partial(table.get, key))
        tenth = site([vendor], people=people // 10).lay(vendor)[kind]
        every = timed(tenth.keys)
        print(
            f"{vendor}: {len(table):,} {kind} of {people:,} people: from nothing to somebody's list of {listed} {first:.2f} s, "
            f"one read by its id {read:.2f} s, {len(tenth):,} of them listed in {every:.1f} s"
        )


def journal() -> None:
    """Appending an exchange."""
    from mockserver.engine.journal import Exchange
    from mockserver.message import Call, Reply

    world = site(["workos"]).worlds.get("journal")
    call, reply = Call("GET", "/"), Reply(200)
    append, clock = world.journal.append, world.clock

    def many() -> None:
        for number in range(100_000):
            append(Exchange(clock.now(), "workos", "read", call, reply, (), number, 0.0, 0.0))

    print(f"journal: {min(timed(many) for _ in range(5)) * 10:.2f} µs for an exchange")


parts: Final = {"worlds": worlds, "session memory": session_memory, "scene": scene, "journal": journal}

if __name__ == "__main__":
    parts[sys.argv[1]]()
