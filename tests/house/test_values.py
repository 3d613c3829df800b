"""Values are what the standard library makes of the same class, frozen and with slots: all that differs is the time."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.values import frozen

root: Final = Path(__file__).parents[2]


def made(decorate: Callable[[type], Any]) -> Any:
    """The same class by one decorator or the other."""

    class Thing:
        """A thing with fields of every sort."""

        name: str
        size: int = 3
        about: Mapping[str, Any] = field(default_factory=dict)
        note: str = field(default="", compare=False)

        def __len__(self) -> int:
            return self.size

    return decorate(Thing)


theirs, ours = made(dataclass(frozen=True, slots=True)), made(frozen)
given_words = st.fixed_dictionaries(
    {"name": st.sampled_from("ab")},
    optional={"size": st.integers(0, 2), "about": st.sampled_from([(), (1,)]), "note": st.sampled_from("xy")},
)


@frozen
class Kept:
    """A class that pickle can find again."""

    name: str
    more: tuple[int, ...] = ()


@frozen
class Bare:
    """A value without fields."""


@frozen
class Alone:
    """A value that equals nothing but itself."""

    about: dict[str, int]

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@given(given_words, given_words)
def test_a_value_is_what_the_standard_library_makes_of_its_class(one: dict[str, Any], other: dict[str, Any]) -> None:
    """In its words, what it equals, what it is hashed by, and what becomes of it with some of its fields replaced."""
    assert repr(ours(**one)) == repr(theirs(**one))
    assert (ours(**one) == ours(**other)) == (theirs(**one) == theirs(**other))
    assert asdict(ours(**one)) == asdict(theirs(**one))
    assert repr(replace(ours(**one), **other)) == repr(replace(theirs(**one), **other))
    if "about" in one and "about" in other:
        assert len({ours(**one), ours(**other)}) == len({theirs(**one), theirs(**other)})


def test_a_value_shows_itself_like_a_dataclass() -> None:
    """Its fields, the parameters it is made with and what it is matched by; it is as small, and no other class's equal."""
    assert [(each.name, each.type) for each in fields(ours)] == [(each.name, each.type) for each in fields(theirs)]
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert not hasattr(ours("a"), "__dict__")
    assert len(ours("a", 2)) == 2
    assert ours("a") != theirs("a")
    assert ours("a").about is not ours("a").about
    assert (Bare(), hash(Bare()), repr(Bare())) == (Bare(), hash(Bare()), "Bare()")


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "nothing": 1}], ids=["too little", "too much"])
def test_a_value_is_not_made_of_something_else(wrong: dict[str, Any]) -> None:
    """Fields that are missing or unknown are told as of any function."""
    with pytest.raises(TypeError, match=r"Thing\.__init__\(\)"):
        ours(**wrong)


def test_a_value_with_what_cannot_be_hashed_is_not_hashed() -> None:
    """As with the standard library: better loud than by identity."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(ours("a"))


def test_a_value_may_say_itself_what_it_equals() -> None:
    """As with the standard library: and then how it is hashed is its own, too."""
    one, other = Alone({}), Alone({})
    assert one != other
    assert len({one, other, one}) == 2


@pytest.mark.parametrize("name", ["name", "about", "unknown"])
def test_nothing_changes_a_value(name: str) -> None:
    """Neither its fields nor anything else can be set or deleted."""
    thing = ours("a")
    with pytest.raises(FrozenInstanceError, match=name):
        setattr(thing, name, "b")
    with pytest.raises(FrozenInstanceError, match=name):
        delattr(thing, name)
    assert thing == ours("a")


def test_a_value_is_copied_and_pickled_as_it_is() -> None:
    """A copy, a deep one and one that went through bytes are equal to it."""
    kept = Kept("a", (1, 2))
    assert [copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))] == [kept] * 3


def test_all_values_are_made_alike() -> None:
    """Nothing under mockserver/ is a frozen dataclass of the standard library, which takes five times as long to import."""
    slow = re.compile(r"@dataclass\(.*frozen=True")
    assert [str(path.relative_to(root)) for path in sorted((root / "mockserver").rglob("*.py")) if slow.search(path.read_text())] == []
