"""WorkOS's own Python client, unmodified, over a real socket."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest
import workos
from cryptography.fernet import Fernet
from workos._errors import EmailVerificationRequiredError, OrganizationSelectionRequiredError
from workos.organization_membership._resource import RoleSingle
from workos.session import AuthenticateWithSessionCookieFailureReason as Reason
from workos.session import seal_session_from_auth_response
from workos.user_management._resource import PasswordPlaintext

Client = workos.WorkOSClient


def client_of(place: Any, api_key: str) -> Client:
    return Client(api_key=api_key, client_id=place.credentials["client_id"], base_url=place.url)


agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
device: Any = {"ip_address": "198.51.100.77", "user_agent": agent}
password = "correct-horse-battery-staple"


@pytest.fixture
def place(served: Callable[[str], Any]) -> Any:
    return served("workos")


@pytest.fixture
def client(place: Any) -> Iterator[Client]:
    """The client as its own documentation makes it; only the address is ours."""
    with client_of(place, place.credentials["api_key"]) as client:
        yield client


@pytest.fixture
def newcomer(client: Client) -> Any:
    """A user who never signed in."""
    return client.user_management.create_user(
        email="newcomer@example.com", first_name="New", email_verified=True, password=PasswordPlaintext(password=password)
    )


def sign_in(client: Client, email: str = "newcomer@example.com") -> Any:
    return client.user_management.authenticate_with_password(email=email, password=password, **device)


def sessions_of(client: Client, user: str, **how: Any) -> list[Any]:
    return list(client.user_management.list_sessions(user, **how).auto_paging_iter())


def ids(records: list[Any]) -> list[str]:
    return [record.id for record in records]


def seal(client: Client, answer: Any, key: str) -> Any:
    data = seal_session_from_auth_response(
        access_token=answer.access_token, refresh_token=answer.refresh_token, user=answer.user.to_dict(), cookie_password=key
    )
    return client.user_management.load_sealed_session(session_data=data, cookie_password=key)


class _StayHere(HTTPRedirectHandler):
    """Look at a redirect instead of following it."""

    def redirect_request(self, *_: Any) -> None:
        return None


def location(url: str) -> str:
    """Where an address sends the browser."""
    with pytest.raises(HTTPError) as seen:
        build_opener(_StayHere).open(url)
    with seen.value as reply:
        assert reply.code == 302
        return str(reply.headers["Location"])


def test_every_user_comes_once_however_small_the_pages(client: Client) -> None:
    """auto_paging_iter follows list_metadata.after and meets everybody once, in the same order."""
    users = client.user_management
    whole = ids(list(users.list_users(limit=100).auto_paging_iter()))
    assert len(whole) > 4
    assert ids(list(users.list_users(limit=2).auto_paging_iter())) == whole
    assert len(set(whole)) == len(whole)


def test_hundreds_of_sessions_come_in_several_pages(client: Client) -> None:
    """Newest first by default, oldest first when asked, the same ones whatever the size of a page."""
    hugo = client.user_management.list_users(email="hugo@example.com").data[0]
    whole = sessions_of(client, hugo.id, limit=100)
    assert len(whole) > 200
    assert ids(sessions_of(client, hugo.id, limit=7)) == ids(whole)
    assert ids(sessions_of(client, hugo.id, limit=50, order="asc")) == ids(whole)[::-1]
    assert [each.created_at for each in whole] == sorted((each.created_at for each in whole), reverse=True)


def test_order_normal_turns_the_cursors_round(client: Client) -> None:
    """With order=normal the older page lies behind `before`."""
    hugo = client.user_management.list_users(email="hugo@example.com").data[0]
    whole = ids(sessions_of(client, hugo.id, limit=100))
    first = client.user_management.list_sessions(hugo.id, limit=5, order="normal")
    assert ids(first.data) == whole[:5]
    assert first.after is None
    second = client.user_management.list_sessions(hugo.id, limit=5, order="normal", before=first.before)
    assert ids(second.data) == whole[5:10]


def test_a_sign_in_makes_a_session_that_says_where_it_came_from(client: Client, newcomer: Any) -> None:
    """The session carries the device that the application told, not the application's own."""
    answer = sign_in(client)
    (session,) = sessions_of(client, newcomer.id)
    assert (session.ip_address, session.user_agent) == (device["ip_address"], agent)
    assert session.auth_method == "password"
    assert session.status == "active"
    assert session.ended_at is None
    assert answer.user.id == newcomer.id


