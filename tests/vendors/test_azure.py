"""Azure Virtual Desktop: what its spec cannot say, call by call, without a socket."""

from __future__ import annotations

import base64
import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.site import Site, made
from mockserver.engine.vendor import Turn
from mockserver.errors import Refusal
from mockserver.message import Call, Reply
from mockserver.state.clock import Clock, millis
from mockserver.state.world import World
from mockserver.vendors import site as make_site
from mockserver.vendors.azure import company, front, signin, tokens

morning = "2026-01-15T09:30:00Z"
versions = ("2021-07-12", "2022-09-09", "2023-09-05", "2024-04-03", "2025-10-10")
json_type = {"content-type": "application/json"}
form_type = {"content-type": "application/x-www-form-urlencoded"}
guid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@functools.cache
def shared_site() -> Site:
    return make_site(["azure"], clock=morning)


@functools.cache
def credentials(site: Site) -> dict[str, str]:
    return company.credentials(site.scene, {})


world_numbers = itertools.count()


@dataclass(frozen=True)
class Azure:
    """One world of the fake, and a caller in it."""

    site: Site
    world: World
    facts: dict[str, str]
    token: str
    version: str | None = "2024-04-03"

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.facts['subscription_id']}"

    def pools(self, group: str = "rg-desktops") -> str:
        return f"{self.subscription}/resourceGroups/{group}/providers/Microsoft.DesktopVirtualization/hostPools"

    @property
    def pool(self) -> str:
        """The pool with the most sessions."""
        return f"{self.pools()}/hp-office"

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Any = None, query: str | None = None, **params: Any
    ) -> Reply:
        """Send one call. `query` replaces everything that would be made of `params` and the api-version."""
        named = {**({"api-version": self.version} if self.version else {}), **params}
        sent = {"authorization": f"Bearer {self.token}", **(headers or {})}
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        if raw and "content-type" not in sent:
            sent |= json_type
        text = urlencode(named, quote_via=quote) if query is None else query
        return self.site.answer(method, "https", "127.0.0.1:4443", f"/_world/{self.world.name}/azure{path}", text, sent, raw)

    def get(self, path: str, **params: Any) -> Any:
        reply = self.ask("GET", path, **params)
        assert reply.status == 200, reply.content
        return orjson.loads(reply.content)

    def walk(self, path: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, by following nextLink to the letter."""
        page = self.get(path, **params)
        yield page["value"]
        while page["nextLink"] is not None:
            link = urlsplit(page["nextLink"])
            assert (link.scheme, link.netloc) == ("https", "127.0.0.1:4443")
            head, _, rest = link.path.partition("/azure")
            assert head == f"/_world/{self.world.name}"
            page = orjson.loads(self.ask("GET", rest, query=link.query).content)
            yield page["value"]

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return [each for page in self.walk(path, **params) for each in page]

    def sessions(self, **params: Any) -> list[dict[str, Any]]:
        return self.all(f"{self.pool}/userSessions", pageSize=1000, **params)

    def at(self, session: Mapping[str, Any]) -> str:
        """The address of a session of a list."""
        pool, host, number = session["name"].split("/")
        return f"{self.pools()}/{pool}/sessionHosts/{host}/userSessions/{number}"

    def truth(self) -> Any:
        """Everything remembered, to see that nothing changed."""
        return {kind: list(self.world.store("azure")[kind]) for kind in self.site.engines["azure"].kinds}

    def sign_in(self, headers: Mapping[str, str] | None = None, tenant: str | None = None, raw: bytes | None = None, **form: str) -> Reply:
        """One call to the token endpoint, at the root, where an authority has to be."""
        known = {
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "scope": "https://management.azure.com/.default",
        }
        told = {name: value for name, value in {"grant_type": "client_credentials", **known, **form}.items() if value}
        path = f"/_world/{self.world.name}/{tenant or self.facts['tenant_id']}/oauth2/v2.0/token"
        return self.site.answer(
            "POST", "https", "127.0.0.1:4443", path, "", {**form_type, **(headers or {})}, urlencode(told).encode() if raw is None else raw
        )

    def as_person(self, email: str) -> Azure:
        """The same world, asked by a person who signs in with their password."""
        reply = self.sign_in(grant_type="password", username=email, password=company.password, client_secret="")
        return replace(self, token=orjson.loads(reply.content)["access_token"])

    def as_application(self, name: str) -> Azure:
        there = next(each for each in self.world.store("azure")["principals"] if each["displayName"] == name)
        reply = self.sign_in(client_id=there["appId"], client_secret=there["_secret"])
        return replace(self, token=orjson.loads(reply.content)["access_token"])


def enter(site: Site) -> Azure:
    name = f"w-{next(world_numbers)}"
    facts = credentials(site)
    return Azure(site, site.worlds.get(name), facts, facts["access_token"])


def leave(azure: Azure) -> None:
    """No reply of ours broke the contract."""
    ours = [each for each in azure.world.journal if each.reply.headers.get("Mock-Problem") in ("own-reply", "own-error")]
    azure.site.worlds.drop(azure.world.name)
    assert not ours, [(each.call.method, each.call.url, each.findings) for each in ours]


@pytest.fixture
def azure() -> Iterator[Azure]:
    entered = enter(shared_site())
    yield entered
    leave(entered)


def error(reply: Reply) -> tuple[int, str, str]:
    """Status, code and message of an error, whose envelope holds nothing else."""
    body = orjson.loads(reply.content)
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    assert reply.media == "application/json; charset=utf-8"
    return reply.status, body["error"]["code"], body["error"]["message"]


def activity(reply: Reply) -> str:
    """The words of a provider's error; its id is the one of the header."""
    status, code, message = error(reply)
    assert code == str(status)
    head, _, words = message.partition(" Error: ")
    assert head == f"ActivityId: {reply.headers['x-ms-correlation-id']}"
    return words


# -- user sessions --------------------------------------------------------------------------------------------------


def test_a_session_looks_as_recorded(azure: Azure) -> None:
    """Composite name, lower-case type words in id and type, and every key in the recorded order."""
    shown = azure.get(azure.at(azure.sessions()[0]))
    assert list(shown) == ["name", "id", "type", "properties", "systemData"]
    assert list(shown["properties"]) == [
        "createTime",
        "userPrincipalName",
        "sessionState",
        "applicationType",
        "activeDirectoryUserName",
        "objectId",
    ]
    pool, host, number = shown["name"].split("/")
    home = f"{azure.subscription}/resourcegroups/rg-desktops/providers/Microsoft.DesktopVirtualization"
    assert shown["id"] == f"{home}/hostpools/{pool}/sessionhosts/{host}/usersessions/{number}"
    assert shown["type"] == "Microsoft.DesktopVirtualization/hostpools/sessionhosts/usersessions"
    assert guid.fullmatch(shown["properties"]["objectId"])
    assert re.fullmatch(r"AzureAD\\\w+", shown["properties"]["activeDirectoryUserName"])


def test_times_have_hundredths_and_no_trailing_zeros(azure: Azure) -> None:
    """createTime is written as recorded: 15:40:08.15Z, never 15:40:08.150Z or .00Z."""
    times = [session["properties"]["createTime"] for session in azure.sessions()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d?[1-9])?Z", time) for time in times)


def test_system_data_is_an_object_except_in_the_list_of_a_pool(azure: Azure) -> None:
    """Get and the list of a host know createdAt and otherwise nulls; the list of a pool has null."""
    first = azure.sessions()[0]
    assert first["systemData"] is None
    shown = azure.get(azure.at(first))
    nulls = {"createdBy": None, "createdByType": None, "lastModifiedBy": None, "lastModifiedByType": None, "lastModifiedAt": None}
    assert shown["systemData"] == {**nulls, "createdAt": shown["properties"]["createTime"]}
    assert list(shown["systemData"]) == [
        "createdBy",
        "createdByType",
        "createdAt",
        "lastModifiedBy",
        "lastModifiedByType",
        "lastModifiedAt",
    ]
    assert shown in azure.all(azure.at(first).rpartition("/")[0])


def test_the_last_page_has_a_null_next_link(azure: Azure) -> None:
    """nextLink is always there, null at the end, behind value."""
    page = azure.get(f"{azure.pool}/userSessions", pageSize=1000)
    assert list(page) == ["value", "nextLink"]
    assert page["nextLink"] is None


def test_a_list_without_page_size_has_pages_all_the_same(azure: Azure) -> None:
    """Whoever forgets nextLink sees a hundred sessions of several hundred."""
    pages = list(azure.walk(f"{azure.pool}/userSessions"))
    assert [len(page) for page in pages[:-1]] == [100] * (len(pages) - 1)
    assert len(pages) > 3


def test_a_host_lists_by_number_and_a_pool_by_person(azure: Azure) -> None:
    """As recorded: 2, 3, 5 on a host; admin@, pwshtest1@, pwshtest2@ in a pool."""
    sessions = azure.sessions()
    people = [session["properties"]["userPrincipalName"] for session in sessions]
    assert people == sorted(people)
    on_host = azure.all(azure.at(sessions[0]).rpartition("/")[0])
    numbers = [int(session["name"].rpartition("/")[2]) for session in on_host]
    assert numbers == sorted(numbers)
    assert len(numbers) > 2
    assert min(numbers) >= 2


@given(size=st.integers(1, 400), skip=st.integers(0, 400), backwards=st.booleans(), on_host=st.booleans())
def test_pages_put_together_are_the_list(size: int, skip: int, backwards: bool, on_host: bool) -> None:
    """Whatever the page size, start and direction: following nextLink gives every session once, in order."""
    azure = enter(shared_site())
    path = f"{azure.pool}/sessionHosts/sh-office-0/userSessions" if on_host else f"{azure.pool}/userSessions"
    whole = [each["id"] for each in azure.all(path, pageSize=1000)]
    pages = list(azure.walk(path, pageSize=size, initialSkip=skip, isDescending=str(backwards).lower())) if size > 3 else []
    expected = (whole[::-1] if backwards else whole)[skip:]
    if pages:
        assert [each["id"] for page in pages for each in page] == expected
        assert all(len(page) == size for page in pages[:-1])
    leave(azure)


def test_revoking_while_reading_on_neither_skips_nor_repeats(azure: Azure) -> None:
    """The link says where a page ended, so the sessions revoked meanwhile shift nothing."""
    expected = [session["id"] for session in azure.sessions()]
    seen = []
    for page in azure.walk(f"{azure.pool}/userSessions", pageSize=50):
        seen += [session["id"] for session in page]
        for session in page[::7]:
            assert azure.ask("DELETE", azure.at(session)).status == 200
    assert seen == expected


def test_next_link_keeps_the_query_and_the_address_that_was_asked(azure: Azure) -> None:
    """Host, prefix, api-version, filter and page size come back; initialSkip is not applied twice."""
    asked = {"$filter": "userPrincipalName eq 'hugo@example.com'", "pageSize": 5, "initialSkip": 2}
    link = urlsplit(azure.get(f"{azure.pool}/userSessions", **asked)["nextLink"])
    assert link.path == f"/_world/{azure.world.name}/azure{azure.pool}/userSessions"
    query = parse_qs(link.query)
    assert query.pop("$skipToken")
    assert query == {"api-version": ["2024-04-03"], "$filter": [asked["$filter"]], "pageSize": ["5"]}


@given(
    token=st.one_of(
        st.text(min_size=1, max_size=40), st.binary(min_size=1, max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    )
)
def test_a_foreign_skip_token_is_refused(token: str) -> None:
    """Whatever is not a token of ours is the provider's 400, never a page and never a failure of ours."""
    azure = enter(shared_site())
    asked: Any = {"$skipToken": token}
    assert azure.ask("GET", f"{azure.pool}/userSessions", **asked).status == 400
    leave(azure)


def test_a_skip_token_of_another_list_is_refused(azure: Azure) -> None:
    """A token belongs to the kind of list that gave it."""
    link = azure.get(f"{azure.pool}/userSessions", pageSize=1)["nextLink"]
    token = parse_qs(urlsplit(link).query)["$skipToken"][0]
    assert activity(azure.ask("GET", f"{azure.pool}/sessionHosts", **{"$skipToken": token})) == "The skip token is not valid"


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("userPrincipalName eq 'hugo@example.com'", lambda p: p["userPrincipalName"] == "hugo@example.com"),
        ("userprincipalname eq 'HUGO@example.com'", lambda p: p["userPrincipalName"] == "hugo@example.com"),
        ("sessionState eq 'Active'", lambda p: p["sessionState"] == "Active"),
        ("sessionstate EQ 'active'", lambda p: p["sessionState"] == "Active"),
        ("state eq 'disconnected'", lambda p: p["sessionState"] == "Disconnected"),
        (
            "userPrincipalName eq 'hugo@example.com' and state eq 'active'",
            lambda p: (p["userPrincipalName"], p["sessionState"]) == ("hugo@example.com", "Active"),
        ),
        (
            "state eq 'active' AND userPrincipalName eq 'hugo@example.com'",
            lambda p: (p["userPrincipalName"], p["sessionState"]) == ("hugo@example.com", "Active"),
        ),
        ("userPrincipalName eq 'nobody@example.com'", lambda _: False),
        ("userPrincipalName eq 'o''neill@example.com'", lambda _: False),
        ("userPrincipalName eq 'x'' and state eq ''active'", lambda _: False),
        ("userPrincipalName eq 'hugo@example.com' and userPrincipalName eq 'chiara@example.com'", lambda _: False),
        ("", lambda _: True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_filter_takes_both_spellings_in_any_case(azure: Azure, text: str, keeps: Callable[[Any], bool]) -> None:
    """$filter knows userPrincipalName, sessionState and state, joined by and, whatever the case, and keeps the order."""
    expected = [session["id"] for session in azure.sessions() if keeps(session["properties"])]
    found = azure.all(f"{azure.pool}/userSessions", **{"$filter": text, "pageSize": 100})
    assert [session["id"] for session in found] == expected


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "userPrincipalName",
        "userPrincipalName eq hugo",
        "objectId eq 'x'",
        "state ne 'active'",
        "state eq 'a' or state eq 'b'",
        "state eq 'a' and",
        "state eq 'a",
    ],
)
def test_a_filter_that_is_none_is_refused(azure: Azure, text: str) -> None:
    """What the grammar does not have is the provider's 400."""
    asked: Any = {"$filter": text}
    assert "$filter" in activity(azure.ask("GET", f"{azure.pool}/userSessions", **asked))


def test_a_session_is_disconnected_and_stays(azure: Azure) -> None:
    """Disconnect answers 200 without a body; from then on the session says so everywhere; twice is fine."""
    active = next(session for session in azure.sessions() if session["properties"]["sessionState"] == "Active")
    for _ in range(2):
        reply = azure.ask("POST", f"{azure.at(active)}/disconnect")
        assert (reply.status, reply.content, reply.media) == (200, b"", None)
    assert azure.get(azure.at(active))["properties"] == {**active["properties"], "sessionState": "Disconnected"}
    assert active["id"] not in [each["id"] for each in azure.sessions(**{"$filter": "state eq 'active'"})]


@pytest.mark.parametrize(
    "body", [None, {}, {"messageTitle": "Hello"}, {"messageTitle": "Hello", "messageBody": "Please save.", "more": 1}], ids=str
)
def test_a_message_is_taken_with_and_without_a_body(azure: Azure, body: Any) -> None:
    """sendMessage answers 200 without a body and changes nothing."""
    first, before = azure.sessions()[0], azure.truth()
    reply = azure.ask("POST", f"{azure.at(first)}/sendMessage", body=body)
    assert (reply.status, reply.content) == (200, b"")
    assert azure.truth() == before


@pytest.mark.parametrize("force", ["true", "True", "false", None])
def test_a_revoked_session_is_gone(azure: Azure, force: str | None) -> None:
    """Delete answers 200, then 204; Get is 404; lists, counts and the person's filter no longer know it."""
    sessions = azure.sessions()
    first = sessions[0]
    host = azure.at(first).rpartition("/userSessions")[0]
    count = azure.get(host)["properties"]["sessions"]
    named: Any = {} if force is None else {"force": force}
    assert [azure.ask("DELETE", azure.at(first), **named).status for _ in range(2)] == [200, 204]
    assert activity(azure.ask("GET", azure.at(first))) == "User session does not exist"
    assert azure.sessions() == sessions[1:]
    assert azure.get(host)["properties"]["sessions"] == count - 1


def test_a_removal_may_take_effect_later() -> None:
    """With removal=later a Get right after the delete still shows the session as it was (recorded in 2019); two seconds on it is gone."""
    azure = enter(make_site(["azure"], clock=morning, options={"azure": {"removal": "later"}}))
    first = azure.sessions()[0]
    shown = azure.get(azure.at(first))
    assert azure.ask("DELETE", azure.at(first)).status == 200
    assert azure.get(azure.at(first)) == shown
    assert first in azure.sessions()
    azure.world.clock.advance(2000)
    assert azure.ask("GET", azure.at(first)).status == 404
    assert first not in azure.sessions()
    leave(azure)


@pytest.mark.parametrize(
    ("method", "tail", "words"),
    [
        ("GET", "", "User session does not exist"),
        ("POST", "/disconnect", "User session ID not found"),
        ("POST", "/sendMessage", "User session ID not found"),
    ],
)
def test_a_session_that_is_not_there_is_told_in_the_recorded_words(azure: Azure, method: str, tail: str, words: str) -> None:
    """Get and the actions have different words for the same absence."""
    assert activity(azure.ask(method, f"{azure.pool}/sessionHosts/sh-office-0/userSessions/99999{tail}")) == words


def test_deleting_what_is_not_there_is_204(azure: Azure) -> None:
    """An absent session or host is 204 without a body, as recorded in 2025 and 2026."""
    for path in ("sh-office-0/userSessions/99999", "sh-nowhere/userSessions/2", "sh-nowhere"):
        reply = azure.ask("DELETE", f"{azure.pool}/sessionHosts/{path}", force="True")
        assert (reply.status, reply.content) == (204, b"")


# -- session hosts --------------------------------------------------------------------------------------------------

host_properties = [
    "friendlyName", "lastHeartBeat", "statusTimestamp", "lastUpdateTime", "sessions", "agentVersion", "allowNewSession", "assignedUser", "status", "osVersion",
    "sxSStackVersion", "updateState", "updateErrorMessage", "sessionHostHealthCheckResults", "resourceId", "virtualMachineId", "objectId",
]  # fmt: skip


def test_a_host_looks_as_recorded(azure: Azure) -> None:
    """Key order, nulls, and health checks the official list does not have."""
    shown = azure.get(f"{azure.pool}/sessionHosts/sh-office-0")
    assert list(shown) == ["name", "id", "type", "properties", "systemData"]
    assert shown["name"] == "hp-office/sh-office-0"
    assert shown["id"].endswith("/hostpools/hp-office/sessionhosts/sh-office-0")
    assert shown["type"] == "Microsoft.DesktopVirtualization/hostpools/sessionhosts"
    properties = shown["properties"]
    assert list(properties) == host_properties
    assert [name for name, value in properties.items() if value is None] == ["friendlyName", "statusTimestamp", "assignedUser"]
    assert {"TURNRelayAccessHealthCheck", "AADJoinedHealthCheck"} < {
        check["healthCheckName"] for check in properties["sessionHostHealthCheckResults"]
    }
    assert shown in azure.all(f"{azure.pool}/sessionHosts")


def test_a_host_counts_the_sessions_on_it(azure: Azure) -> None:
    """`sessions` is what the list of the host holds, for every host."""
    for host in azure.all(f"{azure.pool}/sessionHosts"):
        on_host = azure.all(f"{azure.pool}/sessionHosts/{host['name'].partition('/')[2]}/userSessions")
        assert host["properties"]["sessions"] == len(on_host)


def test_a_host_is_changed_in_three_properties_only(azure: Azure) -> None:
    """PATCH takes allowNewSession, friendlyName and assignedUser, ignores the rest, and says who changed it and when."""
    path = f"{azure.pool}/sessionHosts/sh-office-0"
    before = azure.get(path)
    sent = {"allowNewSession": False, "friendlyName": "Window seat", "status": "Shutdown", "sessions": 99}
    reply = azure.ask("PATCH", path, body={"properties": sent})
    assert reply.status == 200
    changed = orjson.loads(reply.content)
    assert changed["properties"] == {**before["properties"], "allowNewSession": False, "friendlyName": "Window seat"}
    assert changed["systemData"] == {
        **before["systemData"],
        "lastModifiedBy": azure.facts["client_id"],
        "lastModifiedByType": "Application",
        "lastModifiedAt": "2026-01-15T09:30:00Z",
    }
    assert azure.get(path) == changed


@pytest.mark.parametrize("body", [None, {}, {"properties": {}}], ids=str)
def test_an_empty_change_changes_no_property(azure: Azure, body: Any) -> None:
    """The body is optional."""
    path = f"{azure.pool}/sessionHosts/sh-office-0"
    before = azure.get(path)["properties"]
    assert azure.ask("PATCH", path, body=body).status == 200
    assert azure.get(path)["properties"] == before


def test_a_personal_desktop_is_handed_over_by_force_only(azure: Azure) -> None:
    """Assigning an owned desktop, or an empty name, is 409 without force; with it the desktop changes hands or becomes nobody's."""
    path = f"{azure.pools()}/hp-personal/sessionHosts/sh-personal-0"
    assert azure.get(path)["properties"]["assignedUser"] == "ada@example.com"
    for name in ("ben@example.com", ""):
        before = azure.truth()
        assert error(azure.ask("PATCH", path, body={"properties": {"assignedUser": name}}))[:2] == (409, "409")
        assert azure.truth() == before
    assert azure.ask("PATCH", path, body={"properties": {"assignedUser": "ada@example.com"}}).status == 200
    for name, owner in (("ben@example.com", "ben@example.com"), ("", None)):
        assert azure.ask("PATCH", path, body={"properties": {"assignedUser": name}}, force="True").status == 200
        assert azure.get(path)["properties"]["assignedUser"] == owner


def test_a_host_with_people_on_it_goes_by_force_only(azure: Azure) -> None:
    """Without force nothing changes; with it the host and its sessions are gone, and the rest of the pool stays."""
    path, before = f"{azure.pool}/sessionHosts/sh-office-0", azure.truth()
    assert "still has UserSessions" in activity(azure.ask("DELETE", path))
    assert activity(azure.ask("DELETE", path, force="false"))
    assert azure.truth() == before
    others = [session for session in azure.sessions() if session["name"].split("/")[1] != "sh-office-0"]
    assert azure.ask("DELETE", path, force="true").status == 200
    assert activity(azure.ask("GET", path)) == "SessionHost does not exist"
    assert activity(azure.ask("GET", f"{path}/userSessions")) == "SessionHost does not exist"
    assert activity(azure.ask("PATCH", path, body={"properties": {"allowNewSession": True}})) == "SessionHost does not exist"
    assert azure.ask("GET", f"{path}/userSessions/2").status == 404
    assert azure.sessions() == others


# -- host pools -----------------------------------------------------------------------------------------------------

pool_properties = [
    "managedPrivateUDP", "directUDP", "publicUDP", "relayUDP", "appAttachPackageReferences", "privateEndpointConnections", "publicNetworkAccess", "agentUpdate",
    "friendlyName", "description", "hostPoolType", "personalDesktopAssignmentType", "applicationGroupReferences", "customRdpProperty", "maxSessionLimit",
    "loadBalancerType", "validationEnvironment", "ring", "registrationInfo", "vmTemplate", "preferredAppGroupType", "migrationRequest", "cloudPcResource",
    "startVMOnConnect", "ssoadfsAuthority", "ssoClientId", "ssoClientSecretKeyVaultPath", "ssoSecretType", "objectId",
]  # fmt: skip


def test_a_pool_looks_as_recorded(azure: Azure) -> None:
    """Key order, a type without a leading slash, an identity of type None, and nulls where nothing was given."""
    shown = replace(azure, version="2025-10-10").get(azure.pool)
    assert list(shown) == ["identity", "name", "id", "type", "location", "tags", "kind", "systemData", "properties"]
    assert shown["identity"] == {"type": "None", "tenantId": None, "principalId": None}
    assert shown["type"] == "Microsoft.DesktopVirtualization/hostpools"
    assert shown["id"] == f"{azure.subscription}/resourcegroups/rg-desktops/providers/Microsoft.DesktopVirtualization/hostpools/hp-office"
    assert list(shown["properties"]) == pool_properties


def test_pools_are_listed_by_group_and_by_subscription(azure: Azure) -> None:
    """The subscription holds the pools of all its groups, in the order of their ids."""
    everywhere = azure.all(f"{azure.subscription}/providers/Microsoft.DesktopVirtualization/hostPools", pageSize=1)
    assert [pool["name"] for pool in everywhere] == ["hp-office", "hp-personal", "hp-engineering"]
    by_group = [azure.all(azure.pools(group)) for group in ("rg-desktops", "rg-engineering")]
    assert [pool for pools in by_group for pool in pools] == everywhere


@pytest.mark.parametrize(
    ("version", "pool_lacks", "host_lacks"),
    [
        ("2021-07-12", {*pool_properties[:8]}, {"friendlyName"}),
        ("2022-09-09", {*pool_properties[:7]}, set()),
        ("2023-09-05", {*pool_properties[:5]}, set()),
        ("2024-04-03", {*pool_properties[:4]}, set()),
        ("2025-10-10", set(), set()),
    ],
)
def test_each_version_has_its_own_properties(azure: Azure, version: str, pool_lacks: set[str], host_lacks: set[str]) -> None:
    """A property shows from the version on whose models have it; sessions are the same in all."""
    pinned = replace(azure, version=version)
    assert set(pool_properties) - set(pinned.get(azure.pool)["properties"]) == pool_lacks
    assert set(host_properties) - set(pinned.get(f"{azure.pool}/sessionHosts/sh-office-0")["properties"]) == host_lacks
    assert pinned.sessions() == azure.sessions()


# -- the front door -------------------------------------------------------------------------------------------------


def test_words_and_names_are_read_in_any_case(azure: Azure) -> None:
    """Path words, names and query names match whatever their case, and the reply keeps the record's own."""
    first = azure.sessions()[0]
    shown = azure.get(azure.at(first))
    for path in (azure.at(first).lower(), azure.at(first).upper(), shown["id"]):
        reply = azure.ask("GET", path, query="API-Version=2024-04-03")
        assert orjson.loads(reply.content) == shown
    assert len(azure.get(f"{azure.pool}/userSessions".upper(), PAGESIZE=2)["value"]) == 2


@pytest.mark.parametrize("version", versions)
def test_every_stable_version_is_spoken(azure: Azure, version: str) -> None:
    """All of them answer."""
    assert replace(azure, version=version).ask("GET", azure.pool).status == 200


@pytest.mark.parametrize("query", ["", "api-version=", "pageSize=2", "version=2024-04-03"])
def test_a_missing_version_is_refused_before_anybody_is_asked_for_a_token(azure: Azure, query: str) -> None:
    """The front door says so even to strangers."""
    words = "The api-version query parameter (?api-version=) is required for all requests."
    for headers in ({}, {"authorization": ""}):
        assert error(azure.ask("GET", azure.pool, headers=headers, query=query)) == (400, "MissingApiVersionParameter", words)


def test_an_unknown_version_is_refused_with_those_that_are(azure: Azure) -> None:
    """An item or a group's list has a place and so NoRegisteredProviderFound; a subscription's list has none and so InvalidResourceType."""
    old = replace(azure, version="2019-01-01")
    known = ", ".join(versions)
    status, code, message = error(old.ask("GET", azure.at(azure.sessions()[0])))
    assert (status, code) == (400, "NoRegisteredProviderFound")
    assert message == (
        "No registered resource provider found for location 'westeurope' and API version '2019-01-01' for type 'hostPools/sessionHosts/userSessions'. "
        f"The supported api-versions are '{known}'. The supported locations are 'northeurope, westeurope'."
    )
    assert error(old.ask("GET", azure.pools("rg-engineering")))[2].startswith(
        "No registered resource provider found for location 'northeurope'"
    )
    assert "for type 'hostPools/userSessions'" in error(old.ask("GET", f"{azure.pool}/userSessions"))[2]
    assert "for type 'hostPools/sessionHosts/userSessions'" in error(old.ask("POST", f"{azure.at(azure.sessions()[0])}/disconnect"))[2]
    status, code, message = error(old.ask("GET", f"{azure.subscription}/providers/Microsoft.DesktopVirtualization/hostPools"))
    assert (status, code) == (404, "InvalidResourceType")
    assert message == (
        "The resource type 'hostPools' could not be found in the namespace 'Microsoft.DesktopVirtualization' for api version '2019-01-01'. "
        f"The supported api-versions are '{known.replace(' ', '')}'."
    )


@pytest.mark.parametrize(
    "query", ["api-version=latest", "api-version=2024-4-3", "api-version=2024-04-03&api-version=2025-10-10", "api-version=%00"]
)
def test_a_version_that_is_none_is_refused(azure: Azure, query: str) -> None:
    """What is no date is InvalidApiVersionParameter, and so is naming two."""
    assert error(azure.ask("GET", azure.pool, query=query))[:2] == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        (
            "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-desktops",
            404,
            "SubscriptionNotFound",
            "The subscription '11111111-1111-4111-8111-111111111111' could not be found.",
        ),
        (
            "/subscriptions/mine/resourceGroups/rg-desktops",
            400,
            "InvalidSubscriptionId",
            "The provided subscription identifier 'mine' is malformed or invalid.",
        ),
        ("{subscription}/resourceGroups/rg-nowhere", 404, "ResourceGroupNotFound", "Resource group 'rg-nowhere' could not be found."),
        ("{subscription}/resourceGroups/rg%20nowhere", 404, "ResourceGroupNotFound", "Resource group 'rg nowhere' could not be found."),
        ("{subscription}/resourceGroups/" + "r" * 91, 404, "ResourceGroupNotFound", f"Resource group '{'r' * 91}' could not be found."),
    ],
)
def test_what_holds_a_pool_must_be_there(azure: Azure, path: str, status: int, code: str, words: str) -> None:
    """Subscription and group have the front door's own refusals, whatever is asked for below them."""
    base = path.format(subscription=azure.subscription) + "/providers/Microsoft.DesktopVirtualization/hostPools"
    for tail in ("", "/hp-office", "/hp-office/userSessions", "/hp-office/sessionHosts/sh-office-0/userSessions/2"):
        assert error(azure.ask("GET", base + tail)) == (status, code, words)


