"""Values that keep a schema: made up from dice, or made of what is there with as little changed as the schema asks.

Rules of this file
- What `Sampler.value` returns has been checked by the validator of its place; where nothing can keep the schema, `Impossible` is raised.
- The same dice give the same value, in every process.
- A value that was given and keeps its schema is kept; what does not is made anew, and what cannot be is left out where that is allowed.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from mockserver.contract import words
from mockserver.contract.operation import escape
from mockserver.contract.pattern import Unwritable, texts_like
from mockserver.errors import BadSpec
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract, Side

T = TypeVar("T")

largest: Final = 1500  # nodes of one value; beyond it only what is required is made
deepest: Final = 24
generous_depth: Final = 3  # down to here optional objects and lists are filled in
day: Final = 86_400_000


class Dice(Protocol):
    """Where chance comes from."""

    def below(self, n: int) -> int: ...
    def between(self, low: int, high: int) -> int: ...
    def choose(self, items: tuple[T, ...] | list[T]) -> T: ...
    def bits(self, n: int) -> int: ...


class Impossible(Exception):
    """Nothing, or nothing that we can find, keeps this schema. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a made-up record is about."""

    given: str
    family: str
    email: str


@dataclass(slots=True)
class Making:
    """One value in the making.

    side      which direction it travels
    now       milliseconds since the epoch that its times lie around
    person    whom it is about
    examples  whether the document's own examples are taken
    named     values for fields wherever they occur, by name: ids of related records
    skip      optional properties of the thing itself that are made only when they were given
    whole     whether what is given is but a part, and the rest is to be made up as well
    fresh     whether the thing is being made now: then it was created and changed now
    wary      whether every part is checked as it is made: dear where schemas are entangled, so only when the quick way failed
    left      how many nodes may still be made
    """

    dice: Dice
    side: Side
    now: int
    person: Person
    examples: bool = True
    named: Callable[[str], Json] = lambda _: NOTHING
    skip: frozenset[str] = frozenset()
    whole: bool = False
    fresh: bool = False
    wary: bool = False
    left: int = largest
    open: list[tuple[str, ...]] = field(default_factory=list)
    born: int = 0
    city: int = 0

    def __post_init__(self) -> None:
        self.born = self.now - day - self.dice.below(40 * day)
        self.city = self.dice.below(len(words.cities))


@dataclass(slots=True)
class Shape:
    """Several schemas that must hold at once, laid together: what the plain keywords of all of them say.

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


wrongs: Final[tuple[Json, ...]] = ("", 0, [], {})  # one of them is of the wrong type for nearly any property


