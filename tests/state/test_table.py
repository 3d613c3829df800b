"""Tables and worlds against plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from mockserver.state import table as tables
from mockserver.state.clock import Clock
from mockserver.state.drawn import Drawn, DrawnBase
from mockserver.state.table import Base, Layout, Record, Shared, Table
from mockserver.state.world import Snapshot, World

layout = Layout(
    order=lambda record: (record["at"], record["id"]),
    indexes={"team": lambda record: record["team"], "size": lambda record: record["size"]},
    due=lambda record: record["due"],
)
keys = st.integers(0, 12)
records = st.fixed_dictionaries(
    {
        "id": keys,
        "at": st.integers(0, 4),
        "team": st.sampled_from(["red", "blue", None]),
        "size": st.none() | st.integers(0, 2),
        "due": st.none() | st.integers(0, 5),
    }
)

Model = dict[int, Record]


def ordered(model: Model) -> list[Record]:
    return sorted(model.values(), key=layout.order)


def drawn(layout: Layout, scene: list[Record]) -> DrawnBase:
    """The records of a scene made when they are read, three to a number; teams are walked, sizes are asked of everybody."""
    numbers = range(5)
    of = {number: [record for record in scene if record["id"] // 3 == number] for number in numbers}
    holders, owners = (lambda key: [key // 3]), {"size": lambda _: range(-1, 9)}
    soonest = min([record["due"] for record in scene if record["due"] is not None], default=0)
    return DrawnBase(layout, Drawn(numbers, of.__getitem__, holders, owners, soonest=soonest))


class Worlds(RuleBasedStateMachine):
    """Any number of worlds of one scene, each with a dictionary that says what it must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[int, tuple[World, Model]] = {}

        self.patch = pytest.MonkeyPatch()

    def teardown(self) -> None:
        self.patch.undo()

    worlds = Bundle("worlds")
    snapshots = Bundle("snapshots")

    def begin(self, world: World, model: Model) -> World:
        self.told[id(world)] = (world, model)
        return world

    @initialize(
        target=worlds,
        scene=st.lists(records, unique_by=lambda record: record["id"]),
        lay=st.sampled_from([Base, drawn]),
        recent=st.sampled_from([0, 3, tables.kept_recent]),
    )
    def lay(self, scene: list[Record], lay: Callable[[Layout, list[Record]], Shared], recent: int) -> World:
        self.patch.setattr(tables, "kept_recent", recent)  # so many records of a world stay unpacked
        base = {"things": Table(layout, lay(layout, scene))}
        self.scene: Model = {record["id"]: record for record in scene}
        return self.begin(World("origin", lambda _: base, Clock(frozen=0)), dict(self.scene))

    def parts(self, world: World) -> tuple[Table, Model]:
        return world.store("vendor")["things"], self.told[id(world)][1]

    @rule(world=worlds, record=records)
    def put(self, world: World, record: Record) -> None:
        table, model = self.parts(world)
        table.put(record)
        model[record["id"]] = record

    @rule(world=worlds, key=keys, note=st.integers())
    def revise(self, world: World, key: int, note: int) -> None:
        """The usual change: another version that stands where the one before it stood."""
        table, model = self.parts(world)
        if key in model:
            model[key] = {**model[key], "note": note}
            table.put(model[key])

    @rule(world=worlds, key=keys)
    def remove(self, world: World, key: int) -> None:
        table, model = self.parts(world)
        assert table.remove(key) == model.pop(key, None)

    @rule(world=worlds, gone=st.lists(keys, unique=True))
    def drop(self, world: World, gone: list[int]) -> None:
        table, model = self.parts(world)
        assert {record["id"] for record in table.drop(gone)} == model.keys() & set(gone)
        for key in gone:
            model.pop(key, None)

    @rule(target=worlds, world=worlds)
    def fork(self, world: World) -> World:
        return self.begin(world.fork("fork"), dict(self.told[id(world)][1]))

    @rule(target=snapshots, world=worlds)
    def snapshot(self, world: World) -> tuple[Snapshot, Model, dict[str, Any], int]:
        return world.snapshot(), dict(self.told[id(world)][1]), dict(world.counters), world.clock.now()

    @rule(world=worlds, kept=snapshots)
    def rewind(self, world: World, kept: tuple[Snapshot, Model, dict[str, Any], int]) -> None:
        snapshot, model, counters, now = kept
        world.rewind(snapshot)
        self.told[id(world)] = (world, dict(model))
        assert (world.counters, world.clock.now()) == (counters, now)

    @rule(world=worlds, name=st.sampled_from("ab"))
    def count(self, world: World, name: str) -> None:
        world.counters[name] = world.counters.get(name, 0) + 1

    @rule(world=worlds, by=st.integers(0, 3))
    def advance(self, world: World, by: int) -> None:
        world.clock.advance(by)

    @rule(world=worlds)
    def draw_alike(self, world: World) -> None:
        """The same moment throws the same dice, however often it is come back to."""
        moment = world.snapshot()
        thrown = world.draws().bits(64)
        assert world.draws().bits(64) != thrown
        world.rewind(moment)
        assert world.draws().bits(64) == thrown
        world.rewind(moment)

    @invariant()
    def every_world_holds_what_its_dictionary_says(self) -> None:
        for world, model in self.told.values():
            table = world.store("vendor")["things"]
            expected = ordered(model)
            assert list(table) == table.rows() == expected
            assert len(table) == len(model)
            for key in range(14):
                assert table.get(key) == model.get(key)
                assert (key in table) == (key in model)
            for index in ("team", "size"):
                for group in ("red", "blue", 0, 1, 2, "nobody"):
                    members = [record for record in expected if record[index] == group]
                    assert table.rows(index, group) == members
                    assert table.first(index, group) == (members[0] if members else None)
            for now in range(-1, 7):
                waiting = {record["id"] for record in expected if record["due"] is not None and record["due"] <= now}
                assert set(table.overdue(now)) == waiting
                later = [record["due"] for record in expected if record["due"] is not None and record["due"] > now]
                assert table.next_due(now) == min(later, default=None)

    @invariant()
    def a_place_in_a_list_is_where_bisection_says(self) -> None:
        for world, model in self.told.values():
            table, expected = world.store("vendor")["things"], ordered(model)
            for order in ((0, -1), (1, 5), (4, 99)):
                assert table.position(order) == sum(layout.order(record) < order for record in expected)

    @invariant()
    def what_changed_is_known(self) -> None:
        """`changed` and `original` tell the difference from the scene, and nothing else does."""
        for world, model in self.told.values():
            table = world.store("vendor")["things"]
            for key, record in table.changed.items():
                assert record == model.get(key)
            assert all(table.original(key) == record for key, record in self.scene.items())
            assert {key for key in self.scene.keys() | model.keys() if self.scene.get(key) != model.get(key)} <= table.changed.keys()


