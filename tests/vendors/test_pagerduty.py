"""PagerDuty as its clients know it: exact bodies, exact headers, and what follows from what."""

from __future__ import annotations

import itertools
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from mockserver.contract.contract import Contract
from mockserver.engine.site import Site, made
from mockserver.message import Reply
from mockserver.state.clock import day, millis, minute, second
from mockserver.state.table import Record, Table
from mockserver.state.world import World
from mockserver.vendors import shelf
from mockserver.vendors import site as site_of
from mockserver.vendors.pagerduty.records import account_key, read_only_key, scoped_token, user_key, web_delegation

noon: Final = "2026-03-02T12:00:00Z"
numbers: Final = itertools.count()
json_type: Final = {"content-type": "application/json"}

not_found: Final = {"error": {"message": "Not Found", "code": 2100}}
denied: Final = {"error": {"message": "Access Denied", "code": 2010}}
unauthorized: Final = {"error": {"message": "Authentication failed", "code": 2006}}


@dataclass(frozen=True)
class PagerDuty:
    """The vendor in one world, spoken to without a socket."""

    site: Site
    name: str

    @property
    def world(self) -> World:
        return self.site.worlds.get(self.name)

    @property
    def admin(self) -> str:
        engine = self.site.engines["pagerduty"]
        return engine.vendor.credentials(self.site.scene, engine.options)["api_key"]

    def table(self, kind: str) -> Table:
        return self.world.store("pagerduty")[kind]

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | str = "",
        *,
        key: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call; whatever comes back is a promise of the contract."""
        told = query if isinstance(query, str) else urlencode(query, doseq=True)
        given = {"authorization": f"Token token={key or self.admin}"}
        if key is not None and key.startswith("pdus+"):
            given = {"authorization": f"Bearer {key}"}
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {**given, **(json_type if content else {}), **(headers or {}), "mock-world": self.name}
        reply = self.site.answer(method, "https", "localhost:4443", f"/pagerduty{path}", told, sent, content)
        assert reply.headers.get("Mock-Problem") not in ("own-reply", "own-error"), reply.value
        return reply

    def get(self, path: str, query: Mapping[str, Any] | str = "", **how: Any) -> Any:
        """The body of a GET that is answered well."""
        reply = self.ask("GET", path, query, **how)
        assert reply.status == 200, reply.content
        return orjson.loads(reply.content)

    def user(self, given: str) -> str:
        """The id of one of the scene's people."""
        return next(str(user["id"]) for user in self.table("users") if user["email"] == f"{given}@example.com")

    def key(self, given: str) -> str:
        """The API key of one of the scene's people."""
        return user_key(self.site.scene.seed, self.user(given))

    def sessions(self, given: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/users/{self.user(given)}/sessions")["user_sessions"]
        return found

    def delegations(self, given: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/users/{self.user(given)}/oauth_delegations", {"limit": 100, **query})["oauth_delegations"]
        return found

    def seed(self, kind: str, **partial: Any) -> Record:
        """What the control door does: a whole record of a part of one."""
        engine = self.site.engines["pagerduty"]
        record = engine.kinds[kind].make(self.world, partial)
        self.table(kind).put(record)
        return record


@pytest.fixture(scope="module")
def company() -> Site:
    return site_of(["pagerduty"], clock=noon)


@pytest.fixture
def pd(company: Site) -> Iterator[PagerDuty]:
    name = f"pagerduty-{next(numbers)}"
    yield PagerDuty(company, name)
    company.worlds.drop(name)


def path_of(session: Mapping[str, Any]) -> str:
    return f"/users/{session['user_id']}/sessions/{session['type']}/{session['id']}"


def refused(reply: Reply, status: int, body: Any) -> None:
    """The whole body, to the letter and in its order."""
    assert (reply.status, reply.content) == (status, orjson.dumps(body))


# -- who asks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Token",
        "Token token=",
        "Token token=nobody",
        "Token {key}",
        "token token={key}",
        "Token token={key} ",
        'Token token="{key}"',
        "Bearer {key}",
        "bearer {token}",
        "Token token={token}",
        "Basic {key}",
        "Token token={key}, Token token={key}",
        "Token token=\x00",
        "Token token=" + "x" * 65_536,
    ],
)
def test_credentials_not_written_to_the_letter_are_refused(pd: PagerDuty, header: str | None) -> None:
    """The format "must be followed precisely"; a key is no bearer, a token no key; and nothing was counted."""
    engine = pd.site.engines["pagerduty"]
    token = engine.vendor.credentials(pd.site.scene, engine.options)["oauth_token"]
    given = {"mock-world": pd.name} | ({} if header is None else {"authorization": header.format(key=pd.admin, token=token)})
    reply = pd.site.answer("GET", "https", "localhost", "/pagerduty/users", "", given, b"")
    refused(reply, 401, unauthorized)
    assert "ratelimit-limit" not in reply.headers


def test_a_key_of_a_user_and_a_token_of_a_user_say_who_they_are(pd: PagerDuty) -> None:
    """/users/me is the person of the key."""
    engine = pd.site.engines["pagerduty"]
    token = engine.vendor.credentials(pd.site.scene, engine.options)["oauth_token"]
    assert pd.get("/users/me", key=token)["user"]["email"] == "ada@example.com"
    assert pd.get("/users/me")["user"]["email"] == "ada@example.com"
    assert pd.get("/users/me", key=pd.key("dai"))["user"]["email"] == "dai@example.com"


@pytest.mark.parametrize("key", [account_key, read_only_key, scoped_token])
def test_a_key_of_the_account_is_told_so_in_a_bare_string(pd: PagerDuty, key: str) -> None:
    """The one error that is no object: clients look for "account-level access token" in it."""
    text = (
        "Because this request was made using an account-level access token, we were unable to determine the user's identity. "
        "Please use a user-level token."
    )
    refused(pd.ask("GET", "/users/me", key=key), 400, {"error": text})


def test_a_read_only_key_reads_and_does_nothing_else(pd: PagerDuty) -> None:
    """Any method but GET is a 403, and changes nothing."""
    before = pd.sessions("hugo")
    assert pd.get(f"/users/{pd.user('hugo')}/sessions", key=read_only_key)["user_sessions"] == before
    for method, path, query in (
        ("DELETE", f"/users/{pd.user('hugo')}/sessions", ""),
        ("DELETE", path_of(before[0]), ""),
        ("DELETE", "/oauth_delegations", {"user_id": pd.user("hugo"), "type": "web"}),
        ("PUT", "/session_configurations", "type=web"),
        ("DELETE", "/session_configurations", "type=web"),
    ):
        refused(pd.ask(method, path, query, key=read_only_key), 403, denied)
    assert pd.sessions("hugo") == before


