"""The records of a scene, and those made of a part of one."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from hashlib import blake2b
from typing import Final

from mockserver.engine.vendor import Populated
from mockserver.message import Json
from mockserver.state.clock import day, iso_s, millis, second
from mockserver.state.drawn import Drawn
from mockserver.state.ids import base36, base62, letters
from mockserver.state.moments import Moments
from mockserver.state.scene import Person, Scene, Visit
from mockserver.state.table import Record
from mockserver.state.world import World

lifetime: Final = 60 * day  # official: the example delegation lives that long
within_days: Final = 30  # since anybody of the scene signed in
account_key: Final = "accountFullAccessKey"
read_only_key: Final = "accountReadOnlyKey01"
scoped_token: Final = "pdus+_0EXAMPLE_users-read-only"

roles: Final = {"admin": "admin", "agent": "user", "end_user": "limited_user"}
colors: Final = ("purple", "red", "green", "blue", "teal", "orange", "brown", "turquoise")
clients: Final = {"web": "PagerDutyLogin", "mobile": "PagerDutyMobile", "integration": "PEXAMPL"}
every_scope: Final = (
    "oauth_delegations.read oauth_delegations.write openid session_configurations.read session_configurations.write "
    "users.read users:sessions.read users:sessions.write"
)

# -- ids ----------------------------------------------------------------------------------------------------------------

size: Final = 36**6
stride: Final = 1_291_467_967  # coprime to `size`, so that no two numbers below it meet in one id
back: Final = pow(stride, -1, size)
pairs: Final = [a + b for a in base36 for b in base36]  # thrice as quick as letter by letter
ids: Final = re.compile("P([0-9A-Z]{6}|[0-9A-Z]{13})")


def short_id(number: int, salt: int) -> str:
    """P and six letters, others for each number below two billion; P and thirteen beyond."""
    if number >= size:
        return f"P{letters(number, 13)}"
    high, low = divmod((number * stride + salt) % size, 1_679_616)
    middle, low = divmod(low, 1296)
    return f"P{pairs[high]}{pairs[middle]}{pairs[low]}"


def number_of(key: object, salt: int) -> Iterator[int]:
    """The number whose short id this is, if it is one."""
    found = ids.fullmatch(key) if isinstance(key, str) else None
    if found:
        letters_ = found[1]
        yield (int(letters_, 36) - salt) * back % size if len(letters_) == 6 else int(letters_[::-1], 36)


def delegation_id(stem: str, uid: str) -> str:
    """A UUID whose end is the user's id (official: so the examples and the cursor among them); the rest is told from a stem."""
    text = blake2b(stem.encode(), digest_size=10).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:]}-{uid.lower()}"


def web_delegation(session: Record) -> str:
    """The id of the delegation behind a browser session of the scene."""
    return delegation_id(session["id"], session["user_id"])


def salt_of(scene: Scene, purpose: str) -> int:
    return scene.draws("pagerduty", purpose).bits(30)


def user_id(scene: Scene, person: Person) -> str:
    return short_id(person.index, salt_of(scene, "user"))


def session_number(number: int, nth: int) -> int:
    return number * 1024 + nth if nth < 1024 else (number + 1 << 34) + nth


def owner_of(number: int) -> int:
    """Whose session has this number."""
    return number >> 10 if number < 1 << 34 else (number >> 34) - 1


# -- keys ---------------------------------------------------------------------------------------------------------------


def user_key(seed: str, uid: str) -> str:
    """The key of a user: 20 letters (docs: they begin so), told from the id, so that 100,000 of them need no record."""
    check = urlsafe_b64encode(blake2b(f"{seed}:{uid}".encode(), digest_size=9).digest()).decode()
    return f"u+{uid[1:7]}{check}"


def user_token(scene: Scene, person: Person) -> str:
    return f"pdus+_0{letters(scene.draws('pagerduty', 'token', person.index).bits(150), 24, base62)}"


def key_of(
    id_: str, type_: str, user: str | None = None, scopes: str | None = None, delegation: str | None = None, access: str = "full"
) -> Record:
    """A key or token: of the account, of a user, or of an app that acts as a user or for the account."""
    return {"id": id_, "type": type_, "access": access, "user_id": user, "scopes": scopes, "delegation_id": delegation}


def admin(scene: Scene) -> Person | None:
    """The first admin of the scene, or whoever comes first."""
    return next((person for person in scene.people.named if person.role == "admin"), scene.people[0] if scene.people else None)


def credentials(scene: Scene, options: Mapping[str, str]) -> dict[str, str]:
    """The key and the token of an admin; in a scene of nobody, those of the account."""
    person = admin(scene)
    if person is None:
        return {"api_key": account_key, "oauth_token": scoped_token}
    return {"api_key": user_key(scene.seed, user_id(scene, person)), "oauth_token": user_token(scene, person)}


