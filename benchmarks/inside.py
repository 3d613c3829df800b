"""What is measured in a process of its own, without a wire: worlds, the memory of a session, a large scene, the journal."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import orjson
from shop import document

from mockserver.engine.site import Site
from mockserver.engine.site import made as made_of
from mockserver.state.drawn import Drawn
from mockserver.state.table import Layout, Table
from mockserver.state.world import Tables, World
from mockserver.vendors import names, site

written: Final = 20_000


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


def session_of(vendor: str, tables: Tables) -> Callable[[int], Mapping[str, object]]:
    """What clients tell of their session of a number."""
    if vendor == "azure":
        hosts = [host["name"] for host in tables["sessionHosts"]]
        who = [each for record in tables["principals"] if (each := record["userPrincipalName"])]
        return lambda number: {"name": f"{hosts[number % len(hosts)]}/{100_000 + number}", "userPrincipalName": who[number % len(who)]}
    users, seen = tables["users"].keys(), vendor == "workos"
    return lambda number: {
        "user_id": users[number % len(users)],
        **({"ip_address": f"192.0.2.{number % 200}", "user_agent": f"bench/{number % 50}"} if seen else {}),
    }


def read(table: Table, layout: Layout) -> None:
    """Read every list that a record stands in."""
    for record in table:
        for at in layout.groups(record):
            table.keys(*at)


def grown(table: Table, layout: Layout, write: Callable[[int], object]) -> float:
    """Bytes that a record takes of many that clients write, when every list of theirs was read."""
    for number in range(300):  # what the first of them import and compile is nobody's record
        write(number)
    read(table, layout)  # nor is what the scene keeps of those read last
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(300, 300 + written):
        write(number)
    read(table, layout)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / written


def of_clients(vendor: str) -> float:
    """Of a vendor's sessions, made and put as the state door does."""
    grounds = site([vendor], people=1000)
    world, engine, name = grounds.worlds.get("first"), grounds.engines[vendor], kind_of_sessions(grounds, vendor)
    tables, kind = world.store(vendor), engine.kinds[name]
    told = session_of(vendor, tables)

    def write(number: int) -> None:
        record, findings = made_of(engine, kind, world, orjson.loads(orjson.dumps(told(number))))
        assert not findings, findings
        tables[name].put(record)

    return grown(tables[name], kind.layout, write)


def of_a_document() -> float:
    """Of a document's records, by POST."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sessions.json")
        path.write_bytes(orjson.dumps(document()))
        grounds = site([str(path)])
        world, engine = grounds.worlds.get("default"), next(iter(grounds.engines.values()))

        def write(number: int) -> None:
            body = orjson.dumps(
                {"user_id": f"user_{number % 1000}", "ip_address": "192.0.2.1", "user_agent": "bench/1", "auth_method": "sso"}
            )
            reply = grounds.answer("POST", "http", "localhost", "/sessions", "", {"content-type": "application/json"}, body)
            assert reply.status == 201, reply
            world.journal.clear()

        return grown(world.store(engine.vendor.name)["sessions"], engine.kinds["sessions"].layout, write)


def memory() -> None:
    """What a stored session takes: of a scene when everything is listed, beside what is kept of those read last; and of those that clients write."""
    print(f"{'KB each':<12}{'of a scene':>12}{'read last':>12}{'by clients':>12}")
    for vendor in names():
        grounds = site([vendor], people=6_700)
        kind = kind_of_sessions(grounds, vendor)
        table = grounds.lay(vendor)[kind]
        layout = grounds.engines[vendor].kinds[kind].layout
        assert len(grounds.scene.people[-1].name)  # names are there, as for whoever started the server
        tracemalloc.start()
        for index in ("", *layout.indexes):
            table.keys(index, None if index == "" else "nobody")
        listed = tracemalloc.get_traced_memory()[0]
        read(table, layout)
        lately = tracemalloc.get_traced_memory()[0] - listed
        tracemalloc.stop()
        print(f"{vendor:<12}{listed / 1024 / len(table):>12.2f}{f'{lately >> 20} MB':>12}{of_clients(vendor) / 1024:>12.2f}", flush=True)
    print(f"{'a document':<12}{'':>24}{of_a_document() / 1024:>12.2f}")


def scene() -> None:
    """A million sessions made by the scene, each vendor's in a process of its own, and in another that finds what the first one kept."""
    print(f"{'CPU seconds':<12}{'sessions':>12}{'to a list':>12}{'to one':>12}{'counted':>12}{'all listed':>12}{'peak':>12}")
    for vendor in names():
        with tempfile.TemporaryDirectory() as folder:
            for label in (vendor, "  again"):
                told = [sys.executable, __file__, "scene of", vendor, label]
                subprocess.run(told, check=True, env={**os.environ, "MOCKSERVER_CACHE": folder})


def scene_of(vendor: str, label: str) -> None:
    """From nothing to somebody's list, then to one by its id; the count of all of them, and the list."""
    people = 667_000
    grounds: list[Site] = []
    kept: list[object] = []

    def lists() -> None:
        grounds.append(site([vendor], people=people))
        busiest = grounds[0].scene.people.busiest
        assert busiest is not None
        kept.append(list(grounds[0].engines[vendor].vendor.holds(grounds[0].worlds.get("first"), busiest.email)))

    listed = timed(lists)
    made, kind = grounds[0], kind_of_sessions(grounds[0], vendor)
    engine, table = made.engines[vendor], made.worlds.get("first").store(vendor)[kind]
    far = next(number for number in range(people - 100, people) if made.scene.people.holds(number))
    drawn = engine.vendor.populate(made.scene, engine.options)[kind]
    assert isinstance(drawn, Drawn)
    key = engine.kinds[kind].layout.key(next(iter(drawn.of(far))))
    seconds = [listed, timed(partial(table.get, key)), timed(table.__len__), timed(table.keys)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{label:<12}{len(table):>12,}{''.join(f'{each:>12.2f}' for each in seconds)}{f'{peak} MB':>12}", flush=True)


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


parts: Final = {"worlds": worlds, "memory": memory, "scene": scene, "journal": journal}

if __name__ == "__main__":
    if sys.argv[1] == "scene of":
        scene_of(*sys.argv[2:])
    else:
        parts[sys.argv[1]]()