TestWorlds = Worlds.TestCase
TestWorlds.settings = settings(max_examples=40, stateful_step_count=25)


def test_a_fork_shares_a_large_scene_until_somebody_writes() -> None:
    """A fork over 100,000 records copies none of them; a write copies no list and no record, nor does reading what it has not touched."""
    scene = [{"id": number, "at": number % 97, "team": "red", "size": None, "due": None} for number in range(100_000)]
    base = {"things": Table(layout, Base(layout, scene))}
    fork = World("origin", lambda _: base, Clock(frozen=0)).fork("fork").store("vendor")["things"]
    assert fork.get(7) is base["things"].get(7)
    assert not fork.changed
    fork.put({**scene[7], "size": 3})
    assert set(fork.changed) == {7}
    assert fork.get(8) is base["things"].get(8)
    assert fork.keys("team", "red") is base["things"].keys("team", "red")
    assert fork.keys("size", 3) == [7]


@given(
    st.lists(
        st.tuples(st.sampled_from([3, 500, 995]), st.sampled_from(["remove", "move", "revise", "read all", "read team"])),
        min_size=12,
        max_size=40,
    )
)
def test_a_long_list_that_was_read_stays_right_through_writes(steps: list[tuple[int, str]]) -> None:
    """Records that go, come back elsewhere or stay leave the other 1,000 in order, in each list, whichever of them is read in between."""
    table = Table(layout)
    for number in range(1000):
        table.put({"id": number, "at": number // 7, "team": "red", "size": None, "due": None})
    model: Model = {record["id"]: record for record in table.rows("team", "red")}
    for number, (key, step) in enumerate(steps):
        record = {"id": key, "at": number * 11 if step == "move" else key // 7, "team": "red", "size": None, "due": None, "note": number}
        if step.startswith("read"):
            assert (table.rows() if step == "read all" else table.rows("team", "red")) == ordered(model)
        elif step == "remove":
            assert table.remove(key) == model.pop(key, None)
        else:
            table.put(record)
            model[key] = record
    assert table.rows() == table.rows("team", "red") == ordered(model)
