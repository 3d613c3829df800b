"""The doors of the control API: what each operation of control.yaml does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import orjson

from mockserver import __version__
from mockserver.contract.wire import integer, pairs
from mockserver.engine import clockwork, faults
from mockserver.engine.engine import Engine
from mockserver.engine.har import curl, har, milliseconds
from mockserver.engine.journal import Exchange
from mockserver.engine.limits import standings
from mockserver.engine.problems import told
from mockserver.engine.site import checked, default_world, made
from mockserver.engine.vendor import Held
from mockserver.errors import BadOption, Finding, UnknownName
from mockserver.message import Json
from mockserver.state.clock import iso_ms, millis
from mockserver.state.diff import Change, changes, the_scene
from mockserver.state.record import public, revised
from mockserver.state.scene import Person
from mockserver.state.table import Key, Record
from mockserver.state.world import Post, Snapshot, Tables, World
from mockserver.web.outbox import Sent
from mockserver.web.visit import Problem, Visit, known

Door = Callable[[Visit], Json | Awaitable[Json] | AsyncIterator[bytes]]
doors: Final[dict[str, Door]] = {}


def door(operation: str) -> Callable[[Door], Door]:
    """This is what the operation does."""

    def register(act: Door) -> Door:
        doors[operation] = act
        return act

    return register


# -- the server -----------------------------------------------------------------------------------------------------


@door("showIndex")
def index(visit: Visit) -> Json:
    base = visit.call.base
    return {
        "mockserver": __version__,
        "description": f"{base}/_mockserver/openapi.json",
        "dashboard": f"{base}/_mockserver/ui/",
        "vendors": {
            name: {
                "title": engine.vendor.title or name,
                "prefix": f"/{name}",
                "url": f"{base}/{name}",
                "credentials": engine.vendor.credentials(visit.site.scene, engine.options),
            }
            for name, engine in visit.site.engines.items()
        },
    }


@door("showHealth")
def health(visit: Visit) -> Json:
    return {"status": "ok", "version": __version__, "vendors": list(visit.site.engines)}


@door("showDocument")
def document(visit: Visit) -> Json:
    """The document of this API, every path of a world also in its short form."""
    root = visit.control.contract.document.root
    start = "/worlds/{world}"
    short = {path.removeprefix(start): without_world(item) for path, item in root["paths"].items() if path.startswith(f"{start}/")}
    return {**root, "paths": {**root["paths"], **short}}


def without_world(item: Mapping[str, Json]) -> Json:
    """A path item for the world that a header names instead of the path."""
    header = {"name": "Mock-World", "in": "header", "schema": {"type": "string", "default": default_world}}
    renamed = {
        method: {**value, "operationId": f"{value['operationId']}Here"} if isinstance(value, dict) else value
        for method, value in item.items()
    }
    return {**renamed, "parameters": [header, *item["parameters"][1:]]}


# -- worlds ---------------------------------------------------------------------------------------------------------


def summary(world: World) -> Json:
    return {
        "name": world.name,
        "now": iso_ms(world.clock.now()),
        "frozen": world.clock.frozen is not None,
        "exchanges": world.asked,
        "vendors": sorted(world.stores),
        "checkpoints": list(world.checkpoints),
    }


@door("listWorlds")
def worlds(visit: Visit) -> Json:
    return {"worlds": [summary(world) for world in visit.site.worlds]}


@door("showWorld")
def world(visit: Visit) -> Json:
    return summary(visit.world)


@door("dropWorld")
def drop(visit: Visit) -> Json:
    if not visit.site.worlds.drop(visit.params["world"]):
        raise Problem("unknown-record", f"there is no world {visit.params['world']!r}")


@door("resetWorld")
def reset(visit: Visit) -> Json:
    visit.site.worlds.drop(visit.params["world"])
    return summary(visit.world)


@door("forkWorld")
def fork(visit: Visit) -> Json:
    name = visit.body["name"]
    if name == visit.params["world"]:
        raise Problem("bad-control", f"{name!r} is the world to be forked; give the new one another name")
    return summary(visit.site.worlds.put(visit.world.fork(name)))


def kept(name: str, snapshot: Snapshot) -> Json:
    return {"name": name, "now": iso_ms(snapshot.at)}


@door("listCheckpoints")
def checkpoints(visit: Visit) -> Json:
    return {"checkpoints": [kept(name, snapshot) for name, snapshot in visit.world.checkpoints.items()]}


@door("keepCheckpoint")
def keep(visit: Visit) -> Json:
    name, here = visit.body["name"], visit.world
    here.checkpoints.pop(name, None)
    here.checkpoints[name] = here.snapshot()
    return kept(name, here.checkpoints[name])


@door("rewindWorld")
def rewind(visit: Visit) -> Json:
    here = visit.world
    here.rewind(known("checkpoint", visit.body["to"], here.checkpoints))
    post(visit)
    return summary(here)


@door("diffWorld")
def diff(visit: Visit) -> Json:
    here, since, other = visit.world, visit.params.get("since"), visit.params.get("from")
    if since and other:
        raise Problem("bad-control", "ask for what is different since a checkpoint or from a world, not both")
    before = the_scene
    if since:
        before = known("checkpoint", since, here.checkpoints).stores
    elif other:
        before = known("world", other, {each.name: each for each in visit.site.worlds}).stores
    return {"changes": [told_change(change) for change in changes(before, here.stores)]}


def told_change(change: Change) -> Json:
    return {
        "vendor": change.vendor,
        "kind": change.kind,
        "key": str(change.key),
        "change": change.word,
        "fields": {name: {"before": old, "after": new} for name, (old, new) in change.fields.items()},
    }


# -- people ---------------------------------------------------------------------------------------------------------


def told_person(visit: Visit, person: Person, held: Mapping[str, list[Held]]) -> dict[str, Json]:
    return {
        "name": person.name,
        "email": person.email,
        "title": person.title,
        "team": person.team,
        "role": person.role,
        "status": person.status,
        "time_zone": person.time_zone,
        "sessions": {vendor: len(sessions) for vendor, sessions in held.items()},
    }


def holdings(visit: Visit, email: str) -> dict[str, list[Held]]:
    """The sessions of a person by vendor, as things stand by now."""
    return {name: list(engine.vendor.holds(visit.world, email)) for name, engine in visit.site.engines.items()}


@door("listPeople")
def people(visit: Visit) -> Json:
    words, offset, everybody = visit.params.get("q", "").casefold(), visit.params["offset"], visit.site.scene.people
    found = [each for each in everybody if words in f"{each.name} {each.email} {each.title} {each.team}".casefold()] if words else everybody
    page = found[offset : offset + visit.params["limit"]]
    clockwork.settle(visit.site, visit.world)
    return {"total": len(found), "people": [told_person(visit, each, holdings(visit, each.email)) for each in page]}


def person_of(visit: Visit) -> Person:
    email = visit.params["email"]
    found = visit.site.scene.person(email)
    if found is None:
        raise Problem("unknown-record", str(UnknownName("person", email, [each.email for each in visit.site.scene.people])))
    return found


@door("showPerson")
def person(visit: Visit) -> Json:
    clockwork.settle(visit.site, visit.world)
    who = person_of(visit)
    held = holdings(visit, who.email)
    return {
        **told_person(visit, who, held),
        "vendors": {name: [told_session(who, each) for each in sessions] for name, sessions in held.items()},
    }


def told_session(who: Person, held: Held) -> Json:
    """A session as JSON; a device of the person's own is called as people call it."""
    since, until = held.since and iso_ms(held.since), held.until and iso_ms(held.until)
    device = next((f"{each.browser} on {each.os}" for each in who.devices if each.user_agent == held.device), held.device)
    return {"id": held.id, "since": since, "until": until, "device": device, "address": held.address, "note": held.note}


