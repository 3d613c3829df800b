"""Signing in: the grants of `authenticate`, the browser's way to a code, one-time codes, devices, and the keys.

A sign-in that needs one more step, or fails, is remembered (a pending token, an event), so it is a reply and not a refusal.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from hmac import compare_digest
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mockserver.engine.vendor import Turn
from mockserver.errors import Refusal
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_ms, millis, second
from mockserver.state.ids import letters, ulid
from mockserver.state.table import Record
from mockserver.values import frozen
from mockserver.vendors.workos import records, tokens
from mockserver.vendors.workos.card import signing_in, spend, vendor
from mockserver.vendors.workos.events import happened
from mockserver.vendors.workos.words import coded, oauth, refuse, said


@frozen
class Proof:
    """Somebody proved who they are.

    user          whose sign-in it is
    method        how, in the words of sessions: "password", "magic_code", …
    step          what just succeeded, in the words of events: "password", "magic_auth", "email_verification", …
    named         how, in the words of the reply; None: as the method says
    organization  which one was chosen, or None
    impersonator  who really sits there, or None
    """

    user: Record
    method: str
    step: str
    named: str | None = None
    organization: str | None = None
    impersonator: Mapping[str, Json] | None = None


@vendor.behaviour("authenticate")
def authenticate(turn: Turn) -> Reply:
    body = turn.body
    known_client(turn, body["client_id"], body.get("client_secret"))
    if body.get("invitation_token"):
        raise oauth("invitation_invalid", "The invitation is invalid.")  # no invitations are acted out
    return grants[body["grant_type"]](turn)


def known_client(turn: Turn, client: str, secret: str | None) -> None:
    """official: invalid_client, for the application and its secret alike."""
    if client != records.client_id(turn.world.seed):
        raise oauth("invalid_client", "Invalid client ID.")
    if secret is not None and secret != records.api_key(turn.world.seed):
        raise oauth("invalid_client", "Invalid client secret.")


# -- after the proof ---------------------------------------------------------------------------------------------------------------


def proved(turn: Turn, proof: Proof) -> Reply:
    """What follows a proof: one more step where one is needed, else a session.

    docs: the success is told even when more steps follow.
    """
    user = proof.user
    tell(turn, f"{proof.step}_succeeded", user)
    if not user["email_verified"] and proof.method == "password" and turn.options["email_verification"] == "required":
        return ask_for_verification(turn, proof)
    choices = [each["organization_id"] for each in records.active_memberships(turn.tables, user["id"])]
    if proof.organization is None and len(choices) > 1:
        return ask_for_organization(turn, proof, choices)
    if proof.organization is None and choices:
        proof = replace(proof, organization=choices[0])  # vendor's emulator: the only one is chosen without asking
    return begun(turn, proof)


def begun(turn: Turn, proof: Proof) -> Reply:
    """A new session. That a user signed in is no change of the user, so no event tells of it. (vendor's emulator)"""
    now = iso_ms(turn.now)
    user = {**proof.user, "last_sign_in_at": now}
    session = records.session(
        turn.world,
        {
            "impersonator": proof.impersonator,
            "user_agent": turn.body.get("user_agent"),
            "ip_address": turn.body.get("ip_address"),
            "organization_id": proof.organization,
            "user_id": user["id"],
            "auth_method": proof.method,
            "_refresh": records.secret(turn.world),
            "_method": proof.named or records.named.get(proof.method),
        },
    )
    turn.table("users").put(user)
    turn.table("sessions").put(session)
    happened(turn.world, "session.created", records.bare(session))
    return answer(turn, user, session)


def answer(turn: Turn, user: Record, session: Record) -> Reply:
    """The tokens of a session. What there is none of is left out. (recorded)"""
    organization = session.get("organization_id")
    method = session.get("_method") or records.named.get(session["auth_method"])
    return Reply(
        200,
        {
            "user": records.bare(user),
            **({"organization_id": organization} if organization else {}),
            "access_token": access_token(turn, session),
            "refresh_token": session["_refresh"],
            **({"authentication_method": method} if method else {}),
            **({"impersonator": session["impersonator"]} if session.get("impersonator") else {}),
        },
    )


def access_token(turn: Turn, session: Record) -> str:
    """Issued in real time whatever the world's clock says, for clients check it with their own."""
    now = int(turn.world.clock.wall())
    organization = session.get("organization_id")
    membership = records.between(turn.tables, session["user_id"], organization) if organization else None
    slugs = [each["slug"] for each in membership["roles"]] if membership else []
    return tokens.signed({
        "iss": tokens.issuer,
        "sub": session["user_id"],
        **({"act": {"sub": session["impersonator"]["email"]}} if session.get("impersonator") else {}),
        "sid": session["id"],
        "jti": ulid(now * 1000, turn.draws().bits(80)),
        **({"org_id": organization} if organization else {}),
        **({"role": slugs[0], "roles": slugs, "permissions": records.permissions(slugs)} if slugs else {}),
        "client_id": records.client_id(turn.world.seed),
        "auth_time": now - max(0, turn.now - millis(session["created_at"])) // 1000,  # sdk: must be there
        "exp": now + tokens.lifetime,
        "iat": now,
    })  # fmt: skip


def tell(turn: Turn, what: str, user: Record | None, email: str | None = None, error: Mapping[str, Json] | None = None) -> None:
    """An authentication event."""
    step, _, status = what.rpartition("_")
    happened(
        turn.world,
        f"authentication.{what}",
        {
            "type": step,
            "status": status,
            "ip_address": turn.body.get("ip_address"),
            "user_agent": turn.body.get("user_agent"),
            "user_id": user["id"] if user else None,
            "email": user["email"] if user else email,
            **({"error": error} if error else {}),
            **({"sso": {"organization_id": None, "connection_id": None, "session_id": None}} if step == "sso" else {}),
        },
    )


def failed(turn: Turn, step: str, refusal: Refusal, user: Record | None = None, email: str | None = None) -> Reply:
    """The refusal as a reply, with the event that tells of it."""
    code = refusal.extra.get("code") or refusal.extra["error"]
    words = refusal.extra.get("message") or refusal.extra["error_description"]
    tell(turn, f"{step}_failed", user, email, {"code": code, "message": words})
    return refuse(turn, refusal)


# -- one more step -----------------------------------------------------------------------------------------------------------------


def pending(turn: Turn, proof: Proof, **more: Json) -> str:
    """A token that stands for a proof until the step it waits for."""
    kept = {"user_id": proof.user["id"], "method": proof.method, "named": proof.named, "impersonator": proof.impersonator, **more}
    grant = records.grant(turn.world, {"type": "pending_authentication", **kept})
    turn.table("grants").put(grant)
    token: str = grant["id"]
    return token


def ask_for_verification(turn: Turn, proof: Proof) -> Reply:
    """docs, recorded. The code would be in the mail; here it stands in the grant."""
    verification = records.fresh(turn.world, "email_verification")
    token = pending(turn, proof, waits_for="email_verification", email_verification_id=verification, code=records.digits(turn.world))
    return Reply(
        403,
        {
            "code": "email_verification_required",
            "message": "Email ownership must be verified before authentication.",
            "pending_authentication_token": token,
            "email": proof.user["email"],
            "email_verification_id": verification,
        },
    )


def ask_for_organization(turn: Turn, proof: Proof, choices: list[str]) -> Reply:
    """docs."""
    companies = [turn.table("organizations").get(each) for each in choices]
    return Reply(
        403,
        {
            "code": "organization_selection_required",
            "message": "The user must choose an organization to finish their authentication.",
            "pending_authentication_token": pending(turn, proof, waits_for="organization"),
            "organizations": [{"id": each["id"], "name": each["name"]} for each in companies if each],
            "user": records.bare(proof.user),
        },
    )


def resumed(turn: Turn, waits_for: str) -> tuple[Record, Record]:
    """The grant of a pending token, and its user. Raises the refusal of one that is unknown, spent, expired or for another step."""
    token = turn.body["pending_authentication_token"]
    grant = usable(turn, token, "pending_authentication")
    user = turn.table("users").get(grant["user_id"]) if grant else None
    if grant is None or user is None or grant["waits_for"] != waits_for:
        words = f"The pending_authentication_token '{token}' has expired or is invalid."  # recorded
        raise coded(400, "invalid_pending_authentication_token", words)
    return grant, user


def usable(turn: Turn, key: str, kind: str) -> Record | None:
    """The grant of this key when it is of this type and still good."""
    grant = turn.table("grants").get(key)
    good = grant is not None and grant["type"] == kind and grant["expires_at"] > iso_ms(turn.now)
    return grant if good else None


# -- the grants --------------------------------------------------------------------------------------------------------------------


def by_password(turn: Turn) -> Reply:
    """vendor's emulator, seen live: an unknown address and a wrong password are told the same. (recorded in 2023: 404 for the first)"""
    email = turn.body["email"]
    spend(turn, signing_in, records.address(email))
    user = turn.table("users").first("email", records.address(email))
    if user is None or user["_password"] is None or not same(user["_password"], turn.body["password"]):
        return failed(turn, "password", coded(400, "invalid_credentials", f"Invalid credentials for '{email}'."), user, email)
    return proved(turn, Proof(user, "password", "password"))


def same(one: str, other: str) -> bool:
    return compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def by_code(turn: Turn) -> Reply:
    """A code of `authorize`: once, by who began, and for a user who is still who they were."""
    code = turn.body["code"]
    refusal = oauth("invalid_grant", f"The code '{code}' has expired or is invalid.")  # recorded
    grant = usable(turn, code, "authorization_code")
    user = turn.table("users").get(grant["user_id"]) if grant else None
    if grant is None or user is None:
        return failed(turn, "oauth", refusal, user)
    verifier, challenge = turn.body.get("code_verifier"), grant.get("code_challenge")
    if challenge and not verifier:
        raise oauth("invalid_request", "code_verifier is required.")
    if verifier and not challenge:
        raise coded(400, "code_challenge_not_found", "The code was requested without a code challenge.")
    if not verifier and turn.body.get("client_secret") is None:
        raise oauth("invalid_request", "client_secret or code_verifier is required.")
    if verifier and not same(str(challenge), challenge_of(verifier)):
        return failed(turn, "oauth", refusal, user)
    organization = grant.get("organization_id")
    if organization and not is_member(turn, user["id"], organization):
        return failed(turn, "oauth", refusal, user)
    turn.table("grants").remove(code)
    method = grant.get("method") or "password"
    step = {"sso": "sso", "oauth": "oauth", "magic_code": "magic_auth"}.get(method, "password" if method == "password" else "oauth")
    user = verified(turn, user) if method != "password" else user
    return proved(turn, Proof(user, method, step, grant.get("named"), organization, grant.get("impersonator")))


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode(errors="replace")).digest()).rstrip(b"=").decode()


