"""Everything measured in one run, us and the others in turn on the same document and the same loads.

    python benchmarks/side_by_side.py [--only SECTION ...] [--peers [NAME ...]] [--rounds 7] [--requests 2000]

Needs Linux (the kernel's own count of each process's time) and, for --peers, Node.js with npm. A round measures every server in turn, so
that what the machine does besides falls on all of them; what is told is the median of the rounds' ratios, and between which the middle half lies.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from load import Load, Spent, cpu, memory
from servers import Server, bare, by_hand, ground, here, installed, ours, peers, running
from shop import document

warm: Final = 1500  # requests of each kind before anything is counted: Node.js compiles what runs often
loads: Final = ("GET one", "page of ten", "POST", "DELETE")


class Bench:
    """What every section needs: the folder, the documents in it, and how much to measure."""

    def __init__(self, folder: Path, told: argparse.Namespace) -> None:
        self.folder, self.told = folder, told

    def document(self, operations: int) -> Path:
        path = self.folder / f"shop{operations}.json"
        if not path.exists():
            path.write_text(json.dumps(document(operations)))
        return path

    @contextlib.contextmanager
    def loaded(self, server: Server, connections: int, operations: int = 4, *more: str) -> Iterator[Client]:
        with running(server, self.document(operations), installed(server, self.folder), *more) as (port, pid, _):
            yield Client(server, Load(port, pid, connections, server.headers))

    def cpu(self, client: Client, load: str) -> Callable[[], float]:
        return lambda: client.spent(load, self.told.requests).cpu

    def rounds(self, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Each measure in turn, so many times."""
        taken: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(self.told.rounds):
            for name, measure in measures.items():
                taken[name].append(measure())
        return taken


class Client:
    """A server under load, and the ids it has given out."""

    def __init__(self, server: Server, load: Load) -> None:
        self.server, self.load = server, load
        self.ids = self.made(100) if server.stateful else ["1"]
        for name in loads[:3] if server.stateful else ():
            self.spent(name, warm)

    def made(self, count: int) -> list[str]:
        """The ids of so many new records."""
        out = []
        for status, body in self.load.answers(self.server.requests("POST", ["-"], count)):
            assert status in (200, 201), (self.server.name, status, body[:300])
            out.append(body.partition(b'"id":')[2].split(b'"')[1].decode())
        return out

    def spent(self, load: str, count: int) -> Spent:
        ids = self.made(count) if load == "DELETE" and self.server.stateful else self.ids
        return self.load.run(self.server.requests(load, ids, count))


