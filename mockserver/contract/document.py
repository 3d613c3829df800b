"""Read an OpenAPI document of any version and make it one form: OpenAPI 3.1 with JSON Schema 2020-12.

Rules of this file
- What comes out has `$ref`s only into itself, no `nullable`, no boolean `exclusiveMinimum`, and integer formats as bounds:
  everything a JSON Schema validator would not know is made explicit here and nowhere else.
- Nothing is fetched from a network, ever.
- Parsing is the slowest part of starting, so the finished form is kept, leaf by leaf, under the hash of what it was made from.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import orjson

from mockserver import cabinet
from mockserver.contract import drawers
from mockserver.contract.leaves import Leaves, written
from mockserver.errors import BadSpec
from mockserver.message import Json

largest_source: Final = 64 * 1024 * 1024
deepest: Final = 200


class Document:
    """An OpenAPI document in the one form: 3.1 with JSON Schema 2020-12.

    leaves  how it is read
    source  the file it came from, for messages ("<memory>" when it had none)
    files   the files it was made of
    """

    def __init__(self, leaves: Leaves, source: str = "<memory>", files: tuple[Path, ...] = ()) -> None:
        self.leaves, self.source, self.files = leaves, source, files

    @property
    def parts(self) -> Mapping[str, Any]:
        """The document, whose sections read their members when they are asked for. Read only."""
        return self.leaves.parts

    @cached_property
    def root(self) -> dict[str, Any]:
        """The whole document as plain values."""
        return self.leaves.whole()

    @property
    def flaws(self) -> tuple[str, ...]:
        """What in it could not be used, each with its place and what that means."""
        return tuple(self.leaves.head["flaws"])


def load(source: str | Path | Mapping[str, Any]) -> Document:
    """Read a document from a file or take one from memory. Raises BadSpec with file, place and remedy."""
    if isinstance(source, Mapping):
        flaws: list[str] = []
        return Document(Leaves(written(normalise(dict(source), "<memory>", flaws), "<memory>", flaws=flaws)))
    path = Path(source)
    try:
        if path.stat().st_size > largest_source:
            raise BadSpec(f"{path}: larger than {largest_source >> 20} MiB; serve a smaller document")
        beside = sidecar(path)
        leaves = drawers.opened(path, beside) or read(path, beside)
    except OSError as error:
        raise BadSpec(f"{path}: cannot be read: {error.strerror or error}; give the path of an OpenAPI file") from None
    return Document(leaves, str(path), (path, *([beside] if beside else []), *map(Path, leaves.head["files"])))


def read(path: Path, beside: Path | None) -> Leaves:
    """Parse a file, with the overlay beside it and the files it refers to, and keep what comes of it. Raises BadSpec, OSError."""
    text, name = path.read_bytes(), str(path)
    key = drawers.key_of(cabinet.digest_of(text), beside)
    root, flaws, files = parse(text, name), [], {}
    if beside is not None or reaches_out(text):
        from mockserver.contract import bundle, overlay

        flaws += overlay.laid_over(root, beside) if beside is not None else []
        whole = bundle.Bundle(root, path)
        root = whole.made()
        flaws += whole.flaws
        files = {str(file): drawers.digest(file) for file in whole.neighbours}
    home = str(path.resolve()) if flaws or files else ""
    return drawers.put(key, written(normalise(root, name, flaws), name, flaws=flaws, files=files, home=home))


endings: Final = (".overlay.yaml", ".overlay.yml", ".overlay.json")
outside: Final = re.compile(rb"""\$ref["']?\s*:\s*["']?[^"'#\s{\[]""")


def sidecar(path: Path) -> Path | None:
    """The overlay that lies beside a document: petstore.overlay.yaml beside petstore.yaml. An empty one is about to be written by a shell."""
    stem = path.name.rpartition(".")[0] or path.name
    return next((found for ending in endings if (found := path.parent / (stem + ending)).is_file() and found.stat().st_size), None)


def reaches_out(text: bytes) -> bool:
    """Whether a document refers to other files, as far as its text tells."""
    return any(not re.match(rb"[\w/}]", text[found.start() - 1 : found.start()]) for found in outside.finditer(text))


def parse(text: bytes, name: str) -> dict[str, Any]:
    """JSON or YAML 1.2 (core schema) into plain values. Raises BadSpec with line and column."""
    if text.lstrip()[:1] in (b"{", b"["):
        with contextlib.suppress(orjson.JSONDecodeError):
            return an_object(orjson.loads(text), name)
    return an_object(parse_yaml(text, name), name)


def an_object(value: Json, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadSpec(f"{name}: holds {'nothing' if value is None else type(value).__name__}, not an object; is it an OpenAPI document?")
    return value


def parse_yaml(text: bytes, name: str) -> Json:
    """YAML without the surprises of 1.1: dates, `on`/`off` and sexagesimals stay text, duplicate keys and alias bombs are refused."""
    import yaml  # 20 ms, only when a document is not in the cache

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # PyYAML's base is chosen at run time
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key.start_mark)
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key.value!r}", key.start_mark)
                seen.add(key.value)
            self.flatten_mapping(node)
            for key, _ in node.value:
                key.tag = "tag:yaml.org,2002:str"  # `200:` is the key "200" and `1.10:` the key "1.10"
            mapping: dict[Any, Any] = super().construct_mapping(node, deep)
            return mapping

    Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: whole_number(node.value))
    for tag, pattern, first in yaml_core:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)
    try:
        survey(yaml, text, Loader, name)
        return yaml.load(text, Loader)  # noqa: S506  # Loader is a SafeLoader
    except yaml.YAMLError as error:
        raise BadSpec(f"{name}{mark_of(error)}: not YAML or JSON: {problem_of(error)}") from None
    except (RecursionError, ValueError) as error:
        raise BadSpec(f"{name}: not YAML or JSON: {error}") from None