@pytest.mark.parametrize("name", ["hp-nowhere", "hp%2Foffice", "x", "p" * 65, "hp-office%00", "hp'office"])
def test_a_pool_must_be_there(azure: Azure, name: str) -> None:
    """A pool that is not, or cannot be, is ResourceNotFound; below it, ParentResourceNotFound."""
    assert error(azure.ask("GET", f"{azure.pools()}/{name}"))[:2] == (404, "ResourceNotFound")
    for method, tail in (
        ("GET", "/userSessions"),
        ("DELETE", "/sessionHosts/sh-office-0"),
        ("POST", "/sessionHosts/sh-office-0/userSessions/2/disconnect"),
    ):
        assert error(azure.ask(method, f"{azure.pools()}/{name}{tail}"))[:2] == (404, "ParentResourceNotFound")


@pytest.mark.parametrize(
    "tail",
    [
        "sessionHosts/x",
        "sessionHosts/" + "h" * 49,
        "sessionHosts/sh-office-0/userSessions/" + "9" * 25,
        "sessionHosts/sh-office-0/userSessions/abc",
    ],
)
def test_a_name_that_cannot_be_is_not_there(azure: Azure, tail: str) -> None:
    """Names against the rules of names are 404 like all others."""
    assert activity(azure.ask("GET", f"{azure.pool}/{tail}")).endswith("does not exist")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Basic YTpi", "AuthenticationFailedInvalidHeader"),
        ("Bearer", "AuthenticationFailedInvalidHeader"),
        ("Bearer ", "AuthenticationFailedInvalidHeader"),
        ("Bearer opaque", "InvalidAuthenticationToken"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
        ("Bearer é.ü.ß", "InvalidAuthenticationToken"),
        ("Bearer " + "x" * 65536, "InvalidAuthenticationToken"),
    ],
    ids=lambda value: value[:16],
)
def test_a_call_without_a_good_token_is_401(azure: Azure, given: str, code: str) -> None:
    """Each kind of bad header has its code, and a challenge that leads to this server's own sign-in."""
    reply = azure.ask("GET", azure.pool, headers={"authorization": given})
    assert error(reply)[:2] == (401, code)
    assert reply.headers["WWW-Authenticate"].startswith(
        f'Bearer authorization_uri="https://127.0.0.1:4443/{azure.facts["tenant_id"]}", error="invalid_token"'
    )


