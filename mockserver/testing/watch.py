"""The clock of a test's world, in the words of people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mockserver.engine.clockwork import passing, settle
from mockserver.errors import BadOption
from mockserver.state.clock import millis

if TYPE_CHECKING:
    from mockserver.testing.bench import Bench

Moment = datetime | str


class Watch:
    """Freeze it, set it, advance it: expiry, rate windows and Retry-After follow."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def now(self) -> datetime:
        """The time in this world, UTC."""
        return datetime.fromtimestamp(self._bench.world.clock.now() / 1000, UTC)

    @property
    def frozen(self) -> bool:
        return self._bench.world.clock.frozen is not None

    def freeze(self, at: Moment | None = None) -> None:
        """Stand still, now or at this time: a datetime or "2026-01-31T09:00:00Z"."""
        moment = None if at is None else told(at)
        with self._bench.host.lock:
            self._bench.world.clock.freeze(moment)
            settle(self._bench.site, self._bench.world)
            self._bench.mail()

    def set(self, at: Moment) -> None:
        """Be at this time; a clock that runs goes on from there. Going ahead, everything due on the way happens in order."""
        self.advance(timedelta(milliseconds=told(at) - self._bench.world.clock.now()))

    def advance(self, by: timedelta | float = 0, /, **units: float) -> None:
        """Jump ahead by seconds, a timedelta, or `days=…, hours=…, minutes=…`; everything due on the way happens in order."""
        try:
            span = (by if isinstance(by, timedelta) else timedelta(seconds=by)) + timedelta(**units)
        except (TypeError, OverflowError):
            raise BadOption(f"advance takes seconds, a timedelta or days, hours, minutes, seconds; not {by!r} {units or ''}") from None
        world, milliseconds = self._bench.world, round(span / timedelta(milliseconds=1))
        with self._bench.host.lock:
            if milliseconds > 0:
                for _ in passing(self._bench.site, world, world.clock.now() + milliseconds):
                    self._bench.mail()
            else:
                world.clock.advance(milliseconds)

    def run(self) -> None:
        """Go on from where it stands."""
        self._bench.world.clock.run()


def told(at: Moment) -> int:
    """A moment as milliseconds since the epoch."""
    if isinstance(at, datetime):
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    try:
        return millis(at)
    except (TypeError, ValueError):
        raise BadOption(f"{at!r} is neither a datetime nor an ISO 8601 time such as 2026-01-31T09:00:00Z") from None