def is_member(turn: Turn, user: str, organization: str) -> bool:
    membership = records.between(turn.tables, user, organization)
    return membership is not None and membership["status"] == "active"


def verified(turn: Turn, user: Record) -> Record:
    """docs: whoever gets in by mail or by a provider has the address verified. A change of the user, so an event tells of it."""
    if user["email_verified"]:
        return user
    changed = {**user, "email_verified": True, "updated_at": iso_ms(turn.now)}
    turn.table("users").put(changed)
    happened(turn.world, "user.updated", records.bare(changed))
    return changed


def by_refresh_token(turn: Turn) -> Reply:
    """A refresh token works once, while its session is active; the reply brings the next. (docs)"""
    session = turn.table("sessions").first("refresh", turn.body["refresh_token"])
    user = turn.table("users").get(session["user_id"]) if session else None
    if session is None or user is None or session["status"] != "active":
        raise oauth("invalid_grant", "Invalid refresh token.")  # recorded
    organization = turn.body.get("organization_id") or session.get("organization_id")
    if organization:
        may_enter(turn, user["id"], organization)
    renewed = {**session, "organization_id": organization, "_refresh": records.secret(turn.world), "updated_at": iso_ms(turn.now)}
    renewed = dict(records.arranged(renewed))
    turn.table("sessions").put(renewed)
    return answer(turn, user, renewed)


