"""Steering: state, clock, calls, faults and checkpoints, as a test uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mockserver import vendors
from mockserver.errors import BadOption, MockServerError
from mockserver.testing.state import BadRecord, words


def client_of(double: Any) -> httpx.Client:
    """A client of PagerDuty in the process."""
    key = {"authorization": f"Token token={double.credentials['api_key']}"}
    return httpx.Client(transport=double.transport(), base_url="https://api.pagerduty.com", headers=key)


# -- state ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", vendors.names())
def test_the_sessions_of_a_person_are_found_by_address(mockserver: Any, name: str) -> None:
    """`sessions(user=…)` means the same in every vendor, however its records speak of a user."""
    double = mockserver[name]
    mine, everybody = double.state.sessions(user="hugo@example.com"), len(double.state.sessions)
    assert 0 < len(mine) < everybody
    assert len(mine) > len(double.state.sessions(user="kamala@example.com"))


def test_a_record_that_is_read_is_a_copy(pagerduty: Any) -> None:
    """Changing what was read changes nothing that is remembered."""
    ada = pagerduty.state.users.one(email="ada@example.com")
    ada["name"] = "Somebody else"
    assert pagerduty.state.users[ada["id"]]["name"] == "Ada Okafor"


def test_nothing_that_never_travels_is_shown(workos: Any) -> None:
    """Passwords and other insides are left out."""
    assert all(not name.startswith("_") for user in workos.state.users for name in user)


def test_a_record_is_added_changed_and_removed(pagerduty: Any) -> None:
    """And the client sees each step."""
    client, path = client_of(pagerduty), "/users?query=zoe"
    zoe = pagerduty.state.users.add(name="Zoe", email="zoe@example.com")
    session = pagerduty.state.sessions.add(user="zoe@example.com")
    assert session["user_id"] == zoe["id"]
    assert [each["name"] for each in client.get(path).json()["users"]] == ["Zoe"]
    pagerduty.state.users.change(zoe, name="Zoe Adams")
    assert [each["name"] for each in client.get(path).json()["users"]] == ["Zoe Adams"]
    pagerduty.state.users.remove(zoe["id"])
    assert client.get(path).json()["users"] == []
    assert zoe["id"] not in pagerduty.state.users
    assert pagerduty.state.users.get(zoe["id"]) is None


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        (lambda state: state.users.add(role="emperor"), BadRecord, '/role: "emperor" is not one of'),
        (lambda state: state.users.add(nmae="Zoe"), MockServerError, "unknown field of pagerduty's users 'nmae': did you mean 'name'?"),
        (lambda state: state.users.change("PNOBODY", name="x"), KeyError, "pagerduty has no users 'PNOBODY'"),
        (lambda state: state.users.change(state.users.one(email="ada@example.com"), email=5), BadRecord, "/email: 5 is not of type"),
        (lambda state: state.users.change(state.users.one(email="ada@example.com"), id="P0"), BadRecord, "another key"),
        (lambda state: state.users.remove("PNOBODY"), KeyError, "pagerduty has no users 'PNOBODY'"),
        (lambda state: state.users.one(role="admin"), AssertionError, "have role='admin', not one"),
        (lambda state: state["usrs"], MockServerError, "unknown kind of pagerduty 'usrs': did you mean 'users'?"),
    ],
    ids=["value", "field", "nobody", "change", "key", "remove", "not one", "kind"],
)  # fmt: skip
def test_state_refuses_what_the_contract_would_not_allow(
    pagerduty: Any, change: Callable[[Any], Any], kind: type[Exception], told: str
) -> None:
    """The field is named, and nothing is written."""
    start = pagerduty.checkpoint()
    with pytest.raises(kind) as refused:
        change(pagerduty.state)
    assert told in str(refused.value)
    assert not start.diff()


def test_a_kind_that_is_not_there_is_no_attribute(pagerduty: Any) -> None:
    """So hasattr and copy work as they do on everything else."""
    assert not hasattr(pagerduty.state, "usrs")
    assert hasattr(pagerduty.state, "users")
    assert not hasattr(pagerduty.state, "__deepcopy__")


@pytest.mark.parametrize(
    ("name", "parts"),
    [("userPrincipalName", ["user", "principal", "name"]), ("user_id", ["user", "id"]), ("hostPoolARMPath", ["host", "pool", "arm", "path"]), ("id", ["id"])],
    ids=str,
)  # fmt: skip
def test_names_are_split_into_words_as_people_read_them(name: str, parts: list[str]) -> None:
    """In either spelling."""
    assert words(name) == parts


# -- clock ----------------------------------------------------------------------------------------------------------------


def test_the_clock_is_frozen_set_and_advanced(workos: Any) -> None:
    """Datetimes, ISO texts, seconds, timedeltas and words for them are understood."""
    clock = workos.clock
    clock.freeze("2026-12-01T00:00:00Z")
    assert clock.frozen
    assert clock.now == datetime(2026, 12, 1, tzinfo=UTC)
    clock.advance(90)
    clock.advance(timedelta(minutes=1))
    clock.advance(hours=1, minutes=30)
    assert clock.now == datetime(2026, 12, 1, 1, 32, 30, tzinfo=UTC)
    clock.set(datetime(2026, 11, 30, tzinfo=UTC))
    assert clock.now == datetime(2026, 11, 30, tzinfo=UTC)
    clock.run()
    assert not clock.frozen


@pytest.mark.parametrize(
    "move",
    [
        lambda clock: clock.freeze("noon"),
        lambda clock: clock.set(5),
        lambda clock: clock.advance("1h"),
        lambda clock: clock.advance(weeksss=1),
    ],
    ids=["freeze", "set", "advance", "unit"],
)
def test_a_time_that_is_none_is_one_clear_line(workos: Any, move: Callable[[Any], None]) -> None:
    """And says what would be understood."""
    with pytest.raises(BadOption, match=r"2026-01-31T09:00:00Z|timedelta"):
        move(workos.clock)


def test_what_falls_due_happens_when_the_clock_is_moved(pagerduty: Any) -> None:
    """Sessions of an age that no session reaches are gone without a call having been made."""
    assert len(pagerduty.state.sessions) > 300
    pagerduty.clock.advance(days=400)
    assert len(pagerduty.state.sessions) == 0


def test_a_rate_window_follows_the_clock(pagerduty: Any) -> None:
    """The 961st call of a minute is refused, and a minute later it is not."""
    pagerduty.clock.freeze()
    client = client_of(pagerduty)
    statuses = {client.get("/users/me").status_code for _ in range(960)}
    assert statuses == {200}
    assert client.get("/users/me").status_code == 429
    pagerduty.clock.advance(60)
    assert client.get("/users/me").status_code == 200


# -- calls ----------------------------------------------------------------------------------------------------------------


def test_calls_tell_what_was_sent_and_answered(pagerduty: Any) -> None:
    """Typed parameters, the body read, status and reply."""
    body = {"session_configuration": {"absolute_session_ttl": 3600, "idle_session_ttl": 1800}}
    client_of(pagerduty).put("/session_configurations?type=web,mobile", json=body)
    (made,) = pagerduty.calls
    assert (made.operation, made.method, made.status) == ("updateSessionConfigurations", "PUT", 200)
    assert made.params["type"] == ["web", "mobile"]
    assert made.json == body
    assert len(made.reply["session_configurations"]) == 2
    assert made.at == pagerduty.clock.now or made.at < pagerduty.clock.now
    assert pagerduty.calls.made("updateSessionConfigurations", times=1, body={"session_configuration": {"idle_session_ttl": 1800}})
    pagerduty.calls.none("listUsers")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (lambda calls: calls.made("listUsers", limit=5), ["listUsers(limit=5) was never called. The nearest call:", "limit was 2, not 5"]),
        (lambda calls: calls.made("listUsers", times=3), ["listUsers() was called twice, not 3 times", "GET /users?limit=1 → 200"]),
        (lambda calls: calls.made("listUsers", status=404), ["its status was 200, not 404"]),
        (lambda calls: calls.made("getUser"), ["getUser() was never called. What was called:", "GET /users?limit=2 → 200"]),
        (lambda calls: calls.made("listUsers", params={"include[]": ["teams"]}), ["parameter include[] was not given, not ['teams']"]),
        (lambda calls: calls.none("listUsers"), ["listUsers was called twice:"]),
    ],
    ids=["parameter", "times", "status", "another operation", "a name that is no word", "none"],
)
def test_a_call_that_was_not_made_is_told_with_the_nearest(pagerduty: Any, wanted: Callable[[Any], Any], words: list[str]) -> None:
    """The failure says what was called instead and what is different."""
    for limit in (1, 2):
        client_of(pagerduty).get(f"/users?limit={limit}")
    with pytest.raises(AssertionError) as unmet:
        wanted(pagerduty.calls)
    for each in words:
        assert each in str(unmet.value).replace("limit was 1, not 5", "limit was 2, not 5")


# -- faults ---------------------------------------------------------------------------------------------------------------


def test_a_fault_strikes_as_often_as_it_is_told(pagerduty: Any) -> None:
    """Twice, then no more; only the operation that is named; and it says how often it has struck."""
    client = client_of(pagerduty)
    struck = pagerduty.fail("listUsers", status=429, times=2)
    assert [client.get("/users").status_code for _ in range(3)] == [429, 429, 200]
    assert client.get("/users/me").status_code == 200
    assert struck.times == 2
    assert [made.fault for made in pagerduty.calls] == ["fault 1", "fault 1", "", ""]


def test_a_429_has_the_headers_of_the_vendors_own_limiter(pagerduty: Any) -> None:
    """No call is left, and the body is the one the real limiter gives; the limit itself is not used up."""
    client = client_of(pagerduty)
    left = int(client.get("/users").headers["ratelimit-remaining"])
    with pagerduty.fail("listUsers", status=429):
        refused = client.get("/users")
    assert (refused.status_code, refused.headers["ratelimit-remaining"]) == (429, "0")
    assert refused.json()["error"]["code"] == 2020
    assert int(client.get("/users").headers["ratelimit-remaining"]) == left - 2


@pytest.mark.mockserver(strict=False)
@pytest.mark.parametrize("name", vendors.names())
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_fault_made_error_keeps_every_vendors_contract(mockserver: Any, name: str, status: int) -> None:
    """For every operation: the vendor's own body, which its contract allows."""
    double = mockserver[name]
    with double.fail(status=status):
        for operation in double.engine.contract.operations.values():
            path = re.sub(r"\{[^}]+\}", "1", operation.path)
            reply = double.answer(operation.method, "https", double.hosts[0], path, "", {}, b"")
            assert (reply.status, reply.headers.get("Mock-Problem")) == (status, None), f"{operation.id}: {reply.value}"