def scoped_operations() -> list[tuple[str, str, str]]:
    operations = Contract.load(shelf.spec("pagerduty")).operations.values()
    return [(each.method, each.path, each.node["x-pd-requires-scope"]) for each in operations if "x-pd-requires-scope" in each.node]


@pytest.mark.parametrize(("method", "path", "scope"), scoped_operations())
def test_a_token_without_the_scope_is_told_which_it_needs(pd: PagerDuty, method: str, path: str, scope: str) -> None:
    """403 with required_scopes and without a code, before anything else is looked at; with the scope it is not that."""
    pd.seed("keys", id="pdus+_none", type="oauth", scopes="openid")
    pd.seed("keys", id="pdus+_only", type="oauth", scopes=scope)
    path = path.format(id=pd.user("dai"), type="browser", session_id="PNOTHER", delegation_id="none")
    without, with_it = pd.ask(method, path, key="pdus+_none"), pd.ask(method, path, key="pdus+_only")
    refused(without, 403, {"error": {"message": "Token missing required scopes", "required_scopes": scope}})
    assert "required_scopes" not in with_it.content.decode()
    assert with_it.status != 403


def test_a_token_dies_with_its_delegation(pd: PagerDuty) -> None:
    """Revoking what the token stands on makes it nobody's."""
    granted = pd.seed("oauth_delegations", user_id=pd.user("dai"), delegation_type="integration")
    pd.seed("keys", id="pdus+_dai", type="oauth", user_id=pd.user("dai"), delegation_id=granted["id"])
    assert pd.get("/users/me", key="pdus+_dai")["user"]["id"] == pd.user("dai")
    pd.table("oauth_delegations").put({**granted, "status": "revoked"})
    refused(pd.ask("GET", "/users/me", key="pdus+_dai"), 401, unauthorized)


@pytest.mark.parametrize(
    "spoil", [lambda key: key[:-1], lambda key: key + "A", lambda key: key[:8] + "A" * 12, lambda key: f"u+AAAAAA{key[8:]}"]
)
def test_a_key_that_only_looks_like_a_users_is_nobodys(pd: PagerDuty, spoil: Callable[[str], str]) -> None:
    """A user's key tells whose it is; its other letters prove it."""
    refused(pd.ask("GET", "/users", key=spoil(pd.key("dai"))), 401, unauthorized)


def test_a_key_dies_with_its_person(pd: PagerDuty) -> None:
    """Somebody who is not in the account any more has no key to it."""
    key = pd.key("kamala")
    pd.table("users").remove(pd.user("kamala"))
    refused(pd.ask("GET", "/users", key=key), 401, unauthorized)


# -- who may what -------------------------------------------------------------------------------------------------------

personal: Final = [
    ("GET", "/users/{id}/sessions", ""),
    ("GET", "/users/{id}/sessions/browser/{session}", ""),
    ("GET", "/users/{id}/oauth_delegations", ""),
    ("GET", "/users/{id}/oauth_delegations/{delegation}", ""),
    ("DELETE", "/users/{id}/sessions/browser/{session}", ""),
    ("DELETE", "/users/{id}/sessions", ""),
    ("DELETE", "/oauth_delegations", "type=web&user_id={id}"),
]


@pytest.mark.parametrize(("method", "path", "query"), personal)
@pytest.mark.parametrize(("who", "allowed"), [("ada", True), ("dai", True), ("elif", False), ("ines", False)])
def test_sessions_are_the_affair_of_their_person_and_of_admins(
    pd: PagerDuty, who: str, allowed: bool, method: str, path: str, query: str
) -> None:
    """Dai's sessions: for Dai and an admin, for nobody else."""
    words = {"id": pd.user("dai"), "session": pd.sessions("dai")[0]["id"], "delegation": pd.delegations("dai")[0]["id"]}
    reply = pd.ask(method, path.format(**words), query.format(**words), key=pd.key(who))
    if allowed:
        assert reply.status in (200, 204)
    else:
        refused(reply, 403, denied)


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "/oauth_delegations/revocation_requests/status", "", 404),
        ("GET", "/session_configurations", "", 404),
        ("PUT", "/session_configurations", "type=web", 200),
        ("DELETE", "/session_configurations", "type=web", 404),
    ],
)
def test_settings_of_the_account_are_for_admins(pd: PagerDuty, method: str, path: str, query: str, status: int) -> None:
    """Others get a 403, whatever else is wrong with their call."""
    body = {"session_configuration": {"absolute_session_ttl": 3600, "idle_session_ttl": 600}} if method == "PUT" else None
    refused(pd.ask(method, path, query, key=pd.key("elif"), body=body), 403, denied)
    refused(pd.ask(method, path, "type=neither", key=pd.key("elif"), body=b"{"), 403, denied)
    assert pd.ask(method, path, query, key=pd.key("ben"), body=body).status == status
    assert pd.ask(method, path, query, key=account_key, body=body).status in (status, 204)


# -- users --------------------------------------------------------------------------------------------------------------

user_fields: Final = [
    "id", "type", "summary", "self", "html_url", "name", "email", "time_zone", "color", "role", "avatar_url", "description",
    "invitation_sent", "created_via_sso", "contact_methods", "notification_rules", "job_title", "teams",
]  # fmt: skip


def test_a_page_of_users_says_where_it_is(pd: PagerDuty) -> None:
    """users, limit, offset, more, total in this order; 25 unless told, and total null unless asked for."""
    page = pd.get("/users")
    assert list(page) == ["users", "limit", "offset", "more", "total"]
    assert {name: page[name] for name in list(page)[1:]} == {"limit": 25, "offset": 0, "more": False, "total": None}
    assert [user["name"] for user in page["users"]][:2] == ["Ada Okafor", "Hugo Martin"]
    assert len(page["users"]) == 12
    assert all(list(user) == user_fields for user in page["users"])


def test_a_field_without_value_is_there_and_null(pd: PagerDuty) -> None:
    """Null is sent, an empty list is [], and references hold five members."""
    dai = pd.get(f"/users/{pd.user('dai')}")["user"]
    assert dai["description"] is None
    assert [list(each) for each in (*dai["teams"], *dai["contact_methods"])] == [["id", "type", "summary", "self", "html_url"]] * 2
    assert dai["teams"][0]["type"] == "team_reference"
    assert dai["contact_methods"][0]["html_url"] is None
    assert pd.get(f"/users/{pd.seed('users', name='Someone New')['id']}")["user"]["teams"] == []