yaml_core: Final = (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+0123456789."),
    ),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", ["<"]),
)


def whole_number(text: str) -> int | float:
    """An integer; one that JSON readers cannot hold exactly, as they read it."""
    value = int(text)
    return value if -(2**63) <= value < 2**64 else float(value)


def survey(yaml: Any, text: bytes, loader: Any, name: str) -> None:
    """Refuse what could not be held: nodes too deep, and aliases that unfold to too many. Reads events, so no depth overflows it."""
    weights: dict[str, int] = {}
    around: list[tuple[str | None, int]] = []
    nodes = unfolded = 0
    for event in yaml.parse(text, loader):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in around):
                raise BadSpec(f"{name}:{event.start_mark.line + 1}: the alias *{event.anchor} stands inside its own anchor; use $ref")
            nodes += weights.get(event.anchor, 1)
            unfolded += weights.get(event.anchor, 1)
            if unfolded > 1_000_000:
                raise BadSpec(f"{name}: its YAML aliases unfold to over 1,000,000 nodes; write them out or use $ref")
        elif isinstance(event, yaml.NodeEvent):
            nodes += 1
            if isinstance(event, yaml.CollectionStartEvent):
                around.append((event.anchor, nodes - 1))
                if len(around) > deepest:
                    raise BadSpec(f"{name}:{event.start_mark.line + 1}: nested over {deepest} levels deep; use $ref")
            elif event.anchor:
                weights[event.anchor] = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = around.pop()
            if anchor:
                weights[anchor] = nodes - before