def claims(azure: Azure, **changed: Any) -> dict[str, Any]:
    return {**tokens.read(azure.token), **changed}


def test_a_token_somebody_changed_is_no_token(azure: Azure) -> None:
    """The signature covers every claim."""
    head, _, tail = azure.token.split(".")
    forged = tokens.text64(orjson.dumps(claims(azure, oid="someone")))
    assert error(replace(azure, token=f"{head}.{forged}.{tail}").ask("GET", azure.pool))[:2] == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aud": "https://graph.microsoft.com"}, "InvalidAuthenticationTokenAudience"),
        ({"oid": "11111111-1111-4111-8111-111111111111", "iss": "https://sts.windows.net/elsewhere/"}, "InvalidAuthenticationTokenTenant"),
        ({"exp": 1_500_000_000}, "ExpiredAuthenticationToken"),
    ],
)
def test_a_token_for_something_else_is_401(azure: Azure, changed: dict[str, Any], code: str) -> None:
    """Wrong audience, wrong tenant and run out are told apart."""
    assert error(replace(azure, token=tokens.write(claims(azure, **changed))).ask("GET", azure.pool))[:2] == (401, code)


def test_a_token_lives_by_the_wall_clock() -> None:
    """An hour of the world's clock does not end a token, for the SDK that holds it goes by its own clock; an hour of the wall does."""
    wall = [millis(morning) / 1000]
    azure = enter(make_site(["azure"], clock=Clock(wall=lambda: wall[0])))
    mine = replace(azure, token=orjson.loads(azure.sign_in().content)["access_token"])
    mine.world.clock.advance(7_200_000)
    assert mine.ask("GET", azure.pool).status == 200
    wall[0] += 3601
    assert error(mine.ask("GET", azure.pool))[:2] == (401, "ExpiredAuthenticationToken")
    leave(azure)


