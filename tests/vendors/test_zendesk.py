"""Zendesk: who may see and end which session, page by page, error by error."""

from __future__ import annotations

import itertools
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from mockserver.engine.site import Site, made
from mockserver.errors import BadOption
from mockserver.message import Reply
from mockserver.state.clock import day, hour, minute
from mockserver.state.world import World
from mockserver.vendors import site as make_site
from mockserver.vendors.zendesk.pages import cursor_of, key_in
from mockserver.vendors.zendesk.records import password

monday: Final = "2026-03-02T09:00:00Z"
default: Final = make_site(["zendesk"], clock=monday)
numbers: Final = itertools.count()

not_found: Final = {"error": "RecordNotFound", "description": "Not found"}
not_authenticated: Final = {"error": "Couldn't authenticate you"}


def basic(name: str, word: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'{name}:{word}'.encode()).decode()}"}


@dataclass
class Desk:
    """The fake in a world of a test's own. Every reply is checked: one of ours that breaks the contract fails the test."""

    site: Site = default
    world: str = field(default_factory=lambda: f"w{next(numbers)}")

    @property
    def memory(self) -> World:
        return self.site.worlds.get(self.world)

    @property
    def words(self) -> dict[str, str]:
        engine = self.site.engines["zendesk"]
        return engine.vendor.credentials(self.site.scene, engine.options)

    def token(self, person: str = "ada") -> dict[str, str]:
        """The account's API token in a person's name."""
        return basic(f"{person}@example.com/token", self.words["api_token"])

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", **query: Any) -> Reply:
        """A call by the admin's API token, unless headers say otherwise."""
        words = urlencode(
            {name.replace("size", "page[size]") if name == "size" else name: value for name, value in query.items()}, doseq=True
        )
        return self.send(method, path, words, self.token() if headers is None else headers, body)

    def send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        given_headers = {"mock-world": self.world, **headers}
        reply = self.site.answer(method, "https", "example.zendesk.com", path, query, given_headers, body)
        assert reply.headers.get("Mock-Problem") not in ("own-reply", "own-error"), reply.value
        return reply

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        reply = self.ask("GET", path, headers, **query)
        assert reply.status == 200, reply.value
        return orjson.loads(reply.content)

    def sessions(self, person: str = "ada") -> list[dict[str, Any]]:
        """Every session this person is told of."""
        found, page = [], 1
        while True:
            told = self.get("/api/v2/sessions", self.token(person), page=page)
            found += told["sessions"]
            if told["next_page"] is None:
                return found
            page += 1

    def id(self, person: str) -> int:
        found: int = self.get("/api/v2/users/me", self.token(person))["user"]["id"]
        return found

    def sign_in(self, person: str, **form: str) -> dict[str, str]:
        """A browser's cookie."""
        words = {"user[email]": f"{person}@example.com", "user[password]": password, **form}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = self.ask("POST", "/access/login", headers, urlencode(words).encode())
        assert reply.status == 302
        return {"cookie": reply.headers["set-cookie"].partition(";")[0]}

    def with_csrf(self, cookie: Mapping[str, str]) -> dict[str, str]:
        return {**cookie, "x-csrf-token": self.get("/api/v2/users/me", cookie)["user"]["authenticity_token"]}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def other(**options: str) -> Desk:
    """A desk whose card is switched otherwise."""
    return Desk(make_site(["zendesk"], clock=monday, options={"zendesk": options}))


unlimited: Final = Desk(make_site(["zendesk"], clock=monday, options={"zendesk": {"limits": "off"}}))


def body(reply: Reply) -> Any:
    return orjson.loads(reply.content)


# -- signing in ------------------------------------------------------------------------------------------------------------------


def ways(desk: Desk) -> dict[str, dict[str, str]]:
    return {
        "API token": desk.token(),
        "API token, e-mail in capitals": basic("ADA@Example.com/token", desk.words["api_token"]),
        "password": basic("ada@example.com", password),
        "OAuth": {"authorization": f"Bearer {desk.words['oauth_token']}"},
        "OAuth, scheme in capitals": {"authorization": f"BEARER {desk.words['oauth_token']}"},
        "browser": desk.sign_in("ada"),
    }


@pytest.mark.parametrize("way", ["API token", "API token, e-mail in capitals", "password", "OAuth", "OAuth, scheme in capitals", "browser"])
def test_every_way_of_signing_in_is_the_same_user(way: str, desk: Desk) -> None:
    """Password, API token, OAuth token and session cookie: users/me is Ada each time, with a CSRF token."""
    user = desk.get("/api/v2/users/me.json", ways(desk)[way])["user"]
    assert (user["email"], user["role"]) == ("ada@example.com", "admin")
    assert re.fullmatch(r"[\w-]{86}", user["authenticity_token"])


wrong: Final = {
    "nothing": ({}, 401, not_authenticated, 200),
    "wrong password": (basic("ada@example.com", "no"), 401, not_authenticated, 200),
    "unknown user": (basic("nobody@example.com", password), 401, not_authenticated, 200),
    "not base64": ({"authorization": "Basic !!!"}, 401, not_authenticated, 200),
    "not UTF-8": ({"authorization": f"Basic {b64encode(bytes([255, 254])).decode()}"}, 401, not_authenticated, 200),
    "unknown scheme": ({"authorization": "Digest username=ada"}, 401, not_authenticated, 200),
    "wrong API token": (basic("ada@example.com/token", "no"), 401, not_authenticated, 401),
    "cookie of no session": ({"cookie": "_zendesk_session=MTIz--00"}, 401, not_authenticated, 200),
    "broken cookie": ({"cookie": "_zendesk_session=%%%"}, 401, not_authenticated, 200),
    "wrong bearer": (
        {"authorization": "Bearer no"},
        401,
        {
            "error": "invalid_token",
            "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
        },
        401,
    ),
}


@pytest.mark.parametrize("case", wrong)
def test_wrong_credentials_are_refused_but_users_me_answers_an_anonymous_user(case: str, desk: Desk) -> None:
    """401 in the vendor's words everywhere; users/me answers 200 unless a token was given and is wrong."""
    headers, status, said, me = wrong[case]
    for path in ("/api/v2/sessions", "/api/v2/users", "/api/v2/users/me/session"):
        reply = desk.ask("GET", path, headers)
        assert (reply.status, body(reply)) == (status, said)
    reply = desk.ask("GET", "/api/v2/users/me", headers)
    assert reply.status == me
    assert body(reply) == said if me == 401 else body(reply)["user"]["id"] is None


