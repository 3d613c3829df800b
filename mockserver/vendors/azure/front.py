"""The front door of Resource Manager: what happens to a call before the desktop provider sees it, and to every reply after.

Rules of this file
- The order of refusals: api-version named, token, quota, shape of the address, subscription, role, version, group, pool.
- The front door speaks in code words; the provider behind it says its status as text and an activity id (see `provider`).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from mockserver.engine.limits import Bucket, Standing
from mockserver.engine.vendor import Behaviour, Caller, Turn, anonymous
from mockserver.errors import Finding, Refusal
from mockserver.message import Reply
from mockserver.state.clock import iso_s
from mockserver.state.table import Record
from mockserver.vendors.azure import signin, tokens
from mockserver.vendors.azure.records import namespace, pools_of, shaped

versions: Final = ("2021-07-12", "2022-09-09", "2023-09-05", "2024-04-03", "2025-10-10")
all_statuses: Final = frozenset(HTTPStatus)
version_named: Final = re.compile(r"(?:^|&)api(?:-|%2d)version=[^&]", re.IGNORECASE)
version_shape: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:-(?:preview|alpha|beta|rc|privatepreview))?")
uuid_shape: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
largest_body: Final = 4 * 1024 * 1024

# docs: built-in roles of Azure; the actions a role grants, as patterns.
roles: Final[Mapping[str, tuple[str, ...]]] = {
    "Owner": ("*",),
    "Contributor": ("*",),
    "Reader": ("*/read",),
    "Desktop Virtualization User Session Operator": (
        "hostpools/read",
        "hostpools/sessionhosts/read",
        "hostpools/sessionhosts/usersessions/*",
    ),
}

actions: Final[Mapping[str, str]] = {
    "HostPools_List": "hostPools/read",
    "HostPools_ListByResourceGroup": "hostPools/read",
    "HostPools_Get": "hostPools/read",
    "SessionHosts_List": "hostPools/sessionHosts/read",
    "SessionHosts_Get": "hostPools/sessionHosts/read",
    "SessionHosts_Update": "hostPools/sessionHosts/write",
    "SessionHosts_Delete": "hostPools/sessionHosts/delete",
    "UserSessions_ListByHostPool": "hostPools/sessionHosts/userSessions/read",
    "UserSessions_List": "hostPools/sessionHosts/userSessions/read",
    "UserSessions_Get": "hostPools/sessionHosts/userSessions/read",
    "UserSessions_Delete": "hostPools/sessionHosts/userSessions/delete",
    "UserSessions_Disconnect": "hostPools/sessionHosts/userSessions/disconnect/action",
    "UserSessions_SendMessage": "hostPools/sessionHosts/userSessions/sendMessage/action",
}

# docs: token buckets of each principal on a subscription; fifteen times that for all principals together.
buckets: Final[Mapping[str, tuple[Bucket, Bucket]]] = {
    kind: (Bucket(f"azure:{kind}", calls, refill), Bucket(f"azure:global-{kind}", calls * 15, refill * 15))
    for kind, calls, refill in (("reads", 250, 25), ("writes", 200, 10), ("deletes", 200, 10))
}
quota_of: Final = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


# -- who asks -------------------------------------------------------------------------------------------------------


def authenticate(turn: Turn) -> Caller:
    """Who asks, by the bearer token. Signing in itself is for everybody."""
    if not turn.operation.security:
        return anonymous
    if len(turn.call.body) > largest_body:
        raise Refusal(413, "RequestContentTooLarge", "The request content size exceeds the maximum size of 4 MB.")
    if not version_named.search(turn.call.query):
        # live: said before anybody is asked for a token.
        raise Refusal(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
    given = turn.call.headers.get("authorization", "").strip()
    scheme, _, token = given.partition(" ")
    if not given:
        raise challenge(turn, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    if scheme.lower() != "bearer" or not token.strip():
        raise challenge(
            turn, "AuthenticationFailedInvalidHeader", "Authentication failed. The 'Authorization' header is provided in an invalid format."
        )
    try:
        claims = tokens.read(token.strip())
    except ValueError:
        raise challenge(turn, "InvalidAuthenticationToken", "The access token is invalid.") from None
    return bearer(turn, claims)


def bearer(turn: Turn, claims: Mapping[str, Any]) -> Caller:
    """The principal that a token names."""
    if str(claims.get("aud", "")).rstrip("/") not in signin.management:
        words = f"The access token has been obtained for wrong audience or resource '{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
        raise challenge(
            turn,
            "InvalidAuthenticationTokenAudience",
            words + ",".join(f"'{each}'" for name in signin.management for each in (f"{name}/", name)) + ".",
        )
    principal = turn.table("principals").get(str(claims.get("oid")))
    if principal is None:
        home = tenant(turn)
        words = f"The access token is from the wrong issuer '{claims.get('iss')}'. It must match the tenant 'https://sts.windows.net/{home}/' associated with this subscription."
        raise challenge(turn, "InvalidAuthenticationTokenTenant", words)
    # Tokens live by the wall, not by the world's clock: the SDK that holds one renews it by its own.
    wall = int(turn.world.clock.wall())
    if wall >= int(claims.get("exp", 0)):
        words = f"The access token expiry UTC time '{iso_s(int(claims.get('exp', 0)) * 1000)}' is earlier than current UTC time '{iso_s(wall * 1000)}'."
        raise challenge(turn, "ExpiredAuthenticationToken", words)
    if not principal["accountEnabled"]:
        raise challenge(turn, "InvalidAuthenticationToken", "The access token is invalid.")
    return Caller(principal["id"], principal["role"], how="azure_auth", facts=principal)


def tenant(turn: Turn) -> str:
    """The tenant that owns the subscription."""
    return str(turn.table("tenants").keys()[0])


def challenge(turn: Turn, code: str, message: str) -> Refusal:
    """A 401 that says where to get a token."""
    at = urlsplit(turn.base)
    error = "missing 'Authorization' header" if "missing" in message else f"{code}"
    words = f'Bearer authorization_uri="{at.scheme}://{at.netloc}/{tenant(turn)}", error="invalid_token", error_description="The authentication failed because of {error}."'
    return Refusal(401, code, message, headers={"WWW-Authenticate": words})


def meter(turn: Turn) -> None:
    """Count the call against the caller's and everybody's bucket."""
    if not turn.operation.security:
        return
    kind = quota_of.get(turn.call.method, "writes")
    own, everybody = buckets[kind]
    if turn.options["limits"] == "off":
        turn.notes["standing"] = kind, Standing(own.size, own.size - 1, 0, True), Standing(everybody.size, everybody.size - 1, 0, True)
        return
    mine = own.spend(turn.world, turn.caller.id, turn.now)
    ours = everybody.spend(turn.world, "", turn.now, cost=int(mine.allowed))
    turn.notes["standing"] = kind, mine, ours
    if not (mine.allowed and ours.allowed):
        wait = max(1, mine.reset, ours.reset)
        words = f"Number of '{kind[:-1]}' requests for subscription '{unquote(turn.call.path).split('/')[2]}' actor '{turn.caller.id}' exceeded."
        hint = f" Please try again after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
        raise Refusal(429, "SubscriptionRequestsThrottled", words + hint, headers={"Retry-After": str(wait)})


# -- what is asked for ----------------------------------------------------------------------------------------------


def around(turn: Turn, behave: Behaviour) -> Reply:
    """Let a call through to the provider."""
    if turn.operation.security:
        enter(turn)
    return behave(turn)


def enter(turn: Turn, version: str | None = None) -> None:
    """Judge a call whose address is well put; past this the provider speaks. `version`: one that nobody knows."""
    subscription = turn.params["subscriptionId"].lower()
    pools = turn.table("hostPools")
    if not pools.keys("subscription", subscription):
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{turn.params['subscriptionId']}' could not be found.")
    authorize(turn)
    if version is not None:
        raise unknown_version(turn, version)
    group = turn.params.get("resourceGroupName")
    if group is not None and not pools.keys("group", (subscription, group.lower())):
        raise no_group(turn, group)
    if "hostPoolName" in turn.params:
        pool = pools.get(f"{pools_of(subscription, turn.params['resourceGroupName'])}/{turn.params['hostPoolName']}".lower())
        if pool is None:
            raise no_pool(turn, turn.params["hostPoolName"])
        turn.notes["pool"] = pool
    turn.notes["activity"] = fresh(turn)


@lru_cache(maxsize=256)
def granted(role: str, action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern) for pattern in roles.get(role, ()))


def authorize(turn: Turn) -> None:
    """The caller's role must grant the action of the operation."""
    action = actions[turn.operation.id]
    if not granted(turn.caller.role, action):
        words = f"The client '{turn.caller.facts['userPrincipalName'] or turn.caller.facts['appId']}' with object id '{turn.caller.id}' does not have authorization"
        scope = f" to perform action '{namespace}/{action}' over scope '{resource(turn.call.path)}' or the scope is invalid."
        raise Refusal(403, "AuthorizationFailed", words + scope + " If access was recently granted, please refresh your credentials.")