def may_enter(turn: Turn, user: str, organization: str) -> None:
    """official: two codes, for an organization that is not and a membership that is not."""
    if organization not in turn.table("organizations"):
        raise oauth("organization_not_found", f"Organization not found: '{organization}'.")
    if not is_member(turn, user, organization):
        raise oauth("organization_membership_not_found", "The user is not an active member of the organization.")


def by_magic_auth(turn: Turn) -> Reply:
    email, code = turn.body["email"], turn.body["code"]
    spend(turn, signing_in, records.address(email))
    sent = [each for each in turn.table("magic_auth").rows("email", records.address(email)) if each["code"] == code]
    user = turn.table("users").first("email", records.address(email))
    if not sent or user is None:
        return failed(turn, "magic_auth", coded(400, "invalid_one_time_code", "Invalid one-time code."), user, email)
    newest = sent[-1]
    if newest["_used"]:
        return failed(turn, "magic_auth", coded(400, "one_time_code_previously_used", "One-time code has already been used."), user)
    if newest["expires_at"] <= iso_ms(turn.now):
        return failed(turn, "magic_auth", coded(400, "one_time_code_expired", f"One-time code for '{user['email']}' has expired."), user)
    turn.table("magic_auth").put({**newest, "_used": True, "updated_at": iso_ms(turn.now)})
    return proved(turn, Proof(verified(turn, user), "magic_code", "magic_auth"))