def test_the_anonymous_user_has_sixteen_fields_in_the_recorded_order(desk: Desk) -> None:
    """No id, the name clients look for, and a CSRF token behind `verified`."""
    user = desk.get("/api/v2/users/me", {})["user"]
    assert list(user) == [
        "id", "url", "name", "email", "created_at", "updated_at", "time_zone", "iana_time_zone", "phone", "shared_phone_number", "photo",
        "locale_id", "locale", "organization_id", "role", "verified", "authenticity_token",
    ]  # fmt: skip
    assert (user["id"], user["name"], user["email"], user["role"]) == (None, "Anonymous user", "invalid@example.com", "end-user")


def test_the_account_token_goes_with_any_users_email_but_not_a_suspended_ones(desk: Desk) -> None:
    """One token impersonates everybody; Farid left, and signs in nowhere."""
    assert [desk.get("/api/v2/users/me", desk.token(name))["user"]["name"] for name in ("chiara", "hugo")] == [
        "Chiara Rossi",
        "Hugo Martin",
    ]
    assert desk.ask("GET", "/api/v2/users/me", desk.token("farid")).status == 401
    assert desk.ask("GET", "/api/v2/sessions", basic("farid@example.com", password)).status == 401
    assert len(desk.get(f"/api/v2/users/{farid(desk)}/sessions")["sessions"]) == 6


def farid(desk: Desk) -> int:
    user: dict[str, Any] = next(user for user in desk.get("/api/v2/users")["users"] if user["email"] == "farid@example.com")
    assert user["suspended"]
    return int(user["id"])


def test_passwords_can_be_switched_off() -> None:
    """A new account takes no passwords; its API token goes on working."""
    desk = other(password_auth="off")
    assert desk.ask("GET", "/api/v2/sessions", basic("ada@example.com", password)).status == 401
    assert desk.get("/api/v2/users/me", basic("ada@example.com", password))["user"]["id"] is None
    assert desk.get("/api/v2/users/me")["user"]["name"] == "Ada Okafor"


scoped: Final = [
    (["read"], "GET", "/api/v2/sessions", 200),
    (["read"], "DELETE", "/api/v2/users/me/sessions", "write"),
    (["write"], "GET", "/api/v2/sessions", "read"),
    (["write"], "DELETE", "/api/v2/users/me/logout", 204),
    (["users:read"], "GET", "/api/v2/users", 200),
    (["users:read"], "GET", "/api/v2/users/me", 200),
    (["users:read"], "GET", "/api/v2/sessions", "read"),
    (["users:write"], "POST", "/api/v2/users/logout_many", 202),
    (["users:read"], "POST", "/api/v2/users/logout_many", "write"),
    ([], "GET", "/api/v2/users/me", "read"),
    (["raed"], "GET", "/api/v2/users", "read"),
]


@pytest.mark.parametrize(("scopes", "method", "path", "answer"), scoped, ids=lambda value: str(value).replace("/", "."))
def test_an_oauth_token_opens_what_its_scopes_say(desk: Desk, scopes: list[str], method: str, path: str, answer: int | str) -> None:
    """A scope that is missing is 403 naming the broad scope; a mistyped one opens nothing."""
    seed(desk, "tokens", {"user_id": desk.id("ada"), "token": "t" * 64, "scopes": scopes})
    reply = desk.ask(method, path, {"authorization": f"Bearer {'t' * 64}"}, ids="1")
    if isinstance(answer, int):
        assert reply.status == answer
    else:
        said = {"error": "Forbidden", "description": f"You are missing the following required scopes: {answer}"}
        assert (reply.status, body(reply)) == (403, said)


def seed(desk: Desk, kind: str, partial: Mapping[str, Any]) -> Any:
    """A record put where the control door would put it."""
    engine = desk.site.engines["zendesk"]
    record, findings = made(engine, engine.kinds[kind], desk.memory, partial)
    assert not findings
    desk.memory.store("zendesk")[kind].put(record)
    return record


# -- the browser's session -------------------------------------------------------------------------------------------------------


def test_signing_in_makes_a_session_that_is_listed_shown_renewed_and_ended(desk: Desk) -> None:
    """The whole life: cookie, list, me/session, renew, logout, and then the cookie is worth nothing."""
    before = desk.sessions("grace")
    cookie = desk.sign_in("grace")
    (mine,) = [session for session in desk.sessions("grace") if session not in before]
    assert desk.get("/api/v2/users/me/session", cookie) == {"session": [mine]}
    assert mine["authenticated_at"] == mine["last_seen_at"] == monday
    token = desk.get("/api/v2/users/me/session/renew", cookie)
    assert list(token) == ["authenticity_token"]
    reply = desk.ask("DELETE", "/api/v2/users/me/logout", {**cookie, "x-csrf-token": token["authenticity_token"]})
    assert (reply.status, reply.content) == (204, b"")
    assert desk.ask("GET", "/api/v2/users/me/session", cookie).status == 401
    assert desk.get("/api/v2/users/me", cookie)["user"]["id"] is None
    assert desk.sessions("grace") == before


def test_writes_by_cookie_need_the_csrf_token_and_reads_do_not(desk: Desk) -> None:
    """Without, with a foreign and with a broken token 403 and nothing ended; any mask over the right secret will do."""
    cookie, other_cookie = desk.sign_in("ada"), desk.sign_in("ben")
    count = len(desk.sessions())
    broken: tuple[dict[str, str], ...] = {"x-csrf-token": "no"}, {"x-csrf-token": "é"}, {"x-csrf-token": "A" * 86}, {}
    foreign = {"x-csrf-token": desk.with_csrf(other_cookie)["x-csrf-token"]}
    for header in (*broken, foreign):
        reply = desk.ask("DELETE", "/api/v2/users/me/logout", {**cookie, **header})
        assert (reply.status, body(reply)["error"]["title"]) == (403, "Forbidden")
    assert len(desk.sessions()) == count
    one, two = desk.with_csrf(cookie), desk.with_csrf(cookie)
    assert one != two
    standard = {**one, "x-csrf-token": one["x-csrf-token"].replace("-", "+").replace("_", "/") + "=="}
    assert desk.ask("POST", "/api/v2/users/logout_many", standard, ids="1").status == 202
    assert desk.ask("DELETE", "/api/v2/users/me/logout", two).status == 204


def test_the_csrf_token_is_a_masked_secret() -> None:
    """Two tokens of one session differ in every way but hide the same 32 bytes."""
    desk = Desk()
    cookie = desk.sign_in("ada")
    raw = [urlsafe_b64decode(desk.with_csrf(cookie)["x-csrf-token"] + "==") for _ in range(2)]
    secrets = [bytes(a ^ b for a, b in zip(each[:32], each[32:], strict=True)) for each in raw]
    assert secrets[0] == secrets[1]
    assert raw[0][:32] != raw[1][:32]


