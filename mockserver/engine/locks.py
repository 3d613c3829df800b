"""Who may use a document's fake: whoever shows the credentials that its security schemes ask for."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.contract.wire import BrokenEncoding, cookies, pairs
from mockserver.engine.vendor import Caller, Turn, anonymous
from mockserver.errors import BadSpec, Refusal
from mockserver.state.ids import Draws, base62, letters

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract

basic_user = "demo@example.com"


def schemes_of(contract: Contract) -> dict[str, dict[str, Any]]:
    """The security schemes by name."""
    out = {}
    for name in contract.at("#/components/securitySchemes", None) or {}:
        try:
            place = contract.follow(f"#/components/securitySchemes/{name.replace('~', '~0').replace('/', '~1')}")
        except (BadSpec, BrokenEncoding):
            continue
        node = contract.at(place)
        if isinstance(node, dict):
            out[name] = node
    return out


def credentials_of(contract: Contract, seed: str) -> dict[str, str]:
    """One working credential for each scheme; for HTTP Basic "user:password"."""
    return {name: credential(name, scheme, seed) for name, scheme in schemes_of(contract).items()}


def credential(name: str, scheme: Mapping[str, Any], seed: str) -> str:
    key = letters(Draws(seed, "credential", name).bits(144), 24, base62)
    return f"{basic_user}:{key}" if scheme.get("type") == "http" and str(scheme.get("scheme")).lower() == "basic" else f"mock_{key}"


def unlocked(turn: Turn) -> Caller:
    """Who asks. Raises Refusal (401) when no alternative of the operation's security is met."""
    alternatives = turn.operation.security
    if not alternatives or turn.options.get("security") == "off" or any(not each for each in alternatives):
        return anonymous
    contract = turn.engine.contract
    schemes, seed = schemes_of(contract), turn.world.seed
    for needed in alternatives:
        known = {name: schemes[name] for name in needed if name in schemes}
        met = {slot(scheme) for name, scheme in known.items() if shown(turn, scheme) == credential(name, scheme, seed)}
        if met >= {slot(scheme) for scheme in known.values()}:  # two may want the same header: then either's credential will do
            return Caller(id=", ".join(needed), how=", ".join(needed))
    wanted = " or ".join(" and ".join(each) for each in alternatives)
    challenges = dict.fromkeys(challenge(schemes[name]) for each in alternatives for name in each if name in schemes)
    headers = {"WWW-Authenticate": told} if (told := ", ".join(filter(None, challenges))) else {}
    raise Refusal(401, "unauthorized", f"show the credential of {wanted}: `serve` prints them", headers=headers)


def challenge(scheme: Mapping[str, Any]) -> str:
    """What `WWW-Authenticate` says of a scheme (RFC 9110 wants it in every 401); "" of those it has no word for."""
    if scheme.get("type") in ("apiKey", "mutualTLS"):
        return ""
    basic = scheme.get("type") == "http" and str(scheme.get("scheme")).lower() == "basic"
    return 'Basic realm="mockserver"' if basic else "Bearer"


def slot(scheme: Mapping[str, Any]) -> tuple[str, str]:
    """Where a scheme's credential stands in a request."""
    name = str(scheme.get("name", "")).lower() if scheme.get("type") == "apiKey" else "authorization"
    return (str(scheme.get("in", "header")), name) if name != "authorization" else ("header", name)


def shown(turn: Turn, scheme: Mapping[str, Any]) -> str | None:
    """The credential of a scheme that the call carries, or None."""
    headers, kind = turn.call.headers, scheme.get("type")
    if kind == "apiKey":
        name = str(scheme.get("name", ""))
        match scheme.get("in"):
            case "query":
                try:
                    return next(iter(pairs(turn.call.query).get(name, ())), None)
                except BrokenEncoding:
                    return None
            case "cookie":
                return next(iter(cookies(headers.get("cookie", "")).get(name, ())), None)
            case _:
                value = headers.get(name.lower())
                return value if value is None or name.lower() != "authorization" else bare(value)
    value = headers.get("authorization", "")
    if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
        try:
            return b64decode(value[6:], validate=True).decode() if value[:6].lower() == "basic " else None
        except ValueError:
            return None
    if kind == "mutualTLS":
        return None
    return bare(value) if value else None


def bare(value: str) -> str:
    """A credential without the word for its kind: "Bearer x" and "x" are the same key."""
    return value.rpartition(" ")[2]
