"""How records look on the wire, and how their lists are paged."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b
from typing import Final

import orjson

from mockserver.engine.pages import CursorToken, OffsetLimit, Pages
from mockserver.engine.vendor import Turn
from mockserver.message import Json
from mockserver.state.table import Record
from mockserver.vendors.pagerduty.access import rulers
from mockserver.vendors.pagerduty.records import site_of
from mockserver.vendors.pagerduty.refusals import bad, too_far


def user_view(turn: Turn, user: Record) -> Json:
    """A user, with references or, where `include[]` names them, with the things themselves."""
    included = turn.params.get("include[]", ())
    uid, team = user["id"], user["_team"]
    at = f"{turn.base}/users/{uid}"
    contact = thing(f"P{uid[:0:-1]}", "email_contact_method_reference", "Default", f"{at}/contact_methods")
    rule = thing(f"P{uid[4:]}{uid[1:4]}", "assignment_notification_rule_reference", "0 minutes: Default", f"{at}/notification_rules")
    teams = [thing(team[0], "team_reference", team[1], f"{turn.base}/teams", f"{site_of(user)}/teams/{team[0]}")] if team else []
    view = {
        "id": uid,
        "type": "user",
        "summary": user["summary"],
        "self": at,
        "html_url": user["html_url"],
        "name": user["name"],
        "email": user["email"],
        "time_zone": user["time_zone"],
        "color": user["color"],
        "role": user["role"],
        "avatar_url": user["avatar_url"],
        "description": user["description"],
        "invitation_sent": user["invitation_sent"],
        "created_via_sso": user["created_via_sso"],
        "contact_methods": [contact],
        "notification_rules": [rule],
        "job_title": user["job_title"],
        "teams": teams,
    }
    if included:
        view |= {name: include(view) for name, include in includes.items() if name in included}
    if turn.operation.id == "getUser" and shows_calendar(turn, user, included):
        feed = f"webcal.pagerduty.com/private/{user['id']}{blake2b(user['id'].encode(), digest_size=8).hexdigest().upper()}/feed"
        view |= {"http_cal_url": f"https://{feed}", "web_cal_url": f"webcal://{feed}"}
    return view


def thing(id_: str, type_: str, summary: str, at: str, html_url: str | None = None) -> dict[str, Json]:
    """What every reference consists of."""
    return {"id": id_, "type": type_, "summary": summary, "self": f"{at}/{id_}", "html_url": html_url}


def whole(reference: Mapping[str, Json], **members: Json) -> Json:
    """The thing a reference is to."""
    return {**reference, "type": reference["type"].removesuffix("_reference"), **members}


View = Mapping[str, Json]
includes: Final[Mapping[str, Callable[[View], Json]]] = {
    "contact_methods": lambda view: [
        whole(each, label="Default", address=view["email"], send_short_email=False, send_html_email=True)
        for each in view["contact_methods"]
    ],
    "notification_rules": lambda view: [
        whole(each, start_delay_in_minutes=0, urgency="high", contact_method=view["contact_methods"][0])
        for each in view["notification_rules"]
    ],
    "teams": lambda view: [whole(each, name=each["summary"], description=None) for each in view["teams"]],
    "subdomains": lambda view: [site_of(view).removeprefix("https://").partition(".")[0]],
}


def shows_calendar(turn: Turn, user: Record, included: Collection[str]) -> bool:
    """official: of oneself always, of others when an admin asks for it, never for a read-only key; on the detail of a user only."""
    asked = "calendar_urls" in included and turn.caller.role in rulers and not turn.caller.facts["read_only"]
    return asked or user["id"] == turn.caller.id


def session_view(turn: Turn, session: Record) -> Json:
    return {
        "id": session["id"],
        "user_id": session["user_id"],
        "created_at": session["created_at"],
        "summary": session["summary"],
        "type": session["type"],
    }


def delegation_view(turn: Turn, delegation: Record) -> Json:
    shown = {name: value for name, value in delegation.items() if name != "user_id" and name[0] != "_"}
    return {**shown, "self": f"{turn.base}/users/{delegation['user_id']}/oauth_delegations/{delegation['id']}"}


def write_cursor(last: str) -> str:
    """official: the example cursor is the base64 of this JSON."""
    return b64encode(orjson.dumps({"lastEvaluatedKey": {"id": last}})).decode()


def read_cursor(cursor: str) -> str:
    """The id a cursor stands on. Raises ValueError."""
    try:
        return str(orjson.loads(b64decode(cursor, validate=True))["lastEvaluatedKey"]["id"])
    except (KeyError, TypeError, IndexError):
        raise ValueError(cursor) from None


dialects: Final[Mapping[str, Pages]] = {
    "listUsers": OffsetLimit(too_deep=lambda _: bad(too_far, code=2002, message="Arguments Caused Error")),
    "listUserDelegations": CursorToken(write_cursor, read_cursor, bad=lambda *_: bad("cursor is invalid")),
}