operations = {
    "HostPools_List": ("GET", "{subscription}/providers/Microsoft.DesktopVirtualization/hostPools"),
    "HostPools_ListByResourceGroup": ("GET", "{pools}"),
    "HostPools_Get": ("GET", "{pool}"),
    "SessionHosts_List": ("GET", "{pool}/sessionHosts"),
    "SessionHosts_Get": ("GET", "{pool}/sessionHosts/sh-office-0"),
    "UserSessions_ListByHostPool": ("GET", "{pool}/userSessions"),
    "UserSessions_List": ("GET", "{pool}/sessionHosts/sh-office-0/userSessions"),
    "UserSessions_Get": ("GET", "{session}"),
    "SessionHosts_Update": ("PATCH", "{pool}/sessionHosts/sh-office-0"),
    "UserSessions_SendMessage": ("POST", "{session}/sendMessage"),
    "UserSessions_Disconnect": ("POST", "{session}/disconnect"),
    "UserSessions_Delete": ("DELETE", "{session}"),
    "SessionHosts_Delete": ("DELETE", "{pool}/sessionHosts/sh-office-1"),
}
sessions_only = {"UserSessions_SendMessage", "UserSessions_Disconnect", "UserSessions_Delete"}
reading = {name for name, (method, _) in operations.items() if method == "GET"}


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("session-automation", set(operations)),
        ("ada@example.com", set(operations)),
        ("session-auditor", reading),
        ("chiara@example.com", reading | sessions_only),
        ("grace@example.com", set()),
    ],
)
def test_roles_grant_what_they_say(azure: Azure, who: str, may: set[str]) -> None:
    """Contributor and Owner may all, Reader reads, the session operator ends sessions but leaves hosts alone, an end user may nothing."""
    caller = azure.as_person(who) if "@" in who else azure.as_application(who)
    places = {"subscription": azure.subscription, "pools": azure.pools(), "pool": azure.pool, "session": azure.at(azure.sessions()[0])}
    for name, (method, path) in operations.items():
        before = azure.truth()
        reply = (
            caller.ask(method, path.format(**places), force="true")
            if method in ("PATCH", "DELETE")
            else caller.ask(method, path.format(**places))
        )
        if name in may:
            assert reply.status == 200, (name, reply.content)
        else:
            status, code, message = error(reply)
            assert (status, code) == (403, "AuthorizationFailed")
            assert f"perform action 'Microsoft.DesktopVirtualization/{front.actions[name]}' over scope '/subscriptions/" in message
            assert azure.truth() == before


