"""Schemathesis against the fake, in this process: good data and bad, and what follows from what."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
import yaml

from mockserver.vendors import shelf, site
from mockserver.vendors.azure import signin, tokens
from mockserver.vendors.azure.company import password
from mockserver.web.app import App

schemathesis = pytest.importorskip("schemathesis")

place: Final = site(["azure"], clock="2026-03-02T09:00:00Z", options={"azure": {"limits": "off"}})
card: Final = place.engines["azure"].vendor
keys: Final = card.credentials(place.scene, {})
subject: Final = card.subject(place.scene, {})

taken: Final = ["2xx", "401", "403", "404", "409"]
lists: Final = ("HostPools_List", "HostPools_ListByResourceGroup", "SessionHosts_List", "UserSessions_ListByHostPool", "UserSessions_List")

settings: Final[dict[str, Any]] = {
    "seed": int(os.environ.get("MOCKSERVER_SEED", "1")),
    "base-url": "http://azure.localhost",
    "generation": {"max-examples": int(os.environ.get("MOCKSERVER_EXAMPLES", "10")), "database": "none"},
    "analysis": {"constants": {"enabled": False}},
    "checks": {"positive_data_acceptance": {"expected-statuses": taken}},
    # What a contract cannot say, and the vendor refuses all the same.
    "operations": [
        {"include-operation-id": name, "checks": {"positive_data_acceptance": {"expected-statuses": [*taken, "400"]}}}
        for name in (
            *lists,  # a skip token that no list gave
            "SessionHosts_Delete",  # people are signed in, and force was not given
            "SignIn_Token",  # a grant without what it needs
        )
    ],
}


def document() -> dict[str, Any]:
    """The contract, told what there is: names that are drawn would stop every call at the front door."""
    told: dict[str, Any] = yaml.safe_load((shelf.folder("specs") / "azure" / "openapi.yaml").read_text())
    parameters, form = told["components"]["parameters"], told["components"]["schemas"]["TokenRequest"]["properties"]
    for name, values in {
        "subscriptionId": [keys["subscription_id"]],
        "resourceGroupName": [subject["resourceGroupName"], "rg-engineering"],
        "hostPoolName": [subject["hostPoolName"], "hp-engineering"],
        "tenant": [keys["tenant_id"], "example.com"],
    }.items():
        parameters[name]["schema"] = {"type": "string", "enum": values}
    # Of these others are as good: to delete what is not there is no mistake, and who signs in as an application needs no password.
    for holder, name, values in (
        (parameters["sessionHostName"], "schema", ["sh-office-0", "sh-office-1", "sh-engineering-0"]),
        (parameters["userSessionId"], "schema", [str(number) for number in range(2, 200)]),
        (form, "client_id", [keys["client_id"]]),
        (form, "client_secret", [keys["client_secret"]]),
        (form, "scope", ["https://management.azure.com/.default"]),
        (form, "username", [person.email for person in place.scene.people]),
        (form, "password", [password]),
    ):
        holder[name] = {"anyOf": [{"type": "string", "enum": values}, holder[name]]}
    return told


def token_of(who: str) -> str:
    """A token of a principal of the scene, by display name or address."""
    store = place.worlds.get("default").store("azure")
    tenant, principals = next(iter(store["tenants"])), store["principals"]
    principal = next(each for each in principals if who in (each["displayName"], each["userPrincipalName"]))
    application = next(each for each in principals if each["appId"] == keys["client_id"])
    return tokens.write(signin.claims_of(tenant, principal, application, signin.management[1], 0, 4_102_444_800))


@pytest.mark.slow
@pytest.mark.parametrize(("who", "coverage"), [("session-automation", True), ("chiara@example.com", False)])
def test_schemathesis_finds_nothing(who: str, coverage: bool) -> None:
    """Every reply is as documented, bad data is refused, good data is taken, and nothing of ours fails: for one who may all and one who may some."""
    from schemathesis.engine import events, from_schema

    headers = {"Authorization": f"Bearer {token_of(who)}", "Mock-World": f"fuzz-{who}"}
    config = {**settings, "headers": headers, "phases": {"coverage": {"enabled": coverage}}}
    schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(config))
    schema.app = App(place)
    found: list[str] = []
    cases = 0
    for event in from_schema(schema).execute():
        if isinstance(event, (events.FatalError, events.NonFatalError)):
            found.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            checks = [check for each in event.recorder.checks.values() for check in each]
            found += [
                f"{event.recorder.label}: {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
                for check in checks
                if check.failure_info
            ]
    assert not found, "\n\n".join(found[:10])
    assert cases > 200
