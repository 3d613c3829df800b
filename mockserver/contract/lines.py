"""The line of a document that a place in it is written on."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from mockserver.contract.document import Document


def line_of(document: Document, place: str) -> tuple[str, int | None]:
    """The file and the line of a JSON pointer ("#/paths/~1users/get"), or of the nearest place above it that was written; no line
    when the document came from memory."""
    written = Path(document.source)
    root = composed(str(written)) if written.is_file() else None
    if root is None:
        return shown(written), None
    line = root.start_mark.line
    node = root
    for part in place.split("/")[1:]:
        found = step(node, part.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        node, line = found
    return shown(written), line + 1


def step(node: Any, part: str) -> tuple[Any, int] | None:
    """The node below a node and the line that its name, or in a list itself, stands on."""
    if isinstance(node.value, list) and node.value and isinstance(node.value[0], tuple):
        return next(((value, key.start_mark.line) for key, value in node.value if key.value == part), None)
    if isinstance(node.value, list) and part.isdecimal() and int(part) < len(node.value):
        return node.value[int(part)], node.value[int(part)].start_mark.line
    return None


@lru_cache(maxsize=16)
def composed(file: str) -> Any:
    """The document as YAML nodes, which know their lines; None when it cannot be read as one. JSON is YAML, too."""
    import yaml

    try:
        return yaml.compose(Path(file).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError):
        return None


def shown(path: Path) -> str:
    """The file as a person in the working folder would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