def test_a_revoked_session_is_gone_and_cannot_be_renewed(client: Client, newcomer: Any) -> None:
    """The whole way: sign in, list, revoke, see it gone, and meet invalid_grant with its refresh token."""
    answer = sign_in(client)
    (session,) = sessions_of(client, newcomer.id)
    client.user_management.revoke_session(session_id=session.id)
    assert sessions_of(client, newcomer.id) == []
    with pytest.raises(workos.BadRequestError) as refused:
        client.user_management.authenticate_with_refresh_token(refresh_token=answer.refresh_token)
    assert refused.value.error == "invalid_grant"


def test_a_refresh_token_works_once(client: Client, newcomer: Any) -> None:
    """A token that was used is spent; the one that came instead works."""
    first = sign_in(client)
    second = client.user_management.authenticate_with_refresh_token(refresh_token=first.refresh_token)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(workos.BadRequestError):
        client.user_management.authenticate_with_refresh_token(refresh_token=first.refresh_token)
    client.user_management.authenticate_with_refresh_token(refresh_token=second.refresh_token)


def test_a_repeated_call_with_its_idempotency_key_burns_no_second_token(client: Client, newcomer: Any) -> None:
    """The client repeats a call under one key; WorkOS answers what it answered before."""
    first = sign_in(client)
    again: workos.RequestOptions = {"idempotency_key": "one-and-the-same"}
    one, two = (
        client.user_management.authenticate_with_refresh_token(refresh_token=first.refresh_token, request_options=again) for _ in "12"
    )
    assert one.refresh_token == two.refresh_token


def test_an_unknown_session_is_a_typed_error(client: Client) -> None:
    """NotFoundError with the code, and the id of the call for support."""
    with pytest.raises(workos.NotFoundError) as gone:
        client.user_management.revoke_session(session_id="session_01H93ZY4F80QPBEZ1R5B2SHQG8")
    assert gone.value.code == "entity_not_found"
    assert gone.value.message == "Session not found: 'session_01H93ZY4F80QPBEZ1R5B2SHQG8'."
    assert gone.value.request_id


def test_a_wrong_key_is_a_typed_error(place: Any) -> None:
    """AuthenticationError, with the plain words of WorkOS."""
    with client_of(place, "sk_test_of_nobody") as stranger, pytest.raises(workos.AuthenticationError, match="Unauthorized"):
        stranger.user_management.list_users()


def test_a_malformed_call_is_a_typed_error(client: Client) -> None:
    """UnprocessableEntityError, with the list of what is wrong."""
    with pytest.raises(workos.UnprocessableEntityError) as refused:
        client.user_management.list_users(limit=101)
    assert refused.value.code == "invalid_request_parameters"
    assert refused.value.errors


def test_a_sealed_session_is_checked_and_renewed(client: Client, newcomer: Any) -> None:
    """The client's session helper works whole: keys, claims, renewal, and the refusal of the spent cookie."""
    key = Fernet.generate_key().decode()
    cookie = seal(client, sign_in(client), key)
    old = cookie.session_data
    checked = cookie.authenticate()
    assert checked.authenticated
    assert checked.session_id == ids(sessions_of(client, newcomer.id))[0]
    renewed = cookie.refresh()
    assert renewed.authenticated
    assert renewed.session_id == checked.session_id
    spent: Any = client.user_management.load_sealed_session(session_data=old, cookie_password=key).refresh()
    assert not spent.authenticated
    assert "invalid_grant" in str(spent.reason)


