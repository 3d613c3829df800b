"""Lists and how vendors page them: a selection is what a list is a page of, a dialect says which page and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from mockserver.errors import Refusal
from mockserver.message import none
from mockserver.state.table import Group, Key, Record, Table, every
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.engine.vendor import Turn

Keep = Callable[[Record], bool]


@frozen
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
        if keep is None:
            end = start + count
            chosen = keys[max(0, size - end) : max(0, size - start)][::-1] if self.backwards else keys[start:end]
            return self.table.those(chosen), end < size
        found: list[Record] = []
        for at in range(start, size):
            record = get(keys[size - 1 - at if self.backwards else at])
            if record is None or not keep(record):
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


untold: Final[Mapping[str, Any]] = MappingProxyType({})


class Page(NamedTuple):
    """One page: its records, and what is told of it.

    before, behind  what stands before and behind the list in the body
    around          what stands beside the object that the list stands in
    headers         what the reply's headers tell
    """

    records: Sequence[Record]
    before: Mapping[str, Any] = untold
    behind: Mapping[str, Any] = untold
    around: Mapping[str, Any] = untold
    headers: Mapping[str, str] = none


class Pages(Protocol):
    """A paging dialect."""

    def page(self, turn: Turn, selection: Selection) -> Page:
        """The page a turn's parameters ask for. Raises a Refusal on what the dialect does not allow."""


@frozen
class Whole:
    """No paging: everything at once."""

    def page(self, turn: Turn, selection: Selection) -> Page:
        return Page(selection.run(0, len(selection.keys))[0])


@frozen
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


def itself(table: Table, cursor: str) -> Any:
    """A cursor is the order of its record."""
    return cursor


@frozen
class BeforeAfter:
    """Ids of records as cursors: `before`, `after`, `limit`, `order` in; `list_metadata` out.

    order   "desc": newest first; "asc": oldest first; "normal": newest first with the cursors the other way round
    place   the order of the record a cursor names, or where it would stand when it is no more
    told    the cursors that are told
    """

    default: int = 10
    metadata: str = "list_metadata"
    object: str | None = "list"
    place: Callable[[Table, str], Any] = itself
    told: tuple[str, ...] = ("before", "after")
    unknown: Callable[[Turn, str, str], Refusal] | None = None

    def page(self, turn: Turn, selection: Selection) -> Page:
        order = turn.params.get("order", "desc")
        limit = turn.params.get("limit", self.default)
        table = selection.table
        places = {}
        for name in ("before", "after"):
            cursor = turn.params.get(name)
            if cursor is not None:
                if self.unknown is not None and cursor not in table:
                    raise self.unknown(turn, name, cursor)
                places[name] = self.place(table, cursor)
        turned = {"before": "after", "after": "before"} if order == "normal" else {"before": "before", "after": "after"}
        before, after = places.get(turned["before"]), places.get(turned["after"])
        listed = selection if order == "asc" else selection.reversed()
        if before is not None and after is None:
            records, earlier = listed.before(before, limit)
            later = bool(records) and bool(listed.after(table.order_of_record(records[-1]), 1)[0])
        elif after is not None:
            records, later = listed.after(after, limit)
            earlier = bool(records) and bool(listed.before(table.order_of_record(records[0]), 1)[0])
        else:
            records, later = listed.run(0, limit)
            earlier = False
        ends = {"before": records[0]["id"] if records and earlier else None, "after": records[-1]["id"] if records and later else None}
        cursors = {name: ends[turned[name]] for name in self.told}
        head = {} if self.object is None else {"object": self.object}
        return Page(records, before=head, behind={self.metadata: cursors})


@frozen
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


def link(turn: Turn, changed: Mapping[str, Any]) -> str:
    """The address of this call with some of its query parameters changed (None: left out)."""
    from urllib.parse import parse_qsl

    query = [(name, value) for name, value in parse_qsl(turn.call.query, keep_blank_values=True) if name not in changed]
    query += [(name, str(value)) for name, value in changed.items() if value is not None]
    return f"{turn.base}{turn.call.path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


whole: Final = Whole()
