"""Any value a schema allows: the schema compiled once, then made from choices as often as wanted.

Rules of this file
- One dispatch by type. What keywords say beyond it (if/then, not, exclusive branches) is left to the validator: what it refuses is made
  anew, and what stays refused is our fault and told as such, never shown to a client.
- Every choice is one call of `Source.below`, and 0 is the simplest: the same forms serve Hypothesis and a seeded random.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.operation import Operation
from mockserver.contract.pattern import Unwritable, texts_like
from mockserver.contract.sample import Impossible, Making, Person, Sampler, Shape, bounds, hidden, narrowed, telling
from mockserver.message import Json
from mockserver.state.ids import Draws
from mockserver.verify.edges import formats, integers, numbers, texts
from mockserver.verify.source import Chance, Source

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract

Make = Callable[[Source, int], Json]
"""Makes a value out of choices; the number is how deep it lies."""

deepest: Final = 5  # beyond it only what is required is made
bottom: Final = 24
tries: Final = 12
sizes: Final = (0, 1, 2, 3, 5, 10)
unforeseen: Final = "x_unforeseen"


class Forms:
    """The compiled forms of one contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.sampler = Sampler(contract)
        self._made: dict[tuple[str, ...], Make] = {}
        self._never: dict[tuple[str, ...], Impossible] = {}

    # -- the ways in --------------------------------------------------------------------------------------------------

    def value(self, place: str, source: Source) -> Json:
        """A value that the schema at a place allows, checked. Raises Impossible."""
        make, check = self.form((place,)), self.contract.check(place, "reply")
        for _ in range(tries):
            value = make(source, 0)
            if check(value):
                return value
        return self._sampled(place, source)

    def _sampled(self, place: str, source: Source) -> Json:
        """Entangled schemas: the sampler mends what it makes."""
        dice = Draws(str(source.below(65_536)), place)
        return self.sampler.value(
            place, Making(dice, "reply", 1_769_860_800_000, Person("Ada", "Example", "ada@example.com"), examples=False)
        )

    def form(self, places: tuple[str, ...]) -> Make:
        """The form of schemas that hold at once, compiled when it is first used: schemas may hold themselves."""
        found = self._made.get(places)
        if found is None:

            def later(source: Source, depth: int) -> Json:
                if places in self._never:
                    raise self._never[places]
                return self._made[places](source, depth)

            self._made[places] = later
            try:
                found = self._compiled(places)
            except Impossible as error:
                self._never[places] = error
                found = later
            self._made[places] = found
        if places in self._never:
            raise self._never[places]
        return found

    def keeps(self, places: tuple[str, ...], value: Json) -> bool:
        return self.sampler.keeps(places, "reply", value)

    def leaf(self, places: tuple[str, ...], candidates: Iterable[Json]) -> Make:
        """One of those candidates that are allowed. Raises Impossible when none is."""
        allowed = [each for each in candidates if self.keeps(places, each)]
        if not allowed:
            raise Impossible(f"{places[0]}: no value we know of is allowed")
        count = len(allowed)
        if count == 1:
            return constant(allowed[0])
        return lambda source, _: allowed[source.below(count)]

    # -- compiling ----------------------------------------------------------------------------------------------------

    def _compiled(self, places: tuple[str, ...]) -> Make:
        shape = self.sampler.shape(places)
        if shape.never:
            raise Impossible(f"{places[0]}: allows nothing")
        if shape.enum is not None:
            return self.leaf(places, sorted(shape.enum, key=lambda each: each is None))
        if shape.choices:
            group, count = shape.choices[0]
            return self._either(places, [(*places, f"{group}/{index}") for index in range(count)])
        types = shape.types
        if types is None:
            types = frozenset(told for told, signs in telling if any(sign in schema for schema in shape.schemas for sign in signs))
        found = [word for word in makers if word in (narrowed(types, types) or {"any"})]
        if "integer" in found and "number" in found:
            found.remove("integer")
        return one_of([makers[word](self, shape, places) for word in found], places)

    def _either(self, places: tuple[str, ...], branches: list[tuple[str, ...]]) -> Make:
        """One of the branches that can be made; a null is the last."""
        forms, why = [], ""
        for branch in sorted(branches, key=lambda branch: self.contract.at(branch[-1], None) == {"type": "null"}):
            try:
                forms.append(self.form(branch))
            except Impossible as error:
                why = str(error)
        if not forms:
            raise Impossible(why)
        return one_of(forms, places)