@pytest.mark.parametrize("way", ["API token", "password", "OAuth"])
def test_only_a_browser_has_a_current_session(way: str, desk: Desk) -> None:
    """By token or password, me/session and renew find none, and logout ends nothing."""
    headers, before = ways(desk)[way], desk.sessions()
    for path in ("/api/v2/users/me/session", "/api/v2/users/me/session/renew"):
        reply = desk.ask("GET", path, headers)
        assert (reply.status, body(reply)) == (404, not_found)
    assert desk.ask("DELETE", "/api/v2/users/me/logout", headers).status == 204
    assert desk.sessions() == before


def test_a_session_ended_by_the_admin_signs_its_browser_out(desk: Desk) -> None:
    """What terminating a session is for."""
    cookie = desk.sign_in("chiara")
    session = desk.get("/api/v2/users/me/session", cookie)["session"][0]
    assert desk.ask("DELETE", f"/api/v2/users/{session['user_id']}/sessions/{session['id']}").status == 204
    assert desk.ask("GET", "/api/v2/sessions", cookie).status == 401


def test_last_seen_moves_now_and_then_and_an_idle_session_expires(desk: Desk) -> None:
    """Not on every call, but within minutes; two weeks after the last call the session is gone, by the world's clock."""
    cookie, clock = desk.sign_in("ada"), desk.memory.clock

    def seen() -> str:
        found: str = desk.get("/api/v2/users/me/session", cookie)["session"][0]["last_seen_at"]
        return found

    clock.advance(minute)
    assert seen() == monday
    clock.advance(hour)
    assert seen() == "2026-03-02T10:01:00Z"
    clock.advance(13 * day)
    assert seen() == "2026-03-15T10:01:00Z"
    clock.advance(14 * day)
    assert desk.ask("GET", "/api/v2/users/me/session", cookie).status == 401
    assert desk.sessions() == []


def test_renewing_keeps_a_session_alive(desk: Desk) -> None:
    """A renewed session outlives the ones that were not, those a test seeded without a word included."""
    cookie, clock = desk.sign_in("liam"), desk.memory.clock
    seeded = seed(desk, "sessions", {"user_id": desk.id("liam"), "authenticated_at": "2026-02-20T09:00:00Z"})
    assert len(desk.sessions("liam")) == 2
    clock.advance(7 * day)
    assert seeded["id"] not in {session["id"] for session in desk.sessions("liam")}
    desk.get("/api/v2/users/me/session/renew", cookie)
    clock.advance(10 * day)
    assert len(desk.sessions("liam")) == 1


@pytest.mark.parametrize(("person", "lasting"), [("ada", hour), ("chiara", hour), ("grace", 8 * hour)])
def test_the_vendors_own_expiry_can_be_switched_on(person: str, lasting: int) -> None:
    """Staff are signed out after an hour without a call, end users after eight; a call in time starts the while anew."""
    desk = other(session_expiry="default")
    cookie = desk.sign_in(person)
    for wait, status in ((lasting - minute, 200), (lasting - minute, 200), (lasting, 401)):
        desk.memory.clock.advance(wait)
        assert desk.ask("GET", "/api/v2/users/me/session", cookie).status == status


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"user[password]": "no"}, 401),
        ({"user[email]": "nobody@example.com"}, 401),
        ({"user[email]": "farid@example.com"}, 401),
        ({"user[email]": ""}, 400),
        ({}, 302),
    ],
    ids=str,
)
def test_signing_in_takes_the_right_password_only(desk: Desk, form: dict[str, str], status: int) -> None:
    """Wrong, unknown, suspended, empty: refused, and no session is made."""
    words = {"user[email]": "ada@example.com", "user[password]": password, **form}
    before = len(desk.memory.store("zendesk")["sessions"])
    reply = desk.ask("POST", "/access/login", {"content-type": "application/x-www-form-urlencoded"}, urlencode(words).encode())
    assert reply.status == status
    assert len(desk.memory.store("zendesk")["sessions"]) == before + (status == 302)


@pytest.mark.parametrize(
    ("wish", "led"),
    [
        ("/hc/requests", "/hc/requests"),
        ("https://evil.example.com", "/hc"),
        ("//evil.example.com", "/hc"),
        ("/\\evil.example.com", "/hc"),
        ("/a\nb", "/hc"),
    ],
)
def test_signing_in_leads_back_within_the_desk_only(desk: Desk, wish: str, led: str) -> None:
    """return_to is followed when it is a path, never to another site."""
    words = {"user[email]": "ada@example.com", "user[password]": password, "return_to": wish}
    reply = desk.ask("POST", "/access/login", {"content-type": "application/x-www-form-urlencoded"}, urlencode(words).encode())
    assert reply.headers["location"] == f"https://example.zendesk.com{led}"
    assert "secure" in reply.headers["set-cookie"]


# -- who sees what ---------------------------------------------------------------------------------------------------------------

everybody: Final = 351
own: Final = {"ada": everybody, "ben": everybody, "chiara": 3, "dai": 2, "hugo": 320, "liam": 0}


@pytest.mark.parametrize("person", own)
def test_admins_list_everybodys_sessions_and_all_others_their_own(person: str, desk: Desk) -> None:
    """The one list, by role."""
    sessions = desk.sessions(person)
    assert len(sessions) == own[person]
    if own[person] != everybody:
        assert {session["user_id"] for session in sessions} <= {desk.id(person)}


@pytest.mark.parametrize("person", ["chiara", "hugo"])
def test_others_sessions_do_not_exist_for_agents_and_end_users(person: str, desk: Desk) -> None:
    """List, show, delete and bulk delete of somebody else's: 404 and nothing ended. One's own: as for an admin."""
    before = desk.sessions()
    mine = desk.sessions(person)[0]
    theirs = next(session for session in before if session["user_id"] == desk.id("ada"))
    where = f"/api/v2/users/{theirs['user_id']}/sessions"
    calls = [("GET", where), ("DELETE", where), ("GET", f"{where}/{theirs['id']}"), ("DELETE", f"{where}/{theirs['id']}")]
    for method, path in [*calls, ("GET", f"/api/v2/users/{desk.id(person)}/sessions/{theirs['id']}")]:
        reply = desk.ask(method, path, desk.token(person))
        assert (reply.status, body(reply)) == (404, not_found)
    assert desk.sessions() == before
    shown = desk.get(f"/api/v2/users/{mine['user_id']}/sessions/{mine['id']}", desk.token(person))
    assert shown == {"session": [mine]}
    assert desk.ask("DELETE", f"/api/v2/users/me/sessions/{mine['id']}", desk.token(person)).status == 204
    assert desk.ask("DELETE", "/api/v2/users/me/sessions", desk.token(person)).status == 204
    assert desk.sessions(person) == []


forbidden: Final = {
    "error": {
        "title": "Forbidden",
        "message": "You do not have access to this page. Please contact the account owner of this help desk for further help.",
    }
}


