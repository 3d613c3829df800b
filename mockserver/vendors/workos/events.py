"""What happened, told twice: in the list of events, and to the webhook endpoints that asked for it."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from mockserver.engine.crud import found, page_of, subject
from mockserver.engine.pages import Selection
from mockserver.engine.vendor import Turn
from mockserver.message import Json, Reply
from mockserver.state.clock import day, iso_ms, millis
from mockserver.state.table import Record
from mockserver.state.world import Post, World
from mockserver.vendors.workos import records
from mockserver.vendors.workos.card import vendor
from mockserver.vendors.workos.words import coded


def happened(world: World, name: str, data: Mapping[str, Json]) -> None:
    """Remember an event, and send it to every endpoint that wants it."""
    tables = world.store("workos")
    event = records.event(world, {"event": name, "data": dict(data)})
    tables["events"].put(event)
    for endpoint in tables["webhook_endpoints"]:
        if endpoint["status"] == "enabled" and name in endpoint["events"]:
            world.outbox.append(delivery(world, endpoint, event))


def delivery(world: World, endpoint: Record, event: Record) -> Post:
    """A POST of the event, signed when it is sent. Compact JSON, for the Node client checks what it parsed and wrote again. (sdk)"""
    headers = {"Content-Type": "application/json", "User-Agent": "WorkOS Webhooks"}
    return Post(
        endpoint["endpoint_url"], headers, orjson.dumps(event), world.clock.now(), "workos", endpoint=endpoint["id"], about=event["id"]
    )


@vendor.behaviour("listEvents")
def list_events(turn: Turn) -> Reply:
    """docs: those of the last 30 days, of the types asked for."""
    params = turn.params
    types = frozenset(params["events"])
    start = max(moment(params.get("range_start")), iso_ms(turn.now - 30 * day))
    end = moment(params.get("range_end")) or "~"
    about = params.get("organization_id")

    def keep(event: Record) -> bool:
        return event["event"] in types and start <= event["created_at"] < end and (about is None or concerns(event["data"], about))

    role, kind = subject(turn)
    return page_of(turn, role, kind, Selection(turn.table("events"), keep=keep))


def moment(text: str | None) -> str:
    """A time as records write it; "" for none, which is before all."""
    return iso_ms(millis(text)) if text else ""


def concerns(data: Mapping[str, Json], organization_id: str) -> bool:
    return organization_id in (data.get("organization_id"), data.get("id"))


@vendor.behaviour("createWebhookEndpoint")
def create_endpoint(turn: Turn) -> Reply:
    taken(turn, turn.body["endpoint_url"])
    endpoint = records.webhook_endpoint(turn.world, {name: turn.body[name] for name in ("endpoint_url", "events")})
    turn.table("webhook_endpoints").put(endpoint)
    return Reply(201, endpoint)


@vendor.behaviour("updateWebhookEndpoint")
def update_endpoint(turn: Turn) -> Reply:
    _, _, endpoint = found(turn, "update")
    changes = {name: turn.body[name] for name in ("endpoint_url", "status", "events") if name in turn.body}
    if changes.get("endpoint_url", endpoint["endpoint_url"]) != endpoint["endpoint_url"]:
        taken(turn, changes["endpoint_url"])
    changed = {**endpoint, **changes, "updated_at": iso_ms(turn.now)}
    turn.table("webhook_endpoints").put(changed)
    return Reply(200, changed)


def taken(turn: Turn, url: str) -> None:
    """Raises the refusal when another endpoint has this address."""
    if turn.table("webhook_endpoints").first("url", url) is not None:
        raise coded(409, "duplicate_endpoint", f"A webhook endpoint with the URL '{url}' already exists.")
