"""How PagerDuty says no: one envelope, a table of codes, and the two bodies that do not keep to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.engine.vendor import Turn
from mockserver.errors import Finding, Refusal
from mockserver.message import Json, Reply

sayings: Final[Mapping[int, tuple[int | None, str]]] = {
    # docs: the table of error codes
    400: (2001, "Invalid Input Provided"),
    401: (2006, "Authentication failed"),
    402: (2014, "Missing Account Ability"),
    403: (2010, "Access Denied"),
    404: (2100, "Not Found"),
    429: (2020, "Rate Limit Exceeded"),
    500: (2000, "An internal error has occurred. PagerDuty team has been notified."),
    503: (None, "Service Unavailable"),
}

# sdk: python-pagerduty's tests have this body, a bare string, and its client looks for "account-level access token"
nobody: Final = (
    "Because this request was made using an account-level access token, we were unable to determine the user's identity. "
    "Please use a user-level token."
)

# live: a record of this body stands in apache/devlake issue 5107
too_far: Final = (
    "Offset+limit exceeds maximum allowed value of 10000. Please try to refine your search to reduce the returned set of records "
    "below this number, like adding a date range."
)

# live: what a body that is no JSON object, or not said to be JSON, is told (go-pagerduty issue 89)
no_hash: Final = "params must be a Hash"


def refuse(turn: Turn, refusal: Refusal) -> Reply:
    """`{"error": {message, code, errors}}`; a refusal with an `error` of its own says that instead."""
    if "error" in refusal.extra:
        return Reply(refusal.status, dict(refusal.extra), refusal.headers)
    code, message = sayings.get(refusal.status, (None, ""))
    error = {"message": refusal.message or message, "code": refusal.code or code, **refusal.extra}
    return Reply(refusal.status, {"error": {name: value for name, value in error.items() if value is not None}}, refusal.headers)


def bad(*errors: str, code: int | None = None, message: str = "") -> Refusal:
    """A 400 with these details."""
    return Refusal(400, code, message, extra={"errors": list(errors)})


complaints: Final[Mapping[str, Callable[[Json], str]]] = {
    # inferred, after "timeout cannot be null" and "Status must be a list of …" that clients met live
    "required": lambda _: "cannot be null",
    "minItems": lambda _: "cannot be empty",
    "type": lambda rule: f"must be of type {rule if isinstance(rule, str) else ' or '.join(rule)}",
    "enum": lambda rule: f"must be one of {', '.join(str(each).lower() for each in rule)}",
    "minimum": lambda rule: f"must be greater than or equal to {rule}",
    "maximum": lambda rule: f"must be less than or equal to {rule}",
    "uniqueItems": lambda _: "must not name anything twice",
    "repeated": lambda _: "must not be given more than once",
    "format": lambda rule: f"must be a {rule}",
}


def complaint(turn: Turn, finding: Finding) -> str:
    """One finding, as one of the `errors`: `field.name says what`."""
    where, _, rest = finding.place.partition(" ")
    steps = rest.partition(" ")[0] if where == "query" else rest.strip("/").replace("/", ".")
    if where == "body" and finding.keyword == "required":
        steps = ".".join(filter(None, (steps, finding.message.split('"')[1] if '"' in finding.message else "")))
    if not steps:
        return "the query is not percent-encoded UTF-8" if where == "query" else no_hash
    if where == "header":
        return no_hash
    say = complaints.get(finding.keyword, lambda _: "is invalid")
    return f"{steps} {say(turn.engine.contract.at(finding.spec, ''))}"


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """2003 where an argument is missing from the query, else 2001 (docs: both codes; inferred: which is when)."""
    missing = all(each.keyword == "required" and each.place.startswith("query") for each in findings)
    errors = dict.fromkeys(complaint(turn, each) for each in findings)
    return bad(*errors, code=2003, message="Missing Arguments") if missing else bad(*errors)


def not_found(turn: Turn, key: object) -> Refusal:
    """A 404 says nothing about what was not found."""
    return Refusal(404)
