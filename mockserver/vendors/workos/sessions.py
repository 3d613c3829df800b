"""How sessions end."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from mockserver.engine.vendor import Turn
from mockserver.message import Reply
from mockserver.state.clock import iso_ms
from mockserver.state.table import Record
from mockserver.state.world import World
from mockserver.vendors.workos.card import vendor
from mockserver.vendors.workos.events import happened
from mockserver.vendors.workos.records import bare


def end(world: World, session: Record) -> None:
    """Revoked: it leaves the list, its refresh token is worth nothing, and an event tells of it.

    Access tokens that are out live on until they expire, for nobody asks WorkOS about them.
    """
    now = iso_ms(world.clock.now())
    ended = {**session, "status": "revoked", "ended_at": now, "updated_at": now}
    world.store("workos")["sessions"].put(ended)
    happened(world, "session.revoked", bare(ended))


def named(turn: Turn, key: str) -> Record:
    """The session of this id, ended or not."""
    session = turn.table("sessions").get(key)
    if session is None:
        raise turn.engine.kinds["sessions"].missing(turn, key)
    return session


@vendor.behaviour("revokeSession")
def revoke(turn: Turn) -> Reply:
    """recorded: 200 and not one byte. One that has ended already stays as it ended. (inferred)"""
    session = named(turn, turn.body["session_id"])
    if session["status"] == "active":
        end(turn.world, session)
    return Reply(200)


address: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/]\S*")


@vendor.behaviour("logout")
def logout(turn: Turn) -> Reply:
    """docs: the browser is always sent on, to return_to or to where the environment says. Any address is taken for a registered one."""
    session = named(turn, turn.params["session_id"])
    if session["status"] == "active":
        end(turn.world, session)
    wanted = turn.params.get("return_to", "")
    onward = wanted if address.fullmatch(wanted) else turn.options["sign_out_to"]
    return Reply(302, headers={"Location": quote(onward, safe=kept)})


kept: Final = "%/:?#[]@!$&'()*+,;=~-._"
"""What stands in an address as it is (RFC 3986)."""
