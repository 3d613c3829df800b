"""Draws and ids: one seed, one history."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.state.clock import Clock
from mockserver.state.ids import Draws, base62, crockford, drawn, guid, letters, thrown, ulid
from mockserver.state.world import World

moments = st.integers(0, 2**48 - 1)
bits = st.integers(0, 2**80 - 1)


@given(st.lists(st.one_of(st.integers(), st.text("abc:/é"))), st.lists(st.integers(1, 2**80), max_size=20))
def test_the_same_key_throws_the_same_dice(key: list[object], sizes: list[int]) -> None:
    """A stream depends on its key alone, and every throw is within its bounds."""
    first, second = Draws(*key), Draws(*key)
    thrown = [first.below(size) for size in sizes]
    assert thrown == [second.below(size) for size in sizes]
    assert all(0 <= value < size for value, size in zip(thrown, sizes, strict=True))


def test_other_keys_throw_other_dice() -> None:
    """Streams of neighbouring keys have nothing in common."""
    assert len({Draws("seed", "user", index).bits(128) for index in range(10_000)}) == 10_000


@given(st.text(), st.lists(st.integers(1, 1 << 80) | st.integers(150, 256).map(lambda bits: 1 << bits)))
@example("key", [1 << 256, 1 << 250])  # what is left of one throw would do, were it not for the bias
def test_throws_at_once_are_those_of_dice(key: str, sizes: list[int]) -> None:
    """However many there are, and whether one throw is enough for them or not."""
    draws = Draws(key)
    assert thrown(key, sizes) == [draws.below(size) for size in sizes]


@pytest.mark.parametrize("size", [2, 3, 7, 100])
def test_dice_are_fair(size: int) -> None:
    """Every side comes as often as any other, within what chance allows (six standard deviations)."""
    draws, throws = Draws("fair", size), 30_000
    seen = Counter(draws.below(size) for _ in range(throws))
    expected = throws / size
    assert all(abs(seen[side] - expected) < 6 * expected**0.5 for side in range(size))


def test_one_of_a_list_a_chance_and_a_span() -> None:
    """choose, chance and between are below in other words."""
    draws = Draws("words")
    assert {draws.choose("abc") for _ in range(100)} == set("abc")  # type: ignore[arg-type]  # a text is a sequence too
    assert {draws.between(3, 5) for _ in range(100)} == {3, 4, 5}
    assert [draws.chance(0), draws.chance(100)] == [False, True]


@given(moments, moments, bits, bits)
def test_ulids_sort_as_they_were_made(earlier: int, later: int, some: int, others: int) -> None:
    """By time first, by chance within the same millisecond."""
    assert (ulid(earlier, some) < ulid(later, others)) == ((earlier, some) < (later, others))


@given(moments, bits)
def test_a_ulid_tells_its_time_and_its_bits(ms: int, some: int) -> None:
    """26 letters of Crockford's alphabet, 128 bits that read back."""
    text = ulid(ms, some)
    value = 0
    for letter in text:
        value = value * 32 + crockford.index(letter)
    assert len(text) == 26
    assert value == (ms << 80) | some


@given(st.integers(0, 2**128 - 1))
def test_a_guid_is_a_random_uuid(some: int) -> None:
    """Version 4, the variant of RFC 9562, in lower case."""
    told = uuid.UUID(guid(some))
    assert (told.version, told.variant, str(told)) == (4, uuid.RFC_4122, guid(some))


@given(st.integers(0, 62**8 - 1))
def test_letters_are_a_number_in_another_alphabet(some: int) -> None:
    """Different numbers, different letters."""
    text = letters(some, 8, base62)
    assert sum(base62.index(letter) * 62**place for place, letter in enumerate(text)) == some


def test_another_process_throws_the_same() -> None:
    """Nothing depends on the process, its hash seed least of all."""
    words = "from mockserver.state.ids import *; d = Draws('s', 'x', 1); print(d.bits(200), guid(d.bits(128)), ulid(5, d.bits(80)))"
    told = {
        subprocess.run([sys.executable, "-c", words], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("0", "1")
    }
    assert len(told) == 1


@given(st.text(), st.integers(1, 2**400))
def test_one_draw_alone_is_the_first_of_many(key: str, n: int) -> None:
    """The quick way and the dice agree."""
    assert drawn(key, n) == Draws(key).below(n)


@given(st.text(max_size=20), st.integers(1, 256))
def test_bits_of_a_world_are_those_of_its_fresh_dice(seed: str, n: int) -> None:
    """Whoever wants no more than one number takes it from the world; the draws after it are the same."""
    one, other = (World("", lambda _: {}, Clock(0), seed) for _ in range(2))
    assert [one.bits(n), one.bits(n)] == [other.draws().bits(n), other.draws().bits(n)]
    assert one.drawn == other.drawn
