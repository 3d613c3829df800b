"""What a person holds here, for people who look, and how an admin ends it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping

from mockserver.engine.vendor import Held
from mockserver.message import Call
from mockserver.state.clock import millis
from mockserver.state.world import World


def authorize(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{credentials['email']}/token:{credentials['api_token']}".encode()).decode()}


def holds(world: World, email: str) -> Iterator[Held]:
    tables = world.store("zendesk")
    for user in tables["users"].rows("email", email):
        for each in tables["sessions"].rows("user", user["id"]):
            end = Call("DELETE", f"/api/v2/users/{user['id']}/sessions/{each['id']}")
            yield Held(str(each["id"]), each["authenticated_at"] and millis(each["authenticated_at"]), each["_due"], "", "", "", end)
