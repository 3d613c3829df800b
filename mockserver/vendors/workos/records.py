"""What WorkOS remembers: the kinds, how a whole record is made of a part, and the records of a scene.

Rules of this file
- The order of the keys of a record is the order on the wire. Recorded where there are recordings; else that of the official document.
- Keys that begin with "_" never travel.
- What WorkOS leaves out when there is none (organization_id, impersonator, stripe_customer_id) is left out here as well (recorded).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final

from mockserver.engine.vendor import Kind, Populated, Turn
from mockserver.message import Json
from mockserver.state.clock import day, iso_ms, millis, minute
from mockserver.state.drawn import Drawn, Traces
from mockserver.state.ids import Draws, base62, crockford, drawn, letters, thrown, ulid
from mockserver.state.moments import Moments
from mockserver.state.scene import Person, Scene, Visit
from mockserver.state.table import Layout, Record, Table
from mockserver.state.world import Tables, World
from mockserver.vendors.workos.words import missing

password: Final = "correct-horse-battery-staple"
"""Everybody's in a scene."""

session_life: Final = 365 * day  # recorded: expires_at is a year and a few milliseconds after created_at
code_life: Final = 10 * minute  # docs, recorded
key_life: Final = day  # docs: idempotency keys expire after 24 hours

roles: Final[Mapping[str, tuple[str, ...]]] = {
    "admin": ("sessions:read", "sessions:revoke", "users:read", "users:manage"),
    "agent": ("sessions:read", "users:read"),
    "member": ("users:read",),
}
"""The roles of the environment and what they permit. `member` is WorkOS' default (official); the rest is the scene's."""

role_of_person: Final = {"admin": "admin", "agent": "agent", "end_user": "member"}


# -- ids ---------------------------------------------------------------------------------------------------------------------------


def fresh(world: World, prefix: str) -> str:
    """A new id. Within a millisecond ids go up by small draws, so that records sort as they were made."""
    now = world.clock.now()
    at, bits = world.counters.get("workos:ids", (0, 0))
    at, bits = (now, world.draws().bits(79)) if now > at else (at, bits + 1 + world.draws().below(1 << 32))
    world.counters["workos:ids"] = (at, bits)
    return f"{prefix}_{ulid(at, bits)}"


def secret(world: World, length: int = 25) -> str:
    """An opaque token, as long as those of the documentation."""
    return letters(world.draws().bits(256), length, base62)


@lru_cache(maxsize=8)
def api_key(seed: str) -> str:
    return f"sk_test_{letters(Draws(seed, 'workos', 'api_key').bits(256), 40, base62)}"


@lru_cache(maxsize=8)
def client_id(seed: str) -> str:
    return f"client_{ulid(scene_time, Draws(seed, 'workos', 'client').bits(80))}"


# -- whole records -----------------------------------------------------------------------------------------------------------------


def stamped(world: World, given: Mapping[str, Json]) -> tuple[str, str]:
    """created_at and updated_at."""
    created = given.get("created_at") or iso_ms(world.clock.now())
    return created, given.get("updated_at") or created


def user(world: World, given: Mapping[str, Json]) -> Record:
    created, updated = stamped(world, given)
    email = given.get("email")
    first, last = given.get("first_name"), given.get("last_name")
    return {
        "object": "user",
        "id": given.get("id") or fresh(world, "user"),
        "email": address(email) if isinstance(email, str) else email,
        "email_verified": bool(given.get("email_verified")),
        "first_name": first,
        "last_name": last,
        "name": given.get("name") or full_name(first, last),
        "profile_picture_url": given.get("profile_picture_url"),
        "external_id": given.get("external_id"),
        "metadata": dict(given.get("metadata") or {}),
        "last_sign_in_at": given.get("last_sign_in_at"),
        "locale": given.get("locale"),
        "created_at": created,
        "updated_at": updated,
        "_password": given.get("password", given.get("_password")),
    }


def address(email: str) -> str:
    """sdk: WorkOS trims and lower-cases addresses before it stores them."""
    return email.strip().lower()


