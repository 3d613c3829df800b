"""How the provider pages a list: a link to follow, to the letter."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

from mockserver.engine.pages import Page, Selection, link
from mockserver.engine.vendor import Turn
from mockserver.values import frozen
from mockserver.vendors.azure.front import provider
from mockserver.vendors.azure.tokens import bytes64, text64


@frozen
class NextLink:
    """`pageSize`, `isDescending` and `initialSkip` in; an absolute `nextLink` out, null on the last page.

    The link carries where the page ended, not how much was skipped: what is revoked while somebody reads on shifts nothing.
    """

    default: int = 100

    def page(self, turn: Turn, selection: Selection) -> Page:
        params = turn.params
        size = params.get("pageSize", self.default)
        listed = selection.reversed() if params.get("isDescending") else selection
        token = params.get("$skipToken")
        if token:
            records, more = listed.after(self.read(turn, token), size)
        else:
            records, more = listed.slice(params.get("initialSkip", 0), size)
        onward = None
        if more:
            onward = link(turn, {"$skipToken": self.write(turn, selection.table.order_of_record(records[-1])), "initialSkip": None})
        return Page(records, behind={"nextLink": onward})

    def seal(self, turn: Turn, said: bytes) -> bytes:
        """Only a token of ours, for the same kind of list, is taken back."""
        return blake2b(said, digest_size=6, key=turn.operation.id.encode()).digest()

    def write(self, turn: Turn, order: Any) -> str:
        said = orjson.dumps(order)
        return text64(self.seal(turn, said) + said)

    def read(self, turn: Turn, token: str) -> Any:
        try:
            raw = bytes64(token)
            if self.seal(turn, raw[6:]) != raw[:6]:
                raise ValueError(token)
            order = orjson.loads(raw[6:])
        except ValueError:
            raise provider(turn, 400, "The skip token is not valid") from None
        return tuple(order) if isinstance(order, list) else order
