"""How WorkOS says no: its error bodies, and which of them a badly put call gets.

Two families stand side by side: `code` and `message` nearly everywhere, OAuth's `error` and `error_description` at the doors of a sign-in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from mockserver.engine.vendor import Turn
from mockserver.errors import Finding, Refusal
from mockserver.message import Json, Reply

missing_property: Final = re.compile(r'^"([^"]+)" is a required property')
wanted_types: Final = re.compile(r'"(\w+)"$')
last_number: Final = re.compile(r"(\d+)(?: \w+)?$")


def said(status: int, headers: Mapping[str, str] | None = None, **body: Json) -> Refusal:
    """A refusal whose body is known."""
    return Refusal(status, extra=body, headers=headers or {})


def coded(status: int, code: str, message: str, **more: Json) -> Refusal:
    """The usual family (recorded: `code` before `message`)."""
    return said(status, code=code, message=message, **more)


def oauth(error: str, description: str, **more: Json) -> Refusal:
    """The OAuth family."""
    return said(400, error=error, error_description=description, **more)


def unauthorized() -> Refusal:
    return said(401, message="Unauthorized")  # recorded: no code


def missing(noun: str) -> Callable[[Turn, Any], Refusal]:
    """recorded: `message` before `code`, and the id once more."""

    def refusal(turn: Turn, key: Any) -> Refusal:
        return said(404, message=f"{noun} not found: '{key}'.", code="entity_not_found", entity_id=str(key))

    return refusal


def too_many(turn: Turn, wait: int) -> Refusal:
    """docs have the limits; the body is documented for signing in, and inferred from the 401 and 404 elsewhere."""
    headers = {"Retry-After": str(wait)}
    if turn.operation.id == "authenticate":
        return said(429, headers, error="too_many_requests", error_description="Too many requests.")
    return said(429, headers, message=HTTPStatus(429).phrase)


def refuse(turn: Turn, refusal: Refusal) -> Reply:
    """A refusal on the wire. One that brings no body of its own gets the bare phrase of its status, as the 401 does (recorded)."""
    body = dict(refusal.extra)
    if not body and refusal.status == 429:
        return refuse(turn, too_many(turn, int(refusal.headers.get("Retry-After", "1"))))
    if not body:
        body = {"message": refusal.message or HTTPStatus(refusal.status).phrase}
    return Reply(refusal.status, body, headers=refusal.headers)


# -- a badly put call ------------------------------------------------------------------------------------------------------------


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """Findings of the contract as this vendor's refusal."""
    if findings[0].keyword == "syntax":
        return said(400, message="The request body is not valid JSON.")  # inferred
    by_operation = special.get(turn.operation.id)
    return (by_operation and by_operation(turn, findings)) or validation(turn, findings)


def validation(turn: Turn, findings: list[Finding]) -> Refusal:
    """422 with the list of what is wrong.

    recorded: user management lists {code, message}, older resources {field, code} with a sentence for a code.
    """
    problems = dict.fromkeys(map(problem, findings))
    if turn.operation.path.startswith(("/user_management", "/webhook_endpoints")):
        errors = [
            {"code": f"{name or 'request'}_{word}", "message": f"{human(name)} should {sentence}."} for name, word, sentence in problems
        ]
        return coded(422, "invalid_request_parameters", "Validation failed", errors=errors)
    errors = [{"field": name, "code": f"{name} must {sentence}"} for name, _, sentence in problems]
    return said(422, message="Validation failed", errors=errors)


def problem(finding: Finding) -> tuple[str, str, str]:
    """Of a finding: the field, a word for the kind of error, and what the field should do."""
    name = finding.place.partition(" ")[2].strip("/").replace("/", "_") or ("" if finding.place.startswith("body") else finding.place)
    absent = missing_property.match(finding.message)
    if absent:
        name = f"{name}_{absent[1]}".strip("_")
    kind = finding.keyword
    expected = wanted_types.findall(finding.message) if kind == "type" else []
    if finding.came == "" or kind in ("required", "minLength") or expected == ["string"]:
        return name, "string_required", "be a non-empty string"  # recorded for e-mail
    if expected:
        return name, f"{expected[0]}_required", f"be of type {expected[0]}"
    word, sentence = kinds.get(kind, ("invalid", "be well formed"))
    bound = last_number.search(finding.message)
    return name, word, sentence.format(bound[1] if bound else "allowed")


