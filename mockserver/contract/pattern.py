"""Texts that match a regular expression."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mockserver.contract.making import Dice

# What ECMA 262 and PCRE write differently from Python.
dialect: Final = (
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\\[pP]\{(?:L|Letter|Lu|Ll|Alpha|Alphabetic)\}|\\pL"), "a-zA-Z"),
    (re.compile(r"\\[pP]\{(?:N|Nd|Digit)\}|\\pN"), "0-9"),
    (re.compile(r"\\[pP]\{[^}]*\}"), " _"),
    (re.compile(r"\\u\{([0-9A-Fa-f]{1,4})\}"), r"\\u\1"),
    (re.compile(r"\\x\{([0-9A-Fa-f]{2})\}"), r"\\x\1"),
    (re.compile(r"\\[zZ]"), "$"),
    (re.compile(r"\[:alnum:\]"), "a-zA-Z0-9"),
    (re.compile(r"\[:alpha:\]"), "a-zA-Z"),
    (re.compile(r"\[:digit:\]"), "0-9"),
    (re.compile(r"\[:space:\]"), " "),
)

printable: Final = [chr(code) for code in range(32, 127)]
plain: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
letters: Final = list(plain)


class Unwritable(Exception):
    """No text can be written for this expression."""


@lru_cache(maxsize=2048)
def tree_of(pattern: str) -> Any:
    """The parsed expression. Raises Unwritable."""
    parser = import_module("re._parser")  # the only one there is; its nodes have not changed since Python 2
    for attempt in (pattern, *(rewritten(pattern),)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return parser.parse(attempt)
        except (re.error, RecursionError, OverflowError):
            continue
    raise Unwritable("is not an expression we can read")


def rewritten(pattern: str) -> str:
    for found, instead in dialect:
        pattern = found.sub(instead, pattern)
    return pattern


def texts_like(pattern: str, dice: Dice, least: int, most: int, tries: int = 24) -> Iterator[str]:
    """Texts that the expression most likely matches, of a length as near the bounds as it lets itself be led. Raises Unwritable."""
    tree = tree_of(pattern)
    free = 3
    for attempt in range(tries):
        text = Writing(dice, free).sequence(tree)
        if least <= len(text) <= most:
            yield text
            free = (0, 8, 1, 16, 2, 36, 4)[attempt % 7]
        elif len(text) < least:
            if not pattern.endswith("$"):
                yield text + "a" * (least - len(text))
            free += max(1, (least - len(text)) // (1 + attempt // 4))
        else:
            free = max(0, free - max(1, (len(text) - most) // (1 + attempt // 4)))


class Writing:
    """One text in the writing; `free`: how often an open-ended repetition repeats."""

    def __init__(self, dice: Dice, free: int) -> None:
        self.dice, self.free = dice, free
        self.groups: dict[int, str] = {}

    def sequence(self, tree: Any) -> str:
        return "".join(self.part(str(op), told) for op, told in tree)

    def part(self, op: str, told: Any) -> str:
        match op:
            case "LITERAL":
                return chr(told)
            case "NOT_LITERAL":
                return next(letter for letter in plain if ord(letter) != told)
            case "ANY":
                return self.dice.choose(letters)
            case "IN":
                return self.one_of(told)
            case "BRANCH":
                return self.sequence(told[1][self.dice.below(len(told[1]))])
            case "SUBPATTERN":
                text = self.sequence(told[3])
                self.groups[told[0] or 0] = text
                return text
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = told
                return "".join(self.sequence(inner) for _ in range(max(low, min(int(high), self.free))))
            case "GROUPREF":
                return self.groups.get(told, "")
            case "ATOMIC_GROUP":
                return self.sequence(told)
            case _:  # anchors and assertions write nothing: whoever asked checks the text
                return ""

    def one_of(self, members: Any) -> str:
        found: list[str] = []
        negated = False
        for op, told in members:
            match str(op):
                case "NEGATE":
                    negated = True
                case "LITERAL":
                    found.append(chr(told))
                case "RANGE":
                    low, high = told
                    found += [chr(code) for code in range(low, min(high, low + 200) + 1)]
                case "CATEGORY":
                    found += category(str(told))
        if negated:
            found = [each for each in plain if each not in found] or [each for each in printable if each not in found]
        if not found:
            raise Unwritable("has a set of letters with nothing in it")
        return self.dice.choose(found)


def category(name: str) -> list[str]:
    members = {"DIGIT": "0123456789", "SPACE": " ", "WORD": plain + "_"}
    for word, letters in members.items():
        if name.endswith(f"NOT_{word}"):
            return [letter for letter in printable if letter not in letters]
        if name.endswith(word):
            return list(letters)
    return []