@door("revokeSessions")
def revoke(visit: Visit) -> Json:
    """By calls to the vendors as their admin makes them, so that everything follows that follows there."""
    who, only = person_of(visit), visit.body.get("session")
    revoked = [
        {"vendor": engine.vendor.name, "session": held.id, "status": end(visit, engine, held)}
        for engine in visit.engines_of(visit.body.get("vendor"))
        for held in tuple(engine.vendor.holds(visit.world, who.email))
        if only in (None, held.id)
    ]
    if only is not None and not revoked:
        raise Problem("unknown-record", f"{who.email} holds no session {only!r}")
    post(visit)
    return {"revoked": revoked}


def end(visit: Visit, engine: Engine, held: Held) -> int:
    """Call for the end of a session; the status that came back."""
    credentials = engine.vendor.credentials(visit.site.scene, engine.options)
    headers = {"host": "localhost", "user-agent": f"mockserver/{__version__} (dashboard)", **engine.vendor.authorize(credentials)}
    call = held.end._replace(headers={**headers, **held.end.headers}, base=f"{visit.call.base}/{engine.vendor.name}")
    return engine.answer(call, visit.world).status


# -- state ----------------------------------------------------------------------------------------------------------


@door("showState")
def state(visit: Visit) -> Json:
    return {"vendors": {name: counts(engine, visit.world.store(name)) for name, engine in visit.site.engines.items()}}


