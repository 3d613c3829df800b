"""The coverage of contracts as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Final

from mockserver.testing.coverage import Told, aspects, share

if TYPE_CHECKING:
    from mockserver.testing.coverage import Tally

style: Final = """
:root { color-scheme: light dark; --line: light-dark(#d4d4d8, #3f3f46); --met: light-dark(#15803d, #4ade80); --no: light-dark(#71717a, #a1a1aa); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line) }
code { font-size: .85em } .never { color: var(--no) } .figures { display: flex; gap: 2rem; flex-wrap: wrap } meter { width: 14rem }
.chip { display: inline-block; border: 1px solid var(--line); border-radius: .3rem; padding: 0 .35rem; margin: 0 .25rem .25rem 0; font-size: .8rem }
.met { border-color: var(--met); color: var(--met) } .map { display: flex; flex-wrap: wrap; gap: 3px; margin: 1rem 0 }
.map a { width: 1.1rem; height: 1.1rem; border-radius: .2rem; border: 1px solid var(--line) } .map a.met { background: var(--met) }
"""


def page(tally: Tally) -> str:
    vendors = "".join(section(name, vendor) for name, vendor in sorted(tally.vendors.items()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Contract coverage</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>'
        f"<h1>Contract coverage: {tally.percent():.1f} % of operations</h1>{vendors or '<p>No double was asked anything.</p>'}</body></html>\n"
    )


def section(name: str, vendor: Told) -> str:
    figures = "".join(figure(aspect, *share(vendor, aspect)) for aspect in aspects)
    operations = vendor["operations"].items()
    cells = "".join(
        f'<a class="{met(counts["calls"])}" href="#{escape(name)}-{escape(each)}" title="{escape(each)}: {counts["calls"]} calls"'
        f' aria-label="{escape(each)}"></a>'
        for each, counts in operations
    )
    rows = "".join(row(name, each, counts) for each, counts in operations)
    return (
        f'<section><h2>{escape(vendor["title"])}</h2><div class="figures">{figures}</div><div class="map">{cells}</div>'
        f"<table><thead><tr><th>Operation</th><th>Calls</th><th>Parameters</th><th>Statuses</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )


def figure(aspect: str, done: int, there: int) -> str:
    return f'<label>{done} of {there} {aspect}<br><meter min="0" max="{max(there, 1)}" value="{done}"></meter></label>'


def row(vendor: str, operation: str, counts: Told) -> str:
    old = " (deprecated)" if counts["deprecated"] else ""
    return (
        f'<tr id="{escape(vendor)}-{escape(operation)}"><td class="{met(counts["calls"]) or "never"}"><b>{escape(operation)}</b>{old}<br>'
        f"<code>{escape(counts['method'])} {escape(counts['path'])}</code></td><td>{counts['calls'] or 'never'}</td>"
        f"<td>{chips(counts['parameters'])}</td><td>{chips(counts['statuses'])}</td></tr>"
    )


def chips(counts: Mapping[str, int]) -> str:
    return "".join(f'<span class="chip {met(times)}" title="{times} times">{escape(name)}</span>' for name, times in counts.items())


def met(times: int) -> str:
    return "met" if times else ""