def mark_of(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def problem_of(error: Any) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def normalise(root: dict[str, Any], name: str, flaws: list[str]) -> dict[str, Any]:
    """Make any supported version the one form; what contradicts itself is told among the flaws. Raises BadSpec when it is none."""
    swagger, openapi = str(root.get("swagger", "")), str(root.get("openapi", ""))
    if swagger.startswith("2."):
        root = from_swagger(root)
    elif not openapi.startswith("3."):
        said = (
            f"says swagger: {swagger!r}" if swagger else f"says openapi: {openapi!r}" if openapi else "has neither `openapi` nor `swagger`"
        )
        raise BadSpec(f"{name}: not an OpenAPI document of version 2.0, 3.0, 3.1 or 3.2: it {said}")
    if not isinstance(root.get("paths", {}), dict):
        raise BadSpec(f"{name}: /paths is {type(root['paths']).__name__}, not an object")
    old = not openapi.startswith(("3.1", "3.2"))
    suspects = []
    for schema in schemas_of(root):
        modernise(schema, old)
        if not suspicious.isdisjoint(schema):
            suspects.append(schema)
    if suspects:
        from mockserver.contract.contradictions import resolved

        flaws += resolved(root, suspects)
    return {**root, "openapi": "3.1.1"}


def schemas_of(root: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema object of a 3.x document, each once, outer before inner."""
    seen: set[int] = set()
    places: list[Json] = [*mapping(mapping(root.get("components")).get("schemas")).values()]
    stack: list[Json] = [mapping(root.get("paths")), mapping(root.get("webhooks"))]
    stack += [value for key, value in mapping(root.get("components")).items() if key != "schemas"]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict):
            for key, value in node.items():
                if key == "schema":
                    places.append(value)
                elif isinstance(value, nested) and key not in ("example", "examples"):
                    stack.append(value)
    while places:
        schema = places.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        for keyword, value in schema.items():
            if keyword in subschemas:
                places += subschemas[keyword](value)


nested: Final = (dict, list)


def mapping(value: Json) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def one(value: Json) -> list[Json]:
    return [value]


def several(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def named(value: Json) -> list[Json]:
    return list(mapping(value).values())


subschemas: Final[dict[str, Callable[[Json], list[Json]]]] = {
    "properties": named, "patternProperties": named, "$defs": named, "definitions": named, "dependentSchemas": named,
    "items": several, "prefixItems": several, "allOf": several, "anyOf": several, "oneOf": several,
    "additionalProperties": one, "unevaluatedProperties": one, "unevaluatedItems": one, "propertyNames": one,
    "contains": one, "not": one, "if": one, "then": one, "else": one,
}  # fmt: skip


def modernise(schema: dict[str, Any], old: bool) -> None:
    """Rewrite one schema object in place; `old`: it was written for OpenAPI 2.0 or 3.0."""
    if len(schema) == 1 and "$ref" in schema:
        return
    if old:
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            flag = schema.get(exclusive)
            if isinstance(flag, bool):
                del schema[exclusive]
                if flag and bound in schema:
                    schema[exclusive] = schema.pop(bound)
        if isinstance(schema.get("type"), str) and schema["type"] == "file":
            schema["type"] = "string"
            schema["format"] = "binary"
        if schema.pop("nullable", False) is True or schema.pop("x-nullable", False) is True:
            allow_null(schema)
        if "$ref" in schema and len(schema) > 1:  # before 3.1 the neighbours of a $ref do not count
            ref = schema["$ref"]
            if schema.get("type") != ["null"]:
                schema.clear()
                schema["$ref"] = ref
    bounds = integer_formats.get(str(schema.get("format")))
    if bounds and has_type(schema, "integer"):
        schema.setdefault("minimum", bounds[0])
        schema.setdefault("maximum", bounds[1])


suspicious: Final = frozenset({"enum", "allOf", "pattern", "oneOf", "anyOf"})
"""A schema with none of these words does not contradict itself in a way we know (contradictions.py)."""

integer_formats: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def has_type(schema: Mapping[str, Any], name: str) -> bool:
    given = schema.get("type")
    return given == name or (isinstance(given, list) and name in given)


def allow_null(schema: dict[str, Any]) -> None:
    """What `nullable: true` meant, in JSON Schema."""
    given = schema.get("type")
    if isinstance(given, str):
        schema["type"] = [given, "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    elif given is None and any(key in schema for key in ("$ref", "allOf", "anyOf", "oneOf")):
        inner = dict(schema)
        schema.clear()
        schema["anyOf"] = [inner, {"type": "null"}]


def from_swagger(old: dict[str, Any]) -> dict[str, Any]:
    """Swagger 2.0 as OpenAPI 3.0: bodies, forms, responses, references and security in their later places."""
    from mockserver.contract.swagger import upgrade

    return upgrade(old)