def counts(engine: Engine, tables: Tables) -> dict[str, int | None]:
    """How many records of each kind there are; None where a document's are not made yet, for nobody has asked: it may have thousands."""
    return {kind: len(tables[kind]) if engine.laid(tables, kind) else None for kind in engine.kinds}


@door("listRecords")
def records(visit: Visit) -> Json:
    limit, offset = visit.params["limit"], visit.params["offset"]
    wanted = {name: values[-1] for name, values in pairs(visit.call.query).items() if name not in ("limit", "offset")}
    table, keys = visit.table, visit.table.keys()
    if wanted:  # else nobody is made who is not on the page
        keys = [
            key
            for key in keys
            if (each := table.get(key)) is not None and all(as_text(each.get(name)) == value for name, value in wanted.items())
        ]
    page = [public(each) for key in keys[offset : offset + limit] if (each := table.get(key)) is not None]
    return {"kind": visit.kind.name, "total": len(keys), "records": page}


def as_text(value: Json) -> str:
    """A value as one writes it in a query: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def found(visit: Visit) -> tuple[Key, Record]:
    """The key and record a path names; a key that is a number is written as one."""
    text: str = visit.params["key"]
    for key in (text, int(text) if integer.fullmatch(text) else None):
        record = visit.table.get(key) if key is not None else None
        if record is not None:
            return key, record
    raise Problem("unknown-record", f"{visit.engine.vendor.name} has no {visit.kind.name} {text!r} in world {visit.params['world']!r}")


@door("showRecord")
def record(visit: Visit) -> Json:
    return public(found(visit)[1])


def put(visit: Visit, record: Record, findings: list[Finding]) -> Json:
    """Put a record that keeps the contract; say what is wrong with one that does not."""
    if findings:
        first = findings[0]
        words = f"the contract refuses this {visit.kind.name}: {first.place or 'it'}: {first.message}"
        raise Problem("bad-control", words, findings=told(findings))
    visit.table.put(record)
    return public(record)


@door("addRecord")
def add(visit: Visit) -> Json:
    return put(visit, *made(visit.engine, visit.kind, visit.world, visit.body))


@door("changeRecord")
def change(visit: Visit) -> Json:
    key, old = found(visit)
    changed = revised(old, visit.body)
    if visit.kind.layout.key(changed) != key:
        raise Problem("bad-control", "a change may not give a record another key; remove it and add a new one")
    return put(visit, changed, checked(visit.engine, visit.kind, visit.world, changed))


@door("removeRecord")
def remove(visit: Visit) -> Json:
    visit.table.remove(found(visit)[0])


# -- journal --------------------------------------------------------------------------------------------------------


def told_exchange(visit: Visit, exchange: Exchange) -> Json:
    """An exchange as JSON; bodies that are not text are given as their length."""
    call, reply = exchange.call, exchange.reply
    near = {} if exchange.operation else {"nearest": visit.engine_of(exchange.vendor).contract.nearest(call.method, call.path)}
    return {
        "number": exchange.number,
        "at": iso_ms(exchange.at),
        "wall": iso_ms(round(exchange.wall * 1000)),
        "took": milliseconds(exchange),
        "vendor": exchange.vendor,
        "operation": exchange.operation,
        "verdict": visit.control.verdicts.word(exchange),
        "fault": reply.delivery.fault,
        **near,
        "request": {"method": call.method, "url": call.url, "headers": dict(call.headers), "body": text(call.body)},
        "response": {"status": reply.status, "headers": dict(reply.headers), "body": text(reply.content)},
        "findings": told(visit.control.verdicts.findings(exchange)),
    }


def text(body: bytes) -> str | None:
    if not body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"


filters: Final[Mapping[str, Callable[[Exchange, str], bool]]] = {
    "vendor": lambda each, value: each.vendor == value,
    "operation": lambda each, value: each.operation == value,
    "method": lambda each, value: each.call.method == value.upper(),
    "status": lambda each, value: str(each.reply.status).startswith(value.lower().rstrip("x")),
    "text": lambda each, value: value in each.call.url or value.encode() in each.call.body or value.encode() in each.reply.content,
}


def wanted(visit: Visit, exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Those exchanges that the query's filters let through."""
    asked = {name: visit.params[name] for name in filters if name in visit.params}
    chosen = [each for each in exchanges if all(filters[name](each, value) for name, value in asked.items())]
    word = visit.params.get("verdict")
    return [each for each in chosen if visit.control.verdicts.word(each) == word] if word else chosen