def full_name(first: Json, last: Json) -> str | None:
    return " ".join(part for part in (first, last) if part) or None


def organization(world: World, given: Mapping[str, Json]) -> Record:
    created, updated = stamped(world, given)
    key = given.get("id") or fresh(world, "org")
    told = {"stripe_customer_id": given["stripe_customer_id"]} if given.get("stripe_customer_id") else {}
    return {
        "object": "organization",
        "id": key,
        "name": given.get("name"),
        "allow_profiles_outside_organization": bool(given.get("allow_profiles_outside_organization")),
        "created_at": created,
        "updated_at": updated,
        "domains": [domain(world, key, each) for each in given.get("domains") or ()]
        + [domain(world, key, each) for each in given.get("domain_data") or ()],
        "metadata": dict(given.get("metadata") or {}),
        "external_id": given.get("external_id"),
        **told,
    }


def domain(world: World, owner: str, given: Json) -> dict[str, Json]:
    """recorded: a plain name is taken as verified the old way, {domain, state} as verified by hand."""
    name = given if isinstance(given, str) else given["domain"]
    now = iso_ms(world.clock.now())
    if isinstance(given, str):
        head: dict[str, Json] = {"state": "legacy_verified"}
    elif given.get("state") == "verified":
        head = {"verification_strategy": "manual", "state": "verified"}
    else:
        prefix = f"superapp-domain-verification-{secret(world, 6).lower()}"
        head = {"verification_strategy": "dns", "state": "pending", "verification_prefix": prefix, "verification_token": secret(world)}
    key = fresh(world, "org_domain")
    return {
        **head,
        "object": "organization_domain",
        "id": key,
        "organization_id": owner,
        "domain": name.lower(),
        "created_at": now,
        "updated_at": now,
    }


def membership(world: World, given: Mapping[str, Json]) -> Record:
    """With the user and the organization's name as they are now, for a check of the whole; the wire gets them fresh."""
    created, updated = stamped(world, given)
    tables = world.store("workos")
    company = tables["organizations"].get(given.get("organization_id"))
    person = tables["users"].get(given.get("user_id"))
    slugs = [each["slug"] for each in given.get("roles") or ()] or [(given.get("role") or {"slug": "member"})["slug"]]
    return {
        "object": "organization_membership",
        "id": given.get("id") or fresh(world, "om"),
        "user_id": given.get("user_id"),
        "organization_id": given.get("organization_id"),
        "organization_name": company["name"] if company else "",
        "status": given.get("status") or "active",
        "role": {"slug": slugs[0]},
        "roles": [{"slug": slug} for slug in slugs],
        "directory_managed": bool(given.get("directory_managed")),
        "custom_attributes": dict(given.get("custom_attributes") or {}),
        "created_at": created,
        "updated_at": updated,
        "user": bare(person) if person else None,
    }


def session(world: World, given: Mapping[str, Json]) -> Record:
    created, updated = stamped(world, given)
    expires = given.get("expires_at") or iso_ms(millis(created) + session_life + 3)
    gone = millis(expires) <= world.clock.now() and given.get("status", "active") == "active"
    status = "expired" if gone else given.get("status") or "active"
    ended = given.get("ended_at") or (None if status == "active" else expires if status == "expired" else updated)
    return arranged(
        {
            "object": "session",
            "id": given.get("id") or fresh(world, "session"),
            "impersonator": given.get("impersonator"),
            "user_agent": given.get("user_agent"),
            "ip_address": given.get("ip_address"),
            "organization_id": given.get("organization_id"),
            "user_id": given.get("user_id"),
            "auth_method": given.get("auth_method") or "password",
            "status": status,
            "expires_at": expires,
            "ended_at": ended,
            "created_at": created,
            "updated_at": updated,
            "_expires": millis(expires),
            "_refresh": given.get("refresh_token", given.get("_refresh")),
            "_method": given.get("_method"),
        }
    )


