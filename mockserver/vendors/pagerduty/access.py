"""Who asks, what they may, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mockserver.engine.limits import Standing, Window
from mockserver.engine.vendor import Caller, Turn
from mockserver.errors import Refusal
from mockserver.message import Reply
from mockserver.state.table import Record
from mockserver.vendors.pagerduty import records

# official: these forms and no other, "this format must be followed precisely"; a key is no bearer and a bearer no key
forms: Final = {"Token token=": ("api_key", ("account", "user")), "Bearer ": ("oauth_token", ("oauth",))}
rulers: Final = frozenset({"account", "admin", "owner"})
for_admins: Final = frozenset(
    {
        "getOauthDelegationsRevocationRequestsStatus",  # official: account owners and admins only
        "getSessionConfigurations",  # inferred: these are settings of the account
        "updateSessionConfigurations",
        "deleteSessionConfigurations",
    }
)
window: Final = Window("pagerduty", calls=960, seconds=60)  # docs: Rate Limits


def authenticate(turn: Turn) -> Caller:
    """Whose key or token the Authorization header holds."""
    given = turn.call.headers.get("authorization", "")
    for start, (scheme, types) in forms.items():
        if given.startswith(start):
            key = turn.table("keys").get(given[len(start) :]) or key_of_user(turn, given[len(start) :])
            if key is not None and key["type"] in types and alive(turn, key):
                return caller_of(turn, key, scheme)
    raise Refusal(401)


def authorize(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of a call with a key."""
    return {"authorization": f"Token token={credentials['api_key']}"}


def key_of_user(turn: Turn, key: str) -> Record | None:
    """A key that says itself whose it is."""
    uid, account = f"P{key[2:8]}", turn.table("keys").get(records.account_key)
    told = account is not None and key == records.user_key(account["_seed"], uid)
    return records.key_of(key, "user", uid) if told else None


def alive(turn: Turn, key: Record) -> bool:
    """A token dies with its delegation, and with its person."""
    user, delegation = key["user_id"], key["delegation_id"]
    if user is not None and user not in turn.table("users"):
        return False
    granted = turn.table("oauth_delegations").get(delegation) if delegation else None
    return delegation is None or (granted is not None and granted["status"] == "issued")


def caller_of(turn: Turn, key: Record, scheme: str) -> Caller:
    user = key["user_id"]
    person = turn.table("users").get(user)
    role = person["role"] if person else "account"
    scopes = None if key["scopes"] is None else frozenset(key["scopes"].split())
    # docs: an account key counts for itself, a user's keys together, an app's tokens for each user or for the account
    counted = key["id"] if scheme == "api_key" and not user else f"{scheme}/{user}"
    return Caller(user, role, scopes, scheme, {"read_only": key["access"] == "read_only", "counted": counted})


def meter(turn: Turn) -> None:
    """Counts the call, then asks whether this key may make it at all: a 403 counts too."""
    standing = window.spend(turn.world, turn.caller.facts["counted"], turn.now)
    if turn.options["limits"] == "off":
        standing = replace(standing, allowed=True, remaining=max(1, standing.remaining))
    turn.notes["standing"] = standing
    if not standing.allowed:
        raise Refusal(429)
    if turn.caller.facts["read_only"] and turn.operation.method != "GET":
        raise Refusal(403)  # official: a read-only key may only GET
    if turn.operation.id in for_admins and turn.caller.role not in rulers:
        raise Refusal(403)
    needed = turn.operation.node.get("x-pd-requires-scope")
    if turn.caller.scopes is not None and needed is not None and needed not in turn.caller.scopes:
        # live: terraform-provider-pagerduty PR 1027 shows these two members, issue 1078 that there is no code
        raise Refusal(403, extra={"error": {"message": "Token missing required scopes", "required_scopes": needed}})


def headers(turn: Turn, reply: Reply) -> Mapping[str, str]:
    """docs: three lower-case counters on every call that was counted, and never a Retry-After."""
    told = {"x-request-id": f"{turn.world.bits(128):032x}"}
    standing: Standing | None = turn.notes.get("standing")
    if standing is not None:
        told["ratelimit-limit"] = str(standing.limit)
        told["ratelimit-remaining"] = str(standing.remaining)
        told["ratelimit-reset"] = str(standing.reset)
    return told


def own(turn: Turn, verb: str, record: Record | None) -> None:
    """Admins and owners see and end what is anybody's, others what is their own (inferred)."""
    if turn.caller.role not in rulers and turn.params.get("id", turn.params.get("user_id")) != turn.caller.id:
        raise Refusal(403)
