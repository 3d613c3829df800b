"""The company of a scene in Azure: its tenant, who may do what, its desktops and who is signed in to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from typing import Any, Final

from mockserver.engine.vendor import Populated
from mockserver.state.clock import day, minute
from mockserver.state.drawn import Drawn, Traces
from mockserver.state.ids import base62, letters
from mockserver.state.scene import Person, Scene
from mockserver.state.table import Record, never
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
    people, everybody = scene.people, range(len(scene.people))
    pools = dict(pools_of_scene(scene))
    offices = Offices(scene, pools)
    person_id = partial(one, scene, "person")
    trace = Traces(lambda: ((int(drawn(scene, "person", number)[24:], 16), number) for number in everybody))

    def principal(number: int) -> list[Record]:
        return [account(scene, people[number]) if number >= 0 else application(scene, *applications[number])]

    def principal_of(key: object) -> Iterator[int]:
        yield from those_without_person
        if isinstance(key, str) and identity.fullmatch(key):
            yield from trace(int(key[-8:], 16))

    return {
        "tenants": [tenant(scene)],
        "principals": Drawn(
            range(-len(applications), len(people)),
            of=principal,
            holders=principal_of,
            owners={"application": lambda _: those_without_person, "person": people.having},
            count=lambda: len(applications) + len(people),
            outline=lambda: (
                (key, key)
                for key in (*[each["id"] for number in those_without_person for each in principal(number)], *map(person_id, everybody))
            ),
        ),
        "hostPools": pools.values(),
        "sessionHosts": Drawn(
            range(len(offices.hosts)),
            of=lambda number: [offices.host(*offices.hosts[number])],
            holders=offices.host_number,
            owners={},
            count=offices.hosts.__len__,
        ),
        "userSessions": Drawn(
            everybody,
            of=lambda number: sessions_of(scene, people[number], offices),
            holders=offices.session_numbers,
            owners={"host": offices.session_numbers, "person": lambda group: people.having(group[1])},
            count=lambda: people.sessions,
            outline=lambda: (outline for person in people for outline in offices.outlines(person)),
            told=lambda: scene.told("azure sessions"),
            soonest=never,
        ),
    }


those_without_person: Final = range(-len(applications), 0)
identity: Final = re.compile("[0-9a-f-]{27}[0-9a-f]{8,}")


def pools_of_scene(scene: Scene) -> Iterator[tuple[str, Record]]:
    subscription, who = one(scene, "subscription"), admin(scene)
    made = stamp(scene.now - 400 * day)
    for name, group, location, kind, balance, friendly in offices:
        yield name, pool_record(pools_of(subscription, group), name, location, kind, balance, who, made, one(scene, "pool", name), friendly)


def admin(scene: Scene) -> str:
    return next((person.email for person in scene.people.named if person.role == "admin"), f"admin@{scene.domain}")


def pool_for(person: Person) -> str:
    return "hp-personal" if person.role == "admin" else "hp-engineering" if person.team in engineers else "hp-office"


host_address: Final = re.compile(r"(.+)/sessionhosts/sh-[a-z]+-([0-9]{1,9})(?:/usersessions/([0-9]{1,12}))?")


class Offices:
    """Where everybody sits: told by the person alone, and the person by the place.

    hosts  name of the pool and number in it; as many as the pool's people and the longest list of sessions need
    """

    def __init__(self, scene: Scene, pools: Mapping[str, Record]) -> None:
        self.scene, self.pools = scene, pools
        self.names = {pool["_at"]: name for name, pool in pools.items()}
        self.owners = {person.index: person.email for person in scene.people.named if person.role == "admin"}
        self.busy = [person.index for person in scene.people.named if person.sessions > sessions_a_person]  # nobody grown is
        self.hosts = [(name, index) for name in pools for index in self.those_of(name)]
        self.checks = health(scene.now - 20 * minute)
        self.host = lru_cache(4096)(self._host)

    def those_of(self, name: str) -> Iterable[int]:
        """The numbers of a pool's hosts; each administrator has a personal desktop."""
        if name == "hp-personal":
            return self.owners
        everybody = self.scene.people
        most = max((everybody[number].sessions for number in self.busy if pool_for(everybody[number]) == name), default=0)
        return range(max(-(-len(everybody) // people_a_host), -(-most // sessions_a_person), 1))

    def _host(self, name: str, index: int) -> Record:
        pool, short, now = self.pools[name], f"sh-{name[3:]}-{index}", self.scene.now
        ids = one(self.scene, "machine", short), one(self.scene, "host", short)
        return host_record(
            pool, short, now - 90 * day, now - minute, self.checks, *ids, self.owners.get(index) if name == "hp-personal" else None
        )

    @cached_property
    def _numbers(self) -> dict[tuple[str, int], int]:
        return {host: number for number, host in enumerate(self.hosts)}

    def host_number(self, address: object) -> Iterator[int]:
        """Which of the hosts has this address."""
        found = host_address.fullmatch(address) if isinstance(address, str) else None
        if found and found[1] in self.names:
            yield self._numbers.get((self.names[found[1]], int(found[2])), -1)

    def seats(self, person: Person) -> Iterator[tuple[int, int]]:
        """The host and the number on it of each of a person's sessions. recorded: the first session of a host is number 2."""
        number = person.index
        for nth in range(person.sessions):
            block, slot = divmod(nth, sessions_a_person)
            if person.role == "admin":
                yield number, 2 + nth
            elif block == 0:
                yield number // people_a_host, 2 + number % people_a_host * sessions_a_person + slot
            else:  # beyond a person's own block others' numbers must not be met
                yield block, 2 + (people_a_host + number) * sessions_a_person + slot

    def session_numbers(self, address: object) -> Iterable[int]:
        """Who may hold the session of this address, or sessions on the host of this address."""
        found = host_address.fullmatch(address) if isinstance(address, str) else None
        name = self.names.get(found[1]) if found else None
        if found is None or name is None:
            return ()
        host = int(found[2])
        if name == "hp-personal":
            return (host,)
        if found[3] is None:
            return {*range(host * people_a_host, (host + 1) * people_a_host), *self.busy}
        block = (int(found[3]) - 2) // sessions_a_person
        return (host * people_a_host + block if block < people_a_host else block - people_a_host,)

    def outlines(self, person: Person) -> Iterator[tuple[str, str, str]]:
        """What lists tell a person's sessions by: whose, where, and in which pool."""
        if person.sessions:
            name, who = pool_for(person), person.email.lower()
            pool = self.pools[name]["_at"]
            for host, number in self.seats(person):
                yield who, f"{pool}/sessionhosts/sh-{name[3:]}-{host}/usersessions/{number}", pool


def sessions_of(scene: Scene, person: Person, offices: Offices) -> Iterator[Record]:
    """A person's sessions: the newest in use, the older ones mostly left disconnected."""
    name, login = pool_for(person), f"AzureAD\\{person.given}{person.family}"
    last = person.sessions - 1 if person.status == "employed" else -1
    visits = scene.visits(person, "azure", person.sessions, within_days=3)
    for nth, ((host, number), visit) in enumerate(zip(offices.seats(person), visits, strict=True)):
        digits = drawn(scene, "session", person.index, nth)
        # The two digits that no id shows decide the rest: a quarter of the older sessions is in use, an eighth are of one application.
        state = "Active" if nth == last or (last > 0 and digits[12] < "4") else "Disconnected"
        kind = "RemoteApp" if digits[16] < "2" else "Desktop"
        yield session_record(offices.host(name, host), number, visit.at, person.email, state, kind, login, shaped(digits))


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
    busiest = scene.people.busiest
    name = pool_for(busiest) if busiest else "hp-office"
    group = next(office[1] for office in offices if office[0] == name)
    return {"subscriptionId": one(scene, "subscription"), "resourceGroupName": group, "hostPoolName": name}