class Sampler:
    """Makes values for the schemas of one contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._clean = False

    # -- the way in -------------------------------------------------------------------------------------------------

    def value(self, place: str, making: Making, given: Json = NOTHING, name: str = "") -> Json:
        """A value that keeps the schema at a place, as much of it as possible being what was given. Raises Impossible."""
        if not place:
            return {} if given is NOTHING else given
        if given is not NOTHING and not making.whole and self.keeps((place,), making.side, given):
            return given
        self._look(place, making.side)
        why = ""
        for making.wary, lean, hint in ((False, False, given), (True, False, given), (True, True, given), (True, True, NOTHING)):
            making.left = largest
            try:
                return self._mended(place, making, self._make((place,), making, hint, name, 0, lean=lean))
            except Impossible as error:
                why = why or str(error)
            except RecursionError:
                why = why or f"{place}: nests without end"
        raise Impossible(why)

    def _look(self, place: str, side: Side) -> None:
        """Have the schema read once before anything is made for it: what cannot be read is taken out of the document then."""
        self.keeps((place,), side, None)
        if self.contract.mended and not self._clean:
            self._shapes.clear()
            self._clean = True

    def _mended(self, place: str, making: Making, value: Json) -> Json:
        """The value without the optional parts that break the schema."""
        for _ in range(12):
            if self.keeps((place,), making.side, value):
                return value
            findings = self.contract.faults(place, making.side, value, "", "value")
            value, changed = pruned(value, [finding.place.partition(" ")[2] for finding in findings])
            if not changed:
                break
        if self.keeps((place,), making.side, value):
            return value
        raise Impossible(f"{place}: {findings[0].message if findings else 'cannot be kept'}")

    def keeps(self, places: Sequence[str], side: Side, value: Json) -> bool:
        """Whether a value keeps every one of these schemas."""
        try:
            # Rarely the validator says no and finds nothing wrong; the engine goes by what is found.
            return all(self.contract.check(place, side)(value) or not self.contract.faults(place, side, value, "", "") for place in places)
        except BadSpec as error:
            raise Impossible(str(error)) from None

    # -- laying schemas together ------------------------------------------------------------------------------------

    def shape(self, places: tuple[str, ...]) -> Shape:
        """The shape of these places together; a place "…/oneOf/1" stands for its group's choice as well."""
        found = self._shapes.get(places)
        if found is None:
            found = self._shapes[places] = self._laid(places)
        return found

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
            if not isinstance(schema, dict):
                continue
            if isinstance(schema.get("$ref"), str):
                try:
                    target = self.contract.follow(place)
                except (BadSpec, ValueError) as error:
                    raise Impossible(str(error)) from None
                queue.append(target)
                if len(schema) == 1:
                    continue
            queue += [f"{place}/allOf/{index}" for index, _ in enumerate(schema.get("allOf") or ())]
            self._lay(shape, place, schema, chosen)
        return shape

    def _lay(self, shape: Shape, place: str, schema: dict[str, Any], chosen: set[str]) -> None:
        shape.places.append(place)
        shape.schemas.append(schema)
        given = schema.get("type")
        if given is not None:
            types = frozenset([given] if isinstance(given, str) else given)
            shape.types = types if shape.types is None else narrowed(shape.types, types)
        for name in schema.get("properties") or ():
            shape.properties[name] = (*shape.properties.get(name, ()), f"{place}/properties/{escape(name)}")
        shape.required |= dict.fromkeys(schema.get("required") or ())
        if isinstance(schema.get("items"), dict):
            shape.items = (*shape.items, f"{place}/items")
        shape.prefix += [f"{place}/prefixItems/{index}" for index, _ in enumerate(schema.get("prefixItems") or ())]
        extra = schema.get("additionalProperties")
        if extra is False:
            shape.only = common(shape.only, frozenset(schema.get("properties") or ()))
        if schema.get("unevaluatedProperties") is False:
            shape.only = common(shape.only, frozenset(self.contract.properties(place)))
        if isinstance(extra, dict):
            shape.extra = (*shape.extra, f"{place}/additionalProperties")
        enum = schema.get("enum") if "const" not in schema else [schema["const"]]
        if isinstance(enum, list):
            shape.enum = enum if shape.enum is None else [each for each in shape.enum if each in enum]
        for group in ("oneOf", "anyOf"):
            branches = schema.get(group)
            if isinstance(branches, list) and branches and f"{place}/{group}" not in chosen:
                shape.choices.append((f"{place}/{group}", len(branches)))
        shape.examples += [schema[word] for word in ("example", "x-example") if word in schema]
        shape.examples += schema["examples"] if isinstance(schema.get("examples"), list) else []
        shape.examples += [schema["default"]] if schema.get("default") is not None else []

    # -- making -----------------------------------------------------------------------------------------------------

    def _make(self, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, *, lean: bool) -> Json:
        shape = self.shape(places)
        making.left -= 1
        if shape.never or depth > deepest or making.left < -largest:
            raise Impossible(f"{places[0]}: {'allows nothing' if shape.never else 'is too large to make'}")
        if (
            given is not NOTHING
            and depth
            and (making.wary or not isinstance(given, dict | list))
            and self.keeps(places, making.side, given)
        ):
            return given
        if shape.enum is not None:
            return self._listed(shape, places, making)
        if depth and given is NOTHING and not (shape.properties or shape.choices):
            known = making.named(name)
            if known is not NOTHING and self.keeps(places, making.side, known):
                return known
        if making.examples and given is NOTHING and shape.examples:
            for example in shape.examples:
                if isinstance(example, dict) and shape.properties:
                    given = example  # what an example of a thing leaves out is made up: its id is needed
                    break
                if example is not None and self.keeps(places, making.side, example):
                    return example
        lean = lean or making.left < 0 or making.open.count(places) > 0
        if lean and shape.types is not None and "null" in shape.types:
            return None
        making.open.append(places)
        try:
            if shape.choices:
                return self._chosen(shape, places, making, given, name, depth, lean=lean)
            return makers[type_for(shape, given)](self, shape, places, making, given, name, depth, lean)
        finally:
            making.open.pop()

    def _listed(self, shape: Shape, places: tuple[str, ...], making: Making) -> Json:
        allowed = [each for each in shape.enum or () if self.keeps(places, making.side, each)]
        told = [each for each in allowed if each not in (None, "")] or allowed
        if not told:
            raise Impossible(f"{places[0]}: no value of its enum is allowed")
        example = next((each for each in shape.examples if each in told), NOTHING) if making.examples else NOTHING
        return example if example is not NOTHING else told[making.dice.below(len(told))]

    def _chosen(self, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, *, lean: bool) -> Json:
        """The first choice that can be made and keeps everything; a null is the last that is tried, unless little is wanted."""
        group, count = shape.choices[0]
        branches = [f"{group}/{index}" for index in range(count)]
        if given is not NOTHING:
            order = sorted(branches, key=lambda branch: self._distance(branch, given))
        else:
            order = sorted(branches, key=lambda branch: (self._is_null(branch) != lean, self._open(branch, making)))
        first = ""
        for index in order[:40]:
            try:
                made = self._make((*places, index), making, given, name, depth, lean=lean)
                if not making.wary or self.keeps(places, making.side, made):
                    return made
                apart = self._told_apart(places, making.side, made, index, branches)
                if apart is not NOTHING:
                    return apart
                first = first or f"{index}: keeps none or more than one of its choices"
            except Impossible as error:
                first = first or str(error)
        raise Impossible(first)

    def _told_apart(self, places: tuple[str, ...], side: Side, value: Json, mine: str, branches: list[str]) -> Json:
        """The object with members that the other branches, which it must not keep, refuse; NOTHING when that does not help."""
        if not isinstance(value, dict):
            return NOTHING
        own = self.shape((mine,)).properties
        for branch in branches:
            if branch != mine and self.keeps((branch,), side, value):
                foreign = [name for name in self.shape((branch,)).properties if name not in own and name not in value]
                tries = ({**value, name: wrong} for name in foreign for wrong in wrongs)
                value = next((each for each in tries if not self.keeps((branch,), side, each)), value)
        return value if self.keeps(places, side, value) else NOTHING

    def _distance(self, branch: str, given: Json) -> tuple[bool, int]:
        """How far a value is from a branch, as far as its type and the names in it tell."""
        shape = self.shape((branch,))
        kind = kind_of(given)
        wrong_type = kind != type_for(shape, given) and not (kind == "integer" and "number" in (shape.types or ()))
        if not isinstance(given, dict):
            return wrong_type, 0
        named = {key: self.shape(parts).enum for key, parts in shape.properties.items() if key in given}
        refused = sum(4 for key, allowed in named.items() if allowed is not None and given[key] not in allowed)
        return wrong_type, refused + 2 * len(shape.required.keys() - given.keys()) + len(given.keys() - shape.properties.keys())

    def _is_null(self, place: str) -> bool:
        return bool(self.contract.at(place, None) == {"type": "null"})

    def _open(self, place: str, making: Making) -> bool:
        """Whether the schema at a place is being made already, further out."""
        ref = self.contract.at(place, None)
        ref = ref.get("$ref") if isinstance(ref, dict) else None
        return isinstance(ref, str) and any(ref in (*places, *self.shape(places).places[:1]) for places in making.open)