@given(limit=st.integers(1, 130), offset=st.integers(0, 20), total=st.sampled_from(["true", "false", "1", "0", None]))
def test_every_page_is_a_slice_of_the_whole_list(company: Site, limit: int, offset: int, total: str | None) -> None:
    """Whatever limit and offset, the page is that slice, more says whether anything follows, total counts all of it."""
    pd = PagerDuty(company, "pages")
    pd.world.counters.clear()
    everybody = [user["id"] for user in pd.get("/users", {"limit": 100})["users"]]
    page = pd.get("/users", {"limit": limit, "offset": offset} | ({"total": total} if total else {}))
    used = min(limit, 100)
    assert [user["id"] for user in page["users"]] == everybody[offset : offset + used]
    assert page["more"] is (offset + used < len(everybody))
    assert (page["limit"], page["offset"]) == (used, offset)
    assert page["total"] == (len(everybody) if total in ("true", "1") else None)


def test_more_than_a_hundred_is_cut_down_not_refused(pd: PagerDuty) -> None:
    """limit=10000 works as 100, and the reply says so."""
    for _ in range(120):
        pd.seed("users")
    page = pd.get("/users", {"limit": 10_000, "offset": 5})
    assert (page["limit"], len(page["users"]), page["more"]) == (100, 100, True)


@pytest.mark.parametrize(
    ("limit", "offset", "status"), [(100, 9900, 200), (1, 9999, 200), (100, 9901, 400), (25, 10**30, 400), (1000, 9900, 200)]
)
def test_paging_ends_at_ten_thousand(pd: PagerDuty, limit: int, offset: int, status: int) -> None:
    """One record beyond the ten-thousandth is a 400 with the words clients met."""
    reply = pd.ask("GET", "/users", {"limit": limit, "offset": offset})
    assert reply.status == status
    if status == 400:
        words = (
            "Offset+limit exceeds maximum allowed value of 10000. Please try to refine your search to reduce the returned set of "
            "records below this number, like adding a date range."
        )
        refused(reply, 400, {"error": {"message": "Arguments Caused Error", "code": 2002, "errors": [words]}})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("query=martin", ["Hugo Martin"]),
        ("query=ADA%40EXAMPLE", ["Ada Okafor"]),
        ("query=nobody%00", []),
        ("query=", None),
    ],
)
def test_people_are_found_by_name_and_address(pd: PagerDuty, query: str, names: list[str] | None) -> None:
    """query is a part of name or address, whatever its case."""
    found = [user["name"] for user in pd.get("/users", query)["users"]]
    assert found == names or (names is None and len(found) == 12)


def test_people_are_found_by_team(pd: PagerDuty) -> None:
    """team_ids[] may be repeated; its people are those of any team named."""
    teams = {user["teams"][0]["summary"]: user["teams"][0]["id"] for user in pd.get("/users")["users"]}
    page = pd.get("/users", {"team_ids[]": [teams["Security"], teams["Sales"]], "total": "true"})
    assert sorted(user["name"] for user in page["users"]) == ["Ada Okafor", "Ben Lindqvist", "Farid Rahimi"]
    assert page["total"] == 3
    assert pd.get("/users", {"team_ids[]": "PNOTEAM"})["users"] == []


def test_included_things_come_whole(pd: PagerDuty) -> None:
    """include[] turns references into the things; without it they are references."""
    everything = {"include[]": ["contact_methods", "notification_rules", "teams", "subdomains"]}
    for user in (pd.get("/users", everything)["users"][0], pd.get("/users/me", everything)["user"]):
        assert user["contact_methods"][0]["type"] == "email_contact_method"
        assert user["contact_methods"][0]["address"] == user["email"]
        assert user["notification_rules"][0]["type"] == "assignment_notification_rule"
        assert user["teams"][0]["type"] == "team"
        assert user["subdomains"] == ["example-company"]


@pytest.mark.parametrize(
    ("who", "whom", "query", "shown"),
    [
        ("dai", "dai", "", True),
        ("ada", "dai", "", False),
        ("ada", "dai", "include[]=calendar_urls", True),
        ("elif", "dai", "include[]=calendar_urls", False),
    ],
)
def test_a_calendar_is_shown_to_its_person_and_to_admins_who_ask(pd: PagerDuty, who: str, whom: str, query: str, shown: bool) -> None:
    """Whoever has the address can read the calendar, so it is on few replies: never on lists, never for a read-only key."""
    user = pd.get(f"/users/{pd.user(whom)}", query, key=pd.key(who))["user"]
    assert ("http_cal_url" in user, "web_cal_url" in user) == (shown, shown)
    assert "http_cal_url" not in pd.get(f"/users/{pd.user(whom)}", "include[]=calendar_urls", key=read_only_key)["user"]
    assert "http_cal_url" not in pd.get("/users", key=pd.key(who))["users"][0]
    assert "http_cal_url" not in pd.get("/users/me", key=pd.key(who))["user"]


@pytest.mark.parametrize(
    ("scheme", "host", "prefix"),
    [
        ("http", "localhost:4010", "/pagerduty"),
        ("https", "api.pagerduty.com", ""),
        ("https", "api.eu.pagerduty.com", ""),
        ("http", "x:1", "/_world/w/pagerduty"),
    ],
)
def test_links_lead_back_to_where_the_client_came_from(pd: PagerDuty, scheme: str, host: str, prefix: str) -> None:
    """self begins with scheme, host and prefix as the client used them."""
    given = {"authorization": f"Token token={pd.admin}"}
    at = f"{scheme}://{host}{prefix}/users/{pd.user('dai')}"
    reply = pd.site.answer("GET", scheme, host, f"{prefix}/users/{pd.user('dai')}", "", given, b"")
    assert reply.value["user"]["self"] == at
    assert reply.value["user"]["contact_methods"][0]["self"].startswith(f"{at}/contact_methods/P")
    listed = pd.site.answer("GET", scheme, host, f"{prefix}/users/{pd.user('dai')}/oauth_delegations", "", given, b"").value
    assert all(each["self"] == f"{at}/oauth_delegations/{each['id']}" for each in listed["oauth_delegations"])


# -- sessions -----------------------------------------------------------------------------------------------------------


def test_sessions_come_on_one_page_however_many(pd: PagerDuty) -> None:
    """No paging: Hugo's 320 at once, and nothing beside them, whatever the query says."""
    page = pd.get(f"/users/{pd.user('hugo')}/sessions", {"limit": 2, "offset": 1, "total": "true"})
    assert list(page) == ["user_sessions"]
    assert len(page["user_sessions"]) == 320
    assert pd.get(f"/users/{pd.user('liam')}/sessions") == {"user_sessions": []}


