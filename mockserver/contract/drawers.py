"""Where documents are kept that were read before: under the hash of what they were made of, so that none is ever out of date.

A drawer that was made of other neighbours counts as empty; the rest is as `cabinet` says.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

from mockserver import cabinet
from mockserver.cabinet import name_of
from mockserver.contract.leaves import Leaves

# A change of the form must not meet yesterday's drawers.
form_version: Final = "6"

ending: Final = ".leaves"
bundled: Final = Path(__file__).resolve().parent.parent / "_shelf" / "leaves"
small: Final = 1024 * 1024  # bytes; what is larger is mapped, and takes memory where it is looked at


def digest(file: Path) -> str:
    """The hash of a file, "" of one that cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def key_of(document: str, beside: Path | None) -> str:
    """The drawer of a document of this hash, with the overlay that lies beside it."""
    return name_of(form_version, document, digest(beside) if beside else "")


def opened(path: Path, beside: Path | None) -> Leaves | None:
    """What was kept of a document as its files are now. Raises OSError when the document cannot be read."""
    with path.open("rb") as file:
        key = key_of(hashlib.file_digest(file, "sha256").hexdigest(), beside)
    for place in (bundled, cabinet.folder()):
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
    """Keep a document."""
    drawer = cabinet.put(f"{key}{ending}", content)
    return (drawn(drawer) if drawer else None) or Leaves(content)
