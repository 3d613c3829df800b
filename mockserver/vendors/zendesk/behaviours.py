"""What Zendesk's operations do beyond list, show and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.engine.crud import found, page_of, subject
from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Behaviour, Turn
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_s
from mockserver.state.table import Record, every
from mockserver.vendors.zendesk.callers import caller_of, cookie_name, cookie_of, csrf_token, same
from mockserver.vendors.zendesk.records import end_user_fields, guard_user, make_session, seen, user_fields, view_session, view_user
from mockserver.vendors.zendesk.refusals import forbidden, not_authenticated, not_found

# recorded: who users/me takes a caller without credentials for
nobody: Final[Record] = {
    **dict.fromkeys(end_user_fields), **{name: user_fields[name] for name in ("time_zone", "iana_time_zone", "locale_id", "locale", "role")},
    "name": "Anonymous user", "email": "invalid@example.com", "verified": False,
}  # fmt: skip


def one(turn: Turn, record: Record) -> Json:
    """The session as the switch says (see session_shape)."""
    shown = view_session(turn, record)
    return {"session": [shown] if turn.options["session_shape"] == "array" else shown}


def list_sessions(turn: Turn) -> Reply:
    """official: everybody's for an admin, one's own for all others."""
    role, kind = subject(turn)
    index, group = (every, None) if turn.caller.role == "admin" else ("user", turn.caller.id)
    return page_of(turn, role, kind, Selection(turn.table("sessions"), index, group))


def show_session(turn: Turn) -> Reply:
    _, _, record = found(turn, "read")
    return Reply(200, one(turn, record))


def current(turn: Turn) -> Record:
    """The session of the cookie. Tokens and passwords have none (official); that it is then not found is inferred."""
    record = turn.table("sessions").get(turn.caller.facts.get("session"))
    if record is None:
        raise not_found(turn)
    return record


def show_current(turn: Turn) -> Reply:
    return Reply(200, one(turn, current(turn)))


def renew(turn: Turn) -> Reply:
    turn.table("sessions").put(seen(turn, current(turn)))
    return Reply(200, {"authenticity_token": csrf_token(turn)})


def log_out(turn: Turn) -> Reply:
    """official: without a current session it has no effect."""
    turn.table("sessions").remove(turn.caller.facts.get("session"))
    return Reply(204)


def log_out_many(turn: Turn) -> Reply:
    """official: for admins; 202 and an empty text. Ids of nobody are passed over (inferred)."""
    if turn.caller.role != "admin":
        raise forbidden()
    table = turn.table("sessions")
    for user in turn.params["ids"].split(","):
        for key in tuple(table.keys("user", int(user))):
            table.remove(key)
    return Reply(202, "")


def list_users(turn: Turn) -> Reply:
    role, kind = subject(turn)
    guard_user(turn, "list", None)
    asked = turn.params
    roles = {*asked.get("role[]", ()), *([asked["role"]] if "role" in asked else ())}
    tests: list[Callable[[Record], bool]] = []
    if roles:
        tests.append(lambda user: user["role"] in roles)
    if "permission_set" in asked:
        tests.append(lambda user: user["custom_role_id"] == asked["permission_set"])
    if "external_id" in asked:  # official: without regard to case
        tests.append(lambda user: str(user["external_id"] or "").lower() == asked["external_id"].lower())
    keep = (lambda user: all(test(user) for test in tests)) if tests else None
    return page_of(turn, role, kind, Selection(turn.table("users"), keep=keep))


def show_me(turn: Turn) -> Reply:
    """recorded: the token stands behind `verified`. An end user sees no more than that of themselves (official)."""
    user = turn.table("users").get(turn.caller.id)
    whole = view_user(turn, user) if user else nobody
    head = {name: whole[name] for name in end_user_fields}
    tail = {} if whole["role"] == "end-user" else {name: value for name, value in whole.items() if name not in head}
    return Reply(200, {"user": {**head, "authenticity_token": csrf_token(turn), **tail}})


def sign_in(turn: Turn) -> Reply:
    """What the sign-in page sends; makes a session and its cookie (inferred)."""
    user = turn.table("users").first("email", turn.body["user[email]"].lower())
    if user is None or caller_of(user, "") is None or not same(turn.body["user[password]"], user["_password"]):
        raise not_authenticated()
    session = seen(turn, make_session(turn.world, {"user_id": user["id"]}))
    turn.table("sessions").put(session)
    turn.table("users").put({**user, "last_login_at": iso_s(turn.now)})
    back = turn.body.get("return_to", "")
    local = back[:1] == "/" and back[1:2] not in ("/", "\\") and back.isascii() and back.isprintable()
    cookie = f"{cookie_name}={cookie_of(turn.world.seed, session['id'])}; path=/; HttpOnly"
    cookie += "; secure; SameSite=None" if turn.base.startswith("https:") else ""
    return Reply(302, headers={"location": f"{turn.base}{back if local else '/hc'}", "set-cookie": cookie})


behaviours: Final[Mapping[str, Behaviour]] = {
    "ListSessions": list_sessions,
    "ShowSession": show_session,
    "ShowCurrentlyAuthenticatedSession": show_current,
    "RenewCurrentSession": renew,
    "DeleteAuthenticatedSession": log_out,
    "LogoutManyUsers": log_out_many,
    "ListUsers": list_users,
    "ShowCurrentUser": show_me,
    "SignIn": sign_in,
}
