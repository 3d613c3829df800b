"""The contract: which operation a call is, whether the call is well put, whether the reply keeps the promise.

Rules of this file
- A check returns findings and raises nothing; who refuses, fails or prints is decided above.
- Every schema is addressed by its JSON pointer in the document, so every finding can say where it stands.
- The cost of matching does not depend on how many operations there are, and nothing is compiled before it is needed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import jsonschema_rs
import orjson

from mockserver.contract import bodies, mending, wire
from mockserver.contract import document as documents
from mockserver.contract.document import Document
from mockserver.contract.operation import Operation, Parameter, escape
from mockserver.errors import BadSpec, Finding, UnknownName
from mockserver.message import NOTHING, Call, Json, Reply

Side = Literal["request", "reply"]
hidden_side: Final[Mapping[Side, str]] = {"request": "readOnly", "reply": "writeOnly"}

most_findings: Final = 20
deepest: Final = 200
template: Final = re.compile(r"\{([^{}]*)\}")


class Unmatched(Exception):
    """No operation is meant: the path is unknown (`allowed` empty) or takes other methods only."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(allowed)
        self.allowed = allowed


class Node:
    """One step of the tree of paths."""

    __slots__ = ("ends", "literals", "patterns", "wild")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.patterns: list[tuple[re.Pattern[str], Node]] = []
        self.wild: Node | None = None
        self.ends: dict[str, Operation] = {}


@dataclass(slots=True)
class Checked:
    """What a call says, typed: its parameters by name, its body, and what was wrong."""

    params: dict[str, Json] = field(default_factory=dict)
    body: Json = NOTHING
    findings: list[Finding] = field(default_factory=list)


