"""Host pools, session hosts and user sessions as they are remembered: where they are found, what they hold, how one is made from a part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Final

from mockserver.errors import Refusal
from mockserver.message import Json
from mockserver.state.clock import iso_s
from mockserver.state.ids import guid
from mockserver.state.table import Layout, Record, Table
from mockserver.state.world import World

namespace: Final = "Microsoft.DesktopVirtualization"

# -- where things are -----------------------------------------------------------------------------------------------

# The key of a record: its resource id without regard to case, kept beside it because everything is found by it.
address: Final = itemgetter("_at")


def pools_of(subscription: str, group: str) -> str:
    """Where the host pools of a group are. recorded: type words in lower case, names as they are."""
    return f"/subscriptions/{subscription}/resourcegroups/{group}/providers/{namespace}/hostpools"


@lru_cache(maxsize=4096)
def number(key: str) -> tuple[int, str]:
    """What the sessions of a host are sorted by: their number, and whatever is none after that."""
    last = key.rpartition("/")[2]
    return (int(last), "") if last.isdecimal() else (2**63, last)


pools: Final = Layout(address, address, {"subscription": lambda r: r["_group"][0], "group": itemgetter("_group")})
hosts: Final = Layout(address, address, {"pool": itemgetter("_pool")})
sessions: Final = Layout(
    key=address,
    # recorded: the list of a pool is in the order of user principal names, whatever the hosts and numbers.
    order=lambda r: (r["properties"].get("userPrincipalName", "").lower(), r["_at"]),
    indexes={
        "host": itemgetter("_host"),
        "pool": itemgetter("_pool"),
        "person": lambda r: (r["_pool"], r["properties"].get("userPrincipalName", "").lower()),
    },
    due=lambda r: r.get("_leaves"),
)
# recorded: the list of a host is in the order of numbers.
sessions_by_number: Final = Layout(address, lambda r: number(r["_at"]))

# -- what they hold -------------------------------------------------------------------------------------------------


def shaped(digits: str) -> str:
    """Thirty-two hexadecimal digits as a random UUID; its marks take the places of the 13th and the 17th."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def stamp(ms: int) -> str:
    """A time as the provider writes it. recorded: hundredths, and no zeros at the end."""
    return f"{iso_s(ms)[:-1]}.{ms % 1000 // 10:02d}".rstrip("0").rstrip(".") + "Z"


def system_data(who: str | None, at: str) -> dict[str, Json]:
    """Who made a thing, if anybody, and when."""
    kind, changed = ("User", at) if who else (None, None)
    return {
        "createdBy": who,
        "createdByType": kind,
        "createdAt": at,
        "lastModifiedBy": who,
        "lastModifiedByType": kind,
        "lastModifiedAt": changed,
    }


def pool_record(
    home: str, name: str, location: str, kind: str, balance: str, who: str | None, at: str, identity: str, friendly: str | None = None
) -> Record:
    """A host pool. recorded: the properties, their order, and which are null."""
    return {
        "_at": f"{home}/{name}".lower(),
        "_group": tuple(home.lower().split("/")[2:5:2]),
        "identity": {"type": "None", "tenantId": None, "principalId": None},
        "name": name,
        "id": f"{home}/{name}",
        "type": f"{namespace}/hostpools",
        "location": location,
        "tags": None,
        "kind": None,
        "systemData": system_data(who, at),
        "properties": {
            "managedPrivateUDP": "Default",
            "directUDP": "Default",
            "publicUDP": "Default",
            "relayUDP": "Default",
            "appAttachPackageReferences": [],
            "privateEndpointConnections": [],
            "publicNetworkAccess": "Enabled",
            "agentUpdate": None,
            "friendlyName": friendly,
            "description": None,
            "hostPoolType": kind,
            "personalDesktopAssignmentType": "Automatic" if kind == "Personal" else None,
            "applicationGroupReferences": [],
            "customRdpProperty": "",
            "maxSessionLimit": 1 if kind == "Personal" else 64,
            "loadBalancerType": balance,
            "validationEnvironment": False,
            "ring": 1,
            "registrationInfo": None,
            "vmTemplate": None,
            "preferredAppGroupType": "Desktop",
            "migrationRequest": None,
            "cloudPcResource": False,
            "startVMOnConnect": False,
            "ssoadfsAuthority": None,
            "ssoClientId": None,
            "ssoClientSecretKeyVaultPath": None,
            "ssoSecretType": None,
            "objectId": identity,
        },
    }


# recorded: what an agent of 2026 reports, and in which order.
reported: Final = (
    ("DomainJoinedCheck", ""),
    ("DomainTrustCheck", ""),
    ("SxSStackListenerCheck", "SessionHost healthy: SessionHost healthy: SxS stack listener is ready"),
    ("MonitoringAgentCheck", ""),
    ("MetaDataServiceCheck", ""),
    ("AppAttachHealthCheck", "SessionHost healthy: MSIX packages have been properly staged"),
    ("TURNRelayAccessHealthCheck", ""),
    ("AADJoinedHealthCheck", "SessionHost healthy: Microsoft Entra ID Join check succeeded."),
)


def health(ms: int) -> list[Json]:
    """The health checks of a host that is well."""
    at = f"{iso_s(ms)[:-1]}.6949252Z"
    return [
        {
            "healthCheckName": name,
            "healthCheckResult": "HealthCheckSucceeded",
            "additionalFailureDetails": {"message": message, "errorCode": 0, "lastHealthCheckDateTime": at},
        }
        for name, message in reported
    ]


