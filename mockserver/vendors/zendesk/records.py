"""What Zendesk remembers: users, their sessions, and OAuth tokens; and how long a session lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from mockserver.engine.vendor import Kind, Populated, Turn
from mockserver.message import Json
from mockserver.state.clock import day, hour, iso_s, millis
from mockserver.state.drawn import Drawn
from mockserver.state.ids import Draws, base62, letters
from mockserver.state.scene import Person, Scene, Visit
from mockserver.state.table import Layout, Record
from mockserver.state.world import World
from mockserver.vendors.zendesk.refusals import forbidden, not_found

password: Final = "correct-horse-battery-staple"
"""Everybody's."""

expiry: Final[Mapping[str, Mapping[str, int]]] = {
    "long": dict.fromkeys(("admin", "agent", "end-user"), 14 * day),  # so that a scene's sessions of the last days are alive
    "default": {"admin": hour, "agent": hour, "end-user": 8 * hour},  # docs: what an account begins with; admins may change it
}
"""How long a session lives that nobody uses, by the switch session_expiry and the user's role."""
scene_days: Final = 12

first_user: Final = 6_130_907_993_114  # recorded: ids have 13 digits
user_step: Final = 42_560
first_session: Final = 6_200_000_000_000

# recorded: the fields and their order, and what is null
user_fields: Final[Record] = {
    "id": 0, "name": "Somebody", "email": None, "created_at": "", "updated_at": "", "time_zone": "Etc/UTC", "iana_time_zone": "Etc/UTC",
    "phone": None, "shared_phone_number": None, "photo": None, "locale_id": 1, "locale": "en-US", "organization_id": None,
    "role": "end-user", "verified": True, "external_id": None, "tags": [], "alias": None, "active": True, "shared": False,
    "shared_agent": False, "last_login_at": None, "two_factor_auth_enabled": None, "signature": None, "details": None, "notes": None,
    "role_type": None, "custom_role_id": None, "moderator": False, "ticket_restriction": "requested", "only_private_comments": False,
    "restricted_agent": True, "suspended": False, "default_group_id": None, "report_csv": False, "user_fields": {}, "_password": password,
}  # fmt: skip
end_user_fields: Final = ("id", "url", *tuple(user_fields)[1 : tuple(user_fields).index("verified") + 1])
"""recorded: what an anonymous user shows; official: an end user shows the same."""

staff: Final[Record] = {
    "organization_id": 6130869157658, "moderator": True, "ticket_restriction": None, "restricted_agent": False, "default_group_id": 6130852536346,
}  # fmt: skip
by_role: Final[Mapping[str, Record]] = {
    "admin": {**staff, "role": "admin", "role_type": 4, "custom_role_id": 6130869137434, "report_csv": True},
    "agent": {**staff, "role": "agent", "role_type": 0, "custom_role_id": 6130869137562},
    "end-user": {},
}


def view_user(turn: Turn, record: Record) -> Json:
    url = f"{turn.base}/api/v2/users/{record['id']}.json"
    return {name: value for name, value in {"id": 0, "url": url, **record}.items() if name[0] != "_"}


def view_session(turn: Turn, record: Record) -> Json:
    key, user = record["id"], record["user_id"]
    url = f"{turn.base}/api/v2/users/{user}/sessions/{key}.json"
    return {"id": key, "url": url, "user_id": user, **{name: record[name] for name in ("authenticated_at", "last_seen_at")}}


def next_id(world: World, kind: str, first: int) -> int:
    """Larger than any this world had: an id is never given twice."""
    keys, at = world.store("zendesk")[kind].keys(), f"zendesk:{kind}"
    number: int = max(world.counters.get(at, first), keys[-1] if keys else first) + 1 + world.draws().below(50_000)
    world.counters[at] = number
    return number


def unlinked(record: dict[str, Json]) -> Record:
    """Without its address, which is made for whoever asks."""
    record.pop("url", None)
    return record


def make_user(world: World, partial: Mapping[str, Json]) -> Record:
    now = iso_s(world.clock.now())
    own = {"id": next_id(world, "users", first_user), "created_at": now, "updated_at": now}
    return unlinked({**user_fields, **by_role.get(str(partial.get("role")), {}), **own, **partial})


def seen(turn: Turn, session: Record) -> Record:
    """The session when it was used now: alive for another while."""
    user = turn.table("users").get(session["user_id"])
    lasting = expiry[turn.options["session_expiry"]][user["role"] if user else "end-user"]
    return {**session, "last_seen_at": iso_s(turn.now), "_due": turn.now + lasting}


def make_session(world: World, partial: Mapping[str, Json]) -> Record:
    since = partial.get("authenticated_at") or iso_s(world.clock.now())
    own = {"id": next_id(world, "sessions", first_session), "user_id": None, "authenticated_at": since, "last_seen_at": since}
    record = unlinked({**own, **partial})
    return {**record, "_due": due(record["last_seen_at"])}


def due(last_seen: Json) -> int | None:
    """When a session that a test put here ends: it is given the long while; None when last_seen_at is not told."""
    try:
        return millis(last_seen) + expiry["long"]["admin"]
    except (ValueError, TypeError):
        return None


def make_token(world: World, partial: Mapping[str, Json]) -> Record:
    own = {"id": next_id(world, "tokens", 1000), "user_id": None, "token": f"{world.draws().bits(256):064x}", "scopes": ["read", "write"]}
    return {**own, **partial}


def tick(world: World) -> None:
    """Sessions that nobody used for long enough are no sessions any more."""
    tables = world.store("zendesk")
    for key in tables.overdue("sessions", world.clock.now()):
        tables["sessions"].remove(key)


