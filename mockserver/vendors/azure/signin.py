"""Entra ID, as far as somebody signs in: discovery, keys, and the token endpoint with client credentials or a password.

The authority is the server itself, so every address told here begins with the address that was asked.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from mockserver.engine.vendor import Turn
from mockserver.errors import Finding, Refusal
from mockserver.message import NOTHING, Json, Reply
from mockserver.state.clock import iso_s
from mockserver.state.ids import guid
from mockserver.state.table import Record
from mockserver.vendors.azure import tokens

management: Final = ("https://management.core.windows.net", "https://management.azure.com")
# docs: other resources whose tokens exist, and are of no use here.
elsewhere: Final = ("https://graph.microsoft.com", "https://vault.azure.net", "https://storage.azure.com")
lifetime: Final = 3599

claims_supported: Final = (
    "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat",
    "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email",
)  # fmt: skip


def refusal(status: int, error: str, code: int, words: str) -> Refusal:
    """One of Entra's refusals: an OAuth error, and an AADSTS code in its description."""
    return Refusal(status, error, words, extra={"code": code})


def tenant_of(turn: Turn, error: str = "invalid_request") -> Record:
    """The tenant that the path names by id or domain."""
    name = turn.params["tenant"].lower()
    for tenant in turn.table("tenants"):
        if name in (tenant["id"], *tenant["domains"]):
            return tenant
    words = f"Tenant '{turn.params['tenant']}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
    raise refusal(
        400,
        error,
        90002,
        f"{words} Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    )


def discovery(turn: Turn) -> Reply:
    """The discovery document. recorded: its members and their order."""
    base = f"{turn.base}/{tenant_of(turn, 'invalid_tenant')['id']}"
    return Reply(
        200,
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "request_uri_parameter_supported": False,
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "claims_supported": list(claims_supported),
            "kerberos_endpoint": f"{base}/kerberos",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            "rbac_url": "https://pas.windows.net",
        },
        {"Cache-Control": "max-age=86400, private"},
    )


def keys(turn: Turn) -> Reply:
    """The public halves of the signing keys."""
    issuer = f"{turn.base}/{tenant_of(turn, 'invalid_tenant')['id']}/v2.0"
    return Reply(200, {"keys": [tokens.public_key(issuer)]}, {"Cache-Control": "max-age=86400, private"})


def token(turn: Turn) -> Reply:
    """A token for an application, or for a person who signs in through one."""
    tenant, form = tenant_of(turn), credentials(turn)
    for name in ("client_id", "scope"):
        if not form.get(name):
            raise missing(name)
    application = turn.table("principals").first("application", str(form["client_id"]).lower())
    if application is None:
        words = f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant['displayName']}'."
        hint = " This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
        raise refusal(
            400, "unauthorized_client", 700016, words + hint + " You may have sent your authentication request to the wrong tenant."
        )
    principal = grants[form["grant_type"]](turn, form, application)
    audience = resource_of(turn, str(form["scope"]))
    issued = int(turn.world.clock.wall())
    claims = claims_of(tenant, principal, application, audience, issued, issued + lifetime + 1)
    told = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": tokens.write(claims)}
    if principal is not application:
        told = {"token_type": "Bearer", "scope": f"{audience}/user_impersonation {audience}/.default", **told}
    return Reply(200, told)


def credentials(turn: Turn) -> dict[str, Json]:
    """The form, with what HTTP Basic says of the client laid over it."""
    form = dict(turn.body) if turn.body is not NOTHING else {}
    scheme, _, given = turn.call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            raise refusal(401, "invalid_client", 7000216, "The 'Authorization' header is not valid.") from None
        form |= {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}
    return form


def by_secret(turn: Turn, form: Mapping[str, Json], application: Record) -> Record:
    """client_credentials: the application itself."""
    if not form.get("client_secret"):
        raise refusal(
            401, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        )
    if form["client_secret"] != application["_secret"]:
        words = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID,"
        raise refusal(401, "invalid_client", 7000215, f"{words} for a secret added to app '{application['appId']}'.")
    return application


