"""How Zendesk says no: four envelopes and a bare word (recorded, live)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.engine.vendor import Turn
from mockserver.errors import Finding, Refusal
from mockserver.message import Json, Reply


def said(status: int, body: Mapping[str, Json], headers: Mapping[str, str] | None = None) -> Refusal:
    """A refusal whose body is known."""
    return Refusal(status, extra=body, headers=headers or {})


def named(status: int, error: str, description: str, **more: Json) -> Refusal:
    return said(status, {"error": error, "description": description, **more})


def titled(status: int, title: str, message: str) -> Refusal:
    return said(status, {"error": {"title": title, "message": message}})


def not_authenticated() -> Refusal:
    return said(401, {"error": "Couldn't authenticate you"})


def bad_bearer() -> Refusal:
    """live: what clients logged of a token that is not one."""
    words = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    return said(401, {"error": "invalid_token", "error_description": words})


def out_of_scope(scope: str) -> Refusal:
    """live: the broad scope is named, whatever narrower one would do."""
    return named(403, "Forbidden", f"You are missing the following required scopes: {scope}")


def forbidden() -> Refusal:
    words = "You do not have access to this page. Please contact the account owner of this help desk for further help."
    return titled(403, "Forbidden", words)


def bad_csrf() -> Refusal:
    """docs: writes by the cookie need the token; the body is inferred."""
    return titled(403, "Forbidden", "Invalid authenticity token")


def not_found(turn: Turn | None = None, key: object = None) -> Refusal:
    return named(404, "RecordNotFound", "Not found")


def too_many_calls(wait: int) -> Refusal:
    """live for exports; inferred for the account."""
    body = {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests per minute exceeded"}
    return said(429, body, {"Retry-After": str(wait)})


def bad_json() -> Refusal:
    return said(422, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})  # inferred


def bad_paging(name: str) -> Refusal:
    """docs: the same words for a cursor and for a sort that is not valid."""
    return named(400, "InvalidPaginationParameter", f"{name} is not valid")


def too_deep() -> Refusal:
    """live: the words as extractors logged them."""
    title = "Pagination requests using Offset Pagination are limited to page 100 or up to 10000 records (page * per_page)"
    detail = (
        "There are limits to the page depth in Offset Pagination. Offset Pagination will be deprecated fully in the near future.\n"
        "Please switch to Cursor Pagination at the earliest. Cursor Pagination does not have any limits.\n"
        "See https://developer.zendesk.com/documentation/api-basics/pagination/comparing-cursor-pagination-and-offset-pagination\n"
    )
    return said(400, {"errors": [{"code": "InvalidPaginationDepth", "title": title, "detail": detail}]})


usual: Final[Mapping[int, Callable[[], Refusal]]] = {
    401: not_authenticated,
    403: forbidden,
    404: not_found,
    429: lambda: too_many_calls(60),
    500: lambda: named(500, "InternalError", "Something went wrong"),  # inferred
    503: lambda: named(503, "ServiceUnavailable", "Please try again in a moment"),  # inferred
}
"""What a status says when whoever refuses has no words of the vendor's."""


def refuse(turn: Turn, refusal: Refusal) -> Reply:
    """The refusal as it goes on the wire."""
    body, headers = refusal.extra, refusal.headers
    if not body and refusal.code is None and refusal.status in usual:
        told = usual[refusal.status]()
        body, headers = told.extra, {**told.headers, **headers}
    return Reply(refusal.status, dict(body or {"error": str(refusal.code), "description": refusal.message}), headers)


actions: Final = {
    "ListSessions": ("sessions", "index"),
    "ListUserSessions": ("sessions", "index"),
    "BulkDeleteSessionsByUserId": ("sessions", "bulk_destroy"),
    "ShowSession": ("sessions", "show"),
    "DeleteSession": ("sessions", "destroy"),
    "DeleteAuthenticatedSession": ("sessions", "logout"),
    "ShowCurrentlyAuthenticatedSession": ("sessions", "current"),
    "RenewCurrentSession": ("sessions", "renew"),
    "ListUsers": ("users", "index"),
    "ShowUser": ("users", "show"),
    "ShowCurrentUser": ("users", "me"),
    "LogoutManyUsers": ("users", "logout_many"),
    "SignIn": ("access", "login"),
}
"""The controller and action of an operation, as its errors and warnings name them (recorded for users, inferred for sessions)."""

paging: Final = ("page", "per_page", "page[size]", "page[after]", "page[before]")
must: Final = {"role": "be one of: end-user, agent, admin", "role[]": "be one of: end-user, agent, admin", "ids": "be a list of integers"}


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """The first finding in the vendor's words."""
    first = findings[0]
    name = first.place.split(" ")[1] if " " in first.place else ""
    if first.keyword == "encoding":
        return titled(400, "Invalid attribute", "Invalid query parameters: invalid %-encoding")  # inferred: what Rack says
    if first.keyword == "required" or first.place.startswith(("body", "header")):
        asked = "user" if name != "ids" else name
        return named(400, "ParameterMissing", f"param is missing or the value is empty: {asked}")  # inferred: what Rails says
    if first.place.startswith("path") and "." in str(first.came):
        return named(404, "InvalidEndpoint", "Not found")  # inferred: no Rails route takes a dot in an id
    if name in paging and first.keyword in ("minimum", "maximum"):
        return bad_paging(name)  # inferred: the envelope of a bad cursor
    if name == "ids" and isinstance(first.came, str) and first.came.count(",") >= 100:
        # recorded for other bulk calls; the words are inferred
        return named(400, "TooManyValues", "Maximum 100 users may be logged out per call", max_count=100)
    # docs: "id must be an integer from api/v2/users/show"; live: "page.size must be an integer from …"
    attribute = name.replace("[]", "").replace("[", ".").replace("]", "")
    if name == "session_id" or turn.operation.id == "ShowUser":
        attribute = "id"
    controller, action = actions[turn.operation.id]
    reason = f"Invalid parameter: {attribute} must {must.get(name, 'be an integer')} from api/v2/{controller}/{action}"
    return titled(400, "Invalid attribute", f"You passed an invalid value for the {attribute} attribute. {reason}")
