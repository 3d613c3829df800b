"""Text on the wire into typed values."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract import wire
from mockserver.message import Json

texts = st.text(st.characters(exclude_categories=["Cs"]))
queries = st.text("abz019-_.~%+&=; /?é\0") | st.binary().map(lambda raw: raw.decode("latin-1"))


@given(texts)
def test_a_quoted_segment_comes_back_as_it_was(text: str) -> None:
    """Whatever a client percent-encodes into a path segment, NUL and slashes included, is what the fake reads."""
    assert wire.plain(quote(text, safe="")) == text


@given(st.lists(st.tuples(texts, texts)))
def test_an_encoded_query_comes_back_as_it_was(given_pairs: list[tuple[str, str]]) -> None:
    """Every name keeps all its values in order, as the standard library's own writer wrote them."""
    told = wire.pairs(urlencode(given_pairs))
    expected: dict[str, list[str]] = {}
    for name, value in given_pairs:
        expected.setdefault(name, []).append(value)
    assert told == expected


@given(queries)
def test_any_query_is_read_or_called_broken(query: str) -> None:
    """No query makes anything but values or BrokenEncoding; a readable one reads as the standard library reads it."""
    try:
        told = wire.pairs(query)
    except wire.BrokenEncoding:
        return
    assert told == parse_qs(query, keep_blank_values=True, separator="&")


@pytest.mark.parametrize("text", ["%", "%4", "%zz", "a%", "%ff", "%c3%28", "%ed%a0%80"])
def test_broken_percent_encoding_is_named_as_such(text: str) -> None:
    """Half escapes, letters that are no hex digits and bytes that are not UTF-8 are refused in paths and in queries."""
    with pytest.raises(wire.BrokenEncoding):
        wire.plain(text)
    for query in (f"a={text}", f"{text}=a"):
        with pytest.raises(wire.BrokenEncoding):
            wire.pairs(query)


@pytest.mark.parametrize(
    ("types", "text", "value"),
    [
        (["integer"], "7", 7),
        (["integer"], "-7", -7),
        (["integer"], "007", "007"),
        (["integer"], "7.0", "7.0"),
        (["integer"], "1_000", "1_000"),
        (["integer"], " 7", " 7"),
        (["integer"], "٧", "٧"),
        (["integer"], "", ""),
        (["number"], "1e3", 1000.0),
        (["number"], "nan", "nan"),
        (["number"], "infinity", "infinity"),
        (["number"], "0x10", "0x10"),
        (["boolean"], "true", True),
        (["boolean"], "True", "True"),
        (["boolean"], "1", "1"),
        (["string"], "true", "true"),
        (["string", "integer"], "7", 7),
        (["object"], '{"a":1}', {"a": 1}),
        (["object"], "{a", "{a"),
        ([], "7", "7"),
    ],
    ids=str,
)
def test_a_text_becomes_the_type_it_can_be(types: list[str], text: str, value: Json) -> None:
    """Numbers as JSON writes them and nothing more; what can be none of the types stays text, for the validator to refuse."""
    told = wire.scalar(types)(text)
    assert (told, type(told)) == (value, type(value))


@pytest.mark.parametrize("text", ["9" * 30, "-" + "9" * 399, "9" * 10_000])
def test_a_huge_integer_breaks_nothing(text: str) -> None:
    """An integer of any length is read exactly or stays text; it is never an error of ours."""
    assert str(wire.scalar(["integer"])(text)) == text


def test_a_lenient_reader_takes_booleans_in_any_case() -> None:
    """Vendors that ignore case take TRUE and False for booleans."""
    read = wire.scalar(["boolean"], lenient=True)
    assert [read(text) for text in ("TRUE", "False", "true", "yes")] == [True, False, True, "yes"]


@given(st.dictionaries(st.text("abc", min_size=1), texts))
def test_deep_objects_are_gathered_by_their_name(fields: dict[str, str]) -> None:
    """`filter[a]=1&filter[b]=2` is one object; other names are left alone."""
    given_pairs = wire.pairs(urlencode({**{f"filter[{key}]": value for key, value in fields.items()}, "filter": "x", "filters[a]": "x"}))
    assert wire.deep_object(given_pairs, "filter") == {key: [value] for key, value in fields.items()}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("a=1; b=2", {"a": ["1"], "b": ["2"]}),
        ("a=1;b=2;;", {"a": ["1"], "b": ["2"]}),
        ("a=x=y", {"a": ["x=y"]}),
        ("a=1; a=2", {"a": ["1", "2"]}),
        ("nonsense", {}),
        ("", {}),
    ],
)
def test_cookies_are_read_from_their_header(header: str, told: wire.Pairs) -> None:
    """Pairs are split at semicolons, values may hold equals signs, and what is no pair is left out."""
    assert wire.cookies(header) == told
