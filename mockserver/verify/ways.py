"""Which way a value goes: the branches of a choice, a condition that holds or does not, what a discriminator calls it.

Rules of this file
- Each way is made on purpose, its schema laid together with the rest; that the others then do not hold as well is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import discriminator
from mockserver.contract.operation import escape
from mockserver.contract.shape import Impossible, Shape
from mockserver.message import Json
from mockserver.verify.source import Source

if TYPE_CHECKING:
    from mockserver.verify.forms import Forms

Make = Callable[[Source, int], Json]
"""Makes a value out of choices; the number is how deep it lies."""

deepest: Final = 5  # beyond it only what is required is made
tries: Final = 12

looked_at: Final = frozenset(
    "if not dependentSchemas dependentRequired contains maxContains propertyNames patternProperties unevaluatedProperties unevaluatedItems".split()
)
"""Words that say more than what is made on purpose: values are looked at where they stand."""


def beyond(forms: Forms, shape: Shape) -> bool:
    """Whether values of a shape have to be looked at."""
    return any(not looked_at.isdisjoint(schema) for schema in shape.schemas) or any(
        group.endswith("/oneOf") and not exclusive(forms, [f"{group}/{index}" for index in range(count)]) for group, count in shape.choices
    )


def exclusive(forms: Forms, branches: list[str]) -> bool:
    """Whether a value can keep but one of these: they are of different types, or a property that all require tells them apart."""
    shapes = [forms.sampler.shape((branch,)) for branch in branches]
    return all(apart(forms, one, other) for one, other in combinations(shapes, 2))


def apart(forms: Forms, one: Shape, other: Shape) -> bool:
    if one.types is not None and other.types is not None and not {*one.types, *loose(one.types)} & {*other.types, *loose(other.types)}:
        return True
    for name in one.required.keys() & other.required.keys():
        mine, theirs = (forms.sampler.shape(shape.properties.get(name, ())).enum for shape in (one, other))
        if mine is not None and theirs is not None and not any(each in theirs for each in mine):
            return True
    return False


def loose(types: frozenset[str]) -> frozenset[str]:
    """An integer is a number too."""
    return frozenset({"number"} if "integer" in types else ())


def ways(forms: Forms, shape: Shape, places: tuple[str, ...]) -> Make | None:
    """The form of a shape with something still to be decided, None when there is nothing."""
    for place, word, told in undecided(shape, places):
        return deciders[word](forms, shape, places, place, told)
    return None


def undecided(shape: Shape, places: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """(place, word, how many branches or which name)"""
    for group, count in shape.choices:
        yield group, "branches", count
    for place, schema in zip(shape.places, shape.schemas, strict=True):
        if "if" in schema and not {f"{place}/then", f"{place}/else"} & {*places}:
            yield place, "if", None
        for name in schema.get("dependentSchemas") or ():
            there = f"{place}/dependentSchemas/{escape(name)}"
            if not {there, without(there)} & {*places}:
                yield there, "dependent", name


def without(place: str) -> str:
    """A place where there is nothing, by which it is known that this way was not taken."""
    return f"{place}/-"


def a_branch(forms: Forms, shape: Shape, places: tuple[str, ...], group: str, count: int) -> Make:
    """One of the branches that can be made; a null is the last."""
    at, branches = forms.contract.at, [f"{group}/{index}" for index in range(count)]
    alike = group.endswith("/oneOf") and not exclusive(forms, branches)
    made, why = [], ""
    for branch in sorted(branches, key=lambda branch: bool(at(branch, None) == {"type": "null"})):
        try:
            make = named(forms, forms.way((*places, branch)), (*places, branch), at(group.rpartition("/")[0], None))
            made.append(told_apart(forms, make, branch, branches) if alike else make)
        except Impossible as error:
            why = str(error)
    if not made:
        raise Impossible(why)
    return one_of(made)


def named(forms: Forms, make: Make, places: tuple[str, ...], holder: Any) -> Make:
    """A thing of a branch, which says in the property that discriminates which branch it is."""
    told_by, branch = discriminator.read(holder), forms.contract.at(places[-1], None)
    word = told_by.value(str(branch.get("$ref", ""))) if isinstance(branch, dict) else ""
    parts = forms.sampler.shape(places).properties.get(told_by.name, ())
    return saying(make, told_by.name, word) if word and parts and forms.keeps(parts, word) else make


def one_of(forms: list[Make]) -> Make:
    """One of several; the last where it gets too deep."""
    if len(forms) == 1:
        return forms[0]
    count, last = len(forms), forms[-1]
    return lambda source, depth: (last if depth > deepest else forms[source.below(count)])(source, depth)


wrongs: Final[tuple[Json, ...]] = ("", 0, [], {})  # one of them is of the wrong type for nearly any property


def told_apart(forms: Forms, make: Make, mine: str, branches: list[str]) -> Make:
    """A thing of one branch, with what other branches refuse where they would have it, too."""
    own = forms.sampler.shape((mine,)).properties
    others = [(branch, forms.sampler.shape((branch,)).properties) for branch in branches if branch != mine]
    refused = {
        (branch,): next(((name, each) for name in told if name not in own for each in wrongs if not forms.keeps(told[name], each)), None)
        for branch, told in others
    }
    marks = {branch: mark for branch, mark in refused.items() if mark is not None}

    def made(source: Source, depth: int) -> Json:
        value = make(source, depth)
        for branch, (name, wrong) in marks.items():
            if isinstance(value, dict) and forms.keeps(branch, value):
                value = {**value, name: wrong}
        return value

    return made


def saying(make: Make, name: str, word: str) -> Make:
    """A thing that says which branch it is."""

    def made(source: Source, depth: int) -> Json:
        value = make(source, depth)
        return {**value, name: word} if isinstance(value, dict) else value

    return made


def a_condition(forms: Forms, shape: Shape, places: tuple[str, ...], place: str, _: Any) -> Make:
    """What keeps `if` and `then`, or what does not keep `if` and keeps `else`."""
    condition, made, why = (f"{place}/if",), [], ""
    for more in ((f"{place}/else",), (*condition, f"{place}/then")):
        try:
            made.append(forms.way((*places, *more)))
        except Impossible as error:
            why = str(error)
        else:
            if more[0] == f"{place}/else":
                made[0] = failing(forms, condition, made[0])
    if not made:
        raise Impossible(why)
    return one_of(made)


def failing(forms: Forms, condition: tuple[str, ...], make: Make) -> Make:
    """What does not keep a condition, as far as that can be found."""

    def made(source: Source, depth: int) -> Json:
        for _ in range(tries):
            value = make(source, depth)
            if not forms.keeps(condition, value):
                break
        return value

    return made


def a_dependent(forms: Forms, shape: Shape, places: tuple[str, ...], place: str, name: str) -> Make:
    """What keeps a schema because it has a property, or what has not."""
    bare, made = forms.way((*places, without(place))), []
    if name not in shape.required:
        made.append(lambda source, depth: stripped(bare(source, depth), name))
    try:
        made.append(forms.way((*places, place)))
    except Impossible:
        if not made:
            raise
    return one_of(made)


def stripped(value: Json, name: str) -> Json:
    return {key: each for key, each in value.items() if key != name} if isinstance(value, dict) else value


deciders: Final[dict[str, Callable[..., Make]]] = {"branches": a_branch, "if": a_condition, "dependent": a_dependent}
