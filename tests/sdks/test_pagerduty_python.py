"""PagerDuty's own Python client, unmodified, over a real socket."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pagerduty
import pytest

from mockserver.vendors.pagerduty.records import account_key, read_only_key, scoped_token

Client = pagerduty.RestApiV2Client
Connect = Callable[..., Client]


@pytest.fixture
def place(served: Callable[[str], Any]) -> Any:
    return served("pagerduty")


@pytest.fixture
def connect(place: Any) -> Iterator[Connect]:
    """The client as its own documentation makes it; only the address and the CA are ours."""
    trust = ssl.create_default_context(cafile=place.ca)
    with ExitStack() as opened:

        def connected(key: str, auth_type: str = "token") -> Client:
            client = Client(key, auth_type=auth_type, base_url=place.tls_url, verify=trust)
            opened.callback(client.close)
            return client

        yield connected


@pytest.fixture
def client(place: Any, connect: Connect) -> Client:
    return connect(place.credentials["api_key"])


def busiest(client: Client) -> tuple[str, list[dict[str, Any]]]:
    """The id of the person with the most sessions, and these sessions."""
    people = client.list_all("users")
    return max(((each["id"], client.rget(f"/users/{each['id']}/sessions")) for each in people), key=lambda pair: len(pair[1]))


def path_of(session: dict[str, Any]) -> str:
    return f"/users/{session['user_id']}/sessions/{session['type']}/{session['id']}"


def refusal(call: Callable[[], Any]) -> tuple[int, Any]:
    """Status and body of the error the client raises."""
    with pytest.raises(pagerduty.HttpError) as raised:
        call()
    response = raised.value.response
    assert response is not None
    return response.status_code, response.json()


def test_every_person_comes_once_however_small_the_pages(client: Client) -> None:
    """iter_all follows more and offset over several pages and meets everybody once, in the same order."""
    whole = [person["id"] for person in client.list_all("users")]
    paged = [person["id"] for person in client.iter_all("users", page_size=2)]
    assert len(whole) > 4
    assert paged == whole
    assert len(set(whole)) == len(whole)


def test_the_total_is_a_number_when_asked_for(client: Client) -> None:
    """get_total puts body["total"] into int(), so total=true must make it one."""
    assert client.get_total("users") == len(client.list_all("users"))


def test_a_person_is_found_by_address(client: Client) -> None:
    """find() asks with query= and compares the address itself."""
    someone = client.list_all("users")[-1]
    found = client.find("users", someone["email"], attribute="email")
    assert found is not None
    assert found["id"] == someone["id"]


def test_a_record_leads_back_to_itself(client: Client) -> None:
    """self is an address under the base address the client was given: the client refuses any other."""
    someone = client.list_all("users")[0]
    assert client.rget(someone)["email"] == someone["email"]


def test_the_account_has_a_subdomain(client: Client) -> None:
    """The client reads it out of html_url."""
    assert client.subdomain == "example-company"


def test_a_session_is_shown_revoked_and_gone(client: Client) -> None:
    """The whole way: list, show, delete one, see it gone from the list, meet the typed error."""
    user, sessions = busiest(client)
    first, *rest = sessions
    assert set(first) == {"id", "user_id", "created_at", "type", "summary"}
    assert client.rget(path_of(first)) == first

    assert client.rdelete(path_of(first)).status_code == 204
    assert client.rget(f"/users/{user}/sessions") == rest
    assert refusal(lambda: client.rget(path_of(first))) == (404, {"error": {"message": "Not Found", "code": 2100}})


def test_all_sessions_of_a_person_end_at_once(client: Client) -> None:
    """DELETE of the list leaves it empty, and ending nothing is no error."""
    user, sessions = busiest(client)
    assert len(sessions) > 100
    assert client.rdelete(f"/users/{user}/sessions").status_code == 204
    assert client.rget(f"/users/{user}/sessions") == []
    assert client.rdelete(f"/users/{user}/sessions").status_code == 204


def test_delegations_come_page_by_page_behind_their_cursor(client: Client) -> None:
    """iter_cursor follows next_cursor until it is null."""
    user, _ = busiest(client)
    whole = list(client.iter_cursor(f"/users/{user}/oauth_delegations"))
    paged = list(client.iter_cursor(f"/users/{user}/oauth_delegations", page_size=50))
    assert len(whole) > 300
    assert paged == whole


def test_a_delegation_is_shown_and_revoked(client: Client) -> None:
    """The show reply is wrapped as the client unwraps it; revoking by type turns its state and ends the sessions."""
    user, _ = busiest(client)
    web = next(each for each in client.iter_cursor(f"/users/{user}/oauth_delegations") if each["delegation_type"] == "web")
    assert web["status"] == "issued"
    assert client.rget(web) == web

    reply = client.rdelete("/oauth_delegations", params={"user_id": user, "type": "web,mobile"})
    assert reply.json() == {"status": "ok"}
    assert client.rget(web) == {**web, "status": "revoked"}
    assert client.rget(f"/users/{user}/sessions") == []


def test_configuring_sessions_ends_them(client: Client) -> None:
    """PUT is wrapped on the way out and unwrapped on the way in; sessions of its type are gone after it."""
    user, sessions = busiest(client)
    assert sessions
    assert refusal(lambda: client.rget("/session_configurations"))[0] == 404
    lengths = {"absolute_session_ttl": 3600, "idle_session_ttl": 600}
    made = client.rput("/session_configurations", params={"type": "web"}, json=lengths)
    assert made == [{"type": "web", **lengths}]
    assert client.rget("/session_configurations") == made
    assert client.rget(f"/users/{user}/sessions") == []
    assert client.rdelete("/session_configurations", params={"type": "web"}).status_code == 204


def test_an_oauth_token_is_as_good_as_a_key(place: Any, connect: Connect) -> None:
    """Bearer tokens sign in where keys do, and say who they are."""
    client = connect(place.credentials["oauth_token"], auth_type="bearer")
    assert client.rget("/users/me")["role"] == "admin"
    assert client.list_all("users")


def test_the_client_tells_keys_of_users_and_of_the_account_apart(client: Client, connect: Connect) -> None:
    """It looks for words in the bare string that /users/me answers to a key of the account."""
    assert client.api_key_access == "user"
    assert connect(account_key).api_key_access == "account"


def test_what_is_not_allowed_raises_with_the_reason(connect: Connect, client: Client) -> None:
    """A read-only key and a token without the scope meet their two kinds of 403."""
    user, sessions = busiest(client)
    path = f"/users/{user}/sessions"
    denied = {"error": {"message": "Access Denied", "code": 2010}}
    assert refusal(lambda: connect(read_only_key).rdelete(path)) == (403, denied)
    unscoped = {"error": {"message": "Token missing required scopes", "required_scopes": "users:sessions.write"}}
    assert refusal(lambda: connect(scoped_token, auth_type="bearer").rdelete(path)) == (403, unscoped)
    assert client.rget(path) == sessions


def test_a_wrong_key_raises_at_once(connect: Connect) -> None:
    """The client gives up on a 401 instead of trying again."""
    stranger = connect("nobodys_key_at_all_1")
    assert refusal(lambda: stranger.rget("/users")) == (401, {"error": {"message": "Authentication failed", "code": 2006}})


def test_too_many_calls_are_told_so(place: Any, client: Client) -> None:
    """A client that is told to try a 429 only once more returns it, with what PagerDuty says about the minute."""
    given = {"authorization": f"Token token={place.credentials['api_key']}", "mock-world": place.world}
    for _ in range(960):
        place.site.answer("GET", "https", "localhost", "/pagerduty/session_configurations", "", given, b"")
    client.retry[429] = 1
    client.sleep_timer = 0
    reply = client.get("/users")
    assert reply is not None
    assert (reply.status_code, reply.json()) == (429, {"error": {"message": "Rate Limit Exceeded", "code": 2020}})
    assert (reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"]) == ("960", "0")
