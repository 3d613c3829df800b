"""How well documents from a folder fare: `python -m tests.documents.measure FOLDER [OPERATIONS-OF-EACH]`. No test: it takes minutes."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from mockserver.contract.sample import Impossible
from mockserver.engine.site import Site
from mockserver.errors import MockServerError
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock
from mockserver.vendors import documents, shelf
from tests.documents.asking import call_for

clock = Clock.told("2026-01-31T12:00:00Z")
scene = scenes.load(shelf.scene("company"), now=clock.now())


def measured(path: Path, most: int) -> Counter[str]:
    """One valid request to each of a document's operations, each in a world of its own: how many ended how."""
    engine = documents.engine(str(path), {"unknown": "make"})
    site, keys, ends = Site([engine], scene, clock), engine.vendor.credentials(scene, {}), Counter[str]()
    for operation in list(engine.contract.operations.values())[:most]:
        try:
            call = call_for(operation, engine.sampler, keys)
        except Impossible:
            ends["no valid request"] += 1
            continue
        headers = {**call.headers, "mock-world": f"w{ends.total()}"}
        reply = site.answer(call.method, "http", "localhost", call.path, call.query, headers, call.body)
        ends[reply.headers.get("Mock-Problem", f"{reply.status // 100}xx")] += 1
    return ends


def main(folder: Path, most: int) -> None:
    """Print the sum, how many started, and how long reading took."""
    total, reading, failed = Counter[str](), [], 0
    for path in sorted(folder.rglob("*.json")):
        began = time.perf_counter()
        try:
            documents.engine(str(path))
            reading.append(time.perf_counter() - began)
            total += measured(path, most)
        except MockServerError as error:
            failed += 1
            print(error)
    reading.sort()
    print(f"{len(reading)} start, {failed} do not; read in {reading[len(reading) * 95 // 100]:.3f} s (95 %), {reading[-1]:.3f} s (slowest)")
    for end, count in total.most_common():
        print(f"{count:7} {100 * count / total.total():6.2f} %  {end}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