def spread(values: list[float], form: str = "{:.2f}") -> str:
    """The median and the middle half."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return f"{form} ({form}-{form})".format(middle, low, high)


def ratios(values: list[float], to: list[float]) -> str:
    return spread([value / other for value, other in zip(values, to, strict=True)])


def loads_section(bench: Bench) -> None:
    """CPU of the server for one request, and requests a second at 32 connections."""
    servers = [by_hand, ours, bare, *bench.told.peers]
    print(f"\n{'':<16}{'load':<14}{'CPU µs':>8}   {'× by hand':<20}{'requests/s':>10}   × by hand")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(bench.loaded(server, 32)) for server in servers]
        for load in loads:
            taken: dict[str, list[Spent]] = {server.name: [] for server in servers}
            for _ in range(bench.told.rounds):
                for client in clients:
                    taken[client.server.name].append(client.spent(load, bench.told.requests))
            base = taken[by_hand.name]
            for name, spent in taken.items():
                cpus, rates = [each.cpu for each in spent], [each.rate for each in spent]
                print(
                    f"{name:<16}{load:<14}{statistics.median(cpus):8.1f}   {ratios(cpus, [each.cpu for each in base]):<20}"
                    f"{statistics.median(rates):10.0f}   {ratios(rates, [each.rate for each in base])}"
                )


def sizes_section(bench: Bench) -> None:
    """The same with more operations in the document."""
    with contextlib.ExitStack() as stack:
        clients = {size: stack.enter_context(bench.loaded(ours, 32, size)) for size in (4, 600, 22_000)}
        for load in loads:
            taken = bench.rounds({str(size): bench.cpu(client, load) for size, client in clients.items()})
            for size in ("600", "22000"):
                print(f"{size:>6} operations, {load:<12} × 4 operations: {ratios(taken[size], taken['4'])}")


def stored_section(bench: Bench) -> None:
    """The loads with very many stored against a hundred."""
    starter = Server("ours", lambda document, port: [sys.executable, str(here / "ours.py"), str(document), "--port", str(port)])
    with contextlib.ExitStack() as stack:
        clients = {n: stack.enter_context(bench.loaded(starter, 32, 4, "--stored", str(n))) for n in (100, bench.told.stored)}
        for load in loads:
            taken = bench.rounds({str(n): bench.cpu(client, load) for n, client in clients.items()})
            print(f"{bench.told.stored:,} stored, {load:<12} × 100 stored: {ratios(taken[str(bench.told.stored)], taken['100'])}")


def start_section(bench: Bench) -> None:
    """From the start of the process to its first answer: seconds, processor seconds, what it holds then. Each was started once before."""

    def vendors(path: str) -> Server:
        command = [sys.executable, "-m", "mockserver", "serve", "--json", "--port"]
        return Server(f"four vendors, {path}", lambda _, port: [*command, str(port)], path=path)

    wanted = {
        ground.name: (ground, bench.document(4)),
        **{each.name: (each, bench.document(4)) for each in map(vendors, ("/workos/user_management/users", "/_mockserver/health"))},
        **{f"a document of {size} operations": (ours, bench.document(size)) for size in (4, 600, 22_000)},
        **{path.name: (ours, path.resolve()) for path in bench.told.documents},
        **{each.name: (each, bench.document(4)) for each in bench.told.peers},
    }
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in wanted}
    for number in range(bench.told.rounds + 1):
        for name, (server, spec) in wanted.items():
            with running(server, spec, installed(server, bench.folder)) as (_, pid, seconds):
                taken[name] += [(seconds, cpu(pid), memory(pid))] if number else []
    base = [list(each) for each in zip(*taken[ground.name], strict=True)]
    for name, starts in taken.items():
        seconds, spent, held = (list(each) for each in zip(*starts, strict=True))
        print(
            f"{name:<46}{statistics.median(seconds):.3f} s   × bare {ratios(seconds, base[0]):<20}"
            f"CPU {statistics.median(spent):.3f} s   × bare {ratios(spent, base[1]):<20}{statistics.median(held):.0f} MB"
        )


def inside_section(bench: Bench) -> None:
    """What is measured in the process itself: each in a process of its own."""
    for name in ("worlds", "session memory", "scene", "journal"):
        told = subprocess.run([sys.executable, str(here / "inside.py"), name], capture_output=True, text=True, check=True)
        print(told.stdout, end="")


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
    told = subprocess.run([sys.executable, str(here / "generator.py")], capture_output=True, text=True, check=True)
    print(told.stdout, end="")


sections: Final[dict[str, Callable[[Bench], None]]] = {
    "loads": loads_section,
    "sizes": sizes_section,
    "stored": stored_section,
    "start": start_section,
    "inside": inside_section,
    "burst": burst_section,
    "generator": generator_section,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=sections, default=list(sections))
    known = {peer.name: peer for peer in peers}
    parser.add_argument("--peers", nargs="*", choices=known, help="npm peers, too (none named: all), installed into a temporary folder")
    parser.add_argument("--folder", type=Path, help="where the peers are installed and kept; otherwise they are thrown away")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--documents", nargs="*", type=Path, default=[], help="documents to be started besides, in the section `start`")
    parser.add_argument("--stored", type=int, default=1_000_000)
    told = parser.parse_args()
    told.peers = [] if told.peers is None else [known[name] for name in told.peers or known]
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(told.folder or Path(name), told)
        for section in told.only:
            print(f"\n# {section}: {sections[section].__doc__}", flush=True)
            sections[section](bench)


if __name__ == "__main__":
    main()
