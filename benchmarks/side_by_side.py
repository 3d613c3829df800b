"""Everything measured in one run, us and the others in turn on the same document and the same loads.

    python benchmarks/side_by_side.py [--only SECTION ...] [--peers NAME ... | --alone] [--folder FOLDER] [--rounds 7] [--requests 2000]

Needs Linux (the kernel's own count of each process's time); the peers need Node.js with npm, two of them Java. Who cannot be measured here is
told with the reason, the others are measured, and the exit code is 1. A round measures every server in turn, every other round backwards, so
that what the machine does besides falls on all of them; what is told is the median of the rounds' ratios, and between which the middle half
lies. Before anything is measured, each server answers 10,000 of each load, or for ten seconds: what runs often is compiled then.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from load import Load, Spent, cpu, memory
from peers import left_out, peers
from servers import Missing, Server, bare, by_hand, ground, here, installed, loads, ours, running
from shop import document

connections: Final = 32
remembered: Final = 1_000
"""Records that everybody who remembers holds before anything is measured."""
warm: Final = 10_000
"""Requests of a load after which a server is taken to be warm."""


class Bench:
    """What every section needs: a scratch folder for documents, the folder of the peers, how much to measure, and who could not be."""

    def __init__(self, scratch: Path, told: argparse.Namespace) -> None:
        self.scratch, self.told = scratch, told
        self.folder: Path = (told.folder or scratch).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.missing: dict[str, str] = {}

    def document(self, operations: int) -> Path:
        path = self.scratch / f"shop{operations}.json"
        if not path.exists():
            path.write_text(json.dumps(document(operations)))
        return path

    @contextlib.contextmanager
    def excused(self, server: Server) -> Iterator[None]:
        """What goes wrong with a peer is noted, and the others go on; without ours and the yardstick there is nothing to tell."""
        try:
            yield
        except (Missing, OSError, AssertionError) as error:
            if not server.packages:
                raise
            self.missing[server.name] = str(error)[:120] or type(error).__name__

    def peers(self) -> list[Server]:
        """Those that are here, installed when they are not yet."""
        for peer in self.told.peers:
            if peer.name not in self.missing:
                with self.excused(peer):
                    installed(peer, self.folder)
        return [peer for peer in self.told.peers if peer.name not in self.missing]

    @contextlib.contextmanager
    def loaded(self, server: Server, operations: int = 4, *more: str) -> Iterator[Client]:
        with running(server, self.document(operations), installed(server, self.folder), *more) as (port, pid, _):
            yield Client(server, Load(port, pid, connections, server.headers), self.told)

    def turns(self, row: Sequence[Any]) -> Iterator[Any]:
        """Each in turn, so many rounds, every other one backwards."""
        for number in range(self.told.rounds):
            yield from row[:: -1 if number % 2 else 1]

    def measured(self, clients: Mapping[str, Client], load: str) -> dict[str, list[Spent]]:
        """What a load cost each of them, round by round; who fails is left out."""
        taken: dict[str, list[Spent]] = {name: [] for name in clients}
        for name in self.turns(list(clients)):
            if clients[name].server.name not in self.missing:
                with self.excused(clients[name].server):
                    taken[name].append(clients[name].measured(load))
        return {name: spent for name, spent in taken.items() if clients[name].server.name not in self.missing}


class Client:
    """A server under load and warm, the ids it has given out, and of each load how many requests a measure is."""

    def __init__(self, server: Server, load: Load, told: argparse.Namespace) -> None:
        self.server, self.load, self.told = server, load, told
        self.ids = self.made(remembered) if server.stateful else ["1"]
        self.counts = {name: self.warmed(name) for name in loads}

    def made(self, count: int) -> list[str]:
        """The ids of so many new records."""
        out = []
        for status, body in self.load.answers(self.server.requests("POST", ["-"], count)):
            assert status in (200, 201), (status, body[:300])
            out.append(body.partition(b'"id":')[2].split(b'"')[1].decode())
        return out

    def warmed(self, load: str) -> int:
        """So many of a load that are not counted, or some seconds of it; returns how many take a second: a measure is no more.

        Who remembers makes records for DELETE, and so is warm for POST without remembering more than the others.
        """
        until, tried = time.monotonic() + self.told.warm, "DELETE" if load == "POST" and self.server.stateful else load
        count, done = 4 * self.load.connections, 0
        while done < warm and time.monotonic() < until:
            done += count
            count = max(4 * self.load.connections, min(self.told.requests, int(self.spent(tried, count).rate)))
        return count

    def measured(self, load: str) -> Spent:
        return self.spent(load, self.counts[load])

    def spent(self, load: str, count: int) -> Spent:
        ids = self.made(count) if load == "DELETE" and self.server.stateful else self.ids
        return self.load.run(self.server.requests(load, ids, count))


def spread(values: list[float], form: str = "{:.2f}") -> str:
    """The median and the middle half."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return f"{form} ({form}-{form})".format(middle, low, high)


