"""A document written out leaf by leaf, so that one operation or one schema can be read without the rest.

The form is lines of JSON: each path item and each component on a line of its own, the tree of paths node by node, the
paths again word by word, the places where those lines begin, and last a head that tells the rest. A reader begins at the head, and reads
and holds no more than it is asked for: what starting takes does not depend on how many operations a document has.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockserver.contract.operation import escape, template
from mockserver.contract.paths import one_of, trimmed, word_of
from mockserver.contract.wire import BrokenEncoding, plain
from mockserver.errors import BadSpec
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mmap import mmap

methods: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
reference: Final = re.compile(rb'"\$(?:dynamicRef|ref)":"(#(?:[^"\\]|\\.)*)"')

Keys = tuple[str, ...]
"""Where something stands: ("components", "schemas", "User")."""


class Leaves:
    """A document in this form, being read.

    head   what it tells of itself
    parts  the document; the members of its sections are read when they are asked for
    """

    def __init__(self, data: bytes | mmap) -> None:
        """Raises ValueError, LookupError or TypeError on what is no whole document in this form."""
        self._data = data
        self._known_led: dict[Keys, list[Keys]] = {}
        at = data.rfind(b"\n", 0, len(data) - 1) + 1
        self.head: dict[str, Any] = self.line(at)
        if self.head["at"] != at:
            raise ValueError("not whole")
        self.parts = self._filled(lambda _, place: Section(self, place))

    def line(self, at: int) -> Any:
        """What is written on the line that begins there."""
        return orjson.loads(self.text(at))

    def text(self, at: int) -> bytes:
        return self._data[at : self._data.find(b"\n", at)]

    def _filled(self, section: Callable[[Keys, int], Json]) -> dict[str, Any]:
        """The document with these sections."""
        root: dict[str, Any] = self.line(self.head["at"])["rest"]
        for keys, place in self.head["sections"]:
            inner(root, keys[:-1])[keys[-1]] = section(keys, place)
        return root

    def whole(self) -> dict[str, Any]:
        """The document as plain values of its own, for those who must look at everything."""
        return self._filled(lambda _, place: {name: self.line(at) for name, at in self.line(place).items()})

    def operations(self) -> list[list[str]]:
        """Every operation in the document's order: id, method, path, JSON pointer."""
        return self.line(self.head["operations"])  # type: ignore[no-any-return]  # a line is JSON, and `written` writes this one so

    def reached(self, first: Keys) -> dict[str, Any]:
        """What stands there and what its references lead to, however far, each in its place: a document that leaves the rest out."""
        root: dict[str, Any] = {}
        known, left = {first}, [first]
        while left:
            keys = left.pop()
            try:
                led = self._led(keys)
            except (LookupError, TypeError):
                continue  # whoever refers to it will hear that nothing stands there
            holder = root
            for key in keys[:-1]:
                holder = holder.setdefault(key, {})
            holder[keys[-1]] = inner(self.parts, keys)
            for found in led:
                if not found:
                    return self._filled(lambda keys, _: dict(inner(self.parts, keys)))
                if found not in known:
                    known.add(found)
                    left.append(found)
        return root

    def _led(self, keys: Keys) -> list[Keys]:
        """The leaves that a leaf refers to. Raises LookupError or TypeError where nothing stands."""
        if keys not in self._known_led:
            self._known_led[keys] = [leaf_of(pointed(each)) for each in dict.fromkeys(reference.findall(self._text(keys)))]
        return self._known_led[keys]

    def _text(self, keys: Keys) -> bytes:
        section = inner(self.parts, keys[:-1])
        return section.text(keys[-1]) if isinstance(section, Section) else orjson.dumps(section[keys[-1]])