def common(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    return other if one is None else one & other


def narrowed(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The types both allow: an integer is a number too."""
    both = one & other
    return both | ({"integer"} if ("integer" in one and "number" in other) or ("number" in one and "integer" in other) else frozenset())


def type_for(shape: Shape, given: Json) -> str:
    """The type of value to make: that of what was given where it is allowed, else the likeliest."""
    types = shape.types
    if types is None:
        types = frozenset(told for told, signs in telling if any(sign in schema for schema in shape.schemas for sign in signs))
    if given is not NOTHING and (kind := kind_of(given)) in types:
        return kind
    return next((each for each in likeliest if each in types), "null" if types else "any")


telling: Final = (
    ("object", ("properties", "required", "additionalProperties", "minProperties", "maxProperties", "patternProperties")),
    ("array", ("items", "minItems", "maxItems", "uniqueItems", "prefixItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
likeliest: Final = ("object", "array", "string", "integer", "number", "boolean")
kinds: Final[dict[type, str]] = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def kind_of(value: Json) -> str:
    return kinds.get(type(value), "null")


# -- objects ----------------------------------------------------------------------------------------------------------------


def an_object(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    told: Mapping[str, Json] = given if isinstance(given, dict) else {}
    out: dict[str, Json] = {}
    for key, parts in shape.properties.items():
        needed = key in shape.required
        if shape.only is not None and key not in shape.only:
            continue  # a required one is missed by the check that follows
        if depth == 0 and key in making.skip and not needed and key not in told:
            default = sampler.shape(parts).word("default")
            if default is not None and sampler.keeps(parts, making.side, default):
                out[key] = default
            continue
        if hidden(sampler, parts, making.side) or not (needed or key in told or wanted(sampler, parts, making, depth, lean=lean)):
            continue
        try:
            out[key] = sampler._make(parts, making, told.get(key, NOTHING), key, depth + 1, lean=lean and key not in told)
        except Impossible:
            if needed:
                raise
    for key in shape.required:
        if key not in out and key not in shape.properties:
            out[key] = told[key] if key in told else another(sampler, shape, making, key, depth, lean=lean)
    if shape.only is None and not (shape.properties and told and depth == 0):
        out |= {key: value for key, value in told.items() if key not in shape.properties and sampler.keeps(shape.extra, making.side, value)}
    least = int(shape.bound("minProperties", max, 0))
    if not shape.properties and shape.extra and not told and not lean and depth <= generous_depth:
        least = max(least, 1)
    for index in range(max(0, least - len(out))):
        out[words.nouns[(index + making.dice.below(24)) % 24] + (str(index) if index else "")] = another(
            sampler, shape, making, "value", depth, lean=lean
        )
    most = int(shape.bound("maxProperties", min, math.inf) if shape.word("maxProperties") is not None else len(out))
    for key in [key for key in reversed(out) if key not in shape.required][: max(0, len(out) - most)]:
        del out[key]
    return out


def another(sampler: Sampler, shape: Shape, making: Making, key: str, depth: int, *, lean: bool) -> Json:
    """A value for a property the schema does not name."""
    if shape.extra:
        return sampler._make(shape.extra, making, NOTHING, key, depth + 1, lean=lean)
    return a_text(key, making, None)


def hidden(sampler: Sampler, places: tuple[str, ...], side: Side) -> bool:
    """Whether a property does not travel in this direction."""
    word = "readOnly" if side == "request" else "writeOnly"
    return any(schema.get(word) is True for schema in sampler.shape(places).schemas)


def wanted(sampler: Sampler, places: tuple[str, ...], making: Making, depth: int, *, lean: bool) -> bool:
    """Whether an optional property is worth making here."""
    if lean or making.left < 0 or making.open.count(places):
        return False
    if depth <= generous_depth:
        shape = sampler.shape(places)
        return depth < generous_depth or not (shape.properties or shape.items or shape.choices)
    return False


# -- lists ------------------------------------------------------------------------------------------------------------------


def an_array(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    least = int(shape.bound("minItems", max, 0))
    most = int(min(shape.bound("maxItems", min, 1_000_000), 1_000_000))
    told: list[Json] = given[:most] if isinstance(given, list) else []
    generous = not lean and depth <= generous_depth and making.left > 0 and not isinstance(given, list)
    size = min(max(least, len(told), 1 + making.dice.below(2) if generous else 0), most)
    if size > largest * 4:
        raise Impossible(f"{places[0]}: wants {size} items")
    unique = bool(shape.word("uniqueItems"))
    out: list[Json] = []
    one = words.singular(name)
    for index in range(size):
        parts = (shape.prefix[index],) if index < len(shape.prefix) else shape.items
        item = told[index] if index < len(told) else NOTHING
        try:
            made = an_item(sampler, parts, making, item, one, depth, lean=lean and index >= len(told), other_than=out if unique else [])
        except Impossible:
            if index >= least:
                break
            if len(out) < least - (size - index) + 1 and index >= len(told):
                raise
            continue
        out.append(made)
    if len(out) < least:
        raise Impossible(f"{places[0]}: {least} different items cannot be made")
    return out


def an_item(
    sampler: Sampler, parts: tuple[str, ...], making: Making, given: Json, name: str, depth: int, *, lean: bool, other_than: list[Json]
) -> Json:
    examples = making.examples
    try:
        for _ in range(8 if other_than else 1):
            made = sampler._make(parts, making, given, name, depth + 1, lean=lean) if parts else a_text(name, making, None)
            if made not in other_than:
                return made
            making.examples, given = False, NOTHING
    finally:
        making.examples = examples
    for made in few(sampler.shape(parts), len(other_than)) if parts else ():
        if made not in other_than and sampler.keeps(parts, making.side, made):
            return made
    raise Impossible(f"{parts[:1]}: no item that is not there yet")


def few(shape: Shape, there: int) -> list[Json]:
    """The values of a schema that has few, as far as one can count them: of its enum, or from its lower bound on."""
    if shape.enum is not None:
        return shape.enum
    low, _ = bounds(shape)
    return [True, False, None, *range(math.ceil(low), math.ceil(low) + there + 1)] if math.isfinite(low) else [True, False, None]


# -- numbers ----------------------------------------------------------------------------------------------------------------


def an_integer(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    low, high = bounds(shape)
    step = max(1, math.lcm(*(int(each["multipleOf"]) for each in shape.schemas if float(each.get("multipleOf", 0.5)).is_integer()), 1))
    return int(step * near(places[0], int(number_for(name, making, shape)) // step, low / step, high / step, making))


def near(place: str, wish: int, low: float, high: float, making: Making) -> int:
    """The whole number wished for, or one between the bounds. Raises Impossible."""
    least, most = (math.ceil(low) if math.isfinite(low) else None), (math.floor(high) if math.isfinite(high) else None)
    if least is not None and most is not None and least > most:
        raise Impossible(f"{place}: no number lies between its bounds")
    if least is not None and wish < least:
        return least + making.dice.below(1000 if most is None else min(most - least, 1000) + 1)
    return most if most is not None and wish > most else wish


def a_number(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    low, high = bounds(shape)
    wish = making.dice.below(50_000) / 100 if words.topic_of(name) in ("", "money") else float(number_for(name, making, shape))
    step = shape.bound("multipleOf", max, 0)
    if step:
        return round(near(places[0], round(wish / step), low / step, high / step, making) * step, 10)
    if low > high:
        raise Impossible(f"{places[0]}: no number lies between its bounds")
    if low <= wish <= high:
        return wish
    middle = (low + high) / 2 if math.isfinite(low) and math.isfinite(high) else low + 1 if math.isfinite(low) else high - 1
    return round(middle, 2) if low <= round(middle, 2) <= high else middle


def bounds(shape: Shape) -> tuple[float, float]:
    """The smallest and largest number allowed; an exclusive bound is a little further in."""
    above, below = shape.bound("exclusiveMinimum", max, -math.inf), shape.bound("exclusiveMaximum", min, math.inf)
    low, high = shape.bound("minimum", max, -math.inf), shape.bound("maximum", min, math.inf)
    return (max(low, math.nextafter(above, math.inf)) if above > -math.inf else low), (
        min(high, math.nextafter(below, -math.inf)) if below < math.inf else high
    )


def number_for(name: str, making: Making, shape: Shape) -> float:
    """A number that suits a field of this name."""
    topic, dice = words.topic_of(name), making.dice
    if topic == "time" or words.words_of(name)[-1:] == ("timestamp",):
        at = time_of(name, making)
        told = str(shape.word("description") or "").lower()
        millis = "milli" in told or words.words_of(name)[-1:] in (("ms",), ("millis",))
        return at if millis else at // 1000
    city = words.cities[making.city]
    simple: dict[str, Callable[[], float]] = {
        "year": lambda: 2020 + dice.below(6),
        "month": lambda: 1 + dice.below(12),
        "day": lambda: 1 + dice.below(28),
        "age": lambda: 18 + dice.below(60),
        "percent": lambda: dice.below(101),
        "port": lambda: 8000 + dice.below(1000),
        "latitude": lambda: float(str(city[8])),
        "longitude": lambda: float(str(city[9])),
        "money": lambda: 1 + dice.below(500),
        "count": lambda: 1 + dice.below(20),
        "id": lambda: 1 + dice.below(1_000_000),
    }
    return simple[topic]() if topic in simple else 1 + dice.below(100)


def time_of(name: str, making: Making) -> int:
    """When a time of this name lies: what begins lies before what is changed, and that before what ends."""
    if making.fresh and words.moment_of(name) < 3:
        return making.now
    span = max(1, making.now - making.born)
    step = making.dice.below(span // 4 + 1)
    return (
        making.born + step // 100,
        making.born + span // 4 + step,
        making.born + span // 2 + step,
        making.now + 30 * day + step,
    )[words.moment_of(name)]


def a_boolean(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    return bool(making.dice.below(2))


def a_null(sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool) -> Json:
    return None


def anything(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    """For a schema that says nothing: what was given, else an object at the top and a text where there is a name."""
    return given if given is not NOTHING else a_text(name, making, None) if name and depth else {}


# -- texts ------------------------------------------------------------------------------------------------------------------


def a_string(
    sampler: Sampler, shape: Shape, places: tuple[str, ...], making: Making, given: Json, name: str, depth: int, lean: bool
) -> Json:
    least, most = int(shape.bound("minLength", max, 0)), int(min(shape.bound("maxLength", min, 1e6), 1e6))
    if least > most:
        raise Impossible(f"{places[0]}: minLength {least} is over maxLength {most}")
    patterns = [str(each["pattern"]) for each in shape.schemas if "pattern" in each]
    wish = written(name, making, shape)
    fixed = str(shape.word("format") or "") in formats
    if not patterns:
        return wish if fixed and least <= len(wish) <= most else fitted(wish, least, most, making)
    for candidate in (wish, fitted(wish, least, most, making), *passwords):
        if least <= len(candidate) <= most and sampler.keeps(places, making.side, candidate):
            return candidate
    for pattern in patterns:
        try:
            for candidate in texts_like(pattern, making.dice, least, min(most, 4096)):
                if sampler.keeps(places, making.side, candidate):
                    return candidate
        except Unwritable as error:
            raise Impossible(f"{places[0]}: pattern {pattern!r}: {error}") from None
    raise Impossible(f"{places[0]}: found no text for pattern {patterns[0]!r} of {least} to {most} letters")


passwords: Final = ("Correct-Horse-7!", "Correct7Horse", "correct7")
"""What patterns made of lookaheads are nearly always about."""


def fitted(text: str, least: int, most: int, making: Making) -> str:
    """The text no longer and no shorter than allowed."""
    if len(text) > most:
        short = text[:most].rstrip()
        return short if len(short) >= least else text[:most]
    while len(text) < least:
        text += ("" if " " not in text else " ") + words.nouns[making.dice.below(24)]
    return text[:most] if len(text) > most else text


def written(name: str, making: Making, shape: Shape) -> str:
    """A text for a field: by its format, else by its name, else like its example."""
    form = str(shape.word("format") or "")
    if form in formats:
        return formats[form](name, making)
    examples = [each for each in shape.examples if isinstance(each, str) and each]
    if words.topic_of(name) in ("", "id", "secret", "slug", "version") and examples:
        return like(examples[0], making.dice)
    return a_text(name, making, shape)


def a_text(name: str, making: Making, shape: Shape | None) -> str:
    """A text that suits a field of this name."""
    topic = words.topic_of(name)
    if topic in texts:
        return texts[topic](name, making)
    if topic in ("year", "month", "day", "age", "percent", "port", "latitude", "longitude", "count"):
        return str(number_for(name, making, shape or Shape()))
    return making.dice.choose(words.nouns)


def like(example: str, dice: Dice) -> str:
    """An id of the example's form: its prefix kept, the rest drawn anew, letter for letter and digit for digit."""
    if guid.fullmatch(example):
        return a_guid(dice)
    prefix = example[: max(example.rfind("_"), example.rfind("-")) + 1] if not any(map(str.isdigit, example[:3])) else ""
    tail = example[len(prefix) :]
    if tail.isalpha() and tail.islower() and len(tail) < 16:
        return prefix + dice.choose(words.nouns)
    hexadecimal = all(letter in "0123456789abcdef" for letter in tail)
    return prefix + "".join(redrawn(letter, dice, hexadecimal=hexadecimal) for letter in tail)


def redrawn(letter: str, dice: Dice, *, hexadecimal: bool) -> str:
    if hexadecimal and letter.isalpha():
        return "abcdef"[dice.below(6)]
    for alphabet in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        if letter in alphabet:
            return alphabet[dice.below(len(alphabet))]
    return letter


guid: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def a_guid(dice: Dice) -> str:
    text = f"{dice.bits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def moment(at: int, form: str) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime(form)


def slug(name: str, making: Making) -> str:
    return f"{making.dice.choose(words.nouns)}-{making.dice.choose(words.nouns)}"


def address(name: str, making: Making) -> str:
    """A URL below example.com."""
    tail = {"image": ".png", "avatar": ".png", "photo": ".png", "logo": ".png"}.get((words.words_of(name) or ("",))[0], "")
    return f"https://example.com/{slug(name, making)}{tail}"


def network(name: str, making: Making) -> str:
    return f"192.0.2.{1 + making.dice.below(254)}"


def mailbox(name: str, making: Making) -> str:
    return making.person.email


def phone(name: str, making: Making) -> str:
    return f"{str(words.cities[making.city][6])[:-2]}{making.dice.below(90) + 10}"


Writer = Callable[[str, Making], str]


def place_part(index: int) -> Writer:
    return lambda _, making: str(words.cities[making.city][index])


def country(name: str, making: Making) -> str:
    return str(words.cities[making.city][2 if "code" in words.words_of(name) else 4])


people_words: Final = frozenset(
    "user customer contact person owner author member employee patient display full sender recipient real".split()
)


def full_name(name: str, making: Making) -> str:
    """A person's name where the field says so, else a thing's."""
    if people_words & set(words.words_of(name)):
        return f"{making.person.given} {making.person.family}"
    return slug(name, making).replace("-", " ").capitalize()


formats: Final[dict[str, Writer]] = {
    "date-time": lambda name, making: moment(time_of(name, making), "%Y-%m-%dT%H:%M:%SZ"),
    "date": lambda name, making: moment(time_of(name, making), "%Y-%m-%d"),
    "time": lambda name, making: moment(time_of(name, making), "%H:%M:%SZ"),
    "duration": lambda _, making: f"PT{1 + making.dice.below(12)}H",
    "email": mailbox,
    "idn-email": mailbox,
    "hostname": lambda _, making: f"{making.dice.choose(words.nouns)}.example.com",
    "idn-hostname": lambda _, making: f"{making.dice.choose(words.nouns)}.example.com",
    "ipv4": network,
    "ip": network,
    "ipv6": lambda _, making: f"2001:db8::{1 + making.dice.below(9999)}",
    "uri": address,
    "url": address,
    "iri": address,
    "uri-reference": lambda name, making: f"/{slug(name, making)}",
    "iri-reference": lambda name, making: f"/{slug(name, making)}",
    "uri-template": lambda name, making: f"https://example.com/{slug(name, making)}/{{id}}",
    "uuid": lambda _, making: a_guid(making.dice),
    "guid": lambda _, making: a_guid(making.dice),
    "byte": lambda name, making: base64.b64encode(slug(name, making).encode()).decode(),
    "base64": lambda name, making: base64.b64encode(slug(name, making).encode()).decode(),
    "json-pointer": lambda _, making: f"/{making.dice.choose(words.nouns)}",
    "relative-json-pointer": lambda _, making: f"0/{making.dice.choose(words.nouns)}",
    "regex": lambda *_: "^[a-z]+$",
    "password": lambda *_: "correct-horse-battery-staple",
    "phone": phone,
    "decimal": lambda _, making: f"{1 + making.dice.below(500)}.{making.dice.below(90) + 10}",
    "int64": lambda _, making: str(1 + making.dice.below(1_000_000)),
    "uint64": lambda _, making: str(1 + making.dice.below(1_000_000)),
    "int32": lambda _, making: str(1 + making.dice.below(1000)),
    "google-datetime": lambda name, making: moment(time_of(name, making), "%Y-%m-%dT%H:%M:%SZ"),
    "google-duration": lambda _, making: f"{1 + making.dice.below(600)}s",
    "google-fieldmask": lambda _, making: making.dice.choose(words.nouns),
}

texts: Final[dict[str, Writer]] = {
    "email": mailbox,
    "given": lambda _, making: making.person.given,
    "family": lambda _, making: making.person.family,
    "user": lambda _, making: f"{making.person.given}.{making.person.family}".lower(),
    "name": full_name,
    "phone": phone,
    "ip": network,
    "url": address,
    "host": lambda _, making: f"{making.dice.choose(words.nouns)}.example.com",
    "street": lambda _, making: f"{1 + making.dice.below(180)} {making.dice.choose(words.streets)}",
    "line2": lambda _, making: f"Floor {1 + making.dice.below(12)}",
    "city": place_part(0),
    "region": place_part(1),
    "post": place_part(5),
    "zone": place_part(7),
    "country": country,
    "currency": lambda _, making: ("EUR", "EUR", "CAD", "KES", "JPY")[making.city],
    "language": lambda _, making: ("nl", "pt", "en", "sw", "ja")[making.city],
    "company": lambda _, making: making.dice.choose(words.companies),
    "job": lambda _, making: making.dice.choose(words.jobs),
    "colour": lambda _, making: making.dice.choose(words.colours),
    "money": lambda _, making: f"{1 + making.dice.below(500)}.{making.dice.below(90) + 10}",
    "version": lambda _, making: f"{1 + making.dice.below(9)}.{making.dice.below(20)}.{making.dice.below(10)}",
    "secret": lambda _, making: f"{making.dice.bits(160):040x}",
    "media": lambda *_: "application/json",
    "file": lambda _, making: f"{making.dice.choose(words.nouns)}.txt",
    "path": lambda name, making: f"/{slug(name, making).replace('-', '/')}",
    "slug": slug,
    "prose": lambda _, making: making.dice.choose(words.sentences),
    "title": lambda _, making: slug("", making).replace("-", " ").capitalize(),
    "status": lambda *_: "active",
    "time": lambda name, making: moment(time_of(name, making), "%Y-%m-%dT%H:%M:%SZ"),
    "id": lambda _, making: f"{making.dice.bits(80):020x}",
}

Maker = Callable[[Sampler, Shape, tuple[str, ...], Making, Json, str, int, bool], Json]

makers: Final[dict[str, Maker]] = {
    "object": an_object,
    "array": an_array,
    "string": a_string,
    "integer": an_integer,
    "number": a_number,
    "boolean": a_boolean,
    "null": a_null,
    "any": anything,
}


# -- mending ----------------------------------------------------------------------------------------------------------------


def pruned(value: Json, paths: Sequence[str]) -> tuple[Json, bool]:
    """The value without what stands at these JSON pointers, the innermost first; whether anything was taken out.

    What is required cannot stay away: the next check says so, and then what it belongs to goes.
    """
    for path in sorted(set(paths), key=len, reverse=True):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        if parts:
            return without(value, parts), True
    return value, False


def without(value: Json, parts: Sequence[str]) -> Json:
    head, rest = parts[0], parts[1:]
    if isinstance(value, list):
        index = int(head)
        return [*value[:index], *([without(value[index], rest)] if rest else []), *value[index + 1 :]]
    if not rest:
        return {key: each for key, each in value.items() if key != head}
    return {key: without(each, rest) if key == head else each for key, each in value.items()}
