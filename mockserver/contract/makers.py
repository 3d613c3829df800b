"""What makes values for one place: compiled when the place is first met, a table of one maker a type.

Rules of this file
- A maker is asked with a Making, what was given there (or NOTHING), how deep it lies, and whether little is wanted. It raises Impossible.
- Whatever does not change between two values is settled when the maker is compiled. Makers of what lies inside are asked for when the
  first value is made: schemas go round in circles.
- Whether the whole keeps its schema is for whoever asked to see; here only what may stand beside what is wrong is checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from mockserver.contract import words
from mockserver.contract.discriminator import own_words
from mockserver.contract.making import largest
from mockserver.contract.pattern import Unwritable, texts_like
from mockserver.contract.shape import Impossible, bounds, hidden, kind_of, narrowed, suits
from mockserver.contract.texts import as_long, fitted, number_for, text_for
from mockserver.message import NOTHING, Json
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.contract import Side
    from mockserver.contract.making import Making
    from mockserver.contract.sample import Sampler
    from mockserver.contract.shape import Shape

Maker = Callable[["Making", Json, int, bool], Json]
Leaf = Callable[["Making"], Json]

deepest: Final = 24
generous_depth: Final = 3  # down to here optional objects and lists are filled in


@frozen
class Spot:
    """What a maker is compiled for: schemas that hold at once, a direction, and the name of the field."""

    sampler: Sampler
    places: tuple[str, ...]
    side: Side
    name: str
    shape: Shape
    check: Callable[[Json], bool]

    def impossible(self, why: str) -> Impossible:
        return Impossible(f"{self.places[0]}: {why}")


def compiled(spot: Spot, chosen: Callable[[Spot], Maker]) -> Maker:
    """The maker of a spot; `chosen` makes those with choices."""
    shape = spot.shape
    if shape.never:
        return partial(refusing, spot)
    if shape.enum is not None:
        return listed(spot)
    if shape.choices:
        return whole(spot, chosen(spot))
    kinds = narrowed(shape.kinds, shape.kinds) or frozenset({"null"} if shape.types is not None else {"any"})
    if kinds & wholes.keys():
        return whole(spot, typed(spot, kinds))
    return single(spot, kinds)


def refusing(spot: Spot, making: Making, given: Json, depth: int, lean: bool) -> Json:
    raise spot.impossible("allows nothing")


# -- one value with nothing inside ------------------------------------------------------------------------------------------


def single(spot: Spot, kinds: frozenset[str]) -> Maker:
    """What was given where it is allowed, else a related record's id, an example, or something made up."""
    check, name, nullable = spot.check, spot.name, "null" in (spot.shape.types or ())
    thing = words.pointed(name)
    example = cache(partial(kept_example, spot))
    order = [kind for kind in leaves if kind in kinds]
    leaf = leaves[order[0]](spot)
    others = {kind: cache(partial(leaves[kind], spot)) for kind in order[1:]}

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        if given is not NOTHING:
            if depth and (making.trusting or check(given)):
                return given
            if (kind := kind_of(given)) in others:
                return others[kind]()(making)
        else:
            if depth and (thing or making.named is not None) and (known := making.known(name, thing)) is not NOTHING:
                for each in (known, str(known)):
                    if check(each):
                        return each
            if making.examples and (shown := example()) is not NOTHING:
                return shown
        if nullable and (lean or making.left < 0):
            return None
        return leaf(making)

    return make


def kept_example(spot: Spot) -> Json:
    """The first example that keeps its own schema, or NOTHING."""
    return next((each for each in spot.shape.examples if each is not None and spot.check(each)), NOTHING)