def test_a_person_is_named_in_what_they_may_not_and_in_what_they_changed(azure: Azure) -> None:
    """AuthorizationFailed names the client and the exact resource; systemData names the person."""
    operator = azure.as_person("chiara@example.com")
    path = f"{azure.pool}/sessionHosts/sh-office-0"
    assert (
        f"The client 'chiara@example.com' with object id '{tokens.read(operator.token)['oid']}'" in error(operator.ask("DELETE", path))[2]
    )
    assert f"over scope '{path}'" in error(operator.ask("DELETE", path))[2]
    azure.as_person("ada@example.com").ask("PATCH", path, body={"properties": {"allowNewSession": False}})
    changed = azure.get(path)["systemData"]
    assert (changed["lastModifiedBy"], changed["lastModifiedByType"]) == ("ada@example.com", "User")


def test_someone_who_left_is_no_caller(azure: Azure) -> None:
    """The account of an offboarded person is disabled; a token from before is refused."""
    farid = next(each for each in azure.world.store("azure")["principals"] if each["userPrincipalName"] == "farid@example.com")
    token = tokens.write(claims(azure, oid=farid["id"]))
    assert error(replace(azure, token=token).ask("GET", azure.pool))[:2] == (401, "InvalidAuthenticationToken")


# -- quotas and headers ---------------------------------------------------------------------------------------------


def remaining(reply: Reply) -> dict[str, str]:
    start = "x-ms-ratelimit-remaining-subscription-"
    return {name.removeprefix(start): value for name, value in reply.headers.items() if name.startswith(start)}


def test_quotas_count_reads_writes_and_deletes_apart(azure: Azure) -> None:
    """Each kind of call shows what is left of its own buckets, from 249/3749 and 199/2999 down."""
    session = f"{azure.pool}/sessionHosts/sh-office-0/userSessions/99999"
    assert remaining(azure.ask("GET", azure.pool)) == {"reads": "249", "global-reads": "3749"}
    assert remaining(azure.ask("GET", session)) == {"reads": "248", "global-reads": "3748"}
    assert remaining(azure.ask("DELETE", session)) == {"deletes": "199", "global-deletes": "2999"}
    assert remaining(azure.ask("POST", f"{session}/disconnect")) == {"writes": "199", "global-writes": "2999"}


