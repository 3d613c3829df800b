"""How well real documents fare: `python -m tests.documents.measure FOLDER LINES [--unknown make] [--seconds 120]`. No test: it takes hours.

Every operation of every document is sent one valid request, in a world of its own. LINES gets one line of JSON for each document; what has a
line there is not asked again, so a run that was stopped goes on. At the end, or at once with --table, the sums are printed.

Rules of this file
- A document is asked in a process of its own, which ends after --seconds: no document can stop or kill the run.
- Times are CPU seconds: other work on the machine does not count. Every first reading is of a document that no cache holds.
- An answer counts when its bytes, read again, keep the contract: 2xx or 3xx, a documented 404 or 410 for an id nobody has (unknown=auto),
  or a documented 409 for a name that is taken.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RLIMIT_AS, RLIMIT_CPU, setrlimit
from typing import Any, Final
from zlib import crc32

import orjson

from mockserver.contract import bodies, bundle, contradictions, mending, overlay, swagger  # noqa: F401  # read now: the tree may change under a long run
from mockserver.contract.operation import Operation
from mockserver.contract.sample import Impossible
from mockserver.engine import faults  # noqa: F401  # read now, as above
from mockserver.engine.plain import Plain
from mockserver.engine.site import Site
from mockserver.errors import MockServerError
from mockserver.message import NOTHING, Reply
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock
from mockserver.vendors import documents, shelf
from tests.documents.asking import call_for

clock = Clock.told("2026-01-31T12:00:00Z")
scene = scenes.load(shelf.scene("company"), now=clock.now())

most_memory: Final = 6 << 30  # bytes

Line = dict[str, Any]
"""What became of one document: file, start (seconds until it could be asked, or why it could not), first (until it had answered), again (the
same from the cache), operations, ends (how many ended how), short ([operation, end, why] of those that fell short), left (not asked in time)."""


# -- one document, in a process of its own ----------------------------------------------------------------------------------


def ask(path: Path, unknown: str, seconds: int, to: Connection) -> None:
    """Start a document twice, put every operation to it, and send what happens: first of all how it started."""
    setrlimit(RLIMIT_CPU, (seconds, seconds))
    setrlimit(RLIMIT_AS, (most_memory, most_memory))
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MOCKSERVER_CACHE"] = folder
            site, told = started(path, unknown)
            again = started(path, unknown)[1]["first"]
    except MockServerError as error:
        to.send({"why": str(error)})
        return
    engine = next(iter(site.engines.values()))
    assert isinstance(engine, Plain)
    to.send({**told, "again": again, "operations": len(engine.contract.operations)})
    keys = engine.vendor.credentials(scene, {})
    for operation in engine.contract.operations.values():
        to.send((operation.id, *end_of(site, engine, operation, keys)))


def started(path: Path, unknown: str) -> tuple[Site, Line]:
    """A site of one document, and the seconds until it was made and until it had answered. Raises BadSpec."""
    began = time.process_time()
    engine = documents.engine(str(path), {"unknown": unknown})
    site = Site([engine], scene, clock)
    ready = time.process_time() - began
    for operation in engine.contract.operations.values():
        end_of(site, engine, operation, engine.vendor.credentials(scene, {}))
        break
    return site, {"start": ready, "first": time.process_time() - began}


def end_of(site: Site, engine: Plain, operation: Operation, keys: dict[str, str]) -> tuple[str, str]:
    """How one valid request to an operation ended, and why when it fell short."""
    try:
        call = call_for(operation, engine.sampler, keys)
    except (Impossible, MockServerError, ValueError) as error:
        return "no valid request", str(error)
    try:
        reply = site.answer(call.method, "http", "localhost", call.path, call.query, {**call.headers, "mock-world": "w"}, call.body)
    except Exception as error:  # noqa: BLE001  # whatever it is, the server would have answered a 5xx of its own
        return "own 5xx", f"{type(error).__name__}: {error}"
    finally:
        exchanges = site.worlds.get("w").journal
        answered = exchanges[-1].operation if exchanges else None
        site.worlds.drop("w")
    return judged(engine, operation, reply, answered)


def judged(engine: Plain, operation: Operation, reply: Reply, answered: str | None) -> tuple[str, str]:
    if problem := reply.headers.get("Mock-Problem"):
        return ("own 5xx" if reply.status >= 500 else problem), str(orjson.loads(reply.content).get("detail"))
    if answered != operation.id:
        return "another operation answers", str(answered)
    value = orjson.loads(reply.content) if reply.content and bodies.family(reply.media or "") == "json" else NOTHING
    broken = engine.contract.check_reply(operation, Reply(reply.status, value, media=reply.media)) if value is not NOTHING else ()
    if broken:
        return "breaks its contract", str(broken[0])
    if reply.status < 400:
        return f"{reply.status // 100}xx", ""
    if reply.status in (404, 409, 410):  # the document's own words: there is no such thing, or one of that name is there already
        return f"documented {reply.status}", ""
    return f"{reply.status}", reply.content[:300].decode(errors="replace") or "no words"


# -- all of them ------------------------------------------------------------------------------------------------------------


def line_of(path: Path, unknown: str, seconds: int) -> Line:
    """What becomes of a document within so many seconds of computing, or ten times as many of the clock on the wall."""
    forked = get_context("fork")
    ours, theirs = forked.Pipe(duplex=False)
    process = forked.Process(target=ask, args=(path, unknown, seconds, theirs))
    process.start()
    theirs.close()
    line: Line = {"short": []}
    ends, until = Counter[str](), time.monotonic() + 10 * seconds
    try:
        while ours.poll(max(0.0, until - time.monotonic())):
            said = ours.recv()
            if isinstance(said, dict):
                line |= said
            else:
                ends[said[1]] += 1
                line["short"] += [said] if said[2] else []
    except EOFError:
        pass
    process.kill()
    process.join()
    left = line.get("operations", 0) - ends.total()
    return {**line, "ends": ends, "left": left}


def measure(told: Namespace) -> None:
    """Write the missing lines."""
    there = {line["file"] for line in lines_of(told.lines)}
    with told.lines.open("ab") as out:
        for path in sorted(
            told.folder.rglob("*.json"), key=lambda path: crc32(path.name.encode())
        ):  # mixed: what is there so far is a sample
            name = str(path.relative_to(told.folder))
            if name not in there and told.only in name:
                out.write(orjson.dumps({"file": name, **line_of(path, told.unknown, told.seconds)}, option=orjson.OPT_APPEND_NEWLINE))
                out.flush()


def lines_of(path: Path) -> Iterator[Line]:
    if path.exists():
        yield from map(orjson.loads, path.read_bytes().splitlines())


# -- the table --------------------------------------------------------------------------------------------------------------

classes: Final = {
    r"^(path|query) \w+: ": "two templates of one path, or variables that touch: another operation is meant",
    r"no number lies between": "bounds that exclude each other",
    r"allows nothing": "`false` or types that exclude each other",
    r"found no text for pattern|pattern .* is not an expression|has a set of letters": "a pattern no text was found for",
    r"minLength .* over maxLength": "minLength over maxLength",
    r"none or more than one of its choices": "`oneOf` whose branches cannot be told apart",
    r"no value of its enum|is not one of": "an enum whose values its own schema refuses",
    r"too large to make|nests without end|wants \d+ items": "too large, or nests without end",
    r"different items cannot be made|no item that is not there": "more different items than there are values",
    r"[Uu]nevaluated|[Aa]dditional properties": "`additionalProperties: false` around `allOf`",
    r"is not of type": "types that exclude each other",
    r"is a required property": "required, and by its own schema impossible or of the other direction",
    r"valid under more than one|not valid under any": "`oneOf` whose branches cannot be told apart",
    r"nothing stands there|goes round in a circle|leaves the document|not a usable schema": "a broken $ref or schema",
    r"encoding|is given more than once|is required|media type": "a request we make or read amiss",
}


def class_of(end: str, why: str) -> str:
    if end == "another operation answers":
        return "two templates of one path"
    return next((name for pattern, name in classes.items() if re.search(pattern, why)), why[:120])


def table(lines: list[Line]) -> str:
    """The sums of a run."""
    running = [line for line in lines if "start" in line]
    ends = sum((Counter(line["ends"]) for line in lines), Counter[str]())
    short, within = [(line, *each) for line in lines for each in line["short"]], sum(map(ends.__getitem__, good))
    asked = ends.total()
    operations, left = sum(line.get("operations", 0) for line in lines), sum(line["left"] for line in lines)
    out = [
        f"{len(lines)} documents, {len(running)} start ({share(len(running), len(lines))}), {operations} operations, {left} not asked in time",
        f"{asked} operations asked, {within} answered within their own contract ({share(within, asked)})",
    ]
    for name, words in (("start", "until it could be asked"), ("first", "until it had answered"), ("again", "the same from the cache")):
        times = sorted(line[name] for line in running)
        out.append(f"{words}: {times[len(times) // 2]:.3f} s half, {times[len(times) * 95 // 100]:.3f} s 95 %, {times[-1]:.3f} s slowest")
    out += [f"{count:7} {share(count, asked):>9}  {end}" for end, count in ends.most_common()]
    where: dict[tuple[str, str], list[str]] = {}
    for line, _, end, why in short:
        where.setdefault((end, class_of(end, why)), []).append(line["file"])
    fallen = sorted(
        ((len(files), len(set(files)), *key) for key, files in where.items() if not key[0].startswith("documented")), reverse=True
    )
    out += [f"{count:7} in {files:4} documents  {end}: {name}" for count, files, end, name in fallen]
    out += [f"does not start: {line['file']}: {line.get('why', 'no word in time')}" for line in lines if "start" not in line]
    return "\n".join(out)


good: Final = ("2xx", "3xx", "documented 404", "documented 409", "documented 410")


def share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.2f} %"


def main(words: list[str]) -> None:
    parser = ArgumentParser(prog="python -m tests.documents.measure", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--unknown", default="auto", choices=("auto", "make", "404"))
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--only", default="", help="documents with this in their path")
    parser.add_argument("--table", action="store_true", help="only print what LINES says")
    told = parser.parse_args(words)
    if not told.table:
        measure(told)
    print(table(list(lines_of(told.lines))))


if __name__ == "__main__":
    main(sys.argv[1:])
