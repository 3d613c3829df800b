"""What a value is made from: dice, a time, a person, and what was told of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from mockserver.contract import words
from mockserver.message import NOTHING, Json

if TYPE_CHECKING:
    from mockserver.contract.contract import Side

T = TypeVar("T")

largest: Final = 1500  # nodes of one value; beyond it only what is required is made
day: Final = 86_400_000


class Dice(Protocol):
    """Where chance comes from."""

    def below(self, n: int) -> int: ...
    def between(self, low: int, high: int) -> int: ...
    def choose(self, items: tuple[T, ...] | list[T]) -> T: ...
    def bits(self, n: int) -> int: ...


class Somebody(Protocol):
    """Whom a made-up record is about."""

    @property
    def given(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def email(self) -> str: ...


class Person(NamedTuple):
    """Somebody who is no more than that."""

    given: str
    family: str
    email: str


def unrelated(dice: Dice, thing: str) -> Json:
    return NOTHING


class Making:
    """One value in the making.

    side      which direction it travels
    now       milliseconds since the epoch that its times lie around
    whom      chooses the person that it is about
    related   the id of some record, by what such a thing is called; NOTHING when there is none
    named     values for fields wherever they occur, by name, instead of ids of related records: what an error says
    examples  whether the document's own examples are taken
    skip      optional properties of the thing itself that are made only when they were given
    whole     whether what is given is but a part, and the rest is to be made up as well
    terse     whether optional parts are made only where `named` has something to say: an error should say nothing by dice
    spare     whether what is optional is made only where it was given: a reply that is mended should tell nothing new
    fresh     whether the thing is being made now: then it was created and changed now
    trusting  whether what is given is taken as it is, to be judged with the whole: the quick way, tried first
    wary      whether every part is checked as it is made: dear where schemas are entangled, so only when the quick ways failed
    left      how many nodes may still be made
    open      the schemas being made, outermost first
    """

    skip: frozenset[str] = frozenset()
    whole = terse = spare = fresh = trusting = wary = False
    named: Callable[[str], Json] | None = None
    left: int = largest

    def __init__(
        self,
        dice: Dice,
        side: Side,
        now: int,
        whom: Callable[[Dice], Somebody],
        related: Callable[[Dice, str], Json] = unrelated,
        *,
        examples: bool = True,
    ) -> None:
        self.dice, self.side, self.now, self.whom, self.related, self.examples = dice, side, now, whom, related, examples
        self.open: list[tuple[str, ...]] = []

    @cached_property
    def person(self) -> Somebody:
        """Whom it is about."""
        return self.whom(self.dice)

    @cached_property
    def born(self) -> int:
        """When the thing began."""
        return self.now - day - self.dice.below(40 * day)

    @cached_property
    def city(self) -> int:
        """Where it is."""
        return self.dice.below(len(words.cities))

    def known(self, name: str, thing: str) -> Json:
        """What a field of this name holds, or whichever holds the id of such a thing; NOTHING when nobody knows."""
        if self.named is not None:
            return self.named(name)
        return self.related(self.dice, thing) if thing else NOTHING

    def time(self, moment: int) -> int:
        """A time in its life (see `words.moments`), milliseconds since the epoch: what begins lies before what is changed, and that
        before what ends."""
        if self.fresh and moment < 3:
            return self.now
        span = max(1, self.now - self.born)
        step = self.dice.below(span // 4 + 1)
        if moment == 3:
            return self.now + 30 * day + step
        return self.born + (step // 100, span // 4 + step, span // 2 + step)[moment]