@pytest.mark.parametrize(
    ("person", "method", "path", "status"),
    [
        ("chiara", "GET", "/api/v2/users", 200),
        ("hugo", "GET", "/api/v2/users", 403),
        ("chiara", "GET", "/api/v2/users/6130907993114", 200),
        ("hugo", "GET", "/api/v2/users/6130907993114", 403),
        ("hugo", "GET", "/api/v2/users/1", 403),
        ("chiara", "POST", "/api/v2/users/logout_many", 403),
        ("hugo", "POST", "/api/v2/users/logout_many", 403),
        ("ada", "POST", "/api/v2/users/logout_many", 202),
    ],
)
def test_users_are_for_agents_and_logging_others_out_for_admins(desk: Desk, person: str, method: str, path: str, status: int) -> None:
    """Who may not is told so in the titled envelope, whether or not the user exists."""
    before = desk.sessions()
    reply = desk.ask(method, path, desk.token(person), ids="6130907993114")
    assert reply.status == status
    if status == 403:
        assert body(reply) == forbidden
        assert desk.sessions() == before


def test_an_end_user_sees_less_of_themselves(desk: Desk) -> None:
    """users/me of an end user ends with the CSRF token; an admin's goes on behind it."""
    assert list(desk.get("/api/v2/users/me", desk.token("hugo"))["user"])[-2:] == ["verified", "authenticity_token"]
    admin = list(desk.get("/api/v2/users/me")["user"])
    assert admin[15:19] == ["verified", "authenticity_token", "external_id", "tags"]


# -- what is said ----------------------------------------------------------------------------------------------------------------


def test_a_session_has_five_fields_and_its_address_is_where_the_client_is(desk: Desk) -> None:
    """Host, prefix and scheme of the address are the client's own, and it ends in .json."""
    session = desk.sessions()[0]
    assert list(session) == ["id", "url", "user_id", "authenticated_at", "last_seen_at"]
    assert session["url"] == f"https://example.zendesk.com/api/v2/users/{session['user_id']}/sessions/{session['id']}.json"
    reply = desk.site.answer("GET", "http", "127.0.0.1:4010", "/_world/elsewhere/zendesk/api/v2/sessions", "per_page=1", desk.token(), b"")
    assert body(reply)["sessions"][0]["url"].startswith("http://127.0.0.1:4010/_world/elsewhere/zendesk/api/v2/users/")


def test_a_user_has_the_recorded_fields_in_the_recorded_order(desk: Desk) -> None:
    """As replies of the service have them; no password, no list without user_fields."""
    user = desk.get("/api/v2/users")["users"][0]
    assert ",".join(user) == (
        "id,url,name,email,created_at,updated_at,time_zone,iana_time_zone,phone,shared_phone_number,photo,locale_id,locale,organization_id,"
        "role,verified,external_id,tags,alias,active,shared,shared_agent,last_login_at,two_factor_auth_enabled,signature,details,notes,"
        "role_type,custom_role_id,moderator,ticket_restriction,only_private_comments,restricted_agent,suspended,default_group_id,report_csv,"
        "user_fields"
    )
    assert desk.get(f"/api/v2/users/{user['id']}") == {"user": user}
    assert password not in desk.ask("GET", "/api/v2/users").content.decode()


def test_the_one_session_is_an_array_or_an_object_as_switched(desk: Desk) -> None:
    """The document has an array; the object is what other clients met."""
    for at, shape in ((desk, list), (other(session_shape="object"), dict)):
        session = at.sessions()[0]
        shown = at.get(f"/api/v2/users/{session['user_id']}/sessions/{session['id']}")["session"]
        assert isinstance(shown, shape)
        assert session in ([shown], shown) or [session] == shown
        assert isinstance(at.get("/api/v2/users/me/session", at.sign_in("ada"))["session"], shape)


def test_a_switch_takes_its_own_values_only() -> None:
    """A value it does not know is one clear line."""
    with pytest.raises(BadOption, match=r"zendesk\.session_shape='tuple' is not one of array, object"):
        other(session_shape="tuple")


@pytest.mark.parametrize(
    "path", ["/api/v2/sessions", "/api/v2/users", "/api/v2/users/6130907993114", "/api/v2/users/6130907993114/sessions"]
)
def test_every_path_is_answered_with_and_without_json(path: str, desk: Desk) -> None:
    """The suffix changes nothing."""
    assert desk.get(path) == desk.get(f"{path}.json")


def test_me_is_taken_for_a_users_id(desk: Desk) -> None:
    """Clients send it where the document wants a number, with GET and DELETE."""
    assert desk.get("/api/v2/users/me/sessions.json") == desk.get(f"/api/v2/users/{desk.id('ada')}/sessions.json")
    assert desk.ask("DELETE", "/api/v2/users/me/sessions.json").status == 204
    assert desk.get("/api/v2/users/me/sessions")["sessions"] == []


def test_logging_many_out_passes_over_who_is_nobody(desk: Desk) -> None:
    """202 with an empty JSON text, for users with, without and who are none."""
    ids = f"{desk.id('hugo')},{desk.id('liam')},17"
    reply = desk.ask("POST", "/api/v2/users/logout_many", ids=ids)
    assert (reply.status, reply.content) == (202, b'""')
    assert desk.sessions("hugo") == []
    assert len(desk.sessions()) == everybody - 320


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("role=agent", 4),
        ("role=admin", 2),
        ("role%5B%5D=agent&role%5B%5D=admin", 6),
        ("role[]=admin&role=agent", 6),
        ("external_id=e000001", 1),
        ("external_id=", 0),
        ("permission_set=6130869137434", 2),
        ("permission_set=1", 0),
        ("role=agent&external_id=E000001", 0),
        ("include=roles", 12),
    ],
)
def test_users_are_filtered(desk: Desk, query: str, count: int) -> None:
    """By role, several roles, custom role, and external id without regard to case; what is not known is passed over."""
    told = body(desk.send("GET", "/api/v2/users", query, desk.token()))
    assert len(told["users"]) == told["count"] == count


# -- pages -----------------------------------------------------------------------------------------------------------------------


def test_a_recorded_cursor_is_read_and_written_byte_for_byte() -> None:
    """Base64 in JSON in base64: one that the service once gave."""
    recorded = "eyJvIjoiaWQiLCJ2IjoiYVJwclIzU1RCUUFBIn0="
    assert cursor_of(key_in(recorded)) == recorded
    assert orjson.loads(b64decode(recorded)) == {"o": "id", "v": "aRprR3STBQAA"}


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_id_goes_into_a_cursor_and_out_again(key: int) -> None:
    """All of 64 bits."""
    assert key_in(cursor_of(key)) == key


