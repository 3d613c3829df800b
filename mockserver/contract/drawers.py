"""Where documents are kept that were read before: under the hash of what they were made of, so that none is ever out of date.

A drawer that cannot be read, is not whole or was made of other neighbours counts as empty; one that cannot be written costs time, not
function. What is written appears at once or not at all, so that several may write at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from mockserver import __version__
from mockserver.contract.leaves import Leaves

# A change of the form must not meet yesterday's drawers.
form_version: Final = "6"

ending: Final = ".leaves"
bundled: Final = Path(__file__).resolve().parent.parent / "_shelf" / "leaves"
small: Final = 1024 * 1024  # bytes; what is larger is mapped, and takes memory where it is looked at
longest: Final = 30 * 86_400  # seconds that a drawer nobody opens is kept


def folder() -> Path | None:
    """The user's drawers: MOCKSERVER_CACHE, or the user's cache folder; None: MOCKSERVER_CACHE=off, or a user without a home."""
    given = os.environ.get("MOCKSERVER_CACHE")
    if given:
        return None if given.lower() == "off" else Path(given)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "mockserver"
    except RuntimeError:  # a container that runs as a number which no account has
        return None


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def digest(file: Path) -> str:
    """The hash of a file, "" of one that cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def key_of(document: str, beside: Path | None) -> str:
    """The drawer of a document of this hash, with the overlay that lies beside it."""
    return digest_of(" ".join((form_version, __version__, document, digest(beside) if beside else "")).encode())


def opened(path: Path, beside: Path | None) -> Leaves | None:
    """What was kept of a document as its files are now. Raises OSError when the document cannot be read."""
    with path.open("rb") as file:
        key = key_of(hashlib.file_digest(file, "sha256").hexdigest(), beside)
    for place in (bundled, folder()):
        found = drawn(place / f"{key}{ending}") if place else None
        if found is not None and fits(found, path):
            return found
    return None


def fits(leaves: Leaves, path: Path) -> bool:
    """Whether a document's neighbours are still those that it was made with."""
    files = leaves.head["files"]
    return leaves.head["home"] in ("", str(path.resolve())) and all(digest(Path(file)) == was for file, was in files.items())


def drawn(drawer: Path) -> Leaves | None:
    """What lies in a drawer; None when it is nothing whole."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError), drawer.open("rb") as file:
        large = os.fstat(file.fileno()).st_size > small
        return Leaves(mmap(file.fileno(), 0, access=ACCESS_READ) if large else file.read())
    return None


def put(key: str, content: bytes) -> Leaves:
    """Keep a document, and clear out what nobody opened for long."""
    place = folder()
    if place is not None:
        with contextlib.suppress(OSError):
            drawer = place / f"{key}{ending}"
            write(drawer, content)
            for old in place.glob(f"*{ending}"):
                used = old.stat()
                if time.time() - max(used.st_atime, used.st_mtime) > longest:
                    old.unlink()
            return drawn(drawer) or Leaves(content)
    return Leaves(content)


def write(drawer: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all. Raises OSError."""
    import tempfile

    drawer.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=drawer.parent, prefix=".", suffix=ending, delete=False) as scratch:
        try:
            scratch.write(content)
        except OSError:
            Path(scratch.name).unlink()
            raise
    Path(scratch.name).replace(drawer)