def guard_session(turn: Turn, verb: str, record: Record | None) -> None:
    """Others' sessions do not exist for anybody but admins (live: no error for a list; inferred for one session)."""
    if turn.caller.role != "admin" and turn.params["user_id"] != turn.caller.id:
        raise not_found(turn)


def guard_user(turn: Turn, verb: str, record: Record | None) -> None:
    """official: users are for agents and admins."""
    if turn.caller.role == "end-user":
        raise forbidden()


def email_of(user: Record) -> str | None:
    return user["email"] and str(user["email"]).lower()


kinds: Final = (
    Kind("users", "UserObject", Layout(indexes={"email": email_of}), view=view_user, make=make_user, missing=not_found, guard=guard_user),
    Kind(
        "sessions",
        "SessionObject",
        Layout(indexes={"user": itemgetter("user_id")}, due=itemgetter("_due")),
        within={"user_id": "user_id"},
        parents={"user_id": "users"},
        listed={"user_id": "user"},
        view=view_session,
        make=make_session,
        missing=not_found,
        guard=guard_session,
    ),
    Kind("tokens", "", Layout(indexes={"token": itemgetter("token")}), make=make_token),
)


def user_id(number: int) -> int:
    return first_user + number * user_step


def user_number(key: Any) -> tuple[int, ...]:
    """Whose id this is, if anybody's."""
    return ((key - first_user) // user_step,) if isinstance(key, int) else ()


def session_ids(number: int, count: int) -> Iterator[int]:
    """Every person has a range of ids of their own, so that nobody's depend on anybody else's sessions."""
    start, span = first_session + (number << 24), (1 << 24) // max(1, count)
    return (start + nth * span + (number * 7919 + nth * 104_729) % span for nth in range(count))


def session_number(key: Any) -> tuple[int, ...]:
    """In whose range of ids this is, if in anybody's."""
    return (key - first_session >> 24,) if isinstance(key, int) else ()


def populate(scene: Scene, options: Mapping[str, str]) -> Populated:
    people, lasting = scene.people, expiry[options["session_expiry"]]
    everybody = range(len(people))
    return {
        "users": Drawn(
            everybody,
            of=lambda number: [scene_user(scene, people[number])],
            holders=user_number,
            owners={"email": people.having},
            count=people.__len__,
            outline=lambda: ((user_id(number), user_id(number)) for number in everybody),
        ),
        "sessions": Drawn(
            everybody,
            of=lambda number: scene_sessions(scene, people[number], lasting),
            holders=session_number,
            owners={"user": user_number},
            count=lambda: people.sessions,
            outline=lambda: ((key, key) for number, count in enumerate(people.held) for key in session_ids(number, count)),
            told=lambda: scene.told("zendesk sessions"),
            soonest=scene.earliest(scene_days) + min(lasting.values()),
        ),
        "tokens": tokens(scene),
    }


def scene_sessions(scene: Scene, person: Person, lasting: Mapping[str, int]) -> list[Record]:
    """A person's, oldest first."""
    user, long = user_id(person.index), lasting[role_of(person)]
    return [
        {"id": at, "user_id": user, "authenticated_at": iso_s(visit.at), "last_seen_at": iso_s(visit.seen), "_due": visit.seen + long}
        for at, visit in zip(session_ids(person.index, person.sessions), visits_of(scene, person), strict=True)
    ]


def visits_of(scene: Scene, person: Person) -> list[Visit]:
    return scene.visits(person, "zendesk", person.sessions, scene_days)


def role_of(person: Person) -> str:
    return person.role.replace("_", "-")


def scene_user(scene: Scene, person: Person) -> Record:
    visits = visits_of(scene, person)
    joined, last = iso_s(scene.now - person.joined_days * day), iso_s(visits[-1].at) if visits else None
    return {
        **user_fields, **by_role[role_of(person)], "id": user_id(person.index), "name": person.name, "email": person.email,
        "created_at": joined, "updated_at": last or joined, "time_zone": person.time_zone, "iana_time_zone": person.time_zone,
        "external_id": f"E{person.index + 1:06d}", "tags": [person.team.lower()], "last_login_at": last,
        "suspended": person.status == "offboarded",
    }  # fmt: skip


def boss(scene: Scene) -> Person | None:
    """The admin whose credentials are handed out."""
    return next((person for person in scene.people.named if person.role == "admin"), None)


@lru_cache(maxsize=64)
def api_token(seed: str) -> str:
    """The API token of the account, the same in every process of the same seed."""
    return letters(Draws(seed, "zendesk", "API token").bits(256), 40, base62)


def tokens(scene: Scene) -> list[Record]:
    """The admin's OAuth tokens: one for everything, one for reading only."""
    admin = boss(scene)
    owner = admin and user_id(admin.index)
    return [
        {"id": number, "user_id": owner, "token": f"{scene.draws('zendesk', 'OAuth token', number).bits(256):064x}", "scopes": scopes}
        for number, scopes in ((1001, ["read", "write"]), (1002, ["read"]))
    ]


def credentials(scene: Scene, _: Mapping[str, str]) -> dict[str, str]:
    admin = boss(scene)
    return {"email": admin.email if admin else "", "api_token": api_token(scene.seed), "oauth_token": tokens(scene)[0]["token"]}


def subject_of(scene: Scene, _: Mapping[str, str]) -> dict[str, Any]:
    """Whoever has the most sessions."""
    busiest = scene.people.busiest
    return {"user_id": user_id(busiest.index)} if busiest else {}