@given(
    st.one_of(
        st.text(min_size=1), st.binary(min_size=1).map(lambda raw: b64encode(raw).decode()), st.sampled_from(["e30=", "W10=", "bnVsbA=="])
    )
)
def test_whatever_is_no_cursor_is_refused_in_the_vendors_words(text: str) -> None:
    """Any text at all: 400, or, only when it is a cursor, a page."""
    query = f"page%5Bafter%5D={quote(text, safe='')}"
    reply = unlimited.send("GET", "/api/v2/users", query, unlimited.token())
    if reply.status != 200:
        assert (reply.status, body(reply)) == (400, {"error": "InvalidPaginationParameter", "description": "page[after] is not valid"})


def walk(desk: Desk, path: str, query: str, onward: str) -> Iterator[dict[str, Any]]:
    """Pages as a client follows their links."""
    while True:
        reply = desk.send("GET", path, query, desk.token())
        told = body(reply)
        yield told
        link = told.get(onward) or (told.get("links") or {}).get(onward)
        if link is None:
            return
        address = urlsplit(link)
        assert f"{address.scheme}://{address.netloc}" == "https://example.zendesk.com"
        path, query = address.path, address.query


@given(size=st.integers(1, 120), who=st.sampled_from(["sessions", "users/me/sessions", "users/6130908291034/sessions", "users"]))
def test_pages_of_any_size_hold_every_record_once_in_either_dialect(size: int, who: str) -> None:
    """Cursor pages forwards and backwards, and offset pages: the same records in the same order, none twice, none left out."""
    name = "users" if who == "users" else "sessions"
    whole = [record for page in walk(unlimited, f"/api/v2/{who}", "", "next_page") for record in page[name]]
    offset = list(walk(unlimited, f"/api/v2/{who}", f"per_page={size}", "next_page"))
    assert [record for page in offset for record in page[name]] == whole
    assert {page["count"] for page in offset} == {len(whole)}
    assert all(len(page[name]) == min(size, 100) for page in offset[:-1])
    if size > 100:
        return
    pages = list(walk(unlimited, f"/api/v2/{who}", f"page[size]={size}", "next"))
    assert [record for page in pages for record in page[name]] == whole
    assert pages[-1] == {
        name: [],
        "meta": {"has_more": False, "after_cursor": None, "before_cursor": None},
        "links": {"prev": None, "next": None},
    }
    assert [page["meta"]["has_more"] for page in pages[:-1]] == [True] * (len(pages) - 2) + [False] * (len(pages) > 1)
    if whole:
        end = quote(cursor_of(whole[-1]["id"] + 1), safe="")
        back = list(walk(unlimited, f"/api/v2/{who}", f"page[size]={size}&page[before]={end}", "prev"))
        assert [record for page in reversed(back) for record in page[name]] == whole


def test_a_page_is_told_in_the_recorded_order_of_keys_and_links(desk: Desk) -> None:
    """Items, meta, links; page[after] before page[size]; brackets escaped; .json always; cursors of first and last row."""
    told = desk.get("/api/v2/sessions", size=2)
    assert list(told) == ["sessions", "meta", "links"]
    assert list(told["meta"]) == ["has_more", "after_cursor", "before_cursor"]
    assert list(told["links"]) == ["prev", "next"]
    first, last = (quote(cursor_of(session["id"]), safe="") for session in told["sessions"])
    assert told["links"]["next"] == f"https://example.zendesk.com/api/v2/sessions.json?page%5Bafter%5D={last}&page%5Bsize%5D=2"
    assert told["links"]["prev"] == f"https://example.zendesk.com/api/v2/sessions.json?page%5Bbefore%5D={first}&page%5Bsize%5D=2"
    offset = desk.get("/api/v2/users.json", role="agent", per_page=2)
    assert list(offset) == ["users", "next_page", "previous_page", "count"]
    assert offset["next_page"] == "https://example.zendesk.com/api/v2/users.json?page=2&per_page=2&role=agent"
    second = desk.get("/api/v2/sessions", page=2)
    assert second["next_page"] == "https://example.zendesk.com/api/v2/sessions.json?page=3"
    assert second["previous_page"] == "https://example.zendesk.com/api/v2/sessions.json?page=1"


def test_a_cursor_outlives_the_record_it_names(desk: Desk) -> None:
    """Ending the last session of a page leaves the next page as it was."""
    first = desk.get("/api/v2/sessions", size=5)
    expected = desk.get("/api/v2/sessions", size=5, **{"page[after]": first["meta"]["after_cursor"]})["sessions"]
    last = first["sessions"][-1]
    desk.ask("DELETE", f"/api/v2/users/{last['user_id']}/sessions/{last['id']}")
    assert desk.get("/api/v2/sessions", size=5, **{"page[after]": first["meta"]["after_cursor"]})["sessions"] == expected


def test_offset_pages_end_at_ten_thousand_records(desk: Desk) -> None:
    """Up to page 100 of 100; beyond it the error that sends clients to cursors."""
    assert desk.get("/api/v2/sessions", page=100)["sessions"] == []
    for query in ("page=101", "page=1001&per_page=10", f"page={2**62}&per_page=100"):
        reply = desk.send("GET", "/api/v2/sessions", query, desk.token())
        (error,) = body(reply)["errors"]
        assert (reply.status, error["code"], list(error)) == (400, "InvalidPaginationDepth", ["code", "title", "detail"])


# -- bad input -------------------------------------------------------------------------------------------------------------------


def attribute(name: str, action: str, must: str = "be an integer") -> dict[str, Any]:
    words = f"You passed an invalid value for the {name} attribute. Invalid parameter: {name} must {must} from api/v2/{action}"
    return {"error": {"title": "Invalid attribute", "message": words}}


def paging(name: str) -> dict[str, str]:
    return {"error": "InvalidPaginationParameter", "description": f"{name} is not valid"}


