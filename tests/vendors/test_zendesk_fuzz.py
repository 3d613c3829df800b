"""Schemathesis against the fake, in this process: good data and bad, and what follows from what."""

from __future__ import annotations

import base64
from typing import Any, Final

import pytest
import yaml

from mockserver.vendors import shelf, site
from mockserver.web.app import App

schemathesis = pytest.importorskip("schemathesis")

place: Final = site(["zendesk"], clock="2026-03-02T09:00:00Z", options={"zendesk": {"limits": "off"}})
api_token: Final = place.engines["zendesk"].vendor.credentials(place.scene, {})["api_token"]

told: Final[dict[str, Any]] = {
    "seed": 1,
    "base-url": "http://zendesk.localhost",
    "generation": {"max-examples": 10, "database": "none"},
    "analysis": {"constants": {"enabled": False}},
    "checks": {
        # A contract cannot say that a cursor is opaque, nor that two of the paging parameters exclude each other.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "302", "400", "401", "403", "404"]},
    },
    "operations": [
        # Ending what is in a list leaves the list; GET of users/logout_many is a user whose id is no number, as it is at the vendor.
        {"include-operation-id": name, "checks": {check: {"enabled": False}}}
        for name, check in (
            ("BulkDeleteSessionsByUserId", "use_after_free"),
            ("ListUserSessions", "use_after_free"),
            ("LogoutManyUsers", "unsupported_method"),
        )
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("person", ["ada", "chiara", "hugo"])
def test_schemathesis_finds_nothing(person: str) -> None:
    """Every reply is as documented, bad data is refused, good data is taken, and nothing of ours fails: for admin, agent and end user."""
    from schemathesis.engine import events, from_schema

    name = base64.b64encode(f"{person}@example.com/token:{api_token}".encode()).decode()
    config = schemathesis.Config.from_dict({**told, "headers": {"Authorization": f"Basic {name}", "Mock-World": f"fuzz-{person}"}})
    schema = schemathesis.openapi.from_dict(yaml.safe_load((shelf.folder("specs") / "zendesk/openapi.yaml").read_text()), config=config)
    schema.app = App(place)
    found: list[str] = []
    cases = 0
    for event in from_schema(schema).execute():
        if isinstance(event, (events.FatalError, events.NonFatalError)):
            found.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            checks = [check for each in event.recorder.checks.values() for check in each]
            found += [f"{event.recorder.label}: {check.name}: {check.failure_info.failure}" for check in checks if check.failure_info]
    assert not found, "\n\n".join(found[:10])
    assert cases > 300