def test_an_empty_bucket_is_429_until_the_clock_refills_it(azure: Azure) -> None:
    """The 251st read at one moment is refused with Retry-After, changes nothing, and one second later 25 more are there."""
    for _ in range(250):
        assert azure.ask("GET", azure.pool).status == 200
    reply = azure.ask("GET", azure.pool)
    status, code, message = error(reply)
    assert (status, code) == (429, "SubscriptionRequestsThrottled")
    assert message.startswith(f"Number of 'read' requests for subscription '{azure.facts['subscription_id']}' actor '")
    assert reply.headers["Retry-After"] == "1"
    assert azure.ask("DELETE", f"{azure.pool}/sessionHosts/sh-nowhere").status == 204
    azure.world.clock.advance(1000)
    assert [azure.ask("GET", azure.pool).status for _ in range(26)] == [200] * 25 + [429]


def test_quotas_belong_to_a_caller_and_a_world(azure: Azure) -> None:
    """Another principal, and another world, have buckets of their own."""
    for _ in range(251):
        azure.ask("GET", azure.pool)
    assert azure.as_person("ada@example.com").ask("GET", azure.pool).status == 200
    other = enter(azure.site)
    assert remaining(other.ask("GET", azure.pool))["reads"] == "249"


def test_limits_may_be_off() -> None:
    """The headers stay and never run down."""
    azure = enter(make_site(["azure"], clock=morning, options={"azure": {"limits": "off"}}))
    for _ in range(300):
        reply = azure.ask("GET", azure.pool)
    assert (reply.status, remaining(reply)) == (200, {"reads": "249", "global-reads": "3749"})


def test_headers_are_the_recorded_ones(azure: Azure) -> None:
    """Request id echoed, ids of both servers, quotas, cache words; nothing that asks to be retried."""
    asked = "3e5209f5-0917-4f9f-9bb0-126e96e5e3e8"
    headers = azure.ask("GET", f"{azure.pool}/userSessions", headers={"x-ms-client-request-id": asked}).headers
    assert list(headers) == [
        "Cache-Control", "Pragma", "x-ms-operation-identifier", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "x-ms-opsarmpath64",
        "x-ms-lamport-ts", "x-ms-correlation-id", "x-ms-request-id", "X-Powered-By", "X-Content-Type-Options", "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-subscription-global-reads", "x-ms-correlation-request-id", "x-ms-routing-request-id", "Expires",
    ]  # fmt: skip
    assert headers["x-ms-request-id"] == asked
    assert headers["x-ms-routing-request-id"] == f"WESTEUROPE:20260115T093000Z:{headers['x-ms-correlation-request-id']}"
    assert base64.b64decode(headers["x-ms-opsarmpath64"]).decode() == azure.pool
    assert headers["x-ms-operation-identifier"].startswith(f"tenantId={azure.facts['tenant_id']},objectId=")
    assert (headers["X-Rate-Limit-Limit"], headers["X-Rate-Limit-Remaining"], headers["X-Rate-Limit-Reset"]) == (
        "0",
        "9223372036854775807",
        "0",
    )
    assert guid.fullmatch(headers["x-ms-correlation-id"])


@pytest.mark.parametrize("sent", ["", "not-a-guid", "x" * 65536, "3e5209f5-0917-4f9f-9bb0-126e96e5e3e8\x00"], ids=lambda value: value[:12])
def test_only_a_guid_is_echoed(azure: Azure, sent: str) -> None:
    """Anything else is answered with an id of the front door's own."""
    assert guid.fullmatch(azure.ask("GET", azure.pool, headers={"x-ms-client-request-id": sent}).headers["x-ms-request-id"])


def test_the_list_of_hosts_shows_a_window_of_its_own(azure: Azure) -> None:
    """As recorded: ten in five minutes, counted down, with the time it starts afresh; at its end nothing is refused."""
    shown = [azure.ask("GET", f"{azure.pool}/sessionHosts") for _ in range(12)]
    assert [reply.headers["X-Rate-Limit-Remaining"] for reply in shown] == ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0", "0", "0"]
    assert shown[0].headers["X-Rate-Limit-Limit"] == "5m"
    assert shown[0].headers["X-Rate-Limit-Reset"] == "2026-01-15T09:35:00.6352622Z"
    assert {reply.status for reply in shown} == {200}


def test_the_front_doors_refusals_carry_nothing_of_the_provider(azure: Azure) -> None:
    """What never reached the provider has no id of it, and says that the gateway failed it."""
    headers = azure.ask("GET", f"{azure.pools()}/hp-nowhere").headers
    assert "x-ms-correlation-id" not in headers
    assert headers["x-ms-failure-cause"] == "gateway"
    assert "x-ms-failure-cause" not in azure.ask("GET", f"{azure.pool}/sessionHosts/sh-nowhere").headers


# -- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0",
        "pageSize=-1",
        "pageSize=abc",
        "pageSize=1.5",
        "pageSize=99999999999",
        "pageSize=",
        "initialSkip=-1",
        "isDescending=maybe",
        "pageSize=2&pageSize=3",
        "%24skipToken=" + "x" * 3000,
    ],
)
def test_bad_paging_is_the_providers_400(azure: Azure, query: str) -> None:
    """Out of range, of the wrong type, too long and repeated."""
    assert activity(azure.ask("GET", f"{azure.pool}/userSessions", query=f"api-version=2024-04-03&{query}"))


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        (json_type, b"{", 400, "InvalidRequestContent"),
        (json_type, b"\xff\xfe", 400, "InvalidRequestContent"),
        (json_type, b'{"properties": {"allowNewSession": "yes"}}', 400, "400"),
        (json_type, b'{"properties": {"friendlyName": 7}}', 400, "400"),
        (json_type, b'{"properties": null}', 400, "400"),
        (json_type, b"[]", 400, "400"),
        (json_type, b"null", 400, "400"),
        (json_type, b"[" * 100_000, 400, "InvalidRequestContent"),
        ({"content-type": "text/plain"}, b"hello", 415, "UnsupportedMediaType"),
        ({"content-type": "application/xml"}, b"<a/>", 415, "UnsupportedMediaType"),
        (json_type, b'{"properties": {"friendlyName": "' + b"x" * 10_000_000 + b'"}}', 413, "RequestContentTooLarge"),
    ],
    ids=["cut", "bytes", "type", "number", "null-inside", "list", "null", "deep", "text", "xml", "10-MB"],
)
def test_a_bad_body_is_refused_and_changes_nothing(azure: Azure, headers: dict[str, str], body: bytes, status: int, code: str) -> None:
    """The front door judges media type, size and syntax, the provider what it says."""
    before = azure.truth()
    assert error(azure.ask("PATCH", f"{azure.pool}/sessionHosts/sh-office-0", headers=headers, body=body))[:2] == (status, code)
    assert azure.truth() == before


@pytest.mark.parametrize("query", ["x=%zz", "x=%ff", "%24filter=%c3", "%zz"])
def test_a_broken_query_is_told_as_such(azure: Azure, query: str) -> None:
    """Percent-encoding that is none, or no UTF-8, wherever it stands: the address is not well formed."""
    assert error(azure.ask("GET", azure.pool, query=f"api-version=2024-04-03&{query}"))[:2] == (400, "BadRequest")