by_name: Final = b64encode(b'{"o":"name","v":"aRprR3STBQAA"}').decode()
of_two: Final = b64encode(b'{"o":"id","v":"%s"}' % b64encode(b"i" + bytes(8) + b"i" + bytes(8))).decode()
roles: Final = "be one of: end-user, agent, admin"
bad: Final[dict[str, tuple[str, str, str, int, Any]]] = {
    "id is a word": ("GET", "/api/v2/users/abc", "", 400, attribute("id", "users/show")),
    "id with a space": ("GET", "/api/v2/users/1%202", "", 400, attribute("id", "users/show")),
    "id is NUL": ("GET", "/api/v2/users/%00", "", 400, attribute("id", "users/show")),
    "id beyond 64 bits": ("GET", f"/api/v2/users/{2**63}", "", 400, attribute("id", "users/show")),
    "id of nobody": ("GET", "/api/v2/users/1", "", 404, not_found),
    "id below zero": ("GET", "/api/v2/users/-1", "", 404, not_found),
    "id with a dot": ("GET", "/api/v2/users/1.5", "", 404, {"error": "InvalidEndpoint", "description": "Not found"}),
    "user of a list is a word": ("GET", "/api/v2/users/abc/sessions", "", 400, attribute("user_id", "sessions/index")),
    "list of nobody": ("GET", "/api/v2/users/1/sessions", "", 404, not_found),
    "bulk of nobody": ("DELETE", "/api/v2/users/1/sessions", "", 404, not_found),
    "session is a word": ("GET", "/api/v2/users/6130907993114/sessions/abc", "", 400, attribute("id", "sessions/show")),
    "session of nobody": ("GET", "/api/v2/users/1/sessions/6200000000000", "", 404, not_found),
    "session of another": ("GET", "/api/v2/users/6130908035674/sessions/6200000000000", "", 404, not_found),
    "no such session": ("DELETE", "/api/v2/users/6130907993114/sessions/1", "", 404, not_found),
    "page is a word": ("GET", "/api/v2/sessions", "page=two", 400, attribute("page", "sessions/index")),
    "page is zero": ("GET", "/api/v2/sessions", "page=0", 400, paging("page")),
    "page below zero": ("GET", "/api/v2/sessions", "page=-1", 400, paging("page")),
    "per_page is zero": ("GET", "/api/v2/sessions", "per_page=0", 400, paging("per_page")),
    "per_page is a word": ("GET", "/api/v2/users", "per_page=x", 400, attribute("per_page", "users/index")),
    "page size is a word": ("GET", "/api/v2/sessions", "page[size]=x", 400, attribute("page.size", "sessions/index")),
    "page size is empty": ("GET", "/api/v2/sessions", "page[size]=", 400, attribute("page.size", "sessions/index")),
    "page size is zero": ("GET", "/api/v2/sessions", "page[size]=0", 400, paging("page[size]")),
    "page size beyond 100": ("GET", "/api/v2/users", "page[size]=101", 400, paging("page[size]")),
    "no cursor": ("GET", "/api/v2/sessions", "page[size]=2&page[after]=x", 400, paging("page[after]")),
    "cursor of another sort": ("GET", "/api/v2/sessions", f"page[after]={by_name}", 400, paging("page[after]")),
    "cursor of two values": ("GET", "/api/v2/sessions", f"page[after]={of_two}", 400, paging("page[after]")),
    "cursor with its plus unescaped": ("GET", "/api/v2/sessions", "page[after]=eyJvI++iaWQ", 400, paging("page[after]")),
    "both cursors": ("GET", "/api/v2/sessions", f"page[after]={cursor_of(1)}&page[before]={cursor_of(2)}", 400, paging("page[before]")),
    "both dialects": (
        "GET", "/api/v2/sessions", "page=2&page[size]=2", 400,
        {"error": {"title": "Invalid attribute", "message": "Invalid query parameters: expected Hash (got String) for param `page'"}},
    ),
    "unknown role": ("GET", "/api/v2/users", "role=king", 400, attribute("role", "users/index", roles)),
    "unknown roles": ("GET", "/api/v2/users", "role[]=agent&role[]=king", 400, attribute("role", "users/index", roles)),
    "repeated": ("GET", "/api/v2/users", "role=agent&role=admin", 400, attribute("role", "users/index", roles)),
    "role_set is a word": ("GET", "/api/v2/users", "permission_set=x", 400, attribute("permission_set", "users/index")),
    "broken escape": (
        "GET", "/api/v2/users", "role=%zz", 400,
        {"error": {"title": "Invalid attribute", "message": "Invalid query parameters: invalid %-encoding"}},
    ),
    "no ids": (
        "POST", "/api/v2/users/logout_many", "", 400,
        {"error": "ParameterMissing", "description": "param is missing or the value is empty: ids"},
    ),
    "ids are words": ("POST", "/api/v2/users/logout_many", "ids=a,b", 400, attribute("ids", "users/logout_many", "be a list of integers")),
    "ids are empty": ("POST", "/api/v2/users/logout_many", "ids=", 400, attribute("ids", "users/logout_many", "be a list of integers")),
    "a hundred ids, one a word": (
        "POST", "/api/v2/users/logout_many", "ids=x," + ",".join(map(str, range(99))), 400,
        attribute("ids", "users/logout_many", "be a list of integers"),
    ),
    "too many ids": (
        "POST", "/api/v2/users/logout_many", "ids=" + ",".join(map(str, range(101))), 400,
        {"error": "TooManyValues", "description": "Maximum 100 users may be logged out per call", "max_count": 100},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", bad)
def test_bad_input_gets_the_vendors_own_error_and_changes_nothing(case: str, desk: Desk) -> None:
    """Status and body to the letter; every session is still there."""
    method, path, query, status, said = bad[case]
    before = desk.sessions()
    reply = desk.send(method, path, query, desk.token())
    assert (reply.status, body(reply)) == (status, said)
    assert desk.sessions() == before


def test_a_hundred_users_may_be_named(desk: Desk) -> None:
    """The limit is 100, and 100 are taken."""
    assert desk.ask("POST", "/api/v2/users/logout_many", ids=",".join(map(str, range(100)))).status == 202


@pytest.mark.parametrize("content", [b"{", b'{"a":', b"\xff", b"[" * 10_000 + b"]", b"nul"], ids=repr)
@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/v2/users/me/sessions"), ("POST", "/api/v2/users/logout_many"), ("GET", "/api/v2/sessions")]
)
def test_json_that_is_none_is_refused_even_where_no_body_is_asked_for(desk: Desk, method: str, path: str, content: bytes) -> None:
    """422 before anything is ended."""
    before = desk.sessions()
    reply = desk.ask(
        method,
        path,
        {**desk.token(), "content-type": "application/json"},
        content,
        **({"ids": "6130907993114"} if method == "POST" else {}),
    )
    assert (reply.status, body(reply)) == (422, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})
    assert desk.sessions() == before


@pytest.mark.parametrize(
    "content",
    [b"", b'{"user":{"id":1}}', b"[1]", b"null", b'{"\xc3\xa9\\n":1}', b'{"a":"' + b"x" * 10_000_000 + b'"}'],
    ids=lambda value: repr(value[:20]),
)
def test_a_body_nobody_asked_for_does_no_harm(desk: Desk, content: bytes) -> None:
    """DELETE goes through with any JSON, ten megabytes of it too."""
    session = desk.sessions()[0]
    path = f"/api/v2/users/{session['user_id']}/sessions/{session['id']}"
    reply = desk.ask("DELETE", path, {**desk.token(), "content-type": "application/json"}, content)
    assert reply.status == 204
    assert reply.headers.get("x-zendesk-api-warn", "").isprintable()


