"""The dialect of a document's lists: its parameters' names say how a page is asked for, its members' and headers' names how that is told.

Rules of this file
- Whoever follows what a page tells of the next one meets every record once, and comes to an end.
- What is told keeps the document's own types; where there is nothing to tell, nothing is told.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from mockserver.contract.operation import always
from mockserver.contract.wire import BrokenEncoding, onward_name, pairs
from mockserver.engine.pages import Keep, Page, Selection, link
from mockserver.engine.vendor import nothing
from mockserver.errors import Refusal
from mockserver.message import NOTHING, Json
from mockserver.state.table import Record, Table

if TYPE_CHECKING:
    from mockserver.engine.vendor import Turn

asking: Final[dict[str, frozenset[str]]] = {
    "skip": frozenset("offset skip start startindex startat from firstresult initialskip pageoffset".split()),
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
    "opening": frozenset("first firstpage firsturl firstlink firstpageurl".split()),
    "closing": frozenset("last lasturl lastlink lastpageurl".split()),
    "here": frozenset("self current currenturl currentlink".split()),
    "token": frozenset("nextcursor nextpagetoken nexttoken cursor endcursor continuationtoken nextmarker continue after".split()),
    "limit": frozenset("limit perpage pagesize itemsperpage maxresults resultsperpage".split()),
    "skip": frozenset("offset skip start startindex startat".split()),
    "number": frozenset("page pagenumber currentpage pageindex number".split()),
    "pages": frozenset("totalpages pagecount pages lastpage numpages".split()),
}
"""What a member or a header of such a name beside a list tells of it."""

beside: Final = frozenset("meta metadata pagination paging links pageinfo page responsemetadata listmetadata".split())


def letters_of(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def meaning_of(name: str, table: Mapping[str, frozenset[str]]) -> str:
    """What a name means by one of the tables above, "" when it means nothing there."""
    letters = letters_of(name)
    return next((meaning for meaning, names in table.items() if letters in names), "")


Path = tuple[str, ...]


class Told(NamedTuple):
    """How one thing is told: by what, and what stands there when there is nothing to tell (NOTHING: it is left out)."""

    tell: Teller
    otherwise: Json = NOTHING
    as_text: bool = False

    def of(self, sight: Sight) -> Json:
        value = self.tell(sight)
        return self.otherwise if value is None else str(value) if self.as_text else value


usual_size: Final = 20

untold: Final[Mapping[Path, Told]] = MappingProxyType({})


class Inferred:
    """Whatever the document's names suggest.

    asked   what a parameter means, by its name: {"per_page": "size"}
    told    what members beside the list tell, by their paths: {("meta", "total"): …}
    around  the same of members beside the object that the list stands in
    headed  the same of headers
    old     the parameters that nobody should use any more: understood, but never asked with
    first   the number of the first page
    default how many a page holds where nobody says, or asks for none
    fits    whether the document takes such a text for its cursor
    keep    further conditions on a record
    names   the parameter that asks for each meaning
    way     how the next page is asked for: "cursor", "number" or "skip" by a parameter, "link" by following a link only, "" not at all
    """

    def __init__(
        self,
        asked: Mapping[str, str] = nothing,
        told: Mapping[Path, Told] = untold,
        around: Mapping[Path, Told] = untold,
        headed: Mapping[str, Told] = nothing,
        old: frozenset[str] = frozenset(),
        first: int = 1,
        default: int = usual_size,
        fits: Callable[[str], bool] = always,
        keep: Callable[[Turn], Keep | None] = lambda _: None,
    ) -> None:
        self.asked, self.told, self.around, self.headed = asked, told, around, headed
        self.first, self.default, self.fits, self.keep = first, default, fits, keep
        self.names = {meaning: name for name, meaning in asked.items() if name not in old}
        linked = any(each.tell in leading for told in (told, around, headed) for each in told.values())
        self.way = next((way for way in ("cursor", "number", "skip") if way in self.names), "link" if linked else "")

    def page(self, turn: Turn, selection: Selection) -> Page:
        given = {meaning: turn.params[name] for name, meaning in self.asked.items() if name in turn.params}
        kept = self.keep(turn)
        if kept is not None:
            selection = replace(selection, keep=both(selection.keep, kept))
        # A list that nobody could go on with comes whole, unless less is asked for.
        size = number(given.get("size"), 0) or (self.default if self.way else max(1, len(selection.keys)))
        skip = number(given.get("skip"), 0)
        if "number" in given:
            skip = max(0, number(given["number"], self.first) - self.first) * size
        cursor = given.get("cursor") if self.way != "link" else followed(turn)
        try:
            order = cursor_order(selection, cursor)
        except ValueError:
            return self.lost(turn, selection, cursor, size)
        records, more = selection.slice(skip, size) if order is None else selection.after(order, size)
        return self.seen(Sight(self, turn, selection, records, skip, size, more, order is not None or skip > 0))

    def seen(self, sight: Sight) -> Page:
        page = Page(sight.records, behind=body_of(self.told, sight))
        if not self.around and not self.headed:
            return page
        headers = {name: str(value) if (value := told.of(sight)) is not NOTHING else "" for name, told in self.headed.items()}
        return page._replace(around=body_of(self.around, sight), headers=headers)

    def lost(self, turn: Turn, selection: Selection, cursor: Json, size: int) -> Page:
        """What a cursor that is none of ours leads to: a client that makes its own must not be kept happy with the first page for ever."""
        if turn.operation.answer(400) or turn.operation.answer(422):
            raise Refusal(400, "bad_cursor", f"{cursor!r} is no cursor of this list", field=self.names.get("cursor", ""))
        return self.seen(Sight(self, turn, selection, [], 0, size, more=False, begun=True))


def body_of(told: Mapping[Path, Told], sight: Sight) -> dict[str, Any]:
    """What members tell of a page."""
    body: dict[str, Any] = {}
    for path, each in told.items():
        value = each.of(sight)
        if value is NOTHING:
            continue
        inner = body
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    return body


class Sight(NamedTuple):
    """A page that somebody looks at: the dialect, the question, the list, the page of it, how many come before, how many it may hold,
    whether more follow, whether something came before."""

    dialect: Inferred
    turn: Turn
    selection: Selection
    records: Sequence[Record]
    skip: int
    size: int
    more: bool
    begun: bool

    @property
    def token(self) -> str | None:
        """The cursor of what follows: a token that says nothing, or the record's own id where the document takes no such text."""
        if not self.records or not self.more:
            return None
        table, last = self.selection.table, self.records[-1]
        token = token_of(table.order_of_record(last))
        return token if self.dialect.fits(token) else str(getattr(last, "id", token))

    @property
    def number(self) -> int:
        """Which page it is."""
        return self.dialect.first + self.skip // self.size

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-len(self.selection) // self.size)

    def moved(self, skip: int) -> dict[str, Any]:
        """The parameters of the page that begins after so many records; {} where pages are not counted."""
        dialect = self.dialect
        match dialect.way:
            case "number":
                return {dialect.names["number"]: dialect.first + skip // self.size}
            case "skip":
                return {dialect.names["skip"]: skip}
        return {}

    def onward(self) -> dict[str, Any]:
        """The parameters that ask for the next page."""
        match self.dialect.way:
            case "cursor":
                return {self.dialect.names["cursor"]: self.token}
            case "link":
                return {onward_name: self.token}
        return self.moved(self.skip + self.size)

    def next(self) -> str | None:
        return link(self.turn, onward) if self.more and (onward := self.onward()) else None

    def previous(self) -> str | None:
        return link(self.turn, back) if self.skip and (back := self.moved(max(0, self.skip - self.size))) else None

    def opening(self) -> str:
        return link(self.turn, self.moved(0) or {self.dialect.names.get("cursor", ""): None, onward_name: None})

    def closing(self) -> str | None:
        return link(self.turn, last) if (last := self.moved(max(0, self.pages - 1) * self.size)) else None

    def here(self) -> str:
        return link(self.turn, {})

    def links(self) -> str:
        """A Link header (RFC 8288)."""
        told = {"prev": self.previous(), "next": self.next(), "first": self.opening(), "last": self.closing()}
        return ", ".join(f'<{url}>; rel="{name}"' for name, url in told.items() if url)

    def following(self) -> Any:
        """What the next page is asked for by."""
        return next(iter(self.onward().values()), None) if self.more else None

    def preceding(self) -> Any:
        return next(iter(self.moved(max(0, self.skip - self.size)).values()), None) if self.skip else None


Teller = Callable[[Sight], Any]

leading: Final[frozenset[Teller]] = frozenset({Sight.next, Sight.links})
"""Those that lead to the next page whatever the parameters are."""

counts: Final[Mapping[str, Teller]] = {
    "total": lambda sight: len(sight.selection),
    "shown": lambda sight: len(sight.records),
    "limit": lambda sight: sight.size,
    "skip": lambda sight: sight.skip,
    "number": lambda sight: sight.number,
    "pages": lambda sight: sight.pages,
}
flags: Final[Mapping[str, Teller]] = {
    **dict.fromkeys(("more", "next"), lambda sight: sight.more),
    **dict.fromkeys(("earlier", "previous"), lambda sight: sight.begun),
    "opening": lambda sight: not sight.begun,
    "closing": lambda sight: not sight.more,
}
links: Final[Mapping[str, Teller]] = {
    "next": Sight.next, "previous": Sight.previous, "opening": Sight.opening, "closing": Sight.closing, "here": Sight.here, "links": Sight.links,
}  # fmt: skip
steps: Final[Mapping[str, Teller]] = {
    **dict.fromkeys(("next", "token"), Sight.following), "previous": Sight.preceding, "closing": counts["pages"], "here": counts["number"],
}  # fmt: skip

tellers: Final[Mapping[str, Mapping[str, Teller]]] = {
    "boolean": flags,
    "integer": {**counts, **steps},
    "link": {**counts, **links, "token": Sight.following},
    "step": {**counts, **links, **steps},
}
"""What is told of a page, by what the value is (a text is a link, or what stands in a parameter), and by its meaning."""


def number(value: Any, default: int) -> int:
    """What was given, when it is a whole number that can count something; what is beyond any list stays beyond it."""
    if value is None:
        return default
    if isinstance(value, str) and value.isdecimal():
        value = int(value[:13])
    return int(min(value, 1e12)) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else default


def both(one: Keep | None, other: Keep) -> Keep:
    return other if one is None else lambda record: one(record) and other(record)


def followed(turn: Turn) -> str | None:
    """The cursor of a link of ours that was followed."""
    if onward_name not in turn.call.query:
        return None
    try:
        return pairs(turn.call.query).get(onward_name, [None])[-1]
    except BrokenEncoding:
        return None


def token_of(order: Any) -> str:
    """A cursor that says nothing to anybody but us: where the last record seen stood, whether or not it is still there."""
    return urlsafe_b64encode(orjson.dumps(order)).decode().rstrip("=")


def cursor_order(selection: Selection, cursor: Any) -> Any:
    """Where the list goes on: after our token, or after the record whose own id the cursor is. None: from the start. Raises ValueError
    on what is neither."""
    if cursor is None or cursor == "":
        return None
    table, text = selection.table, str(cursor)
    record = named(selection, table, text)
    if record is not None:
        return table.order_of_record(record)
    order = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not (isinstance(order, list) and len(order) == 2 and isinstance(order[0], int) and isinstance(order[1], str)):
        raise ValueError(text)
    return tuple(order)


def named(selection: Selection, table: Table, ident: str) -> Record | None:
    """The record of the list with this id."""
    found = (table.get(key) for key in (ident, *table.keys("id", ident)))
    return next((each for each in found if each is not None and (selection.keep is None or selection.keep(each))), None)
