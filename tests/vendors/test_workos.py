"""WorkOS as its clients know it: exact bodies, exact headers, and what follows from what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockserver.engine.site import Site, made
from mockserver.message import Reply
from mockserver.state.clock import day, iso_ms, minute, second
from mockserver.state.table import Record, Table
from mockserver.state.world import World
from mockserver.vendors import site as site_of
from mockserver.vendors.workos import records, tokens
from mockserver.vendors.workos.card import etag, sign

noon: Final = "2026-03-02T12:00:00Z"
numbers: Final = itertools.count()
nobody: Final = "01H93ZY4F80QPBEZ1R5B2SHQG8"
password: Final = records.password
agent: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
device: Final = {"ip_address": "203.0.113.7", "user_agent": agent}
verifier: Final = "a-code-verifier-of-forty-three-letters-at-least"
challenge: Final = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class WorkOS:
    """The vendor in one world, spoken to without a socket."""

    site: Site
    name: str

    @property
    def world(self) -> World:
        return self.site.worlds.get(self.name)

    @property
    def keys(self) -> dict[str, str]:
        engine = self.site.engines["workos"]
        return engine.vendor.credentials(self.site.scene, engine.options)

    @property
    def client(self) -> dict[str, str]:
        return {"client_id": self.keys["client_id"], "client_secret": self.keys["api_key"]}

    def table(self, kind: str) -> Table:
        return self.world.store("workos")[kind]

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | str = "",
        *,
        body: Any = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call; whatever comes back is a promise of the contract."""
        told = query if isinstance(query, str) else urlencode(query)
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = {"authorization": f"Bearer {key or self.keys['api_key']}", "mock-world": self.name}
        sent |= {"content-type": "application/json"} if content else {}
        reply = self.site.answer(method, "http", "localhost:4010", f"/workos{path}", told, {**sent, **(headers or {})}, content)
        assert reply.headers.get("Mock-Problem") not in ("own-reply", "own-error", "not-acted-out"), reply.value
        return reply

    def get(self, path: str, query: Mapping[str, Any] | str = "", status: int = 200) -> Any:
        return self.said(self.ask("GET", path, query), status)

    def post(self, path: str, body: Any, status: int = 201, **how: Any) -> Any:
        return self.said(self.ask("POST", path, body=body, **how), status)

    def put(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self.said(self.ask("PUT", path, body=body), status)

    def said(self, reply: Reply, status: int) -> Any:
        assert reply.status == status, reply.content
        return orjson.loads(reply.content) if reply.content else None

    # What nearly every test needs.

    def user(self, email: str) -> Any:
        return self.get("/user_management/users", {"email": email})["data"][0]

    def newcomer(self, email: str = "newcomer@example.com", **more: Any) -> Any:
        return self.post("/user_management/users", {"email": email, "password": password, "email_verified": True, **more})

    def authenticate(self, status: int = 200, **body: Any) -> Any:
        return self.post("/user_management/authenticate", {**self.client, **device, **body}, status)

    def sign_in(self, email: str = "newcomer@example.com", status: int = 200, **more: Any) -> Any:
        return self.authenticate(status, grant_type="password", email=email, password=password, **more)

    def refresh(self, token: str, status: int = 200, **more: Any) -> Any:
        return self.authenticate(status, grant_type="refresh_token", refresh_token=token, **more)

    def sessions(self, user: str, **query: Any) -> list[Any]:
        return self.get(f"/user_management/users/{user}/sessions", {"limit": 100, **query})["data"]  # type: ignore[no-any-return]  # a list's data is a list

    def events(self, *names: str, **query: Any) -> list[Any]:
        """What happened since the test began."""
        told = {"events": ",".join(names), "limit": 100, "range_start": noon, **query}
        return self.get("/events", told)["data"]  # type: ignore[no-any-return]  # a list's data is a list

    def company(self, name: str, **more: Any) -> Any:
        return self.post("/organizations", {"name": name, **more})

    def join(self, user: Any, company: Any, **more: Any) -> Any:
        return self.post("/user_management/organization_memberships", {"user_id": user["id"], "organization_id": company["id"], **more})


def claims(token: str) -> Any:
    """The claims of an access token whose signature holds."""
    (key,) = tokens.jwks()["keys"]
    return jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], options={"verify_aud": False})


def ids(found: list[Any]) -> list[str]:
    return [each["id"] for each in found]


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of(["workos"], clock=noon)


@pytest.fixture
def workos(site: Site) -> Iterator[WorkOS]:
    name = f"test-{next(numbers)}"
    yield WorkOS(site, name)
    site.worlds.drop(name)


@pytest.fixture
def limited() -> WorkOS:
    return WorkOS(site_of(["workos"], clock=noon, options={"workos": {"limits": "on"}}), "limited")


# -- the house of WorkOS -----------------------------------------------------------------------------------------------------------


def test_every_operation_is_acted_out(site: Site) -> None:
    """No operation of the contract is left to chance."""
    engine = site.engines["workos"]
    assert [operation.id for operation in engine.contract.operations.values() if engine.told(operation) == "none"] == []
    assert len(engine.contract.operations) == 33


def test_every_record_of_the_scene_keeps_its_schema(workos: WorkOS) -> None:
    """What populate makes is what the contract calls such a thing; memberships get their user on the way out."""
    contract = workos.site.engines["workos"].contract
    checked = 0
    for kind in workos.site.engines["workos"].kinds.values():
        for record in workos.table(kind.name):
            wire = records.bare(record) | ({"user": records.bare(next(iter(workos.table("users"))))} if "role" in record else {})
            assert contract.faults(f"#/components/schemas/{kind.schema}", "reply", wire, kind.name, "") == []
            checked += 1
    assert checked > 700


def test_ids_and_keys_are_the_same_on_every_day(workos: WorkOS) -> None:
    """The same seed makes the same ids and credentials whatever the clock says; another seed makes others."""
    later, other = site_of(["workos"], clock="2027-11-30T23:59:00Z"), site_of(["workos"], clock=noon, seed=7)
    for kind in ("users", "sessions", "organizations", "organization_memberships", "events"):
        mine = {record["id"] for record in workos.table(kind)}
        assert {record["id"] for record in later.lay("workos")[kind]} == mine
        assert {record["id"] for record in other.lay("workos")[kind]}.isdisjoint(mine)
    assert WorkOS(later, "x").keys == workos.keys
    assert set(WorkOS(other, "x").keys.values()).isdisjoint(workos.keys.values())


def test_the_scene_holds_the_people_that_tests_need(workos: WorkOS) -> None:
    """An admin, somebody who left with sessions left over, somebody impersonated, hundreds of sessions, and none."""
    counts = {
        name: len(workos.table("sessions").keys("user", workos.user(f"{name}@example.com")["id"])) for name in ("hugo", "farid", "liam")
    }
    assert counts == {"hugo": 320, "farid": 6, "liam": 0}
    (left,) = workos.get(
        "/user_management/organization_memberships", {"user_id": workos.user("farid@example.com")["id"], "statuses": "inactive"}
    )["data"]
    assert left["status"] == "inactive"
    impersonated = [each for each in workos.sessions(workos.user("grace@example.com")["id"]) if "impersonator" in each]
    assert [each["impersonator"]["email"] for each in impersonated] == ["ada@example.com"]
    assert impersonated[0]["auth_method"] == "impersonation"
    assert workos.site.engines["workos"].vendor.subject(workos.site.scene, {}) == {"id": workos.user("hugo@example.com")["id"]}


def test_a_seeded_record_is_made_whole(workos: WorkOS) -> None:
    """A part of a record is enough for the seeding door, for every kind that travels."""
    engine = workos.site.engines["workos"]
    user = workos.user("ada@example.com")
    parts: dict[str, dict[str, Any]] = {
        "users": {"email": "Seeded@Example.com"},
        "organizations": {"name": "Seeded", "domain_data": [{"domain": "seeded.example.com", "state": "pending"}]},
        "organization_memberships": {"user_id": user["id"], "organization_id": next(iter(workos.table("organizations")))["id"]},
        "sessions": {"user_id": user["id"]},
        "magic_auth": {"user_id": user["id"], "email": user["email"]},
        "events": {"event": "user.created", "data": user},
        "webhook_endpoints": {"endpoint_url": "https://hooks.example.com/", "events": ["user.created"]},
    }
    for name, part in parts.items():
        record, findings = made(engine, engine.kinds[name], workos.world, part)
        assert findings == []
        assert record["id"]


# -- every reply -------------------------------------------------------------------------------------------------------------------


def test_every_reply_carries_the_headers_of_the_recordings(workos: WorkOS) -> None:
    """A bare UUID to quote, Express' weak tag, and the helmet set; nothing about rate limits, which no recording has."""
    reply = workos.ask("GET", "/user_management/users")
    assert str(uuid.UUID(reply.headers["X-Request-ID"])) == reply.headers["X-Request-ID"]
    assert reply.headers["Vary"] == "Origin, Accept-Encoding"
    assert reply.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert reply.media == "application/json; charset=utf-8"
    assert reply.headers["ETag"] == etag(reply.content)
    assert not [name for name in reply.headers if "ratelimit" in name.lower()]
    assert reply.headers["X-Request-ID"] != workos.ask("GET", "/user_management/users").headers["X-Request-ID"]