def by_email_verification(turn: Turn) -> Reply:
    grant, user = resumed(turn, "email_verification")
    if not same(grant["code"], turn.body["code"]):
        return failed(turn, "email_verification", coded(400, "invalid_one_time_code", "Invalid one-time code."), user)
    turn.table("grants").remove(grant["id"])
    return proved(turn, Proof(verified(turn, user), grant["method"], "email_verification", grant["named"], None, grant["impersonator"]))


def by_organization(turn: Turn) -> Reply:
    """The choice is judged before the token is spent, so that a wrong one can be mended. Nothing new was proved: no event but the session's."""
    grant, user = resumed(turn, "organization")
    chosen = turn.body["organization_id"]
    if chosen not in turn.table("organizations"):
        raise coded(400, "invalid_organization_id", f"The organization '{chosen}' is invalid.")
    may_enter(turn, user["id"], chosen)
    turn.table("grants").remove(grant["id"])
    return begun(turn, Proof(user, grant["method"], "", grant["named"], chosen, grant["impersonator"]))


def by_other_step(turn: Turn) -> Reply:
    """Second factors and risk challenges are never asked for here, so no token waits for them."""
    resumed(turn, turn.body["grant_type"])
    raise AssertionError("no grant waits for this step")


def by_device(turn: Turn) -> Reply:
    """RFC 8628. Nobody sits at the other screen, so the scene's longest-standing user agrees as soon as the first interval is over."""
    grant = turn.table("grants").get(turn.body["device_code"])
    if grant is None or grant["type"] != "device_code":
        raise oauth("invalid_grant", "Invalid device code.")
    if grant["expires_at"] <= iso_ms(turn.now):
        raise oauth("expired_token", "The device code has expired.")
    waited = turn.now - grant["polled"]
    if waited < interval * second:
        early = grant["polls"] > 0
        turn.table("grants").put({**grant, "polled": turn.now, "polls": grant["polls"] + 1})
        if early:
            return refuse(turn, oauth("slow_down", "The device is polling too often."))
        return refuse(turn, oauth("authorization_pending", "The authorization request is still pending."))
    user = first_user(turn)
    if user is None:
        raise oauth("access_denied", "The authorization request was denied.")
    turn.table("grants").remove(grant["id"])
    return proved(turn, Proof(verified(turn, user), "oauth", "oauth", "GoogleOAuth"))


grants: Final[Mapping[str, Callable[[Turn], Reply]]] = {
    "authorization_code": by_code,
    "password": by_password,
    "refresh_token": by_refresh_token,
    "urn:workos:oauth:grant-type:magic-auth:code": by_magic_auth,
    "urn:workos:oauth:grant-type:email-verification:code": by_email_verification,
    "urn:workos:oauth:grant-type:organization-selection": by_organization,
    "urn:workos:oauth:grant-type:mfa-totp": by_other_step,
    "urn:workos:oauth:grant-type:radar-email-challenge:code": by_other_step,
    "urn:workos:oauth:grant-type:radar-sms-challenge:code": by_other_step,
    "urn:ietf:params:oauth:grant-type:device_code": by_device,
}


# -- the other doors ---------------------------------------------------------------------------------------------------------------

interval: Final = 5
device_life: Final = 300