def test_an_undocumented_status_needs_a_body_of_ones_own(pagerduty: Any) -> None:
    """Else it would break the contract; with a body, it is sent as it is and counts against nobody."""
    with pytest.raises(BadOption, match="never answers 502 by its contract"):
        pagerduty.fail("listUsers", status=502)
    pagerduty.fail("listUsers", status=502, body="<h1>Bad Gateway</h1>", media="text/html")
    reply = client_of(pagerduty).get("/users")
    assert (reply.status_code, reply.text, reply.headers["content-type"]) == (502, "<h1>Bad Gateway</h1>", "text/html")


def test_faults_strike_alike_for_the_same_seed(mockserver: Any, mockserver_factory: Any) -> None:
    """Half of the calls fail, and the same half in another world of this seed, and after a rewind."""

    def story(double: Any) -> list[int]:
        client = client_of(double)
        return [client.get("/users/me").status_code for _ in range(40)]

    double = mockserver["pagerduty"]
    start = double.checkpoint()
    double.fault("half of it down")
    first = story(double)
    start.rewind()
    assert set(story(double)) == {200}
    start.rewind()
    double.fault("half of it down")
    assert story(double) == first
    assert 8 < first.count(503) < 32
    with mockserver_factory("pagerduty") as other:
        other.fault("half of it down")
        assert story(other) == first