def subject(scene: Scene, options: Mapping[str, str]) -> dict[str, Json]:
    """Whoever has the most sessions."""
    busiest = scene.people.busiest
    return {"id": user_id(scene, busiest)} if busiest else {}


SignIns = tuple[Person, str, list[tuple[str, Visit]]]
"""A person with their id, and the id and visit of each of their browser sessions."""

# -- the scene ----------------------------------------------------------------------------------------------------------


def populate(scene: Scene, options: Mapping[str, str]) -> Populated:
    """Each sign-in is a browser session and the web delegation behind it; who has a phone has the app; admins have a token."""
    people, user_salt, salt = scene.people, salt_of(scene, "user"), salt_of(scene, "session")
    soonest = scene.earliest(within_days) + lifetime

    def user_number(key: object) -> Iterator[int]:
        return number_of(key, user_salt)

    def user_of_delegation(key: object) -> Iterator[int]:
        return user_number(key.rpartition("-")[2].upper()) if isinstance(key, str) else iter(())

    def session_ids(number: int, count: int) -> list[str]:
        return [short_id(session_number(number, nth), salt) for nth in range(count)]

    def signed_in(number: int) -> SignIns:
        person = people[number]
        visits = scene.visits(person, "pagerduty", person.sessions, within_days)
        return person, short_id(number, user_salt), list(zip(session_ids(number, len(visits)), visits, strict=True))

    drawn = partial(Drawn, range(len(people)))
    return {
        "users": drawn(
            of=users(scene, user_salt),
            holders=user_number,
            owners={"email": people.having},
            count=people.__len__,
            outline=lambda: ((joined_at(scene, person), short_id(person.index, user_salt)) for person in people),
        ),
        "sessions": drawn(
            of=lambda number: sessions(*signed_in(number)),
            holders=lambda key: map(owner_of, number_of(key, salt)),
            owners={"user": user_number},
            count=lambda: people.sessions,
            moments=Moments(scene, "pagerduty", within_days, session_ids, second),
            told=lambda: scene.told("pagerduty sessions"),
            soonest=soonest,
        ),
        "oauth_delegations": drawn(
            of=lambda number: delegations(scene, *signed_in(number)),
            holders=user_of_delegation,
            owners={"user": user_number},
            outline=lambda: (
                (key, key)
                for person in people
                for key in delegation_ids(person, short_id(person.index, user_salt), session_ids(person.index, person.sessions))
            ),
            soonest=soonest,
        ),
        "keys": keys(scene),
    }


def keys(scene: Scene) -> Iterator[Record]:
    """Those of the account, and the tokens of admins; what a user's key is, user_key says."""
    yield {**key_of(account_key, "account"), "_seed": scene.seed}
    yield key_of(read_only_key, "account", access="read_only")
    yield key_of(scoped_token, "oauth", scopes="users.read users:sessions.read")
    salt = salt_of(scene, "user")
    for person in scene.people.named:
        if person.role == "admin":
            uid = short_id(person.index, salt)
            yield key_of(user_token(scene, person), "oauth", uid, every_scope, delegation_id(f"{uid} integration", uid))


def joined_at(scene: Scene, person: Person) -> int:
    return scene.now - person.joined_days * day


def users(scene: Scene, salt: int) -> Callable[[int], list[Record]]:
    """The user of a number."""
    site = f"https://{'-'.join(scene.company.lower().split())}.pagerduty.com"

    @cache
    def team(name: str) -> tuple[str, str]:
        return f"P{letters(scene.draws('pagerduty', 'team', name).bits(40), 6)}", name

    def user(number: int) -> list[Record]:
        person, uid = scene.people[number], short_id(number, salt)
        name = person.name
        return [
            {
                "id": uid,
                "type": "user",
                "summary": name,
                "html_url": f"{site}/users/{uid}",
                "name": name,
                "email": person.email,
                "time_zone": person.time_zone,
                "color": colors[number & 7],
                "role": roles[person.role],
                "avatar_url": f"{site}/avatars/{uid}.png",
                "description": None,
                "invitation_sent": person.sessions == 0,
                "created_via_sso": person.joined_days < 1000,
                "job_title": person.title,
                "_team": team(person.team),
                "_joined": joined_at(scene, person),
            }
        ]

    return user


def sessions(person: Person, uid: str, visits: list[tuple[str, Visit]]) -> list[Record]:
    """The browser sessions of a person."""
    return [
        {
            "id": key,
            "user_id": uid,
            "created_at": iso_s(visit.at),
            "summary": visit.device.user_agent,
            "type": "browser",
            "_due": visit.at + lifetime,
        }
        for key, visit in visits
    ]