def listed(spot: Spot) -> Maker:
    """One of an enum."""
    shape = spot.shape
    likely = [each for each in shape.enum or () if shape.types is None or suits(kind_of(each), shape.types)]
    usual = allowed_of(likely)
    checked = cache(lambda: allowed_of([each for each in likely if spot.check(each)]))

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        allowed, any_time, at_first = checked() if making.wary else usual
        if given is not NOTHING and depth and (making.trusting or given in allowed):
            return given
        if making.examples and (shown := next((each for each in shape.examples if each in allowed), None)) not in nothings:
            return shown
        if not allowed:
            raise spot.impossible("no value of its enum is allowed")
        told = at_first if making.fresh else any_time
        return told[making.dice.below(len(told))]

    return make


nothings: Final = (None, "")


def allowed_of(values: list[Json]) -> tuple[list[Json], list[Json], list[Json]]:
    """What an enum allows: all of it, what is made of it (what says something, if anything does), and what of that for a new thing."""
    told = [each for each in values if each not in nothings] or values
    return values, told, words.states_at_first(told)


def a_string(spot: Spot) -> Leaf:
    shape = spot.shape
    least, most = int(shape.bound("minLength", max, 0)), int(min(shape.bound("maxLength", min, 1e6), 1e6))
    if least > most:
        return partial(out_of_reach, spot, f"minLength {least} is over maxLength {most}")
    write, patterns = text_for(spot.name, shape), [str(each["pattern"]) for each in shape.schemas if "pattern" in each]
    if patterns:
        return partial(like_patterns, spot, patterns, write, least, most)
    if least == 0 and most >= 1000:
        return write
    if shape.word("format") == "date-time":
        return lambda making: as_long(write(making), least, most)
    return lambda making: fitted(write(making), least, most, making)


def out_of_reach(spot: Spot, why: str, making: Making) -> Json:
    raise spot.impossible(why)


passwords: Final = ("Correct-Horse-7!", "Correct7Horse", "correct7")
"""What patterns made of lookaheads are nearly always about."""


def like_patterns(spot: Spot, patterns: list[str], write: Callable[[Making], str], least: int, most: int, making: Making) -> str:
    """What suits the name where the patterns allow it, else a text written after the first of them that tells enough."""
    wish = write(making)
    for candidate in (wish, fitted(wish, least, most, making), *passwords):
        if least <= len(candidate) <= most and spot.check(candidate):
            return candidate
    for pattern in patterns:
        try:
            for candidate in texts_like(pattern, making.dice, least, min(most, 4096)):
                if spot.check(candidate):
                    return candidate
        except Unwritable as error:
            raise spot.impossible(f"pattern {pattern!r}: {error}") from None
    raise spot.impossible(f"found no text for pattern {patterns[0]!r} of {least} to {most} letters")


