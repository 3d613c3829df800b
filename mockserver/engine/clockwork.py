"""Time that passes in a world: what falls due on the way happens in order, each at its own moment."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.engine.site import Site
from mockserver.state.world import World


def next_due(site: Site, world: World) -> int | None:
    """When the next thing happens by itself: a record that falls due, a webhook to be sent. Milliseconds since the epoch."""
    now = world.clock.now()
    waiting = [(name, kind.name) for name, engine in site.engines.items() for kind in engine.vendor.kinds if kind.layout.due is not None]
    records = [world.store(vendor)[kind].next_due(now) for vendor, kind in waiting]
    return min([*(post.due for post in world.outbox if post.due > now), *(when for when in records if when is not None)], default=None)


def settle(site: Site, world: World) -> None:
    """What is due by now happens."""
    for engine in site.engines.values():
        engine.vendor.tick(world)


def passing(site: Site, world: World, until: int) -> Iterator[int]:
    """Let time pass, yielding each moment at which something happened and at last `until`, so that webhooks can be sent in between."""
    clock = world.clock
    while (due := next_due(site, world)) is not None and due <= until:
        clock.advance(max(0, due - clock.now()))
        settle(site, world)
        yield due
    if until > clock.now():
        clock.advance(until - clock.now())
    settle(site, world)
    yield until