def test_a_fault_does_not_change_what_the_world_draws(mockserver_factory: Any) -> None:
    """The ids of new records are the same with and without faults."""
    made = []
    for faults in ([], ["bad day"]):
        with mockserver_factory("pagerduty", faults=faults) as bench:
            client = client_of(bench)
            for _ in range(5):
                bench.answer("GET", "https", "api.pagerduty.com", "/users", "", dict(client.headers), b"")
            made.append(bench.state.users.add(name="Zoe")["id"])
    assert made[0] == made[1]


def test_a_schedule_skips_spaces_and_ends(pagerduty: Any) -> None:
    """skip, every, times, and a time of the world's clock."""
    client = client_of(pagerduty)
    pagerduty.clock.freeze("2026-12-01T00:00:00Z")
    pagerduty.fail("getCurrentUser", status=503, skip=1, every=3, times=2)
    assert [client.get("/users/me").status_code for _ in range(9)] == [200, 503, 200, 200, 503, 200, 200, 200, 200]
    begin = int(datetime(2026, 12, 1, 0, 1, tzinfo=UTC).timestamp() * 1000)
    pagerduty.fail("listUsers", status=503, since=begin, until=begin + 1000)
    seen = []
    for _ in range(3):
        seen.append(client.get("/users").status_code)
        pagerduty.clock.advance(60)
    assert seen == [200, 503, 200]