def test_the_tag_is_the_recorded_one() -> None:
    """The tag of the 401 body, as it was recorded."""
    assert etag(b'{"message":"Unauthorized"}') == 'W/"1a-pljHtlo127JYJR4E/RYOPb6ucbw"'


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sk_test_of_nobody", "Basic c2tfdGVzdA==", "Bearer \x00"])
def test_a_wrong_key_is_told_in_one_word(workos: WorkOS, header: str) -> None:
    """recorded: a message and no code, before anything else about the call is looked at."""
    reply = workos.ask("POST", "/user_management/users", body=b"{", headers={"authorization": header})
    assert (reply.status, reply.content) == (401, b'{"message":"Unauthorized"}')


def test_the_word_bearer_has_no_case(workos: WorkOS) -> None:
    """RFC 9110: names of schemes are read without regard to case."""
    assert workos.ask("GET", "/user_management/users", headers={"authorization": f"bearer {workos.keys['api_key']}"}).status == 200


@pytest.mark.parametrize(
    "path", ["/sso/jwks/{client_id}", "/user_management/sessions/logout?session_id=x", "/user_management/authorize?response_type=code"]
)
def test_the_browsers_doors_ask_for_no_key(workos: WorkOS, path: str) -> None:
    """Keys, logout and authorize are opened by browsers."""
    where, _, query = path.format(**workos.keys).partition("?")
    assert workos.ask("GET", where, query, headers={"authorization": ""}).status != 401


@pytest.mark.parametrize(
    ("path", "noun"),
    [
        ("/user_management/users/{}", "User"),
        ("/user_management/users/{}/sessions", "User"),
        ("/user_management/users/external_id/{}", "User"),
        ("/user_management/organization_memberships/{}", "Organization Membership"),
        ("/user_management/magic_auth/{}", "MagicAuth"),
        ("/organizations/{}", "Organization"),
        ("/organizations/external_id/{}", "Organization"),
    ],
)
@pytest.mark.parametrize("key", ["invalid", nobody, "%00", "a%2Fb", "x" * 3000])
def test_what_is_not_there_is_named_twice(workos: WorkOS, path: str, noun: str, key: str) -> None:
    """recorded: message, code and entity_id, in this order."""
    reply = workos.ask("GET", path.format(key))
    named = key.replace("%00", "\x00").replace("%2F", "/")
    assert reply.status == 404
    assert reply.content == orjson.dumps({"message": f"{noun} not found: '{named}'.", "code": "entity_not_found", "entity_id": named})


def test_an_unknown_path_is_no_business_404(workos: WorkOS) -> None:
    """A path the contract lacks says so under a header no vendor sends, and names the nearest one."""
    reply = workos.ask("GET", "/user_management/user")
    assert (reply.status, reply.headers["Mock-Problem"]) == (404, "unknown-path")
    assert "/user_management/users" in reply.value["detail"]
    wrong = workos.ask("PATCH", "/user_management/users")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, POST")


# -- badly put calls ---------------------------------------------------------------------------------------------------------------

user_path: Final = "/user_management/users"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "errors"),
    [
        ("GET", user_path, "limit=0", None, [("limit_too_small", "Limit should not be less than 1.")]),
        ("GET", user_path, "limit=101", None, [("limit_too_large", "Limit should not be greater than 100.")]),
        ("GET", user_path, "limit=ten", None, [("limit_integer_required", "Limit should be of type integer.")]),
        ("GET", user_path, "limit=1&limit=2", None, [("limit_repeated", "Limit should be given once.")]),
        ("GET", user_path, "order=up", None, [("order_unknown_value", "Order should be one of the allowed values.")]),
        ("GET", user_path, "after=user_x", None, [("after_invalid_format", "After should be of the right format.")]),
        ("GET", user_path, "email=%zz", None, [("query_invalid_encoding", "Query should be percent-encoded UTF-8.")]),
        ("POST", user_path, "", {}, [("email_string_required", "Email should be a non-empty string.")]),
        ("POST", user_path, "", {"email": ""}, [("email_string_required", "Email should be a non-empty string.")]),
        ("POST", user_path, "", {"email": "nowhere"}, [("email_invalid_format", "Email should be of the right format.")]),
        ("POST", user_path, "", {"email": "a@example.com", "external_id": "x" * 129}, [("external_id_too_long", "External id should not be longer than 128.")]),
        ("POST", user_path, "", [], [("object_required", None)]),
        ("POST", "/user_management/sessions/revoke", "", {}, [("session_id_string_required", "Session id should be a non-empty string.")]),
        ("POST", "/user_management/sessions/revoke", "", {"session_id": 7}, [("session_id_string_required", "Session id should be a non-empty string.")]),
        ("POST", "/user_management/sessions/revoke", "", None, [("request_string_required", None)]),
        ("GET", "/user_management/sessions/logout", "", None, [("session_id_string_required", "Session id should be a non-empty string.")]),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_badly_put_call_is_told_what_is_wrong(
    workos: WorkOS, method: str, path: str, query: str, body: Any, errors: list[tuple[str, str | None]]
) -> None:
    """recorded: code, message without a full stop, and a list of codes with sentences."""
    reply = workos.ask(method, path, query, body=body)
    told = workos.said(reply, 422)
    assert list(told) == ["code", "message", "errors"]
    assert (told["code"], told["message"]) == ("invalid_request_parameters", "Validation failed")
    for problem, (code, message) in zip(told["errors"], errors, strict=True):
        assert problem["code"].endswith(code)
        assert message is None or problem["message"] == message


def test_older_resources_name_the_field(workos: WorkOS) -> None:
    """recorded: organizations and events list {field, code} with a sentence for a code."""
    assert workos.post("/organizations", {"name": 7}, 422) == {
        "message": "Validation failed",
        "errors": [{"field": "name", "code": "name must be a non-empty string"}],
    }
    assert workos.get("/events", "events=user.created&range_start=yesterday", 422)["errors"][0]["field"] == "range_start"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"session_id":"\x00"}'], ids=["cut", "no-utf8", "deep", "control"])
def test_what_is_no_json_is_a_plain_400(workos: WorkOS, body: bytes) -> None:
    """The body reader speaks before anybody looks at the fields."""
    reply = workos.ask("POST", "/user_management/sessions/revoke", body=body)
    assert (reply.status, reply.value) == (400, {"message": "The request body is not valid JSON."})


def test_another_media_type_is_no_body(workos: WorkOS) -> None:
    """What is not read cannot be valid."""
    reply = workos.ask("POST", "/user_management/sessions/revoke", body=b"session_id=x", headers={"content-type": "text/csv"})
    assert reply.status == 422


def test_a_body_beyond_the_reader_is_413(workos: WorkOS) -> None:
    """100 kB is what the reader of the framework takes."""
    body = {"email": "big@example.com", "first_name": "x" * 200_000}
    assert workos.post(user_path, body, 413) == {"message": "request entity too large"}


bad_calls: Final = st.sampled_from([
    ("POST", user_path, {"email": "ada@example.com"}),
    ("POST", user_path, {"email": "fresh@example.com", "password": "short"}),
    ("POST", user_path, {"email": "fresh@example.com", "external_id": "employee-00001"}),
    ("POST", "/organizations", {"name": "x", "domains": ["EXAMPLE.com"]}),
    ("POST", "/user_management/sessions/revoke", {"session_id": f"session_{nobody}"}),
    ("POST", "/user_management/organization_memberships", {"user_id": f"user_{nobody}", "organization_id": f"org_{nobody}"}),
    ("POST", "/webhook_endpoints", {"endpoint_url": "ftp://example.com", "events": []}),
    ("DELETE", f"{user_path}/user_{nobody}", None),
    ("PUT", "/organizations/nothing", {"name": "x"}),
    ("POST", "/user_management/authenticate", {"grant_type": "password"}),
    ("POST", "/user_management/authenticate", {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "y"}),
])  # fmt: skip


@given(st.lists(bad_calls, min_size=1, max_size=8))
def test_a_refusal_changes_nothing(site: Site, calls: list[tuple[str, str, Any]]) -> None:
    """After any refused calls every table is as it was, and nothing waits to be sent."""
    workos = WorkOS(site, "refusals")
    site.worlds.drop("refusals")
    for method, path, body in calls:
        assert 400 <= workos.ask(method, path, body=body).status < 500
    for kind in workos.site.engines["workos"].kinds:
        assert workos.table(kind).changed == {}
    assert workos.world.outbox == []


# -- sessions ----------------------------------------------------------------------------------------------------------------------


def test_a_session_has_its_fields_in_the_order_of_the_wire(workos: WorkOS) -> None:
    """recorded: this order; what there is none of is left out, what is null is there."""
    workos.newcomer()
    user = workos.sign_in()["user"]
    page = workos.get(f"{user_path}/{user['id']}/sessions")
    assert list(page) == ["object", "data", "list_metadata"]
    assert page["list_metadata"] == {"before": None, "after": None}
    (session,) = page["data"]
    assert list(session) == [
        "object", "id", "user_agent", "ip_address", "user_id", "auth_method", "status", "expires_at", "ended_at", "created_at", "updated_at",
    ]  # fmt: skip
    assert session | device == session
    assert (session["created_at"], session["expires_at"]) == ("2026-03-02T12:00:00.000Z", "2027-03-02T12:00:00.003Z")
    assert session["ended_at"] is None


@given(limit=st.integers(1, 100), order=st.sampled_from(["desc", "asc", "normal"]))
def test_pages_of_any_size_make_the_whole_list(site: Site, limit: int, order: str) -> None:
    """Following the cursor meets every session once, in order; in `normal` order it is `before` that leads on."""
    workos = WorkOS(site, "pages")
    user = workos.user("hugo@example.com")["id"]
    whole = [each["id"] for each in workos.table("sessions").rows("user", user)]
    onward, back = ("before", "after") if order == "normal" else ("after", "before")
    found: list[str] = []
    query: dict[str, Any] = {"limit": limit, "order": order}
    while True:
        page = workos.get(f"{user_path}/{user}/sessions", query)
        assert (page["list_metadata"][back] is None) == (not found)
        found += ids(page["data"])
        if page["list_metadata"][onward] is None:
            break
        query[onward] = page["list_metadata"][onward]
    assert found == (whole if order == "asc" else whole[::-1])