def an_integer(spot: Spot) -> Leaf:
    shape, draw = spot.shape, number_for(spot.name, spot.shape)
    low, high = bounds(shape)
    step = max(1, math.lcm(*(int(each["multipleOf"]) for each in shape.schemas if float(each.get("multipleOf", 0.5)).is_integer()), 1))
    near = between(low / step, high / step)
    if near is None:
        return partial(out_of_reach, spot, "no number lies between its bounds")
    counted = words.is_counted(spot.name)
    return lambda making: step * near(0 if counted and making.fresh else int(draw(making)) // step, making)


def a_number(spot: Spot) -> Leaf:
    shape, draw = spot.shape, number_for(spot.name, spot.shape)
    if words.topic_of(spot.name) in ("", "money"):
        draw = any_amount
    low, high = bounds(shape)
    step = shape.bound("multipleOf", max, 0)
    near = between(low / step, high / step) if step else between(0, 0)
    if near is None or low > high:
        return partial(out_of_reach, spot, "no number lies between its bounds")
    if step:
        return lambda making: round(near(round(draw(making) / step), making) * step, 10)
    middle = (low + high) / 2 if math.isfinite(low) and math.isfinite(high) else low + 1 if math.isfinite(low) else high - 1
    middle = round(middle, 2) if math.isfinite(middle) and low <= round(middle, 2) <= high else middle

    def make(making: Making) -> Json:
        wish = float(draw(making))
        return wish if low <= wish <= high else middle

    return make


def any_amount(making: Making) -> float:
    return making.dice.below(50_000) / 100


def between(low: float, high: float) -> Callable[[int, Making], int] | None:
    """What brings a whole number between bounds; None when there is none."""
    least, most = (math.ceil(low) if math.isfinite(low) else None), (math.floor(high) if math.isfinite(high) else None)
    if least is not None and most is not None and least > most:
        return None
    room = 1000 if most is None or least is None else min(most - least, 1000) + 1

    def near(wish: int, making: Making) -> int:
        if least is not None and wish < least:
            return least + making.dice.below(room)
        return most if most is not None and wish > most else wish

    return near


def a_boolean(spot: Spot) -> Leaf:
    said = frozenset(words.words_of(spot.name))
    if said & words.went_well:
        return lambda _: True
    first = words.at_first(spot.name)
    return lambda making: first if making.fresh and first is not None else bool(making.dice.below(2))


def a_null(spot: Spot) -> Leaf:
    return lambda _: None


leaves: Final[Mapping[str, Callable[[Spot], Leaf]]] = {
    "string": a_string, "integer": an_integer, "number": a_number, "boolean": a_boolean, "null": a_null,
}  # fmt: skip
"""By type, the likeliest first."""


def alone(leaf: Leaf) -> Maker:
    """A leaf where nothing that was given matters."""

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        return leaf(making)

    return make


# -- values with others inside ----------------------------------------------------------------------------------------------


def whole(spot: Spot, make_it: Maker) -> Maker:
    """A value with others inside: what was given or shown is what it is made of; a schema inside itself is made with little."""
    places, check, nullable = spot.places, spot.check, "null" in (spot.shape.types or ())
    shown = cache(partial(example_to_fill, spot))
    name, plain, thing = spot.name, spot.shape.plain, words.pointed(spot.name)

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        if depth > deepest or making.left < -largest:
            raise spot.impossible("is too large to make")
        if given is NOTHING:
            if depth and plain and (known := making.known(name, thing)) is not NOTHING and check(known):
                return known
            if making.examples:
                given, kept = shown()
                if kept:
                    return given
        elif depth and (making.trusting or ((making.wary or not isinstance(given, dict | list)) and check(given))):
            return given
        lean = lean or making.left < 0 or places in making.open
        if lean and nullable:
            return None
        making.open.append(places)
        try:
            return make_it(making, given, depth, lean)
        finally:
            making.open.pop()

    return make


def example_to_fill(spot: Spot) -> tuple[Json, bool]:
    """The example to make the value of, and whether it is one as it stands. What an example of a thing leaves out is made up: its id is needed."""
    for example in spot.shape.examples:
        if isinstance(example, dict) and spot.shape.properties:
            return example, False
        if example is not None and spot.check(example):
            return example, True
    return NOTHING, False


def typed(spot: Spot, kinds: frozenset[str]) -> Maker:
    """By the type of what was given where it is allowed, else the likeliest."""
    order = [kind for kind in (*wholes, *leaves) if kind in kinds]
    make = cache(partial(of_kind, spot))
    if len(order) == 1:
        return make(order[0])

    def either(making: Making, given: Json, depth: int, lean: bool) -> Json:
        kind = kind_of(given)
        return make(kind if given is not NOTHING and kind in kinds else order[0])(making, given, depth, lean)

    return either


def of_kind(spot: Spot, kind: str) -> Maker:
    if kind in wholes:
        return wholes[kind](spot)
    return alone(leaves[kind](spot))


def anything(spot: Spot) -> Maker:
    """For a schema that says nothing: what was given, else an object at the top and a text where there is a name."""
    write = text_for(spot.name, None)

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        return given if given is not NOTHING else write(making) if spot.name and depth else {}

    return make


# -- objects ----------------------------------------------------------------------------------------------------------------


@frozen
class Field:
    """A property of an object.

    default   what stands for it where nobody gave it, or NOTHING
    late      whether a new thing is without it: what it is the time of has not come yet
    nullable  whether being without it is told by null
    """

    name: str
    places: tuple[str, ...]
    needed: bool
    plain: bool
    default: Json
    make: Maker
    late: bool
    nullable: bool


def fields_of(spot: Spot) -> list[Field]:
    """The properties that travel in this direction, in the schema's order."""
    said = own_words(spot.shape)
    found = (field_of(spot, name, parts, said.get(name, "")) for name, parts in spot.shape.properties.items())
    return [field for field in found if field is not None]


def field_of(spot: Spot, name: str, parts: tuple[str, ...], word: str) -> Field | None:
    """One property; `word`: what it says because it discriminates."""
    shape, sampler, needed = spot.sampler.shape(parts), spot.sampler, name in spot.shape.required
    if hidden(shape, spot.side) or (spot.shape.only is not None and name not in spot.shape.only):
        return None  # where it is required all the same, the check that follows misses it
    default, check = shape.word("default"), sampler.checker(parts, spot.side)
    kept = default is not None and check(default)
    maker = sampler.maker(parts, spot.side, name)
    if word and not shape.examples and check(word):
        maker = partial(saying, word, maker)
    nullable = "null" in (shape.types or ())
    late = words.comes_late(name) and (nullable or not needed)
    return Field(name, parts, needed, shape.plain, default if kept else NOTHING, maker, late, nullable)


def saying(word: str, maker: Maker, making: Making, given: Json, depth: int, lean: bool) -> Json:
    return word if given is NOTHING else maker(making, given, depth, lean)


def an_object(spot: Spot) -> Maker:
    shape, fields = spot.shape, cache(lambda: [(field.name, field) for field in fields_of(spot)])
    beyond = partial(beyond_fields, spot, cache(partial(another, spot)))
    open_ended = (
        not shape.properties or not shape.required.keys() <= shape.properties.keys() or shape.word("minProperties") is not None
        or shape.word("maxProperties") is not None
    )  # fmt: skip

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        told: Mapping[str, Json] = given if isinstance(given, dict) else {}
        out: dict[str, Json] = {}
        for key, field in fields():
            if key in told:
                value, little = told[key], False
                if making.trusting:
                    out[key] = value  # as every maker would
                    continue
            else:
                value, little = absent(field, making, depth, lean), lean
                if value is not to_make:
                    if value is not NOTHING:
                        out[key] = value
                    continue
                value = NOTHING
            making.left -= 1
            try:
                out[key] = field.make(making, value, depth + 1, little)
                if making.terse and not field.needed and out[key] in empties:
                    del out[key]
            except Impossible:
                if field.needed:
                    raise
        return beyond(making, out, told, depth, lean) if open_ended or (told and depth) else out

    return make


empties: Final[tuple[Json, ...]] = ({}, [], [{}])


to_make: Final = object()


def absent(field: Field, making: Making, depth: int, lean: bool) -> Json:
    """What stands for a property that nobody gave: a value, NOTHING where it is left out, or `to_make`."""
    if not field.needed:
        if depth == 0 and field.name in making.skip:
            return field.default
        if making.spare or (making.terse and field.plain and making.known(field.name, "") is NOTHING):
            return NOTHING
    if making.fresh and field.late:
        return None if field.nullable else NOTHING
    return to_make if field.needed or (not lean and wanted(field, making, depth)) else NOTHING


def wanted(field: Field, making: Making, depth: int) -> bool:
    """Whether an optional property is worth making here."""
    if making.left < 0 or depth > generous_depth:
        return False
    return field.plain or (depth < generous_depth and field.places not in making.open)


def another(spot: Spot, key: str) -> Maker:
    """What makes a property that the schema does not name."""
    if spot.shape.extra:
        return spot.sampler.maker(spot.shape.extra, spot.side, key)
    return alone(text_for(key, None))


def beyond_fields(
    spot: Spot, maker: Callable[[str], Maker], making: Making, out: dict[str, Json], told: Mapping[str, Json], depth: int, lean: bool
) -> dict[str, Json]:
    """The object with what is required or was told beyond the named properties, and no fewer and no more members than allowed."""
    shape = spot.shape
    for key in shape.required:
        if key not in out and key not in shape.properties:
            out[key] = told[key] if key in told else maker(key)(making, NOTHING, depth + 1, lean)
    if shape.only is None and not (shape.properties and told and depth == 0):
        keeps = spot.sampler.checker(shape.extra, spot.side)
        out |= {key: value for key, value in told.items() if key not in shape.properties and keeps(value)}
    least = int(shape.bound("minProperties", max, 0))
    if not shape.properties and shape.extra and not told and not lean and depth <= generous_depth:
        least = max(least, 1)
    for index in range(max(0, least - len(out))):
        name = words.nouns[(index + making.dice.below(24)) % 24] + (str(index) if index else "")
        out[name] = maker("value")(making, NOTHING, depth + 1, lean)
    most = int(shape.bound("maxProperties", min, len(out)))
    for key in [key for key in reversed(out) if key not in shape.required][: max(0, len(out) - most)]:
        del out[key]
    return out


# -- lists ------------------------------------------------------------------------------------------------------------------


def an_array(spot: Spot) -> Maker:
    shape, one = spot.shape, words.singular(spot.name)
    least, most = int(shape.bound("minItems", max, 0)), int(min(shape.bound("maxItems", min, 1_000_000), 1_000_000))
    unique = bool(shape.word("uniqueItems"))
    items = cache(lambda: an_item(spot, shape.items, one))
    first = [cache(partial(an_item, spot, (place,), one)) for place in shape.prefix]

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        told: list[Json] = given[:most] if isinstance(given, list) else []
        generous = not lean and depth <= generous_depth and making.left > 0 and not isinstance(given, list)
        size = min(max(least, len(told), 1 + (not making.terse and making.dice.below(2)) if generous else 0), most)
        if size > largest * 4:
            raise spot.impossible(f"wants {size} items")
        out: list[Json] = []
        for index in range(size):
            item = first[index]() if index < len(first) else items()
            there = index < len(told)
            making.left -= 1
            try:
                out.append(item(making, told[index] if there else NOTHING, depth, lean and not there, out if unique else ()))
            except Impossible:
                if index >= least:
                    break
                if len(out) < least - (size - index) + 1 and not there:
                    raise
        if len(out) < least:
            raise spot.impossible(f"{least} different items cannot be made")
        return out

    return make


Item = Callable[["Making", Json, int, bool, "list[Json] | tuple[()]"], Json]


def an_item(spot: Spot, parts: tuple[str, ...], name: str) -> Item:
    """What makes an item that is none of those there already."""
    maker = spot.sampler.maker(parts, spot.side, name) if parts else alone(text_for(name, None))

    def make(making: Making, given: Json, depth: int, lean: bool, there: list[Json] | tuple[()]) -> Json:
        if not there:
            return maker(making, given, depth + 1, lean)
        examples = making.examples
        try:
            for _ in range(8):
                made = maker(making, given, depth + 1, lean)
                if made not in there:
                    return made
                making.examples, given = False, NOTHING
        finally:
            making.examples = examples
        keeps = spot.sampler.checker(parts, spot.side)
        for made in few(spot.sampler.shape(parts), len(there)) if parts else ():
            if made not in there and keeps(made):
                return made
        raise Impossible(f"{parts[:1]}: no item that is not there yet")

    return make


def few(shape: Shape, there: int) -> Iterator[Json]:
    """The values of a schema that has few, as far as one can count them: of its enum, or from its lower bound on."""
    if shape.enum is not None:
        yield from shape.enum
        return
    yield from (True, False, None)
    low, _ = bounds(shape)
    if math.isfinite(low):
        yield from range(math.ceil(low), math.ceil(low) + there + 1)


wholes: Final[Mapping[str, Callable[[Spot], Maker]]] = {"object": an_object, "array": an_array, "any": anything}
"""By type, the likeliest first; "any" stands for a schema that names none."""