def test_a_stale_read_shows_yesterdays_truth_until_the_lag_is_over(pagerduty: Any) -> None:
    """Deleted here, still listed there, for so many seconds of the world's clock."""
    pagerduty.clock.freeze()
    client = client_of(pagerduty)
    (first, *_) = pagerduty.state.sessions(user="ada@example.com")
    at = f"/users/{first['user_id']}/sessions"
    pagerduty.fault({"effect": "stale", "seconds": 5})
    assert client.delete(f"{at}/{first['type']}/{first['id']}").status_code == 204

    def ids() -> list[str]:
        return [each["id"] for each in client.get(at).json()["user_sessions"]]

    assert first["id"] in ids()
    assert first["id"] not in pagerduty.state.sessions
    pagerduty.clock.advance(6)
    assert first["id"] not in ids()


def test_faults_compose(pagerduty: Any) -> None:
    """A slow error of the wrong type: each effect does its part."""
    pagerduty.fault({"effect": "media", "media": "text/plain"})
    pagerduty.fail("listUsers", status=500)
    pagerduty.slow("listUsers", seconds=0.01)
    reply = client_of(pagerduty).get("/users")
    assert (reply.status_code, reply.headers["content-type"]) == (500, "text/plain")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"effect": "slw", "seconds": 1}, "unknown effect of a fault 'slw': did you mean 'slow'?"),
        ({"effect": "slow", "second": 1}, "did you mean 'seconds'?"),
        ({"effect": "slow", "seconds": -1}, "seconds -1 is not a number of seconds"),
        ({"effect": "slow"}, "missing 1 required positional argument: 'seconds'"),
        ({"status": 42}, "status 42 is not a status from 200 to 599"),
        ({"status": 500, "chance": 2}, "chance 2 is not a number from 0 to 1"),
        ({"status": 500, "times": 0}, "times 0 is not a whole number from 1 on"),
        ({"effect": "cut", "where": "middle"}, "where 'middle' is not one of before, head, body, after"),
        ("bad dya", "unknown pack of faults 'bad dya': did you mean 'bad day'?"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_fault_that_cannot_be_is_one_clear_line(pagerduty: Any, told: Any, message: str) -> None:
    """With the nearest that can."""
    with pytest.raises(MockServerError) as refused:
        pagerduty.fault(told)
    assert message in str(refused.value)


# -- checkpoints ----------------------------------------------------------------------------------------------------------


def test_a_diff_says_in_words_what_the_client_changed(pagerduty: Any) -> None:
    """Added, removed, changed from what to what; and nothing when nothing was."""
    start = pagerduty.checkpoint()
    assert str(start.diff()) == "nothing changed"
    (first, *_) = pagerduty.state.sessions(user="ada@example.com")
    client_of(pagerduty).delete(f"/users/{first['user_id']}/sessions/{first['type']}/{first['id']}")
    zoe = pagerduty.state.users.add(name="Zoe", email="zoe@example.com")
    told = str(start.diff()).splitlines()
    assert any(line.startswith(f"pagerduty: sessions {first['id']}") and line.endswith("was removed") for line in told)
    assert f"pagerduty: users {zoe['id']} (Zoe) was added" in told
    assert any("oauth_delegations" in line and "changed status from 'issued' to 'revoked'" in line for line in told)
    assert {change.word for change in start.diff()} == {"added", "removed", "changed"}


def test_a_rewind_takes_everything_back(pagerduty: Any) -> None:
    """Records, clock, faults and counters; the calls that were made stay made."""
    pagerduty.clock.freeze("2026-12-01T00:00:00Z")
    start = pagerduty.checkpoint()
    client = client_of(pagerduty)
    first = client.get("/users").headers["ratelimit-remaining"]
    pagerduty.state.users.add(name="Zoe")
    pagerduty.clock.advance(5)
    pagerduty.fail(status=500)
    start.rewind()
    assert not start.diff()
    assert pagerduty.clock.now == datetime(2026, 12, 1, tzinfo=UTC)
    assert client.get("/users").headers["ratelimit-remaining"] == first
    assert len(pagerduty.calls) == 2
