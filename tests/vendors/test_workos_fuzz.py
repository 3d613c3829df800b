"""Schemathesis against the fake, in this process: good data and bad, and what follows from what."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
import yaml

from mockserver.vendors import shelf, site
from mockserver.vendors.workos.records import password
from mockserver.web.app import App

schemathesis = pytest.importorskip("schemathesis")

place: Final = site(["workos"], clock="2026-03-02T09:00:00Z")
keys: Final = place.engines["workos"].vendor.credentials(place.scene, {})

taken: Final = ["2xx", "3xx", "401", "403", "404", "409"]

settings: Final[dict[str, Any]] = {
    "seed": 1,
    "base-url": "http://workos.localhost",
    "headers": {"Authorization": f"Bearer {keys['api_key']}"},
    "generation": {"max-examples": int(os.environ.get("MOCKSERVER_EXAMPLES", "15")), "database": "none"},
    "analysis": {"constants": {"enabled": False}},
    "parameters": {"clientId": keys["client_id"], "client_id": keys["client_id"]},
    "checks": {"positive_data_acceptance": {"expected-statuses": taken}},
    # What a contract cannot say, and WorkOS refuses all the same.
    "operations": [
        {"include-operation-id": name, "checks": {"positive_data_acceptance": {"expected-statuses": [*taken, *more]}}}
        for name, more in {
            "authenticate": ["400"],  # codes, tokens and passwords that nobody has
            "authorize": ["400"],  # one of three ways must be named
            "authorizeDevice": ["400"],  # here and below: an idempotency key that was another call's
            "createMagicAuth": ["400"],  # an invitation nobody made
            "createOrganization": ["400"],  # an external id that another has
            "createOrganizationMembership": ["400", "422"],  # a role that is none
            "createUser": ["400"],  # an address that another has, a weak password
            "createWebhookEndpoint": ["400"],
            "listOrganizationMemberships": ["400"],  # one of two must be named
            "revokeSession": ["400"],
            "updateOrganization": ["400"],
            "updateOrganizationMembership": ["422"],
            "updateUser": ["400"],
        }.items()
    ],
}


def document() -> dict[str, Any]:
    """The contract, told who the client is: what is drawn for it would stop every sign-in at the door."""
    told: dict[str, Any] = yaml.safe_load((shelf.folder("specs") / "workos" / "openapi.yaml").read_text())
    schemas = told["components"]["schemas"]
    for name in ("AnyClient", "ConfidentialClient", "DeviceAuthorizationRequest"):
        schemas[name]["properties"]["client_id"] = {"type": "string", "const": keys["client_id"]}
    schemas["DeviceCodeGrant"]["allOf"][0]["properties"]["client_id"] = {"type": "string", "const": keys["client_id"]}
    for name in ("AnyClient", "ConfidentialClient"):
        schemas[name]["properties"]["client_secret"] = {"type": "string", "const": keys["api_key"]}
    by_password = schemas["PasswordGrant"]["allOf"][2]["properties"]
    by_password["email"] = {"type": "string", "enum": [person.email for person in place.scene.people]}
    by_password["password"] = {"type": "string", "enum": [password, "a guess"]}
    return told


@pytest.mark.slow
def test_schemathesis_finds_nothing() -> None:
    """Every reply is as documented, bad data is refused, good data is taken, and nothing of ours fails."""
    from schemathesis.engine import events, from_schema

    schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(settings))
    schema.app = App(place)
    found, cases = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                cases += 1
                found += [(event.recorder.label, node.name, str(node.failure_info.failure)) for node in checks if node.failure_info]
        if isinstance(event, (events.FatalError, events.NonFatalError)):
            found.append(("error", "", str(event)))
    print(cases)
    assert not found, "\n\n".join(map("\n".join, found[:10]))
    assert cases > 500