@given(at=st.integers(0, 319), limit=st.integers(1, 30))
def test_a_page_before_is_the_page_one_came_from(site: Site, at: int, limit: int) -> None:
    """`before` gives what stands just before, in the list's own order."""
    workos = WorkOS(site, "pages")
    user = workos.user("hugo@example.com")["id"]
    whole = [each["id"] for each in workos.table("sessions").rows("user", user)][::-1]
    page = workos.get(f"{user_path}/{user}/sessions", {"limit": limit, "before": whole[at]})
    assert ids(page["data"]) == whole[max(0, at - limit) : at]


def test_paging_goes_on_where_a_session_ended(workos: WorkOS) -> None:
    """A cursor keeps its place when what it names is revoked between two pages: nothing is skipped, nothing comes twice."""
    user = workos.user("hugo@example.com")["id"]
    whole = ids(workos.sessions(user))
    first = workos.get(f"{user_path}/{user}/sessions", {"limit": 5})
    cursor = first["list_metadata"]["after"]
    workos.post("/user_management/sessions/revoke", {"session_id": cursor}, 200)
    assert ids(workos.get(f"{user_path}/{user}/sessions", {"limit": 5, "after": cursor})["data"]) == whole[5:10]


def test_a_cursor_of_nobody_stands_at_the_time_of_its_id(workos: WorkOS) -> None:
    """An id that is not there is a place in time: behind an old one comes nothing, behind a new one everything."""
    user = workos.user("hugo@example.com")["id"]
    newest = ids(workos.sessions(user))
    assert workos.sessions(user, after="session_00000000000000000000000000") == []
    assert ids(workos.sessions(user, after="session_01ZZZZZZZZZZZZZZZZZZZZZZZZ")) == newest
    assert ids(workos.sessions(user, after="session_7ZZZZZZZZZZZZZZZZZZZZZZZZZ")) == newest


def test_a_revoked_session_is_gone_without_a_word(workos: WorkOS) -> None:
    """recorded: 200, no byte, no media type, no tag. The list omits it, its refresh token is worth nothing, its access token lives on."""
    workos.newcomer()
    signed = workos.sign_in()
    (session,) = workos.sessions(signed["user"]["id"])
    reply = workos.ask("POST", "/user_management/sessions/revoke", body={"session_id": session["id"]})
    assert (reply.status, reply.content, reply.media) == (200, b"", None)
    assert "ETag" not in reply.headers
    assert workos.sessions(signed["user"]["id"]) == []
    assert workos.refresh(signed["refresh_token"], 400) == {"error": "invalid_grant", "error_description": "Invalid refresh token."}
    assert claims(signed["access_token"])["sid"] == session["id"]
    record = workos.table("sessions").get(session["id"])
    assert record is not None
    assert (record["status"], record["ended_at"]) == ("revoked", "2026-03-02T12:00:00.000Z")


def test_revoking_twice_is_one_revocation(workos: WorkOS) -> None:
    """The second is answered well and tells nobody."""
    session = workos.sessions(workos.user("ada@example.com")["id"])[0]
    for _ in "12":
        workos.post("/user_management/sessions/revoke", {"session_id": session["id"]}, 200)
    assert len(workos.events("session.revoked")) == 1


def test_an_unknown_session_is_a_recorded_404(workos: WorkOS) -> None:
    """The very bytes of the recording."""
    reply = workos.ask("POST", "/user_management/sessions/revoke", body={"session_id": "session_01H5JQDV7R7ATEYZDEG0W5PRYS"})
    assert reply.content == (
        b'{"message":"Session not found: \'session_01H5JQDV7R7ATEYZDEG0W5PRYS\'.","code":"entity_not_found",'
        b'"entity_id":"session_01H5JQDV7R7ATEYZDEG0W5PRYS"}'
    )


def test_a_session_expires_by_the_clock(workos: WorkOS) -> None:
    """A year and three milliseconds after it began it leaves the list, cannot be renewed, and is no revocation."""
    workos.newcomer()
    signed = workos.sign_in()
    workos.world.clock.advance(365 * day)
    signed = workos.refresh(signed["refresh_token"])
    workos.world.clock.advance(3)
    assert workos.sessions(signed["user"]["id"]) == []
    assert workos.refresh(signed["refresh_token"], 400)["error"] == "invalid_grant"
    (record,) = [each for each in workos.table("sessions") if each["user_id"] == signed["user"]["id"]]
    assert (record["status"], record["ended_at"]) == ("expired", record["expires_at"])
    assert workos.events("session.revoked") == []


def test_a_seeded_session_expires_when_it_says(workos: WorkOS) -> None:
    """Whatever length a session was given, the clock ends it."""
    user = workos.user("liam@example.com")["id"]
    workos.table("sessions").put(records.session(workos.world, {"user_id": user, "expires_at": "2026-03-02T13:00:00.000Z"}))
    assert len(workos.sessions(user)) == 1
    workos.world.clock.advance(60 * minute)
    assert workos.sessions(user) == []


def test_a_world_that_is_rewound_knows_nothing_of_it(workos: WorkOS) -> None:
    """Snapshots hold the whole truth: a spent token is good again, and ids come the same way once more."""
    workos.newcomer()
    signed = workos.sign_in()
    before = workos.world.snapshot()
    first = workos.refresh(signed["refresh_token"])
    workos.world.rewind(before)
    again = workos.refresh(signed["refresh_token"])
    assert again["refresh_token"] == first["refresh_token"]


# -- logout ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("return_to", "location"),
    [
        ("https://app.example.com/bye?a=1#b", "https://app.example.com/bye?a=1#b"),
        ("myapp://signed-out", "myapp://signed-out"),
        ("https://app.example.com/ünser weg", "https://example.com/"),
        ("https://app.example.com/ü", "https://app.example.com/%C3%BC"),
        ("/relative", "https://example.com/"),
        ("https://app.example.com/\r\nX-Evil: 1", "https://example.com/"),
        (None, "https://example.com/"),
    ],
)
def test_logout_ends_the_session_and_sends_the_browser_on(workos: WorkOS, return_to: str | None, location: str) -> None:
    """docs: always on, to return_to or to where the environment says; a line break never reaches a header."""
    user = workos.user("ada@example.com")["id"]
    session = workos.sessions(user)[0]
    query = {"session_id": session["id"], **({"return_to": return_to} if return_to else {})}
    reply = workos.ask("GET", "/user_management/sessions/logout", query, headers={"authorization": ""})
    assert (reply.status, reply.headers["Location"], reply.content) == (302, location, b"")
    assert session["id"] not in ids(workos.sessions(user))
    assert [event["data"]["id"] for event in workos.events("session.revoked")] == [session["id"]]
    assert workos.ask("GET", "/user_management/sessions/logout", query).status == 302


# -- signing in --------------------------------------------------------------------------------------------------------------------


def test_a_password_signs_in(workos: WorkOS) -> None:
    """user, tokens and method; no organization and no impersonator where there is none."""
    user = workos.newcomer()
    signed = workos.sign_in("  Newcomer@EXAMPLE.com ")
    assert list(signed) == ["user", "access_token", "refresh_token", "authentication_method"]
    assert signed["user"] == {**user, "last_sign_in_at": "2026-03-02T12:00:00.000Z"}
    assert signed["authentication_method"] == "Password"
    told = workos.events("authentication.password_succeeded", "session.created", "user.updated")
    assert [event["event"] for event in told] == ["authentication.password_succeeded", "session.created"]
    assert told[0]["data"] == {
        "type": "password", "status": "succeeded", "ip_address": device["ip_address"], "user_agent": agent, "user_id": user["id"],
        "email": user["email"],
    }  # fmt: skip


def test_the_token_says_who_where_and_as_what(workos: WorkOS) -> None:
    """RS256 without typ; a numeric auth_time, which the newest SDKs insist on; the one organization chosen without asking."""
    signed = workos.sign_in("ada@example.com")
    assert jwt.get_unverified_header(signed["access_token"]) == {"alg": "RS256", "kid": tokens.key()["kid"]}
    said = claims(signed["access_token"])
    (session,) = [each for each in workos.sessions(signed["user"]["id"]) if each["created_at"].startswith("2026-03-02T12:00:00.000")]
    assert said == {
        "iss": "https://api.workos.com", "sub": signed["user"]["id"], "sid": session["id"], "jti": said["jti"],
        "org_id": signed["organization_id"], "role": "admin", "roles": ["admin"], "permissions": list(records.roles["admin"]),
        "client_id": workos.keys["client_id"], "auth_time": said["iat"], "exp": said["iat"] + 300, "iat": said["iat"],
    }  # fmt: skip
    assert len(said["jti"]) == 26
    assert session["organization_id"] == signed["organization_id"]


def test_auth_time_is_that_of_the_sign_in(workos: WorkOS) -> None:
    """A renewal an hour later is issued now and still tells of the sign-in an hour ago."""
    workos.newcomer()
    signed = workos.sign_in()
    workos.world.clock.advance(60 * minute)
    said = claims(workos.refresh(signed["refresh_token"])["access_token"])
    assert said["iat"] - said["auth_time"] == 3600