class Contract:
    """What a document promises.

    fold_case  path words, query names and booleans are read without regard to case
    mended     what had to be taken out of the document for the rest to be read; None: nobody had to look
    """

    def __init__(self, document: Document, *, fold_case: bool = False) -> None:
        self.document, self.fold_case = document, fold_case
        self.operations: dict[str, Operation] = {}
        self._tree = Node()
        self._checks: dict[tuple[str, Side], Any] = {}
        self._types: dict[str, tuple[frozenset[str], str]] = {}
        self._properties: dict[str, dict[str, str]] = {}
        self.mended: list[str] | None = None
        for path, item in (document.root.get("paths") or {}).items():
            if isinstance(item, dict) and path.startswith("/"):
                self._add_path(path, item)

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any], *, fold_case: bool = False) -> Contract:
        """Read a document and take it at its word. Raises BadSpec."""
        contract = cls(documents.load(source), fold_case=fold_case)
        if not contract.operations:
            raise BadSpec(f"{contract.document.source}: /paths holds no operation; there is nothing to serve")
        return contract

    # -- building ---------------------------------------------------------------------------------------------------

    def _add_path(self, path: str, item: Mapping[str, Any]) -> None:
        place = self.follow(f"#/paths/{escape(path)}")
        item = self.at(place) if "$ref" in item else item
        node, names = self._plant(path)
        for method in documents.methods:
            if isinstance(item.get(method), dict):
                operation = Operation(self, method, path, f"{place}/{method}", item[method], names)
                if operation.id in self.operations:
                    operation.id = f"{operation.method} {path}"
                self.operations[operation.id] = operation
                node.ends.setdefault(operation.method, operation)

    def _plant(self, path: str) -> tuple[Node, tuple[str, ...]]:
        node, names = self._tree, []
        for segment in path.split("/")[1:]:
            found = template.findall(segment)
            names += found
            node = self._step(node, segment, found)
        return node, tuple(names)

    def _step(self, node: Node, segment: str, names: list[str]) -> Node:
        if not names:
            return node.literals.setdefault(segment.lower() if self.fold_case else segment, Node())
        if segment == "{" + names[0] + "}":
            node.wild = node.wild or Node()
            return node.wild
        source = "".join(re.escape(part) if index % 2 == 0 else "(.+?)" for index, part in enumerate(template.split(segment)))
        for pattern, child in node.patterns:
            if pattern.pattern == source:
                return child
        child = Node()
        node.patterns.append((re.compile(source, re.IGNORECASE if self.fold_case else 0), child))
        return child

    # -- finding one's way in the document --------------------------------------------------------------------------

    def at(self, place: str, otherwise: Json = NOTHING) -> Any:
        """What stands at a JSON pointer ("#/a/b"); `otherwise` or a BadSpec when nothing does."""
        node: Json = self.document.root
        for part in place.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~") if "~" in part else part
            try:
                node = node[int(key)] if isinstance(node, list) else node[key]
            except (KeyError, IndexError, ValueError, TypeError):
                if otherwise is not NOTHING:
                    return otherwise
                raise BadSpec(f"{self.document.source}: {place}: nothing stands there; mend the $ref that points to it") from None
        return node

    def follow(self, place: str) -> str:
        """The place itself, or the one its `$ref` points to, however many steps. Raises BadSpec on a circle."""
        for _ in range(32):
            node = self.at(place, None)
            ref = node.get("$ref") if isinstance(node, dict) else None
            if not isinstance(ref, str):
                return place
            if not ref.startswith("#"):
                raise BadSpec(f"{self.document.source}: {place}: $ref {ref!r} leaves the document; bundle it into one file")
            place = wire.plain(ref)
        raise BadSpec(f"{self.document.source}: {place}: its $ref goes round in a circle")

    def media(self, place: str) -> dict[str, str]:
        """The media types of a body or response, each with the place of its schema ("" where it has none)."""
        out = {}
        for media, content in (self.at(place).get("content") or {}).items():
            has_schema = isinstance(content, dict) and "schema" in content
            out[str(media).lower()] = f"{place}/content/{escape(media)}/schema" if has_schema else ""
        return out

    def schema(self, place: str) -> tuple[str, Json]:
        """The schema a place holds, its `$ref`s followed: (place, schema)."""
        place = self.follow(place)
        return place, self.at(place)

    def types(self, place: str) -> tuple[frozenset[str], str]:
        """The JSON types a schema allows, and the place of its `items` ("" when it has none)."""
        if place not in self._types:
            self._types[place] = self._types_at(place)
        return self._types[place]

    def _types_at(self, place: str) -> tuple[frozenset[str], str]:
        found, items = set(), ""
        queue, seen = [place] if place else [], set()
        while queue:
            here, schema = self.schema(queue.pop())
            if here in seen or not isinstance(schema, dict):
                continue
            seen.add(here)
            given = schema.get("type")
            found |= {given} if isinstance(given, str) else set(given or ())
            if given is None:
                found |= {json_type(each) for each in schema.get("enum") or ([schema["const"]] if "const" in schema else [])}
            items = f"{here}/items" if "items" in schema else items
            for group in ("allOf", "anyOf", "oneOf"):
                queue += [f"{here}/{group}/{index}" for index, _ in enumerate(schema.get(group) or ())]
        return frozenset(found), items

    def default(self, place: str) -> Json:
        """The `default` of the schema at a place, or NOTHING."""
        schema = self.schema(place)[1] if place else None
        return schema.get("default", NOTHING) if isinstance(schema, dict) else NOTHING

    def find(self, name: str) -> Operation:
        """The operation of this id or alias, whatever its case. Raises UnknownName."""
        return self._by_name.get(name.casefold()) or self._unknown(name)

    def _unknown(self, name: str) -> Operation:
        raise UnknownName("operation", name, self.operations)

    @cached_property
    def _by_name(self) -> dict[str, Operation]:
        names: dict[str, Operation] = {}
        for operation in self.operations.values():
            for name in (operation.id, *operation.aliases):
                names.setdefault(name.casefold(), operation)
        return names

    # -- matching ---------------------------------------------------------------------------------------------------

    def match(self, method: str, path: str) -> tuple[Operation, list[str]]:
        """The operation of a percent-encoded path, and the texts of its path parameters. Raises Unmatched or BrokenEncoding."""
        segments = path.split("/")[1:]
        if "%" in path:
            segments = [wire.plain(segment) for segment in segments]
        found = self._straight(method, segments)
        return found or self._searched(method, segments)

    def _straight(self, method: str, segments: list[str]) -> tuple[Operation, list[str]] | None:
        """The way nearly every call takes: the literal where there is one, else the variable, never back."""
        node, values = self._tree, []
        fold = self.fold_case
        for segment in segments:
            step = node.literals.get(segment.lower() if fold else segment)
            if step is None:
                step = node.wild
                if step is None or node.patterns or not segment:
                    return None
                values.append(segment)
            node = step
        operation = node.ends.get(method)
        return (operation, values) if operation is not None else None

    def _searched(self, method: str, segments: list[str]) -> tuple[Operation, list[str]]:
        """Every way, literals first. Raises Unmatched."""
        allowed: tuple[str, ...] = ()
        for node, values in self._walk(self._tree, segments, 0, []):
            if method in node.ends:
                return node.ends[method], values
            if method == "HEAD" and "GET" in node.ends:
                return node.ends["GET"], values
            allowed = allowed or tuple(sorted(node.ends))  # those of the most literal path: /users/me is no id of /users/{id}
        raise Unmatched(allowed)

    def _walk(self, node: Node, segments: list[str], at: int, values: list[str]) -> Iterator[tuple[Node, list[str]]]:
        if at == len(segments):
            if node.ends:
                yield node, values
            return
        segment = segments[at]
        literal = node.literals.get(segment.lower() if self.fold_case else segment)
        if literal is not None:
            yield from self._walk(literal, segments, at + 1, values)
        for pattern, child in node.patterns:
            found = pattern.fullmatch(segment)
            if found:
                yield from self._walk(child, segments, at + 1, [*values, *found.groups()])
        if node.wild is not None and segment:
            yield from self._walk(node.wild, segments, at + 1, [*values, segment])

    def nearest(self, method: str, path: str, most: int = 3) -> list[str]:
        """The operations most like a call that matched none, as "GET /users/{id}"."""
        words = set(path.lower().split("/"))

        def shared(operation: Operation) -> tuple[int, int]:
            parts = operation.path.lower().split("/")
            return (len(words.intersection(parts)), -abs(len(parts) - path.count("/") - 1))

        likely = sorted(self.operations.values(), key=shared, reverse=True)[:40]
        alike = [
            (difflib.SequenceMatcher(None, f"{method} {path}", f"{each.method} {filled(each.path, path)}").ratio(), each) for each in likely
        ]
        alike.sort(key=itemgetter(0), reverse=True)
        return [f"{each.method} {each.path}" for likeness, each in alike[:most] if likeness > 0.6]

    # -- checking a call --------------------------------------------------------------------------------------------

    def check_call(self, operation: Operation, call: Call, path_values: list[str]) -> Checked:
        """Read the call as the operation describes it; everything wrong with it is among the findings."""
        checked = Checked()
        where = operation.by_place
        if where["path"]:
            given = {name: [value] for name, value in zip(operation.names, path_values, strict=True)}
            self._read(operation, where["path"], given, checked)
        if where["query"] or call.query:
            try:
                given = wire.pairs(call.query)
            except wire.BrokenEncoding as error:
                checked.findings.append(
                    Finding(operation.id, "query", "encoding", f"broken percent-encoding in {clip(str(error))}", call.query)
                )
                given = {}
            if self.fold_case:
                names = {parameter.name.lower(): parameter.name for parameter in where["query"]}
                given = {names.get(name.lower(), name): values for name, values in given.items()}
            self._read(operation, where["query"], given, checked)
        if where["header"]:
            headers = call.headers
            self._read(
                operation,
                where["header"],
                {each.name: [headers[each.name.lower()]] for each in where["header"] if each.name.lower() in headers},
                checked,
            )
        if where["cookie"]:
            self._read(operation, where["cookie"], wire.cookies(call.headers.get("cookie", "")), checked)
        if operation.body is not None:
            self._read_body(operation, call, checked)
        return checked

    def _read(self, operation: Operation, declared: Iterable[Parameter], given: wire.Pairs, checked: Checked) -> None:
        for parameter in declared:
            if parameter.deep:
                fields = wire.deep_object(given, parameter.name)
                values = [orjson.dumps({key: each[-1] for key, each in fields.items()}).decode()] if fields else None
            else:
                values = given.get(parameter.name)
            if values is None:
                if parameter.default is not NOTHING:
                    checked.params[parameter.name] = parameter.default
                elif parameter.required:
                    checked.findings.append(Finding(operation.id, parameter.label, "required", "is required", None, parameter.place))
                continue
            if len(values) > 1 and not parameter.many:
                checked.findings.append(
                    Finding(operation.id, parameter.label, "repeated", "is given more than once", values, parameter.place)
                )
                continue
            value = parameter.value(values)
            if parameter.check(value):
                checked.params[parameter.name] = value
            else:
                checked.findings += self.faults(parameter.place, "request", value, operation.id, parameter.label)

    def _read_body(self, operation: Operation, call: Call, checked: Checked) -> None:
        required, by_media = operation.body or (False, {})
        if not call.body:
            if required:
                checked.findings.append(
                    Finding(operation.id, "body", "required", "a body is required", None, operation.place + "/requestBody")
                )
            return
        media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        declared = media_of(by_media, media) if media else next(iter(by_media), None)
        if declared is None:
            words = f"media type {media or 'none'!r} is not one of {', '.join(by_media)}"
            checked.findings.append(
                Finding(operation.id, "header content-type", "media-type", words, media, operation.place + "/requestBody")
            )
            return
        place = by_media[declared]
        try:
            checked.body = self._parsed(call.body, declared, media, place, call.headers.get("content-type", ""))
        except (ValueError, RecursionError) as error:
            words = f"is not {'JSON' if is_json(media or declared) else declared}: {error}"
            checked.findings.append(Finding(operation.id, "body", "syntax", words, call.body[:200].decode(errors="replace"), place))
            return
        if place and not self.check(place, "request")(checked.body):
            checked.findings += self.faults(place, "request", checked.body, operation.id, "body")

    def _parsed(self, body: bytes, declared: str, media: str, place: str, content_type: str) -> Json:
        if is_json(media or declared):
            return shallow(orjson.loads(body), body)
        return bodies.read(self, place, content_type or declared, body)

    def properties(self, place: str) -> dict[str, str]:
        """Every property a schema names, through its compositions: name to the place of the property's schema. Read only."""
        if place not in self._properties:
            self._properties[place] = self._properties_at(place)
        return self._properties[place]

    def _properties_at(self, place: str) -> dict[str, str]:
        out: dict[str, str] = {}
        queue, seen = [place], set()
        while queue:
            here, schema = self.schema(queue.pop(0))
            if here in seen or not isinstance(schema, dict):
                continue
            seen.add(here)
            for name in schema.get("properties") or {}:
                out.setdefault(name, f"{here}/properties/{escape(name)}")
            for group in ("allOf", "anyOf", "oneOf"):
                queue += [f"{here}/{group}/{index}" for index, _ in enumerate(schema.get(group) or ())]
        return out

    # -- checking a reply -------------------------------------------------------------------------------------------

    def check_reply(self, operation: Operation, reply: Reply) -> list[Finding]:
        """Whether the contract allows this reply to this operation."""
        answer = operation.answer(reply.status)
        if answer is None:
            words = f"{reply.status} is not documented; documented: {', '.join(operation.answers)}"
            return [Finding(operation.id, "status", "status", words, reply.status, operation.place + "/responses")]
        if reply.value is NOTHING and not reply.body:
            return []
        media = reply.media or "application/json"
        declared = media_of(answer.media, media) or media_of(answer.media, media.partition(";")[0].lower())
        if declared is None:
            if not answer.media and reply.value is NOTHING:
                return []
            words = f"media type {media!r} is not documented for {answer.status}; documented: {', '.join(answer.media) or 'no body'}"
            return [Finding(operation.id, "reply header content-type", "media-type", words, media, answer.place)]
        place = answer.media[declared]
        value = reply.value if reply.value is not NOTHING else (reply.body or b"").decode(errors="replace")
        if not place or self.check(place, "reply")(value):
            return []
        return self.faults(place, "reply", value, operation.id, "reply body")

    # -- schemas ----------------------------------------------------------------------------------------------------

    def check(self, place: str, side: Side) -> Callable[[Json], bool]:
        """The compiled yes-or-no of the schema at a place."""
        found = self._checks.get((place, side)) or self._validator(place, side)
        return found.is_valid  # type: ignore[no-any-return]

    def faults(self, place: str, side: Side, value: Json, operation: str, label: str) -> list[Finding]:
        """Every way a value breaks the schema at a place, each with the rule it breaks; at most twenty."""
        out = []
        for error in self._validator(place, side).iter_errors(value):
            path = "".join(f"/{escape(str(part))}" for part in error.instance_path)
            rule = str(error.absolute_keyword_location or "").removeprefix(uri)
            words = [part for part in error.schema_path if isinstance(part, str)]
            out.append(
                Finding(
                    operation,
                    f"{label} {path}".strip(),
                    words[-1] if words else "",
                    clip(error.message),
                    error.instance,
                    wire.plain(rule) if rule else place,
                )
            )
            if len(out) == most_findings:
                break
        return out

    def _validator(self, place: str, side: Side) -> Any:
        key = (place, side)
        found = self._checks.get(key)
        if found is None:
            registry = self._replies if side == "reply" or not self._sided else self._requests
            try:
                found = jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{uri}#{quote(place[1:], safe='/~')}"}, registry=registry, validate_formats=True, offline=True
                )
            except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
                if self._mend():
                    return self._validator(place, side)
                raise BadSpec(f"{self.document.source}: {place}: not a usable schema: {clip(str(error).splitlines()[0])}") from None
            self._checks[key] = found
        return found

    def _mend(self) -> bool:
        """Take out of the document, once, what no validator can read; whether anything was taken out."""
        if self.mended is not None:
            return False
        self.mended = mending.mend(self.document.root)
        for kept in (self._checks, self._types, self._properties):
            kept.clear()
        for built in ("_sided", "_requests", "_replies"):
            self.__dict__.pop(built, None)
        return bool(self.mended)

    @cached_property
    def _sided(self) -> list[tuple[dict[str, Any], dict[Side, list[str]]]]:
        """The schemas that require what travels in one direction only, each with what it requires in either."""
        found = []
        for schema in documents.schemas_of(self.document.root):
            properties, required = schema.get("properties"), schema.get("required")
            if isinstance(properties, dict) and isinstance(required, list):
                sides = {side: self._travelling(properties, required, word) for side, word in hidden_side.items()}
                if any(len(names) < len(required) for names in sides.values()):
                    found.append((schema, sides))
        return found

    def _travelling(self, properties: Mapping[str, Any], required: list[str], word: str) -> list[str]:
        return [name for name in required if not hides(self.document.root, properties.get(name), word)]

    @cached_property
    def _requests(self) -> Any:
        return self._registry("request")

    @cached_property
    def _replies(self) -> Any:
        return self._registry("reply")

    def _registry(self, side: Side) -> Any:
        """The document as one direction sees it. The registry takes a copy: it is made while the schemas say what that direction requires."""
        whole = [(schema, schema["required"]) for schema, _ in self._sided]
        try:
            for schema, sides in self._sided:
                schema["required"] = sides[side]
            return jsonschema_rs.Registry([(uri, self.document.root)], draft=jsonschema_rs.Draft202012)
        finally:
            for schema, required in whole:
                schema["required"] = required


