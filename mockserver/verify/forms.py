"""Any value a schema allows: the schema compiled once, then made from choices as often as wanted.

Rules of this file
- One dispatch by type; conditions and choices are decided first, each way on purpose (verify/ways.py). What keywords say beyond what
  is made on purpose is left to the validator, as near to the keyword as can be: what it refuses is made anew, never shown to a client.
- Every choice is one call of `Source.below`, and 0 is the simplest: the same forms serve Hypothesis and a seeded random.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.discriminator import own_words
from mockserver.contract.operation import Operation, escape
from mockserver.contract.pattern import Unwritable, texts_like
from mockserver.contract.sample import Impossible, Making, Person, Sampler
from mockserver.contract.shape import Shape, bounds, hidden, narrowed
from mockserver.errors import BadSpec
from mockserver.message import Json
from mockserver.state.ids import Draws
from mockserver.verify.edges import formats, integers, numbers, texts
from mockserver.verify.source import Chance, Source
from mockserver.verify.ways import Make, beyond, deepest, one_of, tries, ways

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract

bottom: Final = 24
most_optional: Final = 26
"""One choice says for so many optional fields at once which are there, two bits each; further ones go with them."""

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
        make = self.form((place,))
        try:
            check = self.contract.check(place, "reply")
        except BadSpec as error:
            raise Impossible(str(error)) from None
        for _ in range(tries):
            value = make(source, 0)
            if check(value):
                return value
        return self._sampled(place, source)

    def _sampled(self, place: str, source: Source) -> Json:
        """Entangled schemas: the sampler mends what it makes."""
        dice = Draws(str(source.below(65_536)), place)
        return self.sampler.value(
            place, Making(dice, "reply", 1_769_860_800_000, lambda _: Person("Ada", "Example", "ada@example.com"), examples=False)
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
                found = self._sure(places, self.way(places))
            except Impossible as error:
                self._never[places] = error
                found = later
            self._made[places] = found
        if places in self._never:
            raise self._never[places]
        return found

    def keeps(self, places: tuple[str, ...], value: Json) -> bool:
        """Whether a value keeps these schemas; a way that was not taken is none."""
        return self.sampler.keeps(tuple(place for place in places if self.contract.at(place, None) is not None), "reply", value)

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

    def way(self, places: tuple[str, ...]) -> Make:
        """The form of schemas that hold at once, of which some may be ways that a condition or a choice goes."""
        shape = self.sampler.shape(places)
        if shape.never:
            raise Impossible(f"{places[0]}: allows nothing")
        if shape.enum is not None:
            return self.leaf(places, sorted(shape.enum, key=lambda each: each is None))
        decided = ways(self, shape, places)
        if decided is not None:
            return decided
        found = [word for word in makers if word in (narrowed(shape.kinds, shape.kinds) or {"any"})]
        if "integer" in found and "number" in found:
            found.remove("integer")
        if not found:
            raise Impossible(f"{places[0]}: allows no type")
        return one_of([makers[word](self, shape, places) for word in found])

    def _sure(self, places: tuple[str, ...], make: Make) -> Make:
        """The form, looked at where its schema says more than is made on purpose."""
        if not beyond(self, self.sampler.shape(places)):
            return make

        def sure(source: Source, depth: int) -> Json:
            value = make(source, depth)
            if self.keeps(places, value):
                return value
            chance = Chance(source.below(65_536))
            anew = (make(chance, depth) for _ in range(tries))
            return next((each for each in anew if self.keeps(places, each)), value)

        return sure


def constant(value: Json) -> Make:
    return lambda _, __: value


# -- one maker a type -------------------------------------------------------------------------------------------------------


class Members:
    """What an object of a shape may hold: under which names, and what there.

    needed, free  the names that must and may be there      patterns  expressions for names, each with the place of what is there
    foreign       names that nobody foresaw; none where there may be none
    """

    def __init__(self, forms: Forms, shape: Shape) -> None:
        self.forms, self.shape = forms, shape
        self.patterns = [(expression, place) for expression, place in below_each(shape, "patternProperties")]
        self.naming = tuple(f"{place}/propertyNames" for place, schema in both(shape) if "propertyNames" in schema)
        self.words = {name: word for name, word in own_words(shape).items() if forms.keeps(shape.properties.get(name, ()), word)}
        self.needed = [name for name in shape.required if self.travels(name)]
        self.foreign = [] if self.sealed else [name for name in self.strangers() if self.allowed(name) and name not in shape.properties]
        made = [name for expression, _ in self.patterns for name in islice(matching(expression), 2)]
        maps = self.foreign if shape.extra and not shape.properties else ()
        self.free = [name for name in dict.fromkeys((*shape.properties, *made, *maps)) if name not in shape.required and self.allowed(name)]

    @property
    def sealed(self) -> bool:
        return self.shape.only is not None or any(schema.get("additionalProperties") is False for schema in self.shape.schemas)

    def strangers(self) -> Iterator[str]:
        if not self.naming:
            more = int(self.shape.bound("minProperties", max, 0)) + 1
            return iter((unforeseen, *(f"{unforeseen}_{at}" for at in range(1, more + 1))))
        chance, form = Chance(self.naming[0]), self.forms.form(self.naming)
        return iter(dict.fromkeys(str(form(chance, 0)) for _ in range(8)))

    def allowed(self, name: str) -> bool:
        """Whether there may be something of this name, and it travels in replies."""
        if (self.shape.only is not None and name not in self.shape.only) or not self.travels(name):
            return False
        return not self.naming or self.forms.keeps(self.naming, name)

    def travels(self, name: str) -> bool:
        return not hidden(self.forms.sampler.shape(self.parts(name)), "reply")

    def parts(self, name: str) -> tuple[str, ...]:
        """The places of what is there under a name."""
        matched = (place for expression, place in self.patterns if re.search(expression, name))
        return (*self.shape.properties.get(name, ()), *matched) or self.shape.extra

    def form(self, name: str) -> Make:
        if name in self.words:
            return constant(self.words[name])
        parts = self.parts(name)
        return self.forms.form(parts) if parts else texts_form

    def forms_of_free(self) -> Iterator[tuple[str, Make]]:
        """Those that can be made."""
        for name in self.free:
            try:
                yield name, self.form(name)
            except Impossible:
                continue


def an_object(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    members = Members(forms, shape)
    needed, free = [(name, members.form(name)) for name in members.needed], list(members.forms_of_free())
    follows = {name: told for schema in shape.schemas for name, told in (schema.get("dependentRequired") or {}).items()}
    following = {name: members.form(name) for told in follows.values() for name in told}
    least, most = int(shape.bound("minProperties", max, 0)), shape.bound("maxProperties", min, 1e9)
    known = dict([*needed, *free])
    spare = [(name, members.form(name)) for name in members.foreign]
    order = {name: at for at, name in enumerate((*shape.properties, *known))}
    optional = {name: 3 << 2 * (at % most_optional) for at, (name, _) in enumerate(free)}
    width = 1 << 2 * min(len(optional), most_optional)
    every = sorted(((name, form, optional.get(name, 0)) for name, form in known.items()), key=lambda each: order[each[0]])
    filling = [*free, *spare]

    def make(source: Source, depth: int) -> Json:
        if depth > bottom:
            raise Impossible(f"{places[0]}: nests without end")
        lean, below = depth > deepest, source.below
        there = below(width) if optional and not lean else 0
        out: dict[str, Json] = {name: form(source, depth + 1) for name, form, bits in every if not bits or there & bits}
        if len(out) < least:
            out |= {name: form(source, depth + 1) for name, form in [each for each in filling if each[0] not in out][: least - len(out)]}
        if not lean and (twist := below(16)) > 11:
            if twist < 14 and spare:
                name, form = spare[0]
                out[name] = form(source, depth + 1)
            elif twist > 13:
                out = dict(reversed(out.items()))
        while len(out) > most:
            out.pop(next(name for name in reversed(out) if name not in shape.required))
        if follows:
            follow(out, follows, lambda name: following[name](source, depth + 1))
        return out

    return make


def follow(out: dict[str, Json], follows: dict[str, list[str]], make: Callable[[str], Json]) -> None:
    """Let what must be there because of others be there."""
    names = list(out)
    for name in names:
        for other in follows.get(name, ()):
            if other not in out:
                out[other] = make(other)
                names.append(other)


def both(shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each of the schemas with its place."""
    return zip(shape.places, shape.schemas, strict=True)


