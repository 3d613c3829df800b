"""Verification in Python tests: drawn worlds, and a client whose verbs are tried in any order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from hypothesis.stateful import rule

from mockserver import verify


def sessions(workos: Any) -> list[dict[str, Any]]:
    """The newest sessions of the subject."""
    headers = {"Authorization": f"Bearer {workos.credentials['api_key']}"}
    with httpx.Client(transport=workos.transport(), base_url="https://api.workos.com", headers=headers) as client:
        reply = client.get(f"/user_management/users/{workos.subject['id']}/sessions")
        rows: list[dict[str, Any]] = reply.raise_for_status().json()["data"]
        return rows


@verify.replies("workos", max_examples=25)
def test_a_client_that_copes_passes(workos: Any) -> None:
    """Whatever the contract allows, ids are texts and the same record is shown the same twice."""
    one, other = sessions(workos), sessions(workos)
    assert one == other
    assert all(isinstance(session["id"], str) for session in one)


def test_a_client_that_does_not_cope_fails_with_the_simplest_reply(workos: Any) -> None:
    """And is told which field it was."""

    @verify.replies("workos", max_examples=100)
    def needs_a_browser(workos: Any) -> None:
        for session in sessions(workos):
            session["user_agent"].lower()

    with pytest.raises((AttributeError, KeyError)) as caught:
        needs_a_browser(workos=workos)
    (note,) = [note for note in caught.value.__notes__ if "replied" in note]
    assert "Session/user_agent" in note
    assert note.count(";") == 0


class TestSessions(verify.ClientMachine):
    """A client that lists and revokes stays in step with the store."""

    vendor, kind = "workos", "sessions"
    examples, steps = 6, 6

    def start(self) -> None:
        headers = {"Authorization": f"Bearer {self.double.credentials['api_key']}"}
        transport: Any = self.double.transport()
        self.client = httpx.Client(transport=transport, base_url="https://api.workos.com", headers=headers)
        self.user = self.double.subject["id"]

    def store(self) -> Iterable[str]:
        return [record["id"] for record in self.double.state.sessions(user_id=self.user) if record["status"] == "active"]

    def view(self) -> Iterable[str]:
        after: dict[str, str] = {}
        while True:
            page = self.client.get(f"/user_management/users/{self.user}/sessions", params={"limit": 100, **after}).raise_for_status().json()
            yield from (row["id"] for row in page["data"] if row["status"] == "active")
            if not page["list_metadata"]["after"]:
                return
            after = {"after": page["list_metadata"]["after"]}

    @rule()
    def revoke_the_newest(self) -> None:
        newest = next(iter(self.view()), None)
        if newest is not None:
            self.client.post("/user_management/sessions/revoke", json={"session_id": newest}).raise_for_status()


def test_a_client_that_loses_rows_disagrees_with_the_store() -> None:
    """And the machine says how."""

    class Forgetful(TestSessions):
        examples, steps = 1, 1

        def view(self) -> Iterable[str]:
            return list(super().view())[1:]

    with pytest.raises(AssertionError, match="wrong view: lost"):
        Forgetful().test_the_client_agrees_with_the_store()
