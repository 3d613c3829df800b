"""Names and paths, cut to what can be compared; and the paths of a contract, found by the last of their words that names things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockserver.contract.words import singular

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation

norm: Final = re.compile(r"[^a-z0-9]")


def plain(name: str) -> str:
    return norm.sub("", name.lower())


def trimmed(path: str) -> str:
    """The path without what stands at its end for nothing."""
    return path.rstrip("/") or "/"


def word_of(path: str) -> str:
    """The last literal word of a path."""
    return next((part.partition("(")[0] for part in reversed(path.split("/")) if part and "{" not in part), "")


def one_of(word: str) -> str:
    """One of what a word names."""
    return singular(plain(word))


Told = tuple[Mapping[str, list[str]], list[str] | None]
"""Of a path: the operations there by method, as the leaves list them, and the paths of its items; None when it is no collection."""

nothing: Final[Told] = ({}, None)


class Paths:
    """The paths of a contract. To tell of one, only those of the same word are read."""

    def __init__(self, contract: Contract) -> None:
        self.contract, self._leaves = contract, contract.document.leaves
        self._read: dict[int, tuple[str, Mapping[str, Told]]] = {}
        self._at: dict[str, dict[str, Operation]] = {}

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Where among the leaves the paths of each word are told, by one of what the word names."""
        return self._leaves.line(self._leaves.head["words"])  # type: ignore[no-any-return]  # a line is JSON, and this one was written so

    def _line(self, place: int) -> tuple[str, Mapping[str, Told]]:
        if place not in self._read:
            self._read[place] = self._leaves.line(place)
        return self._read[place]

    def _told(self, path: str) -> Told:
        return self._of(word_of(path)).get(path, nothing)

    def _of(self, word: str) -> Mapping[str, Told]:
        lines = map(self._line, self._places.get(one_of(word), ()))
        return next((paths for each, paths in lines if each == word), {})

    def at(self, path: str) -> dict[str, Operation]:
        """The operations at a path by method."""
        found = self._at.get(path)
        if found is None:
            found = self._at[path] = {method: self.contract.made(*told) for method, told in self._told(path)[0].items()}
        return found

    def items(self, path: str) -> list[str]:
        """The paths of the items of a collection."""
        return self._told(path)[1] or []

    def collects(self, path: str) -> bool:
        """Whether a path has items below it."""
        return self._told(path)[1] is not None

    def of(self, word: str) -> list[str]:
        """The paths of this word that operations are about, in the document's order."""
        return list(self._of(word))

    def about(self, one: str) -> list[str]:
        """The paths of every word that names such things."""
        return [path for place in self._places.get(one, ()) for path in self._line(place)[1]]

    def all(self) -> list[str]:
        """Every path, word by word. Looks at the whole document."""
        return [path for place in sorted(place for places in self._places.values() for place in places) for path in self._line(place)[1]]