def test_keys_nobody_asked_for_are_warned_of_as_ruby_prints_them(desk: Desk) -> None:
    """The header that a client library's own DELETE with a body met."""
    headers = {**desk.token(), "content-type": "application/json; charset=utf-8"}
    session = desk.sessions()[0]
    path = f"/api/v2/users/{session['user_id']}/sessions/{session['id']}"
    reply = desk.ask("DELETE", path, headers, b'{"user":{"id":7}}')
    assert reply.headers["x-zendesk-api-warn"] == (
        '{:allowed_parameters=>{:controller=>"sessions", :action=>"destroy", :unpermitted_keys=>["user.id", "user"], :invalid_values=>[]}}'
    )


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 400),
        (b"user%5Bemail%5D=a", "application/x-www-form-urlencoded", 400),
        (b"user%5Bemail%5D=%zz", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"<a/>", "text/xml", 400),
    ],
)
def test_a_form_that_is_none_is_refused(desk: Desk, content: bytes, media: str, status: int) -> None:
    """Missing fields, broken escapes, another media type: 400 in a named envelope."""
    reply = desk.ask("POST", "/access/login", {"content-type": media}, content)
    assert (reply.status, body(reply)["error"]) == (status, "ParameterMissing")


@given(
    path=st.sampled_from(["/api/v2/sessions", "/api/v2/users", "/api/v2/users/me", "/api/v2/users/6130907993114/sessions"]),
    query=st.text(st.characters(codec="latin-1"), max_size=60),
    headers=st.dictionaries(
        st.sampled_from(["authorization", "cookie", "x-csrf-token", "content-type", "accept"]),
        st.one_of(st.text(st.characters(codec="latin-1"), max_size=40), st.just("x" * 65_536)),
    ),
)
def test_no_query_and_no_header_makes_the_fake_fail(path: str, query: str, headers: dict[str, str]) -> None:
    """Whatever comes, what goes is documented: never a 5xx."""
    for given_headers in (headers, {**unlimited.token(), **headers}):
        assert unlimited.send("GET", path, query, given_headers).status < 500


@pytest.mark.parametrize(
    ("method", "path", "problem"),
    [
        ("GET", "/api/v2/tickets.json", "unknown-path"),
        ("GET", "/api/v1/sessions", "unknown-path"),
        ("PUT", "/api/v2/sessions", "unknown-method"),
        ("GET", "/api/v2/users/%zz", "unknown-path"),
    ],
)
def test_what_is_not_in_the_contract_is_told_apart_from_a_business_404(desk: Desk, method: str, path: str, problem: str) -> None:
    """A problem of our own under a header no vendor sends."""
    reply = desk.ask(method, path)
    assert reply.headers["Mock-Problem"] == problem


# -- headers and limits ----------------------------------------------------------------------------------------------------------


def test_every_reply_carries_the_recorded_headers(desk: Desk) -> None:
    """Version, request id, caching and both families of rate headers; no ETag where there is no body."""
    session = desk.sessions()[0]
    path = f"/api/v2/users/{session['user_id']}/sessions/{session['id']}"
    shown, ended, gone = (desk.ask(method, path) for method in ("GET", "DELETE", "GET"))
    for reply in (shown, ended, gone):
        assert reply.headers["x-zendesk-api-version"] == "v2"
        assert re.fullmatch(r"[0-9a-f]{16}-[A-Z]{3}", reply.headers["x-request-id"])
        assert reply.headers["x-rate-limit"] == reply.headers["ratelimit-limit"] == "700"
        assert reply.headers["x-rate-limit-remaining"] == reply.headers["ratelimit-remaining"]
        assert 0 < int(reply.headers["ratelimit-reset"]) <= 60
    assert [reply.headers["cache-control"] for reply in (shown, ended, gone)] == [
        "max-age=0, private, must-revalidate",
        "no-cache",
        "no-cache",
    ]
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', shown.headers["etag"])
    assert "etag" not in ended.headers
    assert "etag" not in gone.headers
    assert shown.media == "application/json; charset=utf-8"
    assert ended.media is None


def test_the_first_contact_sets_two_cookies_and_later_ones_none(desk: Desk) -> None:
    """Of no consequence: the service's own, for a year, and that of the network before it."""
    headers = desk.ask("GET", "/api/v2/users/me").headers
    own, visitor = (value for name, value in headers.items() if name.lower() == "set-cookie")
    assert re.fullmatch(r"_zendesk_cookie=\S+; path=/; expires=Tue, 02 Mar 2027 09:00:00 GMT; secure; HttpOnly; SameSite=None", own)
    assert re.fullmatch(r"__cfruid=[0-9a-f]{40}-1772442000; path=/; HttpOnly; Secure; SameSite=None", visitor)
    again = desk.ask("GET", "/api/v2/users/me", {**desk.token(), "cookie": own.partition(";")[0]})
    assert "set-cookie" not in {name.lower() for name in again.headers}