def test_the_keys_have_every_member_the_document_requires(workos: WorkOS) -> None:
    """And the certificate holds the same key that signs."""
    from cryptography import x509

    told = workos.get(f"/sso/jwks/{workos.keys['client_id']}")
    (key,) = told["keys"]
    assert set(key) == {"alg", "kty", "use", "x5c", "n", "e", "kid", "x5t#S256"}
    certificate = base64.b64decode(key["x5c"][0])
    assert x509.load_der_x509_certificate(certificate).public_key() == tokens.private_key().public_key()
    assert key["x5t#S256"] == base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()
    assert workos.get("/sso/jwks/client_of_nobody", status=404) == {"message": "Not Found"}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"client_id": "client_x"}, {"error": "invalid_client", "error_description": "Invalid client ID."}),
        ({"client_secret": "sk_x"}, {"error": "invalid_client", "error_description": "Invalid client secret."}),
        ({"password": "wrong"}, {"code": "invalid_credentials", "message": "Invalid credentials for 'ada@example.com'."}),
        ({"email": "who@example.com"}, {"code": "invalid_credentials", "message": "Invalid credentials for 'who@example.com'."}),
        ({"invitation_token": "x"}, {"error": "invitation_invalid", "error_description": "The invitation is invalid."}),
        ({"grant_type": None}, {"error": "invalid_request", "error_description": "The grant type is not supported: None"}),
        ({"grant_type": "passwort"}, {"error": "invalid_request", "error_description": "The grant type is not supported: passwort"}),
        ({"grant_type": "refresh_token"}, {"error": "invalid_request", "error_description": "refresh_token is required."}),
        ({"grant_type": "authorization_code", "code": "452079"}, {"error": "invalid_grant", "error_description": "The code '452079' has expired or is invalid."}),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, {"error": "invalid_grant", "error_description": "Invalid refresh token."}),
        (
            {"grant_type": "urn:workos:oauth:grant-type:mfa-totp", "code": "1", "pending_authentication_token": "x", "authentication_challenge_id": "y"},
            {"code": "invalid_pending_authentication_token", "message": "The pending_authentication_token 'x' has expired or is invalid."},
        ),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"}, {"error": "invalid_grant", "error_description": "Invalid device code."}),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_sign_in_is_refused_in_one_of_two_shapes(workos: WorkOS, body: dict[str, Any], refusal: dict[str, str]) -> None:
    """OAuth's two members where OAuth has a word for it, code and message where WorkOS has its own."""
    given = {"grant_type": "password", "email": "ada@example.com", "password": password, **body}
    given = {key: value for key, value in given.items() if value is not None} | (
        {"grant_type": "None"} if body.get("grant_type", "") is None else {}
    )
    assert workos.authenticate(400, **given) == refusal


def test_without_a_grant_type_nothing_can_be_said(workos: WorkOS) -> None:
    """Also for bodies that are no object at all."""
    assert workos.authenticate(400) == {"error": "invalid_request", "error_description": "grant_type is required."}
    assert workos.ask("POST", "/user_management/authenticate", body=[]).status == 422
    assert workos.authenticate(422, grant_type="password", email=7, password=password)["errors"][0]["code"] == "email_string_required"


def test_a_failed_sign_in_is_told_as_an_event(workos: WorkOS) -> None:
    """With the error, and with the user where there is one."""
    workos.authenticate(400, grant_type="password", email="ada@example.com", password="wrong")
    workos.authenticate(400, grant_type="password", email="Who@example.com", password="wrong")
    known, unknown = (event["data"] for event in workos.events("authentication.password_failed"))
    assert (known["user_id"], known["error"]["code"]) == (workos.user("ada@example.com")["id"], "invalid_credentials")
    assert (unknown["user_id"], unknown["email"]) == (None, "Who@example.com")


def test_a_form_is_read_like_json(workos: WorkOS) -> None:
    """OAuth clients post forms."""
    body = urlencode({**workos.client, "grant_type": "password", "email": "ada@example.com", "password": password}).encode()
    reply = workos.ask(
        "POST",
        "/user_management/authenticate",
        body=body,
        headers={"content-type": "application/x-www-form-urlencoded", "authorization": ""},
    )
    assert reply.status == 200


def test_nulls_for_what_is_optional_are_taken(workos: WorkOS) -> None:
    """recorded: older SDKs send null for an address and agent they do not know."""
    workos.newcomer()
    signed = workos.sign_in(ip_address=None, user_agent=None)
    (session,) = workos.sessions(signed["user"]["id"])
    assert (session["ip_address"], session["user_agent"]) == (None, None)


def test_a_refresh_token_works_once(workos: WorkOS) -> None:
    """The reply brings the next one; the session is the same and was touched."""
    workos.newcomer()
    first = workos.sign_in()
    workos.world.clock.advance(10 * minute)
    second_ = workos.refresh(first["refresh_token"])
    assert claims(second_["access_token"])["sid"] == claims(first["access_token"])["sid"]
    assert second_["authentication_method"] == "Password"
    assert workos.refresh(first["refresh_token"], 400)["error"] == "invalid_grant"
    workos.refresh(second_["refresh_token"])
    (session,) = workos.sessions(first["user"]["id"])
    assert (session["created_at"], session["updated_at"]) == ("2026-03-02T12:00:00.000Z", "2026-03-02T12:10:00.000Z")
    assert len(workos.events("session.created")) == 1


def test_a_refresh_dies_with_its_user(workos: WorkOS) -> None:
    """The same words as for a token nobody ever had."""
    user = workos.newcomer()
    signed = workos.sign_in()
    workos.ask("DELETE", f"{user_path}/{user['id']}")
    assert workos.refresh(signed["refresh_token"], 400)["error_description"] == "Invalid refresh token."


def two_companies(workos: WorkOS) -> tuple[Any, Any, Any]:
    user, first, second_ = workos.newcomer(), workos.company("First"), workos.company("Second")
    workos.join(user, first)
    workos.join(user, second_, role_slugs=["admin", "agent"])
    return user, first, second_


selection: Final = "urn:workos:oauth:grant-type:organization-selection"


def test_who_belongs_to_several_chooses_one(workos: WorkOS) -> None:
    """docs: 403 with a token that stands for the proof; a wrong choice costs nothing, the right one signs in, once."""
    user, first, second_ = two_companies(workos)
    step = workos.sign_in(status=403)
    assert list(step) == ["code", "message", "pending_authentication_token", "organizations", "user"]
    assert step["code"] == "organization_selection_required"
    assert step["organizations"] == [{"id": first["id"], "name": "First"}, {"id": second_["id"], "name": "Second"}]
    assert step["user"]["id"] == user["id"]
    assert workos.sessions(user["id"]) == []
    token = step["pending_authentication_token"]
    other = workos.company("Third")
    nowhere = workos.authenticate(400, grant_type=selection, pending_authentication_token=token, organization_id="org_x")
    assert nowhere["code"] == "invalid_organization_id"
    stranger = workos.authenticate(400, grant_type=selection, pending_authentication_token=token, organization_id=other["id"])
    assert stranger["error"] == "organization_membership_not_found"
    signed = workos.authenticate(grant_type=selection, pending_authentication_token=token, organization_id=second_["id"])
    assert signed["organization_id"] == second_["id"]
    assert signed["authentication_method"] == "Password"
    said = claims(signed["access_token"])
    assert (said["role"], said["roles"]) == ("admin", ["admin", "agent"])
    spent = workos.authenticate(400, grant_type=selection, pending_authentication_token=token, organization_id=second_["id"])
    assert spent["code"] == "invalid_pending_authentication_token"


def test_a_pending_token_lives_ten_minutes(workos: WorkOS) -> None:
    """Then it is as good as none."""
    _, first, _ = two_companies(workos)
    token = workos.sign_in(status=403)["pending_authentication_token"]
    workos.world.clock.advance(10 * minute)
    late = workos.authenticate(400, grant_type=selection, pending_authentication_token=token, organization_id=first["id"])
    assert late["code"] == "invalid_pending_authentication_token"


def test_a_refresh_may_change_the_organization(workos: WorkOS) -> None:
    """To one the user is an active member of; the session moves with it."""
    user, first, second_ = two_companies(workos)
    token = workos.sign_in(status=403)["pending_authentication_token"]
    signed = workos.authenticate(grant_type=selection, pending_authentication_token=token, organization_id=first["id"])
    assert workos.refresh(signed["refresh_token"], 400, organization_id="org_x")["error"] == "organization_not_found"
    other = workos.company("Third")
    assert workos.refresh(signed["refresh_token"], 400, organization_id=other["id"])["error"] == "organization_membership_not_found"
    moved = workos.refresh(signed["refresh_token"], organization_id=second_["id"])
    assert claims(moved["access_token"])["org_id"] == moved["organization_id"] == second_["id"]
    (session,) = workos.sessions(user["id"])
    assert list(session).index("organization_id") == list(session).index("ip_address") + 1
    assert session["organization_id"] == second_["id"]


def test_a_membership_asleep_stops_the_refresh(workos: WorkOS) -> None:
    """Until it wakes; the token is not spent by the refusal."""
    user, company = workos.newcomer(), workos.company("Only")
    membership = workos.join(user, company)
    signed = workos.sign_in()
    assert signed["organization_id"] == company["id"]
    workos.put(f"/user_management/organization_memberships/{membership['id']}/deactivate")
    assert workos.refresh(signed["refresh_token"], 400)["error"] == "organization_membership_not_found"
    workos.put(f"/user_management/organization_memberships/{membership['id']}/reactivate")
    assert workos.refresh(signed["refresh_token"])["organization_id"] == company["id"]