def delegations(scene: Scene, person: Person, uid: str, visits: list[tuple[str, Visit]]) -> Iterator[Record]:
    """The delegations behind a person's sessions; those of a telephone and of an integration."""
    joined, others = joined_at(scene, person), other_sign_ins(person)
    for key, visit in visits:
        yield delegation_of(delegation_id(key, uid), uid, "web", visit.at, visit.at + lifetime)
    if "mobile" in others:
        at = max(joined, scene.now - person.index * stride % (20 * day))
        yield delegation_of(delegation_id(f"{uid} mobile", uid), uid, "mobile", at, at + lifetime)
    if "integration" in others:
        yield delegation_of(delegation_id(f"{uid} integration", uid), uid, "integration", joined, scene.now + 3650 * day)


def other_sign_ins(person: Person) -> list[str]:
    """What else than browsers a person has signed in from."""
    telephone = person.sessions > 0 and any(device.kind != "desktop" for device in person.devices)
    return ["mobile"] * telephone + ["integration"] * (person.role == "admin")


def delegation_ids(person: Person, uid: str, sessions: list[str]) -> Iterator[str]:
    """The ids of a person's delegations."""
    return (delegation_id(stem, uid) for stem in (*sessions, *(f"{uid} {type_}" for type_ in other_sign_ins(person))))


def delegation_of(id_: str, uid: str, type_: str, at: int, until: int) -> Record:
    return {
        "id": id_,
        "status": "issued",
        "client_id": clients.get(type_, clients["integration"]),
        "delegation_type": type_,
        "type": type_,  # official: the examples say `type` where the schema says `delegation_type`
        "scope": every_scope if type_ == "integration" else "openid",
        "created_at": iso_s(at),
        "expires_at": iso_s(until),
        "self": f"https://api.pagerduty.com/users/{uid}/oauth_delegations/{id_}",
        "user_id": uid,
        "_due": until,
    }


def site_of(user: Mapping[str, Json]) -> str:
    """The account's own web address."""
    return str(user["html_url"]).partition("/users/")[0]


# -- records made of a part of one: what the control door and scene files give ------------------------------------------


def new_user(world: World, partial: Mapping[str, Json]) -> Record:
    """A user of whatever is known of one."""
    draws = world.draws()
    uid = partial.get("id") or short_id(draws.bits(30), 0)
    known = next(iter(world.store("pagerduty")["users"]), None)
    site = site_of(known) if known else "https://example.pagerduty.com"
    name = partial.get("name", f"Person {uid}")
    return {
        "id": uid,
        "type": "user",
        "summary": name,
        "html_url": f"{site}/users/{uid}",
        "name": name,
        "email": f"{uid}@example.com".lower(),
        "time_zone": "Etc/UTC",
        "color": colors[draws.below(len(colors))],
        "role": "limited_user",
        "avatar_url": f"{site}/avatars/{uid}.png",
        "description": None,
        "invitation_sent": False,
        "created_via_sso": False,
        "job_title": None,
        "_team": None,
        "_joined": world.clock.now(),
        **partial,
    }


def new_session(world: World, partial: Mapping[str, Json]) -> Record:
    """A session of its user, living as long as the account's configuration lets web sessions live."""
    at = moment(partial.get("created_at"), world.clock.now())
    return {
        "id": short_id(world.draws().bits(30), 0),
        "user_id": None,
        "created_at": iso_s(at),
        "summary": "Mozilla/5.0",
        "type": "browser",
        "_due": at + life(world, "web"),
        **partial,
    }


def new_delegation(world: World, partial: Mapping[str, Json]) -> Record:
    """A delegation of its user and type, living as long as the account's configuration lets such sessions live."""
    type_, uid = partial.get("delegation_type", "web"), str(partial.get("user_id"))
    at = moment(partial.get("created_at"), world.clock.now())
    until = moment(partial.get("expires_at"), at + life(world, type_))
    id_ = partial.get("id") or delegation_id(str(world.draws().bits(80)), uid)
    return {**delegation_of(id_, uid, type_, at, until), **partial}


def new_key(world: World, partial: Mapping[str, Json]) -> Record:
    """A key: of the account, or of the user it names."""
    user = partial.get("user_id")
    made = key_of(letters(world.draws().bits(120), 20, base62), "user" if user else "account", user)
    return {**made, **partial}


def life(world: World, type_: str) -> int:
    """How long a sign-in lives, in milliseconds."""
    configured = world.store("pagerduty")["session_configurations"].get(type_)
    return configured["absolute_session_ttl"] * second if configured else lifetime


def moment(told: Json, otherwise: int) -> int:
    """A time of a partial record; one that is none is for the schema to refuse."""
    try:
        return millis(told)
    except (TypeError, ValueError):
        return otherwise