@pytest.mark.parametrize("query", ["force=maybe", "force=1", "force=true&force=false", "force=%zz", "force=%ff"])
def test_a_bad_force_removes_nothing(azure: Azure, query: str) -> None:
    """A flag that is none is refused before anything happens."""
    session, before = azure.at(azure.sessions()[0]), azure.truth()
    assert error(azure.ask("DELETE", session, query=f"api-version=2024-04-03&{query}"))[0] == 400
    assert azure.truth() == before


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["properties", "allowNewSession", "assignedUser", "friendlyName", "systemData", "id"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_is_sent_is_answered_by_the_vendor(body: Any) -> None:
    """Any JSON is either taken, and then shows, or refused, and then changed nothing."""
    azure = enter(shared_site())
    path, before = f"{azure.pool}/sessionHosts/sh-office-0", azure.truth()
    reply = azure.ask("PATCH", path, body=body)
    assert reply.status in (200, 400)
    if reply.status == 400:
        assert azure.truth() == before
    else:
        assert azure.get(path) == orjson.loads(reply.content)
    leave(azure)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "{pool}/sessions", "unknown-path"),
        ("GET", "/users", "unknown-path"),
        ("PUT", "{pool}", "unknown-method"),
        ("DELETE", "{pool}/userSessions", "unknown-method"),
        ("GET", "{pool}/sessionHosts/sh-office-0/userSessions/2/disconnect", "unknown-method"),
    ],
)
def test_what_the_contract_does_not_have_is_no_business_error(azure: Azure, method: str, path: str, kind: str) -> None:
    """Unknown paths and methods are told by the fake as itself, with the nearest operation."""
    reply = azure.ask(method, path.format(pool=azure.pool))
    assert reply.headers["Mock-Problem"] == kind
    assert "error" not in orjson.loads(reply.content)


# -- signing in -----------------------------------------------------------------------------------------------------


def discovered(azure: Azure, tenant: str, tail: str = "v2.0/.well-known/openid-configuration", prefix: str = "") -> Reply:
    return azure.site.answer("GET", "https", "127.0.0.1:4443", f"{prefix}/{tenant}/{tail}", "", {}, b"")


