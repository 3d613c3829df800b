"""The unmodified python-zendesk over a real socket."""

from __future__ import annotations

import ssl
from collections import Counter
from typing import Any

import httpx
import pytest

zendesk = pytest.importorskip("zendesk")
models = zendesk.models
errors = zendesk.errors


def client(served: Any, **credentials: str) -> Any:
    """The SDK as its README says to make one, pointed at the server."""
    word = served.credentials | credentials
    security = models.Security(username=f"{word['email']}/token", password=word["api_token"])
    return zendesk.Zendesk(security=security, server_url=served.url)


def pages(first: Any) -> list[Any]:
    """Every page from the first one on, as the SDK's own `next` finds them."""
    found = []
    while first is not None:
        found.append(first.result)
        first = first.next()
    return found


def all_sessions(sdk: Any, page_size: int = 100) -> list[Any]:
    return [s for page in pages(sdk.sessions.list_sessions(page_size=page_size)) for s in page.sessions]


def busiest(sessions: list[Any], but: int) -> Any:
    """The user, other than `but`, with the most sessions."""
    return next(user for user, _ in Counter(s.user_id for s in sessions).most_common() if user != but)


def test_sessions_are_listed_over_pages_that_end(served: Any) -> None:
    """Small pages hold exactly what large pages hold, and the loop stops at the empty page."""
    sdk = client(served("zendesk"))
    large = all_sessions(sdk)
    small = pages(sdk.sessions.list_sessions(page_size=7))
    assert [s.id for page in small for s in page.sessions] == [s.id for s in large]
    assert len(small) == -(-len(large) // 7) + 1
    assert small[-1].sessions == []


def test_a_listed_session_is_shown_with_all_five_fields(served: Any) -> None:
    """Show answers the session that the list named, as the array of one the SDK demands."""
    sdk = client(served("zendesk"))
    listed = sdk.sessions.list_sessions(page_size=1).result.sessions[0]
    (shown,) = sdk.sessions.show_session(session_id=listed.id, user_id=listed.user_id).session
    assert shown == listed
    assert shown.url.endswith(f"/api/v2/users/{shown.user_id}/sessions/{shown.id}.json")
    assert shown.authenticated_at and shown.last_seen_at


def test_an_ended_session_is_gone(served: Any) -> None:
    """After a delete the session answers 404 as the SDK's APIError, and no list has it."""
    sdk = client(served("zendesk"))
    ended = sdk.sessions.list_sessions(page_size=1).result.sessions[0]
    sdk.sessions.delete_session(session_id=ended.id, user_id=ended.user_id)
    with pytest.raises(errors.APIError) as caught:
        sdk.sessions.show_session(session_id=ended.id, user_id=ended.user_id)
    assert caught.value.status_code == 404
    assert caught.value.body == '{"error":"RecordNotFound","description":"Not found"}'
    assert ended.id not in {s.id for s in all_sessions(sdk)}


def test_bulk_delete_ends_one_users_sessions_and_nobody_elses(served: Any) -> None:
    """Every session of the user goes, every other stays."""
    sdk = client(served("zendesk"))
    me = sdk.users.show_current_user().user.id
    before = all_sessions(sdk)
    user = busiest(before, me)
    sdk.sessions.bulk_delete_sessions_by_user_id(user_id=user)
    assert [s.id for s in all_sessions(sdk)] == [s.id for s in before if s.user_id != user]


def test_logout_many_signs_every_named_user_out(served: Any) -> None:
    """The SDK gets the empty text that the document promises, and the sessions are gone."""
    sdk = client(served("zendesk"))
    me = sdk.users.show_current_user().user.id
    before = all_sessions(sdk)
    out = [user for user, _ in Counter(s.user_id for s in before).most_common(3) if user != me][:2]
    assert sdk.users.logout_many_users(ids=",".join(map(str, out))) == ""
    assert not {s.user_id for s in all_sessions(sdk)} & set(out)


def test_users_are_listed_filtered_and_shown(served: Any) -> None:
    """Users page by cursor, filter by role, and show as they were listed."""
    sdk = client(served("zendesk"))
    listed = [u for page in pages(sdk.users.list_users(page_size=10)) for u in page.users]
    assert len(listed) == len({u.id for u in listed}) >= 3
    agents = sdk.users.list_users(role_query_parameter="agent").result.users
    assert agents and {u.id for u in agents} == {u.id for u in listed if u.role == "agent"}
    staff = sdk.users.list_users(role_query_parameter1="admin").result.users
    assert staff and {u.role for u in staff} == {"admin"}
    assert sdk.users.show_user(user_id=agents[0].id).user == agents[0]


def test_a_token_has_no_current_session(served: Any) -> None:
    """An API token cannot show or renew a current session, and its logout ends nothing."""
    sdk = client(served("zendesk"))
    before = all_sessions(sdk)
    for ask in (sdk.sessions.show_currently_authenticated_session, sdk.sessions.renew_current_session):
        with pytest.raises(errors.APIError) as caught:
            ask()
        assert caught.value.status_code == 404
    sdk.sessions.delete_authenticated_session()
    assert [s.id for s in all_sessions(sdk)] == [s.id for s in before]


def test_wrong_credentials_are_typed_errors(served: Any) -> None:
    """A wrong token is 401 everywhere; no credentials at all are an anonymous user for users/me alone."""
    there = served("zendesk")
    wrong = client(there, api_token="wrong")
    for ask in (wrong.sessions.list_sessions, wrong.users.show_current_user):
        with pytest.raises(errors.APIError) as caught:
            ask()
        assert caught.value.status_code == 401
        assert caught.value.body == """{"error":"Couldn't authenticate you"}"""
    anonymous = zendesk.Zendesk(server_url=there.url)
    user = anonymous.users.show_current_user().user
    assert (user.id, user.name) == (None, "Anonymous user")
    with pytest.raises(errors.APIError):
        anonymous.sessions.list_sessions()


def test_an_oauth_token_serves_as_well(served: Any) -> None:
    """The SDK's own header argument carries a bearer token."""
    there = served("zendesk")
    sdk = zendesk.Zendesk(server_url=there.url)
    bearer = {"Authorization": f"Bearer {there.credentials['oauth_token']}"}
    assert sdk.users.show_current_user(http_headers=bearer).user.email == there.credentials["email"]
    assert sdk.sessions.list_sessions(http_headers=bearer).result.sessions


def test_the_sdk_works_over_tls(served: Any) -> None:
    """With the throw-away CA given to its HTTP client, the SDK speaks TLS."""
    there = served("zendesk")
    word = there.credentials
    with httpx.Client(verify=ssl.create_default_context(cafile=there.ca)) as http:
        sdk = zendesk.Zendesk(
            security=models.Security(username=f"{word['email']}/token", password=word["api_token"]),
            server_url=there.tls_url,
            client=http,
        )
        assert sdk.users.show_current_user().user.email == word["email"]
