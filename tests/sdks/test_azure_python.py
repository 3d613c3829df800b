"""The unmodified Python SDK of Azure, signed in by azure-identity, against a real socket with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("azure.mgmt.desktopvirtualization")
pytest.importorskip("azure.identity")

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient
from azure.mgmt.desktopvirtualization.models import SendMessage, SessionHostPatch

# The SDK's own models declare None for what the service fills in.
Sdk = Any


def credential(azure: Any, secret: str | None = None) -> ClientSecretCredential:
    """A real sign-in at the fake's own authority, which cannot have a path."""
    known = azure.credentials
    return ClientSecretCredential(
        known["tenant_id"],
        known["client_id"],
        secret or known["client_secret"],
        authority=f"https://{urlsplit(azure.tls_url).netloc}",
        disable_instance_discovery=True,
        connection_verify=azure.ca,
    )


@contextmanager
def client(azure: Any, **options: Any) -> Iterator[Sdk]:
    """The SDK as its documentation makes it; only the addresses and the CA are ours."""
    where = {"base_url": azure.tls_url, "connection_verify": azure.ca}
    with (
        credential(azure) as signed_in,
        DesktopVirtualizationMgmtClient(signed_in, azure.credentials["subscription_id"], **where, **options) as opened,
    ):
        yield opened


def code_of(error: HttpResponseError) -> str | None:
    """The code the SDK read out of the error body."""
    return error.error.code if error.error else None


class Busiest:
    """The pool with the most sessions, and where its first session is."""

    def __init__(self, sdk: Sdk) -> None:
        pools = [(pool.id.split("/")[4], pool.name) for pool in sdk.host_pools.list()]
        listed = {place: list(sdk.user_sessions.list_by_host_pool(*place)) for place in pools}
        self.group, self.pool = max(listed, key=lambda place: len(listed[place]))
        self.sessions = listed[self.group, self.pool]
        self.first = self.sessions[0]
        _, self.host, self.number = self.first.name.split("/")

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.group, self.pool, self.host, self.number


@pytest.fixture
def azure(served: Any) -> Any:
    return served("azure")


@pytest.fixture
def sdk(azure: Any) -> Iterator[Sdk]:
    with client(azure) as opened:
        yield opened


def test_azure_identity_signs_in_with_a_client_secret(azure: Any) -> None:
    """ClientSecretCredential discovers the tenant and gets a bearer token, unmodified."""
    with credential(azure) as signed_in:
        token = signed_in.get_token("https://management.azure.com/.default")
    assert token.token
    assert token.expires_on > 0


def test_azure_identity_meets_a_wrong_secret_as_its_own_error(azure: Any) -> None:
    """A wrong secret is ClientAuthenticationError with the AADSTS code in it."""
    with credential(azure, "wrong") as refused, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        refused.get_token("https://management.azure.com/.default")


def test_pages_of_three_equal_one_long_list(sdk: Sdk) -> None:
    """Following nextLink gives every session once, in the same order as one page does."""
    there = Busiest(sdk)
    pages = [
        [session.id for session in page] for page in sdk.user_sessions.list_by_host_pool(there.group, there.pool, page_size=3).by_page()
    ]
    assert len(pages) > 1
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert [each for page in pages for each in page] == [session.id for session in there.sessions]


def test_a_filter_survives_paging(sdk: Sdk) -> None:
    """The SDK re-encodes the query of nextLink; the filter in it still holds on the second page."""
    there = Busiest(sdk)
    whose = max({session.user_principal_name for session in there.sessions}, key=[s.user_principal_name for s in there.sessions].count)
    found = sdk.user_sessions.list_by_host_pool(there.group, there.pool, filter=f"userPrincipalName eq '{whose}'", page_size=50)
    assert [session.id for session in found] == [session.id for session in there.sessions if session.user_principal_name == whose]