kinds: Final[Mapping[str, tuple[str, str]]] = {
    "enum": ("unknown_value", "be one of the allowed values"),
    "const": ("unknown_value", "be the allowed value"),
    "maximum": ("too_large", "not be greater than {}"),
    "minimum": ("too_small", "not be less than {}"),
    "maxLength": ("too_long", "not be longer than {}"),
    "maxItems": ("too_many", "not have more items than {}"),
    "minItems": ("required", "not be empty"),
    "format": ("invalid_format", "be of the right format"),
    "pattern": ("invalid_format", "be of the right format"),
    "repeated": ("repeated", "be given once"),
    "encoding": ("invalid_encoding", "be percent-encoded UTF-8"),
    "media-type": ("unsupported", "be application/json"),
    "not": ("conflicting", "not be given both ways"),
}


def human(name: str) -> str:
    """session_id → Session id (recorded: "Email should be …")."""
    return name.replace("_", " ").capitalize() or "Request"


Special = Callable[[Turn, list[Finding]], Refusal | None]


def of_events(turn: Turn, findings: list[Finding]) -> Refusal | None:
    if not any(
        finding.place.startswith("query events") and finding.keyword in ("required", "minItems", "minLength") for finding in findings
    ):
        return None
    words = "One or more event names (e.g. dsync.user.created) must be provided using the events parameter."
    return said(400, message=words, code="invalid_events_request")  # recorded


password_conflicts: Final = {
    "0": ("password_and_password_hash_provided", "A password and a password hash cannot both be provided."),
    "1": ("password_and_password_hash_type_provided", "A password and a password hash type cannot both be provided."),
    "2": ("invalid_password_hash", "A password hash needs its type."),
    "3": ("password_salt_position_requires_password_hash", "The salt position and hash type need a password hash."),
}
password_rule: Final = re.compile(r"/PasswordInput/allOf/(\d)")


def of_person(turn: Turn, findings: list[Finding]) -> Refusal | None:
    """official: these codes are 400; which of its words go with them is inferred."""
    for finding in findings:
        conflict = password_rule.search(finding.spec)
        if conflict:
            return coded(400, *password_conflicts[conflict[1]])
    return of_metadata(turn, findings) or (of_change(turn, findings) if turn.operation.id == "updateUser" else None)


def of_change(turn: Turn, findings: list[Finding]) -> Refusal | None:
    for place, keyword, code in (("body /email", "format", "invalid_email"), ("body /locale", "pattern", "invalid_locale")):
        if any(finding.place == place and finding.keyword == keyword for finding in findings):
            return coded(400, code, f"The {place[6:]} is invalid.")
    return None


def of_metadata(turn: Turn, findings: list[Finding]) -> Refusal | None:
    if any(finding.place.startswith("body /metadata") for finding in findings):
        return coded(400, "invalid_metadata", "The metadata is invalid.")
    return None


def of_endpoint(turn: Turn, findings: list[Finding]) -> Refusal | None:
    if any(finding.place == "body /endpoint_url" and finding.keyword in ("format", "pattern") for finding in findings):
        return coded(422, "invalid_url", "The endpoint URL is invalid.")
    return None


def of_oauth(turn: Turn, findings: list[Finding]) -> Refusal | None:
    """The doors that take no key say what is missing the OAuth way (official lists invalid_request; words as its emulator's)."""
    absent = [name for name, _, _ in map(problem, (finding for finding in findings if finding.keyword == "required")) if name]
    return oauth("invalid_request", f"{listed(absent)} required.") if absent else None


def listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last} are" if first else f"{last} is"


def of_grant(turn: Turn, findings: list[Finding]) -> Refusal | None:
    """The body is one of ten; only the one its grant_type names can say what is wrong."""
    contract, body = turn.engine.contract, turn.body
    if not isinstance(body, dict):
        return None
    grant = body.get("grant_type")
    if grant is None:
        return oauth("invalid_request", "grant_type is required.")
    component = contract.at("#/components/schemas/AuthenticateRequest/discriminator/mapping").get(grant if isinstance(grant, str) else "")
    if component is None:
        return oauth("invalid_request", f"The grant type is not supported: {grant}")
    found = contract.faults(component, "request", body, turn.operation.id, "body")
    return of_oauth(turn, found) or validation(turn, found)


special: Final[Mapping[str, Special]] = {
    "authenticate": of_grant,
    "authorize": of_oauth,
    "authorizeDevice": of_oauth,
    "createOrganization": of_metadata,
    "createUser": of_person,
    "createWebhookEndpoint": of_endpoint,
    "listEvents": of_events,
    "updateOrganization": of_metadata,
    "updateUser": of_person,
    "updateWebhookEndpoint": of_endpoint,
}