class Section(Mapping[str, Json]):
    """A section of a document. Each member is read when it is first asked for, and kept."""

    def __init__(self, leaves: Leaves, place: int) -> None:
        self._leaves, self._place = leaves, place
        self._read: dict[str, Json] = {}

    @cached_property
    def _places(self) -> dict[str, int]:
        return self._leaves.line(self._place)  # type: ignore[no-any-return]  # a line is JSON, and `written` writes a section so

    def text(self, name: str) -> bytes:
        """A member as JSON."""
        return self._leaves.text(self._places[name])

    def __getitem__(self, name: str) -> Json:
        if name not in self._read:
            self._read[name] = orjson.loads(self.text(name))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def pointed(reference: bytes) -> str:
    """Where a reference points to, of its JSON."""
    text: str = orjson.loads(b'"%b"' % reference)
    with contextlib.suppress(BrokenEncoding):
        text = plain(text)
    return text


def leaf_of(place: str) -> Keys:
    """The leaf that holds what stands at a JSON pointer ("#/paths/~1users/get/…"); () when the pointer does not say."""
    first, *more = (part.replace("~1", "/").replace("~0", "~") for part in (place.split("/")[1:] or [""]))
    depth = {"components": 2, "paths": 1, "webhooks": 1}.get(first, 0)
    return (first, *more[:depth]) if first and len(more) >= depth else ()


def inner(root: Any, keys: Keys) -> Any:
    for key in keys:
        root = root[key]
    return root


def standing(root: Mapping[str, Any], place: str, source: str, otherwise: Json = NOTHING) -> Any:
    """What stands at a JSON pointer ("#/a/b"); `otherwise`, or a BadSpec, when nothing does."""
    node: Json = root
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~") if "~" in part else part
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, IndexError, ValueError, TypeError):
            if otherwise is not NOTHING:
                return otherwise
            raise BadSpec(f"{source}: {place}: nothing stands there; mend the $ref that points to it") from None
    return node


def followed(root: Mapping[str, Any], place: str, source: str) -> str:
    """The place itself, or the one its `$ref` points to, however many steps. Raises BadSpec on a circle."""
    for _ in range(32):
        node = standing(root, place, source, None)
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str):
            return place
        if not ref.startswith("#"):
            raise BadSpec(f"{source}: {place}: $ref {ref!r} leaves the document; bundle it into one file")
        place = plain(ref)
    raise BadSpec(f"{source}: {place}: its $ref goes round in a circle")


# -- writing ----------------------------------------------------------------------------------------------------------------