session_keys: Final = (
    "object", "id", "impersonator", "user_agent", "ip_address", "organization_id", "user_id", "auth_method", "status", "expires_at",
    "ended_at", "created_at", "updated_at", "_expires", "_refresh", "_method",
)  # fmt: skip


def arranged(record: Record) -> Record:
    """A session in the order of the wire; without the two that are left out when there is none."""
    return {key: record.get(key) for key in session_keys if record.get(key) is not None or key not in ("impersonator", "organization_id")}


def magic_auth(world: World, given: Mapping[str, Json]) -> Record:
    created, updated = stamped(world, given)
    return {
        "object": "magic_auth",
        "id": given.get("id") or fresh(world, "magic_auth"),
        "user_id": given.get("user_id"),
        "email": given.get("email"),
        "code": given.get("code") or digits(world),
        "expires_at": given.get("expires_at") or iso_ms(millis(created) + code_life),
        "created_at": created,
        "updated_at": updated,
        "_used": bool(given.get("_used")),
    }


def digits(world: World) -> str:
    """Six of them."""
    return f"{world.draws().below(1_000_000):06d}"


def grant(world: World, given: Mapping[str, Json]) -> Record:
    """What a sign-in waits for. `type` says which door takes it; the id is the code or token itself."""
    created, _ = stamped(world, given)
    kind = given.get("type") or "authorization_code"
    key = given.get("id") or (
        fresh(world, "code")[5:] if kind == "authorization_code" else secret(world)
    )  # recorded: a code is a bare ULID
    expires = given.get("expires_at") or iso_ms(millis(created) + code_life)
    rest = {name: value for name, value in given.items() if name not in ("id", "type", "created_at", "expires_at")}
    return {"id": key, "type": kind, "user_id": given.get("user_id"), "created_at": created, "expires_at": expires, **rest}


def webhook_endpoint(world: World, given: Mapping[str, Json]) -> Record:
    created, updated = stamped(world, given)
    return {
        "object": "webhook_endpoint",
        "id": given.get("id") or fresh(world, "we"),
        "endpoint_url": given.get("endpoint_url"),
        "secret": given.get("secret") or f"whsec_{secret(world)}",
        "status": given.get("status") or "enabled",
        "events": list(given.get("events") or ()),
        "created_at": created,
        "updated_at": updated,
    }


def event(world: World, given: Mapping[str, Json]) -> Record:
    """recorded: `created_at` before `data`."""
    created, _ = stamped(world, given)
    told = {"context": given["context"]} if given.get("context") else {}
    key = given.get("id") or fresh(world, "event")
    return {"object": "event", "id": key, "event": given.get("event"), "created_at": created, "data": given.get("data"), **told}


# -- records on the wire -----------------------------------------------------------------------------------------------------------


hidden: Final = ("_password", "_refresh", "_method", "_used", "_expires")


def bare(record: Record) -> dict[str, Json]:
    """Without what never travels."""
    return seen(None, record)


def seen(_: Turn | None, record: Record) -> dict[str, Json]:
    out = dict(record)
    for key in hidden:
        out.pop(key, None)
    return out


def seen_membership(turn: Turn, record: Record) -> Json:
    """With the user and the organization's name as they are now."""
    company = turn.table("organizations").get(record["organization_id"])
    person = turn.table("users").get(record["user_id"])
    fresh_name = {"organization_name": company["name"] if company else ""}
    head = {key: record[key] for key in ("object", "id", "user_id", "organization_id")}
    return {
        **head,
        **fresh_name,
        **{key: value for key, value in record.items() if key not in fresh_name},
        "user": bare(person) if person else None,
    }


# -- kinds -------------------------------------------------------------------------------------------------------------------------

made = itemgetter("created_at", "id")


def standing(record: Record) -> str | None:
    """The group of a session in its user's list: nobody's once it has ended (docs: only active ones are listed)."""
    return record["user_id"] if record["status"] == "active" else None


def until(record: Record) -> int | None:
    """When a session expires by itself."""
    expires: int = record["_expires"]
    return expires if record["status"] == "active" else None


