"""Names and paths, cut to what can be compared: letters only, and the words of a path that name things."""

from __future__ import annotations

import re
from typing import Final

norm: Final = re.compile(r"[^a-z0-9]")


def plain(name: str) -> str:
    return norm.sub("", name.lower())


def trimmed(path: str) -> str:
    """The path without what stands at its end for nothing."""
    return path.rstrip("/") or "/"


def word_of(path: str) -> str:
    """The last literal word of a path."""
    return next((part.partition("(")[0] for part in reversed(path.split("/")) if part and "{" not in part), "")
