"""Lists and how vendors page them: a selection is what a list is a page of, a dialect says which page and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, urlencode

from mockserver.errors import Refusal
from mockserver.state.table import Group, Key, Record, Table, every

if TYPE_CHECKING:
    from mockserver.engine.vendor import Turn

Keep = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """The records a list is about, in its order. Nothing is read before a page asks for it.

    index, group  which of the table's lists
    keep          which of its records, None: all
    backwards     last one first
    """

    table: Table
    index: str = every
    group: Group = None
    keep: Keep | None = None
    backwards: bool = False

    @property
    def keys(self) -> Sequence[Key]:
        return self.table.keys(self.index, self.group)

    def __len__(self) -> int:
        if self.keep is None:
            return len(self.keys)
        return sum(1 for record in self.table.rows(self.index, self.group) if self.keep(record))

    def slice(self, start: int, count: int) -> tuple[list[Record], bool]:
        """`count` records after the first `start`, and whether more follow."""
        if self.keep is None:
            return self.run(start, count)
        found, more = self.run(0, start + count)
        return found[start:], more

    def run(self, start: int, count: int) -> tuple[list[Record], bool]:
        """Up to `count` kept records from this place of the list's order on, and whether more follow."""
        keys, get, keep = self.keys, self.table.get, self.keep
        size = len(keys)
        found: list[Record] = []
        for at in range(start, size):
            record = get(keys[size - 1 - at if self.backwards else at])
            if record is None or (keep is not None and not keep(record)):
                continue
            if len(found) == count:
                return found, True
            found.append(record)
        return found, False

    def after(self, order: Any, count: int) -> tuple[list[Record], bool]:
        """Up to `count` records that come after one of this order, which need not exist any more, and whether more follow."""
        at = self.table.position(order, self.index, self.group)
        keys = self.keys
        stands = at < len(keys) and self.table.order_of(keys[at]) == order
        return self.run(len(keys) - at if self.backwards else at + stands, count)

    def before(self, order: Any, count: int) -> tuple[list[Record], bool]:
        """Up to `count` records that come just before one of this order, in the list's order, and whether more precede them."""
        records, more = self.reversed().after(order, count)
        return records[::-1], more

    def reversed(self) -> Selection:
        """The same records, the other way round."""
        return Selection(self.table, self.index, self.group, self.keep, not self.backwards)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its records, and what stands before and behind the list in the body."""

    records: Sequence[Record]
    before: Mapping[str, Any] = field(default_factory=dict)
    behind: Mapping[str, Any] = field(default_factory=dict)


class Pages(Protocol):
    """A paging dialect."""

    def page(self, turn: Turn, selection: Selection) -> Page:
        """The page a turn's parameters ask for. Raises a Refusal on what the dialect does not allow."""


@dataclass(frozen=True, slots=True)
class Whole:
    """No paging: everything at once."""

    def page(self, turn: Turn, selection: Selection) -> Page:
        return Page(selection.run(0, len(selection.keys))[0])


