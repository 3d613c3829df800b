"""What is measured in a process of its own, without a wire: worlds, the memory of a session, a large scene, the journal."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Final

from mockserver.engine.site import Site
from mockserver.state.world import World
from mockserver.vendors import names, site


def timed(work: Callable[[], object]) -> float:
    """Processor seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def kind_of_sessions(made: Site, vendor: str) -> str:
    """The kind that has most records: every vendor's sessions."""
    return max(made.engines[vendor].kinds, key=lambda kind: len(made.lay(vendor)[kind]))


def laid(made: Site) -> Site:
    """Every table of every vendor, as a first request to each would lay them."""
    for vendor, engine in made.engines.items():
        for kind in engine.kinds:
            made.lay(vendor)[kind]
    return made


def worlds() -> None:
    """A thousand worlds of a scene with ten thousand sessions, first untouched, then written to."""
    made = laid(site(["workos"], people=4000))
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
    wrote = timed(lambda: [fork.store("workos")[kind].put({**record, "status": "revoked"}) for fork in forks]) * 1000
    print(f"with its first write {wrote:.1f} µs more")


def session_memory() -> None:
    """What a stored session holds, by vendor: its table with records, keys and indexes; a value that records share counts once."""
    for vendor in names():
        made = site([vendor], people=2000)
        kind = kind_of_sessions(made, vendor)
        base = made.lay(vendor)[kind]._base
        size = held(base.records, seen := set()) + held(base.indexes, seen) + held(base.due, seen)
        print(f"{vendor}: {len(base.records):,} {kind}, {size / 1024 / len(base.records):.2f} KB each")


def held(value: object, seen: set[int]) -> int:
    """The bytes of a value and of all in it that was not seen before."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sys.getsizeof(value) + sum(held(each, seen) for each in inner)


def scene() -> None:
    """A million sessions made by the scene."""
    for vendor in names():
        few = site([vendor], people=2000)
        kind = kind_of_sessions(few, vendor)
        each = len(few.lay(vendor)[kind]) / 2000
        people = round(20_000 / each)
        grown = site([vendor], people=people)
        took = timed(lambda grown=grown, kind=kind, vendor=vendor: len(grown.lay(vendor)[kind]))  # type: ignore[misc]
        stored = len(grown.lay(vendor)[kind])
        print(f"{vendor}: {stored:,} {kind} of {people:,} people in {took:.1f} s: {took / stored * 1e6:.1f} s for a million")


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