def test_a_forged_token_does_not_pass(client: Client, newcomer: Any) -> None:
    """A token with another signature is refused by the keys that WorkOS shows."""
    answer = sign_in(client)
    head, claims, signature = answer.access_token.split(".")
    answer.access_token = f"{head}.{claims}.{signature[::-1]}"
    checked: Any = seal(client, answer, Fernet.generate_key().decode()).authenticate()
    assert checked.reason == Reason.INVALID_JWT


def test_signing_out_in_the_browser_ends_the_session(client: Client, newcomer: Any) -> None:
    """The address that the client makes ends the session and leads to return_to."""
    cookie = seal(client, sign_in(client), Fernet.generate_key().decode())
    assert location(cookie.get_logout_url(return_to="https://app.example.com/bye")) == "https://app.example.com/bye"
    assert sessions_of(client, newcomer.id) == []
    assert not cookie.refresh().authenticated


def test_the_browser_way_with_pkce(client: Client, newcomer: Any) -> None:
    """The code comes back with the state, works once, and only with the verifier."""
    users = client.user_management
    begun = users.get_authorization_url_with_pkce(
        redirect_uri="https://app.example.com/callback", provider="authkit", login_hint="newcomer@example.com"
    )
    back = urlsplit(location(begun["url"]))
    query = parse_qs(back.query)
    assert query["state"] == [begun["state"]]
    (code,) = query["code"]
    with pytest.raises(workos.BadRequestError):
        users.authenticate_with_code_pkce(code=code, code_verifier="x" * 43)
    begun = users.get_authorization_url_with_pkce(
        redirect_uri="https://app.example.com/callback", provider="authkit", login_hint="newcomer@example.com"
    )
    (code,) = parse_qs(urlsplit(location(begun["url"])).query)["code"]
    answer = users.authenticate_with_code_pkce(code=code, code_verifier=begun["code_verifier"], **device)
    assert answer.user.id == newcomer.id
    with pytest.raises(workos.BadRequestError) as spent:
        users.authenticate_with_code_pkce(code=code, code_verifier=begun["code_verifier"])
    assert spent.value.error == "invalid_grant"


def test_a_one_time_code(client: Client, newcomer: Any) -> None:
    """Magic auth: the code signs in once, and the session says by which method."""
    code = client.user_management.create_magic_auth(email="newcomer@example.com")
    answer = client.user_management.authenticate_with_magic_auth(code=code.code, email="newcomer@example.com", **device)
    assert answer.authentication_method == "MagicAuth"
    assert sessions_of(client, newcomer.id)[0].auth_method == "magic_code"
    with pytest.raises(workos.BadRequestError) as spent:
        client.user_management.authenticate_with_magic_auth(code=code.code, email="newcomer@example.com")
    assert spent.value.code == "one_time_code_previously_used"


def test_an_unverified_address_is_asked_for_its_code(client: Client) -> None:
    """EmailVerificationRequiredError carries what the next step needs."""
    client.user_management.create_user(email="unverified@example.com", password=PasswordPlaintext(password=password))
    with pytest.raises(EmailVerificationRequiredError) as step:
        sign_in(client, "unverified@example.com")
    assert step.value.pending_authentication_token
    assert step.value.email == "unverified@example.com"
    assert str(step.value.email_verification_id).startswith("email_verification_")


def test_who_belongs_to_two_organizations_chooses_one_and_may_switch(client: Client, newcomer: Any) -> None:
    """OrganizationSelectionRequiredError lists them; the chosen one is in the token, and a refresh can change it."""
    first = client.organizations.create_organization(name="First")
    second = client.organizations.create_organization(name="Second")
    memberships = client.organization_membership
    memberships.create_organization_membership(user_id=newcomer.id, organization_id=first.id)
    memberships.create_organization_membership(user_id=newcomer.id, organization_id=second.id, role=RoleSingle(role_slug="admin"))
    with pytest.raises(OrganizationSelectionRequiredError) as step:
        sign_in(client)
    assert {each["id"] for each in step.value.organizations or ()} == {first.id, second.id}
    answer = client.user_management.authenticate_with_organization_selection(
        pending_authentication_token=str(step.value.pending_authentication_token), organization_id=first.id
    )
    assert answer.organization_id == first.id
    cookie = seal(client, answer, Fernet.generate_key().decode())
    assert cookie.authenticate().organization_id == first.id
    switched = cookie.refresh(organization_id=second.id)
    assert (switched.organization_id, switched.role, switched.roles) == (second.id, "admin", ["admin"])
    assert switched.permissions