def ratios(values: Iterable[float], to: Iterable[float]) -> str:
    return spread([value / other for value, other in zip(values, to, strict=True)])


def cpus(taken: list[Spent]) -> list[float]:
    return [spent.cpu for spent in taken]


def rates(taken: list[Spent]) -> list[float]:
    return [spent.rate for spent in taken]


def loads_section(bench: Bench) -> None:
    """CPU of the server for one request, and requests a second at 32 connections; those who remember hold 1,000 records."""
    servers = [by_hand, ours, bare, *bench.peers()]
    with contextlib.ExitStack() as stack:
        clients: dict[str, Client] = {}
        for server in servers:
            with bench.excused(server):
                clients[server.name] = stack.enter_context(bench.loaded(server))
        print(f"\n{'':<16}{'load':<14}{'CPU µs':>8}   {'× by hand':<22}{'requests/s':>10}   × by hand", flush=True)
        for load in loads:
            taken = bench.measured(clients, load)
            base = taken[by_hand.name]
            for server in (by_hand, ours, bare, *bench.told.peers):
                spent = taken.get(server.name)
                print(
                    f"{server.name:<16}{load:<14}{figures(spent, base) if spent else '       —   ' + bench.missing[server.name]}",
                    flush=True,
                )
    print(f"\nThe load itself took {statistics.median(each.own for each in taken[bare.name]):.0f} µs a request. Each of them:")
    for server in (by_hand, ours, bare, *bench.told.peers):
        print(f"{server.name:<16}{server.does}{''.join(f' ({each})' for each in server.packages[:1])}")
    for name, why in left_out.items():
        print(f"{name:<16}not measured: {why}")


def figures(spent: list[Spent], base: list[Spent]) -> str:
    """One line of the table."""
    cpu, rate = statistics.median(cpus(spent)), statistics.median(rates(spent))
    return f"{cpu:8.1f}   {ratios(cpus(spent), cpus(base)):<22}{rate:10.0f}   {ratios(rates(spent), rates(base))}"


def sizes_section(bench: Bench) -> None:
    """The same with more operations in the document."""
    with contextlib.ExitStack() as stack:
        clients = {str(size): stack.enter_context(bench.loaded(ours, size)) for size in (4, 600, 22_000)}
        for load in loads:
            taken = bench.measured(clients, load)
            for size in ("600", "22000"):
                print(f"{size:>6} operations, {load:<12} × 4 operations: {ratios(cpus(taken[size]), cpus(taken['4']))}", flush=True)


def stored_section(bench: Bench) -> None:
    """The loads with very many stored against a hundred, beside the thousand that are made first."""
    starter = Server("ours", "{python} {here}/ours.py {document} --port {port}", ours.does)
    few, many = "100", str(bench.told.stored)
    with contextlib.ExitStack() as stack:
        clients = {size: stack.enter_context(bench.loaded(starter, 4, "--stored", size)) for size in (few, many)}
        for load in loads:
            taken = bench.measured(clients, load)
            print(f"{bench.told.stored:,} stored, {load:<12} × 100 stored: {ratios(cpus(taken[many]), cpus(taken[few]))}", flush=True)


def start_section(bench: Bench) -> None:
    """From the start of the process to its first answer: seconds, processor seconds, what it holds then. Each was started once before."""

    def vendors(path: str) -> Server:
        return Server(f"four vendors, {path}", "{python} -m mockserver serve --json --port {port}", ours.does, path=path)

    wanted = {
        ground.name: (ground, bench.document(4)),
        **{each.name: (each, bench.document(4)) for each in map(vendors, ("/workos/user_management/users", "/_mockserver/health"))},
        **{f"a document of {size} operations": (ours, bench.document(size)) for size in (4, 600, 22_000)},
        **{path.name: (ours, path.resolve()) for path in bench.told.documents},
        **{each.name: (each, bench.document(4)) for each in bench.peers()},
    }
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in wanted}

    def start(name: str) -> tuple[float, float, float]:
        server, spec = wanted[name]
        with running(server, spec, installed(server, bench.folder)) as (_, pid, seconds):
            return seconds, cpu(pid), memory(pid)

    for name in (*wanted, *bench.turns(list(wanted))):
        if wanted[name][0].name not in bench.missing:
            with bench.excused(wanted[name][0]):
                taken[name].append(start(name))
    base = [list(each) for each in zip(*taken[ground.name][1:], strict=True)]
    for name, starts in taken.items():
        if wanted[name][0].name in bench.missing:
            continue
        seconds, spent, held = (list(each) for each in zip(*starts[1:], strict=True))
        print(
            f"{name:<46}{statistics.median(seconds):.3f} s   × bare {ratios(seconds, base[0]):<20}"
            f"CPU {statistics.median(spent):.3f} s   × bare {ratios(spent, base[1]):<20}{statistics.median(held):.0f} MB"
        )


