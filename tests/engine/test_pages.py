"""Every dialect of paging: walking the pages gives the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.inferred import Inferred, Sight, Told
from mockserver.engine.pages import BeforeAfter, CursorToken, OffsetLimit, Page, Pages, Selection, link, whole
from mockserver.engine.vendor import Turn
from mockserver.errors import Refusal
from mockserver.message import Call, Json
from mockserver.state.table import Base, Layout, Table

Params = dict[str, Json]


@dataclass
class Asked:
    """As much of a turn as a dialect looks at."""

    params: Params
    call: Call = field(default_factory=lambda: Call("GET", "/things", "filter=a%20b&limit=3"))
    base: str = "https://api.example.com"
    notes: dict[str, Any] = field(default_factory=dict)


def page(dialect: Pages, chosen: Selection, params: Params) -> Page:
    return dialect.page(cast("Turn", Asked(params)), chosen)


@dataclass(frozen=True)
class Dialect:
    """How a client walks one dialect.

    size     the parameter that says how many
    onward   the parameters of the next page, None after the last one
    holds    whether the walk misses nothing although records vanish under it
    """

    pages: Pages
    size: str
    onward: Callable[[Params, Page], Params | None]
    holds: bool = False
    first: Mapping[str, Json] = field(default_factory=dict)


def by_offset(params: Params, told: Page) -> Params | None:
    return {**params, "offset": told.behind["offset"] + told.behind["limit"]} if told.behind["more"] else None


def by_cursor(params: Params, told: Page) -> Params | None:
    return {**params, "cursor": told.behind["next_cursor"]} if told.behind["more"] else None


def by(metadata: str, name: str) -> Callable[[Params, Page], Params | None]:
    def onward(params: Params, told: Page) -> Params | None:
        cursor = told.behind[metadata][name]
        return None if cursor is None else {**params, name: cursor}

    return onward


def by_link(name: str) -> Callable[[Params, Page], Params | None]:
    def onward(params: Params, told: Page) -> Params | None:
        if told.behind[name] is None:
            return None
        query = dict(parse_qsl(urlsplit(told.behind[name]).query))
        return {**params, **{key: int(value) for key, value in query.items() if value.isdecimal() and key != "limit"}}

    return onward


dialects = {
    "offset and limit": Dialect(OffsetLimit(default=3), "limit", by_offset),
    "page number, inferred": Dialect(
        Inferred({"page": "number", "per_page": "size"}, {("next_page",): Told(Sight.next, None)}), "per_page", by_link("next_page")
    ),
    "skip and link, inferred": Dialect(
        Inferred({"initialSkip": "skip", "pageSize": "size"}, {("nextLink",): Told(Sight.next, None)}), "pageSize", by_link("nextLink")
    ),
    "cursor token": Dialect(CursorToken(write=str, read=int), "limit", by_cursor, holds=True),
    "after, oldest first": Dialect(
        BeforeAfter(place=lambda _, text: text), "limit", by("list_metadata", "after"), holds=True, first={"order": "asc"}
    ),
    "after, newest first": Dialect(BeforeAfter(place=lambda _, text: text), "limit", by("list_metadata", "after"), holds=True),
    "before, normal order": Dialect(
        BeforeAfter(place=lambda _, text: text), "limit", by("list_metadata", "before"), holds=True, first={"order": "normal"}
    ),
}
every_dialect = pytest.mark.parametrize("dialect", dialects.values(), ids=dialects)
cursors_only = pytest.mark.parametrize(
    "dialect", [each for each in dialects.values() if each.holds], ids=[k for k, d in dialects.items() if d.holds]
)

ids = st.lists(st.integers(0, 60), unique=True, max_size=25)
sizes = st.integers(1, 7)


def things(keys: list[int]) -> Table:
    layout = Layout(indexes={"parity": lambda record: record["id"] % 2})
    return Table(layout, Base(layout, [{"id": key} for key in keys]))


def walk(dialect: Dialect, chosen: Selection, size: int) -> Iterator[list[int]]:
    """The ids of one page after the other. A walk that does not end is an error."""
    params: Params = {dialect.size: size, **dialect.first}
    for _ in range(200):
        told = page(dialect.pages, chosen, params)
        yield [record["id"] for record in told.records]
        onward = dialect.onward(params, told)
        if onward is None:
            return
        params = onward
    raise AssertionError("the walk does not end")


def in_order(dialect: Dialect, keys: list[int]) -> list[int]:
    """The list a walk must give: newest first where the dialect begins with those."""
    newest_first = isinstance(dialect.pages, BeforeAfter) and dialect.first.get("order") != "asc"
    return sorted(keys, reverse=newest_first)


@every_dialect
@given(keys=ids, size=sizes, parity=st.sampled_from([None, 0, 1]), filtered=st.booleans())
def test_walking_all_pages_gives_the_list(dialect: Dialect, keys: list[int], size: int, parity: int | None, filtered: bool) -> None:
    """Every record once and in order, no page longer than asked, only the last one shorter; of a group and of a filtered list too."""
    keep = (lambda record: record["id"] % 3 > 0) if filtered else None
    chosen = Selection(things(keys), "" if parity is None else "parity", parity, keep)
    expected = [key for key in keys if parity in (None, key % 2) and (not filtered or key % 3 > 0)]
    pages = list(walk(dialect, chosen, size))
    assert [key for each in pages for key in each] == in_order(dialect, expected)
    assert all(len(each) == size for each in pages[:-1])
    assert len(chosen) == len(expected)


@every_dialect
@given(keys=ids, size=sizes, gone=st.lists(st.integers(0, 60), max_size=12))
def test_a_walk_ends_and_repeats_nothing_although_records_vanish(dialect: Dialect, keys: list[int], size: int, gone: list[int]) -> None:
    """One record is deleted after each page: the walk still ends and shows no record twice."""
    table = things(keys)
    seen: list[int] = []
    vanishing = iter(gone)
    for each in walk(dialect, Selection(table), size):
        seen += each
        table.remove(next(vanishing, None))
    assert len(seen) == len(set(seen))
    assert seen == in_order(dialect, seen)


@cursors_only
@given(keys=ids, size=sizes, gone=st.lists(st.integers(0, 60), max_size=12))
def test_a_walk_by_cursor_misses_nothing_although_records_vanish(dialect: Dialect, keys: list[int], size: int, gone: list[int]) -> None:
    """Whoever is still there at the end was shown, even when the very record a cursor names is the one that vanished."""
    table = things(keys)
    seen: list[int] = []
    vanishing = iter(gone)
    for each in walk(dialect, Selection(table), size):
        seen += each
        table.remove(each[-1] if each and len(seen) % 2 else next(vanishing, None))
    assert set(table.keys()) <= set(seen)


@given(keys=ids, size=sizes, order=st.sampled_from(["asc", "desc", "normal"]))
def test_a_walk_forth_and_back_meets_the_same_records(keys: list[int], size: int, order: str) -> None:
    """From the end of a list of before-and-after cursors, the way back leads over all of it again."""
    onward, back = ("before", "after") if order == "normal" else ("after", "before")
    dialect = BeforeAfter(place=lambda _, text: text)
    pages = list(walk(Dialect(dialect, "limit", by("list_metadata", onward), first={"order": order}), Selection(things(keys)), size))
    if not pages[-1]:
        return
    params: Params | None = {"limit": size, "order": order, back: pages[-1][0]}
    seen: list[list[int]] = [pages[-1]]
    while params is not None:
        told = page(dialect, Selection(things(keys)), params)
        if told.records:
            seen.insert(0, [record["id"] for record in told.records])
        cursor = told.behind["list_metadata"][back]
        params = None if cursor is None else {"limit": size, "order": order, back: cursor}
    assert [key for each in seen for key in each] == [key for each in pages for key in each]


@given(keys=ids)
def test_without_paging_everything_comes_at_once(keys: list[int]) -> None:
    """`whole` is the list itself."""
    assert [record["id"] for record in page(whole, Selection(things(keys)), {}).records] == sorted(keys)


@given(keys=ids, size=sizes)
def test_a_selection_may_run_backwards(keys: list[int], size: int) -> None:
    """Backwards is the same list, last one first."""
    pages = walk(dialects["offset and limit"], Selection(things(keys), backwards=True), size)
    assert [key for each in pages for key in each] == sorted(keys, reverse=True)


@pytest.mark.parametrize(
    ("dialect", "params"),
    [
        (OffsetLimit(cap=100), {"offset": 99, "limit": 2}),
        (OffsetLimit(cap=100), {"offset": 10**30}),
        (CursorToken(write=str, read=int), {"cursor": "no number"}),
        (BeforeAfter(unknown=lambda _, name, cursor: Refusal(400, name, cursor)), {"after": 99}),
        (BeforeAfter(unknown=lambda _, name, cursor: Refusal(400, name, cursor)), {"before": 99}),
    ],
    ids=["too deep", "far too deep", "no cursor", "unknown after", "unknown before"],
)
def test_what_a_dialect_does_not_allow_is_refused(dialect: Pages, params: Params) -> None:
    """Too deep, and cursors that are none of ours."""
    with pytest.raises(Refusal):
        page(dialect, Selection(things([1, 2, 3])), params)


@pytest.mark.parametrize(
    ("dialect", "params", "behind"),
    [
        (OffsetLimit(), {"limit": 2, "total": True}, {"limit": 2, "offset": 0, "more": True, "total": 3}),
        (OffsetLimit(), {"limit": 2}, {"limit": 2, "offset": 0, "more": True, "total": None}),
        (OffsetLimit(), {"offset": 7}, {"limit": 25, "offset": 7, "more": False, "total": None}),
        (OffsetLimit(most=2), {"limit": 9}, {"limit": 2, "offset": 0, "more": True, "total": None}),
        (Inferred({"skip": "skip"}, {("nextLink",): Told(Sight.next, None)}), {"skip": 10**9}, {"nextLink": None}),
    ],
    ids=["counted", "uncounted", "beyond the end", "more than the most", "inferred, beyond the end"],
)
def test_what_stands_behind_a_list(dialect: Pages, params: Params, behind: dict[str, Json]) -> None:
    """What the dialect tells beside the records; a place beyond the end is an empty last page."""
    assert page(dialect, Selection(things([1, 2, 3])), params).behind == behind


def test_a_link_is_this_call_with_other_parameters() -> None:
    """Scheme, host, prefix, path and every other parameter stay; a parameter that is None is left out."""
    told = link(cast("Turn", Asked({})), {"limit": None, "page": 2})
    assert told == "https://api.example.com/things?filter=a%20b&page=2"
    assert link(cast("Turn", Asked({})), {"page": 2}) == "https://api.example.com/things?filter=a%20b&limit=3&page=2"