kinds: Final = (
    Kind(
        "users",
        "UserlandUser",
        Layout(order=made, indexes={"email": itemgetter("email"), "external": itemgetter("external_id")}),
        view=seen,
        make=user,
        missing=missing("User"),
    ),
    Kind("organizations", "Organization", Layout(order=made, indexes={"external": itemgetter("external_id")}), make=organization, missing=missing("Organization")),
    Kind(
        "organization_memberships",
        "UserlandUserOrganizationMembership",
        Layout(
            order=made,
            indexes={
                "user": itemgetter("user_id"),
                "organization": itemgetter("organization_id"),
                "pair": itemgetter("user_id", "organization_id"),
            },
        ),
        view=seen_membership,
        make=membership,
        missing=missing("Organization Membership"),
    ),
    Kind(
        "sessions",
        "Session",
        Layout(order=made, indexes={"user": standing, "refresh": lambda record: record.get("_refresh")}, due=until),
        parents={"id": "users"},
        listed={"id": "user"},
        view=seen,
        make=session,
        missing=missing("Session"),
    ),
    Kind("magic_auth", "MagicAuth", Layout(order=made, indexes={"email": itemgetter("email")}), view=seen, make=magic_auth, missing=missing("MagicAuth")),
    Kind("events", "EventSchema", Layout(order=made), make=event, missing=missing("Event")),
    Kind("webhook_endpoints", "WebhookEndpointJson", Layout(order=made, indexes={"url": itemgetter("endpoint_url")}), make=webhook_endpoint, missing=missing("Webhook Endpoint")),
    Kind("grants", "", Layout(order=made, due=lambda record: millis(record["expires_at"]) + day), make=grant),
    Kind("idempotency_keys", "", Layout(order=made, due=lambda record: millis(record["created_at"]) + key_life)),
)  # fmt: skip


# -- a scene -----------------------------------------------------------------------------------------------------------------------

scene_time: Final = 1_735_689_600_000
"""The moment of the ids of a scene, for ids must not depend on the day."""
within_days: Final = 30
"""Since anybody of a scene signed in."""

methods: Final = ("password", "password", "password", "sso", "oauth", "magic_code", "passkey")
named: Final = {
    "password": "Password", "sso": "SSO", "oauth": "GoogleOAuth", "magic_code": "MagicAuth", "passkey": "Passkey",
    "impersonation": "Impersonation", "migrated_session": "MigratedSession", "external_auth": "ExternalAuth", "cross_app_auth": "CrossAppAuth",
}  # fmt: skip
"""What a sign-in calls the method that its session calls so."""


def user_key(scene: Scene, person: Person, draws: Draws | None = None) -> str:
    """Always the first draw of what is drawn for a person."""
    bits = draws.bits(80) if draws else drawn(f"{scene.seed}:workos:{person.index}", 1 << 80)
    return f"user_{ulid(scene_time - person.joined_days * day + person.index, bits)}"


def organization_key(scene: Scene) -> str:
    return f"org_{ulid(scene_time - 3650 * day, scene.draws('workos', 'organization').bits(80))}"


ulids: Final = re.compile(r"[a-z]+_([0-7][0-9A-HJKMNP-TV-Z]{25})")
digits32: Final = str.maketrans(crockford, "0123456789abcdefghijklmnopqrstuv")


def number_in(key: object) -> int:
    """What the ULID of an id is as a number, 0 when there is none."""
    found = ulids.fullmatch(key) if isinstance(key, str) else None
    return int(found[1].translate(digits32), 32) if found else 0


def user_number(key: object) -> tuple[int, ...]:
    """Whose id this is, or a membership's, if anybody's: the time in it is so many days and the number."""
    return (((number_in(key) >> 80) - scene_time) % day,)


