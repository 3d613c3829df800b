"""Where choices come from. Zero is always the simplest choice, so that less entropy makes a smaller value."""

from __future__ import annotations

import random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """Gives whole numbers from 0 to n-1, for n up to 2 ** 52."""

    def below(self, n: int) -> int: ...


class Bytes:
    """Choices read from bytes, one each (more where there are more than 256 ways); when they are used up, every choice is the simplest.

    Hypothesis draws the bytes in one go and shrinks them: a whole body costs it a single draw.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def below(self, n: int) -> int:
        at, data = self._at, self._data
        if at >= len(data):
            return 0
        if n <= 256:
            self._at = at + 1
            return data[at] * n >> 8
        size = ((n - 1).bit_length() + 7) // 8
        self._at = at + size
        return int.from_bytes(data[at : at + size].ljust(size, b"\0")) * n >> 8 * size


class Chance:
    """Choices of a seeded random."""

    __slots__ = ("_random",)

    def __init__(self, seed: object) -> None:
        self._random = random.Random(str(seed)).random  # noqa: S311  # the same seed must give the same values

    def below(self, n: int) -> int:
        return int(self._random() * n)


def pick(source: Source, items: tuple[T, ...] | list[T]) -> T:
    return items[source.below(len(items))]
