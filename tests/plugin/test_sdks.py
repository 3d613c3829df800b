"""The official Python SDKs, unmodified, each by socket and by interception: the same test bodies, and the contract as the verdict."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

either_way = pytest.mark.parametrize(
    "way",
    [
        pytest.param("socket", id="by socket"),
        pytest.param("intercept", marks=pytest.mark.mockserver(intercept=True), id="by interception"),
    ],
)

pytestmark = either_way


def offboard(client: Any, email: str) -> None:
    """What a client's author would write: log somebody out everywhere."""
    (user,) = client.user_management.list_users(email=email).data
    for session in client.user_management.list_sessions(user.id).auto_paging_iter():
        client.user_management.revoke_session(session_id=session.id)


def test_everyone_is_logged_out(workos: Any, way: str) -> None:
    """WorkOS' client revokes every session, and the state says so."""
    from workos import WorkOSClient

    assert workos.state.sessions(user="ada@example.com", status="active")
    with WorkOSClient(api_key=workos.credentials["api_key"], client_id=workos.credentials["client_id"], base_url=workos.url) as client:
        offboard(client, "ada@example.com")
    assert not workos.state.sessions(user="ada@example.com", status="active")
    assert workos.calls.made("revokeSession", status=200)


def test_pagerduty_signs_somebody_out(pagerduty: Any, way: str) -> None:
    """PagerDuty's client finds a person, ends every session, and the state is empty of them."""
    from pagerduty import RestApiV2Client

    trust = ssl.create_default_context(cafile=pagerduty.ca)
    with RestApiV2Client(pagerduty.credentials["api_key"], base_url=pagerduty.tls_url, verify=trust) as client:
        person: Any = client.find("users", "elif@example.com", attribute="email")
        for session in client.rget(f"/users/{person['id']}/sessions"):
            client.rdelete(f"/users/{person['id']}/sessions/{session['type']}/{session['id']}")
    assert pagerduty.state.sessions(user="elif@example.com") == []
    assert pagerduty.state.sessions(user="hugo@example.com")


def test_zendesk_ends_the_sessions_of_a_user(zendesk: Any, way: str) -> None:
    """Zendesk's client pages through the sessions and deletes those of one user in one call."""
    import zendesk as sdk

    security = sdk.models.Security(username=f"{zendesk.credentials['email']}/token", password=zendesk.credentials["api_token"])
    client = sdk.Zendesk(security=security, server_url=zendesk.url)
    user = zendesk.state.users.one(email="farid@example.com")
    assert zendesk.state.sessions(user="farid@example.com")
    client.sessions.bulk_delete_sessions_by_user_id(user_id=user["id"])
    assert zendesk.state.sessions(user="farid@example.com") == []


def test_azure_signs_in_and_ends_a_session(azure: Any, way: str) -> None:
    """azure-identity signs in at the authority and azure-mgmt ends the first session it finds."""
    from urllib.parse import urlsplit

    from azure.identity import ClientSecretCredential
    from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient

    known = azure.credentials
    real = {} if way == "intercept" else {"authority": f"https://{urlsplit(azure.tls_url).netloc}", "disable_instance_discovery": True}
    credential = ClientSecretCredential(
        known["tenant_id"], known["client_id"], known["client_secret"], connection_verify=azure.ca, **real
    )  # fmt: skip
    there = {} if way == "intercept" else {"base_url": azure.tls_url, "credential_scopes": ["https://management.azure.com/.default"]}
    with credential, DesktopVirtualizationMgmtClient(credential, known["subscription_id"], connection_verify=azure.ca, **there) as client:
        listed: Any = client.host_pools.list()
        pools = [(pool.id.split("/")[4], pool.name) for pool in listed]
        session: Any = next(session for pool in pools for session in client.user_sessions.list_by_host_pool(*pool))
        group = session.id.split("/")[4]
        pool, host, number = session.name.split("/")
        before = len(azure.state.sessions)
        client.user_sessions.delete(group, pool, host, number, force=True)
    assert len(azure.state.sessions) == before - 1