def populate(scene: Scene, options: Mapping[str, str]) -> Populated:
    """The company as one organization, its people as members, and their sessions with the events that told of them."""
    people, company = scene.people, organization_key(scene)
    trace = Traces(lambda: session_marks(scene))

    def session_number(key: object) -> list[int]:
        return trace(number_in(key))

    of_people = partial(Drawn, range(len(people)))
    return {
        "organizations": [scene_organization(scene, company)],
        "users": of_people(
            of=lambda number: [scene_user(scene, people[number])],
            holders=user_number,
            owners={"email": people.having, "external": employee_number},
            count=people.__len__,
            outline=lambda: ((joined_at(scene, person), user_key(scene, person)) for person in people),
        ),
        "organization_memberships": of_people(
            of=lambda number: [scene_membership(scene, people[number], company)],
            holders=user_number,
            owners={"user": user_number, "pair": lambda pair: user_number(pair[0])},
            count=people.__len__,
            outline=lambda: ((joined_at(scene, person), f"om_{user_key(scene, person)[5:]}", company) for person in people),
        ),
        "sessions": of_people(
            of=lambda number: [{**wire, "_expires": expires} for wire, expires in sessions_of(scene, people[number], company)],
            holders=session_number,
            owners={"user": user_number, "refresh": lambda _: ()},
            count=lambda: people.sessions,
            moments=Moments(scene, "workos", within_days, partial(session_ids, scene, "session")),
            told=lambda: scene.told("workos sessions"),
            soonest=scene.earliest(within_days) + session_life,
        ),
        "events": of_people(
            of=lambda number: [scene_event(wire) for wire, _ in sessions_of(scene, people[number], company)],
            holders=session_number,
            owners={},
            count=lambda: people.sessions,
            moments=Moments(scene, "workos", within_days, partial(session_ids, scene, "event")),
            told=lambda: scene.told("workos events"),
        ),
    }


def session_ids(scene: Scene, prefix: str, number: int, count: int) -> list[str]:
    """The ids of a person's sessions, or of the events that told of them, oldest first."""
    return [f"{prefix}_{ulid(scene_time + nth, bits)}" for nth, bits in enumerate(session_chances(scene, number, count))]


def session_marks(scene: Scene) -> Iterator[tuple[int, int]]:
    """The chance in the id of each session, and whose it is."""
    return ((bits, number) for number, count in enumerate(scene.people.held) if count for bits in session_chances(scene, number, count))


def session_chances(scene: Scene, number: int, count: int) -> list[int]:
    """What is drawn for each session of a person, after what is drawn for themselves."""
    return thrown(f"{scene.seed}:workos:{number}", (1 << 80, *[1 << 88] * count))[1:]


def person_draws(scene: Scene, number: int) -> Draws:
    return Draws(f"{scene.seed}:workos:{number}")


def employee_number(external: object) -> tuple[int, ...]:
    """Whose external id this is."""
    digits = external.removeprefix("employee-") if isinstance(external, str) else ""
    return (int(digits) - 1,) if digits.isdecimal() and len(digits) < 10 else ()


def joined_at(scene: Scene, person: Person) -> str:
    return iso_ms(scene.now - person.joined_days * day + person.index)


def visits_of(scene: Scene, person: Person) -> list[Visit]:
    return scene.visits(person, "workos", person.sessions, within_days)


def scene_event(wire: Record) -> Record:
    at = wire["created_at"]
    return {
        "object": "event",
        "id": f"event_{wire['id'][8:]}",
        "event": "session.created",
        "created_at": at,
        "data": {**wire, "updated_at": at},
    }


def scene_organization(scene: Scene, key: str) -> Record:
    created = iso_ms(scene.now - 3650 * day)
    domain_id = f"org_domain_{ulid(scene_time - 3650 * day, scene.draws('workos', 'domain').bits(80))}"
    verified = {"verification_strategy": "manual", "state": "verified", "object": "organization_domain", "id": domain_id}
    return {
        "object": "organization",
        "id": key,
        "name": scene.company,
        "allow_profiles_outside_organization": False,
        "created_at": created,
        "updated_at": created,
        "domains": [{**verified, "organization_id": key, "domain": scene.domain, "created_at": created, "updated_at": created}],
        "metadata": {},
        "external_id": None,
    }


