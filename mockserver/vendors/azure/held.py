"""What a person holds here, for people who look, and how an admin ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.engine.vendor import Held
from mockserver.message import Call
from mockserver.state.clock import millis
from mockserver.state.world import World


def authorize(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials['access_token']}"}


def holds(world: World, email: str) -> Iterator[Held]:
    """The sessions on every host, those whose connection is gone too."""
    tables = world.store("azure")
    for pool in tables["hostPools"]:
        for each in tables["userSessions"].rows("person", (pool["_at"], email.lower())):
            told = each["properties"]
            state = told["sessionState"]
            host = each["name"].split("/")[1]
            end = Call("DELETE", each["id"], "api-version=2024-04-03&force=true")
            device = f"{told['applicationType']} on {host}"
            yield Held(
                each["name"], millis(told["createTime"]), each.get("_leaves"), device, "", "" if state == "Active" else state.lower(), end
            )