def inside_section(bench: Bench) -> None:
    """What is measured in the process itself: each in a process of its own."""
    for name in ("worlds", "memory", "scene", "journal"):
        told = subprocess.run([sys.executable, str(here / "inside.py"), name], stdout=subprocess.PIPE, text=True, check=True)
        print(told.stdout, end="", flush=True)


def burst_section(bench: Bench) -> None:
    """Ten thousand kept connections at once, three times: what is held must not grow."""
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    many = min(10_000, most - 200)
    with running(ours, bench.document(4), bench.folder) as (port, pid, _):
        held = [memory(pid)]
        for _ in range(3):
            statuses = [status for status, _ in Load(port, pid, many).answers([("GET", "/sessions", b"")] * many * 2)]
            held.append(memory(pid))
            print(f"{many} connections: {statuses.count(200)} of {2 * many} answered; {' → '.join(f'{each:.0f}' for each in held)} MB")


def generator_section(bench: Bench) -> None:
    """How many pages the verification kit draws and checks."""
    told = subprocess.run([sys.executable, str(here / "generator.py")], stdout=subprocess.PIPE, text=True, check=True)
    print(told.stdout, end="")


class Section(NamedTuple):
    """What is measured, and about how many seconds it takes on two cores: once, and a round; and both for each peer."""

    run: Callable[[Bench], None]
    once: float
    each: float = 0
    peer_once: float = 0
    peer_each: float = 0

    def seconds(self, rounds: int, peers: int) -> float:
        return self.once + self.peer_once * peers + (self.each + self.peer_each * peers) * rounds


sections: Final[dict[str, Section]] = {
    "loads": Section(loads_section, 40, 8, 60, 3),
    "sizes": Section(sizes_section, 50, 5),
    "stored": Section(stored_section, 50, 4),
    "start": Section(start_section, 15, 4, 3.5, 3.5),
    "inside": Section(inside_section, 220),
    "burst": Section(burst_section, 20),
    "generator": Section(generator_section, 40),
}


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def arguments() -> argparse.Namespace:
    about = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n")[2])
    known = {peer.name: peer for peer in peers}
    about.add_argument("--only", nargs="+", choices=sections, default=list(sections), metavar="SECTION", help=f"of {', '.join(sections)}")
    whom = about.add_mutually_exclusive_group()
    whom.add_argument(
        "--peers", nargs="+", choices=known, default=list(known), metavar="NAME", help=f"of {', '.join(map(repr, known))}; all unless named"
    )
    whom.add_argument("--alone", dest="peers", action="store_const", const=[], help="without peers: nothing is installed")
    about.add_argument("--folder", type=Path, help="where the peers are installed and kept; otherwise they are thrown away")
    about.add_argument("--rounds", type=positive, default=7)
    about.add_argument("--requests", type=positive, default=2000, help="a measure, of those who can answer so many in a second")
    about.add_argument("--warm", type=float, default=10, help="seconds of each load, at most, that are not counted")
    about.add_argument("--documents", nargs="+", type=Path, default=[], help="documents to be started besides, in the section `start`")
    about.add_argument("--stored", type=positive, default=1_000_000)
    told = about.parse_args()
    told.peers = [known[name] for name in told.peers]
    return told


def main() -> int:
    told = arguments()
    if sys.platform != "linux":
        sys.exit("this needs Linux, which counts what each process takes to the nanosecond")
    seconds = sum(sections[name].seconds(told.rounds, len(told.peers)) for name in told.only)
    print(f"This takes about {math.ceil(seconds / 60)} min.", flush=True)
    with tempfile.TemporaryDirectory(prefix="mockserver-bench-") as name:
        bench = Bench(Path(name), told)
        for section in told.only:
            print(f"\n# {section}: {sections[section].run.__doc__}", flush=True)
            sections[section].run(bench)
    for peer, why in bench.missing.items():
        print(f"not measured: {peer}: {why}", file=sys.stderr)
    return 1 if bench.missing else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is ended, the folder removed
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped")
    except Missing as missing:
        sys.exit(f"there is nothing to compare with: {missing}")
