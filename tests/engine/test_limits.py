"""Limits are counted by the world's clock, in the world."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.limits import Bucket, Window, standings
from mockserver.state.clock import Clock
from mockserver.state.world import World

waits = st.lists(st.integers(0, 20_000), max_size=60)


def world() -> World:
    return World("w", lambda _: {}, Clock(frozen=0))


@given(waits, st.integers(1, 8))
def test_a_window_lets_so_many_pass(waits: list[int], calls: int) -> None:
    """Against a naive count: windows begin with the call they count first, and what was refused was not counted."""
    here, window, now = world(), Window("w", calls, 10), 0
    began, used = 0, calls + 1
    for wait in waits:
        now += wait
        if used > calls or now - began >= 10_000:
            began, used = now, 0
        told = window.spend(here, "ada", now)
        assert told.allowed == (used < calls)
        used = min(used + 1, calls)
        assert (told.limit, told.remaining) == (calls, calls - used)
        assert 0 < told.reset <= 10
        assert (now + told.reset * 1000) >= began + 10_000


def test_a_window_is_new_when_it_says_so() -> None:
    """Whoever waits as many seconds as `reset` says is let in."""
    here, window = world(), Window("w", 1, 10)
    window.spend(here, "ada", 1_234)
    refused = window.spend(here, "ada", 5_678)
    assert (refused.allowed, refused.remaining) == (False, 0)
    assert window.spend(here, "ada", 5_678 + refused.reset * 1000).allowed


@given(waits, st.integers(1, 8), st.floats(0.05, 5))
def test_a_bucket_never_gives_more_than_flowed_in(waits: list[int], size: int, per_second: float) -> None:
    """Its size and its flow bound what any stretch of time can take, and it never tells of more than it holds."""
    here, bucket, now, taken = world(), Bucket("b", size, per_second), 0, 0
    for wait in waits:
        now += wait
        told = bucket.spend(here, "ada", now)
        taken += told.allowed
        assert 0 <= told.remaining <= size
    assert taken <= size + now / 1000 * per_second + 1e-6


@given(st.integers(1, 5), st.floats(0.05, 5))
def test_a_bucket_refills_when_it_says_so(size: int, per_second: float) -> None:
    """Whoever waits as many seconds as `reset` says is let in again."""
    here, bucket = world(), Bucket("b", size, per_second)
    while (told := bucket.spend(here, "ada", 0)).allowed:
        pass
    assert bucket.spend(here, "ada", told.reset * 1000).allowed


def test_callers_and_limits_do_not_share() -> None:
    """Each caller has a count of its own in each limit."""
    here = world()
    first, second = Window("first", 1, 10), Window("second", 1, 10)
    assert first.spend(here, "ada", 0).allowed
    assert first.spend(here, "ben", 0).allowed
    assert second.spend(here, "ada", 0).allowed
    assert not first.spend(here, "ada", 0).allowed


def test_counts_are_part_of_a_snapshot() -> None:
    """A world that is rewound has spent what it had spent then; a fork goes on by itself."""
    here, window = world(), Window("w", 2, 10)
    window.spend(here, "ada", 0)
    moment, fork = here.snapshot(), here.fork("f")
    window.spend(here, "ada", 0)
    assert not window.spend(here, "ada", 0).allowed
    assert window.spend(fork, "ada", 0).allowed
    here.rewind(moment)
    assert window.spend(here, "ada", 0).allowed


def test_a_clock_that_goes_back_does_not_lock_anybody_out() -> None:
    """After a jump back in time the windows begin anew and the buckets hold what they held."""
    here, window, bucket = world(), Window("w", 1, 10), Bucket("b", 2, 1)
    assert window.spend(here, "ada", 100_000).allowed
    assert window.spend(here, "ada", 50_000).allowed
    assert bucket.spend(here, "ada", 100_000).allowed
    assert bucket.spend(here, "ada", 50_000).allowed


def test_whoever_looks_sees_how_full_each_limit_is() -> None:
    """Every limit and caller that was counted, as things stand now; looking counts nothing and begins no window."""
    here, window, bucket = world(), Window("library:window", 5, 10), Bucket("library:bucket", 4, 0.5)
    assert list(standings(here)) == []
    for who in ("ada", "ada", "ben"):
        window.spend(here, who, 0)
    bucket.spend(here, "", 0)
    here.counters["library:numbers"] = 7
    here.clock.advance(1_000)
    seen = [(name, who, each.limit, each.remaining, each.reset) for name, who, each in standings(here)]
    assert seen == [("library:window", "ada", 5, 3, 9), ("library:window", "ben", 5, 4, 9), ("library:bucket", "", 4, 3, 0)]
    here.clock.advance(10_000)
    assert [each.remaining for _, _, each in standings(here)] == [5, 5, 4]
    here.clock.advance(-10_000)
    assert seen == [(name, who, each.limit, each.remaining, each.reset) for name, who, each in standings(here)]
