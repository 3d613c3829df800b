"""The one clock of a world."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import BadOption
from mockserver.state.clock import Clock, day, iso_ms, iso_s, millis
from tests.toy import noon

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: round(moment.replace(tzinfo=UTC).timestamp() * 1000))


class Wall:
    """A wall clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_real_clock_runs_with_the_wall() -> None:
    """Time passes as it passes outside, and an advance stays on top of it."""
    wall = Wall()
    clock = Clock(wall=wall)
    clock.advance(5_000)
    wall.seconds += 2
    assert clock.now() == 1_000_007_000


def test_a_frozen_clock_moves_only_when_told() -> None:
    """Whatever the wall does, it stands; it advances by what it is told, and back."""
    wall = Wall()
    clock = Clock(frozen=noon, wall=wall)
    wall.seconds += 1000
    assert clock.now() == noon
    clock.advance(1)
    clock.advance(-2)
    assert clock.now() == noon - 1


def test_freezing_and_running_never_jump() -> None:
    """A clock frozen without a time stands where it was, and a clock let go runs on from where it stands."""
    wall = Wall()
    clock = Clock(wall=wall)
    clock.freeze()
    wall.seconds += 1000
    assert clock.now() == 1_000_000_000
    clock.run()
    assert clock.now() == 1_000_000_000
    wall.seconds += 1
    assert clock.now() == 1_000_001_000


def test_a_copy_goes_its_own_way() -> None:
    """A world's clock is its own."""
    clock = Clock(frozen=noon)
    twin = clock.copy()
    twin.advance(day)
    assert (clock.now(), twin.now()) == (noon, noon + day)


@given(moments)
def test_times_are_written_as_the_standard_library_writes_them(ms: int) -> None:
    """To the second and to the millisecond, in UTC, for every year there is."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    assert iso_s(ms) == moment.isoformat().replace("+00:00", "Z")
    assert iso_ms(ms) == iso_s(ms)[:-1] + f".{ms % 1000:03d}Z"


@given(moments)
def test_a_written_time_reads_back(ms: int) -> None:
    """Reading is the opposite of writing."""
    assert millis(iso_ms(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-31T12:00:00Z", noon),
        ("2026-01-31T12:00:00", noon),
        ("2026-01-31T13:00:00+01:00", noon),
        ("2026-01-31T12:00:00.5Z", noon + 500),
        ("2026-01-31T12:00:00.1234567Z", noon + 123),
        ("2026-01-31", noon - day // 2),
    ],
)
def test_iso_times_are_read_in_their_many_ways(text: str, ms: int) -> None:
    """With and without a zone (then UTC), with any number of decimals."""
    assert millis(text) == ms
    assert Clock.told(text).now() == ms


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59Z", "0001-01-01", "3000-01-01", "9999-12-31T23:59:59Z"])
def test_a_time_no_vendor_could_write_is_refused(text: str) -> None:
    """A clock stays where everything reckoned from it can still be written, however it is moved."""
    for moved in (lambda: Clock.told(text), lambda: Clock().freeze(millis(text)), lambda: Clock(frozen=noon).advance(millis(text) - noon)):
        with pytest.raises(BadOption, match="a clock goes from 1970-01-01T00:00:00Z to 2999-12-31T23:59:59Z"):
            moved()


@pytest.mark.parametrize("text", ["", "now", "yesterday", "2026-13-01", "12:00", "1700000000", "9" * 100])
def test_what_is_no_time_says_what_would_be(text: str) -> None:
    """A bad --clock is one line with an example."""
    with pytest.raises(BadOption, match="is neither `real` nor an ISO 8601 time such as"):
        Clock.told(text)


def test_real_is_the_wall() -> None:
    """`real` is the default clock."""
    assert Clock.told("real").frozen is None
