"""The one clock of a world: real or frozen, set and advanced; and the few ways vendors write a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from mockserver.errors import BadOption

second: Final = 1_000
minute: Final = 60 * second
hour: Final = 60 * minute
day: Final = 24 * hour

# 1970 to the end of 2999: what vendors reckon ahead from here can still be written.
epochs: Final = range(32_503_680_000_000)

Ticker = Callable[[], float]


def possible(ms: int) -> int:
    """The same time, if a clock can stand there. Raises BadOption."""
    if ms not in epochs:
        raise BadOption("a clock goes from 1970-01-01T00:00:00Z to 2999-12-31T23:59:59Z; choose a time between")
    return ms


class Clock:
    """Milliseconds since the epoch, as this world sees them.

    A real clock runs `offset` milliseconds beside the wall; a frozen one stands at `frozen`.
    """

    __slots__ = ("frozen", "offset", "wall")

    def __init__(self, frozen: int | None = None, offset: int = 0, wall: Ticker = time.time) -> None:
        self.frozen, self.offset, self.wall = frozen, offset, wall

    @classmethod
    def told(cls, text: str) -> Clock:
        """The clock that `real` or an ISO 8601 time describes. Raises BadOption."""
        if text == "real":
            return cls()
        try:
            return cls(frozen=possible(millis(text)))
        except (ValueError, OverflowError):
            raise BadOption(f"clock {text!r} is neither `real` nor an ISO 8601 time such as 2026-01-31T09:00:00Z") from None

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self.frozen if self.frozen is not None else int(self.wall() * 1000) + self.offset

    def freeze(self, at: int | None = None) -> None:
        """Stand still, at this time or now. Raises BadOption."""
        self.frozen = self.now() if at is None else possible(at)

    def run(self) -> None:
        """Go on from where it stands."""
        if self.frozen is not None:
            self.offset = self.frozen - int(self.wall() * 1000)
            self.frozen = None

    def advance(self, by: int) -> None:
        """Jump ahead (or, negative, back) by milliseconds. Raises BadOption."""
        possible(self.now() + by)
        if self.frozen is not None:
            self.frozen += by
        else:
            self.offset += by

    def copy(self) -> Clock:
        return Clock(self.frozen, self.offset, self.wall)


@lru_cache(maxsize=8192)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).date().isoformat()


two: Final = tuple(f"{n:02d}" for n in range(60))


def _second(epoch: int) -> str:
    """strftime costs ten times as much, and a scene writes millions of times."""
    days, rest = divmod(epoch, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{_day(days)}T{two[hours]}:{two[minutes]}:{two[seconds]}"


def iso_s(ms: int) -> str:
    """2026-01-31T09:00:00Z"""
    return _second(ms // 1000) + "Z"


def iso_ms(ms: int) -> str:
    """2026-01-31T09:00:00.123Z"""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


fraction: Final = re.compile(r"\.(\d+)")


def millis(text: str) -> int:
    """Milliseconds since the epoch of an ISO 8601 time, UTC when it names no zone. Raises ValueError."""
    moment = datetime.fromisoformat(fraction.sub(lambda found: f".{found[1][:6]:0<6}", text))
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