def test_a_session_has_five_members(pd: PagerDuty) -> None:
    """id, user_id, created_at, summary, type; only browsers; ids as PagerDuty's; in the order they were made."""
    for session in pd.sessions("hugo"):
        assert list(session) == ["id", "user_id", "created_at", "summary", "type"]
        assert (session["type"], session["user_id"], session["id"][0], len(session["id"])) == ("browser", pd.user("hugo"), "P", 7)
        assert session["summary"].startswith("Mozilla/5.0 (")
        assert pd.get(path_of(session)) == {"user_session": session}
        pd.world.counters.clear()
    made_at = [session["created_at"] for session in pd.sessions("hugo")]
    assert made_at == sorted(made_at)
    assert all(each.endswith("Z") and "." not in each for each in made_at)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/users/{dai}/sessions/oauth/{session}",
        "/users/{dai}/sessions/Browser/{session}",
        "/users/{elif_}/sessions/browser/{session}",
        "/users/{dai}/sessions/browser/PNOTHER",
        "/users/{dai}/sessions/browser/{lower}",
        "/users/PNOBODY/sessions/browser/{session}",
        "/users/me/sessions/browser/{session}",
        "/users/{dai}/sessions/browser/%00",
        "/users/{dai}/sessions/%F0%9F%98%80/{session}",
    ],
)
def test_a_session_under_the_wrong_address_is_not_there(pd: PagerDuty, method: str, path: str) -> None:
    """Person, type and id must all be its own, and nothing happens to it."""
    session = pd.sessions("dai")[0]["id"]
    path = path.format(dai=pd.user("dai"), elif_=pd.user("elif"), session=session, lower=session.lower())
    refused(pd.ask(method, path), 404, not_found)
    assert session in [each["id"] for each in pd.sessions("dai")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/PNOBODY"),
        ("GET", "/users/PNOBODY/sessions"),
        ("DELETE", "/users/PNOBODY/sessions"),
        ("GET", "/users/PNOBODY/oauth_delegations"),
        ("GET", "/users/{id}/oauth_delegations/none"),
    ],
)
def test_nobody_is_a_404(pd: PagerDuty, method: str, path: str) -> None:
    """code 2100, and no `errors`."""
    refused(pd.ask(method, path.format(id=pd.user("dai"))), 404, not_found)


def test_a_session_ends_once_and_takes_its_delegation_along(pd: PagerDuty) -> None:
    """204 without a body, then 404; the others stay, and one web delegation more is revoked."""
    first, *rest = pd.sessions("elif")
    reply = pd.ask("DELETE", path_of(first))
    assert (reply.status, reply.content) == (204, b"")
    refused(pd.ask("DELETE", path_of(first)), 404, not_found)
    refused(pd.ask("GET", path_of(first)), 404, not_found)
    assert pd.sessions("elif") == rest
    revoked = pd.delegations("elif", status="revoked")
    assert [(each["delegation_type"], each["created_at"]) for each in revoked] == [("web", first["created_at"])]


def test_all_sessions_end_as_often_as_one_likes(pd: PagerDuty) -> None:
    """204 with sessions and without; the mobile app stays signed in, and other people too."""
    others = pd.sessions("elif")
    for _ in range(2):
        reply = pd.ask("DELETE", f"/users/{pd.user('dai')}/sessions")
        assert (reply.status, reply.content) == (204, b"")
        assert pd.sessions("dai") == []
    assert {each["delegation_type"] for each in pd.delegations("dai", status="revoked")} == {"web"}
    assert {each["delegation_type"] for each in pd.delegations("dai", status="issued")} == {"mobile"}
    assert pd.sessions("elif") == others


# -- delegations --------------------------------------------------------------------------------------------------------


def test_a_delegation_is_shown_in_its_wrapper(pd: PagerDuty) -> None:
    """oauth_delegation around it; delegation_type and type say the same; web logins are PagerDutyLogin's."""
    for listed in pd.delegations("ada"):
        shown = pd.get(f"/users/{pd.user('ada')}/oauth_delegations/{listed['id']}")
        assert shown == {"oauth_delegation": listed}
        assert listed["type"] == listed["delegation_type"]
        assert (listed["client_id"] == "PagerDutyLogin") is (listed["type"] == "web")
        assert [len(part) for part in listed["id"].split("-")] == [8, 4, 4, 4, 7]
        assert millis(listed["expires_at"]) > millis(noon)
    assert {each["type"] for each in pd.delegations("ada")} == {"web", "mobile", "integration"}
    refused(pd.ask("GET", f"/users/{pd.user('ben')}/oauth_delegations/{pd.delegations('ada')[0]['id']}"), 404, not_found)