verification: Final = "urn:workos:oauth:grant-type:email-verification:code"


def test_an_unverified_address_is_verified_on_the_way_in(workos: WorkOS) -> None:
    """recorded, docs: 403 with what the next step needs; the code verifies the address and signs in."""
    user = workos.newcomer(email_verified=False)
    step = workos.sign_in(status=403)
    assert list(step) == ["code", "message", "pending_authentication_token", "email", "email_verification_id"]
    assert (step["code"], step["email"]) == ("email_verification_required", user["email"])
    grant = workos.table("grants").get(step["pending_authentication_token"])
    assert grant is not None
    wrong = workos.authenticate(400, grant_type=verification, code="x", pending_authentication_token=grant["id"])
    assert wrong["code"] == "invalid_one_time_code"
    signed = workos.authenticate(grant_type=verification, code=grant["code"], pending_authentication_token=grant["id"])
    assert signed["user"]["email_verified"] is True
    assert workos.sessions(user["id"])[0]["auth_method"] == "password"
    told = [
        event["event"]
        for event in workos.events(
            "authentication.password_succeeded",
            "authentication.email_verification_failed",
            "authentication.email_verification_succeeded",
            "user.updated",
            "session.created",
        )
    ]
    assert told == [
        "authentication.password_succeeded", "authentication.email_verification_failed", "user.updated",
        "authentication.email_verification_succeeded", "session.created",
    ]  # fmt: skip


def test_verification_can_be_switched_off() -> None:
    """As an environment can."""
    lenient = WorkOS(site_of(["workos"], clock=noon, options={"workos": {"email_verification": "off"}}), "lenient")
    lenient.newcomer(email_verified=False)
    assert lenient.sign_in()["user"]["email_verified"] is False


magic: Final = "urn:workos:oauth:grant-type:magic-auth:code"


def test_a_one_time_code_signs_in_once(workos: WorkOS) -> None:
    """And verifies the address, for whoever reads the mail has it."""
    code = workos.post("/user_management/magic_auth", {"email": "Fresh@example.com"})
    assert list(code) == ["object", "id", "user_id", "email", "code", "expires_at", "created_at", "updated_at"]
    assert len(code["code"]) == 6
    assert code["expires_at"] == "2026-03-02T12:10:00.000Z"
    assert workos.get(f"/user_management/magic_auth/{code['id']}") == code
    wrong = f"{(int(code['code']) + 1) % 1_000_000:06d}"
    assert workos.authenticate(400, grant_type=magic, email="fresh@example.com", code=wrong)["code"] == "invalid_one_time_code"
    signed = workos.authenticate(grant_type=magic, email="FRESH@example.com", code=code["code"])
    assert signed["authentication_method"] == "MagicAuth"
    assert signed["user"]["email_verified"] is True
    assert workos.sessions(signed["user"]["id"])[0]["auth_method"] == "magic_code"
    assert (
        workos.authenticate(400, grant_type=magic, email="fresh@example.com", code=code["code"])["code"] == "one_time_code_previously_used"
    )
    (event,) = workos.events("magic_auth.created")
    assert "code" not in event["data"]


def test_a_one_time_code_expires(workos: WorkOS) -> None:
    """After ten minutes by the world's clock, to the millisecond."""
    code = workos.post("/user_management/magic_auth", {"email": "ada@example.com"})["code"]
    workos.world.clock.advance(10 * minute)
    assert workos.authenticate(400, grant_type=magic, email="ada@example.com", code=code)["code"] == "one_time_code_expired"


def begin(workos: WorkOS, **query: Any) -> Reply:
    given = {
        "response_type": "code",
        "client_id": workos.keys["client_id"],
        "redirect_uri": "https://app.example.com/cb?kept=1#end",
        "provider": "authkit",
    }
    told = {key: value for key, value in {**given, **query}.items() if value is not None}
    return workos.ask("GET", "/user_management/authorize", told, headers={"authorization": ""})


def brought_back(reply: Reply) -> dict[str, str]:
    assert reply.status == 302, reply.content
    return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def test_authorize_leads_back_with_a_code_and_the_state(workos: WorkOS) -> None:
    """What stood in redirect_uri stays; the code is a bare ULID (recorded) and signs in the user of login_hint."""
    reply = begin(workos, login_hint="Ben@example.com", state="s p&c=1")
    back = brought_back(reply)
    assert (back["kept"], back["state"], len(back["code"])) == ("1", "s p&c=1", 26)
    assert reply.headers["Location"].endswith("#end")
    signed = workos.authenticate(grant_type="authorization_code", code=back["code"])
    assert signed["user"]["email"] == "ben@example.com"
    again = workos.authenticate(400, grant_type="authorization_code", code=back["code"])
    assert again["error_description"] == f"The code '{back['code']}' has expired or is invalid."


