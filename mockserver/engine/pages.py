"""Lists and how vendors page them: a selection is what a list is a page of, a dialect says which page and how it is told."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import orjson

from mockserver.errors import Refusal
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
        if keep is None:  # every key of a list has its record
            end = start + count
            chosen = keys[max(0, size - end) : max(0, size - start)][::-1] if self.backwards else keys[start:end]
            return list(map(get, chosen)), end < size  # type: ignore[arg-type]  # as said
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


@frozen
class Page:
    """One page: its records, and what stands before and behind the list in the body."""

    records: Sequence[Record]
    before: Mapping[str, Any] = field(default_factory=dict)
    behind: Mapping[str, Any] = field(default_factory=dict)


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


asking: Final[dict[str, frozenset[str]]] = {
    "skip": frozenset("offset skip start startindex startat from firstresult initialskip".split()),
    "size": frozenset(
        "limit perpage pagesize size maxresults max count top first rows take resultsperpage numresults maxitems itemsperpage pagelimit".split()
    ),
    "number": frozenset("page pagenumber pageno pageindex currentpage pagenum".split()),
    "cursor": frozenset(
        "cursor after startingafter pagetoken pagecursor nexttoken nextpagetoken marker continuationtoken continue skiptoken pageafter".split()
    ),
}
"""What a parameter of such a name (letters only, lower case) asks of a list."""

telling: Final[dict[str, frozenset[str]]] = {
    "total": frozenset(
        "total totalcount totalresults totalitems totalsize totalrecords totalelements totalhits numfound odatacount recordcount".split()
    ),
    "shown": frozenset("count size numberofelements numresults resultcount itemcount returned".split()),
    "more": frozenset("hasmore more hasnext hasnextpage ismore istruncated truncated morerecords".split()),
    "earlier": frozenset("hasprevious hasprev haspreviouspage".split()),
    "next": frozenset("next nextpage nextlink nexturl nexthref odatanextlink nextpageurl nextpagelink nextpageuri".split()),
    "previous": frozenset(
        "previous prev previouspage prevpage previouslink prevurl previousurl previouspageurl prevpageurl previouspageuri".split()
    ),
    "token": frozenset("nextcursor nextpagetoken nexttoken cursor endcursor continuationtoken nextmarker continue after".split()),
    "limit": frozenset("limit perpage pagesize itemsperpage maxresults resultsperpage".split()),
    "skip": frozenset("offset skip start startindex startat".split()),
    "number": frozenset("page pagenumber currentpage pageindex".split()),
    "pages": frozenset("totalpages pagecount pages lastpage numpages".split()),
}
"""What a member of such a name beside a list tells of it."""

beside: Final = frozenset("meta metadata pagination paging links pageinfo page responsemetadata listmetadata".split())


def letters_of(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


@frozen
class Inferred:
    """Whatever the document's names suggest: its parameters say how a page is asked for, its members how that is told.

    asked   what a parameter means, by its name: {"per_page": "size"}
    told    what a member beside the list tells, by its path: {("meta", "total"): "total"}
    whole   the members that want a number where others want a link or a token
    first   the number of the first page
    keep    further conditions on a record
    """

    asked: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    whole: frozenset[tuple[str, ...]] = frozenset()
    first: int = 1
    default: int = 20
    keep: Callable[[Turn], Keep | None] = lambda _: None

    def page(self, turn: Turn, selection: Selection) -> Page:
        given = {meaning: turn.params[name] for name, meaning in self.asked.items() if name in turn.params}
        size = number(given.get("size"), self.default) or self.default
        kept = self.keep(turn)
        if kept is not None:
            selection = replace(selection, keep=both(selection.keep, kept))
        skip = number(given.get("skip"), 0)
        if "number" in given:
            skip = max(0, number(given["number"], self.first) - self.first) * size
        order = cursor_order(selection.table, given.get("cursor"))
        records, more = selection.slice(skip, size) if order is None else selection.after(order, size)
        sight = Sight(self, turn, selection, records, skip, size, more)
        body: dict[str, Any] = {}
        for path, meaning in self.told.items():
            inner = body
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = tellers[meaning, path in self.whole](sight)
        return Page(records, behind=body)


class Sight(NamedTuple):
    """A page that somebody looks at: the dialect, the question, the list, the page of it, how many come before, how many it may hold, whether more follow."""

    dialect: Inferred
    turn: Turn
    selection: Selection
    records: Sequence[Record]
    skip: int
    size: int
    more: bool

    @property
    def names(self) -> dict[str, str]:
        """The parameter of each meaning."""
        return {meaning: name for name, meaning in self.dialect.asked.items()}

    @property
    def token(self) -> str | None:
        """The cursor of what follows."""
        return token_of(self.selection.table.order_of_record(self.records[-1])) if self.records and self.more else None

    @property
    def number(self) -> int:
        """Which page it is."""
        return self.dialect.first + self.skip // self.size

    def onward(self) -> dict[str, Any]:
        """The parameters that ask for the next page."""
        names = self.names
        if "cursor" in names:
            return {names["cursor"]: self.token}
        return {names["number"]: self.number + 1} if "number" in names else {names.get("skip", "offset"): self.skip + self.size}

    def back(self) -> dict[str, Any]:
        """The parameters that ask for the page before; none where cursors lead onward only."""
        names = self.names
        if "cursor" in names:
            return {}
        if "number" in names:
            return {names["number"]: max(self.dialect.first, self.number - 1)}
        return {names.get("skip", "offset"): max(0, self.skip - self.size)}

    def next(self) -> str | None:
        return link(self.turn, self.onward()) if self.more else None

    def previous(self) -> str | None:
        return link(self.turn, back) if self.skip and (back := self.back()) else None

    def following(self) -> Any:
        """What the next page is asked for by, where a number stands for it."""
        return next(iter(self.onward().values())) if self.more else None


plain_tellers: Final[dict[str, Callable[[Sight], Any]]] = {
    "total": lambda sight: len(sight.selection),
    "shown": lambda sight: len(sight.records),
    "more": lambda sight: sight.more,
    "earlier": lambda sight: sight.skip > 0,
    "limit": lambda sight: sight.size,
    "skip": lambda sight: sight.skip,
    "number": lambda sight: sight.number,
    "pages": lambda sight: -(-len(sight.selection) // sight.size),
    "token": lambda sight: sight.token,
    "next": Sight.next,
    "previous": Sight.previous,
}
"""What is told of a page, by its meaning."""

tellers: Final[dict[tuple[str, bool], Callable[[Sight], Any]]] = {
    **{(meaning, whole): tell for meaning, tell in plain_tellers.items() for whole in (False, True)},
    ("next", True): Sight.following, ("token", True): Sight.following, ("previous", True): lambda _: None,
}  # fmt: skip
"""The same, by whether a number is wanted."""


def number(value: Any, default: int) -> int:
    """What was given, when it is a whole number that can count something."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:12])
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12 else default


def both(one: Keep | None, other: Keep) -> Keep:
    return other if one is None else lambda record: one(record) and other(record)


def token_of(order: Any) -> str:
    """A cursor that says nothing to anybody but us: where the last record seen stood, whether or not it is still there."""
    return urlsafe_b64encode(orjson.dumps(order)).decode().rstrip("=")


def cursor_order(table: Table, cursor: Any) -> Any:
    """Where the list goes on: after our token, or after the record whose own id the cursor is. None: from the start."""
    if not isinstance(cursor, str) or not cursor:
        return None
    record = table.get(cursor)
    if record is not None:
        return table.order_of_record(record)
    try:
        order = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        return None
    return tuple(order) if isinstance(order, list) and len(order) == 2 and isinstance(order[0], int) and isinstance(order[1], str) else None


def link(turn: Turn, changed: Mapping[str, Any]) -> str:
    """The address of this call with some of its query parameters changed (None: left out)."""
    from urllib.parse import parse_qsl

    query = [(name, value) for name, value in parse_qsl(turn.call.query, keep_blank_values=True) if name not in changed]
    query += [(name, str(value)) for name, value in changed.items() if value is not None]
    return f"{turn.base}{turn.call.path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


whole: Final = Whole()
