"""What a person holds here, for people who look, and how an admin ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from mockserver.engine.vendor import Held
from mockserver.message import Call
from mockserver.state.clock import millis
from mockserver.state.world import World


def authorize(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials['api_key']}"}


def holds(world: World, email: str) -> Iterator[Held]:
    tables = world.store("workos")
    for user in tables["users"].rows("email", email):
        for each in tables["sessions"].rows("user", user["id"]):
            behind = (each.get("impersonator") or {}).get("email")
            end = Call(
                "POST", "/user_management/sessions/revoke",
                headers={"content-type": "application/json"}, body=orjson.dumps({"session_id": each["id"]}),
            )  # fmt: skip
            yield Held(
                each["id"], millis(each["created_at"]), each["_expires"], each["user_agent"] or "", each["ip_address"] or "",
                f"impersonated by {behind}" if behind else "", end,
            )  # fmt: skip