def constant(value: Json) -> Make:
    return lambda _, __: value


def one_of(forms: list[Make], places: tuple[str, ...]) -> Make:
    if not forms:
        raise Impossible(f"{places[0]}: allows no type")
    if len(forms) == 1:
        return forms[0]
    count, last = len(forms), forms[-1]
    return lambda source, depth: (last if depth > deepest else forms[source.below(count)])(source, depth)


# -- one maker a type -------------------------------------------------------------------------------------------------------


def an_object(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    needed: list[tuple[str, Make]] = []
    free: list[tuple[str, Make]] = []
    for name, parts in shape.properties.items():
        if hidden(forms.sampler, parts, "reply"):
            continue
        try:
            (needed if name in shape.required else free).append((name, forms.form(parts)))
        except Impossible:
            if name in shape.required:
                raise
    extra = forms.form(shape.extra) if shape.extra else texts_form
    needed += [(name, extra) for name in shape.required if name not in shape.properties]
    least, most = int(shape.bound("minProperties", max, 0)), shape.bound("maxProperties", min, 1e9)
    sealed = any(each.get("additionalProperties") is False for each in shape.schemas) or any(
        {"unevaluatedProperties", "propertyNames", "patternProperties"} & each.keys() for each in shape.schemas
    )
    spare = [f"{unforeseen}_{index}" for index in range(max(0, least - len(needed)))]
    order = {name: at for at, name in enumerate((*shape.properties, *shape.required))}
    every = sorted([*((*each, True) for each in needed), *((*each, False) for each in free)], key=lambda each: order[each[0]])

    def make(source: Source, depth: int) -> Json:
        if depth > bottom:
            raise Impossible(f"{places[0]}: nests without end")
        lean, below = depth > deepest, source.below
        out: dict[str, Json] = {name: form(source, depth + 1) for name, form, must in every if must or (not lean and below(4))}
        for name in spare:
            if len(out) < least:
                out[name] = extra(source, depth + 1)
        if not lean and (twist := below(16)) > 11:
            if twist < 14 and not sealed:
                out[unforeseen] = extra(source, depth + 1)
            elif twist > 13:
                out = dict(reversed(out.items()))
        while len(out) > most:
            out.pop(next(name for name in reversed(out) if name not in shape.required))
        return out

    return make


def an_array(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    least = int(shape.bound("minItems", max, 0))
    most = int(shape.bound("maxItems", min, 1_000_000))
    if least > most or least > 10_000:
        raise Impossible(f"{places[0]}: wants {least} items, takes {most}")
    items = forms.form(shape.items) if shape.items else texts_form
    first = [forms.form((place,)) for place in shape.prefix]
    counts = [least + size for size in sizes if least + size <= most]
    if most <= 100:
        counts = [*counts, *counts, *counts, most]  # full is dear, so less often
    unique = bool(shape.word("uniqueItems"))

    def make(source: Source, depth: int) -> Json:
        size = least if depth > deepest else counts[source.below(len(counts))]
        out = [(first[at] if at < len(first) else items)(source, depth + 1) for at in range(size)]
        return distinct(out, least, items, source, depth) if unique else out

    return make


def distinct(values: list[Json], least: int, items: Make, source: Source, depth: int) -> list[Json]:
    out: list[Json] = []
    for each in values:
        if each not in out:
            out.append(each)
    chance = Chance(source.below(256)) if len(out) < least else None
    for _ in range(200):
        if chance is None or len(out) >= least:
            break
        each = items(chance, depth + 1)
        if each not in out:
            out.append(each)
    return out


def a_string(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    least, most = int(shape.bound("minLength", max, 0)), int(min(shape.bound("maxLength", min, 1e6), 1e6))
    patterns = [str(each["pattern"]) for each in shape.schemas if "pattern" in each]
    form = str(shape.word("format") or "")
    example = [each for each in shape.examples if isinstance(each, str)][:1]
    if patterns:
        try:
            drawn = [text for each in patterns for text in texts_like(each, Draws(places[0]), least, min(most, 4096))]
        except Unwritable as error:
            raise Impossible(f"{places[0]}: pattern {patterns[0]!r}: {error}") from None
        candidates = [*example, *dict.fromkeys(drawn), *texts]
    elif form in formats:
        candidates = [*formats[form], *example]
    else:
        candidates = list(dict.fromkeys([*(fitted(text, least, most) for text in texts), "z" * min(most, 2000)]))
    try:
        return forms.leaf(places, candidates)
    except Impossible:
        raise Impossible(f"{places[0]}: found no text for {patterns[0] if patterns else form!r} of {least} to {most} letters") from None


def fitted(text: str, least: int, most: int) -> str:
    return (text + (text or "a") * least)[: max(least, min(len(text), most))]


def a_number(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    low, high = bounds(shape)
    return forms.leaf(places, (*numbers, *near(low, high, shape.bound("multipleOf", max, 0))))


def an_integer(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    low, high = bounds(shape)
    inside = [each for each in integers if low <= each <= high]
    return forms.leaf(places, [*inside, *(int(each) for each in near(low, high, shape.bound("multipleOf", max, 0)))])


def near(low: float, high: float, step: float) -> list[float]:
    """The bounds themselves, the middle, and what a step wants."""
    told = [each for each in (low, high) if abs(each) < 1e300]
    whole = [int(each) if each == int(each) else each for each in told]
    middle = [(low + high) / 2] if len(told) == 2 else []
    first = math.ceil(low / step) if step and abs(low) < 1e300 else 0
    return [*whole, *(each + 1 for each in whole[:1]), *middle, *((first + times) * step for times in ((0, 1, 5) if step else ()))]


def a_boolean(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    return forms.leaf(places, (False, True))


def a_null(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    return constant(None)


def anything(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    return forms.leaf(places, ("a", None, 0, True, [], {}, {"a": [None, 1.5]}, texts[8]))


def texts_form(source: Source, depth: int) -> Json:
    return texts[source.below(len(texts))]


makers: Final[dict[str, Callable[[Forms, Shape, tuple[str, ...]], Make]]] = {
    "object": an_object,
    "array": an_array,
    "string": a_string,
    "integer": an_integer,
    "number": a_number,
    "boolean": a_boolean,
    "any": anything,
    "null": a_null,
}
"""By JSON type; the last that a schema allows is what is made where it gets too deep."""


def reply_place(operation: Operation, status: int) -> str:
    """The place of the JSON schema of a documented reply, "" when it has none."""
    answer = operation.answer(status)
    return next((place for media, place in (answer.media.items() if answer else ()) if "json" in media and place), "")


def told(contract: Contract, operations: Iterable[Operation]) -> list[str]:
    """What no reply can be drawn for, and why, one line for each operation; the rest still is."""
    forms, out = Forms(contract), []
    for operation in operations:
        place = reply_place(operation, operation.success)
        answer: Any = operation.answer(operation.success)
        if not place and answer is not None and answer.media and any("json" in media for media in answer.media):
            out.append(f"{operation.id}: its {operation.success} reply has no schema; nothing can be drawn for it")
        try:
            if place:
                forms.value(place, Chance(0))
        except Impossible as error:
            out.append(f"{operation.id}: {error}; nothing can be drawn for it")
    return out