def test_pkce_stands_for_the_secret(workos: WorkOS) -> None:
    """A public client needs the verifier of its challenge; a wrong one does not spend the code."""
    code = brought_back(begin(workos, code_challenge=challenge, code_challenge_method="S256"))["code"]
    public = {"client_secret": None, "grant_type": "authorization_code", "code": code}

    def exchange(status: int, **more: Any) -> Any:
        body = {key: value for key, value in {**workos.client, **public, **more}.items() if value is not None}
        return workos.post("/user_management/authenticate", body, status, headers={"authorization": ""})

    assert exchange(400)["error_description"] == "code_verifier is required."
    assert exchange(400, code_verifier="x" * 43)["error"] == "invalid_grant"
    assert exchange(200, code_verifier=verifier)["access_token"]
    plain = brought_back(begin(workos))["code"]
    assert exchange(400, code=plain)["error"] == "invalid_request"
    assert exchange(400, code=plain, code_verifier=verifier)["code"] == "code_challenge_not_found"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"client_id": "client_x"}, "invalid_client"),
        ({"client_id": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"provider": None}, "invalid_request"),
        ({"code_challenge": challenge}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_authorize_says_here_what_is_wrong_with_the_client(workos: WorkOS, query: dict[str, Any], error: str) -> None:
    """Nothing is sent to an address nobody vouched for."""
    reply = begin(workos, **query)
    assert (reply.status, reply.value["error"]) == (400, error)


@pytest.mark.parametrize(
    "query",
    [
        {"redirect_uri": "nowhere"},
        {"code_challenge_method": "plain"},
        {"provider": "YahooOAuth"},
        {"max_age": "-1"},
        {"response_type": "token"},
    ],
)
def test_authorize_refuses_what_the_contract_does_not_know(workos: WorkOS, query: dict[str, Any]) -> None:
    """422 for values, 400 for what is missing."""
    assert begin(workos, **query).status == 422


def test_what_is_wrong_with_the_user_goes_back(workos: WorkOS) -> None:
    """As OAuth has it."""
    company = workos.company("Elsewhere")
    assert brought_back(begin(workos, login_hint="who@example.com"))["error"] == "access_denied"
    assert brought_back(begin(workos, organization_id=company["id"]))["error"] == "organization_membership_not_found"


@pytest.mark.parametrize(
    ("query", "method", "named"),
    [
        ({"provider": "authkit"}, "password", "Password"),
        ({"provider": "GoogleOAuth"}, "oauth", "GoogleOAuth"),
        ({"provider": None, "connection_id": "conn_1"}, "sso", "SSO"),
    ],
)
def test_the_provider_is_the_method_of_the_session(workos: WorkOS, query: dict[str, Any], method: str, named: str) -> None:
    """One word in the reply, another in the session; a refresh says the first again."""
    code = brought_back(begin(workos, login_hint="liam@example.com", **query))["code"]
    signed = workos.authenticate(grant_type="authorization_code", code=code)
    assert signed["authentication_method"] == named
    assert workos.sessions(signed["user"]["id"])[0]["auth_method"] == method
    assert workos.refresh(signed["refresh_token"])["authentication_method"] == named


def test_a_code_dies_with_the_membership_that_justified_it(workos: WorkOS) -> None:
    """The code was for an organization; without it there is nothing to sign in to."""
    user, company = workos.newcomer(), workos.company("Only")
    membership = workos.join(user, company)
    code = brought_back(begin(workos, login_hint=user["email"], organization_id=company["id"]))["code"]
    workos.ask("DELETE", f"/user_management/organization_memberships/{membership['id']}")
    assert workos.authenticate(400, grant_type="authorization_code", code=code)["error"] == "invalid_grant"


def test_an_impersonator_is_named_everywhere(workos: WorkOS) -> None:
    """A code made by a colleague: in the reply, in the session, in the token's act, and in every renewal."""
    user = workos.user("grace@example.com")
    code = records.grant(
        workos.world, {"user_id": user["id"], "method": "impersonation", "impersonator": {"email": "ben@example.com", "reason": None}}
    )
    workos.table("grants").put(code)
    signed = workos.authenticate(grant_type="authorization_code", code=code["id"])
    assert signed["authentication_method"] == "Impersonation"
    assert signed["impersonator"] == {"email": "ben@example.com", "reason": None}
    assert claims(signed["access_token"])["act"] == {"sub": "ben@example.com"}
    session = workos.sessions(user["id"])[0]
    assert list(session)[:3] == ["object", "id", "impersonator"]
    assert session["auth_method"] == "impersonation"
    assert workos.refresh(signed["refresh_token"])["impersonator"]["email"] == "ben@example.com"


device_grant: Final = "urn:ietf:params:oauth:grant-type:device_code"


def test_a_device_waits_for_its_user(workos: WorkOS) -> None:
    """RFC 8628: pending, too fast, signed in when the interval is over, and never again."""
    told = workos.post("/user_management/authorize/device", {"client_id": workos.keys["client_id"]}, 200)
    assert told["interval"] == 5
    assert told["verification_uri_complete"].endswith(told["user_code"])
    body = {"client_id": workos.keys["client_id"], "grant_type": device_grant, "device_code": told["device_code"]}

    def poll(status: int) -> Any:
        return workos.post("/user_management/authenticate", body, status)

    assert poll(400)["error"] == "authorization_pending"
    assert poll(400)["error"] == "slow_down"
    workos.world.clock.advance(5 * second)
    assert poll(200)["user"]["email"] == "ada@example.com"
    assert poll(400)["error"] == "invalid_grant"


def test_a_device_code_expires(workos: WorkOS) -> None:
    """With a word of its own."""
    code = workos.post("/user_management/authorize/device", {"client_id": workos.keys["client_id"]}, 200)["device_code"]
    workos.world.clock.advance(300 * second)
    assert workos.authenticate(400, grant_type=device_grant, device_code=code)["error"] == "expired_token"
    assert workos.post("/user_management/authorize/device", {"client_id": "x"}, 400)["error"] == "invalid_client"
    assert workos.post("/user_management/authorize/device", {}, 400)["error_description"] == "client_id is required."


# -- users -------------------------------------------------------------------------------------------------------------------------


def test_a_user_has_its_fields_in_the_order_of_the_wire(workos: WorkOS) -> None:
    """recorded where recordings have them; the password never travels."""
    user = workos.newcomer(first_name="New", last_name="Comer", metadata={"team": "x"})
    assert list(user) == [
        "object", "id", "email", "email_verified", "first_name", "last_name", "name", "profile_picture_url", "external_id", "metadata",
        "last_sign_in_at", "locale", "created_at", "updated_at",
    ]  # fmt: skip
    assert user["name"] == "New Comer"
    assert workos.get(f"{user_path}/{user['id']}") == user
    assert password not in workos.ask("GET", f"{user_path}/{user['id']}").content.decode()


def test_users_are_found_by_address_and_by_organization(workos: WorkOS) -> None:
    """The address in any case; the organization by either of its two names, and only by active members."""
    company = next(iter(workos.table("organizations")))["id"]
    everybody = workos.get(user_path, {"limit": 100})["data"]
    members = workos.get(user_path, {"limit": 100, "organization_id": company})["data"]
    assert len(everybody) == 12
    assert {each["email"] for each in everybody} - {each["email"] for each in members} == {"farid@example.com"}
    assert workos.get(user_path, {"limit": 100, "organization": company})["data"] == members
    assert ids(workos.get(user_path, {"email": " ADA@example.com "})["data"]) == [workos.user("ada@example.com")["id"]]
    assert workos.get(user_path, {"email": "farid@example.com", "organization_id": company})["data"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "ADA@example.com"}, "user_creation_error"),
        ({"password": "short"}, "password_strength_error"),
        ({"external_id": "employee-00001"}, "external_id_already_used"),
        ({"metadata": {"k": 7}}, "invalid_metadata"),
        ({"metadata": {"k" * 41: "v"}}, "invalid_metadata"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "invalid_metadata"),
        ({"password_hash": "x", "password_hash_type": "bcrypt", "password": password}, "password_and_password_hash_provided"),
        ({"password_hash_type": "bcrypt", "password": password}, "password_and_password_hash_type_provided"),
        ({"password_salt_position": "prefix"}, "password_salt_position_requires_password_hash"),
        ({"password_hash": "x"}, "invalid_password_hash"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_user_that_cannot_be_is_told_why(workos: WorkOS, body: dict[str, Any], code: str) -> None:
    """official: these are 400 with a code of their own."""
    told = workos.post(user_path, {"email": "fresh@example.com", **body}, 400)
    assert told["code"] == code
    assert workos.get(user_path, {"email": "fresh@example.com"})["data"] == []


def test_a_change_leaves_the_rest_as_it_is(workos: WorkOS) -> None:
    """Metadata is laid over what is there, null takes a key away; a new address is not yet verified; the name follows its parts."""
    user = workos.newcomer(first_name="New", last_name="Comer", metadata={"a": "1", "b": "2"})
    workos.world.clock.advance(second)
    changed = workos.put(f"{user_path}/{user['id']}", {"first_name": "Newer", "metadata": {"b": None, "c": "3"}, "locale": "nl-NL"})
    assert changed == {
        **user, "first_name": "Newer", "name": "Newer Comer", "metadata": {"a": "1", "c": "3"}, "locale": "nl-NL",
        "updated_at": "2026-03-02T12:00:01.000Z",
    }  # fmt: skip
    moved = workos.put(f"{user_path}/{user['id']}", {"email": "Moved@example.com", "metadata": None})
    assert (moved["email"], moved["email_verified"], moved["metadata"]) == ("moved@example.com", False, {})
    assert [event["data"]["email"] for event in workos.events("user.updated")] == ["newcomer@example.com", "moved@example.com"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "ada@example.com"}, "email_not_available"),
        ({"email": "nowhere"}, "invalid_email"),
        ({"locale": "1"}, "invalid_locale"),
        ({"external_id": "employee-00001"}, "external_id_already_used"),
        ({"password": "short"}, "password_strength_error"),
    ],
)
def test_a_change_that_cannot_be_is_told_why(workos: WorkOS, body: dict[str, Any], code: str) -> None:
    """And changes nothing."""
    user = workos.newcomer()
    assert workos.put(f"{user_path}/{user['id']}", body, 400)["code"] == code
    assert workos.get(f"{user_path}/{user['id']}") == user


def test_a_new_password_is_the_one_that_works(workos: WorkOS) -> None:
    """And the old one no longer does."""
    user = workos.newcomer()
    workos.put(f"{user_path}/{user['id']}", {"password": "another-long-password"})
    assert workos.sign_in(status=400)["code"] == "invalid_credentials"
    workos.authenticate(grant_type="password", email=user["email"], password="another-long-password")


def test_a_deleted_user_takes_sessions_and_memberships_along(workos: WorkOS) -> None:
    """Everything that follows is told as events, in the order it happened."""
    user, company = workos.newcomer(), workos.company("Only")
    workos.join(user, company)
    workos.sign_in()
    reply = workos.ask("DELETE", f"{user_path}/{user['id']}")
    assert (reply.status, reply.content) == (200, b"")
    told = workos.events("session.revoked", "organization_membership.deleted", "user.deleted")
    assert [event["event"] for event in told] == ["session.revoked", "organization_membership.deleted", "user.deleted"]
    assert workos.ask("DELETE", f"{user_path}/{user['id']}").status == 404
    assert workos.get("/user_management/organization_memberships", {"organization_id": company["id"]})["data"] == []


# -- organizations and memberships -------------------------------------------------------------------------------------------------


def test_an_organization_has_its_fields_in_the_order_of_the_wire(workos: WorkOS) -> None:
    """recorded, domains included: the old way verifies a name by itself, the new one says how."""
    company = workos.company(
        "Two",
        domains=["Old.example.com"],
        domain_data=[{"domain": "new.example.com", "state": "verified"}, {"domain": "next.example.com", "state": "pending"}],
        metadata=None,
    )
    assert list(company) == [
        "object",
        "id",
        "name",
        "allow_profiles_outside_organization",
        "created_at",
        "updated_at",
        "domains",
        "metadata",
        "external_id",
    ]
    old, new, following = company["domains"]
    assert list(old)[:5] == ["state", "object", "id", "organization_id", "domain"]
    assert (old["state"], old["domain"]) == ("legacy_verified", "old.example.com")
    assert list(new)[:3] == ["verification_strategy", "state", "object"]
    assert (new["verification_strategy"], new["state"]) == ("manual", "verified")
    assert (following["verification_strategy"], following["state"]) == ("dns", "pending")
    assert following["verification_token"]


def test_organizations_are_found_by_domain_and_by_name(workos: WorkOS) -> None:
    """Any of several domains; any part of the name."""
    first, second_ = workos.company("Lighthouse", domains=["a.example.com"]), workos.company("Harbour Light", domains=["b.example.com"])
    assert ids(workos.get("/organizations", {"domains": "a.example.com,B.example.com"})["data"]) == [second_["id"], first["id"]]
    assert ids(workos.get("/organizations", {"search": "LIGHT"})["data"]) == [second_["id"], first["id"]]
    assert ids(workos.get("/organizations", {"search": "light", "domains": "a.example.com"})["data"]) == [first["id"]]


def test_an_organization_is_changed_and_found_by_its_external_id(workos: WorkOS) -> None:
    """What is left out stays; a Stripe customer belongs to one."""
    first, second_ = workos.company("First", external_id="x-1"), workos.company("Second")
    changed = workos.put(f"/organizations/{first['id']}", {"stripe_customer_id": "cus_1", "metadata": {"a": "b"}})
    assert changed == {**first, "metadata": {"a": "b"}, "stripe_customer_id": "cus_1"}
    assert workos.get("/organizations/external_id/x-1") == changed
    assert workos.put(f"/organizations/{second_['id']}", {"stripe_customer_id": "cus_1"}, 400)["code"] == "stripe_customer_id_already_used"
    assert workos.put(f"/organizations/{second_['id']}", {"external_id": "x-1"}, 400)["code"] == "external_id_already_used"
    assert "already exists" in workos.put(f"/organizations/{second_['id']}", {"domains": ["example.com"]}, 409)["message"]
    assert workos.put(f"/organizations/{first['id']}", {"external_id": None})["external_id"] is None
    workos.get("/organizations/external_id/x-1", status=404)


