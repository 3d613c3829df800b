"""What each exchange did to its contract, for who looks afterwards: the engine finds what a vendor refuses, the audit also what it swallows."""

from __future__ import annotations

from typing import Final

from mockserver.contract.audit import audit
from mockserver.engine.journal import Exchange
from mockserver.engine.site import Site
from mockserver.errors import Finding

most_kept: Final = 20_000
ours: Final = frozenset({"own-reply", "own-error"})


class Verdicts:
    """The verdicts of a site. An exchange is looked at once, for an audit costs three times what the answer did."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._kept: dict[tuple[str, int, float], tuple[Finding, ...]] = {}

    def findings(self, exchange: Exchange) -> tuple[Finding, ...]:
        """How the call, or our own reply, left the contract. A call that matched nothing has none: there is nothing it could keep."""
        if exchange.operation is None or exchange.vendor not in self.site.engines:
            return exchange.findings
        at = (exchange.vendor, exchange.number, exchange.wall)
        found = self._kept.get(at)
        if found is None:
            if len(self._kept) >= most_kept:
                self._kept.clear()
            found = self._kept[at] = self._judged(exchange)
        return found

    def _judged(self, exchange: Exchange) -> tuple[Finding, ...]:
        engine = self.site.engines[exchange.vendor]
        _, audited = audit(engine.contract, exchange.call, engine.vendor.rewrite(exchange.call.path))
        refused = {(each.place, each.keyword) for each in exchange.findings}
        more = [each for each in audited if each.keyword != "deprecated" and (each.place, each.keyword) not in refused]
        return (*exchange.findings, *more)

    def word(self, exchange: Exchange) -> str:
        """ "kept", "broken", "unmatched"; or "ours", when our own reply would have broken the contract."""
        if exchange.reply.headers.get("Mock-Problem") in ours:
            return "ours"
        if self.findings(exchange):
            return "broken"
        return "kept" if exchange.operation else "unmatched"
