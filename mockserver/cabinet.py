"""What was made before and takes long to make: files of one folder, each named by the hash of all that it was made of, so that none is ever out of date.

A file that cannot be read or is not whole counts as none; one that cannot be written costs time, not function. What is written appears at
once or not at all, so that several may write at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mockserver import __version__

longest: Final = 30 * 86_400  # seconds that a file nobody opens is kept


def folder() -> Path | None:
    """The user's: MOCKSERVER_CACHE, or the user's cache folder; None: MOCKSERVER_CACHE=off, or a user without a home."""
    given = os.environ.get("MOCKSERVER_CACHE")
    if given:
        return None if given.lower() == "off" else Path(given)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "mockserver"
    except RuntimeError:  # a container that runs as a number which no account has
        return None


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def name_of(form: str, *made_of: str) -> str:
    """The name of a file of this form, made of this by this version."""
    return digest_of(" ".join((form, __version__, *made_of)).encode())


def put(name: str, *content: bytes) -> Path | None:
    """Keep a file, and clear out those of its ending that nobody opened for long. Where it is now, if it is anywhere."""
    place = folder()
    if place is not None:
        with contextlib.suppress(OSError):
            write(place / name, *content)
            for old in place.glob(f"*{Path(name).suffix}"):
                used = old.stat()
                if time.time() - max(used.st_atime, used.st_mtime) > longest:
                    old.unlink()
            return place / name
    return None


def write(file: Path, *content: bytes) -> None:
    """Write a file that is there whole or not at all. Raises OSError."""
    import tempfile

    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", suffix=file.suffix, delete=False) as scratch:
        try:
            scratch.writelines(content)
        except OSError:
            Path(scratch.name).unlink()
            raise
    Path(scratch.name).replace(file)


def again(name: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, plain values, as it was kept under this name, or made now and kept."""
    place = folder()
    if place is None:
        return make()
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        kept = memoryview((place / name).read_bytes())
        if int.from_bytes(kept[:4], "big") == zlib.crc32(kept[4:], zlib.crc32(name.encode())):
            return marshal.loads(kept[4:])  # noqa: S302  # whole, and written below
    made = make()
    content = marshal.dumps(made, 2)  # nothing in it is there twice, and looking for that takes half the time
    put(name, zlib.crc32(content, zlib.crc32(name.encode())).to_bytes(4, "big"), content)
    return made