def scene_user(scene: Scene, person: Person) -> Record:
    joined, visits = joined_at(scene, person), visits_of(scene, person)
    return {
        "object": "user",
        "id": user_key(scene, person),
        "email": person.email,
        "email_verified": True,
        "first_name": person.given,
        "last_name": person.family,
        "name": person.name,
        "profile_picture_url": None,
        "external_id": f"employee-{person.index + 1:05d}",
        "metadata": {},
        "last_sign_in_at": iso_ms(visits[-1].at) if visits else None,
        "locale": None,
        "created_at": joined,
        "updated_at": joined,
        "_password": password,
    }


def scene_membership(scene: Scene, person: Person, organization_id: str) -> Record:
    user_id, joined = user_key(scene, person), joined_at(scene, person)
    role = {"slug": role_of_person[person.role]}
    return {
        "object": "organization_membership",
        "id": f"om_{user_id[5:]}",
        "user_id": user_id,
        "organization_id": organization_id,
        "status": "active" if person.status == "employed" else "inactive",
        "role": role,
        "roles": [role],
        "directory_managed": False,
        "custom_attributes": {},
        "created_at": joined,
        "updated_at": joined,
    }


def sessions_of(scene: Scene, person: Person, organization_id: str) -> Iterator[tuple[dict[str, Json], int]]:
    """Oldest first, each with when it expires. The last one of somebody who is impersonated is the impersonator's."""
    draws = person_draws(scene, person.index)
    user_id = user_key(scene, person, draws)
    for nth, visit in enumerate(visits_of(scene, person)):
        bits = draws.bits(88)
        method = methods[(bits >> 80) % len(methods)]
        wire: dict[str, Json] = {"object": "session", "id": f"session_{ulid(scene_time + nth, bits)}"}
        if person.impersonator is not None and nth == person.sessions - 1:
            wire["impersonator"] = {"email": person.impersonator, "reason": "Looking into a support request"}
            method = "impersonation"
        wire["user_agent"] = visit.device.user_agent
        wire["ip_address"] = visit.address
        wire["organization_id"] = organization_id
        wire["user_id"] = user_id
        wire["auth_method"] = method
        wire["status"] = "active"
        wire["expires_at"] = iso_ms(visit.at + session_life + 3)
        wire["ended_at"] = None
        wire["created_at"] = iso_ms(visit.at)
        wire["updated_at"] = iso_ms(visit.seen)
        yield wire, visit.at + session_life + 3


def credentials(scene: Scene, options: Mapping[str, str]) -> dict[str, str]:
    """The environment's key, which may do everything, and its application."""
    return {"api_key": api_key(scene.seed), "client_id": client_id(scene.seed)}


def subject(scene: Scene, options: Mapping[str, str]) -> dict[str, Any]:
    busiest = scene.people.busiest
    return {"id": user_key(scene, busiest)} if busiest else {}


def place(table: Table, cursor: str) -> tuple[str, str]:
    """Where an id stands in a list: beside its record, or, when that is no more, at the time the id tells. (inferred)"""
    record = table.get(cursor) or table.original(cursor)
    if record is not None:
        return made(record)  # type: ignore[no-any-return]  # a key of these tables is a pair of texts
    at = 0
    for letter in cursor[-26:-16]:
        at = at * 32 + max(0, crockford.find(letter))
    return iso_ms(min(at, last_moment)), cursor


last_moment: Final = 253_402_300_799_999
"""The end of the year 9999; a ULID can tell later ones."""


def active_memberships(tables: Tables, user_id: str) -> list[Record]:
    return [each for each in tables["organization_memberships"].rows("user", user_id) if each["status"] == "active"]


def between(tables: Tables, user_id: str, organization_id: str) -> Record | None:
    """The membership of these two."""
    return tables["organization_memberships"].first("pair", (user_id, organization_id))


def permissions(slugs: Iterable[str]) -> list[str]:
    """What these roles permit together."""
    return list(dict.fromkeys(permission for slug in slugs for permission in roles.get(slug, ())))
