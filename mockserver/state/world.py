"""Worlds: everything the fake remembers, one for each who asks, forked from the scene in microseconds.

Rules of this file
- All memory of a conversation is in its World: records, draws, clock, counters, outbox. Nothing a reply depends on is kept elsewhere,
  so a snapshot is the whole truth.
- The tables of a vendor are laid when it is first spoken to; the scene makes them once and every world shares them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mockserver.state.clock import Clock
from mockserver.state.ids import Draws, drawn
from mockserver.state.table import Key, Table
from mockserver.values import frozen

Stage = Callable[[str], Mapping[str, Table]]
"""The tables a vendor begins with, by kind."""


class Tables(dict[str, Table]):
    """One vendor's tables in one world by kind, each forked from the stage's when it is first asked for."""

    __slots__ = ("stage",)

    def __init__(self, stage: Mapping[str, Table], own: Mapping[str, Table] = MappingProxyType({})) -> None:
        super().__init__({kind: table.fork() for kind, table in own.items()})
        self.stage = stage

    def __missing__(self, kind: str) -> Table:
        table = self[kind] = self.stage[kind].fork()
        return table

    def overdue(self, kind: str, now: int) -> list[Key]:
        """The keys of a kind's records that are due by now, the earliest first. Asking makes no table the world's own."""
        table = self.get(kind)
        return (self.stage[kind] if table is None else table).overdue(now)


@frozen
class Post:
    """Something to be sent on: a webhook.

    due       when, in the world's milliseconds     attempt  which try this is, from 1
    endpoint  the record it is sent for             about    what it tells of, for people who look
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    due: int
    vendor: str
    attempt: int = 1
    endpoint: str = ""
    about: str = ""


@frozen
class Snapshot:
    """The whole truth about a world at one moment. at: what its clock said then, milliseconds since the epoch."""

    stores: dict[str, Tables]
    clock: Clock
    drawn: int
    counters: dict[str, Any]
    outbox: tuple[Post, ...]
    faults: tuple[Any, ...]
    options: Mapping[str, Mapping[str, str]]
    at: int


@dataclass(slots=True)
class World:
    """One world.

    seed      what its draws begin from
    counters  small numbers a vendor keeps (rate windows, sequences); values must be immutable
    outbox    what is to be sent
    journal   what was asked and answered, newest last; no part of a snapshot
    asked     how many calls there were, those the journal has let go included
    faults    what goes wrong on purpose (engine/faults.py); how often it did is in the counters
    options   by vendor, the card's switches where this world has them otherwise than the server
    checkpoints  moments kept by name; no part of a snapshot
    """

    name: str
    stage: Stage
    clock: Clock
    seed: str = "0"
    drawn: int = 0
    stores: dict[str, Tables] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)
    outbox: list[Post] = field(default_factory=list)
    journal: deque[Any] = field(default_factory=lambda: deque(maxlen=1000))
    asked: int = 0
    faults: tuple[Any, ...] = ()
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checkpoints: dict[str, Snapshot] = field(default_factory=dict)

    def store(self, vendor: str) -> Tables:
        """The vendor's tables by kind, laid when first asked for."""
        tables = self.stores.get(vendor)
        if tables is None:
            tables = self.stores[vendor] = Tables(self.stage(vendor))
        return tables

    def draws(self) -> Draws:
        """Fresh dice: each call gives others, and the same ones after a rewind."""
        self.drawn += 1
        return Draws(f"{self.seed}:world:{self.drawn}")

    def bits(self, n: int) -> int:
        """n random bits, n at most 256: what `draws().bits(n)` throws, at half the cost."""
        self.drawn += 1
        return drawn(f"{self.seed}:world:{self.drawn}", 1 << n)

    def snapshot(self) -> Snapshot:
        """What `rewind` needs to make this moment again."""
        return Snapshot(
            copied(self.stores), self.clock.copy(), self.drawn, dict(self.counters), tuple(self.outbox), self.faults, self.options,
            at=self.clock.now(),
        )  # fmt: skip

    def rewind(self, to: Snapshot) -> None:
        """Be again what the snapshot saw."""
        self.stores = copied(to.stores)
        self.clock, self.drawn = to.clock.copy(), to.drawn
        self.counters, self.outbox, self.faults, self.options = dict(to.counters), list(to.outbox), to.faults, to.options

    def fork(self, name: str) -> World:
        """A world that starts as this one and goes its own way, with a journal of its own."""
        return World(
            name, self.stage, self.clock.copy(), self.seed, self.drawn, copied(self.stores), dict(self.counters), list(self.outbox),
            faults=self.faults, options=self.options,
        )  # fmt: skip


def copied(stores: Mapping[str, Tables]) -> dict[str, Tables]:
    return {vendor: Tables(tables.stage, tables) for vendor, tables in stores.items()}


class Worlds:
    """The worlds of one server by name; a name nobody used yet is a new world forked from the scene."""

    def __init__(self, origin: World) -> None:
        self.origin = origin
        self._worlds: dict[str, World] = {}

    def get(self, name: str) -> World:
        """The world of this name."""
        world = self._worlds.get(name)
        if world is None:
            world = self._worlds[name] = self.origin.fork(name)
        return world

    def put(self, world: World) -> World:
        """Keep a world under its name, in the place of any other of that name."""
        self._worlds[world.name] = world
        return world

    def drop(self, name: str) -> bool:
        """Forget a world; the next use of its name starts from the scene. False when there was none."""
        return self._worlds.pop(name, None) is not None

    def __iter__(self) -> Iterator[World]:
        return iter(tuple(self._worlds.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._worlds
