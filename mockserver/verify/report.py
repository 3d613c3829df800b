"""What came of a verification, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mockserver.verify.judge import told

if TYPE_CHECKING:
    from mockserver.verify.client import Found, Report

most_replies = 6


def lines(report: Report) -> Iterator[str]:
    """The report as text."""
    tried = ", ".join(f"{count} {mode}" for mode, count in report.cases.items())
    for number, found in enumerate(report.found, 1):
        yield f"{number}. {found.kind}{f' at {found.operation}' if found.operation else ''} ({found.case.mode})"
        yield f"     did      {found.did}"
        yield f"     sent     {told(found.case.changes)}"
        if found.allowed:
            yield f"     allowed  {found.allowed}"
        for at, each in enumerate(found.replies[-most_replies:]):
            yield f"     {'replies' if not at else '':<8} {each['request']} → {each['status']} {clip(each['body'])}"
        yield ""
    yield from (f"note: {each}" for each in report.troubles)
    count = len(report.found)
    what = f"{count} finding{'s' if count != 1 else ''}" if count else "nothing found"
    yield f"{report.vendor}: {what}; {tried or 'no cases'}; {report.runs} runs over {', '.join(report.operations) or 'no operation'}"


def clip(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def junit(report: Report) -> str:
    """The report as JUnit XML: a test case for each mode, a failure for each finding."""
    cases = []
    for mode in dict.fromkeys([*report.cases, *(found.case.mode for found in report.found)]):
        failures = [failure(found) for found in report.found if found.case.mode == mode]
        for at, each in enumerate(failures or [""]):
            name = f"{report.vendor} {mode}{f' {at + 1}' if at else ''}"
            cases.append(f'<testcase classname="mockserver.verify" name={quoteattr(name)}>{each}</testcase>')
    head = f'<testsuite name="mockserver verify" tests="{len(cases)}" failures="{len(report.found)}" errors="0">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(cases)}</testsuite>\n'


def failure(found: Found) -> str:
    return (
        f"<failure type={quoteattr(found.kind)} message={quoteattr(printable(found.reason))}>{escape(printable(found.allowed))}</failure>"
    )


def printable(text: str) -> str:
    """XML has no word for most control characters."""
    return "".join(letter if letter >= " " or letter in "\n\t" else "�" for letter in text)
