"""Documents that change while they are served: read again, what still fits is kept."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from mockserver.engine.plain import Plain
from mockserver.engine.site import Site
from mockserver.errors import MockServerError

every: Final = 0.5  # seconds between looks

log: Final = logging.getLogger("mockserver")


Seen = dict[str, dict[Path, int]]
"""The stamps of every watched document's files, as they were at the last look."""


async def watching(site: Site, pause: float = every) -> None:
    """Look at the files of every document now and then, until cancelled. A document that became unreadable stays as it was."""
    seen = noted(site)
    while seen:
        await asyncio.sleep(pause)
        look(site, seen)


def noted(site: Site) -> Seen:
    return {name: stamps(engine) for name, engine in watched(site).items()}


def look(site: Site, seen: Seen) -> None:
    """Read again what was written since it was seen."""
    for name, engine in watched(site).items():
        now = stamps(engine)
        if now != seen.get(name):
            seen[name] = now
            seen[name] = stamps(renew(site, engine))


def watched(site: Site) -> dict[str, Plain]:
    return {name: engine for name, engine in site.engines.items() if isinstance(engine, Plain) and engine.contract.document.files}


def renew(site: Site, engine: Plain) -> Plain:
    """The document as it is now; as it was, and a line that says why, when it cannot be read."""
    from mockserver.vendors.documents import renewed

    try:
        fresh = renewed(site, engine)
    except MockServerError as error:
        log.warning("%s; serving it as it was", error)
        return engine
    log.warning("%s: read again, %d operations", engine.contract.document.source, fresh.contract.size)
    return fresh


def stamps(engine: Plain) -> dict[Path, int]:
    """When each file of a document was last written; one that is gone counts as never."""
    return {path: path.stat().st_mtime_ns if path.exists() else 0 for path in engine.contract.document.files}