@pytest.mark.parametrize("prefix", ["", "/azure", "/_world/w1", "/_world/w1/azure"])
def test_a_tenant_is_discovered_at_the_root_and_below_the_prefix(azure: Azure, prefix: str) -> None:
    """Every address in the document is on the host and below the prefix that was asked; a domain names the tenant too."""
    tenant = azure.facts["tenant_id"]
    for name in (tenant, tenant.upper(), "example.com"):
        reply = discovered(azure, name, prefix=prefix)
        document = orjson.loads(reply.content)
        base = f"https://127.0.0.1:4443{prefix}/{tenant}"
        assert reply.status == 200
        assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
        assert document["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"
        assert document["jwks_uri"] == f"{base}/discovery/v2.0/keys"
        assert document["issuer"] == f"{base}/v2.0"


def test_the_real_hosts_answer_at_their_root(azure: Azure) -> None:
    """Calls whose Host is the vendor's own need no prefix."""
    assert (
        azure.site.answer(
            "GET", "https", "login.microsoftonline.com", "/example.com/v2.0/.well-known/openid-configuration", "", {}, b""
        ).status
        == 200
    )
    reply = azure.site.answer(
        "GET", "https", "management.azure.com", azure.pool, "api-version=2024-04-03", {"authorization": f"Bearer {azure.token}"}, b""
    )
    assert reply.status == 200
    page = azure.site.answer(
        "GET",
        "https",
        "management.azure.com",
        f"{azure.pool}/userSessions",
        "api-version=2024-04-03",
        {"authorization": f"Bearer {azure.token}"},
        b"",
    )
    assert orjson.loads(page.content)["nextLink"].startswith(f"https://management.azure.com{azure.pool}")


def test_an_application_signs_in_and_is_let_in(azure: Azure) -> None:
    """The token reply has the recorded members, and the token opens this world and every other."""
    reply = azure.sign_in()
    told = orjson.loads(reply.content)
    assert (reply.status, list(told)) == (200, ["token_type", "expires_in", "ext_expires_in", "access_token"])
    assert (told["token_type"], told["expires_in"], told["ext_expires_in"]) == ("Bearer", 3599, 3599)
    for world in (azure, enter(azure.site)):
        assert replace(world, token=told["access_token"]).ask("GET", azure.pool).status == 200
    said = tokens.read(told["access_token"])
    assert (said["aud"], said["appid"], said["idtyp"], said["tid"]) == (
        "https://management.azure.com",
        azure.facts["client_id"],
        "app",
        azure.facts["tenant_id"],
    )
    assert said["exp"] - said["iat"] == 3600


def test_a_token_is_signed_by_the_published_key(azure: Azure) -> None:
    """Any JWT library verifies it with the key the tenant shows."""
    jwt = pytest.importorskip("jwt")
    key = orjson.loads(discovered(azure, "example.com", "discovery/v2.0/keys").content)["keys"][0]
    said = jwt.decode(azure.token, jwt.PyJWK.from_dict(key).key, algorithms=["RS256"], audience="https://management.azure.com")
    assert said["tid"] == azure.facts["tenant_id"]
    assert jwt.get_unverified_header(azure.token)["kid"] == key["kid"]


@pytest.mark.parametrize(
    "scope",
    [
        "https://management.azure.com/.default",
        "https://management.azure.com//.default",
        "https://management.core.windows.net//.default",
        "https://127.0.0.1:4443/.default",
        "https://127.0.0.1:4443/azure/.default",
    ],
)
def test_management_is_asked_for_under_all_its_names(azure: Azure, scope: str) -> None:
    """Both public names, with and without a slash, and the server's own address, which the Node client asks for."""
    assert tokens.read(orjson.loads(azure.sign_in(scope=scope).content)["access_token"])["aud"] == "https://management.azure.com"


def test_a_token_for_another_resource_is_of_no_use_here(azure: Azure) -> None:
    """Graph tokens are given and refused by Resource Manager."""
    token = orjson.loads(azure.sign_in(scope="https://graph.microsoft.com/.default").content)["access_token"]
    assert error(replace(azure, token=token).ask("GET", azure.pool))[:2] == (401, "InvalidAuthenticationTokenAudience")


def test_a_client_may_prove_itself_by_http_basic(azure: Azure) -> None:
    """client_secret_basic, as the discovery document offers."""
    basic = base64.b64encode(f"{azure.facts['client_id']}:{quote(azure.facts['client_secret'])}".encode()).decode()
    assert azure.sign_in(headers={"authorization": f"Basic {basic}"}, client_id="", client_secret="").status == 200
    assert azure.sign_in(headers={"authorization": "Basic ???"}).status == 401


def test_a_person_signs_in_with_their_password(azure: Azure) -> None:
    """The password grant gives a person's token, with their name in it."""
    said = tokens.read(azure.as_person("ada@example.com").token)
    assert (said["upn"], said["name"], said["scp"]) == ("ada@example.com", "Ada Okafor", "user_impersonation")


no_such = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("form", "status", "name", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": no_such}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "device_code"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://management.azure.com"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://nowhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"tenant": no_such}, 400, "invalid_request", 90002),
        ({"tenant": "x" * 300}, 400, "invalid_tenant", 900023),
        ({"headers": {"content-type": "application/json"}}, 400, "invalid_request", 900144),
        ({"raw": b""}, 400, "invalid_request", 900144),
        ({"raw": b"grant_type=%zz"}, 400, "invalid_request", 900144),
        ({"raw": b"\xff" * 1000}, 400, "invalid_request", 900144),
        ({"grant_type": "password", "username": "ada@example.com", "password": "wrong"}, 400, "invalid_grant", 50126),
        ({"grant_type": "password", "username": "nobody@example.com", "password": "x"}, 400, "invalid_grant", 50034),
        ({"grant_type": "password", "username": "farid@example.com", "password": company.password}, 400, "invalid_grant", 50057),
        ({"grant_type": "password", "username": "ada@example.com"}, 400, "invalid_request", 900144),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_refused_sign_in_has_its_code(azure: Azure, form: dict[str, Any], status: int, name: str, code: int) -> None:
    """The OAuth error, the AADSTS code in words and as a number, and ids to ask support with."""
    reply = azure.sign_in(**form)
    body = orjson.loads(reply.content)
    assert list(body) == ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"]
    assert (reply.status, body["error"], body["error_codes"]) == (status, name, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["error_description"].endswith(
        f" Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} Timestamp: 2026-01-15 09:30:00Z"
    )
    assert body["error_uri"] == f"https://login.microsoftonline.com/error?code={code}"
    assert reply.headers["x-ms-request-id"] == body["trace_id"]
    assert "Retry-After" not in reply.headers


@pytest.mark.parametrize("tail", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
def test_a_tenant_that_is_none_is_not_discovered(azure: Azure, tail: str) -> None:
    """An unknown tenant is invalid_tenant with AADSTS90002."""
    reply = discovered(azure, "nowhere.example", tail)
    assert (reply.status, orjson.loads(reply.content)["error_codes"]) == (400, [90002])


def test_a_client_gets_its_own_id_back_when_it_asks(azure: Azure) -> None:
    """client-request-id is echoed with return-client-request-id, and names the correlation of an error."""
    mine = {"client-request-id": "0a3c8f6e-1d52-4b7f-9e64-7f2f5d0c1b11", "return-client-request-id": "true"}
    assert azure.sign_in(headers=mine).headers["client-request-id"] == mine["client-request-id"]
    assert "client-request-id" not in azure.sign_in(headers={"client-request-id": mine["client-request-id"]}).headers
    assert orjson.loads(azure.sign_in(headers=mine, client_secret="x").content)["correlation_id"] == mine["client-request-id"]


# -- the scene and the seeding door ---------------------------------------------------------------------------------


def test_the_scene_is_the_same_for_the_same_seed(azure: Azure) -> None:
    """Same seed and time, same records and credentials; another seed, others."""
    again, other = make_site(["azure"], clock=morning), make_site(["azure"], clock=morning, seed=1)
    assert enter(again).truth() == azure.truth()
    assert company.credentials(again.scene, {}) == azure.facts
    assert not set(company.credentials(other.scene, {}).values()) & set(azure.facts.values())


def test_people_stay_who_they_are_when_the_company_grows(azure: Azure) -> None:
    """Growing the scene adds sessions and changes none of the named people's."""
    grown = {
        session["id"]: session for session in enter(make_site(["azure"], clock=morning, people=200)).world.store("azure")["userSessions"]
    }
    assert len(grown) > 400
    assert all(grown[session["id"]] == session for session in azure.world.store("azure")["userSessions"])


def test_everything_in_the_scene_keeps_the_contract() -> None:
    """Every record of a grown scene fits the component of its kind, and every person has as many sessions as the scene says."""
    site = make_site(["azure"], clock=morning, people=60)
    engine, store = site.engines["azure"], enter(site).world.store("azure")
    for name, kind in engine.kinds.items():
        for record in store[name]:
            told = {key: value for key, value in record.items() if not key.startswith("_")}
            assert not kind.schema or not engine.contract.faults(f"#/components/schemas/{kind.schema}", "reply", told, name, "")
    held: dict[str, int] = {}
    for session in store["userSessions"]:
        owner = session["properties"]["userPrincipalName"]
        held[owner] = held.get(owner, 0) + 1
    assert held == {person.email: person.sessions for person in site.scene.people if person.sessions}


def test_someone_who_left_has_sessions_left_over(azure: Azure) -> None:
    """The offboarded person's sessions are there, all disconnected."""
    sessions = azure.all(f"{azure.pool}/userSessions", **{"$filter": "userPrincipalName eq 'farid@example.com'"})
    assert len(sessions) == 6
    assert {session["properties"]["sessionState"] for session in sessions} == {"Disconnected"}


def test_the_subject_is_a_pool_worth_paging(azure: Azure) -> None:
    """What a client is sent to work on is the pool of the person with the most sessions."""
    subject = company.subject(azure.site.scene, {})
    assert subject == {"subscriptionId": azure.facts["subscription_id"], "resourceGroupName": "rg-desktops", "hostPoolName": "hp-office"}


def seeded(azure: Azure, kind: str, partial: dict[str, Any]) -> dict[str, Any]:
    engine = azure.site.engines["azure"]
    record, findings = made(engine, engine.kinds[kind], azure.world, partial)
    assert not findings
    azure.world.store("azure")[kind].put(record)
    return dict(record)


@pytest.mark.parametrize(
    ("partial", "name"),
    [
        ({"name": "hp-office/sh-office-3", "userPrincipalName": "liam@example.com"}, r"hp-office/sh-office-3/\d+"),
        (
            {"name": "hp-office/sh-office-3/777", "properties": {"userPrincipalName": "liam@example.com", "sessionState": "Pending"}},
            "hp-office/sh-office-3/777",
        ),
        ({"userPrincipalName": "liam@example.com"}, r"hp-\w+/sh-\w+-\d+/\d+"),
        ({}, r"hp-\w+/sh-\w+-\d+/\d+"),
    ],
    ids=str,
)
def test_a_session_is_seeded_from_a_part_of_one(azure: Azure, partial: dict[str, Any], name: str) -> None:
    """Whatever is missing is made up: host, number, time, account; the session then shows like any other."""
    record = seeded(azure, "userSessions", partial)
    assert re.fullmatch(name, record["name"])
    group = record["id"].split("/")[4]
    shown = azure.get(azure.at(record).replace("rg-desktops", group))
    assert shown["properties"]["createTime"] == morning
    assert shown["properties"].items() >= {key: value for key, value in partial.items() if key == "userPrincipalName"}.items()


def test_a_new_session_avoids_hosts_that_are_drained(azure: Azure) -> None:
    """Without a name a session goes to the emptiest host that takes new ones."""
    azure.ask("PATCH", f"{azure.pool}/sessionHosts/sh-office-3", body={"properties": {"allowNewSession": False}})
    for _ in range(40):
        assert seeded(azure, "userSessions", {})["name"].split("/")[1] != "sh-office-3"


def test_pools_and_hosts_are_seeded_too(azure: Azure) -> None:
    """A pool, a host in it and a session on that, each from a name."""
    seeded(azure, "hostPools", {"name": "hp-lab", "hostPoolType": "Personal", "tags": {"team": "lab"}})
    seeded(azure, "sessionHosts", {"name": "hp-lab/sh-lab-0", "assignedUser": "liam@example.com"})
    seeded(azure, "userSessions", {"name": "hp-lab/sh-lab-0", "userPrincipalName": "liam@example.com"})
    assert azure.get(f"{azure.pools()}/hp-lab")["tags"] == {"team": "lab"}
    assert azure.get(f"{azure.pools()}/hp-lab/sessionHosts/sh-lab-0")["properties"]["sessions"] == 1
    assert [each["name"] for each in azure.all(f"{azure.pools()}/hp-lab/userSessions")] == ["hp-lab/sh-lab-0/2"]


def test_worlds_do_not_see_each_other(azure: Azure) -> None:
    """What is revoked in one world stays in all others."""
    other, first = enter(azure.site), azure.sessions()[0]
    assert azure.ask("DELETE", azure.at(first)).status == 200
    assert first in other.sessions()


def test_every_operation_of_the_document_is_acted_out() -> None:
    """No operation is left without a behaviour, and management knows the versions the document lists."""
    engine = shared_site().engines["azure"]
    assert "none" not in {engine.told(operation) for operation in engine.contract.operations.values()}
    assert {name for name in engine.contract.operations if not name.startswith("SignIn_")} == set(front.actions)
    assert tuple(engine.contract.at("#/components/parameters/apiVersion/schema/enum")) == front.versions == versions
    assert set(engine.contract.at("#/components/schemas/TokenRequest/properties/grant_type/enum")) == set(signin.grants)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("name", list(shared_site().engines["azure"].contract.operations))
def test_a_refusal_without_words_has_those_of_its_status(azure: Azure, name: str, status: int) -> None:
    """Faults refuse with a status alone; the error body is whole all the same, and documented."""
    engine = azure.site.engines["azure"]
    turn = Turn(engine, engine.contract.find(name), Call("GET", azure.pool), azure.world)
    reply = engine.vendor.refuse(turn, Refusal(status))
    told = reply.value["error"]
    assert told if isinstance(told, str) else told["code"] and told["message"]
    assert not engine.contract.check_reply(turn.operation, reply) or (name.startswith("SignIn") and status in (401, 403, 404))