def test_a_deleted_organization_is_accepted_in_plain_text(workos: WorkOS) -> None:
    """recorded: 202 and the word. Its memberships go, and sessions in it can no longer be renewed."""
    user, company = workos.newcomer(), workos.company("Only")
    membership = workos.join(user, company)
    signed = workos.sign_in()
    reply = workos.ask("DELETE", f"/organizations/{company['id']}")
    assert (reply.status, reply.content, reply.media) == (202, b"Accepted", "text/plain; charset=utf-8")
    workos.get(f"/user_management/organization_memberships/{membership['id']}", status=404)
    assert workos.refresh(signed["refresh_token"], 400)["error"] == "organization_not_found"
    assert workos.ask("DELETE", f"/organizations/{company['id']}").status == 404


memberships: Final = "/user_management/organization_memberships"


def test_a_membership_has_its_user_and_the_name_of_its_organization(workos: WorkOS) -> None:
    """Both as they are now, not as they were."""
    user, company = workos.newcomer(), workos.company("Before")
    membership = workos.join(user, company)
    assert list(membership) == [
        "object", "id", "user_id", "organization_id", "organization_name", "status", "role", "roles", "directory_managed", "custom_attributes",
        "created_at", "updated_at", "user",
    ]  # fmt: skip
    assert (membership["status"], membership["role"], membership["roles"]) == ("active", {"slug": "member"}, [{"slug": "member"}])
    workos.put(f"/organizations/{company['id']}", {"name": "After"})
    changed = workos.put(f"{user_path}/{user['id']}", {"first_name": "Now"})
    shown = workos.get(f"{memberships}/{membership['id']}")
    assert (shown["organization_name"], shown["user"]) == ("After", changed)
    (event,) = workos.events("organization_membership.created")
    assert "user" not in event["data"]


def test_a_list_of_memberships_needs_somebody_to_list(workos: WorkOS) -> None:
    """official: a code of its own; and 404 for whom nobody knows."""
    assert workos.get(memberships, status=400)["code"] == "missing_user_id_or_organization_id"
    assert workos.get(memberships, {"user_id": "user_x"}, 404)["entity_id"] == "user_x"
    assert workos.get(memberships, {"organization_id": "org_x"}, 404)["entity_id"] == "org_x"
    assert workos.get(memberships, {"user_id": "x", "statuses": "gone"}, 422)["errors"]


def test_a_membership_sleeps_and_wakes(workos: WorkOS) -> None:
    """With the roles it had; what changes nothing tells nothing; creating one that sleeps wakes it with new roles."""
    user, company = workos.newcomer(), workos.company("Only")
    membership = workos.join(user, company, role_slug="agent")
    where = f"{memberships}/{membership['id']}"
    for _ in "12":
        assert workos.put(f"{where}/deactivate")["status"] == "inactive"
    assert workos.get(memberships, {"user_id": user["id"]})["data"] == []
    assert ids(workos.get(memberships, {"user_id": user["id"], "statuses": "inactive,pending"})["data"]) == [membership["id"]]
    assert workos.put(f"{where}/reactivate")["role"] == {"slug": "agent"}
    assert workos.post(memberships, {"user_id": user["id"], "organization_id": company["id"]}, 409)["code"] == "entity_already_exists"
    workos.put(f"{where}/deactivate")
    woken = workos.join(user, company, role_slug="admin")
    assert (woken["id"], woken["status"], woken["role"]) == (membership["id"], "active", {"slug": "admin"})
    assert len(workos.events("organization_membership.updated")) == 4


def test_a_pending_membership_waits_for_its_invitation(workos: WorkOS) -> None:
    """official: neither put to sleep, nor woken, nor made anew."""
    user, company = workos.newcomer(), workos.company("Only")
    made_ = records.membership(workos.world, {"user_id": user["id"], "organization_id": company["id"], "status": "pending"})
    workos.table("organization_memberships").put(made_)
    for verb in ("deactivate", "reactivate"):
        assert workos.put(f"{memberships}/{made_['id']}/{verb}", status=400)["code"] == f"cannot_{verb}_pending_organization_membership"
    body = {"user_id": user["id"], "organization_id": company["id"]}
    assert workos.post(memberships, body, 400)["code"] == "cannot_reactivate_pending_organization_membership"
    assert workos.ask("DELETE", f"{memberships}/{made_['id']}").status == 200


def test_roles_are_given_one_way_or_the_other(workos: WorkOS) -> None:
    """recorded: several are taken, the first being the primary one. Unknown ones have a code of their own."""
    user, company = workos.newcomer(), workos.company("Only")
    membership = workos.join(user, company, role_slugs=["admin", "member", "admin"])
    assert membership["roles"] == [{"slug": "admin"}, {"slug": "member"}]
    where = f"{memberships}/{membership['id']}"
    assert workos.put(where, {"role_slug": "agent"})["roles"] == [{"slug": "agent"}]
    assert workos.put(where, {})["roles"] == [{"slug": "agent"}]
    assert workos.put(where, {"role_slug": "emperor"}, 422)["code"] == "invalid_role"
    assert workos.put(where, {"role_slug": "agent", "role_slugs": ["agent"]}, 422)["code"] == "invalid_request_parameters"


# -- events and webhooks -----------------------------------------------------------------------------------------------------------


def test_events_must_be_asked_for_by_name(workos: WorkOS) -> None:
    """The very bytes of the recording."""
    for query in ("", "events="):
        reply = workos.ask("GET", "/events", query)
        assert reply.status == 400
        assert reply.content == (
            b'{"message":"One or more event names (e.g. dsync.user.created) must be provided using the events parameter.",'
            b'"code":"invalid_events_request"}'
        )


def test_events_come_oldest_first_and_know_no_way_back(workos: WorkOS) -> None:
    """recorded: list_metadata has `after` alone; sdk: oldest first; the order of an event's members is the recorded one."""
    page = workos.get("/events", {"events": "session.created", "limit": 3})
    assert list(page["list_metadata"]) == ["after"]
    assert list(page["data"][0]) == ["object", "id", "event", "created_at", "data"]
    times = [event["created_at"] for event in page["data"]]
    assert times == sorted(times)
    following = workos.get("/events", {"events": "session.created", "limit": 3, "after": page["list_metadata"]["after"]})
    assert following["data"][0]["created_at"] >= times[-1]
    assert set(ids(page["data"])).isdisjoint(ids(following["data"]))
    assert workos.get("/events", {"events": "session.created", "order": "desc", "limit": 1})["data"][0]["created_at"] > times[-1]


def test_events_of_one_moment_stay_in_their_order(workos: WorkOS) -> None:
    """A frozen clock gives many events one time; they still come as they happened."""
    for number in range(30):
        workos.newcomer(f"nr{number}@example.com")
    told = workos.events("user.created")
    assert [event["data"]["email"] for event in told] == [f"nr{number}@example.com" for number in range(30)]
    assert ids(told) == sorted(ids(told))


def test_events_are_filtered_by_time_and_organization(workos: WorkOS) -> None:
    """From and including the start, up to and not including the end; what concerns an organization, itself included."""
    company = workos.company("Only")
    workos.world.clock.advance(second)
    workos.join(workos.newcomer(), company)
    names = "organization.created,user.created,organization_membership.created"
    assert [event["event"] for event in workos.events(names, organization_id=company["id"])] == [
        "organization.created",
        "organization_membership.created",
    ]
    assert [event["event"] for event in workos.events(names, range_end="2026-03-02T12:00:01Z")] == ["organization.created"]
    assert len(workos.events(names, range_start="2026-03-02T12:00:01Z")) == 2
    assert workos.get("/events", {"events": names, "range_start": "2026-03-02T12:00:00+00:00"}, 422)["errors"][0]["field"] == "range_start"
    assert workos.events(names, range_start="2026-03-03") == []


def test_events_are_kept_for_thirty_days(workos: WorkOS) -> None:
    """docs."""
    workos.newcomer()
    workos.world.clock.advance(30 * day)
    assert len(workos.events("user.created")) == 1
    workos.world.clock.advance(1)
    assert workos.events("user.created") == []


def hook(workos: WorkOS, *events: str, url: str = "https://hooks.example.com/workos") -> Any:
    return workos.post("/webhook_endpoints", {"endpoint_url": url, "events": list(events)})


def test_an_endpoint_hears_what_it_asked_for_while_it_is_enabled(workos: WorkOS) -> None:
    """One delivery an event, in order, of the event itself."""
    endpoint = hook(workos, "session.created", "session.revoked")
    assert list(endpoint) == ["object", "id", "endpoint_url", "secret", "status", "events", "created_at", "updated_at"]
    assert (endpoint["status"], endpoint["secret"][:6], endpoint["id"][:3]) == ("enabled", "whsec_", "we_")
    hook(workos, "user.deleted", url="https://hooks.example.com/other")
    workos.newcomer()
    user = workos.sign_in()["user"]["id"]
    (session,) = workos.sessions(user)
    workos.post("/user_management/sessions/revoke", {"session_id": session["id"]}, 200)
    sent = [orjson.loads(post.body) for post in workos.world.outbox]
    assert sent == workos.events("session.created", "session.revoked")
    workos.said(workos.ask("PATCH", f"/webhook_endpoints/{endpoint['id']}", body={"status": "disabled"}), 200)
    workos.sign_in()
    assert len(workos.world.outbox) == 2