@given(limit=st.integers(1, 130))
def test_following_the_cursor_meets_every_delegation_once(company: Site, limit: int) -> None:
    """However long the pages: limit, more and next_cursor are on each, and null ends them."""
    pd = PagerDuty(company, "cursors")
    pd.world.counters.clear()
    path, seen, cursor = f"/users/{pd.user('hugo')}/oauth_delegations", [], None
    while True:
        page = pd.get(path, {"limit": limit} | ({"cursor": cursor} if cursor else {}), key=account_key)
        assert list(page) == ["oauth_delegations", "limit", "more", "next_cursor"]
        assert page["limit"] == min(limit, 100)
        assert page["more"] is (page["next_cursor"] is not None)
        seen += [each["id"] for each in page["oauth_delegations"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 321
    assert len(set(seen)) == 321


def test_a_cursor_is_the_last_id_in_base64(pd: PagerDuty) -> None:
    """As the real one reads when one looks; and it goes on where its record stood, though that is gone meanwhile."""
    path = f"/users/{pd.user('elif')}/oauth_delegations"
    page = pd.get(path, "limit=2")
    last = page["oauth_delegations"][-1]["id"]
    assert orjson.loads(b64decode(page["next_cursor"])) == {"lastEvaluatedKey": {"id": last}}
    onward = pd.get(path, {"cursor": page["next_cursor"]})
    pd.table("oauth_delegations").remove(last)
    assert pd.get(path, {"cursor": page["next_cursor"]}) == onward
    assert pd.get(path, {"cursor": ""}) == pd.get(path)


def packed(value: Any) -> str:
    return b64encode(orjson.dumps(value)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "PXPGF42",
        "====",
        "é",
        "\x00",
        packed({}),
        packed([]),
        packed("id"),
        packed({"lastEvaluatedKey": "id"}),
        packed({"lastEvaluatedKey": {}}),
        b64encode(b"\xff{").decode(),
        "A" * 65_536,
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(pd: PagerDuty, cursor: str) -> None:
    """400, code 2001."""
    reply = pd.ask("GET", f"/users/{pd.user('dai')}/oauth_delegations", {"cursor": cursor})
    refused(reply, 400, {"error": {"message": "Invalid Input Provided", "code": 2001, "errors": ["cursor is invalid"]}})


@pytest.mark.parametrize(
    ("query", "types", "states"),
    [
        ("", {"web", "mobile"}, {"issued", "revoked"}),
        ("status=issued", {"web", "mobile"}, {"issued"}),
        ("status=issued,revoked", {"web", "mobile"}, {"issued", "revoked"}),
        ("status=issued%2Crevoked&delegation_type=mobile,integration", {"mobile"}, {"issued", "revoked"}),
        ("delegation_type=integration", set(), set()),
    ],
)
def test_delegations_are_filtered_by_words_with_commas(pd: PagerDuty, query: str, types: set[str], states: set[str]) -> None:
    """Each filter takes one or more words; the pages are pages of what is left."""
    for type_ in ("web", "mobile"):
        pd.seed("oauth_delegations", user_id=pd.user("dai"), delegation_type=type_, status="revoked")
    found = pd.get(f"/users/{pd.user('dai')}/oauth_delegations", query)["oauth_delegations"]
    assert {each["type"] for each in found} == types
    assert {each["status"] for each in found} == states
    first = pd.get(f"/users/{pd.user('dai')}/oauth_delegations", f"{query}&limit=1")
    assert first["oauth_delegations"] == found[:1]
    assert first["more"] is (len(found) > 1)


@pytest.mark.parametrize(
    ("types", "revoked", "sessions_left"),
    [
        ("web", {"web"}, False),
        ("mobile", {"mobile"}, True),
        ("web,mobile", {"web", "mobile"}, False),
        ("mobile%2Cweb", {"web", "mobile"}, False),
    ],
)
def test_revoking_signs_a_person_out_of_what_is_named(pd: PagerDuty, types: str, revoked: set[str], sessions_left: bool) -> None:
    """{"status": "ok"}; web ends the browser sessions, mobile does not; a second time it is as fine; others stay."""
    others = pd.delegations("elif")
    for _ in range(2):
        refused(pd.ask("DELETE", "/oauth_delegations", f"user_id={pd.user('dai')}&type={types}"), 200, {"status": "ok"})
        assert {each["type"] for each in pd.delegations("dai", status="revoked")} == revoked
        assert bool(pd.sessions("dai")) is sessions_left
    assert pd.delegations("elif") == others


def test_revoking_for_nobody_is_a_404(pd: PagerDuty) -> None:
    """As everywhere that a user is named who is none."""
    refused(pd.ask("DELETE", "/oauth_delegations", "user_id=PNOBODY&type=web"), 404, not_found)


def test_no_revocation_ever_waits(pd: PagerDuty) -> None:
    """Asked how many are pending, PagerDuty finds none."""
    refused(pd.ask("GET", "/oauth_delegations/revocation_requests/status", {"requested_at_end": noon}), 404, not_found)
    reply = pd.ask("GET", "/oauth_delegations/revocation_requests/status", "requested_at_end=yesterday")
    refused(reply, 400, {"error": {"message": "Invalid Input Provided", "code": 2001, "errors": ["requested_at_end must be a date-time"]}})


# -- session configurations ---------------------------------------------------------------------------------------------


def configured(pd: PagerDuty, types: str, absolute: int = 3600, idle: int = 600) -> Reply:
    body = {"session_configuration": {"absolute_session_ttl": absolute, "idle_session_ttl": idle}}
    return pd.ask("PUT", "/session_configurations", f"type={types}", body=body)


def test_there_is_no_configuration_until_one_is_made(pd: PagerDuty) -> None:
    """404 before, a list of what there is after; of two types asked for, the one that is there; and gone again."""
    for query in ("", "type=web", "type=web,mobile"):
        refused(pd.ask("GET", "/session_configurations", query), 404, not_found)
    refused(pd.ask("DELETE", "/session_configurations", "type=web"), 404, not_found)

    web = {"type": "web", "absolute_session_ttl": 3600, "idle_session_ttl": 600}
    refused(configured(pd, "web"), 200, {"session_configurations": [web]})
    for query in ("", "type=web", "type=web,mobile"):
        refused(pd.ask("GET", "/session_configurations", query), 200, {"session_configurations": [web]})
    refused(pd.ask("GET", "/session_configurations", "type=mobile"), 404, not_found)

    reply = pd.ask("DELETE", "/session_configurations", "type=web,mobile")
    assert (reply.status, reply.content) == (204, b"")
    refused(pd.ask("GET", "/session_configurations"), 404, not_found)


def test_both_types_are_configured_at_once_and_apart(pd: PagerDuty) -> None:
    """web before mobile, as the document shows them; a second PUT replaces one of them."""
    assert [each["type"] for each in configured(pd, "mobile,web").value["session_configurations"]] == ["web", "mobile"]
    assert [each["type"] for each in configured(pd, "mobile", 7200).value["session_configurations"]] == ["mobile"]
    kept = pd.get("/session_configurations")["session_configurations"]
    assert [(each["type"], each["absolute_session_ttl"]) for each in kept] == [("web", 3600), ("mobile", 7200)]


@pytest.mark.parametrize(("types", "ended"), [("web", {"web"}), ("mobile", {"mobile"}), ("web,mobile", {"web", "mobile"})])
def test_configuring_signs_everybody_out(pd: PagerDuty, types: str, ended: set[str]) -> None:
    """Existing sessions of the types are revoked at once, everybody's; other types stay."""
    assert configured(pd, types).status == 200
    assert {each["type"] for each in pd.table("oauth_delegations") if each["status"] == "revoked"} == ended
    assert not {each["type"] for each in pd.table("oauth_delegations") if each["status"] == "issued"} & ended
    assert bool(len(pd.table("sessions"))) is ("web" not in ended)


@given(absolute=st.integers(-1, 20_000_000), idle=st.integers(-1, 20_000_000))
def test_lengths_out_of_bounds_are_refused_and_change_nothing(company: Site, absolute: int, idle: int) -> None:
    """600 to 18,144,000 and 60 to 15,552,000 seconds, both ends included; what is accepted comes back."""
    pd = PagerDuty(company, f"lengths-{next(numbers)}")
    held = len(pd.table("sessions"))
    reply = configured(pd, "web", absolute, idle)
    fits = 600 <= absolute <= 18_144_000 and 60 <= idle <= 15_552_000
    assert reply.status == (200 if fits else 400)
    assert (len(pd.table("sessions")), len(pd.table("session_configurations"))) == ((0, 1) if fits else (held, 0))
    if fits:
        assert pd.get("/session_configurations")["session_configurations"][0]["idle_session_ttl"] == idle
    company.worlds.drop(pd.name)


# -- time ---------------------------------------------------------------------------------------------------------------


def test_sign_ins_end_when_their_time_is_over(pd: PagerDuty) -> None:
    """Each to the second: a session is there until its delegation's expires_at, and then both are gone."""
    session = pd.sessions("dai")[0]
    behind = next(each for each in pd.delegations("dai") if each["created_at"] == session["created_at"])
    pd.world.clock.advance(millis(behind["expires_at"]) - pd.world.clock.now() - 1 * second)
    assert pd.ask("GET", path_of(session)).status == 200
    pd.world.clock.advance(2 * second)
    refused(pd.ask("GET", path_of(session)), 404, not_found)
    refused(pd.ask("GET", f"/users/{pd.user('dai')}/oauth_delegations/{behind['id']}"), 404, not_found)
    pd.world.clock.advance(100 * day)
    assert (pd.sessions("hugo"), pd.delegations("hugo")) == ([], [])
    assert len(pd.table("sessions")) == 0


@pytest.mark.parametrize("listed", ["sessions", "oauth_delegations"])
def test_the_very_first_look_sees_nothing_that_is_over(pd: PagerDuty, listed: str) -> None:
    """Sixty days on, in a world nobody has looked at yet, no sign-in of the scene is left."""
    user = pd.site.engines["pagerduty"].vendor.subject(pd.site.scene, {})["id"]
    pd.world.clock.advance(61 * day)
    assert next(iter(pd.get(f"/users/{user}/{listed}").values())) == []


def test_a_sign_in_of_odd_id_ends_like_any_other(pd: PagerDuty) -> None:
    """Seeded ids may be any text; a session without a delegation behind it ends alone."""
    session = pd.seed("sessions", id="session of my own, ümlaut", user_id=pd.user("liam"))
    assert pd.ask("DELETE", f"/users/{pd.user('liam')}/sessions/browser/{quote(session['id'])}").status == 204
    assert pd.sessions("liam") == []


def test_new_sessions_live_by_the_configuration(pd: PagerDuty) -> None:
    """absolute_session_ttl holds for what comes after it."""
    assert configured(pd, "web", absolute=600).status == 200
    pd.seed("sessions", user_id=pd.user("liam"))
    pd.world.clock.advance(599 * second)
    assert len(pd.sessions("liam")) == 1
    pd.world.clock.advance(1 * second)
    assert pd.sessions("liam") == []


def test_a_seeded_session_is_a_session_like_any_other(pd: PagerDuty) -> None:
    """It is listed, shown and ended, and fits the contract."""
    engine = pd.site.engines["pagerduty"]
    for kind, partial in (
        ("users", {"name": "Someone New"}),
        ("sessions", {"user_id": pd.user("liam")}),
        ("oauth_delegations", {"user_id": pd.user("liam")}),
    ):
        record, findings = made(engine, engine.kinds[kind], pd.world, partial)
        assert findings == []
        pd.table(kind).put(record)
    session = pd.sessions("liam")[0]
    assert session["created_at"] == noon
    assert pd.ask("DELETE", path_of(session)).status == 204
    assert pd.sessions("liam") == []


# -- limits -------------------------------------------------------------------------------------------------------------


def standing(reply: Reply) -> tuple[str, str, str]:
    return tuple(reply.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset"))  # type: ignore[return-value]  # three names make three values


def test_the_961st_call_of_a_minute_is_too_many(pd: PagerDuty) -> None:
    """960 calls, counted down in lower-case headers; then 429 without Retry-After, until the minute is over."""
    assert standing(pd.ask("GET", "/session_configurations")) == ("960", "959", "60")
    pd.world.clock.advance(20 * second)
    for _ in range(958):
        pd.ask("GET", "/session_configurations")
    assert standing(pd.ask("GET", "/session_configurations")) == ("960", "0", "40")
    reply = pd.ask("GET", "/session_configurations")
    refused(reply, 429, {"error": {"message": "Rate Limit Exceeded", "code": 2020}})
    assert standing(reply) == ("960", "0", "40")
    assert "retry-after" not in {name.lower() for name in reply.headers}
    pd.world.clock.advance(40 * second)
    assert standing(pd.ask("GET", "/session_configurations")) == ("960", "959", "60")


def test_each_caller_is_counted_apart(pd: PagerDuty) -> None:
    """A key of the account counts for itself, a user's keys together, a token beside them; refusals count, a 401 does not."""
    engine = pd.site.engines["pagerduty"]
    token = engine.vendor.credentials(pd.site.scene, engine.options)["oauth_token"]
    pd.seed("keys", id="u+another-key-of-ada", user_id=pd.user("ada"))
    pd.ask("GET", "/users/PNOBODY")
    pd.ask("GET", "/users", "limit=0")
    pd.ask("GET", "/users", key="nobody")
    assert standing(pd.ask("GET", "/users", key="u+another-key-of-ada"))[1] == "957"
    assert standing(pd.ask("DELETE", "/users/PNOBODY/sessions", key=read_only_key))[1] == "959"
    for key in (token, account_key, scoped_token, pd.key("dai")):
        assert standing(pd.ask("GET", "/users", key=key))[1] == "959"


def test_limits_may_be_off() -> None:
    """Then the headers stay and never say 0."""
    pd = PagerDuty(site_of(["pagerduty"], clock=noon, options={"pagerduty": {"limits": "off"}}), "unlimited")
    for _ in range(970):
        reply = pd.ask("GET", "/session_configurations")
    assert reply.status == 404
    assert standing(reply) == ("960", "1", "60")


def test_every_reply_has_a_name_of_its_own(pd: PagerDuty) -> None:
    """x-request-id, which the Python client logs, differs from call to call."""
    names = {pd.ask("GET", path).headers["x-request-id"] for path in ("/users", "/users", "/users/PNOBODY", "/users/me")}
    assert len(names) == 4
    assert all(len(name) == 32 for name in names)


# -- bad input ----------------------------------------------------------------------------------------------------------

good: Final = orjson.dumps({"session_configuration": {"absolute_session_ttl": 3600, "idle_session_ttl": 600}})
invalid: Final = "Invalid Input Provided"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "code", "errors"),
    [
        ("GET", "/users", "limit=0", b"", 2001, ["limit must be greater than or equal to 1"]),
        ("GET", "/users", "limit=-1&offset=-1", b"", 2001, ["limit must be greater than or equal to 1", "offset must be greater than or equal to 0"]),
        ("GET", "/users", "limit=ten", b"", 2001, ["limit must be of type integer"]),
        ("GET", "/users", "limit=1e2", b"", 2001, ["limit must be of type integer"]),
        ("GET", "/users", "limit=", b"", 2001, ["limit must be of type integer"]),
        ("GET", "/users", "limit=%00", b"", 2001, ["limit must be of type integer"]),
        ("GET", "/users", "limit=1&limit=2", b"", 2001, ["limit must not be given more than once"]),
        ("GET", "/users", "total=perhaps", b"", 2001, ["total must be of type boolean or integer", "total must be one of true, false, 1, 0"]),
        ("GET", "/users", "include[]=calendar_urls", b"", 2001, ["include[] must be one of contact_methods, notification_rules, teams, subdomains"]),
        ("GET", "/users", "include[]=teams&include[]=teams", b"", 2001, ["include[] must not name anything twice"]),
        ("GET", "/users", "query=%zz", b"", 2001, ["the query is not percent-encoded UTF-8"]),
        ("GET", "/users", "query=%ff", b"", 2001, ["the query is not percent-encoded UTF-8"]),
        ("GET", "/users/{id}/oauth_delegations", "status=gone", b"", 2001, ["status must be one of issued, revoked"]),
        ("GET", "/users/{id}/oauth_delegations", "delegation_type=web,desktop", b"", 2001, ["delegation_type must be one of mobile, web, integration"]),
        ("GET", "/users/{id}/oauth_delegations", "status=&delegation_type=", b"", 2001, ["delegation_type cannot be empty", "status cannot be empty"]),
        ("GET", "/users/{id}/oauth_delegations", "limit=0", b"", 2001, ["limit must be greater than or equal to 1"]),
        ("DELETE", "/oauth_delegations", "", b"", 2003, ["user_id cannot be null", "type cannot be null"]),
        ("DELETE", "/oauth_delegations", "user_id={id}", b"", 2003, ["type cannot be null"]),
        ("DELETE", "/oauth_delegations", "user_id={id}&type=", b"", 2001, ["type cannot be empty"]),
        ("DELETE", "/oauth_delegations", "user_id={id}&type=integration", b"", 2001, ["type must be one of mobile, web"]),
        ("DELETE", "/session_configurations", "", b"", 2003, ["type cannot be null"]),
        ("GET", "/session_configurations", "type=desktop", b"", 2001, ["type must be one of mobile, web"]),
        ("PUT", "/session_configurations", "", good, 2003, ["type cannot be null"]),
        ("PUT", "/session_configurations", "type=web", b"", 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"{", 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"\xff\x00", 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"[" * 100_000, 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"[]", 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"null", 2001, ["params must be a Hash"]),
        ("PUT", "/session_configurations", "type=web", b"{}", 2001, ["session_configuration cannot be null"]),
        ("PUT", "/session_configurations", "type=web", b'{"session_configuration":[]}', 2001, ["session_configuration must be of type object"]),
        ("PUT", "/session_configurations", "type=web", b'{"session_configuration":{}}', 2001, ["session_configuration.absolute_session_ttl cannot be null", "session_configuration.idle_session_ttl cannot be null"]),
        ("PUT", "/session_configurations", "type=web", good.replace(b"3600", b'"3600"'), 2001, ["session_configuration.absolute_session_ttl must be of type integer"]),
        ("PUT", "/session_configurations", "type=web", good.replace(b"3600", b"599"), 2001, ["session_configuration.absolute_session_ttl must be greater than or equal to 600"]),
        ("PUT", "/session_configurations", "type=web", good.replace(b":600", b":15552001"), 2001, ["session_configuration.idle_session_ttl must be less than or equal to 15552000"]),
        ("PUT", "/session_configurations", "type=web,desktop", good, 2001, ["type must be one of mobile, web"]),
        ("PUT", "/session_configurations", "type=web", good + b" " * 10_000_000 + b"x", 2001, ["params must be a Hash"]),
    ],
)  # fmt: skip
def test_bad_input_gets_a_400_that_says_what_was_wrong(
    pd: PagerDuty, method: str, path: str, query: str, body: bytes, code: int, errors: list[str]
) -> None:
    """The envelope with every detail, in the words of PagerDuty's own validations; and nothing has changed."""
    before = pd.world.snapshot()
    reply = pd.ask(method, path.format(id=pd.user("dai")), query.format(id=pd.user("dai")), body=body)
    message = {2001: invalid, 2003: "Missing Arguments"}[code]
    refused(reply, 400, {"error": {"message": message, "code": code, "errors": errors}})
    changed = [name for name, table in pd.world.stores["pagerduty"].items() if table.changed]
    assert changed == []
    assert pd.world.snapshot().outbox == before.outbox


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_a_body_that_is_not_said_to_be_json_is_none(pd: PagerDuty, media: str) -> None:
    """What clients that forgot Content-Type were told."""
    reply = pd.ask("PUT", "/session_configurations", "type=web", body=good, headers={"content-type": media})
    refused(reply, 400, {"error": {"message": invalid, "code": 2001, "errors": ["params must be a Hash"]}})
    assert len(pd.table("sessions")) > 0


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_may_be_said_in_several_ways(pd: PagerDuty, media: str) -> None:
    """The Node client always adds the charset."""
    assert pd.ask("PUT", "/session_configurations", "type=web", body=good, headers={"content-type": media}).status == 200


def test_what_is_not_asked_for_is_not_looked_at(pd: PagerDuty) -> None:
    """Unknown parameters, any Accept, bodies on GET and DELETE, 64 KB of header: all as if they were not there."""
    odd = {"accept": "text/html", "from": "nobody", "x-pagerduty-client": "x" * 65_536}
    assert pd.ask("GET", "/users", "nonsense=1&nonsense=2", body=b"{", headers=odd).status == 200
    assert pd.ask("DELETE", f"/users/{pd.user('dai')}/sessions", body=b"\x00", headers=odd).status == 204


@pytest.mark.parametrize(
    ("method", "path", "status", "near"),
    [
        ("GET", "/user", 404, "GET /users"),
        ("GET", "/users/P1/session", 404, "GET /users/{id}/sessions"),
        ("POST", "/users", 405, "GET /users"),
        ("PUT", "/users/P1/sessions", 405, "GET /users/{id}/sessions"),
        ("GET", "/users/%zz", 404, None),
    ],
)
def test_what_the_contract_does_not_have_is_told_apart_from_a_business_404(
    pd: PagerDuty, method: str, path: str, status: int, near: str | None
) -> None:
    """Our own problem, under a header that no vendor sends, with the nearest operation."""
    reply = pd.ask(method, path)
    assert reply.status == status
    assert "Mock-Problem" in reply.headers
    assert reply.media == "application/problem+json"
    assert near is None or near in reply.value["nearest"]


# -- the scene ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["users", "sessions", "oauth_delegations"])
def test_what_the_scene_tells_keeps_the_contract(pd: PagerDuty, kind: str) -> None:
    """Every record, as it is stored, fits its schema."""
    engine = pd.site.engines["pagerduty"]
    place = f"#/components/schemas/{engine.kinds[kind].schema}"
    for record in pd.table(kind):
        wire = {name: value for name, value in record.items() if name[0] != "_"}
        assert engine.contract.faults(place, "reply", wire, kind, "") == []


def told(**how: Any) -> dict[str, list[Record]]:
    site = site_of(["pagerduty"], **how)
    engine = site.engines["pagerduty"]
    return {kind: list(records) for kind, records in engine.vendor.populate(site.scene, engine.options).items()}


def test_a_scene_is_the_same_in_every_process_and_its_ids_on_every_day() -> None:
    """Same seed, same bytes; another clock moves the times and leaves ids, keys and addresses; another seed changes ids."""
    first = told(clock=noon, people=300)
    assert told(clock=noon, people=300) == first
    later = told(clock="2027-07-01T00:00:00Z", people=300)
    for kind in ("users", "sessions", "oauth_delegations", "keys"):
        assert {record["id"] for record in later[kind]} == {record["id"] for record in first[kind]}
    assert {record["id"] for record in told(clock=noon, people=300, seed=1)["users"]}.isdisjoint(r["id"] for r in first["users"])
    grown = told(clock=noon, people=400)
    assert {record["id"] for record in first["sessions"]} <= {record["id"] for record in grown["sessions"]}


def test_ids_of_a_grown_scene_never_meet() -> None:
    """As many ids as people and visits, all of PagerDuty's shape; the same for a person with thousands of sessions."""
    scene = told(clock=noon, people=3000)
    assert len(scene["users"]) == 3000
    assert all(len(user["id"]) == 7 and user["id"][0] == "P" for user in scene["users"])
    web = [each for each in scene["oauth_delegations"] if each["type"] == "web"]
    assert len(scene["sessions"]) == len(web)
    assert {web_delegation(session) for session in scene["sessions"]} == {each["id"] for each in web}
    assert len({each["id"] for each in scene["oauth_delegations"]}) == len(scene["oauth_delegations"])


def test_everybody_of_the_scene_is_there_and_the_credentials_are_an_admins(pd: PagerDuty) -> None:
    """Ada's key and token; the busiest person is who a client is sent to work on."""
    engine = pd.site.engines["pagerduty"]
    credentials = engine.vendor.credentials(pd.site.scene, engine.options)
    assert sorted(credentials) == ["api_key", "oauth_token"]
    assert len(credentials["api_key"]) == 20
    assert pd.get("/users/me", key=credentials["oauth_token"])["user"]["role"] == "admin"
    assert engine.vendor.subject(pd.site.scene, engine.options) == {"id": pd.user("hugo")}
    assert len(pd.sessions("farid")) == 6


def test_what_somebody_holds_can_be_ended_as_it_says(pd: PagerDuty) -> None:
    """Each session that is told of somebody comes with the call that ends it."""
    vendor = pd.site.engines["pagerduty"].vendor
    held = list(vendor.holds(pd.world, "dai@example.com"))
    assert [each.id for each in held] == [session["id"] for session in pd.sessions("dai")]
    for each in held:
        assert each.since is not None
        assert each.until is not None
        assert each.since < millis(noon) < each.until
        assert pd.ask(each.end.method, each.end.path, each.end.query).status == 204
    assert list(vendor.holds(pd.world, "dai@example.com")) == []
    assert list(vendor.holds(pd.world, "nobody@example.com")) == []


def test_the_headers_of_the_credentials_sign_in(pd: PagerDuty) -> None:
    """authorize turns what `serve` prints into what a call needs."""
    engine = pd.site.engines["pagerduty"]
    given = engine.vendor.authorize(engine.vendor.credentials(pd.site.scene, engine.options))
    assert pd.site.answer("GET", "http", "localhost", "/pagerduty/users/me", "", given, b"").status == 200


# -- any sequence of calls ----------------------------------------------------------------------------------------------


class Model(RuleBasedStateMachine):
    """Whatever is called in whatever order, what the lists say is what a plain model of sets says."""

    people = Bundle("people")
    ended = Bundle("ended")

    def __init__(self) -> None:
        super().__init__()
        self.pd = PagerDuty(shared, f"model-{next(numbers)}")
        self.live: dict[str, dict[str, str]] = {}
        self.revoked: dict[str, set[str]] = {}

    @initialize(target=people)
    def arrive(self) -> Any:
        for name in ("ada", "ben", "chiara", "dai", "elif", "farid"):
            user = self.pd.user(name)
            self.live[user] = {str(s["id"]): web_delegation(s) for s in self.pd.table("sessions").rows("user", user)}
            self.revoked[user] = set()
        return multiple(*self.live)

    def types(self, user: str, type_: str) -> set[str]:
        return {str(each["id"]) for each in self.pd.table("oauth_delegations").rows("user", user) if each["type"] == type_}

    @rule(target=ended, user=people, nth=st.integers(0, 5))
    def end_one(self, user: str, nth: int) -> Any:
        if not self.live[user]:
            return multiple()
        session = sorted(self.live[user])[nth % len(self.live[user])]
        assert self.pd.ask("DELETE", f"/users/{user}/sessions/browser/{session}").status == 204
        self.revoked[user].add(self.live[user].pop(session))
        return (user, session)

    @rule(which=consumes(ended))
    def end_it_again(self, which: tuple[str, str]) -> None:
        assert self.pd.ask("DELETE", f"/users/{which[0]}/sessions/browser/{which[1]}").status == 404

    @rule(user=people)
    def end_all(self, user: str) -> None:
        assert self.pd.ask("DELETE", f"/users/{user}/sessions").status == 204
        self.live[user] = {}
        self.revoked[user] |= self.types(user, "web")

    @rule(user=people, types=st.sampled_from(["web", "mobile", "web,mobile"]))
    def revoke(self, user: str, types: str) -> None:
        assert self.pd.ask("DELETE", "/oauth_delegations", {"user_id": user, "type": types}).status == 200
        for type_ in types.split(","):
            self.revoked[user] |= self.types(user, type_)
        if "web" in types:
            self.live[user] = {}

    @rule(user=people)
    def sign_in(self, user: str) -> None:
        session = self.pd.seed("sessions", user_id=user)
        self.live[user][str(session["id"])] = ""

    @rule(types=st.sampled_from(["web", "mobile"]))
    def configure(self, types: str) -> None:
        assert configured(self.pd, types, absolute=86_400).status == 200
        for user in self.live:
            self.revoked[user] |= self.types(user, types)
            self.live[user] = {} if types == "web" else self.live[user]

    @rule()
    def be_refused(self) -> None:
        before = dict(self.pd.world.stores["pagerduty"]["sessions"].changed)
        assert self.pd.ask("PUT", "/session_configurations", "type=web", body=b"{}").status == 400
        assert self.pd.world.stores["pagerduty"]["sessions"].changed == before

    @invariant()
    def lists_tell_the_model(self) -> None:
        self.pd.world.counters.pop("pagerduty", None)
        self.pd.world.clock.advance(1 * minute)
        for user, live in self.live.items():
            listed = self.pd.get(f"/users/{user}/sessions")["user_sessions"]
            assert {each["id"] for each in listed} == set(live)
            gone = self.pd.get(f"/users/{user}/oauth_delegations", {"status": "revoked", "limit": 100})["oauth_delegations"]
            assert {each["id"] for each in gone} == self.revoked[user] - {""}

    def teardown(self) -> None:
        shared.worlds.drop(self.pd.name)


shared: Final = site_of(["pagerduty"], clock=noon)
TestModel = Model.TestCase
TestModel.__doc__ = Model.__doc__
