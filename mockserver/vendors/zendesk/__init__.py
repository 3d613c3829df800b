"""Zendesk Support: who is signed in, and ending it.

The evidence for an oddity is named where it stands: recorded (replies in public test suites), official (the API document), docs (the
vendor's prose), sdk (the source of clients), live (probes people reported), inferred (nothing observed; the likeliest of a Rails application).
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from functools import lru_cache
from hashlib import md5
from itertools import islice
from typing import Final

import orjson

from mockserver.engine.limits import Standing, Window
from mockserver.engine.vendor import Behaviour, Option, Turn, Vendor
from mockserver.message import NOTHING, Json, Reply
from mockserver.state.clock import day, hour
from mockserver.vendors.zendesk import held
from mockserver.vendors.zendesk.behaviours import behaviours
from mockserver.vendors.zendesk.callers import authenticate, derived
from mockserver.vendors.zendesk.pages import Pages, without_json
from mockserver.vendors.zendesk.records import credentials, kinds, populate, subject_of, tick
from mockserver.vendors.zendesk.refusals import actions, bad_json, invalid, refuse, too_many_calls

options: Final = {
    "limits": Option("on", ("on", "off"), "whether calls beyond the plan's limit are refused with 429"),
    "plan": Option(
        "enterprise", ("team", "growth", "professional", "enterprise", "enterprise-plus"), "how many calls a minute are allowed"
    ),
    # The document and its generated SDK know an array; an official client and help-center themes met an object (sdk).
    "session_shape": Option("array", ("array", "object"), "how show and me/session hold the one session"),
    "session_expiry": Option(
        "long", ("long", "default"), "how long idle sessions live: two weeks, or an hour for staff and eight for end users"
    ),
    "password_auth": Option("on", ("on", "off"), "whether e-mail and password sign an API call in; off in new accounts"),
}
calls_a_minute: Final = {"team": 200, "growth": 400, "professional": 400, "enterprise": 700, "enterprise-plus": 2500}  # docs


def meter(turn: Turn) -> None:
    """One limit for the whole account, by its plan."""
    standing = Window("zendesk:account", calls_a_minute[turn.options["plan"]], 60).spend(turn.world, "", turn.now)
    if turn.options["limits"] == "off":
        standing = Standing(standing.limit, max(1, standing.remaining), standing.reset, allowed=True)
    turn.notes["standing"] = standing
    if not standing.allowed:
        raise too_many_calls(standing.reset)


always: Final = {
    "x-zendesk-api-version": "v2",
    "x-zendesk-application-version": "v19942",
    "x-frame-options": "SAMEORIGIN",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "X-Zendesk-API-Gateway": "yes",
    "X-Zendesk-Zorg": "yes",
}


def headers(turn: Turn, reply: Reply) -> dict[str, str]:
    """recorded: what stands on every reply since 2024, but for those of the network in front of the service."""
    chance = turn.world.bits(96)
    out = {
        **always,
        "x-request-id": f"{chance & 0xFFFFFFFFFFFFFFFF:016x}-{('AMS', 'FRA', 'SEA', 'SJC')[chance >> 94]}",
        "x-runtime": f"0.{20_000 + (chance >> 64 & 0xFFFF):06d}",
        "cache-control": "max-age=0, private, must-revalidate" if "etag" in reply.headers else "no-cache",
    }
    standing: Standing | None = turn.notes.get("standing")
    if standing is not None:
        limit, left = str(standing.limit), str(standing.remaining)
        out |= {"x-rate-limit": limit, "x-rate-limit-remaining": left}
        out |= {"ratelimit-limit": limit, "ratelimit-remaining": left, "ratelimit-reset": str(standing.reset)}
    if "_zendesk_cookie=" not in turn.call.headers.get("cookie", "") and "set-cookie" not in reply.headers:
        out |= first_contact(turn.world.seed, turn.now // hour)
    return out


@lru_cache(maxsize=64)
def first_contact(seed: str, hours: int) -> dict[str, str]:
    """recorded: two cookies of no consequence for whoever brings none. A header that comes twice is written in two ways.

    The first holds no device tokens, in Ruby's own notation, signed; the second is the network's, and ends in the second it was made. (inferred)
    """
    expires = formatdate((hours * hour + 365 * day) // 1000, usegmt=True)
    value = f"BAhJIhl7ImRldmljZV90b2tlbnMiOnt9fQY6BkVU--{derived(seed, 'device', 0).hex()[:40]}"
    visitor = f"{derived(seed, 'visitor', hours).hex()[:40]}-{hours * hour // 1000}"
    return {
        "set-cookie": f"_zendesk_cookie={value}; path=/; expires={expires}; secure; HttpOnly; SameSite=None",
        "Set-Cookie": f"__cfruid={visitor}; path=/; HttpOnly; Secure; SameSite=None",
    }


def around(turn: Turn, behave: Behaviour) -> Reply:
    """`me` is the caller wherever a user's id is taken (sdk); a body nobody asked for is warned of; what has a body has an ETag (recorded)."""
    if turn.params.get("user_id") == "me":
        turn.params["user_id"] = turn.caller.id
    warned = warning(turn) if turn.call.body and turn.operation.body is None else None
    reply = behave(turn)
    if warned:
        reply = reply.with_headers({"x-zendesk-api-warn": warned})
    if reply.value is NOTHING:
        return reply
    body = orjson.dumps(reply.value)
    etag = f'W/"{md5(body, usedforsecurity=False).hexdigest()}"'
    return Reply(reply.status, reply.value, {**reply.headers, "etag": etag}, body)


def warning(turn: Turn) -> str | None:
    """recorded: the unpermitted keys of a body as Ruby prints a hash, inner keys first. The call goes on."""
    if not turn.call.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        told = orjson.loads(turn.call.body)
    except orjson.JSONDecodeError:
        raise bad_json() from None
    if not isinstance(told, dict) or not told:
        return None
    shown = ", ".join(orjson.dumps(key[:80]).decode() for key in islice(unpermitted(told), 20)).encode("ascii", "replace").decode()
    controller, action = actions[turn.operation.id]
    parts = f':controller=>"{controller}", :action=>"{action}", :unpermitted_keys=>[{shown}], :invalid_values=>[]'
    return f"{{:allowed_parameters=>{{{parts}}}}}"


def unpermitted(told: dict[str, Json]) -> Iterator[str]:
    for name, value in told.items():
        if isinstance(value, dict):
            yield from (f"{name}.{inner}" for inner in value)
        yield name


vendor: Final = Vendor(
    "zendesk",
    title="Zendesk Support",
    hosts=("*.zendesk.com",),
    kinds=kinds,
    authenticate=authenticate,
    meter=meter,
    invalid=invalid,
    refuse=refuse,
    headers=headers,
    pages=Pages(),
    tick=tick,
    around=around,
    populate=populate,
    credentials=credentials,
    authorize=held.authorize,
    holds=held.holds,
    subject=subject_of,
    options=options,
    media="application/json; charset=utf-8",  # recorded
    rewrite=without_json,
    sample="-u '{email}/token:{api_token}' '{url}/api/v2/users/{user_id}/sessions.json?per_page=2'",
    behaviours=dict(behaviours),
)
