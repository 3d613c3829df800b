"""Draws and ids: everything that looks random comes from a seed, so the same seed gives the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

crockford: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
base36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
base62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

pairs32: Final = [a + b for a in crockford for b in crockford]


class Draws:
    """A stream of draws from one key: a large number taken digit by digit (about 0.2 µs each)."""

    __slots__ = ("_key", "_pool", "_turn")

    def __init__(self, *key: object) -> None:
        self._key = ":".join(map(str, key))
        self._turn = 0
        self._pool = 0

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        pool = self._pool
        if pool < n << 16:  # 16 bits beyond the size of n: a bias under 1 in 65,536
            pool = self._refilled(n << 16)
        self._pool, value = divmod(pool, n)
        return value

    def _refilled(self, least: int) -> int:
        pool = 0
        while pool < least:
            digest = blake2b(f"{self._key}/{self._turn}".encode()).digest()
            pool = pool << 512 | int.from_bytes(digest, "little")
            self._turn += 1
        return pool

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def choose(self, items: tuple[T, ...] | list[T]) -> T:
        """One of these."""
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        """True this many times in a hundred."""
        return self.below(100) < percent

    def bits(self, n: int) -> int:
        """n random bits, n at most 256."""
        return self.below(1 << n)


def drawn(key: str, n: int) -> int:
    """What `Draws(key).below(n)` is when it is the first draw, for n of less than 400 bits, at half the cost."""
    return int.from_bytes(blake2b(f"{key}/0".encode()).digest(), "little") % n


def thrown(key: str, sizes: Iterable[int]) -> list[int]:
    """What `Draws(key).below(n)` gives for each of these n in turn, at half the cost where one throw is enough for all."""
    pool, found = int.from_bytes(blake2b(f"{key}/0".encode()).digest(), "little"), []
    for n in sizes:
        if pool < n << 16:
            below = Draws(key).below
            return [below(each) for each in sizes]
        pool, value = divmod(pool, n)
        found.append(value)
    return found


def letters(bits: int, count: int, alphabet: str = base36) -> str:
    """This many letters of an alphabet, from a number."""
    out = []
    for _ in range(count):
        bits, digit = divmod(bits, len(alphabet))
        out.append(alphabet[digit])
    return "".join(out)


def ulid(ms: int, bits: int) -> str:
    """A ULID: 48 bits of time, 80 of chance, so that ids sort as they were made."""
    two, high, low = pairs32, (bits >> 40) & 0xFFFFFFFFFF, bits & 0xFFFFFFFFFF
    return (
        f"{ulid_time(ms)}{two[high >> 30]}{two[high >> 20 & 1023]}{two[high >> 10 & 1023]}{two[high & 1023]}"
        f"{two[low >> 30]}{two[low >> 20 & 1023]}{two[low >> 10 & 1023]}{two[low & 1023]}"
    )


@lru_cache(maxsize=4096)
def ulid_time(ms: int) -> str:
    """The first ten letters of a ULID: its time."""
    return "".join([pairs32[(ms >> shift) & 1023] for shift in (40, 30, 20, 10, 0)])


def guid(bits: int) -> str:
    """A random (version 4) UUID."""
    value = bits & ((1 << 128) - 1)
    value = (value & ~(0xF << 76)) | (4 << 76)
    value = (value & ~(3 << 62)) | (2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