uri: Final = "urn:mockserver:document"


def hides(root: dict[str, Any], schema: Json, word: str) -> bool:
    for _ in range(8):
        if not isinstance(schema, dict):
            return False
        if schema.get(word):
            return True
        ref = schema.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#/"):
            return False
        schema = root
        for part in ref.split("/")[1:]:
            schema = schema.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(schema, dict) else None
    return False


def media_of(declared: Mapping[str, str], media: str) -> str | None:
    """The declared media type that covers this one."""
    if media in declared:
        return media
    for each in declared:
        plain = each.partition(";")[0].strip()
        if plain in (media, "*/*") or (plain.endswith("/*") and media.startswith(plain[:-1])):
            return each
    return None


def is_json(media: str) -> bool:
    media = media.partition(";")[0]
    return media in ("application/json", "text/json") or media.endswith("+json")


def filled(path_template: str, path: str) -> str:
    """A template with what stands in its variables' places in a path."""
    given = path.split("/")
    parts = path_template.split("/")
    return "/".join(given[at] if "{" in part and at < len(given) else part for at, part in enumerate(parts))


def shallow(value: Json, text: bytes) -> Json:
    """The value, refused when it is nested deeper than a reply that echoes it could be written."""
    if text.count(b"[") + text.count(b"{") > deepest:  # else it cannot be, and nothing is walked
        level, depth = [value], 0
        while level:
            level = [
                inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)
            ]
            depth += 1
        if depth > deepest:
            raise ValueError(f"nested over {deepest} levels deep")
    return value


def json_type(value: Json) -> str:
    names: dict[type, str] = {
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        list: "array",
        dict: "object",
        type(None): "null",
    }
    return names[type(value)]


def clip(text: str, most: int = 240) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
