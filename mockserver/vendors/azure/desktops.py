"""The desktop provider: how pools, hosts and sessions look in each api-version, and what can be done to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from mockserver.contract.resource import Role
from mockserver.engine.crud import page_of, subject
from mockserver.engine.limits import Window
from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Kind, Turn
from mockserver.errors import Refusal
from mockserver.message import Json, Reply
from mockserver.state.clock import iso_s, second
from mockserver.state.table import Base, Record, Table
from mockserver.state.world import World
from mockserver.vendors.azure import records
from mockserver.vendors.azure.front import provider
from mockserver.vendors.azure.records import address, stamp

# -- how they look --------------------------------------------------------------------------------------------------

# sdk: the version whose models first have the property. Those without a line are in every stable version.
since: Final[Mapping[str, Mapping[str, str]]] = {
    "hostPools": {
        "agentUpdate": "2022-09-09",
        "publicNetworkAccess": "2023-09-05",
        "privateEndpointConnections": "2023-09-05",
        "appAttachPackageReferences": "2024-04-03",
        # recorded with 2025-10-10
        "managedPrivateUDP": "2025-10-10",
        "directUDP": "2025-10-10",
        "publicUDP": "2025-10-10",
        "relayUDP": "2025-10-10",
    },
    # inferred: session hosts had no name of their own in 2021.
    "sessionHosts": {"friendlyName": "2022-09-09"},
}


def in_version(turn: Turn, kind: str, record: Record, properties: Mapping[str, Json]) -> dict[str, Json]:
    """The record with the properties that the version of the call has, and without what is only ours."""
    version, first = turn.params["api-version"], since[kind]
    public = {name: value for name, value in record.items() if name[0] != "_"}
    return {**public, "properties": {name: value for name, value in properties.items() if first.get(name, "") <= version}}


def pool_view(turn: Turn, record: Record) -> Json:
    return in_version(turn, "hostPools", record, record["properties"])


def host_view(turn: Turn, record: Record) -> Json:
    """A host counts the sessions on it."""
    signed_in = len(turn.table("userSessions").keys("host", address(record)))
    return in_version(turn, "sessionHosts", record, {**record["properties"], "sessions": signed_in})


def session_view(turn: Turn, record: Record) -> Json:
    """recorded: the list by host pool has no systemData; elsewhere it knows the time of signing in and nothing more."""
    began = record["properties"].get("createTime")
    unknown = began is None or turn.operation.id == "UserSessions_ListByHostPool"
    return {
        "name": record["name"],
        "id": record["id"],
        "type": record["type"],
        "properties": record["properties"],
        "systemData": None if unknown else records.system_data(None, began),
    }


# -- which one a path means -----------------------------------------------------------------------------------------


def the_pool(turn: Turn, role: Role) -> str:
    return str(turn.notes["pool"]["_at"])


def the_host(turn: Turn, role: Role) -> str:
    return f"{turn.notes['pool']['_at']}/sessionhosts/{turn.params['sessionHostName'].lower()}"


def the_session(turn: Turn, role: Role) -> str:
    return f"{the_host(turn, role)}/usersessions/{turn.params['userSessionId'].lower()}"


def no_host(turn: Turn, key: str) -> Refusal:
    """recorded: the words."""
    return provider(turn, 404, "SessionHost does not exist")


def no_session(turn: Turn, key: str) -> Refusal:
    """recorded: the words, which are others where something is to be done to the session."""
    return provider(turn, 404, "User session ID not found" if turn.operation.method == "POST" else "User session does not exist")


def changed_host(turn: Turn, record: Record, sent: Mapping[str, Json]) -> Record:
    """Drained, renamed or assigned. An empty name takes a personal desktop away; one that somebody has is handed over only by force."""
    asked = sent.get("properties") or {}
    changes = {name: asked[name] for name in ("allowNewSession", "assignedUser", "friendlyName") if name in asked}
    if "assignedUser" in changes:
        changes["assignedUser"] = changes["assignedUser"] or None
        if record["properties"]["assignedUser"] not in (None, changes["assignedUser"]) and not turn.params.get("force"):
            raise provider(turn, 409, f"The SessionHost {record['name']} is already assigned to user")
    person = turn.caller.facts["userPrincipalName"]
    modified = {
        "lastModifiedBy": person or turn.caller.facts["appId"],
        "lastModifiedByType": "User" if person else "Application",
        "lastModifiedAt": stamp(turn.now),
    }
    return {**record, "properties": {**record["properties"], **changes}, "systemData": {**record["systemData"], **modified}}


kinds: Final = (
    Kind("hostPools", "HostPool", records.pools, view=pool_view, make=records.make_pool, address=the_pool),
    Kind(
        "sessionHosts", "SessionHost", records.hosts, view=host_view, make=records.make_host, address=the_host, missing=no_host, change=changed_host
    ),
    Kind("userSessions", "UserSession", records.sessions, view=session_view, make=records.make_session, address=the_session, missing=no_session),
)  # fmt: skip

# -- what can be done -----------------------------------------------------------------------------------------------


def listed(turn: Turn, chosen: Selection) -> Reply:
    role, kind = subject(turn)
    return page_of(turn, role, kind, chosen)


def pools(turn: Turn) -> Reply:
    """Of a subscription, or of one of its groups."""
    subscription, group = turn.params["subscriptionId"].lower(), turn.params.get("resourceGroupName")
    table = turn.table("hostPools")
    return listed(
        turn, Selection(table, "subscription", subscription) if group is None else Selection(table, "group", (subscription, group.lower()))
    )


# recorded: the one list that shows a window of its own. Nothing shows what happens at its end, so nothing does.
host_lists: Final = Window("azure:host-lists", 10, 300)


def hosts(turn: Turn) -> Reply:
    standing = host_lists.spend(turn.world, turn.caller.id, turn.now)
    ends = iso_s(turn.now + standing.reset * second)[:-1]
    turn.notes["window"] = {
        "X-Rate-Limit-Limit": "5m",
        "X-Rate-Limit-Remaining": str(standing.remaining),
        "X-Rate-Limit-Reset": f"{ends}.6352622Z",
    }
    return listed(turn, Selection(turn.table("sessionHosts"), "pool", address(turn.notes["pool"])))


def remove_host(turn: Turn) -> Reply:
    """The host goes, and by force the sessions on it."""
    role, kind = subject(turn)
    hosts, sessions, key = turn.table(kind.name), turn.table("userSessions"), kind.address(turn, role)
    found = hosts.get(key)
    if found is None:
        return Reply(204)
    left = tuple(sessions.keys("host", key))
    if left and not turn.params.get("force"):
        # inferred from what a pool that is not empty answers (live).
        words = f"The SessionHost {found['name']} could not be deleted because it still has UserSessions associated with it."
        raise provider(turn, 400, f"{words} Please remove all UserSessions from the SessionHost and retry the operation.")
    sessions.drop(left)
    hosts.remove(key)
    return Reply(200)


clause: Final = re.compile(r"(userprincipalname|(?:session)?state) +eq +'((?:[^']|'')*)'", re.IGNORECASE)


def sessions_in_pool(turn: Turn) -> Reply:
    """The sessions of a pool; the contract has judged the grammar of `$filter`."""
    at, wanted = address(turn.notes["pool"]), []
    for found in clause.finditer(turn.params.get("$filter", "")):
        name = "userPrincipalName" if found[1][0] in "uU" else "sessionState"
        wanted.append((name, found[2].replace("''", "'").lower()))
    index, group = next((("person", (at, value)) for name, value in wanted if name == "userPrincipalName"), ("pool", at))

    def keep(record: Record) -> bool:
        return all(str(record["properties"].get(name, "")).lower() == value for name, value in wanted)

    return listed(turn, Selection(turn.table("userSessions"), index, group, keep if wanted else None))


def sessions_on_host(turn: Turn) -> Reply:
    """They are few, so a table of their own puts them in the order of their numbers."""
    key = the_host(turn, subject(turn)[0])
    if key not in turn.table("sessionHosts"):
        raise no_host(turn, key)
    by_number = records.sessions_by_number
    return listed(turn, Selection(Table(by_number, Base(by_number, turn.table("userSessions").rows("host", key)))))


def addressed(turn: Turn) -> Record:
    """The session that something is to be done to."""
    key = the_session(turn, turn.engine.role(turn.operation))
    found = turn.table("userSessions").get(key)
    if found is None:
        raise no_session(turn, key)
    return found


def disconnect(turn: Turn) -> Reply:
    """The session stays, without anybody before it. recorded: it says so from then on."""
    found = addressed(turn)
    turn.table("userSessions").put({**found, "properties": {**found["properties"], "sessionState": "Disconnected"}})
    return Reply(200)


def send_message(turn: Turn) -> Reply:
    addressed(turn)
    return Reply(200)


def remove_session(turn: Turn) -> Reply:
    """The person is signed out, at once or, with the option `removal`, a little later. recorded in 2019: a Get right after still shows it."""
    sessions = turn.table("userSessions")
    found = sessions.get(the_session(turn, subject(turn)[0]))
    if found is None:
        return Reply(204)
    if turn.options["removal"] == "later":
        sessions.put({"_leaves": turn.now + 2 * second, **found})
    else:
        sessions.remove(address(found))
    return Reply(200)


def tick(world: World) -> None:
    """Sessions whose removal was asked for a while ago are gone."""
    tables = world.store("azure")
    if "userSessions" in tables:
        overdue = tables["userSessions"].overdue(world.clock.now())
        if overdue:
            tables["userSessions"].drop(overdue)


# Showing a pool, a host or a session and changing a host are ordinary: the kinds above say all there is to say.
behaviours: Final[dict[str, Callable[[Turn], Reply]]] = {
    "HostPools_List": pools,
    "HostPools_ListByResourceGroup": pools,
    "SessionHosts_List": hosts,
    "SessionHosts_Delete": remove_host,
    "UserSessions_ListByHostPool": sessions_in_pool,
    "UserSessions_List": sessions_on_host,
    "UserSessions_Delete": remove_session,
    "UserSessions_Disconnect": disconnect,
    "UserSessions_SendMessage": send_message,
}