def test_a_membership_sleeps_wakes_and_goes(client: Client, newcomer: Any) -> None:
    """Deactivated, reactivated, deleted; the list shows active ones until told otherwise."""
    company = client.organizations.create_organization(name="Somewhere")
    memberships = client.organization_membership
    made = memberships.create_organization_membership(user_id=newcomer.id, organization_id=company.id)
    assert memberships.deactivate_organization_membership(made.id).status == "inactive"
    assert memberships.list_organization_memberships(user_id=newcomer.id).data == []
    asleep = memberships.list_organization_memberships(user_id=newcomer.id, statuses=["inactive", "pending"])
    assert ids(asleep.data) == [made.id]
    assert memberships.reactivate_organization_membership(made.id).status == "active"
    memberships.delete_organization_membership(made.id)
    with pytest.raises(workos.NotFoundError):
        memberships.get_organization_membership(made.id)


def test_a_user_is_changed_found_and_deleted(client: Client, newcomer: Any) -> None:
    """Every verb of users, with their sessions gone at the end."""
    users = client.user_management
    users.update_user(newcomer.id, first_name="Renamed", external_id="crm-1")
    assert users.get_user_by_external_id("crm-1").first_name == "Renamed"
    users.delete_user(newcomer.id)
    with pytest.raises(workos.NotFoundError):
        users.get_user(newcomer.id)
    with pytest.raises(workos.NotFoundError):
        users.list_sessions(newcomer.id)


def test_events_tell_the_life_of_a_session_oldest_first(client: Client, newcomer: Any) -> None:
    """Created, then revoked; parsed into the client's own types."""
    sign_in(client)
    (session,) = sessions_of(client, newcomer.id)
    client.user_management.revoke_session(session_id=session.id)
    told: Any = client.events.list_events(events=["session.created", "session.revoked"], limit=100).auto_paging_iter()
    mine = [event for event in told if event.data.id == session.id]
    assert [type(event).__name__ for event in mine] == ["SessionCreated", "SessionRevoked"]
    assert [event.data.status for event in mine] == ["active", "revoked"]


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A web hook receiver: `.url` and a queue of (body, signature)."""
    arrivals: queue.Queue[tuple[bytes, str]] = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrivals.put((self.rfile.read(int(self.headers["Content-Length"])), self.headers["WorkOS-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}/hook"  # type: ignore[attr-defined]  # a place to keep it that closes with the server
    server.arrivals = arrivals  # type: ignore[attr-defined]  # a place to keep it that closes with the server
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_delivery_passes_the_clients_own_check(client: Client, newcomer: Any, receiver: Any) -> None:
    """The signature fits the secret, the body is the event, and a wrong secret is found out."""
    endpoint = client.webhooks.create_webhook_endpoint(endpoint_url=receiver.url, events=["session.created"])
    sign_in(client)
    body, signature = receiver.arrivals.get(timeout=10)
    event: Any = client.webhooks.verify_event(event_body=body, event_signature=signature, secret=endpoint.secret)
    assert event.event == "session.created"
    assert event.data.user_id == newcomer.id
    assert json.loads(body)["object"] == "event"
    with pytest.raises(ValueError, match="Signature hash"):
        client.webhooks.verify_event(event_body=body, event_signature=signature, secret="whsec_other")
    with pytest.raises(workos.ConflictError) as twice:
        client.webhooks.create_webhook_endpoint(endpoint_url=receiver.url, events=["session.created"])
    assert twice.value.code == "duplicate_endpoint"
    client.webhooks.delete_webhook_endpoint(endpoint.id)
    assert client.webhooks.list_webhook_endpoints().data == []