def by_password(turn: Turn, form: Mapping[str, Json], application: Record) -> Record:
    """password: a person of the scene, as command lines and tests sign in."""
    for name in ("username", "password"):
        if not form.get(name):
            raise missing(name)
    person = turn.table("principals").first("person", str(form["username"]).lower())
    if person is None:
        words = f"The user account {form['username']} does not exist in the {tenant_of(turn)['id']} directory."
        raise refusal(400, "invalid_grant", 50034, f"{words} To sign into this application, the account must be added to the directory.")
    if form["password"] != person["_secret"]:
        raise refusal(400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password.")
    if not person["accountEnabled"]:
        raise refusal(400, "invalid_grant", 50057, "The user account is disabled.")
    return person


grants: Final[Mapping[str, Callable[[Turn, Mapping[str, Json], Record], Record]]] = {
    "client_credentials": by_secret,
    "password": by_password,
}


def resource_of(turn: Turn, scope: str) -> str:
    """The resource a scope asks for. sdk: the Node client asks for the address it was given, so our own stands for management."""
    asked = [word for word in scope.split() if word not in ("openid", "profile", "email", "offline_access")]
    name, found, _ = asked[0].rpartition("/.default") if len(asked) == 1 else ("", "", "")
    if not found:
        name, found, _ = asked[0].rpartition("/user_impersonation") if len(asked) == 1 else ("", "", "")
    if not found or (found and not asked[0].endswith("/.default") and turn.body.get("grant_type") == "client_credentials"):
        words = f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier"
        raise refusal(400, "invalid_scope", 1002012, f"{words} (application ID URI).")
    plain, here = name.rstrip("/"), urlsplit(turn.base)
    if plain in management or plain == f"{here.scheme}://{here.netloc}" or plain.startswith(f"{here.scheme}://{here.netloc}/"):
        return management[1]
    if plain in elsewhere:
        return plain
    words = f"The resource principal named {name} was not found in the tenant named {tenant_of(turn)['displayName']}."
    hint = " This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
    raise refusal(400, "invalid_resource", 500011, words + hint + " You might have sent your authentication request to the wrong tenant.")


def claims_of(tenant: Record, principal: Record, application: Record, audience: str, issued: int, expires: int) -> dict[str, Any]:
    """What an access token says. docs: the claims of version 1 tokens, which management is given."""
    issuer = f"https://sts.windows.net/{tenant['id']}/"
    claims = {
        "aud": audience,
        "iss": issuer,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
        "appid": application["appId"],
        "appidacr": "1",
        "idp": issuer,
    }
    if principal is application:
        claims |= {"idtyp": "app"}
    else:
        claims |= {
            "name": principal["displayName"],
            "scp": "user_impersonation",
            "unique_name": principal["userPrincipalName"],
            "upn": principal["userPrincipalName"],
        }
    return claims | {"oid": principal["id"], "sub": principal["id"], "tid": tenant["id"], "ver": "1.0"}


def missing(name: str) -> Refusal:
    return refusal(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """A form that cannot be read, or that asks for what nobody grants."""
    if "tenant" in turn.params:
        tenant_of(turn, "invalid_request" if turn.operation.method == "POST" else "invalid_tenant")
    first = findings[0]
    if first.place == "body /grant_type":
        return refusal(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{first.came}'.")
    if first.place.startswith("path"):
        return refusal(
            400,
            "invalid_tenant",
            900023,
            f"Specified tenant identifier '{first.came}' is neither a valid DNS name, nor a valid external domain.",
        )
    # live: a body of another media type is a form with nothing in it.
    return missing(first.place.removeprefix("body /") if first.place.startswith("body /") else "grant_type")


# docs: the codes of a sign-in that fails for no fault of the caller.
unsaid: Final[Mapping[int, tuple[str, int, str]]] = {
    429: ("temporarily_unavailable", 90055, "There are too many incoming requests."),
    500: ("server_error", 50000, "There was an error issuing a token or an issue with our sign-in service."),
    503: ("temporarily_unavailable", 90033, "A transient error has occurred. Please try again."),
}


def refuse(turn: Turn, given: Refusal) -> Reply:
    """The error body of the token endpoint. A refusal without words, as faults make them, has those of its status."""
    trace = turn.notes.setdefault("trace", guid(turn.draws().bits(128)))
    correlation = turn.call.headers.get("client-request-id") or guid(turn.draws().bits(128))
    name, code, words = unsaid.get(given.status, ("invalid_request", 90014, "The request is missing something."))
    name, code, words = given.code or name, given.extra.get("code", code), given.message or words
    now = iso_s(turn.now).replace("T", " ")
    return Reply(
        given.status,
        {
            "error": name,
            "error_description": f"AADSTS{code}: {words} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={code}",
        },
        given.headers,
    )


def headers(turn: Turn, reply: Reply) -> Mapping[str, str]:
    """The headers of the sign-in servers."""
    out = {
        "Cache-Control": reply.headers.get("Cache-Control", "no-store, no-cache"),
        "Pragma": "no-cache",
        "Expires": "-1",
        "X-Content-Type-Options": "nosniff",
        "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
        "x-ms-request-id": turn.notes.setdefault("trace", guid(turn.draws().bits(128))),
        "x-ms-ests-server": "2.1.22000.5 - WEULR1 ProdSlices",
    }
    asked = turn.call.headers.get("client-request-id")
    if asked and turn.call.headers.get("return-client-request-id", "").lower() == "true":
        out["client-request-id"] = asked
    return out