@door("showJournal")
def journal(visit: Visit) -> Json:
    chosen = wanted(visit, visit.world.journal)
    return {"total": len(chosen), "exchanges": [told_exchange(visit, each) for each in chosen[-visit.params["limit"] :]]}


@door("showExchange")
def exchange(visit: Visit) -> Json:
    number = visit.params["number"]
    for each in visit.world.journal:
        if each.number == number:
            return told_exchange(visit, each)
    raise Problem("unknown-record", f"the journal of {visit.params['world']!r} holds no exchange {number}")


@door("forgetJournal")
def forget(visit: Visit) -> Json:
    visit.world.journal.clear()


@door("exportHar")
def export_har(visit: Visit) -> Json:
    return har(wanted(visit, visit.world.journal))


@door("exportCurl")
def export_curl(visit: Visit) -> Json:
    return "".join(f"{curl(each.call)}\n" for each in wanted(visit, visit.world.journal))


glance: Final = 0.1
"""Seconds between two looks of who follows: nothing in the way of the calls themselves."""
silence: Final = 150
"""Looks without news after which a comment is sent, so that both sides notice when the other is gone."""


@door("followJournal")
async def follow(visit: Visit) -> AsyncIterator[bytes]:
    last, name, worlds = visit.call.headers.get("last-event-id", ""), visit.params["world"], visit.site.worlds
    seen, changed, idle = int(last) if last.isdecimal() and len(last) < 16 else visit.world.asked, visit.control.changes, 0
    yield b": following\n\n"
    while not visit.control.closing:
        asked = visit.world.asked if name in worlds else 0  # to look must not make a world again that was dropped
        seen = min(seen, asked)  # a world made anew counts from 1 again
        news = [each for each in visit.world.journal if each.number > seen] if asked > seen else []
        for each in wanted(visit, news):
            yield event("exchange", told_exchange(visit, each), each.number)
        if visit.control.changes != changed:
            yield event("change", None)
        idle = 0 if news or visit.control.changes != changed else idle + 1
        seen, changed = asked, visit.control.changes
        if idle == silence:
            idle = 0
            yield b": still here\n\n"
        await asyncio.sleep(glance)


def event(name: str, value: Json, number: int | None = None) -> bytes:
    start = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (start, name.encode(), orjson.dumps(value, default=str))


# -- the contract ---------------------------------------------------------------------------------------------------


@door("showCoverage")
def coverage(visit: Visit) -> Json:
    by: dict[tuple[str, str | None], list[Exchange]] = {}
    for each in visit.world.journal:
        by.setdefault((each.vendor, each.operation), []).append(each)
    return {
        "vendors": {
            name: [covered(visit, engine, operation, by.get((name, operation), ())) for operation in engine.contract.operations]
            for name, engine in visit.site.engines.items()
        }
    }


def covered(visit: Visit, engine: Engine, name: str, exchanges: Iterable[Exchange]) -> Json:
    operation, broken = engine.contract.operations[name], 0
    statuses: dict[str, int] = {}
    for each in exchanges:
        word = str(each.reply.status)
        statuses[word] = statuses.get(word, 0) + 1
        broken += visit.control.verdicts.word(each) == "broken"
    return {
        "operation": name,
        "method": operation.method,
        "path": operation.path,
        "behaviour": engine.told(operation),
        "deprecated": operation.deprecated,
        "calls": sum(statuses.values()),
        "statuses": statuses,
        "broken": broken,
    }


# -- the clock ------------------------------------------------------------------------------------------------------


@door("showClock")
def clock(visit: Visit) -> Json:
    here = visit.world
    due = clockwork.next_due(visit.site, here)
    return {"now": iso_ms(here.clock.now()), "frozen": here.clock.frozen is not None, "next": None if due is None else iso_ms(due)}


@door("moveClock")
async def move_clock(visit: Visit) -> Json:
    ((verb, value),) = visit.body.items()
    here = visit.world
    if verb == "run":
        here.clock.run()
    else:
        try:
            until = here.clock.now() + round(value * 1000) if verb == "advance" else here.clock.now() if value is True else millis(value)
        except ValueError:
            raise Problem("bad-control", f"{value!r} is no ISO 8601 time such as 2026-01-31T09:00:00Z") from None
        await pass_time(visit, until)
        if verb == "freeze":
            here.clock.freeze(until)
    post(visit)
    return clock(visit)


async def pass_time(visit: Visit, until: int) -> None:
    """What is due on the way happens at its moment, webhooks included; going back only sets the clock."""
    here = visit.world
    if until < here.clock.now():
        here.clock.advance(until - here.clock.now())
    await visit.outbox.flush(here)
    for _ in clockwork.passing(visit.site, here, until):
        await visit.outbox.flush(here)