def fresh(turn: Turn) -> str:
    """An id nobody had before. Every reply has several, so they are cut from one draw."""
    digits = turn.notes.get("digits") or blake2b(turn.world.bits(128).to_bytes(16)).hexdigest()
    turn.notes["digits"] = digits[32:]
    return shaped(digits)


@lru_cache(maxsize=4096)
def encoded(path: str) -> str:
    """The resource of an address as the provider echoes it."""
    return b64encode(resource(path).encode()).decode()


def resource(path: str) -> str:
    """The resource that an address is about: without the action or the collection at its end."""
    parts = unquote(path).split("/")[1:]
    at = next((at for at, part in enumerate(parts) if part.lower() == "providers"), len(parts))
    pairs = (len(parts) - at - 2) // 2 * 2
    return "/" + "/".join(parts[: at + 2 + pairs] if pairs > 0 else parts[:at])


def unknown_version(turn: Turn, version: str) -> Refusal:
    """An api-version that is none, or that this type does not have."""
    known = ", ".join(versions)
    if not version_shape.fullmatch(version):
        return Refusal(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{known.replace(' ', '')}'.",
        )
    words = [part for part in turn.operation.path.partition(namespace)[2].split("/") if part and "{" not in part]
    kind = "/".join(words[:-1] if turn.operation.method == "POST" else words)
    group = turn.params.get("resourceGroupName")
    if group is None:
        # live: without a place to look for, the type itself is said to be missing, with 404.
        where = f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'."
        return Refusal(404, "InvalidResourceType", f"{where} The supported api-versions are '{known.replace(' ', '')}'.")
    located = sorted({pool["location"]: pool for pool in turn.table("hostPools")})
    near = turn.table("hostPools").first("group", (turn.params["subscriptionId"].lower(), group.lower()))
    here = near["location"] if near else located[0]
    return Refusal(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{here}' and API version '{version}' for type '{kind}'. "
        f"The supported api-versions are '{known}'. The supported locations are '{', '.join(located)}'.",
    )