def below_each(shape: Shape, word: str) -> Iterator[tuple[str, str]]:
    """The keys of an object that schemas hold under a word, with the places there."""
    return ((name, f"{place}/{word}/{escape(name)}") for place, schema in both(shape) for name in schema.get(word) or ())


def matching(expression: str) -> Iterator[str]:
    """Names that an expression matches."""
    try:
        yield from (name for name in dict.fromkeys(texts_like(expression, Draws(expression), 0, 64)) if re.search(expression, name))
    except (Unwritable, re.error):
        return


def an_array(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make:
    ended = any(schema.get("items") is False or (schema.get("unevaluatedItems") is False and not shape.items) for schema in shape.schemas)
    least = int(shape.bound("minItems", max, 0))
    most = int(shape.bound("maxItems", min, 1_000_000))
    most = min(most, len(shape.prefix)) if ended else most
    if least > most or least > 10_000:
        raise Impossible(f"{places[0]}: wants {least} items, takes {most}")
    rest = shape.items or tuple(
        f"{place}/unevaluatedItems" for place, schema in both(shape) if isinstance(schema.get("unevaluatedItems"), dict)
    )
    items = forms.form(rest) if rest else texts_form
    first = [forms.form((place,)) for place in shape.prefix]
    for place, schema in both(shape):
        if "contains" in schema and not ended:
            first += [forms.form((*rest, f"{place}/contains"))] * int(schema.get("minContains", 1))
    wanted = len(first) if len(first) > len(shape.prefix) else 0
    counts = [size for size in dict.fromkeys(max(wanted, least + size) for size in sizes) if size <= most]
    if not counts:
        raise Impossible(f"{places[0]}: wants {wanted} items, takes {most}")
    if most <= 100:
        counts = [*counts, *counts, *counts, most]  # full is dear, so less often
    unique = bool(shape.word("uniqueItems"))

    def make(source: Source, depth: int) -> Json:
        size = counts[0] if depth > deepest else counts[source.below(len(counts))]
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
        usual = formats.get(form, ())
        candidates = [*example, *dict.fromkeys([*drawn, *usual, *(f"{start}{rest}" for start in usual[:3] for rest in drawn), *texts])]
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
