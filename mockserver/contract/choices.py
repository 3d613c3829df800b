"""Which branch of a `oneOf` or `anyOf` a value is made of, and what a discriminator says of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import discriminator
from mockserver.contract.shape import Impossible, kind_of, suits
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.contract.discriminator import Discriminator
    from mockserver.contract.makers import Maker, Spot
    from mockserver.contract.making import Making

most_tried: Final = 40
wrongs: Final[tuple[Json, ...]] = ("", 0, [], {})  # one of them is of the wrong type for nearly any property


def chosen(spot: Spot) -> Maker:
    """The first choice that can be made and keeps everything; a null is the last that is tried, unless little is wanted."""
    group, count = spot.shape.choices[0]
    branches = [f"{group}/{index}" for index in range(count)]
    contract = spot.sampler.contract
    nulls = {branch for branch in branches if contract.at(branch, None) == {"type": "null"}}
    targets = {branch: str(target_of(contract.at(branch, None))) for branch in branches}
    maker = cache(lambda branch: spot.sampler.maker((*spot.places, branch), spot.side, spot.name))
    told_by = discriminator.read(contract.at(group.rpartition("/")[0], None))
    words = cache(partial(own_word, spot, told_by, targets))

    def order(making: Making, given: Json, lean: bool) -> list[str]:
        if given is not NOTHING:
            told = told_by.target(given)
            return sorted(branches, key=lambda branch: (not told or targets[branch] != told, *distance(spot, branch, given)))
        around = (
            {place for places in making.open for place in (*places, *spot.sampler.shape(places).places[:1])} if len(branches) > 1 else ()
        )
        return sorted(branches, key=lambda branch: ((branch in nulls) != lean, targets[branch] in around))

    def make(making: Making, given: Json, depth: int, lean: bool) -> Json:
        first = ""
        for branch in order(making, given, lean)[:most_tried]:
            try:
                made = maker(branch)(making, given, depth, lean)
                if told_by.name and isinstance(made, dict) and (word := words(branch)):
                    made[told_by.name] = word
                if not making.wary or spot.check(made):
                    return made
                apart = told_apart(spot, made, branch, branches)
                if apart is not NOTHING:
                    return apart
                first = first or f"{branch}: keeps none or more than one of its choices"
            except Impossible as error:
                first = first or str(error)
        raise Impossible(first)

    return make


def own_word(spot: Spot, told_by: Discriminator, targets: Mapping[str, str], branch: str) -> str:
    """What a thing made of a branch says in the property that discriminates; "" where its schema does not let it."""
    word = told_by.value(targets[branch])
    parts = spot.sampler.shape((*spot.places, branch)).properties.get(told_by.name, ())
    return word if word and parts and spot.sampler.checker(parts, spot.side)(word) else ""


def target_of(schema: Any) -> str:
    return str(schema.get("$ref", "")) if isinstance(schema, dict) else ""


def told_apart(spot: Spot, value: Json, mine: str, branches: list[str]) -> Json:
    """The object with members that the other branches, which it must not keep, refuse; NOTHING when that does not help."""
    if not isinstance(value, dict):
        return NOTHING
    sampler, own = spot.sampler, spot.sampler.shape((mine,)).properties
    for branch in branches:
        keeps = sampler.checker((branch,), spot.side)
        if branch != mine and keeps(value):
            foreign = [name for name in sampler.shape((branch,)).properties if name not in own and name not in value]
            tries = ({**value, name: wrong} for name in foreign for wrong in wrongs)
            value = next((each for each in tries if not keeps(each)), value)
    return value if spot.check(value) else NOTHING


def distance(spot: Spot, branch: str, given: Json) -> tuple[bool, int]:
    """How far a value is from a branch, as far as its type and the names in it tell."""
    shape = spot.sampler.shape((branch,))
    wrong_type = bool(shape.kinds) and not suits(kind_of(given), shape.kinds)
    if not isinstance(given, dict):
        return wrong_type, 0
    named = {key: spot.sampler.shape(parts).enum for key, parts in shape.properties.items() if key in given}
    refused = sum(4 for key, allowed in named.items() if allowed is not None and given[key] not in allowed)
    return wrong_type, refused + 2 * len(shape.required.keys() - given.keys()) + len(given.keys() - shape.properties.keys())