pkce_challenge: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@vendor.behaviour("authorize")
def authorize(turn: Turn) -> Reply:
    """The sign-in page agrees at once, as the user of login_hint, else as the longest-standing one.

    What is wrong with the client is said here; what is wrong with the user goes back to redirect_uri, as OAuth has it.
    """
    params = turn.params
    known_client(turn, params["client_id"], None)
    if not any(name in params for name in ("provider", "connection_id", "organization_id")):
        raise oauth("invalid_request", "One of connection_id, organization_id or provider is required.")  # sdk: checked there as well
    challenge = params.get("code_challenge")
    if challenge is not None and ("code_challenge_method" not in params or not pkce_challenge.fullmatch(challenge)):
        raise oauth("invalid_request", "code_challenge must be an S256 challenge with its code_challenge_method.")
    hint, organization = params.get("login_hint"), params.get("organization_id")
    user = turn.table("users").first("email", records.address(hint)) if hint else first_user(turn)
    if user is None:
        return back(turn, error="access_denied", error_description="The user did not sign in.")
    if organization is not None and not is_member(turn, user["id"], organization):
        return back(
            turn, error="organization_membership_not_found", error_description="The user is not an active member of the organization."
        )
    method, name = way(params)
    kept = {"user_id": user["id"], "organization_id": organization, "code_challenge": challenge, "method": method, "named": name}
    grant = records.grant(turn.world, {"type": "authorization_code", **kept})
    turn.table("grants").put(grant)
    return back(turn, code=grant["id"])


def way(params: Mapping[str, Json]) -> tuple[str, str]:
    """By what a provider signs in: the session's word and the reply's."""
    provider = params.get("provider")
    if provider == "authkit":
        return "password", "Password"
    return ("oauth", provider) if provider else ("sso", "SSO")


def back(turn: Turn, **more: str) -> Reply:
    """To redirect_uri, with the state it came with."""
    parts = urlsplit(turn.params["redirect_uri"])
    state = {"state": turn.params["state"]} if "state" in turn.params else {}
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *{**more, **state}.items()])
    return Reply(302, headers={"Location": urlunsplit(parts._replace(query=query))})


def first_user(turn: Turn) -> Record | None:
    users = turn.table("users")
    return next((users.get(key) for key in users.keys()), None)  # noqa: SIM118  # keys() is the table's own


@vendor.behaviour("authorizeDevice")
def authorize_device(turn: Turn) -> Reply:
    known_client(turn, turn.body["client_id"], None)
    code = letters(turn.draws().bits(64), 8, "BCDFGHJKLMNPQRSTVWXZ")
    until = iso_ms(turn.now + device_life * second)
    grant = records.grant(
        turn.world, {"type": "device_code", "code": f"{code[:4]}-{code[4:]}", "expires_at": until, "polled": turn.now, "polls": 0}
    )
    turn.table("grants").put(grant)
    page = f"{turn.base}/device"
    return Reply(
        200,
        {
            "device_code": grant["id"],
            "user_code": grant["code"],
            "verification_uri": page,
            "verification_uri_complete": f"{page}?{urlencode({'user_code': grant['code']})}",
            "expires_in": device_life,
            "interval": interval,
        },
    )


@vendor.behaviour("createMagicAuth")
def create_magic_auth(turn: Turn) -> Reply:
    """recorded: the reply brings the code; docs: an address nobody has becomes a user."""
    if turn.body.get("invitation_token"):
        raise said(400, error="invitation_invalid", error_description="The invitation is invalid.")
    email = records.address(turn.body["email"])
    user = turn.table("users").first("email", email)
    if user is None:
        user = records.user(turn.world, {"email": email})
        turn.table("users").put(user)
        happened(turn.world, "user.created", records.bare(user))
    sent = records.magic_auth(turn.world, {"user_id": user["id"], "email": email})
    turn.table("magic_auth").put(sent)
    happened(turn.world, "magic_auth.created", {name: value for name, value in records.bare(sent).items() if name != "code"})
    return Reply(201, records.bare(sent))


@vendor.behaviour("getJwks")
def jwks(turn: Turn) -> Reply:
    if turn.params["clientId"] != records.client_id(turn.world.seed):
        raise said(404, message="Not Found")
    return Reply(200, tokens.jwks())
