"""Records that were put away come back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.state import table as tables
from mockserver.state.packing import Packing
from mockserver.state.table import Table

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner))
records = st.dictionaries(st.text(), values)


def alike(one: Any, other: Any) -> bool:
    """Equal, of the same types, with the fields in the same order."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(alike, one.values(), other.values()))
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and one == other


@given(st.lists(records, min_size=1))
def test_what_is_packed_comes_back_exactly(told: list[dict[str, Any]]) -> None:
    """Whatever the first record was like: values, their types and the order of fields."""
    packing = Packing(told[0])
    for record in told:
        assert alike(packing.unpacked(packing.packed(record)), record)


def test_old_records_are_bytes_and_nobody_can_tell() -> None:
    """Of 5,000 sessions the first thousands are packed; each is read, listed, changed and told of as if it were not."""
    table = Table(tables.Layout(indexes={"user": lambda record: record["user"]}))
    told = [{"id": number, "user": f"user_{number % 50}", "place": ("eu", number)} for number in range(5_000)]
    for record in told:
        table.put(record)
    assert len(table.changed) == len(table) == 5_000
    assert table.rows() == list(table.changed.values()) == told
    assert table.rows("user", "user_7") == told[7::50]
    table.put({**told[7], "user": "user_8"})
    assert table.remove(8) == told[8]
    assert [record["id"] for record in table.rows("user", "user_8")][:2] == [7, 58]
    assert table.fork().rows("user", "user_9") == told[9::50]


def test_what_is_no_plain_value_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that a card fills with something of its own is stored all the same."""
    monkeypatch.setattr(tables, "kept_recent", 1)
    table, something = Table(tables.Layout()), object()
    for number in range(4):
        table.put({"id": number, "own": something})
    assert [record["own"] for record in table] == [something] * 4


def test_a_record_takes_less_when_it_is_old() -> None:
    """Three thousand more of large records hold less than a tenth of what they are made of."""
    import tracemalloc

    def put(numbers: range) -> int:
        """Bytes that are held after it and were not before."""
        before: int = tracemalloc.get_traced_memory()[0]
        for number in numbers:
            table.put({"id": number, **{f"field_{name}": f"some {name} text" for name in range(60)}})
        return tracemalloc.get_traced_memory()[0] - before

    table = Table(tables.Layout())
    tracemalloc.start()
    fresh = put(range(tables.kept_recent))
    packed = put(range(tables.kept_recent, tables.kept_recent + 3_000))
    tracemalloc.stop()
    assert packed / 3_000 < fresh / tables.kept_recent / 10