def test_a_delivery_is_signed_with_the_secret_of_its_endpoint(workos: WorkOS) -> None:
    """docs, sdk: milliseconds, a dot, the raw body; a comma and a space between the two parts."""
    endpoint = hook(workos, "user.created")
    workos.newcomer(first_name="Zoë")
    (post,) = workos.world.outbox
    header = sign(workos.world, post, 1_772_452_800_123)["WorkOS-Signature"]
    digest = hmac.new(endpoint["secret"].encode(), b"1772452800123." + post.body, hashlib.sha256).hexdigest()
    assert header == f"t=1772452800123, v1={digest}"
    assert "Zoë".encode() in post.body
    assert (post.url, post.due) == (endpoint["endpoint_url"], workos.world.clock.now())


def test_endpoints_are_changed_and_deleted(workos: WorkOS) -> None:
    """One address, one endpoint; a URL that cannot be delivered to has a code of its own; 204 at the end."""
    first, second_ = hook(workos, "user.created"), hook(workos, "user.created", url="http://127.0.0.1:9/x")
    assert ids(workos.get("/webhook_endpoints")["data"]) == [second_["id"], first["id"]]
    where = f"/webhook_endpoints/{second_['id']}"
    taken = workos.ask("PATCH", where, body={"endpoint_url": first["endpoint_url"]})
    assert (taken.status, taken.value["code"]) == (409, "duplicate_endpoint")
    assert workos.post("/webhook_endpoints", {"endpoint_url": first["endpoint_url"], "events": []}, 409)["code"] == "duplicate_endpoint"
    for url in ("ftp://example.com/x", "no url", "https:///x"):
        assert workos.said(workos.ask("PATCH", where, body={"endpoint_url": url}), 422)["code"] == "invalid_url"
    assert workos.said(workos.ask("PATCH", where, body={"events": ["user.invented"]}), 422)["code"] == "invalid_request_parameters"
    same = workos.said(workos.ask("PATCH", where, body={"endpoint_url": second_["endpoint_url"], "events": ["user.deleted"]}), 200)
    assert same == {**second_, "events": ["user.deleted"]}
    gone = workos.ask("DELETE", where)
    assert (gone.status, gone.content) == (204, b"")
    assert workos.said(workos.ask("DELETE", where), 404) == {
        "message": f"Webhook Endpoint not found: '{second_['id']}'.", "code": "entity_not_found", "entity_id": second_["id"],
    }  # fmt: skip


# -- repeated calls and limits -----------------------------------------------------------------------------------------------------


def test_a_repeated_call_is_answered_as_the_first_time(workos: WorkOS) -> None:
    """recorded: the same key and body bring the same reply; nothing happens twice."""
    first, again = (workos.ask("POST", "/organizations", body={"name": "Once"}, headers={"idempotency-key": "foo"}) for _ in "12")
    assert (first.status, first.content) == (again.status, again.content)
    assert len(workos.events("organization.created")) == 1


def test_a_key_belongs_to_one_call(workos: WorkOS) -> None:
    """recorded, word for word. Another door is another call."""
    workos.ask("POST", "/organizations", body={"name": "Once"}, headers={"idempotency-key": "bar"})
    words = "Another idempotency key (bar) with different request parameters was found. Please use a different idempotency key."
    for path, body in (("/organizations", {"name": "Twice"}), (user_path, {"name": "Once", "email": "x@example.com"})):
        assert workos.said(workos.ask("POST", path, body=body, headers={"idempotency-key": "bar"}), 400) == {"message": words}


def test_a_repeated_refresh_burns_no_second_token(workos: WorkOS) -> None:
    """The client that lost the reply and asks again under its key gets the tokens it lost."""
    workos.newcomer()
    token = workos.sign_in()["refresh_token"]
    body = {**workos.client, "grant_type": "refresh_token", "refresh_token": token}
    first, again = (workos.post("/user_management/authenticate", body, 200, headers={"idempotency-key": "r"}) for _ in "12")
    assert first == again
    assert workos.refresh(first["refresh_token"])["user"] == first["user"]


def test_an_empty_reply_is_repeated_empty(workos: WorkOS) -> None:
    """Also when there is nothing to repeat."""
    body = {"session_id": workos.sessions(workos.user("ada@example.com")["id"])[0]["id"]}
    for _ in "12":
        reply = workos.ask("POST", "/user_management/sessions/revoke", body=body, headers={"idempotency-key": "e"})
        assert (reply.status, reply.content) == (200, b"")


def test_a_key_is_kept_for_a_day_and_a_failure_not_at_all(workos: WorkOS) -> None:
    """docs: 24 hours. What failed may be tried again under its key once the reason is gone."""
    headers = {"idempotency-key": "again"}
    body = {"session_id": "session_x"}
    assert workos.ask("POST", "/user_management/sessions/revoke", body=body, headers=headers).status == 404
    workos.table("sessions").put(records.session(workos.world, {"id": "session_x", "user_id": workos.user("ada@example.com")["id"]}))
    assert workos.ask("POST", "/user_management/sessions/revoke", body=body, headers=headers).status == 200
    workos.world.clock.advance(day)
    assert workos.ask("POST", "/organizations", body={"name": "x"}, headers=headers).status == 201


def test_limits_are_as_documented_when_they_are_on(limited: WorkOS) -> None:
    """500 writes in 10 seconds, then 429 with a wait that is true; reads go on."""
    for _ in range(500):
        assert limited.ask("POST", "/user_management/sessions/revoke", body={"session_id": "x"}).status == 404
    reply = limited.ask("POST", "/user_management/sessions/revoke", body={"session_id": "x"})
    assert (reply.status, reply.value, reply.headers["Retry-After"]) == (429, {"message": "Too Many Requests"}, "10")
    assert limited.ask("GET", user_path).status == 200
    limited.world.clock.advance(10 * second)
    assert limited.ask("POST", "/user_management/sessions/revoke", body={"session_id": "x"}).status == 404


def test_guessing_a_password_is_limited_by_address(limited: WorkOS) -> None:
    """docs: ten in a minute; OAuth's shape, as the document has it at this door. Another address is not concerned."""
    for _ in range(10):
        limited.authenticate(400, grant_type="password", email="ada@example.com", password="guess")
    assert limited.sign_in("ADA@example.com", 429) == {"error": "too_many_requests", "error_description": "Too many requests."}
    limited.sign_in("ben@example.com")


def test_without_limits_nobody_waits(workos: WorkOS) -> None:
    """The default: prose has the limits, no recording does."""
    for _ in range(12):
        workos.authenticate(400, grant_type="password", email="ada@example.com", password="guess")
    workos.sign_in("ada@example.com")


# -- any sequence ------------------------------------------------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """Sign in, renew, revoke, sign out, wait: what the list says is what a simple model says."""

    shared: Site | None = None

    @initialize()
    def start(self) -> None:
        Life.shared = Life.shared or site_of(["workos"], clock=noon)
        Life.shared.worlds.drop("life")
        self.workos = WorkOS(Life.shared, "life")
        self.user = self.workos.newcomer()
        self.alive: dict[str, tuple[str, int]] = {}  # session id: its refresh token, and when it expires
        self.dead: list[str] = []  # refresh tokens that must not work

    @rule()
    def sign_in(self) -> None:
        signed = self.workos.sign_in()
        key = claims(signed["access_token"])["sid"]
        self.alive[key] = (signed["refresh_token"], self.workos.world.clock.now() + 365 * day + 3)

    def ended(self, key: str) -> None:
        self.dead.append(self.alive.pop(key)[0])

    @precondition(lambda self: self.alive)
    @rule(pick=st.randoms(use_true_random=False))
    def refresh(self, pick: Any) -> None:
        key = pick.choice(sorted(self.alive))
        token, until = self.alive[key]
        renewed = self.workos.refresh(token)
        assert claims(renewed["access_token"])["sid"] == key
        self.dead.append(token)
        self.alive[key] = (renewed["refresh_token"], until)

    @precondition(lambda self: self.alive)
    @rule(pick=st.randoms(use_true_random=False), way=st.sampled_from(["revoke", "logout"]))
    def end(self, pick: Any, way: str) -> None:
        key = pick.choice(sorted(self.alive))
        if way == "revoke":
            self.workos.post("/user_management/sessions/revoke", {"session_id": key}, 200)
        else:
            assert self.workos.ask("GET", "/user_management/sessions/logout", {"session_id": key}).status == 302
        self.ended(key)

    @rule(days=st.sampled_from([0, 1, 100, 300]))
    def wait(self, days: int) -> None:
        self.workos.world.clock.advance(days * day + 1)
        for key in [key for key, (_, until) in self.alive.items() if until <= self.workos.world.clock.now()]:
            self.ended(key)

    @precondition(lambda self: self.dead)
    @rule(pick=st.randoms(use_true_random=False))
    def use_what_is_spent(self, pick: Any) -> None:
        assert self.workos.refresh(pick.choice(self.dead), 400)["error"] == "invalid_grant"

    @invariant()
    def the_list_is_what_is_alive(self) -> None:
        listed = self.workos.sessions(self.user["id"], order="asc")
        assert ids(listed) == list(self.alive)
        assert all(session["status"] == "active" and session["ended_at"] is None for session in listed)


TestLife = Life.TestCase


def test_times_are_written_in_milliseconds() -> None:
    """recorded: three digits and Z, always."""
    assert iso_ms(1_772_452_800_000) == noon.replace("Z", ".000Z")


def test_a_seeded_grant_may_say_all_or_nothing(workos: WorkOS) -> None:
    """The door for impersonation: a code for somebody, good for ten minutes."""
    record: Record = records.grant(workos.world, {"user_id": workos.user("ada@example.com")["id"]})
    assert (record["type"], record["expires_at"]) == ("authorization_code", "2026-03-02T12:10:00.000Z")
