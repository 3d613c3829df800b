"""The contract: which operation a call is, whether the call is well put, whether the reply keeps the promise.

Rules of this file
- A check returns findings and raises nothing; who refuses, fails or prints is decided above.
- Every schema is addressed by its JSON pointer in the document, so every finding can say where it stands.
- The cost of matching does not depend on how many operations there are, and nothing is compiled before it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import quote

import jsonschema_rs
import orjson

from mockserver.contract import bodies, mending, wire
from mockserver.contract import document as documents
from mockserver.contract.document import Document
from mockserver.contract.leaves import Keys, followed, leaf_of, standing
from mockserver.contract.operation import Operation, Parameter, escape
from mockserver.errors import BadSpec, Finding, UnknownName
from mockserver.message import NOTHING, Call, Json, Reply

Side = Literal["request", "reply"]
sides: Final[tuple[Side, ...]] = ("request", "reply")
hidden_side: Final[Mapping[Side, str]] = {"request": "readOnly", "reply": "writeOnly"}

most_findings: Final = 20
most_registries: Final = 64
most_checks: Final = 1000  # and so many validators
deepest: Final = 200


class Unmatched(Exception):
    """No operation is meant: the path is unknown (`allowed` empty) or takes other methods only."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(allowed)
        self.allowed = allowed


class UnknownCoding(ValueError):
    """A body in a coding that nobody undoes here."""


class Node:
    """One step of the tree of paths: its branches, and by method the operations that end here. They are read when one is first asked for."""

    __slots__ = ("_contract", "_places", "ends", "literals", "patterns", "wild")

    literals: dict[str, Node]
    patterns: list[tuple[re.Pattern[str], Node]]
    wild: Node | None
    ends: dict[str, Operation]

    def __init__(self, contract: Contract, places: Iterable[int]) -> None:
        """places: where it stands among the leaves; several when they differ only in the case of letters, and that counts for nothing."""
        self._contract, self._places = contract, places

    def __getattr__(self, name: str) -> Any:
        if name not in Node.__slots__:
            raise AttributeError(name)
        self._read()
        return getattr(self, name)

    def _read(self) -> None:
        contract = self._contract
        told = [contract.document.leaves.line(place) for place in self._places]

        def branches(form: str, named: Callable[[str], str]) -> dict[str, Node]:
            found: dict[str, list[int]] = {}
            for name, place in (branch for each in told for branch in each[form].items()):
                found.setdefault(named(name), []).append(place)
            return {name: Node(contract, places) for name, places in found.items()}

        self.literals = branches("literals", str.lower if contract.fold_case else str)
        flags = re.IGNORECASE if contract.fold_case else 0
        self.patterns = [(re.compile(source, flags), node) for source, node in branches("patterns", str).items()]
        self.wild = branches("wild", str).get("")
        self.ends = {method: contract.made(*end) for each in reversed(told) for method, end in each["ends"].items()}


class Checked:
    """What a call says, typed: its parameters by name, its body, and what was wrong."""

    __slots__ = ("body", "findings", "params")

    def __init__(self) -> None:
        self.params: dict[str, Json] = {}
        self.body: Json = NOTHING
        self.findings: list[Finding] = []


no_codings: Final[Mapping[str, int]] = MappingProxyType({})


