"""One document out of several files: what a `$ref` takes from a neighbouring file becomes a component of the document.

Rules of this file
- Files are read from the document's own folder and below, and from nowhere else; nothing is fetched from a network.
- A reference that leads nowhere is told as a flaw and stands for anything: what does not depend on it still works.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mockserver.contract.document import largest_source, mapping, parse
from mockserver.contract.leaves import methods
from mockserver.contract.mending import stands
from mockserver.contract.operation import escape
from mockserver.contract.wire import BrokenEncoding, plain
from mockserver.errors import BadSpec
from mockserver.message import Json

most_files: Final = 500


class Bundle:
    """A document and the files it refers to, being made one.

    flaws       what could not be resolved
    files       what was read, the document first
    neighbours  the files besides the document on which the result depends, those that are not there among them
    """

    def __init__(self, root: dict[str, Any], path: Path) -> None:
        self.root, self.path = root, path
        self.home = path.resolve()
        self.folder = self.home.parent
        self.files: dict[Path, Json] = {self.home: root}
        self.flaws: list[str] = []
        self.neighbours: dict[Path, None] = {}
        self._hoisted: dict[tuple[Path, str], str] = {}
        self._old = "swagger" in root

    def made(self) -> dict[str, Any]:
        """The one document."""
        self._walk(self.root, path=self.home, place="#")
        return self.root

    def _walk(self, node: Json, path: Path, place: str) -> None:
        """Rewrite in place every reference below a node of a file."""
        stack: list[tuple[Json, str]] = [(node, place)]
        while stack:
            here, at = stack.pop()
            if isinstance(here, list):
                stack += [(each, f"{at}/{index}") for index, each in enumerate(here)]
            elif isinstance(here, dict):
                ref = here.get("$ref")
                if isinstance(ref, str):
                    self._resolve(here, ref, path, at)
                stack += [
                    (each, f"{at}/{escape(str(key))}")
                    for key, each in here.items()
                    if isinstance(each, dict | list) and key not in ("example", "examples")
                ]

    def _resolve(self, node: dict[str, Any], ref: str, path: Path, at: str) -> None:
        name, _, pointer = ref.partition("#")
        target_path = path if not name else self._file(name, path, at)
        if target_path == self.home:
            if name:
                node["$ref"] = f"#{pointer}"
            return
        del node["$ref"]
        if target_path is None:
            return
        found = pointed(self.files[target_path], pointer)
        if found is None:
            self.flaws.append(f"{shown(path, at)}: $ref {ref!r}: nothing stands there; it allows anything")
        elif methods_in(found) and at.count("/") == 2 and at.startswith("#/paths/"):
            node.update(found)
            self._walk(node, target_path, at)
        else:
            node["$ref"] = self._hoist(found, target_path, pointer)

    def _file(self, name: str, path: Path, at: str) -> Path | None:
        """The file a reference names, read; None, and a flaw, when it may or can not be."""
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", name) or name.startswith("//"):
            self.flaws.append(f"{shown(path, at)}: $ref {name!r}: nothing is fetched from a network; it allows anything")
            return None
        try:
            target = (path.parent / plain(name)).resolve()
            if not target.is_relative_to(self.folder):
                self.flaws.append(f"{shown(path, at)}: $ref {name!r} leaves the document's folder {self.folder}; it allows anything")
                return None
            if target not in self.files:
                self.neighbours[target] = None
                if len(self.files) >= most_files or target.stat().st_size > largest_source:
                    raise BadSpec(f"{shown(path, at)}: $ref {name!r}: more than {most_files} files, or one over {largest_source >> 20} MiB")
                self.files[target] = parse(target.read_bytes(), str(target))
        except (OSError, BrokenEncoding) as error:
            self.flaws.append(
                f"{shown(path, at)}: $ref {name!r}: cannot be read: {getattr(error, 'strerror', None) or error}; it allows anything"
            )
            return None
        return target

    def _hoist(self, found: Json, path: Path, pointer: str) -> str:
        """Make what stands in a file a component of the document; returns the reference to it."""
        key = (path, pointer)
        if key not in self._hoisted:
            section = section_of(found)
            shelf = self._section(section)
            stem = pointer.rpartition("/")[2] or path.name.partition(".")[0]
            word = re.sub(r"[^A-Za-z0-9._-]+", "_", stem.replace("~1", "_").replace("~0", "_")) or "part"
            name, number = word, 2
            while name in shelf:
                name, number = f"{word}_{number}", number + 1
            self._hoisted[key] = (
                f"#/{'definitions' if self._old and section == 'schemas' else section if self._old else f'components/{section}'}/{name}"
            )
            shelf[name] = found
            self._walk(found, path, f"#{pointer}")
        return self._hoisted[key]

    def _section(self, section: str) -> dict[str, Any]:
        if self._old:
            return self.root.setdefault("definitions" if section == "schemas" else section, {})  # type: ignore[no-any-return]  # a section of a document is an object
        return self.root.setdefault("components", {}).setdefault(section, {})  # type: ignore[no-any-return]  # a section of a document is an object


def section_of(node: Json) -> str:
    """Which section of the components something belongs to, by its looks."""
    told = mapping(node)
    if "in" in told and "name" in told:
        return "parameters"
    if methods_in(told):
        return "pathItems"
    if "content" in told:
        return "responses" if "description" in told and "required" not in told else "requestBodies"
    if (
        "description" in told
        and not told.keys() - {"description", "headers", "schema", "examples", "links"}
        and ("schema" in told or "headers" in told or len(told) == 1)
    ):
        return "responses"
    return "schemas"


def methods_in(node: Mapping[str, Any]) -> bool:
    return isinstance(node, dict) and any(isinstance(node.get(method), dict) for method in methods)


def pointed(root: Json, pointer: str) -> Json:
    """What stands at a pointer of a file; None when nothing does."""
    if not pointer.strip("/"):
        return root
    if not stands(root, f"#{pointer}"):
        return None
    node = root
    for part in plain(pointer).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def shown(path: Path, at: str) -> str:
    return f"{path}: {at}"
