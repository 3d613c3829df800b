"""Limits a vendor sets on callers: windows and buckets, counted by the world's clock in the world's counters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.state.world import World


@frozen
class Standing:
    """Where a caller stands after a call was counted.

    remaining  calls left, never below 0     reset    whole seconds until the limit is as new
    allowed    False: this one is too many   limit    calls in all
    """

    limit: int
    remaining: int
    reset: int
    allowed: bool


@frozen
class Window:
    """So many calls in each window of so many seconds; windows begin with the first call they count."""

    name: str
    calls: int
    seconds: int

    def spend(self, world: World, who: object, now: int, cost: int = 1) -> Standing:
        """Count a call. A call that is too many is not counted."""
        at = f"{self.name}:{who}"
        _, _, start, used = world.counters.get(at, (self, who, now, 0))
        length = self.seconds * 1000
        if not 0 <= now - start < length:
            start, used = now, 0
        allowed = used + cost <= self.calls
        used += cost if allowed else 0
        world.counters[at] = (self, who, start, used)
        return Standing(self.calls, self.calls - used, -(-(start + length - now) // 1000), allowed)


@frozen
class Bucket:
    """A bucket of tokens, refilled by so many a second."""

    name: str
    size: int
    per_second: float

    def spend(self, world: World, who: object, now: int, cost: int = 1) -> Standing:
        """Take a token. A call that finds none takes none."""
        at = f"{self.name}:{who}"
        _, _, then, left = world.counters.get(at, (self, who, now, float(self.size)))
        left = min(float(self.size), left + max(0, now - then) / 1000 * self.per_second)
        allowed = left >= cost
        left -= cost if allowed else 0
        world.counters[at] = (self, who, now, left)
        wait = 0 if left >= 1 else -(-(1 - left) // self.per_second)
        return Standing(self.size, int(left), int(wait), allowed)


def standings(world: World) -> Iterator[tuple[str, str, Standing]]:
    """Every limit that calls of this world were counted against: its name, whose calls ("": all), and where they stand now."""
    now, trial = world.clock.now(), world.fork(world.name)  # looking begins no window
    for kept in world.counters.values():
        if isinstance(kept, tuple) and isinstance(kept[0], Window | Bucket):
            yield kept[0].name, str(kept[1]), kept[0].spend(trial, kept[1], now, cost=0)