def host_record(
    pool: Record, name: str, made: int, seen: int, checks: list[Json], machine: str, identity: str, owner: str | None = None
) -> Record:
    """A session host that is well. recorded: the properties, their order, and which are null."""
    subscription, group = pool["id"].split("/")[2:5:2]
    return {
        "_at": f"{pool['_at']}/sessionhosts/{name.lower()}",
        "_pool": pool["_at"],
        "name": f"{pool['name']}/{name}",
        "id": f"{pool['id']}/sessionhosts/{name}",
        "type": f"{namespace}/hostpools/sessionhosts",
        "properties": {
            "friendlyName": None,
            "lastHeartBeat": stamp(seen),
            "statusTimestamp": None,
            "lastUpdateTime": stamp(made),
            "sessions": 0,
            "agentVersion": "1.0.13229.200",
            "allowNewSession": True,
            "assignedUser": owner,
            "status": "Available",
            "osVersion": "10.0.26100.7171",
            "sxSStackVersion": "rdp-sxs251112650",
            "updateState": "Succeeded",
            "updateErrorMessage": "",
            "sessionHostHealthCheckResults": checks,
            "resourceId": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}",
            "virtualMachineId": machine,
            "objectId": identity,
        },
        "systemData": system_data(None, stamp(made)),
    }


def session_record(host: Record, nth: int | str, at: int, upn: str, state: str, application: str, account: str, identity: str) -> Record:
    """A user session. recorded: the properties and their order."""
    return {
        "_at": f"{host['_at']}/usersessions/{str(nth).lower()}",
        "_host": host["_at"],
        "_pool": host["_pool"],
        "name": f"{host['name']}/{nth}",
        "id": f"{host['id']}/usersessions/{nth}",
        "type": f"{namespace}/hostpools/sessionhosts/usersessions",
        "properties": {
            "createTime": stamp(at),
            "userPrincipalName": upn,
            "sessionState": state,
            "applicationType": application,
            "activeDirectoryUserName": account,
            "objectId": identity,
        },
    }


# -- how one is made from a part ------------------------------------------------------------------------------------


def given(partial: Mapping[str, Json], *words: str) -> dict[str, Json]:
    """The properties of a part of a record; those a person types most may stand beside `name` as well."""
    inner = partial.get("properties")
    return {**{word: partial[word] for word in words if word in partial}, **(inner if isinstance(inner, dict) else {})}


def holder(table: Table, wanted: str, what: str) -> Record:
    """The record of this name, in any case of letters; without a name, the first one."""
    for record in table:
        if not wanted or str(record["name"]).lower() == wanted.lower():
            return record
    known = ", ".join(str(each["name"]) for each in list(table)[:5])
    raise Refusal(400, "unknown", f"there is no {what} {wanted!r}; there are: {known or 'none'}")


def make_pool(world: World, partial: Mapping[str, Json]) -> Record:
    """A host pool beside the first one: `name`, `location`, `tags` and properties may be given; `id` to have it in another group."""
    first, draws = next(iter(world.store("azure")["hostPools"]), None), world.draws()
    told = given(partial, "hostPoolType")
    home, _, name = str(partial.get("id", "")).rpartition("/")
    if not home:
        home = str(first["id"]).rpartition("/")[0] if first else pools_of(guid(draws.bits(128)), "rg-desktops")
    name = str(partial.get("name") or name or f"hp-{draws.below(10**6)}")
    kind = str(told.get("hostPoolType", "Pooled"))
    balance = "Persistent" if kind == "Personal" else "BreadthFirst"
    who = first["systemData"]["createdBy"] if first else None
    where, now = str(partial.get("location", "westeurope")), stamp(world.clock.now())
    record = pool_record(home, name, where, kind, balance, who, now, guid(draws.bits(128)))
    return {**record, "tags": partial.get("tags"), "properties": {**record["properties"], **told}}


def make_host(world: World, partial: Mapping[str, Json]) -> Record:
    """A session host: `name` as "pool/host", or a new one in the first pool."""
    draws, now = world.draws(), world.clock.now()
    pool, _, name = str(partial.get("name", "")).partition("/")
    there = holder(world.store("azure")["hostPools"], pool, "host pool")
    record = host_record(there, name or f"sh-{draws.below(10**6)}", now, now, health(now), guid(draws.bits(128)), guid(draws.bits(128)))
    return {**record, "properties": {**record["properties"], **given(partial, "assignedUser", "allowNewSession", "status")}}


def make_session(world: World, partial: Mapping[str, Json]) -> Record:
    """A user session: `name` as "pool/host" or "pool/host/number", else on the emptiest host that takes new ones."""
    tables = world.store("azure")
    pool, _, rest = str(partial.get("name", "")).partition("/")
    name, _, nth = rest.partition("/")
    there = (
        holder(tables["sessionHosts"], f"{pool}/{name}", "session host")
        if pool
        else emptiest(tables["sessionHosts"], tables["userSessions"])
    )
    told = given(partial, "userPrincipalName", "sessionState", "applicationType", "createTime")
    upn = str(told.get("userPrincipalName", "ada@example.com"))
    taken = [number(key)[0] for key in tables["userSessions"].keys("host", address(there))]
    free = 1 + max([1, *(each for each in taken if each < 2**63)])  # recorded: the first session of a host is number 2
    account = f"AzureAD\\{upn.partition('@')[0].title().replace('.', '')}"
    record = session_record(there, nth or free, world.clock.now(), upn, "Active", "Desktop", account, guid(world.draws().bits(128)))
    return {**record, "properties": {**record["properties"], **told}}


def emptiest(among: Table, signed_in: Table) -> Record:
    """The host with the fewest sessions of those that take new ones."""
    taking = [each for each in among if each["properties"]["allowNewSession"]]
    if not taking:
        raise Refusal(400, "unknown", 'no session host takes new sessions; name one as "pool/host"')
    return min(taking, key=lambda each: len(signed_in.keys("host", address(each))))