def no_group(turn: Turn, name: str) -> Refusal:
    return Refusal(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def no_pool(turn: Turn, name: str) -> Refusal:
    if turn.operation.id == "HostPools_Get":
        words = f"The Resource '{namespace}/hostPools/{name}' under resource group '{turn.params.get('resourceGroupName')}' was not found."
        return Refusal(404, "ResourceNotFound", f"{words} For more details please go to https://aka.ms/ARMResourceNotFoundFix")
    # live: below a tracked resource that does not exist, its absence is what is told.
    return Refusal(
        404, "ParentResourceNotFound", f"Can not perform requested operation on nested resource. Parent resource '{name}' not found."
    )


def no_subscription(turn: Turn, name: str) -> Refusal:
    return Refusal(400, "InvalidSubscriptionId", f"The provided subscription identifier '{name}' is malformed or invalid.")


def provider(turn: Turn, status: int, words: str) -> Refusal:
    """The provider's own refusal. recorded: its code is the status, its words begin with the activity id."""
    turn.notes["activity"] = turn.notes.get("activity") or fresh(turn)
    return Refusal(status, str(status), f"ActivityId: {turn.notes['activity']} Error: {words}")


# -- what is badly put ----------------------------------------------------------------------------------------------

# Names that cannot be are names that are not: nobody's pattern is told at the door.
misnamed: Final[Mapping[str, Callable[[Turn, str], Refusal]]] = {
    "subscriptionId": no_subscription,
    "resourceGroupName": no_group,
    "hostPoolName": no_pool,
    "sessionHostName": lambda turn, _: provider(turn, 404, "SessionHost does not exist"),
    "userSessionId": lambda turn, _: provider(turn, 404, "User session does not exist"),
}


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """Findings as the front door or, behind it, the provider puts them."""
    if not turn.operation.security:
        return signin.invalid(turn, findings)
    places = {finding.place: finding for finding in reversed(findings)}
    for name, refusal in misnamed.items():
        if f"path {name}" in places:
            return refusal(turn, str(places[f"path {name}"].came))
    if any(finding.keyword == "encoding" for finding in findings):
        return Refusal(400, "BadRequest", "The request URI is not well formed.")
    version = places.get("query api-version")
    if version is not None:
        came = version.came
        enter(turn, ",".join(came) if isinstance(came, list) else str(came))
    enter(turn)
    first = findings[0]
    if first.keyword == "media-type":
        sent = turn.call.headers.get("content-type", "").partition(";")[0] or "<null>"
        return Refusal(
            415, "UnsupportedMediaType", f"The content media type '{sent}' is not supported. Only 'application/json' is supported."
        )
    if first.keyword == "syntax":
        return Refusal(400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{first.message}'.")
    # inferred: no recording shows a bad parameter; the provider's shape of an error is certain, its words are ours.
    return provider(turn, 400, f"{first.place.partition(' ')[2] or first.place}: {first.message}")


# -- every reply ----------------------------------------------------------------------------------------------------


# live and docs: what the front door says when it has no reason to give.
unsaid: Final[Mapping[int, tuple[str, str]]] = {
    429: ("TooManyRequests", "The request is being throttled."),
    500: ("InternalServerError", "Encountered internal server error."),
    503: ("ServiceUnavailable", "The service is unavailable."),
    504: ("GatewayTimeout", f"The gateway did not receive a response from '{namespace}' within the specified time period."),
}


def refuse(turn: Turn, refusal: Refusal) -> Reply:
    """The error envelope. A refusal without words, as faults make them, has those of its status."""
    if not turn.operation.security:
        return signin.refuse(turn, refusal)
    phrase = HTTPStatus(refusal.status).phrase if refusal.status in all_statuses else "Error"
    code, message = unsaid.get(refusal.status, (phrase.replace(" ", ""), f"{phrase}."))
    return Reply(refusal.status, {"error": {"code": refusal.code or code, "message": refusal.message or message}}, refusal.headers)


# recorded, in this order. Left out: Strict-Transport-Security, which would bind a developer's browser to TLS on localhost for a
# year, and the load balancer's cookies, whose domain no client of ours is in.
unkept: Final = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
unlimited: Final = {"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "9223372036854775807", "X-Rate-Limit-Reset": "0"}


def headers(turn: Turn, reply: Reply) -> Mapping[str, str]:
    """The headers of the provider, if it was reached, and of the front door."""
    if not turn.operation.security:
        return signin.headers(turn, reply)
    correlation = turn.call.headers.get("x-ms-correlation-request-id", "")
    correlation = correlation if uuid_shape.fullmatch(correlation) else fresh(turn)
    pool: Record = turn.notes.get("pool") or {"location": "westeurope"}
    out = dict(unkept)
    if "activity" in turn.notes:
        who = f"tenantId={tenant(turn)},objectId={turn.caller.id}/{pool['location']}/{fresh(turn)}"
        turn.world.counters["azure:lamport"] = lamport = turn.world.counters.get("azure:lamport", 212_363_000) + 1
        out |= {
            "x-ms-operation-identifier": who,
            **turn.notes.get("window", unlimited),
            "x-ms-opsarmpath64": encoded(turn.call.path),
            "x-ms-lamport-ts": str(lamport),
            "x-ms-correlation-id": turn.notes["activity"],
        }
    elif reply.status >= 400:
        out["x-ms-failure-cause"] = "gateway"
    # recorded: the client's own id comes back. docs: only if it is a GUID.
    asked = turn.call.headers.get("x-ms-client-request-id", "")
    out["x-ms-request-id"] = asked if uuid_shape.fullmatch(asked) else fresh(turn)
    if "activity" in turn.notes:
        out |= {"X-Powered-By": "ASP.NET"}
    out["X-Content-Type-Options"] = "nosniff"
    if "standing" in turn.notes:
        kind, mine, ours = turn.notes["standing"]
        out[f"x-ms-ratelimit-remaining-subscription-{kind}"] = str(mine.remaining)
        out[f"x-ms-ratelimit-remaining-subscription-global-{kind}"] = str(ours.remaining)
    now = iso_s(turn.now).replace("-", "").replace(":", "")
    out["x-ms-correlation-request-id"] = correlation
    out["x-ms-routing-request-id"] = f"{pool['location'].upper()}:{now}:{correlation}"
    out["Expires"] = "-1"
    return out
