"""Values that keep a schema: made up from dice, or made of what is there with as little changed as the schema asks.

Rules of this file
- What `Sampler.value` returns has been checked by the validator of its place; where nothing can keep the schema, `Impossible` is raised.
- The same dice give the same value, in every process.
- A value that was given and keeps its schema is kept; what does not is made anew, and what cannot be is left out where that is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from mockserver.contract.choices import chosen
from mockserver.contract.makers import Maker, Spot, compiled
from mockserver.contract.making import Making, Person, largest
from mockserver.contract.shape import Impossible, Shape, Shapes, alone, judge
from mockserver.errors import BadSpec
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract, Side

Check = Callable[[Json], bool]


class Way(NamedTuple):
    """One way to try: see Making; `blind`: without what was given."""

    trusting: bool = False
    wary: bool = False
    lean: bool = False
    blind: bool = False


ways: Final = (Way(trusting=True), Way(), Way(wary=True), Way(wary=True, lean=True), Way(wary=True, lean=True, blind=True))
most_mended: Final = 12


class Sampler:
    """Makes values for the schemas of one contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.shapes = Shapes(contract)
        self._makers: dict[tuple[tuple[str, ...], Side, str], Maker] = {}
        self._checks: dict[tuple[tuple[str, ...], Side], Check] = {}
        self._read: set[tuple[str, Side]] = set()
        self._known_mended = 0

    # -- the ways in ------------------------------------------------------------------------------------------------

    def value(self, place: str, making: Making, given: Json = NOTHING, name: str = "") -> Json:
        """A value that keeps the schema at a place, as much of it as possible being what was given. Raises Impossible."""
        if not place:
            return {} if given is NOTHING else given
        if (place, making.side) not in self._read:
            self._look(place, making.side)
        check = self.contract.check(place, making.side)
        if given is not NOTHING and not making.whole and check(given):
            return given
        why = ""
        for way in ways:
            making.trusting, making.wary, making.left = way.trusting, way.wary, largest
            try:
                made = self.maker((place,), making.side, name)(making, NOTHING if way.blind else given, 0, way.lean)
                if check(made):
                    return made
                if not way.trusting:
                    return self._mended(place, making.side, made)
            except Impossible as error:
                why = why or str(error)
            except RecursionError:
                why = why or f"{place}: nests without end"
        raise Impossible(why)

    def keeps(self, places: Sequence[str], side: Side, value: Json) -> bool:
        """Whether a value keeps every one of these schemas. Raises Impossible when one cannot be read."""
        try:
            # Rarely the validator says no and finds nothing wrong; the engine goes by what is found.
            return all(self.contract.check(place, side)(value) or not self.contract.faults(place, side, value, "", "") for place in places)
        except BadSpec as error:
            raise Impossible(str(error)) from None

    def shape(self, places: tuple[str, ...]) -> Shape:
        """What these schemas say together. Raises Impossible when one cannot be read."""
        return self.shapes.of(places)

    # -- compiled once ----------------------------------------------------------------------------------------------

    def maker(self, places: tuple[str, ...], side: Side, name: str) -> Maker:
        """What makes values for these schemas in a field of this name."""
        key = (places, side, name)
        found = self._makers.get(key)
        if found is None:
            spot = Spot(self, places, side, name, self.shape(places), self.checker(places, side))
            found = self._makers[key] = compiled(spot, chosen)
        return found

    def checker(self, places: tuple[str, ...], side: Side) -> Check:
        """The yes-or-no of these schemas together: without a validator where they say little."""
        key = (places, side)
        found = self._checks.get(key)
        if found is None:
            shape = self.shape(places)
            found = self._checks[key] = judge(shape) or alone(shape) or partial(self.keeps, places, side)
        return found

    def _look(self, place: str, side: Side) -> None:
        """Have the schema read once before anything is made for it: what cannot be read is taken out of the document then."""
        self.keeps((place,), side, None)
        self._read.add((place, side))
        mended = len(self.contract.mended or ())
        if mended != self._known_mended:
            self.shapes.forget()
            self._makers.clear()
            self._checks.clear()
            self._known_mended = mended

    # -- mending ----------------------------------------------------------------------------------------------------

    def _mended(self, place: str, side: Side, value: Json) -> Json:
        """The value without the optional parts that break the schema. Raises Impossible."""
        words = "cannot be kept"
        for _ in range(most_mended):
            findings = self.contract.faults(place, side, value, "", "value")
            if not findings:
                return value
            words = findings[0].message
            value, changed = pruned(value, [finding.place.partition(" ")[2] for finding in findings])
            if not changed:
                break
        raise Impossible(f"{place}: {words}")


def pruned(value: Json, paths: Sequence[str]) -> tuple[Json, bool]:
    """The value without the innermost of what stands at these JSON pointers; whether anything was taken out.

    What is required cannot stay away: the next check says so, and then what it belongs to goes.
    """
    innermost = max(paths, key=len, default="")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in innermost.split("/")[1:]]
    return (without(value, parts), True) if parts else (value, False)


def without(value: Json, parts: Sequence[str]) -> Json:
    head, rest = parts[0], parts[1:]
    if isinstance(value, list):
        index = int(head)
        return [*value[:index], *([without(value[index], rest)] if rest else []), *value[index + 1 :]]
    if not rest:
        return {key: each for key, each in value.items() if key != head}
    return {key: without(each, rest) if key == head else each for key, each in value.items()}


__all__ = ["Impossible", "Making", "Person", "Sampler", "Shape"]
