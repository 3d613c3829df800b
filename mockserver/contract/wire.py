"""From text on the wire to typed values, as the contract's styles say."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus, unquote_to_bytes

import orjson

from mockserver.message import Json

broken_escape: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
integer: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
number: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,299})(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,3})?")

Pairs = dict[str, list[str]]
"""Name to every value it was given, in order."""


class BrokenEncoding(ValueError):
    """Percent-encoding that is not one, or bytes that are not UTF-8."""


def plain(text: str) -> str:
    """One path segment, percent-decoded. Raises BrokenEncoding."""
    if broken_escape.search(text):
        raise BrokenEncoding(text)
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise BrokenEncoding(text) from None


onward_name: Final = "mock-after"
"""The query parameter of our own links to a next page, where the document has none to ask for it by. No client makes it up."""


def pairs(query: str) -> Pairs:
    """A query string or urlencoded form. Raises BrokenEncoding."""
    out: Pairs = {}
    if "%" in query and broken_escape.search(query):
        raise BrokenEncoding(query)
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                try:
                    name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
                except UnicodeDecodeError:
                    raise BrokenEncoding(part) from None
            out.setdefault(name, []).append(value)
    return out


def cookies(header: str) -> Pairs:
    """The Cookie header."""
    out: Pairs = {}
    for part in header.split(";"):
        name, found, value = part.strip().partition("=")
        if found:
            out.setdefault(name, []).append(value)
    return out


def scalar(types: Iterable[str], lenient: bool = False) -> Callable[[str], Json]:
    """Text to the one of these JSON types that it can be; text that can be none stays text, for the validator to refuse.

    lenient: `True` and `FALSE` are booleans too.
    """
    wanted = frozenset(types)
    if not wanted & {"integer", "number", "boolean", "object"}:
        return str

    def read(text: str) -> Json:
        if "integer" in wanted and integer.fullmatch(text):
            return int(text)
        if "number" in wanted and number.fullmatch(text):
            return float(text)
        if "boolean" in wanted and (text.lower() if lenient else text) in ("true", "false"):
            return text.lower() == "true"
        if "object" in wanted and text[:1] == "{":
            try:
                return orjson.loads(text)
            except orjson.JSONDecodeError:
                return text
        return text

    return read


codings: Final[Mapping[str, int]] = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""The codings of bodies that are undone (RFC 9110 §8.4.1), as zlib calls them."""

largest_body: Final = 32 * 1024 * 1024
"""In bytes, as it comes and once its coding is undone."""


def decoded(body: bytes, coding: int) -> bytes:
    """A body without its coding. Raises ValueError when it is not in it, or holds more than is read."""
    inflating = zlib.decompressobj(coding)
    try:
        plain = inflating.decompress(body, largest_body + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(plain) > largest_body:
        raise ValueError(f"it holds more than {largest_body} bytes")
    if not inflating.eof or inflating.unused_data:
        raise ValueError("it ends in the middle" if not inflating.eof else "something follows its end")
    return plain


separators: Final[Mapping[str, str]] = {
    "form": ",",
    "simple": ",",
    "spaceDelimited": " ",
    "pipeDelimited": "|",
    "label": ".",
    "matrix": ",",
}


def deep_object(given: Pairs, name: str) -> Pairs:
    """`name[key]=value` as key to values."""
    start = name + "["
    return {key[len(start) : -1]: values for key, values in given.items() if key.startswith(start) and key.endswith("]")}
