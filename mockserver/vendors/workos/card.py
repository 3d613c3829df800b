"""The card of WorkOS: who asks, how fast, what every reply carries, what expires, and the replay of repeated calls."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from mockserver.engine.limits import Window
from mockserver.engine.pages import BeforeAfter
from mockserver.engine.vendor import Behaviour, Caller, Option, Turn, Vendor, anonymous
from mockserver.errors import Refusal
from mockserver.message import NOTHING, Reply
from mockserver.state.clock import iso_ms
from mockserver.state.ids import guid
from mockserver.state.world import Post, World
from mockserver.vendors.workos import held, records, words

options: Final = {
    "limits": Option("off", ("on", "off"), "whether the documented rate limits are enforced"),
    "email_verification": Option("required", ("required", "off"), "whether a password signs in a user whose address is not verified"),
    "sign_out_to": Option("https://example.com/", (), "where the browser goes after logout without return_to"),
}


def authenticate(turn: Turn) -> Caller:
    """The secret key as a bearer. Doors that take none, or none but the body's, ask nothing."""
    asked = turn.operation.security
    if asked and {} not in asked:
        scheme, _, given = turn.call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or given.strip() != records.api_key(turn.world.seed):
            raise words.unauthorized()
    if turn.operation.body is not None and len(turn.call.body) > largest_body:
        raise words.said(413, message="request entity too large")
    return Caller(role="environment", how="bearer") if asked else anonymous


largest_body: Final = 100 * 1024  # inferred: what Express' body reader takes unless told otherwise


# docs: per key, and for user management per environment, reads and writes apart; deleting organizations apart.
overall: Final = Window("workos:all", 6000, 60)
reading: Final = Window("workos:reads", 1000, 10)
writing: Final = Window("workos:writes", 500, 10)
deleting: Final = Window("workos:organizations", 50, 60)
signing_in: Final = Window("workos:sign-ins", 10, 60)
"""docs: by e-mail address or challenge; counted where that is known."""


def meter(turn: Turn) -> None:
    if turn.options["limits"] == "off" or not turn.caller.role:
        return
    windows = [overall]
    if turn.operation.path.startswith("/user_management"):
        windows.append(reading if turn.call.method == "GET" else writing)
    if turn.operation.id == "deleteOrganization":
        windows.append(deleting)
    for window in windows:
        spend(turn, window, "key")


def spend(turn: Turn, window: Window, who: str) -> None:
    """Count a call against a limit; raises the 429."""
    if turn.options["limits"] == "on":
        standing = window.spend(turn.world, who, turn.now)
        if not standing.allowed:
            raise words.too_many(turn, standing.reset)


# recorded on every reply. Left out: Strict-Transport-Security, which a browser would remember for localhost, and what the CDN adds.
always: Final = {
    "Vary": "Origin, Accept-Encoding",
    "Access-Control-Allow-Credentials": "true",
    "Content-Security-Policy": (
        "default-src 'self';base-uri 'self';block-all-mixed-content;font-src 'self' https: data:;frame-ancestors 'self';"
        "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';"
        "upgrade-insecure-requests"
    ),
    "Expect-CT": "max-age=0",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-XSS-Protection": "0",
}


def headers(turn: Turn, reply: Reply) -> Mapping[str, str]:
    request_id = guid(turn.world.bits(128))
    content = reply.content
    return {**always, "X-Request-ID": request_id, "ETag": etag(content)} if content else {**always, "X-Request-ID": request_id}


def etag(content: bytes) -> str:
    """Express' weak tag: the length in hex and 27 letters of the SHA-1. (recorded: the tag of the 401 comes out the same)"""
    return f'W/"{len(content):x}-{b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()[:27]}"'


def sign(world: World, post: Post, wall: int) -> Mapping[str, str]:
    """docs, sdk: milliseconds of real time, since clients compare them with their own clock; then a comma and a space."""
    endpoint = world.store("workos")["webhook_endpoints"].get(post.endpoint)
    if endpoint is None:
        return {}  # deleted meanwhile; what is under way still arrives
    digest = hmac.new(endpoint["secret"].encode(), b"%d." % wall + post.body, hashlib.sha256).hexdigest()
    return {"WorkOS-Signature": f"t={wall}, v1={digest}"}


def tick(world: World) -> None:
    """Sessions expire; what is kept for a while only is let go."""
    tables, now = world.store("workos"), world.clock.now()
    for key in tables.overdue("sessions", now):
        session = tables["sessions"].get(key)
        if session is not None:
            tables["sessions"].put({**session, "status": "expired", "ended_at": session["expires_at"], "updated_at": session["expires_at"]})
    for name in ("grants", "idempotency_keys"):
        for key in tables.overdue(name, now):
            tables[name].remove(key)


def around(turn: Turn, behave: Behaviour) -> Reply:
    """The same key and call again get the first answer again; with another call the key is refused (recorded).

    Only what succeeded is kept, so that a call that failed may be repeated under its key. (inferred)
    """
    key = turn.params.get("Idempotency-Key")
    if not key:
        return behave(turn)
    kept = turn.table("idempotency_keys")
    request = hashlib.sha256(turn.operation.id.encode() + b"\n" + turn.call.body).hexdigest()
    first = kept.get(key)
    if first is not None:
        if first["request"] != request:
            raise another_call(key)
        return Reply(first["status"], first.get("value", NOTHING))
    reply = behave(turn)
    if 200 <= reply.status < 300:
        value = {} if reply.value is NOTHING else {"value": reply.value}
        kept.put({"id": key, "created_at": iso_ms(turn.now), "request": request, "status": reply.status, **value})
    return reply


def another_call(key: str) -> Refusal:
    sentence = f"Another idempotency key ({key}) with different request parameters was found. Please use a different idempotency key."
    return words.said(400, message=sentence)


vendor: Final = Vendor(
    name="workos",
    title="WorkOS",
    hosts=("api.workos.com",),
    kinds=records.kinds,
    authenticate=authenticate,
    meter=meter,
    invalid=words.invalid,
    refuse=words.refuse,
    headers=headers,
    pages=BeforeAfter(place=records.place),
    paged={"listEvents": BeforeAfter(place=records.place, told=("after",))},  # official, recorded: events have no `before`
    tick=tick,
    sign=sign,
    around=around,
    populate=records.populate,
    credentials=records.credentials,
    authorize=held.authorize,
    holds=held.holds,
    subject=records.subject,
    options=options,
    media="application/json; charset=utf-8",
    sample="-H 'Authorization: Bearer {api_key}' {url}/user_management/users/{id}/sessions",
)