def test_a_list_can_run_backwards(sdk: Sdk) -> None:
    """isDescending turns the list of a host round, over pages too."""
    there = Busiest(sdk)
    forwards = [session.id for session in sdk.user_sessions.list(there.group, there.pool, there.host)]
    backwards = sdk.user_sessions.list(there.group, there.pool, there.host, is_descending=True, page_size=2)
    assert [session.id for session in backwards] == forwards[::-1]


def test_shows_a_session_as_a_typed_object(sdk: Sdk) -> None:
    """Get gives the session of the list, with a real date in it."""
    there = Busiest(sdk)
    shown = sdk.user_sessions.get(*there.place)
    assert shown.name == there.first.name
    assert shown.create_time.tzinfo is not None
    assert shown.system_data.created_at == shown.create_time


def test_disconnects_and_writes_to_a_session(sdk: Sdk) -> None:
    """A disconnected session stays and says so; a message is taken without a reply body."""
    there = Busiest(sdk)
    sdk.user_sessions.send_message(*there.place, SendMessage(message_title="Hello", message_body="Please save your work."))
    sdk.user_sessions.disconnect(*there.place)
    assert sdk.user_sessions.get(*there.place).session_state == "Disconnected"


def test_revokes_a_session_and_sees_it_gone(sdk: Sdk) -> None:
    """After a delete Get is ResourceNotFoundError with the provider's code, the list is one shorter, and a second delete is fine."""
    there = Busiest(sdk)
    sdk.user_sessions.delete(*there.place, force=True)
    with pytest.raises(ResourceNotFoundError, match="User session does not exist") as refused:
        sdk.user_sessions.get(*there.place)
    assert code_of(refused.value) == "404"
    left = [session.id for session in sdk.user_sessions.list_by_host_pool(there.group, there.pool)]
    assert left == [session.id for session in there.sessions[1:]]
    sdk.user_sessions.delete(*there.place)


def test_session_hosts_are_drained_and_removed(sdk: Sdk) -> None:
    """A host counts its sessions, can be closed for new ones, and takes its sessions with it when it is removed by force."""
    there = Busiest(sdk)
    host = sdk.session_hosts.get(there.group, there.pool, there.host)
    assert host.sessions == len(list(sdk.user_sessions.list(there.group, there.pool, there.host)))
    changed = sdk.session_hosts.update(there.group, there.pool, there.host, session_host=SessionHostPatch(allow_new_session=False))
    assert changed.allow_new_session is False
    with pytest.raises(HttpResponseError) as refused:
        sdk.session_hosts.delete(there.group, there.pool, there.host)
    assert refused.value.status_code == 400
    sdk.session_hosts.delete(there.group, there.pool, there.host, force=True)
    with pytest.raises(ResourceNotFoundError, match="SessionHost does not exist"):
        sdk.session_hosts.get(there.group, there.pool, there.host)
    assert all(there.host != session.name.split("/")[1] for session in sdk.user_sessions.list_by_host_pool(there.group, there.pool))


def test_the_front_doors_errors_are_typed(azure: Any, sdk: Sdk) -> None:
    """An unknown pool and an unknown api-version carry the codes of Resource Manager."""
    there = Busiest(sdk)
    with pytest.raises(ResourceNotFoundError) as unknown:
        sdk.host_pools.get(there.group, "no-such-pool")
    assert code_of(unknown.value) == "ResourceNotFound"
    with client(azure, api_version="2019-01-01") as old, pytest.raises(HttpResponseError) as refused:
        old.user_sessions.get(*there.place)
    assert (refused.value.status_code, code_of(refused.value)) == (400, "NoRegisteredProviderFound")


def test_every_stable_version_lists_the_same_sessions(azure: Any, sdk: Sdk) -> None:
    """The SDK pinned to each stable api-version sees the same world."""
    there = Busiest(sdk)
    for version in ("2021-07-12", "2022-09-09", "2023-09-05", "2024-04-03", "2025-10-10"):
        with client(azure, api_version=version) as pinned:
            assert [each.id for each in pinned.user_sessions.list_by_host_pool(there.group, there.pool)] == [
                each.id for each in there.sessions
            ]