@dataclass(frozen=True, slots=True)
class OffsetLimit:
    """`offset` and `limit` in; `limit`, `offset`, `more` and `total` out.

    cap    offset + limit beyond this is refused by `too_deep`
    total  the name of the parameter that asks for a count; without it `total` is null
    """

    default: int = 25
    most: int = 100
    cap: int = 10_000
    total: str = "total"
    too_deep: Callable[[int], Refusal] = lambda cap: Refusal(400, "too_deep", f"offset + limit exceeds {cap}")

    def page(self, turn: Turn, selection: Selection) -> Page:
        limit = min(turn.params.get("limit", self.default), self.most)
        offset = turn.params.get("offset", 0)
        if offset + limit > self.cap:
            raise self.too_deep(self.cap)
        records, more = selection.slice(offset, limit)
        total = len(selection) if turn.params.get(self.total) else None
        return Page(records, behind={"limit": limit, "offset": offset, "more": more, "total": total})


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Ids of records as cursors: `before`, `after`, `limit`, `order` in; `list_metadata` out. The order of the table must be its key.

    order  "desc": newest first; "asc": oldest first; "normal": newest first with the cursors the other way round
    """

    default: int = 10
    metadata: str = "list_metadata"
    object: str | None = "list"
    unknown: Callable[[Turn, str, str], Refusal] | None = None

    def page(self, turn: Turn, selection: Selection) -> Page:
        order = turn.params.get("order", "desc")
        limit = turn.params.get("limit", self.default)
        after, before = turn.params.get("after"), turn.params.get("before")
        listed = selection if order == "asc" else selection.reversed()
        if order == "normal":
            after, before = before, after
        for name, cursor in (("after", turn.params.get("after")), ("before", turn.params.get("before"))):
            if cursor is not None and self.unknown is not None and cursor not in selection.table:
                raise self.unknown(turn, name, cursor)
        if before is not None and after is None:
            records, earlier = listed.before(before, limit)
            later = bool(records) and bool(listed.after(records[-1]["id"], 1)[0])
        elif after is not None:
            records, later = listed.after(after, limit)
            earlier = bool(records) and bool(listed.before(records[0]["id"], 1)[0])
        else:
            records, later = listed.run(0, limit)
            earlier = False
        cursors = {
            "before": records[0]["id"] if records and earlier else None,
            "after": records[-1]["id"] if records and later else None,
        }
        if order == "normal":
            cursors = {"before": cursors["after"], "after": cursors["before"]}
        head = {} if self.object is None else {"object": self.object}
        return Page(records, before=head, behind={self.metadata: cursors})


@dataclass(frozen=True, slots=True)
class PageNumber:
    """`page` and `per_page` in; `next_page`, `previous_page` (links) and `count` out."""

    default: int = 100
    most: int = 100
    cap: int = 10_000
    suffix: str = ""
    too_deep: Callable[[int], Refusal] = lambda cap: Refusal(400, "too_deep", f"page beyond {cap} records")

    def page(self, turn: Turn, selection: Selection) -> Page:
        size = min(max(1, turn.params.get("per_page", self.default)), self.most)
        number = max(1, turn.params.get("page", 1))
        if (number - 1) * size >= self.cap and number > 1:
            raise self.too_deep(self.cap)
        records, more = selection.slice((number - 1) * size, size)
        links = {
            "next_page": link(turn, {"page": number + 1}, self.suffix) if more else None,
            "previous_page": link(turn, {"page": number - 1}, self.suffix) if number > 1 else None,
        }
        return Page(records, behind={**links, "count": len(selection)})


@dataclass(frozen=True, slots=True)
class CursorToken:
    """`limit` and an opaque `cursor` in; `limit`, `more` and `next_cursor` out.

    write, read  the token of a record's order, and back; read raises ValueError on a token it did not write
    """

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    default: int = 25
    most: int = 100
    bad: Callable[[Turn, str], Refusal] = lambda _, cursor: Refusal(400, "bad_cursor", f"cursor {cursor!r} is none of ours")

    def page(self, turn: Turn, selection: Selection) -> Page:
        limit = min(turn.params.get("limit", self.default), self.most)
        cursor = turn.params.get("cursor")
        if cursor:
            try:
                order = self.read(cursor)
            except ValueError:
                raise self.bad(turn, cursor) from None
            records, more = selection.after(order, limit)
        else:
            records, more = selection.run(0, limit)
        last = selection.table.order_of_record(records[-1]) if records and more else None
        return Page(records, behind={"limit": limit, "more": more, "next_cursor": self.write(last) if more else None})


@dataclass(frozen=True, slots=True)
class SkipLink:
    """How many to skip and how many to give in; an absolute `nextLink` out, null on the last page."""

    skip: str = "initialSkip"
    size: str = "pageSize"
    default: int = 1000
    descending: str = "isDescending"
    next: str = "nextLink"

    def page(self, turn: Turn, selection: Selection) -> Page:
        skip, size = turn.params.get(self.skip, 0), turn.params.get(self.size, self.default)
        listed = selection.reversed() if turn.params.get(self.descending) else selection
        records, more = listed.slice(skip, size)
        onward = link(turn, {self.skip: skip + size, self.size: size}) if more else None
        return Page(records, behind={self.next: onward})


def link(turn: Turn, changed: Mapping[str, Any], suffix: str = "") -> str:
    """The address of this call with some of its query parameters changed (None: left out)."""
    from urllib.parse import parse_qsl

    query = [(name, value) for name, value in parse_qsl(turn.call.query, keep_blank_values=True) if name not in changed]
    query += [(name, str(value)) for name, value in changed.items() if value is not None]
    path = turn.call.path
    if suffix and not path.endswith(suffix):
        path += suffix
    return f"{turn.base}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


whole: Final = Whole()
