"""Two paging dialects on the same lists: `page` and `per_page`, or `page[size]` with cursors."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

import orjson

from mockserver.engine.pages import Page, Selection
from mockserver.engine.vendor import Turn
from mockserver.message import Json
from mockserver.vendors.zendesk.refusals import bad_paging, paging, titled, too_deep

most: Final = 100
deepest: Final = 10_000


def cursor_of(key: int) -> str:
    """recorded: base64 of {"o": sort, "v": base64 of typed values}; an id is "i" and 64 bits, little end first."""
    value = b64encode(b"i" + key.to_bytes(8, "little", signed=True))
    return b64encode(b'{"o":"id","v":"%s"}' % value).decode()


def key_in(cursor: str) -> int:
    """The id a cursor holds. Raises ValueError, TypeError or KeyError on anything else."""
    told = orjson.loads(b64decode(cursor, validate=True))
    raw = b64decode(told["v"], validate=True)
    if told["o"] != "id" or len(raw) != 9 or raw[:1] != b"i":
        raise ValueError(cursor)
    return int.from_bytes(raw[1:], "little", signed=True)


def read_cursor(turn: Turn, name: str) -> int | None:
    """The id in a cursor parameter, or None without one. An empty one is none (inferred)."""
    cursor = turn.params.get(name)
    try:
        return key_in(cursor) if cursor else None
    except (ValueError, TypeError, KeyError):
        raise bad_paging(name) from None


def without_json(path: str) -> str:
    """recorded, sdk: every path is answered with and without it."""
    return path.removesuffix(".json")


def link(turn: Turn, changed: Mapping[str, Json]) -> str:
    """This address for another page: always `.json`, parameters sorted, brackets escaped (recorded)."""
    query = [(name, value) for name, value in parse_qsl(turn.call.query, keep_blank_values=True) if name not in paging]
    query += [(name, str(value)) for name, value in changed.items() if value is not None]
    return f"{turn.base}{without_json(turn.call.path)}.json?{urlencode(sorted(query), quote_via=quote, safe='')}"


class Pages:
    """Cursor pages when any `page[…]` is given, else offset pages (docs)."""

    def page(self, turn: Turn, selection: Selection) -> Page:
        return by_cursor(turn, selection) if any(name in turn.params for name in paging[2:]) else by_offset(turn, selection)


def by_offset(turn: Turn, selection: Selection) -> Page:
    """recorded: two links and a count. More than 100 a page are 100 (docs)."""
    number, asked = turn.params.get("page", 1), turn.params.get("per_page")
    size = min(asked or most, most)
    if number * size > deepest:
        raise too_deep()
    records, more = selection.slice((number - 1) * size, size)
    onward = link(turn, {"page": number + 1, "per_page": asked}) if more else None
    back = link(turn, {"page": number - 1, "per_page": asked}) if number > 1 else None
    return Page(records, behind={"next_page": onward, "previous_page": back, "count": len(selection)})


def by_cursor(turn: Turn, selection: Selection) -> Page:
    """recorded: a page that holds anything has both cursors and both links, the last one too; only an empty page has none."""
    if "page" in turn.params:
        raise titled(
            400, "Invalid attribute", "Invalid query parameters: expected Hash (got String) for param `page'"
        )  # inferred: what Rack says
    size, after, before = turn.params.get("page[size]", most), read_cursor(turn, "page[after]"), read_cursor(turn, "page[before]")
    if after is not None and before is not None:
        raise bad_paging("page[before]")  # docs: not together; the words are inferred
    if before is not None:
        records, more = selection.before(before, size)
    else:
        records, more = selection.run(0, size) if after is None else selection.after(after, size)
    first, last = (cursor_of(records[0]["id"]), cursor_of(records[-1]["id"])) if records else (None, None)
    links = {
        "prev": link(turn, {"page[before]": first, "page[size]": size}) if first else None,
        "next": link(turn, {"page[after]": last, "page[size]": size}) if last else None,
    }
    return Page(records, behind={"meta": {"has_more": more, "after_cursor": last, "before_cursor": first}, "links": links})
