"""Schemas that must hold at once, laid together: what the plain keywords of all of them say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

from mockserver.contract.operation import escape
from mockserver.errors import BadSpec
from mockserver.message import Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract, Side


class Impossible(Exception):
    """Nothing, or nothing that we can find, keeps this schema. The text says where and why."""


@dataclass(slots=True)
class Shape:
    """What several schemas say together.

    places   their JSON pointers, `$ref` and `allOf` followed
    only     the names an object may have; None: any
    choices  the groups still to be chosen from: (place of the group, how many branches)
    """

    places: list[str] = field(default_factory=list)
    schemas: list[dict[str, Any]] = field(default_factory=list)
    types: frozenset[str] | None = None
    properties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required: dict[str, None] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    prefix: list[str] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    only: frozenset[str] | None = None
    enum: list[Json] | None = None
    choices: list[tuple[str, int]] = field(default_factory=list)
    examples: list[Json] = field(default_factory=list)
    never: bool = False

    def bound(self, word: str, pick: Callable[[list[float]], float], default: float) -> float:
        given = [each[word] for each in self.schemas if isinstance(each.get(word), int | float) and not isinstance(each[word], bool)]
        return pick(given) if given else default

    def word(self, name: str) -> Any:
        return next((each[name] for each in self.schemas if name in each), None)

    @property
    def kinds(self) -> frozenset[str]:
        """The JSON types that may be made: those it names, else those its other keywords tell of."""
        if self.types is not None:
            return self.types
        return frozenset(told for told, signs in telling if any(sign in schema for schema in self.schemas for sign in signs))

    @property
    def plain(self) -> bool:
        """Whether it is about one value, with nothing inside that has a schema of its own."""
        return not (self.properties or self.items or self.choices)


telling: Final = (
    ("object", ("properties", "required", "additionalProperties", "minProperties", "maxProperties", "patternProperties")),
    ("array", ("items", "minItems", "maxItems", "uniqueItems", "prefixItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
kinds: Final[dict[type, str]] = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def kind_of(value: Json) -> str:
    """The JSON type of a value."""
    return kinds.get(type(value), "null")


def bounds(shape: Shape) -> tuple[float, float]:
    """The smallest and largest number allowed; an exclusive bound is a little further in."""
    above, below = shape.bound("exclusiveMinimum", max, -math.inf), shape.bound("exclusiveMaximum", min, math.inf)
    low, high = shape.bound("minimum", max, -math.inf), shape.bound("maximum", min, math.inf)
    return (max(low, math.nextafter(above, math.inf)) if above > -math.inf else low), (
        min(high, math.nextafter(below, -math.inf)) if below < math.inf else high
    )


silent: Final[Mapping[Side, str]] = {"request": "readOnly", "reply": "writeOnly"}


def hidden(shape: Shape, side: Side) -> bool:
    """Whether a property of this shape does not travel in this direction."""
    return any(schema.get(silent[side]) is True for schema in shape.schemas)


saying_nothing: Final = frozenset(
    "type enum const default example examples x-example description title deprecated readOnly writeOnly xml externalDocs nullable $ref allOf".split()
)


def judge(shape: Shape) -> Callable[[Json], bool] | None:
    """Whether a value keeps a shape that says no more than its type and its enum; None for those that say more."""
    if shape.never or any(word not in saying_nothing and word[:2] != "x-" for schema in shape.schemas for word in schema):
        return None
    types, enum = shape.types, shape.enum
    return lambda value: (types is None or suits(kind_of(value), types)) and (enum is None or value in enum)


reaching_out: Final = re.compile(rb'"(?:\$ref|\$dynamicRef|readOnly|writeOnly)"')


def alone(shape: Shape) -> Callable[[Json], bool] | None:
    """The yes-or-no of a shape that refers to nothing and is the same in both directions: a validator of its own, small and soon made.
    None for any other, and for what no validator can read."""
    try:
        if reaching_out.search(orjson.dumps(shape.schemas)):
            return None
        whole = {"allOf": shape.schemas}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, offline=True).is_valid
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError):
        return None


def suits(kind: str, types: frozenset[str]) -> bool:
    return kind in types or (kind == "integer" and "number" in types)


class Shapes:
    """The shapes of one contract, each laid when it is first asked for."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._known: dict[tuple[str, ...], Shape] = {}

    def of(self, places: tuple[str, ...]) -> Shape:
        """The shape of these places together; a place "…/oneOf/1" stands for its group's choice as well. Raises Impossible."""
        found = self._known.get(places)
        if found is None:
            found = self._known[places] = self._laid(places)
        return found

    def forget(self) -> None:
        """The document was changed."""
        self._known.clear()

    def _laid(self, places: tuple[str, ...]) -> Shape:
        shape, seen, chosen = Shape(), set(), {place.rpartition("/")[0] for place in places}
        queue = list(places)
        while queue:
            place = queue.pop(0)
            if place in seen:
                continue
            seen.add(place)
            schema = self.contract.at(place, None)
            if schema is False:
                shape.never = True
            if isinstance(schema, dict):
                if isinstance(schema.get("$ref"), str):
                    queue.append(self._followed(place))
                    if len(schema) == 1:
                        continue
                queue += [f"{place}/allOf/{index}" for index, _ in enumerate(schema.get("allOf") or ())]
                self._lay(shape, place, schema, chosen)
        return shape

    def _followed(self, place: str) -> str:
        try:
            return self.contract.follow(place)
        except (BadSpec, ValueError) as error:
            raise Impossible(str(error)) from None

    def _lay(self, shape: Shape, place: str, schema: dict[str, Any], chosen: set[str]) -> None:
        if f"{place}/anyOf" in chosen:  # whoever keeps the branch keeps the group
            schema = {word: value for word, value in schema.items() if word != "anyOf"}
        shape.places.append(place)
        shape.schemas.append(schema)
        given = schema.get("type")
        if given is not None:
            types = frozenset([given] if isinstance(given, str) else given)
            shape.types = types if shape.types is None else narrowed(shape.types, types)
        lay_properties(self.contract, shape, place, schema)
        if isinstance(schema.get("items"), dict):
            shape.items = (*shape.items, f"{place}/items")
        shape.prefix += [f"{place}/prefixItems/{index}" for index, _ in enumerate(schema.get("prefixItems") or ())]
        enum = schema.get("enum") if "const" not in schema else [schema["const"]]
        if isinstance(enum, list):
            shape.enum = enum if shape.enum is None else [each for each in shape.enum if each in enum]
        for group in ("oneOf", "anyOf"):
            branches = schema.get(group)
            if isinstance(branches, list) and branches and f"{place}/{group}" not in chosen:
                shape.choices.append((f"{place}/{group}", len(branches)))
        shape.examples += examples_of(schema)


def lay_properties(contract: Contract, shape: Shape, place: str, schema: dict[str, Any]) -> None:
    """Which properties there are, must be and may be."""
    own = schema.get("properties") or {}
    for name in own:
        shape.properties[name] = (*shape.properties.get(name, ()), f"{place}/properties/{escape(name)}")
    shape.required |= dict.fromkeys(schema.get("required") or ())
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        shape.extra = (*shape.extra, f"{place}/additionalProperties")
    if extra is False and not schema.get("patternProperties"):
        shape.only = common(shape.only, frozenset(own))
    if schema.get("unevaluatedProperties") is False:
        shape.only = common(shape.only, frozenset(contract.properties(place)))


def examples_of(schema: Mapping[str, Any]) -> list[Json]:
    """What a schema shows of its values: examples, then the default."""
    found = [schema[word] for word in ("example", "x-example") if word in schema]
    found += schema["examples"] if isinstance(schema.get("examples"), list) else []
    return [*found, schema["default"]] if schema.get("default") is not None else found


def common(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    return other if one is None else one & other


def narrowed(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The types both allow: an integer is a number too."""
    both = one & other
    return both | ({"integer"} if ("integer" in one and "number" in other) or ("number" in one and "integer" in other) else frozenset())
