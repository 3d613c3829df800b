"""PagerDuty's REST API v2: users, their sessions, OAuth delegations and session configurations.

Rules of this card
- A browser session and a web delegation are two views of one sign-in: what ends one ends the other.
- A delegation that is revoked stays and says so; one that has expired is gone, as the store behind the real cursor forgets it.
- Only age ends a sign-in by itself: how idle a browser is, no call here can show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any, Final

from mockserver.engine import crud
from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Behaviour, Held, Kind, Option, Turn, Vendor
from mockserver.errors import Refusal
from mockserver.message import Call, Reply
from mockserver.state.clock import millis
from mockserver.state.table import Layout, Record
from mockserver.state.world import World
from mockserver.vendors.pagerduty import access, records, refusals, views

signed_in: Final = ("web", "mobile")
"""The order of session configurations in replies (official: the example's)."""


timed: Final = ("sessions", "oauth_delegations")


def tick(world: World) -> None:
    """Sign-ins whose time is over are gone. What nobody has asked for yet is not laid for that."""
    now, tables = world.clock.now(), world.store("pagerduty")
    for kind in timed:
        if kind in tables:
            late = tables[kind].overdue(now)
            if late:
                tables[kind].drop(late)


def around(turn: Turn, behave: Behaviour) -> Reply:
    """A table that this very call lays may hold what is over already."""
    kind = turn.engine.role(turn.operation).kind
    if kind in timed and kind not in turn.tables:
        turn.table(kind)
        tick(turn.world)
    return behave(turn)


def holds(world: World, email: str) -> Iterable[Held]:
    """The browser sessions of whoever has this address."""
    tables = world.store("pagerduty")
    for user in tables["users"].rows("email", email):
        for each in tables["sessions"].rows("user", user["id"]):
            end = Call("DELETE", f"/users/{user['id']}/sessions/{each['type']}/{each['id']}")
            yield Held(each["id"], millis(each["created_at"]), each["_due"], each["summary"], "", "", end)


vendor = Vendor(
    "pagerduty",
    title="PagerDuty",
    hosts=("api.pagerduty.com", "api.eu.pagerduty.com"),
    kinds=(
        Kind(
            "users",
            "User",
            Layout(order=itemgetter("_joined", "id"), indexes={"email": itemgetter("email")}),
            view=views.user_view,
            make=records.new_user,
            missing=refusals.not_found,
        ),
        Kind(
            "sessions",
            "UserSession",
            # inferred: the order is not documented; as they were made
            Layout(
                order=itemgetter("created_at", "id"),
                indexes={"user": itemgetter("user_id")},
                due=itemgetter("_due"),
            ),
            within={"user_id": "id", "type": "type"},
            parents={"id": "users"},
            listed={"id": "user"},
            view=views.session_view,
            make=records.new_session,
            missing=refusals.not_found,
            guard=access.own,
        ),
        Kind(
            "oauth_delegations",
            "OAuthDelegation",
            # official: the cursor holds nothing but an id, so ids are the order
            Layout(indexes={"user": itemgetter("user_id")}, due=itemgetter("_due")),
            within={"user_id": "id"},
            parents={"id": "users"},
            listed={"id": "user"},
            view=views.delegation_view,
            make=records.new_delegation,
            missing=refusals.not_found,
            guard=access.own,
        ),
        Kind(
            "session_configurations",
            "SessionConfiguration",
            Layout(key=itemgetter("type"), order=lambda configuration: signed_in.index(configuration["type"])),
            missing=refusals.not_found,
        ),
        Kind("keys", "", make=records.new_key),
    ),
    authenticate=access.authenticate,
    meter=access.meter,
    invalid=refusals.invalid,
    refuse=refusals.refuse,
    headers=access.headers,
    paged=views.dialects,
    tick=tick,
    around=around,
    populate=records.populate,
    credentials=records.credentials,
    authorize=access.authorize,
    holds=holds,
    subject=records.subject,
    sample="-H 'Authorization: Token token={api_key}' {url}/users/{id}/sessions",
    options={"limits": Option("on", ("on", "off"), "whether the 961st call of a minute is refused")},
)


@vendor.behaviour("listUsers")
def list_users(turn: Turn) -> Reply:
    """Everybody, or those whose name or address holds `query` and whose team is among `team_ids[]`."""
    role, kind = crud.subject(turn)
    text, teams = turn.params.get("query", "").casefold(), frozenset(turn.params.get("team_ids[]", ()))

    def wanted(user: Record) -> bool:
        team = user["_team"]
        return (not teams or (team is not None and team[0] in teams)) and (
            text in user["name"].casefold() or text in user["email"].casefold()
        )

    return crud.page_of(turn, role, kind, Selection(turn.table("users"), keep=wanted if text or teams else None))


@vendor.behaviour("getCurrentUser")
def get_current_user(turn: Turn) -> Reply:
    """Whoever the key belongs to; an account's key belongs to nobody."""
    user = turn.table("users").get(turn.caller.id)
    if user is None:
        raise Refusal(400, extra={"error": refusals.nobody})
    return Reply(200, {"user": turn.view("users", user)})


@vendor.behaviour("deleteUserSession")
def delete_user_session(turn: Turn) -> Reply:
    """The session ends, and the web delegation behind it is revoked."""
    _, _, session = crud.found(turn, "delete")
    delegation = turn.table("oauth_delegations").get(records.web_delegation(session))
    turn.table("sessions").remove(session["id"])
    if delegation is not None:
        revoke(turn, delegation)
    return Reply(204)


@vendor.behaviour("deleteUserSessions")
def delete_user_sessions(turn: Turn) -> Reply:
    """Every browser session ends; the mobile app stays signed in (official: it has an operation of its own)."""
    _, kind = crud.subject(turn)
    crud.parents_exist(turn, kind)
    kind.guard(turn, "delete", None)
    sign_out(turn, ("web",), turn.params["id"])
    return Reply(204)


@vendor.behaviour("listUserDelegations")
def list_user_delegations(turn: Turn) -> Reply:
    """The delegations of a user, of the states and types asked for."""
    role, kind = crud.subject(turn)
    crud.parents_exist(turn, kind)
    kind.guard(turn, "list", None)
    states, types = turn.params.get("status"), turn.params.get("delegation_type")

    def wanted(delegation: Record) -> bool:
        return (not states or delegation["status"] in states) and (not types or delegation["delegation_type"] in types)

    chosen = crud.selection(turn, kind)
    return crud.page_of(turn, role, kind, Selection(chosen.table, chosen.index, chosen.group, wanted if states or types else None))


@vendor.behaviour("deleteOauthDelegations")
def delete_oauth_delegations(turn: Turn) -> Reply:
    """Signs a user out of the web app, the mobile app or both, at once."""
    access.own(turn, "delete", None)
    user = turn.params["user_id"]
    if user not in turn.table("users"):
        raise Refusal(404)  # inferred: as everywhere else; this document leaves it out
    sign_out(turn, turn.params["type"], user)
    return Reply(200, {"status": "ok"})


@vendor.behaviour("getOauthDelegationsRevocationRequestsStatus")
def get_revocation_status(turn: Turn) -> Reply:
    """Nothing ever waits to be revoked, and no reply but a 404 is documented for that."""
    raise Refusal(404)


@vendor.behaviour("getSessionConfigurations")
def get_session_configurations(turn: Turn) -> Reply:
    return configurations(turn, turn.params.get("type") or signed_in)


@vendor.behaviour("updateSessionConfigurations")
def update_session_configurations(turn: Turn) -> Reply:
    """Configures each type named and signs everybody out of it."""
    if not turn.call.headers.get("content-type"):
        raise refusals.bad(refusals.no_hash)  # live: a body that is not said to be JSON is none (go-pagerduty issue 89)
    wanted = turn.body["session_configuration"]
    for type_ in turn.params["type"]:
        record = {"type": type_, **{name: wanted[name] for name in ("absolute_session_ttl", "idle_session_ttl")}}
        turn.table("session_configurations").put(record)
    sign_out(turn, turn.params["type"])
    return configurations(turn, turn.params["type"])


@vendor.behaviour("deleteSessionConfigurations")
def delete_session_configurations(turn: Turn) -> Reply:
    """Forgets the types named; naming none that was configured is a 404."""
    configurations(turn, turn.params["type"])
    for type_ in turn.params["type"]:
        turn.table("session_configurations").remove(type_)
    return Reply(204)


def configurations(turn: Turn, types: Collection[str]) -> Reply:
    """The configurations of these types, or a 404 when there is none."""
    found = [configuration for configuration in turn.table("session_configurations") if configuration["type"] in types]
    if not found:
        raise Refusal(404)
    return Reply(200, {"session_configurations": found})


def sign_out(turn: Turn, types: Collection[str], user: Any = None) -> None:
    """Revoke the delegations of these types, a user's or everybody's; with the web ones go the browser sessions."""
    delegations, sessions = turn.table("oauth_delegations"), turn.table("sessions")
    for delegation in delegations.rows("user", user) if user else tuple(delegations):
        if delegation["delegation_type"] in types:
            revoke(turn, delegation)
    if "web" in types:
        sessions.drop(tuple(sessions.keys("user", user) if user else sessions.keys()))


def revoke(turn: Turn, delegation: Record) -> None:
    if delegation["status"] == "issued":
        turn.table("oauth_delegations").put({**delegation, "status": "revoked"})