@pytest.mark.parametrize(
    ("plan", "calls"), [("team", 200), ("growth", 400), ("professional", 400), ("enterprise", 700), ("enterprise-plus", 2500)]
)
def test_the_plan_limits_calls_a_minute(plan: str, calls: int) -> None:
    """One call more than the plan allows is 429 with Retry-After, whoever asks; a minute later all are allowed again."""
    desk = other(plan=plan)
    headers = [desk.ask("GET", "/api/v2/users/me/session").headers for _ in range(calls)]
    assert [int(each["x-rate-limit-remaining"]) for each in headers] == list(range(calls - 1, -1, -1))
    desk.memory.clock.advance(20_000)
    reply = desk.ask("GET", "/api/v2/sessions", desk.token("hugo"))
    said = {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests per minute exceeded"}
    assert (reply.status, body(reply), reply.headers["Retry-After"], reply.headers["ratelimit-remaining"]) == (429, said, "40", "0")
    desk.memory.clock.advance(40_000)
    assert desk.ask("GET", "/api/v2/sessions").status == 200


def test_limits_can_be_switched_off() -> None:
    """The headers stay and never reach 0."""
    desk = other(limits="off", plan="team")
    headers = [desk.ask("GET", "/api/v2/users/me/session").headers for _ in range(300)]
    assert headers[-1]["x-rate-limit-remaining"] == "1"
    assert desk.ask("GET", "/api/v2/sessions").status == 200


# -- the scene and the worlds ----------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_bytes_and_another_seed_other_secrets() -> None:
    """Credentials and records do not depend on the process; the API token does depend on the seed."""
    one, two, three = (Desk(make_site(["zendesk"], clock=monday, seed=seed), "same") for seed in ("7", "7", "8"))
    assert one.words == two.words
    assert one.words["api_token"] != three.words["api_token"]
    for path in ("/api/v2/sessions", "/api/v2/users", "/api/v2/users/me"):
        assert one.ask("GET", path) == two.ask("GET", path)
    assert two.ask("GET", "/api/v2/sessions", three.token()).status == 401


def test_ids_do_not_depend_on_the_day_and_times_do() -> None:
    """A scene told another day has the same sessions, as many hours ago."""
    then, later = (Desk(make_site(["zendesk"], clock=clock)).sessions() for clock in (monday, "2026-09-09T15:00:00Z"))
    assert [session["id"] for session in then] == [session["id"] for session in later]
    assert all(session["authenticated_at"] <= session["last_seen_at"] <= monday for session in then)
    assert min(session["last_seen_at"] for session in later) > "2026-08-25"


def test_every_record_of_a_grown_scene_is_as_the_contract_says() -> None:
    """Users and sessions of 300 people, to the last field, with ids of their own."""
    place = make_site(["zendesk"], clock=monday, people=300)
    engine = place.engines["zendesk"]
    for kind, schema in (("users", "UserForAdmin"), ("sessions", "SessionObject")):
        table = place.worlds.get("w").store("zendesk")[kind]
        assert len({record["id"] for record in table}) == len(table)
        for record in table:
            wire = {name: value for name, value in record.items() if name[0] != "_"}
            assert not engine.contract.faults(f"#/components/schemas/{schema}", "reply", wire, "", "")


def test_growing_a_scene_changes_nobody_who_was_there() -> None:
    """Ada's sessions are Ada's, with twelve people and with a thousand."""
    few, many = (Desk(make_site(["zendesk"], clock=monday, people=people)) for people in (12, 1000))
    assert few.get("/api/v2/users/me/sessions") == many.get("/api/v2/users/me/sessions")


def test_an_id_is_never_given_twice(desk: Desk) -> None:
    """Ending the newest session does not free its id."""
    ids = []
    for _ in range(5):
        cookie = desk.sign_in("liam")
        ids.append(desk.get("/api/v2/users/me/session", cookie)["session"][0]["id"])
        desk.ask("DELETE", f"/api/v2/users/{desk.id('liam')}/sessions/{ids[-1]}")
    assert ids == sorted(set(ids))


def test_worlds_do_not_know_of_each_other_and_a_snapshot_brings_everything_back(desk: Desk) -> None:
    """Another world keeps what this one ended; a rewound world keeps its cookies and limits."""
    cookie = desk.sign_in("ada")
    before, moment = desk.sessions(), desk.memory.snapshot()
    desk.ask("DELETE", "/api/v2/users/me/sessions")
    assert desk.ask("GET", "/api/v2/users/me/session", cookie).status == 401
    assert len(Desk().sessions()) == everybody
    desk.memory.rewind(moment)
    assert desk.get("/api/v2/users/me/session", cookie)
    assert desk.sessions() == before


def test_a_seeded_user_signs_in_at_once(desk: Desk) -> None:
    """A part of a user is made whole: role, password, and a place in every list."""
    record = seed(desk, "users", {"name": "Zoe Example", "email": "zoe@example.com", "role": "agent"})
    assert desk.get("/api/v2/users/me", desk.token("zoe"))["user"]["role_type"] == 0
    cookie = desk.sign_in("zoe")
    assert desk.get("/api/v2/users/me/session", cookie)["session"][0]["user_id"] == record["id"]
    assert desk.get(f"/api/v2/users/{record['id']}")["user"]["name"] == "Zoe Example"


def test_every_operation_of_the_contract_is_acted_out() -> None:
    """None is left to say that nobody gave it a behaviour."""
    engine = default.engines["zendesk"]
    assert len(engine.contract.operations) == 13
    for operation in engine.contract.operations.values():
        assert engine.behaviour(operation).__name__ != "not_acted_out", operation.id


def test_whoever_is_sent_to_work_has_the_most_sessions(desk: Desk) -> None:
    """The subject is Hugo, who has hundreds."""
    subject = default.engines["zendesk"].vendor.subject(default.scene, {})
    assert subject == {"user_id": desk.id("hugo")}


few: Final = make_site(["zendesk"], clock=monday, people=5, options={"zendesk": {"limits": "off"}})


class Life(RuleBasedStateMachine):
    """Any sequence of sign-ins and endings: the lists always tell exactly who is signed in."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(few)
        self.alive: dict[int, int] = {session["id"]: session["user_id"] for session in self.desk.sessions()}
        self.ids = {name: self.desk.id(name) for name in ("ada", "chiara", "dai", "elif")}

    @rule(target=sessions, person=st.sampled_from(["ada", "chiara", "dai", "elif"]))
    def sign_in(self, person: str) -> tuple[int, str, dict[str, str]]:
        cookie = self.desk.sign_in(person)
        session = self.desk.get("/api/v2/users/me/session", cookie)["session"][0]
        self.alive[session["id"]] = session["user_id"]
        return session["id"], person, cookie

    @rule(session=consumes(sessions))
    def end(self, session: tuple[int, str, dict[str, str]]) -> None:
        key, person, _ = session
        reply = self.desk.ask("DELETE", f"/api/v2/users/{self.ids[person]}/sessions/{key}")
        assert reply.status == (204 if key in self.alive else 404)
        self.alive.pop(key, None)

    @rule(session=consumes(sessions))
    def log_out(self, session: tuple[int, str, dict[str, str]]) -> None:
        key, _, cookie = session
        if key in self.alive:
            assert self.desk.ask("DELETE", "/api/v2/users/me/logout", self.desk.with_csrf(cookie)).status == 204
            del self.alive[key]
        assert self.desk.ask("GET", "/api/v2/users/me/session", cookie).status == 401

    @rule(person=st.sampled_from(["chiara", "dai", "elif"]), many=st.booleans())
    def end_all(self, person: str, *, many: bool) -> None:
        user = self.ids[person]
        reply = (
            self.desk.ask("POST", "/api/v2/users/logout_many", ids=str(user))
            if many
            else self.desk.ask("DELETE", f"/api/v2/users/{user}/sessions")
        )
        assert reply.status == (202 if many else 204)
        self.alive = {key: owner for key, owner in self.alive.items() if owner != user}

    @invariant()
    def lists_tell_who_is_signed_in(self) -> None:
        assert {session["id"]: session["user_id"] for session in self.desk.sessions()} == self.alive
        for person, user in self.ids.items():
            told = self.desk.get(f"/api/v2/users/{user}/sessions", size=100)["sessions"]
            assert [session["id"] for session in told] == sorted(key for key, owner in self.alive.items() if owner == user)[:100]
            if person != "ada":
                assert len(self.desk.sessions(person)) == sum(owner == user for owner in self.alive.values())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=20, stateful_step_count=20)
