"""Who asks: a password, an API token of the account, an OAuth token, or the cookie of a browser session."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

from mockserver.contract.wire import cookies
from mockserver.engine.vendor import Caller, Turn, anonymous
from mockserver.state.clock import iso_s, minute
from mockserver.state.table import Record
from mockserver.vendors.zendesk.records import api_token, seen
from mockserver.vendors.zendesk.refusals import actions, bad_bearer, bad_csrf, not_authenticated, out_of_scope

cookie_name: Final = "_zendesk_session"
seen_every: Final = 10 * minute
"""official: last_seen_at does not move on every call; how seldom is inferred."""

scopes_for: Final = {
    ("users", "GET"): ("read", "users:read"),
    ("users", "POST"): ("write", "users:write"),
    ("sessions", "GET"): ("read",),
    ("sessions", "DELETE"): ("write",),
}
"""docs: any of these scopes opens a controller; sessions have none of their own."""


def derived(seed: str, purpose: str, session: int) -> bytes:
    """32 secret bytes of a session: they need no place in its record."""
    return blake2b(f"{purpose}:{session}".encode(), key=blake2b(seed.encode()).digest(), digest_size=32).digest()


def cookie_of(seed: str, session: int) -> str:
    """The cookie of a session: a signed blob, as Rails makes them."""
    return f"{b64encode(b'%d' % session).decode()}--{derived(seed, 'cookie', session).hex()[:40]}"


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def csrf_token(turn: Turn) -> str:
    """A fresh mask over the secret of the caller's session (recorded: 86 letters, others on every call)."""
    mask = turn.draws().bits(256).to_bytes(32, "big")
    secret = derived(turn.world.seed, "csrf", turn.caller.facts.get("session", 0))
    return urlsafe_b64encode(mask + xor(mask, secret)).decode().rstrip("=")


def csrf_holds(token: str, secret: bytes) -> bool:
    """Whether a token is the secret under any mask."""
    try:
        raw = urlsafe_b64decode(token.replace("+", "-").replace("/", "_") + "=" * (-len(token) % 4))
    except ValueError:
        return False
    return len(raw) == 64 and hmac.compare_digest(xor(raw[:32], raw[32:]), secret)


def authenticate(turn: Turn) -> Caller:
    """Who asks, by whichever way they chose."""
    if not turn.operation.security:
        return anonymous
    scheme, _, given = turn.call.headers.get("authorization", "").partition(" ")
    caller = ways.get(scheme.lower(), by_cookie)(turn, given.strip())
    if caller is not None:
        return caller
    if {} in turn.operation.security:
        return anonymous  # recorded, live: users/me answers without credentials, and with a wrong password
    raise not_authenticated()


def caller_of(user: Record | None, how: str, **more: Any) -> Caller | None:
    """The user as caller. Who is suspended, deleted or not verified signs in nowhere (docs)."""
    if user is None or user["suspended"] or not (user["active"] and user["verified"]):
        return None
    return Caller(user["id"], user["role"], how=how, **more)


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def by_basic(turn: Turn, given: str) -> Caller | None:
    """E-mail and password, or e-mail/token and the account's API token: any user's e-mail goes with it (docs)."""
    try:
        name, _, word = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return None
    user = turn.table("users").first("email", name.removesuffix("/token").lower())
    if name.endswith("/token"):
        caller = caller_of(user, "basicAuth") if same(word, api_token(turn.world.seed)) else None
        if caller is None:
            raise not_authenticated()  # live: unlike a wrong password, for users/me too
        return caller
    if turn.options["password_auth"] == "off" or user is None or not same(word, user["_password"]):
        return None
    return caller_of(user, "basicAuth")


def by_bearer(turn: Turn, given: str) -> Caller | None:
    token = turn.table("tokens").first("token", given)
    scopes = frozenset(token["scopes"]) if token else frozenset()
    caller = caller_of(turn.table("users").get(token["user_id"]), "oauth", scopes=scopes) if token else None
    if caller is None:
        raise bad_bearer()
    method = turn.operation.method
    if scopes.isdisjoint(scopes_for[actions[turn.operation.id][0], method]):
        raise out_of_scope("read" if method == "GET" else "write")
    return caller


def by_cookie(turn: Turn, _: str) -> Caller | None:
    """The only way with a session of its own. Whatever is no GET needs the CSRF token too (docs)."""
    given = cookies(turn.call.headers.get("cookie", "")).get(cookie_name, [""])[-1]
    try:
        key = int(b64decode(given.partition("--")[0], validate=True))
    except ValueError:
        return None
    session, seed = turn.table("sessions").get(key), turn.world.seed
    if session is None or not same(given, cookie_of(seed, key)):
        return None
    caller = caller_of(turn.table("users").get(session["user_id"]), "sessionCookie", facts={"session": key})
    if caller is None:
        return None
    csrf = turn.call.headers.get("x-csrf-token", "")
    if turn.operation.method != "GET" and not csrf_holds(csrf, derived(seed, "csrf", key)):
        raise bad_csrf()
    if (session["last_seen_at"] or "") <= iso_s(turn.now - seen_every):
        turn.table("sessions").put(seen(turn, session))
    return caller


ways: Final[Mapping[str, Callable[[Turn, str], Caller | None]]] = {"basic": by_basic, "bearer": by_bearer}
