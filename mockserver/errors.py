"""The error families, by whose fault it is.

MockServerError          whoever runs us did something wrong; the message says what to do
    BadSpec              a document that is not a usable OpenAPI document
    BadScene             a scene that cannot be read or told
    BadOption            a flag, setting or option out of range
    UnknownName          a vendor, operation, kind or option that does not exist
Refusal                  the fake says no to a client: part of the conversation, rendered by the vendor's card
ContractBroken           somebody did not keep the contract; carries the findings
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mockserver.values import frozen


class MockServerError(Exception):
    """Whoever runs us did something wrong. The text is one line: what, where, and what to do."""


class BadSpec(MockServerError):
    """A document that cannot be served, with the place in it."""


class BadScene(MockServerError):
    """A scene file that cannot be read, with the file and the place in it."""


class BadOption(MockServerError):
    """A flag or setting whose value is out of range, with what is allowed."""


class UnknownName(MockServerError):
    """A name that does not exist, with the nearest that does."""

    def __init__(self, what: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        names = sorted(known)
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names[:12]) or 'none'}"
        super().__init__(f"unknown {what} {name!r}: {hint}{' ' + remedy if remedy else ''}")
        self.name, self.near = name, near


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, whatever its case, or None when none is like it."""
    import difflib  # 5 ms, and only who errs needs it

    folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


@frozen
class Finding:
    """One breach of the contract: what came, where, and what was allowed.

    place    "query limit", "path id", "header From", "body /session/id", "reply body /data/0/id", "status"
    keyword  the rule that was broken: "type", "required", "enum", … or our own: "repeated", "encoding", "media-type", "syntax"
    message  one sentence for a person
    came     the offending value, shortened by whoever prints it
    spec     JSON pointer into the document of the rule that was broken
    """

    operation: str
    place: str
    keyword: str
    message: str
    came: Any = None
    spec: str = ""

    def __str__(self) -> str:
        return f"{self.operation}: {self.place}: {self.message}" + (f" ({self.spec})" if self.spec else "")


class Refusal(Exception):
    """The fake says no. Raised anywhere in a turn, rendered once by the card's `refuse`.

    status   the HTTP status to answer
    code     the vendor's own error code (its type is the vendor's affair)
    message  the vendor's own words
    field    the parameter or field it is about
    extra    more members for the error body
    headers  more headers for the reply
    findings what broke the contract, when that is the reason
    """

    def __init__(
        self,
        status: int,
        code: Any = None,
        message: str = "",
        *,
        field: str | None = None,
        extra: Mapping[str, Any] = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(f"{status} {code or ''} {message}".strip())
        self.status, self.code, self.message, self.field = status, code, message, field
        self.extra, self.headers, self.findings = extra, headers, findings


class ContractBroken(AssertionError):
    """Somebody did not keep the contract."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings))