# -- faults and limits ----------------------------------------------------------------------------------------------


def told_fault(world: World, fault: faults.Fault) -> Json:
    seen, struck = world.counters.get(f"fault:{fault.name}", (0, 0))
    return {**fault.told(), "seen": seen, "struck": struck}


@door("listFaults")
def list_faults(visit: Visit) -> Json:
    here = visit.world
    packs = {name: [fault.told() for fault in pack] for name, pack in faults.packs.items()}
    return {"faults": [told_fault(here, fault) for fault in here.faults], "packs": packs}


@door("addFault")
def add_fault(visit: Visit) -> Json:
    fault = faults.fault_of(visit.body)
    if fault.vendor or fault.operations:
        fault = faults.settle(engine_for(visit, fault), fault)
    (given,) = faults.give(visit.world, fault)
    return told_fault(visit.world, given)


def engine_for(visit: Visit, fault: faults.Fault) -> Engine:
    """The engine a fault is about: the one it names, else the one whose contract has its operations."""
    if fault.vendor:
        return visit.engine_of(fault.vendor)
    having = [engine for engine in visit.site.engines.values() if fault.operations <= engine.contract.operations.keys()]
    if len(having) != 1:
        raise BadOption(f"operations {', '.join(sorted(fault.operations))}: say whose they are with `vendor`")
    return having[0]


@door("removeFault")
def remove_fault(visit: Visit) -> Json:
    known("fault", visit.params["name"], {fault.name: fault for fault in visit.world.faults})
    faults.take(visit.world, visit.params["name"])


@door("clearFaults")
def clear_faults(visit: Visit) -> Json:
    faults.take(visit.world)


@door("setPack")
def set_pack(visit: Visit) -> Json:
    here, vendor = visit.world, visit.body.get("vendor", "")
    pack = known("pack", visit.params["pack"], faults.packs)
    if vendor:
        visit.engine_of(vendor)
        pack = tuple(replace(fault, vendor=vendor, name=f"{vendor}: {fault.name}") for fault in pack)
    if visit.body["on"]:
        faults.give(here, *pack)
    else:
        faults.take(here, *(fault.name for fault in pack))
    return {"faults": [told_fault(here, fault) for fault in here.faults]}


@door("showLimits")
def limits(visit: Visit) -> Json:
    here, engines = visit.world, visit.site.engines
    return {
        "vendors": {name: {**engine.options, **here.options.get(name, {})}.get("limits", "none") for name, engine in engines.items()},
        "counted": [
            {"limit": name, "who": who, "calls": each.limit, "remaining": each.remaining, "reset": each.reset}
            for name, who, each in standings(here)
        ],
    }


@door("setLimits")
def set_limits(visit: Visit) -> Json:
    here = visit.world
    for engine in visit.engines_of(visit.body.get("vendor")):
        if "limits" in engine.vendor.options:
            name = engine.vendor.name
            options = {**engine.options, **here.options.get(name, {}), "limits": visit.body["limits"]}
            here.options = {**here.options, name: options}
    return limits(visit)


# -- webhooks -------------------------------------------------------------------------------------------------------


def post(visit: Visit) -> None:
    """Somebody should look at the world's outbox."""
    if visit.world.outbox:
        visit.site.mail(visit.world)


def told_post(post: Post, number: int = 0, status: int | None = None, error: str = "") -> Json:
    return {
        "number": number,
        "vendor": post.vendor,
        "about": post.about,
        "url": post.url,
        "attempt": post.attempt,
        "due": iso_ms(post.due),
        "status": status,
        "error": error,
        "body": post.body.decode(errors="replace"),
    }


def deliveries(visit: Visit) -> dict[int, Sent]:
    return {sent.number: sent for sent in visit.outbox.sent.get(visit.params["world"], ())}


@door("listWebhooks")
def webhooks(visit: Visit) -> Json:
    return {
        "waiting": [told_post(each) for each in visit.world.outbox],
        "sent": [told_post(each.post, number, each.status, each.error) for number, each in deliveries(visit).items()],
    }


@door("redeliverWebhook")
def redeliver(visit: Visit) -> Json:
    number, here = visit.params["number"], visit.world
    sent = deliveries(visit).get(number)
    if sent is None:
        raise Problem("unknown-record", f"nothing of number {number} was sent from {visit.params['world']!r}")
    again = replace(sent.post, attempt=1, due=here.clock.now())
    here.outbox.append(again)
    post(visit)
    return told_post(again)