class Contract:
    """What a document promises.

    fold_case  path words, query names and booleans are read without regard to case
    codings    those of bodies that are undone before they are read, by the name that Content-Encoding has for them
    size       how many operations there are
    fragments  what follows a # in their paths
    mended     what had to be taken out of the document for the rest to be read; None: nobody had to look
    """

    def __init__(self, document: Document, *, fold_case: bool = False, codings: Mapping[str, int] = no_codings) -> None:
        self.document, self.fold_case, self.codings = document, fold_case, codings
        self.size: int = document.leaves.head["size"]
        self.fragments: list[str] = document.leaves.head["fragments"]
        self._tree = Node(self, [document.leaves.head["tree"]])
        self._made: dict[str, Operation] = {}
        self._checks: dict[tuple[str, Side], Any] = {}
        self._types: dict[str, tuple[frozenset[str], str]] = {}
        self._properties: dict[str, dict[str, str]] = {}
        self._verdicts: dict[tuple[str, int, str | None], Callable[[Json], bool]] = {}
        self._registries: dict[tuple[Keys, Side], jsonschema_rs.Registry] = {}
        self.mended: list[str] | None = None

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any], *, fold_case: bool = False) -> Contract:
        """Read a document and take it at its word. Raises BadSpec."""
        contract = cls(documents.load(source), fold_case=fold_case)
        if not contract.size:
            raise BadSpec(f"{contract.document.source}: /paths holds no operation; there is nothing to serve")
        return contract

    # -- operations -------------------------------------------------------------------------------------------------

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Every operation by its id, in the document's order."""
        return {told[0]: self.made(*told) for told in self.document.leaves.operations()}

    def made(self, name: str, *rest: str) -> Operation:
        """The one value that stands for an operation."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = Operation(self, name, *rest)
        return found

    def begins(self, path: str) -> bool:
        """Whether the paths of some operations begin with these words."""
        node: Node | None = self._tree
        for segment in path.split("/")[1:]:
            node = node.literals.get(segment) if node else None
        return node is not None

    @property
    def first_words(self) -> Iterable[str]:
        """The words that the paths of operations begin with."""
        return self._tree.literals

    # -- finding one's way in the document --------------------------------------------------------------------------

    def at(self, place: str, otherwise: Json = NOTHING) -> Any:
        """What stands at a JSON pointer ("#/a/b"); `otherwise` or a BadSpec when nothing does."""
        return standing(self.document.parts, place, self.document.source, otherwise)

    @cached_property
    def schemes(self) -> Mapping[str, Mapping[str, Any]]:
        """The ways of signing in by name."""
        return self.at("#/components/securitySchemes", None) or {}

    def follow(self, place: str) -> str:
        """The place itself, or the one its `$ref` points to, however many steps. Raises BadSpec on a circle."""
        return followed(self.document.parts, place, self.document.source)

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
        from difflib import SequenceMatcher  # 2 ms, for those who lost their way

        words = set(path.lower().split("/"))

        def shared(operation: Operation) -> tuple[int, int]:
            parts = operation.path.lower().split("/")
            return (len(words.intersection(parts)), -abs(len(parts) - path.count("/") - 1))

        likely = sorted(self.operations.values(), key=shared, reverse=True)[:40]
        alike = [(SequenceMatcher(None, f"{method} {path}", f"{each.method} {filled(each.path, path)}").ratio(), each) for each in likely]
        alike.sort(key=itemgetter(0), reverse=True)
        return [f"{each.method} {each.path}" for likeness, each in alike[:most] if likeness > 0.6]

    # -- checking a call --------------------------------------------------------------------------------------------

    def check_call(self, operation: Operation, call: Call, path_values: list[str]) -> Checked:
        """Read the call as the operation describes it; everything wrong with it is among the findings."""
        checked = Checked()
        where = operation.by_place
        if where.path and operation.takes_any_path:
            checked.params = dict(zip(operation.names, path_values, strict=True))
        elif where.path:
            given = {name: [value] for name, value in zip(operation.names, path_values, strict=True)}
            self._read(operation, where.path, given, checked)
        if where.query or call.query:
            try:
                given = wire.pairs(call.query)
            except wire.BrokenEncoding as error:
                checked.findings.append(
                    Finding(operation.id, "query", "encoding", f"broken percent-encoding in {clip(str(error))}", call.query)
                )
                given = {}
            if self.fold_case:
                names = {parameter.name.lower(): parameter.name for parameter in where.query}
                given = {names.get(name.lower(), name): values for name, values in given.items()}
            self._read(operation, where.query, given, checked)
        if where.header:
            headers = call.headers
            sent = {each.name: [headers[each.name.lower()]] for each in where.header if each.name.lower() in headers}
            self._read(operation, where.header, sent, checked)
        if where.cookie:
            self._read(operation, where.cookie, wire.cookies(call.headers.get("cookie", "")), checked)
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
        content_type = call.headers.get("content-type", "")
        media = essence(content_type)
        declared = media if media in by_media else media_of(by_media, media) if media else next(iter(by_media), None)
        if declared is None:
            words = f"media type {media or 'none'!r} is not one of {', '.join(by_media)}"
            checked.findings.append(
                Finding(operation.id, "header content-type", "media-type", words, media, operation.place + "/requestBody")
            )
            return
        place, coding, body = by_media[declared], call.headers.get("content-encoding"), call.body
        try:
            if coding and self.codings:
                body = self._decoded(body, coding, place, content_type or declared)
            checked.body = self._parsed(body, declared, media, place, content_type)
        except UnknownCoding as error:
            checked.findings.append(
                Finding(operation.id, "header content-encoding", "encoding", str(error), coding, operation.place + "/requestBody")
            )
            return
        except (ValueError, RecursionError) as error:
            words = f"is not {'JSON' if is_json(media or declared) else declared}: {error}"
            words += f" (it came with Content-Encoding: {clip(coding)})" if coding else ""
            checked.findings.append(Finding(operation.id, "body", "syntax", words, call.body[:200].decode(errors="replace"), place))
            return
        if place and not self.check(place, "request")(checked.body):
            checked.findings += self.faults(place, "request", checked.body, operation.id, "body")

    def _decoded(self, body: bytes, coding: str, place: str, content_type: str) -> bytes:
        """A body without its coding. Raises ValueError, and UnknownCoding for one that is not undone."""
        name = coding.strip().lower().removeprefix("x-")
        if name in self.codings:
            return wire.decoded(body, self.codings[name])
        if name != "identity" and not bodies.opaque(self, place, content_type):
            raise UnknownCoding(f"{clip(coding)!r} is not undone here; {' and '.join(self.codings)} are, one at a time")
        return body

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
        if reply.value is NOTHING:
            if not reply.body and operation.answer(reply.status) is not None:
                return []
        else:
            verdict = self._verdicts.get((operation.id, reply.status, reply.media))
            if verdict is not None and verdict(reply.value):
                return []
        return self._judged(operation, reply)

    def _judged(self, operation: Operation, reply: Reply) -> list[Finding]:
        """The same without what is known from earlier replies; what is found out on the way is kept."""
        answer = operation.answer(reply.status)
        if answer is None:
            words = f"{reply.status} is not documented; documented: {', '.join(operation.answers)}"
            return [Finding(operation.id, "status", "status", words, reply.status, operation.place + "/responses")]
        media = reply.media or "application/json"
        declared = media_of(answer.media, media) or media_of(answer.media, media.partition(";")[0].lower())
        if declared is None:
            if not answer.media and reply.value is NOTHING:
                return []
            words = f"media type {media!r} is not documented for {answer.status}; documented: {', '.join(answer.media) or 'no body'}"
            return [Finding(operation.id, "reply header content-type", "media-type", words, media, answer.place)]
        place = answer.media[declared]
        value = reply.value if reply.value is not NOTHING else (reply.body or b"").decode(errors="replace")
        if not place:
            return []
        verdict = self._verdicts[operation.id, reply.status, reply.media] = self.check(place, "reply")
        return [] if verdict(value) else self.faults(place, "reply", value, operation.id, "reply body")

    # -- schemas ----------------------------------------------------------------------------------------------------

    def check(self, place: str, side: Side) -> Callable[[Json], bool]:
        """The compiled yes-or-no of the schema at a place."""
        found = self._checks.get((place, side)) or self._validator(place, side)
        return found.is_valid  # type: ignore[no-any-return]  # jsonschema-rs has no types for it

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
            try:
                found = jsonschema_rs.Draft202012Validator(
                    {"$ref": f"{uri}#{quote(place[1:], safe='/~')}"}, registry=self._registry(leaf_of(place), side),
                    validate_formats=True, offline=True,
                )  # fmt: skip
            except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
                if self._mend(leaf_of(place)):
                    return self._validator(place, side)
                raise BadSpec(f"{self.document.source}: {place}: not a usable schema: {clip(str(error).splitlines()[0])}") from None
            if len(self._checks) >= most_checks:  # of thousands of entangled schemas they would take gigabytes
                self._checks.clear()
                self._verdicts.clear()
            self._checks[key] = found
        return found

    def _mend(self, leaf: Keys) -> bool:
        """Take out of what a leaf leads to what no validator can read; whether anything was taken out."""
        found = mending.mend(self.document.leaves.reached(leaf))
        self.mended = [*(self.mended or ()), *found]
        for kept in (self._checks, self._types, self._properties, self._verdicts, self._registries):
            kept.clear()
        return bool(found)

    def _registry(self, leaf: Keys, side: Side) -> jsonschema_rs.Registry:
        """What a leaf leads to, as one direction sees it."""
        if (leaf, side) not in self._registries:
            if len(self._registries) >= most_registries:  # validators hold what they need of theirs
                self._registries.clear()
            root = self.document.leaves.reached(leaf)
            sided = list(sided_of(root))
            made = registry_of(root, [(schema, required[side]) for schema, required in sided])
            self._registries.update({(leaf, each): made for each in ((side,) if sided else sides)})
        return self._registries[leaf, side]


uri: Final = "urn:mockserver:document"


def sided_of(root: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[Side, list[str]]]]:
    """The schemas that require what travels in one direction only, each with what it requires in either."""
    for schema in documents.schemas_of(root):
        properties, required = schema.get("properties"), schema.get("required")
        if isinstance(properties, dict) and isinstance(required, list):
            told = {side: [name for name in required if not hides(root, properties.get(name), word)] for side, word in hidden_side.items()}
            if any(len(names) < len(required) for names in told.values()):
                yield schema, told


def registry_of(root: dict[str, Any], required: list[tuple[dict[str, Any], list[str]]]) -> jsonschema_rs.Registry:
    """A registry of a document whose schemas require this for once. It takes a copy: they can have their own back."""
    own = [schema["required"] for schema, _ in required]
    try:
        for schema, names in required:
            schema["required"] = names
        return jsonschema_rs.Registry([(uri, root)], draft=jsonschema_rs.Draft202012)
    finally:
        for (schema, _), names in zip(required, own, strict=True):
            schema["required"] = names


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
        if plain in (media, "*/*", "*") or (plain.endswith("/*") and media.startswith(plain[:-1])):
            return each
    return None


@lru_cache(maxsize=1000)
def essence(content_type: str) -> str:
    """The media type that a Content-Type names, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=1000)
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
