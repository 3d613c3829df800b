"""The company of a scene in Azure: its tenant, who may do what, its desktops and who is signed in to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from mockserver.engine.vendor import Populated
from mockserver.state.clock import day, minute
from mockserver.state.ids import base62, letters
from mockserver.state.scene import Person, Scene
from mockserver.state.table import Record
from mockserver.vendors.azure import signin, tokens
from mockserver.vendors.azure.records import health, host_record, pool_record, pools_of, session_record, shaped, stamp

password: Final = "correct-horse-battery-staple"

# name, resource group, region, type, balancing, friendly name
offices: Final = (
    ("hp-office", "rg-desktops", "westeurope", "Pooled", "BreadthFirst", "Office desktops"),
    ("hp-engineering", "rg-engineering", "northeurope", "Pooled", "DepthFirst", "Engineering desktops"),
    ("hp-personal", "rg-desktops", "westeurope", "Personal", "Persistent", "Personal desktops"),
)
engineers: Final = ("Engineering", "Security")

# The applications that are registered, and their role on the subscription.
applications: Final = (("session-automation", "Contributor"), ("session-auditor", "Reader"))
role_of: Final = {"admin": "Owner", "agent": "Desktop Virtualization User Session Operator", "end_user": ""}

people_a_host: Final = 32
sessions_a_person: Final = 16


def drawn(scene: Scene, *key: object) -> str:
    """Thirty-two hexadecimal digits of this scene for one purpose: the same key, the same digits. A page of them is cheap."""
    return blake2b(":".join(map(str, (scene.seed, "azure", *key))).encode(), digest_size=16).hexdigest()


def one(scene: Scene, *key: object) -> str:
    """An id of this scene, the same in every process."""
    return shaped(drawn(scene, *key))


def tenant(scene: Scene) -> Record:
    return {"id": one(scene, "tenant"), "displayName": scene.company, "domains": [scene.domain]}


def application(scene: Scene, name: str, role: str) -> Record:
    """An application with a secret, shaped as Entra makes them."""
    secret = letters(scene.draws("azure", "secret", name).bits(256), 40, base62)
    return {
        "id": one(scene, "principal", name),
        "displayName": name,
        "appId": one(scene, "application", name),
        "userPrincipalName": None,
        "role": role,
        "accountEnabled": True,
        "_secret": f"{secret[:3]}8Q~{secret[3:37]}",
    }


def account(scene: Scene, person: Person) -> Record:
    return {
        "id": one(scene, "person", person.index),
        "displayName": person.name,
        "appId": None,
        "userPrincipalName": person.email,
        "role": role_of[person.role],
        "accountEnabled": person.status == "employed",
        "_secret": password,
    }


def populate(scene: Scene, options: Mapping[str, str]) -> Populated:
    """Every kind's records. Which host a person's sessions are on, and their numbers, depend on nobody else."""
    pools = dict(pools_of_scene(scene))

    @cache
    def hosts() -> dict[str, list[Record]]:
        return {name: list(hosts_of(scene, pool)) for name, pool in pools.items()}

    return {
        "tenants": [tenant(scene)],
        "principals": principals(scene),
        "hostPools": pools.values(),
        "sessionHosts": (host for name in pools for host in hosts()[name]),
        "userSessions": (session for person in scene.people for session in sessions_of(scene, person, hosts())),
    }


def principals(scene: Scene) -> Iterator[Record]:
    """Who may sign in: the applications and everybody."""
    for name, role in applications:
        yield application(scene, name, role)
    for person in scene.people:
        yield account(scene, person)


def pools_of_scene(scene: Scene) -> Iterator[tuple[str, Record]]:
    subscription, who = one(scene, "subscription"), admin(scene)
    made = stamp(scene.now - 400 * day)
    for name, group, location, kind, balance, friendly in offices:
        yield name, pool_record(pools_of(subscription, group), name, location, kind, balance, who, made, one(scene, "pool", name), friendly)


def admin(scene: Scene) -> str:
    return next((person.email for person in scene.people if person.role == "admin"), f"admin@{scene.domain}")


def pool_for(person: Person) -> str:
    return "hp-personal" if person.role == "admin" else "hp-engineering" if person.team in engineers else "hp-office"


def hosts_of(scene: Scene, pool: Record) -> Iterator[Record]:
    """As many hosts as the pool's people and the longest list of sessions need; a personal desktop for each administrator."""
    checks, made, seen = health(scene.now - 20 * minute), scene.now - 90 * day, scene.now - minute
    name = pool["name"]
    if name == "hp-personal":
        owners: list[tuple[int, str | None]] = [(person.index, person.email) for person in scene.people if person.role == "admin"]
    else:
        most = max((person.sessions for person in scene.people if pool_for(person) == name), default=0)
        count = max(-(-len(scene.people) // people_a_host), -(-most // sessions_a_person), 1)
        owners = [(index, None) for index in range(count)]
    for index, owner in owners:
        short = f"sh-{name[3:]}-{index}"
        yield host_record(pool, short, made, seen, checks, one(scene, "machine", short), one(scene, "host", short), owner)


def sessions_of(scene: Scene, person: Person, hosts: Mapping[str, list[Record]]) -> Iterator[Record]:
    """A person's sessions: the newest in use, the older ones mostly left disconnected."""
    if not person.sessions:
        return
    there = hosts[pool_for(person)]
    login = f"AzureAD\\{person.given}{person.family}"
    last = person.sessions - 1 if person.status == "employed" else -1
    own = person.role == "admin"
    mine = next(host for host in there if host["properties"]["assignedUser"] == person.email) if own else None
    seat = person.index % people_a_host
    for nth, visit in enumerate(scene.visits(person, "azure", person.sessions, within_days=3)):
        block, slot = divmod(nth, sessions_a_person)
        # recorded: the first session of a host is number 2. Beyond a person's own block others' numbers must not be met.
        if mine is not None:
            host, number = mine, 2 + nth
        elif block == 0:
            host, number = there[person.index // people_a_host], 2 + seat * sessions_a_person + slot
        else:
            host, number = there[block], 2 + (people_a_host + person.index) * sessions_a_person + slot
        digits = drawn(scene, "session", person.index, nth)
        # The two digits that no id shows decide the rest: a quarter of the older sessions is in use, an eighth are of one application.
        state = "Active" if nth == last or (last > 0 and digits[12] < "4") else "Disconnected"
        kind = "RemoteApp" if digits[16] < "2" else "Desktop"
        yield session_record(host, number, visit.at, person.email, state, kind, login, shaped(digits))


def credentials(scene: Scene, options: Mapping[str, str]) -> dict[str, str]:
    """What an application with rights to everything signs in with, and a token of it that does not run out."""
    home, app = tenant(scene), application(scene, *applications[0])
    claims: dict[str, Any] = signin.claims_of(home, app, app, signin.management[1], 1_735_689_600, 4_102_444_800)
    return {
        "tenant_id": home["id"],
        "client_id": app["appId"],
        "client_secret": app["_secret"],
        "subscription_id": one(scene, "subscription"),
        "access_token": tokens.write(claims),
    }


def subject(scene: Scene, options: Mapping[str, str]) -> dict[str, Any]:
    """The pool of the person with the most sessions."""
    busiest = max(scene.people, key=lambda person: person.sessions, default=None)
    name = pool_for(busiest) if busiest else "hp-office"
    group = next(office[1] for office in offices if office[0] == name)
    return {"subscriptionId": one(scene, "subscription"), "resourceGroupName": group, "hostPoolName": name}