class Lines:
    """Lines of JSON, being written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.at = 0

    def add(self, value: Json) -> int:
        """Write a line; returns where it begins."""
        began, line = self.at, orjson.dumps(value)
        self.written += (line, b"\n")
        self.at += len(line) + 1
        return began


def written(root: Mapping[str, Any], source: str, **told: Json) -> bytes:
    """A document in this form; `told` stands in its head. Raises BadSpec on what JSON cannot hold, and on paths that lead nowhere."""
    lines = Lines()
    try:
        return b"".join(_written(lines, root, source, told))
    except TypeError as error:
        raise BadSpec(f"{source}: holds what JSON cannot: {error}; write plain values, and $ref instead of deep nesting") from None


def _written(lines: Lines, root: Mapping[str, Any], source: str, told: Mapping[str, Json]) -> list[bytes]:
    rest = {key: dict(value) if key == "components" and isinstance(value, dict) else value for key, value in root.items()}
    sections = []
    for keys in sections_of(root):
        sections.append((keys, lines.add({name: lines.add(part) for name, part in inner(root, keys).items()})))
        inner(rest, keys[:-1])[keys[-1]] = None
    listed = list(operations_of(root, source))
    head = {
        "rest": rest, "sections": sections, "size": len(listed), "operations": lines.add(listed), "tree": planted(listed, lines),
        "words": worded(listed, lines),
        "fragments": list(dict.fromkeys(path.partition("#")[2] for _, _, path, _ in listed if "#" in path)), "at": lines.at, **told,
    }  # fmt: skip
    lines.add(head)
    return lines.written


def sections_of(root: Mapping[str, Any]) -> Iterator[Keys]:
    """The parts of a document that may have very many members."""
    yield from ((name,) for name in ("paths", "webhooks") if isinstance(root.get(name), dict))
    if isinstance(components := root.get("components"), dict):
        yield from (("components", kind) for kind, held in components.items() if isinstance(held, dict))


def operations_of(root: Mapping[str, Any], source: str) -> Iterator[tuple[str, str, str, str]]:
    """Every operation: id, method, path, JSON pointer. An id that is taken, and none, is "METHOD /path"."""
    taken = set()
    for path, item in (root.get("paths") or {}).items():
        if isinstance(item, dict) and path.startswith("/"):
            place = followed(root, f"#/paths/{escape(path)}", source)
            target = standing(root, place, source)
            for method in methods:
                if isinstance(operation := target.get(method), dict):
                    plain_name = f"{method.upper()} {path}"
                    name = str(operation.get("operationId") or plain_name)
                    name = plain_name if name in taken else name
                    taken.add(name)
                    yield name, method.upper(), path, f"{place}/{method}"


def planted(listed: list[tuple[str, str, str, str]], lines: Lines) -> int:
    """Write the tree of paths; returns where its root is.

    A node has its branches by segment as it is written ("literals"), by pattern ("patterns"), or for any ("wild"), and by method the
    operations that end there.
    """
    nodes = [sprout()]
    for name, method, path, place in listed:
        node = nodes[0]
        for segment in path.split("/")[1:]:
            form, key = branch_of(segment)
            if key not in node[form]:
                node[form][key] = sprout()
                nodes.append(node[form][key])
            node = node[form][key]
        node["ends"].setdefault(method, (name, method, path, place))
    places: dict[int, int] = {}
    for node in reversed(nodes):  # what branches off was made later: it is written by now
        branches = {form: {key: places[id(each)] for key, each in node[form].items()} for form in branch_forms}
        places[id(node)] = lines.add({**branches, "ends": node["ends"]})
    return places[id(nodes[0])]


def worded(listed: list[tuple[str, str, str, str]], lines: Lines) -> int:
    """Write what is at each path and right below it, the paths of one word on a line (paths.py reads it); returns where it is told where.

    Those lines are found by one of what their word names, and begin in the document's order.
    """
    ends: dict[str, dict[str, Any]] = {}
    items: dict[str, list[str]] = {}
    for told in listed:
        ends.setdefault(trimmed(told[2]), {})[told[1]] = told
    for path in ends:
        head, _, tail = path.rpartition("/")
        if "{" in tail:
            items.setdefault(head, []).extend([] if tail.rpartition("}")[2].startswith(":") else [path])
    words: dict[str, dict[str, Any]] = {}
    for path in ends:
        for at in (path, path.rpartition("/")[0]):
            if at in ends or at in items:
                words.setdefault(word_of(at), {})[at] = (ends.get(at, {}), items.get(at))
    places: dict[str, list[int]] = {}
    for word, paths in words.items():
        places.setdefault(one_of(word), []).append(lines.add((word, paths)))
    return lines.add(places)


branch_forms: Final = ("literals", "patterns", "wild")


def sprout() -> dict[str, dict[str, Any]]:
    return {form: {} for form in (*branch_forms, "ends")}


def branch_of(segment: str) -> tuple[str, str]:
    """How a segment of a path template branches, and by what: itself, or the pattern of what fits."""
    names = template.findall(segment) if "{" in segment else []
    if not names:
        return "literals", segment
    if segment == "{" + names[0] + "}":
        return "wild", ""
    parts = template.split(segment)
    return "patterns", "".join(re.escape(part) if index % 2 == 0 else variable(parts, index) for index, part in enumerate(parts))


def variable(parts: list[str], index: int) -> str:
    """What stands for a variable beside others in one segment: what follows a dot is its last part, and what touches the one before it
    begins at a dot where there is one: {name}.{format}, {name}{extension}."""
    if index > 1 and not parts[index - 1]:
        return r"(\.[^.]*|[^.]+?)"
    return "(.+)" if parts[index + 1] == "." else "(.+?)"
