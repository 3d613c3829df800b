"""Records that are made when they are read, against the same records kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import vendors
from mockserver.engine.vendor import Kind
from mockserver.state import scene as scenes
from mockserver.state.clock import day
from mockserver.state.drawn import Drawn, DrawnBase, Traces
from mockserver.state.scene import People, Scene
from mockserver.state.table import Base, Record, every
from tests.toy import noon

named = scenes.load(vendors.shelf.scene("company"), now=noon).people.named


def company(people: int | None) -> Scene:
    return scenes.load(vendors.shelf.scene("company"), now=noon, seed="3", people=people)


def crowded() -> Scene:
    """One agent with more sessions than a host has places or a short id has numbers for."""
    busy = [person._replace(sessions=1100) if person.index == 3 else person for person in named]
    return Scene(People(busy), noon, "3")


crowds = {"one": lambda: company(1), "named": lambda: company(None), "grown": lambda: company(400), "crowded": crowded}


@cache
def laid(vendor: str, crowd: str) -> list[tuple[Kind, DrawnBase, Base]]:
    """The drawn kinds of a vendor, each also as it would be if all its records were kept."""
    engine = vendors.engine(vendor)
    populated = engine.vendor.populate(crowds[crowd](), engine.options)
    kinds = [(engine.kinds[name], drawn) for name, drawn in populated.items() if isinstance(drawn, Drawn)]
    return [(kind, DrawnBase(kind.layout, drawn), Base(kind.layout, list(drawn))) for kind, drawn in kinds]


each_vendor = pytest.mark.parametrize("vendor", vendors.names())
each_crowd = pytest.mark.parametrize("crowd", crowds)


@each_vendor
@each_crowd
def test_what_is_drawn_is_what_would_be_kept(vendor: str, crowd: str) -> None:
    """Every record is found by its key, every list of every index holds the same keys in the same order, and no more."""
    assert laid(vendor, crowd)
    for kind, drawn, kept in laid(vendor, crowd):
        assert len(drawn) == len(kept), kind.name
        for index, groups in kept.indexes.items():
            for group, keys in groups.items():
                assert list(drawn.keys(index, group)) == keys, (kind.name, index, group)
        for key, record in kept.records.items():
            assert list(drawn.get(key).items()) == list(record.items()), (kind.name, key)  # type: ignore[union-attr]  # it is there, or the test fails
        for key in list(kept.records)[::200]:
            fresh = DrawnBase(kind.layout, drawn.drawn)  # one that has listed nothing yet
            assert fresh.get(key) == kept.get(key), (kind.name, key)


@each_vendor
@each_crowd
def test_what_falls_due_is_known(vendor: str, crowd: str) -> None:
    """As it would be of kept records; and nothing is due before the moment that spares looking."""
    for kind, drawn, kept in laid(vendor, crowd):
        fresh = DrawnBase(kind.layout, drawn.drawn)
        assert fresh.soonest <= kept.soonest, kind.name
        assert kind.layout.due is None or fresh.soonest >= noon + day
        assert sorted(drawn.due) == sorted(kept.due), kind.name
        assert [when for when, _ in drawn.due] == [when for when, _ in kept.due]


keys = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | st.sampled_from(["P", "user_", "-", "P000000"])


@each_vendor
@given(key=keys, owner=keys)
def test_what_is_not_there_is_not_made_up(vendor: str, key: Any, owner: Any) -> None:
    """Any key, any member of a group: none, as of records that are kept."""
    for kind, drawn, kept in laid(vendor, "named"):
        assert drawn.get(key) == kept.get(key), kind.name
        for index in (each for each in kept.indexes if each != every):
            group = (owner, owner) if isinstance(next(iter(kept.indexes[index]), None), tuple) else owner
            assert list(drawn.keys(index, group)) == list(kept.keys(index, group)), (kind.name, index)


@each_vendor
def test_reading_a_person_makes_nobody_else(vendor: str) -> None:
    """In a company of a million the sessions of one person are listed, read and counted by making that person's alone."""
    engine = vendors.engine(vendor)
    scene = company(1_000_000)
    engine.vendor.subject(scene, engine.options)
    engine.vendor.credentials(scene, engine.options)
    populated = engine.vendor.populate(scene, engine.options)
    name = "userSessions" if "userSessions" in populated else "sessions"
    drawn = populated[name]
    assert isinstance(drawn, Drawn)
    made: list[int] = []

    def of(number: int) -> Iterable[Record]:
        made.append(number)
        return drawn.of(number)

    base = DrawnBase(engine.kinds[name].layout, replace(drawn, of=of))
    (record, *_) = drawn.of(person_with_sessions(scene))
    layout = engine.kinds[name].layout
    index = next(each for each in ("user", "person") if each in layout.indexes)
    key = layout.key(record)
    assert key in base.keys(index, layout.indexes[index](record))
    assert base.get(key) == record
    assert set(made) == {person_with_sessions(scene)}


def person_with_sessions(scene: Scene) -> int:
    return next(number for number in range(999_000, 1_000_000) if scene.people[number].sessions)


@given(st.lists(st.integers(0, 2**40)), st.integers(0, 2**40))
def test_traces_find_every_number_of_a_mark(marks: list[int], other: int) -> None:
    """All whose lowest 32 bits are those, in any order, and nobody else."""
    trace = Traces(lambda: [(mark, number) for number, mark in enumerate(marks)])
    for asked in (*marks, other):
        assert trace(asked) == [number for number, mark in enumerate(marks) if mark % 2**32 == asked % 2**32]
