"""What the fake says as itself, never as the vendor: RFC 9457 problems under a header no vendor sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mockserver.errors import Finding
from mockserver.message import Reply

header: Final = "Mock-Problem"
why: Final = "Mock-Refusal"
"""Why a document's fake refuses, where the document's own reply has no body to say it in."""

kinds: Final = {
    "unknown-path": (404, "The contract has no such path"),
    "unknown-vendor": (404, "Nothing is served at this address"),
    "unknown-method": (405, "The contract has this path, but not with this method"),
    "not-acted-out": (501, "The contract has this operation, but the fake does not act it out"),
    "bad-world": (400, "Not a name for a world"),
    "too-large": (413, "The request is larger than the fake reads"),
    "forbidden": (403, "The request came from somewhere it may not"),
    "bad-control": (400, "The control request cannot be carried out"),
    "unknown-record": (404, "There is no such thing in this world"),
    "own-reply": (500, "The fake's own reply would have broken the contract"),
    "own-error": (500, "The fake failed"),
}


def problem(kind: str, detail: str, headers: dict[str, str] | None = None, **members: Any) -> Reply:
    """A problem of one of the kinds above, told apart from every business error by its header and media type."""
    status, title = kinds[kind]
    body = {"type": f"about:mockserver/{kind}", "title": title, "status": status, "detail": detail, **members}
    return Reply(status, body, {header: kind, **(headers or {})}, media="application/problem+json")


def told(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [
        {"operation": each.operation, "place": each.place, "keyword": each.keyword, "message": each.message, "contract": each.spec}
        for each in findings
    ]
