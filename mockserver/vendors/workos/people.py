"""Users, organizations and who belongs to which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.engine.crud import found, page_of, subject
from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Turn
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_ms
from mockserver.state.table import Record
from mockserver.vendors.workos import records
from mockserver.vendors.workos.card import vendor
from mockserver.vendors.workos.events import happened
from mockserver.vendors.workos.sessions import end
from mockserver.vendors.workos.words import coded, said


def existing(turn: Turn, kind: str, key: str) -> Record:
    """The record of this key, or the refusal of its kind."""
    record = turn.table(kind).get(key)
    if record is None:
        raise turn.engine.kinds[kind].missing(turn, key)
    return record


@vendor.behaviour("getUserByExternalId", "getOrganizationByExternalId")
def by_external_id(turn: Turn) -> Reply:
    kind = turn.engine.kind_of(turn.engine.role(turn.operation))
    record = turn.table(kind.name).first("external", turn.params["external_id"])
    if record is None:
        raise kind.missing(turn, turn.params["external_id"])
    return Reply(200, kind.view(turn, record))


def external_id_free(turn: Turn, kind: str, owner: str | None = None) -> None:
    """official: one external id, one object."""
    wanted = turn.body.get("external_id")
    holder = turn.table(kind).first("external", wanted) if wanted is not None else None
    if holder is not None and holder["id"] != owner:
        raise coded(400, "external_id_already_used", f"The external ID '{wanted}' is already in use.")


def merged(old: Mapping[str, Json], changes: Json) -> dict[str, Json]:
    """Metadata with what was sent laid over it; a null takes its key away, and null for all takes all away. (sdk)"""
    if changes is None:
        return {}
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


# -- users -------------------------------------------------------------------------------------------------------------------------

shortest_password: Final = 10  # docs: the default policy


@vendor.behaviour("listUsers")
def list_users(turn: Turn) -> Reply:
    role, kind = subject(turn)
    users = turn.table("users")
    email, company = turn.params.get("email"), turn.params.get("organization_id") or turn.params.get("organization")
    members = turn.table("organization_memberships")

    def belongs(user: Record) -> bool:
        between = members.first("pair", (user["id"], company))
        return between is not None and between["status"] == "active"

    keep = belongs if company is not None else None
    if email is not None:
        return page_of(turn, role, kind, Selection(users, "email", records.address(email), keep))
    return page_of(turn, role, kind, Selection(users, keep=keep))


@vendor.behaviour("createUser")
def create_user(turn: Turn) -> Reply:
    body = turn.body
    if turn.table("users").first("email", records.address(body["email"])) is not None:
        errors = [{"code": "email_not_available", "message": "This email is not available."}]
        raise coded(400, "user_creation_error", "Could not create user.", errors=errors)
    external_id_free(turn, "users")
    strong(body.get("password"))
    user = records.user(turn.world, {name: value for name, value in body.items() if name in creatable})
    turn.table("users").put(user)
    happened(turn.world, "user.created", records.bare(user))
    return Reply(201, records.bare(user))


creatable: Final = frozenset({"email", "first_name", "last_name", "name", "email_verified", "metadata", "external_id", "password"})


def strong(password: str | None) -> None:
    if password is not None and len(password) < shortest_password:
        errors = [{"code": "password_too_short", "message": f"Password must be at least {shortest_password} characters long."}]
        raise coded(400, "password_strength_error", "Password does not meet strength requirements.", errors=errors)


@vendor.behaviour("updateUser")
def update_user(turn: Turn) -> Reply:
    _, _, user = found(turn, "update")
    body = turn.body
    changes = {name: body[name] for name in ("first_name", "last_name", "name", "email_verified", "external_id", "locale") if name in body}
    if "email" in body and records.address(body["email"]) != user["email"]:
        email = records.address(body["email"])
        if turn.table("users").first("email", email) is not None:
            raise coded(400, "email_not_available", "This email is not available.")
        changes = {"email_verified": False, **changes, "email": email}  # inferred: what was verified was the old address
    external_id_free(turn, "users", user["id"])
    strong(body.get("password"))
    if "metadata" in body:
        changes["metadata"] = merged(user["metadata"], body["metadata"])
    if body.get("password") is not None:
        changes["_password"] = body["password"]
    if "name" not in body and {"first_name", "last_name"} & changes.keys():
        changes["name"] = records.full_name(*({**user, **changes}[part] for part in ("first_name", "last_name")))
    changed = {**user, **changes, "updated_at": iso_ms(turn.now)}
    turn.table("users").put(changed)
    happened(turn.world, "user.updated", records.bare(changed))
    return Reply(200, records.bare(changed))


@vendor.behaviour("deleteUser")
def delete_user(turn: Turn) -> Reply:
    """The sessions end and the memberships go with the user."""
    _, _, user = found(turn, "delete")
    for session in turn.table("sessions").rows("user", user["id"]):
        end(turn.world, session)
    for membership in turn.table("organization_memberships").rows("user", user["id"]):
        leave(turn, membership)
    turn.table("users").remove(user["id"])
    happened(turn.world, "user.deleted", records.bare(user))
    return Reply(200)


# -- organizations -----------------------------------------------------------------------------------------------------------------


@vendor.behaviour("listOrganizations")
def list_organizations(turn: Turn) -> Reply:
    role, kind = subject(turn)
    domains = frozenset(name.lower() for name in turn.params.get("domains") or ())
    words = turn.params.get("search", "").lower()

    def keep(company: Record) -> bool:
        owned = {each["domain"] for each in company["domains"]}
        return (not domains or bool(domains & owned)) and words in company["name"].lower()

    return page_of(turn, role, kind, Selection(turn.table("organizations"), keep=keep if domains or words else None))


@vendor.behaviour("createOrganization")
def create_organization(turn: Turn) -> Reply:
    external_id_free(turn, "organizations")
    domains_free(turn)
    company = records.organization(turn.world, turn.body)
    turn.table("organizations").put(company)
    happened(turn.world, "organization.created", company)
    return Reply(201, company)


def domains_free(turn: Turn, owner: str | None = None) -> None:
    """official: 409 on a domain that another organization has; its words are inferred."""
    wanted = {name.lower() for name in turn.body.get("domains") or ()} | {
        each["domain"].lower() for each in turn.body.get("domain_data") or ()
    }
    if not wanted:
        return
    for company in turn.table("organizations"):
        clash = next((each["domain"] for each in company["domains"] if each["domain"] in wanted), None)
        if clash is not None and company["id"] != owner:
            raise said(409, message=f"An Organization with the domain {clash} already exists.")


@vendor.behaviour("updateOrganization")
def update_organization(turn: Turn) -> Reply:
    _, _, company = found(turn, "update")
    body = turn.body
    external_id_free(turn, "organizations", company["id"])
    domains_free(turn, company["id"])
    customer = body.get("stripe_customer_id")
    if customer and any(each.get("stripe_customer_id") == customer and each["id"] != company["id"] for each in turn.table("organizations")):
        raise coded(400, "stripe_customer_id_already_used", f"The Stripe customer ID '{customer}' is already in use.")
    names = ("name", "allow_profiles_outside_organization", "external_id", "stripe_customer_id")
    changes = {name: body[name] for name in names if name in body}
    if "metadata" in body:
        changes["metadata"] = merged(company["metadata"], body["metadata"])
    if "domains" in body or "domain_data" in body:
        changes["domains"] = records.organization(
            turn.world, {**company, "domains": body.get("domains"), "domain_data": body.get("domain_data")}
        )["domains"]
    changed = {**company, **changes, "updated_at": iso_ms(turn.now)}
    turn.table("organizations").put(changed)
    happened(turn.world, "organization.updated", changed)
    return Reply(200, changed)


@vendor.behaviour("deleteOrganization")
def delete_organization(turn: Turn) -> Reply:
    """recorded: 202, and the word Accepted as plain text."""
    _, _, company = found(turn, "delete")
    for membership in turn.table("organization_memberships").rows("organization", company["id"]):
        leave(turn, membership)
    turn.table("organizations").remove(company["id"])
    happened(turn.world, "organization.deleted", company)
    return Reply(202, body=b"Accepted", media="text/plain; charset=utf-8")


# -- memberships -------------------------------------------------------------------------------------------------------------------


@vendor.behaviour("listOrganizationMemberships")
def list_memberships(turn: Turn) -> Reply:
    user, company = turn.params.get("user_id"), turn.params.get("organization_id")
    if not user and not company:
        raise coded(400, "missing_user_id_or_organization_id", "At least one of organization_id or user_id must be provided.")
    if user:
        existing(turn, "users", user)
    if company:
        existing(turn, "organizations", company)
    statuses = frozenset(turn.params.get("statuses") or ("active",))
    index, group = ("pair", (user, company)) if user and company else ("user", user) if user else ("organization", company)
    role, kind = subject(turn)
    chosen = Selection(turn.table("organization_memberships"), index, group, lambda each: each["status"] in statuses)
    return page_of(turn, role, kind, chosen)


def wanted_roles(body: Mapping[str, Json]) -> list[dict[str, str]] | None:
    """The roles a body names, the first being the primary one (recorded: several are taken); None when it names none."""
    slugs = [body["role_slug"]] if "role_slug" in body else list(dict.fromkeys(body.get("role_slugs") or ()))
    unknown = next((slug for slug in slugs if slug not in records.roles), None)
    if unknown is not None:
        raise coded(422, "invalid_role", f"Role '{unknown}' does not exist.")
    return [{"slug": slug} for slug in slugs] or None


def changed_membership(turn: Turn, membership: Record, **changes: Json) -> Reply:
    """The membership with its changes, told as an event; nothing is told when nothing changes (official)."""
    if any(membership[name] != value for name, value in changes.items()):
        membership = {**membership, **changes, "updated_at": iso_ms(turn.now)}
        turn.table("organization_memberships").put(membership)
        happened(turn.world, "organization_membership.updated", told(membership))
    return Reply(200, turn.view("organization_memberships", membership))


def told(membership: Record) -> dict[str, Json]:
    """A membership as events have it: without user and name. (official)"""
    return {name: value for name, value in membership.items() if name not in ("user", "organization_name")}


@vendor.behaviour("createOrganizationMembership")
def create_membership(turn: Turn) -> Reply:
    user = existing(turn, "users", turn.body["user_id"])
    company = existing(turn, "organizations", turn.body["organization_id"])
    roles = wanted_roles(turn.body) or [{"slug": "member"}]
    old = records.between(turn.tables, user["id"], company["id"])
    if old is None:
        membership = records.membership(turn.world, {"user_id": user["id"], "organization_id": company["id"], "roles": roles})
        turn.table("organization_memberships").put(membership)
        happened(turn.world, "organization_membership.created", told(membership))
        return Reply(201, turn.view("organization_memberships", membership))
    pending_stays(old, "reactivate")
    if old["status"] == "active":
        raise said(409, message="User is already a member of the organization.", code="entity_already_exists")  # inferred
    reply = changed_membership(turn, old, status="active", role=roles[0], roles=roles)
    return Reply(201, reply.value)


def pending_stays(membership: Record, verb: str) -> None:
    if membership["status"] == "pending":
        raise said(400, message=f"Cannot {verb} a pending organization membership.", code=f"cannot_{verb}_pending_organization_membership")


@vendor.behaviour("updateOrganizationMembership")
def update_membership(turn: Turn) -> Reply:
    _, _, membership = found(turn, "update")
    roles = wanted_roles(turn.body) or membership["roles"]
    return changed_membership(turn, membership, role=roles[0], roles=roles)


def turned(verb: str, status: str) -> Callable[[Turn], Reply]:
    def behave(turn: Turn) -> Reply:
        membership = existing(turn, "organization_memberships", turn.params["id"])
        pending_stays(membership, verb)
        return changed_membership(turn, membership, status=status)

    return behave


vendor.behaviour("deactivateOrganizationMembership")(turned("deactivate", "inactive"))
vendor.behaviour("reactivateOrganizationMembership")(turned("reactivate", "active"))


@vendor.behaviour("deleteOrganizationMembership")
def delete_membership(turn: Turn) -> Reply:
    _, _, membership = found(turn, "delete")
    leave(turn, membership)
    return Reply(200)


def leave(turn: Turn, membership: Record) -> None:
    turn.table("organization_memberships").remove(membership["id"])
    happened(turn.world, "organization_membership.deleted", told(membership))
