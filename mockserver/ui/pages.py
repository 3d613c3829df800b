"""What each page of the dashboard shows."""

from __future__ import annotations

import inspect
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from mockserver.contract.contract import Contract
from mockserver.contract.lines import line_of
from mockserver.engine.faults import effects
from mockserver.message import Json
from mockserver.state.clock import millis
from mockserver.ui import pictures
from mockserver.ui.look import Look, Page, badge, mark, section, table, time_of
from mockserver.ui.markup import Child, h

verdict_kinds: Final = {"kept": "good", "broken": "bad", "ours": "bad", "unmatched": "odd"}
verdict_words: Final = {"kept": "kept", "broken": "broken", "ours": "our fault", "unmatched": "no such operation"}


def status_kind(status: int) -> str:
    return "bad" if status >= 500 else "odd" if status >= 400 else "good"


# -- overview -------------------------------------------------------------------------------------------------------


people_looked_at: Final = 200


async def overview(look: Look) -> tuple[str, Child]:
    here = look.world
    exchanges = tuple(here.journal)
    shown = await look.ask("listPeople", limit=people_looked_at)
    some = f" of {people_looked_at} people" if shown["total"] > people_looked_at else ""
    held = {vendor: sum(each["sessions"][vendor] for each in shown["people"]) for vendor in look.vendors}
    faults = (await look.ask("listFaults"))["faults"]
    broken = (await look.ask("showJournal", verdict="broken", limit=1))["total"]
    tiles = h.ul(
        [
            h.li(h.strong(f"{number:,}"), h.span(words), class_=kind)
            for number, words, kind in (
                (shown["total"], "people", ""),
                (sum(held.values()), f"sessions{some}", ""),
                (here.asked, "calls answered", ""),
                (broken, "outside the contract", "bad" if broken else ""),
                (len(faults), "faults on", "odd" if faults else ""),
            )
        ],
        class_="tiles", id="figures", data_live=True,
    )  # fmt: skip
    legend = h.ul([h.li(mark(look.vendors, vendor), f" {count:,}") for vendor, count in held.items()], class_="legend")
    latest = (await look.ask("showJournal", limit=8))["exchanges"]
    return "Overview", [
        tiles,
        section("Who is signed in where", pictures.share(held), legend, name="shares"),
        section("Calls", pictures.rate(exchanges, here.clock.wall(), look.control.verdicts), name="rate"),
        section("How long they took", pictures.latency(exchanges), name="latency"),
        section("Latest", journal_table(look, latest), h.p(h.a("The whole journal", href=look.href("journal"))), name="latest"),
    ]


# -- people ---------------------------------------------------------------------------------------------------------

people_a_page: Final = 50


async def people(look: Look) -> tuple[str, Child]:
    words, offset = look.query.get("q", ""), whole(look.query.get("offset", "0"))
    found = await look.ask("listPeople", q=words, offset=offset, limit=people_a_page)
    rows = [
        h.tr(
            h.th(h.a(each["name"], href=look.href("people", each["email"])), h.br(), h.span(each["email"], class_="quiet"), scope="row"),
            h.td(each["title"], h.br(), h.span(each["team"], class_="quiet")),
            h.td(each["role"].replace("_", " ")),
            h.td(badge(each["status"], "odd") if each["status"] != "employed" else each["status"]),
            [h.td(count or h.span("0", class_="quiet"), class_="number") for count in each["sessions"].values()],
        )
        for each in found["people"]
    ]
    search = h.form(
        h.label("Find ", h.input(type="search", name="q", value=words, placeholder="name, e-mail, team or title")),
        h.button("Find"),
        class_="filters", role="search",
    )  # fmt: skip
    more = [
        h.a(label, href=look.href("people", q=words, offset=max(at, 0)))
        for label, at, sensible in (
            ("Earlier", offset - people_a_page, offset > 0),
            ("Later", offset + people_a_page, offset + people_a_page < found["total"]),
        )
        if sensible
    ]
    heads = ("Person", "Work", "Role", "Status", *look.vendors)
    listed = table("People and how many sessions each vendor holds for them", heads, rows, "Nobody is called like that.")
    return "People", [search, section(f"{found['total']:,} people", listed, h.p(more), name="people")]


def whole(text: str) -> int:
    return int(text[:9]) if text.isdecimal() else 0


async def person(look: Look) -> tuple[str, Child]:
    email = look.rest["email"]
    who = await look.ask("showPerson", email=email)
    vendors, total = who["vendors"], sum(who["sessions"].values())
    spans = {
        vendor: [(millis(each["since"]), each["until"] and millis(each["until"])) for each in sessions if each["since"]]
        for vendor, sessions in vendors.items()
    }
    facts = h.p(
        f"{who['title']}, {who['team']} · {who['role'].replace('_', ' ')} · {who['time_zone']} · ",
        h.span(who["email"], class_="code"),
        " ",
        badge(who["status"], "odd") if who["status"] != "employed" else None,
        class_="facts",
    )
    everywhere = look.button(
        f"Sign out everywhere ({total})", "revokeSessions", said=f"{who['name']} is signed out everywhere", kind="danger", email=email,
        confirm=f"End all {total} sessions of {who['name']}?",
    )  # fmt: skip
    return who["name"], [
        facts,
        section("Sessions", pictures.timeline(spans, look.world.clock.now()), everywhere if total else None, name="timeline"),
        h.div([sessions_of(look, who, vendor, sessions) for vendor, sessions in vendors.items()], class_="columns"),
    ]


def sessions_of(look: Look, who: dict[str, str], vendor: str, sessions: list[dict[str, str]]) -> Child:
    items = [
        h.li(
            h.div(
                h.span(each["id"], class_="code"),
                h.span([each["device"], " from " if each["address"] else "", each["address"]], class_="quiet"),
                h.span("since ", time_of(each["since"], short=True), class_="quiet"),
                h.span("until ", time_of(each["until"], short=True), class_="quiet") if each["until"] else None,
                badge(each["note"], "odd") if each["note"] else None,
                class_="session",
            ),
            look.button(
                "Revoke",
                "revokeSessions",
                said=f"Session {each['id']} is revoked",
                label=f"Revoke {vendor} session {each['id']}",
                email=who["email"],
                vendor=vendor,
                session=each["id"],
            ),
            data_session=each["id"],
        )
        for each in reversed(sessions[-60:])
    ]
    rest = h.p(f"… and {len(sessions) - 60} older ones", class_="quiet") if len(sessions) > 60 else None
    heading = [mark(look.vendors, vendor), f" {len(sessions)}"]
    listed = h.ul(items, class_="sessions") if items else h.p("No session here.", class_="empty")
    return h.section(h.h2(heading), listed, rest, id=f"sessions-{vendor}", data_live=True, class_="card")


# -- the journal ----------------------------------------------------------------------------------------------------

filters: Final = ("vendor", "operation", "method", "status", "verdict", "text")


def short(url: str) -> str:
    """An address without where the server is."""
    return "/" + url.partition("//")[2].partition("/")[2]


def journal_table(look: Look, exchanges: list[dict[str, Any]]) -> Child:
    rows: list[Child] = [journal_row(look, each) for each in reversed(exchanges)]
    heads = ("When", "Vendor", "Call", "Answer", "Contract", "Took")
    return table("Calls, the newest first", heads, rows, "Nothing was asked yet. Point a client at this server and watch.")


def journal_row(look: Look, each: dict[str, Any]) -> Child:
    request, status, verdict = each["request"], each["response"]["status"], each["verdict"]
    findings = [
        h.li(h.strong(one["place"]), f" {one['message']} ", h.span(one["contract"], class_="code quiet")) for one in each["findings"]
    ]
    near = [h.li("nearest: ", h.span(each["nearest"][0], class_="code"))] if each.get("nearest") else []
    return h.tr(
        h.td(h.a(each["at"][11:19], href=look.href("journal", each["number"]), aria_label=f"Exchange {each['number']} at {each['at'][11:19]}")),
        h.td(mark(look.vendors, each["vendor"])),
        h.td(
            h.span(request["method"], " ", short(request["url"]), class_="code url"), h.br(), h.span(each["operation"] or "", class_="quiet"),
            h.ul(findings, near, class_="findings") if findings or near else None,
        ),
        h.td(badge(status, status_kind(status)), badge(each["fault"], "odd") if each["fault"] else None),
        h.td(badge(verdict_words[verdict], verdict_kinds[verdict])),
        h.td(f"{each['took']:.1f} ms", class_="number"),
    )  # fmt: skip


async def journal(look: Look) -> tuple[str, Child]:
    asked = {name: look.query[name] for name in filters if look.query.get(name)}
    found = await look.ask("showJournal", limit=100, **asked)

    def choice(name: str, values: list[str]) -> Child:
        options = [h.option(value or "any", value=value, selected=value == asked.get(name, "")) for value in ["", *values]]
        return h.label(name.capitalize(), " ", h.select(options, name=name))

    form = h.form(
        choice("vendor", look.vendors),
        choice("verdict", list(verdict_words)),
        choice("status", ["2xx", "3xx", "4xx", "5xx"]),
        h.label("Operation ", h.input(name="operation", value=asked.get("operation", ""), size=16)),
        h.label("Text ", h.input(name="text", value=asked.get("text", ""), size=16)),
        h.button("Show"),
        class_="filters",
    )
    exports = h.p(
        h.a("As HAR", href=export(look, "har", asked), download="journal.har"), " · ",
        h.a("As curl lines", href=export(look, "curl", asked), download="journal.sh"), " · ",
        look.button("Empty the journal", "forgetJournal", said="The journal is empty", kind="quiet"),
        class_="row",
    )  # fmt: skip
    listed = journal_table(look, found["exchanges"])
    return "Journal", [form, section(f"{found['total']:,} calls", listed, name="journal"), exports]


def export(look: Look, form: str, asked: dict[str, str]) -> str:
    return f"/_mockserver/worlds/{quote(look.world_name, safe='')}/journal/{form}" + (f"?{urlencode(asked)}" if asked else "")


async def exchange(look: Look) -> tuple[str, Child]:
    each = await look.ask("showExchange", number=whole(look.rest["number"]))
    request, response = each["request"], each["response"]
    facts = h.dl(
        [
            (h.dt(name), h.dd(value))
            for name, value in (
                ("Operation", each["operation"] or "none"),
                ("Answer", badge(response["status"], status_kind(response["status"]))),
                ("Contract", badge(verdict_words[each["verdict"]], verdict_kinds[each["verdict"]])),
                ("Fault", each["fault"] or "none"),
                ("World's clock", time_of(each["at"])),
                ("Took", f"{each['took']} ms"),
            )
        ],
        class_="facts",
    )
    return f"Exchange {each['number']}", [
        h.p(mark(look.vendors, each["vendor"]), " ", h.span(request["method"], " ", request["url"], class_="code url")),
        facts,
        findings_of(look, each),
        side("Request", request),
        side("Reply", response),
        h.p(h.a("Back to the journal", href=look.href("journal"))),
    ]


def findings_of(look: Look, each: dict[str, Any]) -> Child:
    """What was wrong, with the very rule of the contract."""
    contract = look.site.engines[each["vendor"]].contract
    near = each.get("nearest")
    if near:
        return h.section(
            h.h2("Nothing in the contract is like this"), h.p("The nearest:"), h.ul([h.li(h.span(one, class_="code")) for one in near])
        )
    found = [
        h.li(
            h.p(h.strong(one["place"]), " ", one["message"]),
            h.p("Rule: ", h.span(one["contract"], class_="code"), written(contract, one["contract"]), class_="quiet"),
            h.pre(pretty(rule)) if (rule := contract.at(one["contract"], None)) is not None else None,
        )
        for one in each["findings"]
    ]
    return h.section(h.h2("Where the contract was left"), h.ol(found, class_="findings")) if found else None


def written(contract: Contract, place: str) -> str:
    """Where in which file a rule is written."""
    file, line = line_of(contract.document, place)
    return f" ({file}, line {line})" if line else ""


def side(title: str, told: dict[str, Any]) -> Child:
    headers = [h.tr(h.th(name, scope="row"), h.td(value, class_="code url")) for name, value in told["headers"].items()]
    return h.section(
        h.h2(title),
        h.details(h.summary(f"{len(headers)} headers"), h.table(h.tbody(headers), class_="headers")),
        h.pre(pretty_text(told["body"]), tabindex="0") if told["body"] else h.p("No body.", class_="quiet"),
    )


def pretty(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()[:4000]


def pretty_text(text: str) -> str:
    """A body for reading: JSON indented, anything else as it came."""
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()[:20_000]
    except orjson.JSONDecodeError:
        return text[:20_000]


# -- the clock ------------------------------------------------------------------------------------------------------

jumps: Final = (
    ("1 minute", 60),
    ("15 minutes", 900),
    ("1 hour", 3600),
    ("8 hours", 28_800),
    ("1 day", 86_400),
    ("7 days", 604_800),
    ("30 days", 2_592_000),
)


async def clock(look: Look) -> tuple[str, Child]:
    told = await look.ask("showClock")
    frozen = told["frozen"]
    hold = (
        look.button("Let it run", "moveClock", said="The clock runs", kind="main", run=True)
        if frozen
        else look.button("Freeze it", "moveClock", said="The clock stands still", kind="main", freeze=True)
    )
    ahead = [look.button(words, "moveClock", said=f"{words} later", label=f"Jump {words} ahead", advance=by) for words, by in jumps]
    to = look.form(
        "moveClock",
        h.label("Stand still at ", h.input(name="freeze", value=told["now"][:19] + "Z", size=22, pattern=r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+\-]\d\d:\d\d)?")),
        h.button("Set"),
        said="The clock is set", class_="filters",
    )  # fmt: skip
    due = [h.span("Next, something happens by itself at "), time_of(told["next"]), "."] if told["next"] else "Nothing is due."
    return "Clock", [
        h.section(
            h.h2("World clock", class_="hidden", id="face-title"),
            h.p(
                h.time(told["now"][11:19], datetime=told["now"], data_clock="frozen" if frozen else "running", data_face=True), class_="face"
            ),
            h.p(told["now"][:10], " UTC ", badge("standing still", "cold") if frozen else badge("running", "good")),
            h.div(hold, class_="hold"),
            h.p(due, class_="quiet"),
            id="face", data_live=True, class_="card clock", aria_labelledby="face-title",
        ),
        h.section(
            h.h2("Jump ahead"),
            h.p("Everything due on the way happens in order and at its own time: expiry, rate windows, webhook retries.", class_="quiet"),
            h.div(ahead, class_="row"),
        ),
        h.section(h.h2("Set"), to),
    ]  # fmt: skip


# -- faults ---------------------------------------------------------------------------------------------------------


async def faults(look: Look) -> tuple[str, Child]:
    told, limits = await look.ask("listFaults"), await look.ask("showLimits")
    on = {each["name"]: each for each in told["faults"]}

    def switch(pack: str, vendor: str) -> Child:
        names = [f"{vendor}: {each['name']}" if vendor else each["name"] for each in told["packs"][pack]]
        lit = all(name in on for name in names)
        given = {"vendor": vendor} if vendor else {}
        words = f"{pack}, {vendor or 'all vendors'}"
        return toggle(look, lit, words, "setPack", pack=pack, on=not lit, **given)

    packs = [h.tr(h.th(pack, scope="row"), [h.td(switch(pack, vendor)) for vendor in ("", *look.vendors)]) for pack in told["packs"]]
    refusing = h.tr(
        h.th("rate limits of the vendor's own", scope="row"),
        h.td(),
        [
            h.td(
                toggle(look, state == "on", f"rate limits, {vendor}", "setLimits", vendor=vendor, limits="off" if state == "on" else "on")
                if state != "none"
                else "–"
            )
            for vendor, state in limits["vendors"].items()
        ],
    )
    counted = [
        h.tr(
            h.th(each["limit"], scope="row"),
            h.td(each["who"] or "all"),
            h.td(f"{each['remaining']} of {each['calls']}", class_="number"),
            h.td(f"{each['reset']} s", class_="number"),
        )
        for each in limits["counted"]
    ]
    rows = [
        h.tr(
            h.th(each["name"], scope="row"),
            h.td(each["effect"], " ", h.span(what(each), class_="quiet")),
            h.td(each["vendor"] or "all", h.br(), h.span(", ".join(each["operations"]) or "every operation", class_="quiet")),
            h.td(when(each)),
            h.td(f"{each['struck']} of {each['seen']}", class_="number"),
            h.td(
                look.button(
                    "Take away", "removeFault", said=f"{each['name']} is gone", label=f"Take away {each['name']}", name=each["name"]
                )
            ),
        )
        for each in told["faults"]
    ]
    clear = look.button("Take all away", "clearFaults", said="Nothing goes wrong on purpose any more") if rows else None
    heads = ("Fault", "What", "Whose calls", "When", "Struck", "")
    return "Faults", [
        section("Switches", table("Packs of faults by vendor", ("Pack", "all", *look.vendors), [*packs, refusing], ""), name="packs"),
        section("Switched on", table("Faults", heads, rows, "Nothing goes wrong on purpose."), clear, name="faults"),
        section("Limits", table("Limits", ("Limit", "Whose calls", "Left", "More in"), counted, "No call was counted yet."), name="limits"),
        h.section(h.h2("One more"), new_fault(look)),
    ]


def toggle(look: Look, lit: bool, words: str, operation: str, **given: Json) -> Child:
    button = h.button(h.span(class_="knob"), role="switch", aria_checked="true" if lit else "false", aria_label=words, class_="switch")
    return look.form(operation, button, said=f"{words}: {'off' if lit else 'on'}", **given)


def what(each: dict[str, Any]) -> str:
    """What a fault's effect is set to, but for what it is anyway."""
    usual = {name: setting.default for name, setting in inspect.signature(effects[each["effect"]]).parameters.items()}
    return ", ".join(
        str(value) if name == each["effect"] else f"{name} {value}" for name, value in each.items() if usual.get(name, value) != value
    )


def when(each: dict[str, Any]) -> str:
    parts = [
        f"{each['chance']:.0%} of calls" if each["chance"] < 1 else "every call" if each["every"] == 1 else f"1 call in {each['every']}",
        f"{each['times']} times at most" if each["times"] else "",
        f"after the first {each['skip']}" if each["skip"] else "",
    ]
    return ", ".join(filter(None, parts))


def new_fault(look: Look) -> Child:
    """A form for each effect, with what can be said of it and when it strikes."""
    operations = [operation for engine in look.site.engines.values() for operation in engine.contract.operations]
    forms = [
        look.form(
            "addFault",
            [field(name.replace("_", " ").capitalize(), name) for name in inspect.signature(kind).parameters],
            h.label("Vendor ", h.select(h.option("all", value=""), [h.option(each, value=each) for each in look.vendors], name="vendor")),
            field("Operation", "operations", size=20, list="operations"),
            field("Chance", "chance", placeholder="1"),
            field("Times", "times"),
            h.button("Switch on"),
            said="The fault is on", class_="filters", effect=word,
        )
        for word, kind in effects.items()
    ]  # fmt: skip
    return [
        h.datalist([h.option(value=each) for each in operations], id="operations"),
        [h.details(h.summary(word, ": ", first_line(effects[word])), form) for word, form in zip(effects, forms, strict=True)],
    ]


def field(words: str, name: str, *, size: int = 6, **more: object) -> Child:
    return h.label(words, " ", h.input(name=name, size=size, **more))


def first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0].replace("`", "")


# -- worlds ---------------------------------------------------------------------------------------------------------


async def worlds(look: Look) -> tuple[str, Child]:
    listed = (await look.ask("listWorlds"))["worlds"]
    kept = (await look.ask("listCheckpoints"))["checkpoints"]
    since = look.query.get("since", "")
    known = {each["name"] for each in kept}
    changes = (await look.ask("diffWorld", since=since if since in known else None))["changes"]
    rows = [
        h.tr(
            h.th(
                h.a(
                    each["name"], href=f"/_mockserver/ui/{each['name']}/", aria_current="true" if each["name"] == look.world_name else None
                ),
                scope="row",
            ),
            h.td(time_of(each["now"]), " ", badge("standing still", "cold") if each["frozen"] else None),
            h.td(f"{each['exchanges']:,}", class_="number"),
            h.td(", ".join(each["checkpoints"]) or "–"),
            h.td(drop(look, each["name"]) if each["name"] != look.world_name else None),
        )
        for each in listed
    ]
    moments = [
        h.tr(
            h.th(each["name"], scope="row"),
            h.td(time_of(each["now"])),
            h.td(
                h.div(
                    h.a("What changed since", href=look.href("worlds", since=each["name"])),
                    " ",
                    look.button(
                        "Rewind",
                        "rewindWorld",
                        said=f"The world is as it was at {each['name']}",
                        label=f"Rewind to {each['name']}",
                        to=each["name"],
                    ),
                    class_="row",
                )
            ),
        )
        for each in kept
    ]
    name = look.world_name
    acts = h.div(
        look.form("forkWorld", h.label("New world ", h.input(name="name", required=True, size=14)), h.button("Fork"), said="Forked", class_="filters"),
        look.form("keepCheckpoint", h.label("Checkpoint ", h.input(name="name", required=True, size=14)), h.button("Keep this moment"), said="Kept", class_="filters"),
        look.button("Reset to the scene", "resetWorld", said=f"{name} is as the scene has it", kind="danger", confirm=f"Forget everything that happened in {name}?"),
        class_="row",
    )  # fmt: skip
    return "Worlds", [
        section("Worlds", table("Worlds", ("World", "Its clock", "Calls", "Checkpoints", ""), rows, "Nobody has used one yet."), name="worlds"),
        h.section(h.h2(f"This world: {name}"), acts),
        section("Checkpoints", table("Checkpoints", ("Checkpoint", "Its clock", ""), moments, "None is kept."), name="checkpoints"),
        section(
            f"{len(changes):,} differences from {since if since in known else 'the scene'}",
            table("Differences", ("Record", "What", "Before", "Now"), [row for each in changes[:200] for row in change_rows(look, each)], "Nothing is different."),
            name="diff",
        ),
    ]  # fmt: skip


def drop(look: Look, name: str) -> Child:
    return look.button(
        "Drop", "dropWorld", said=f"{name} is forgotten", label=f"Drop {name}", confirm=f"Forget the world {name}?", world=name
    )


def change_rows(look: Look, each: dict[str, Any]) -> list[Child]:
    kinds = {"added": "good", "removed": "bad", "changed": "odd"}
    record = h.th(
        mark(look.vendors, each["vendor"]), f" {each['kind']} ", h.span(tail(each["key"]), class_="code", title=each["key"]), scope="row"
    )
    if each["change"] != "changed":
        return [h.tr(record, h.td(badge(each["change"], kinds[each["change"]])), h.td(), h.td())]
    return [
        h.tr(
            record, h.td(badge("changed", "odd"), " ", name), h.td(pretty(both["before"])[:300], class_="code was"), h.td(pretty(both["after"])[:300], class_="code"),
        )
        for name, both in each["fields"].items()
    ]  # fmt: skip


# -- the contract ---------------------------------------------------------------------------------------------------


def shade(each: dict[str, Any]) -> str:
    """What an operation's tile looks like."""
    if each["broken"]:
        return "bad"
    if each["calls"]:
        return "good" if any(status.startswith("2") for status in each["statuses"]) else "odd"
    return "none" if each["behaviour"] == "none" else "idle"


shades: Final = {
    "good": "called and answered with success",
    "odd": "called, never with success",
    "bad": "called outside the contract",
    "idle": "not called yet",
    "none": "not acted out by the fake",
}


async def contract(look: Look) -> tuple[str, Child]:
    told = (await look.ask("showCoverage"))["vendors"]
    maps = [
        section(
            f"{look.title(vendor)}: {sum(1 for each in operations if each['calls'])} of {len(operations)} called",
            h.ul([tile(look, vendor, each) for each in operations], class_="map"),
            name=f"map-{vendor}",
        )
        for vendor, operations in told.items()
    ]
    legend = h.ul([h.li(h.span(class_=f"tile {name}"), f" {words}") for name, words in shades.items()], class_="legend")
    return "Contract", [h.p("Every operation of every contract, by what the calls in the journal made of it."), legend, maps]


def tail(path: str) -> str:
    """The end of a path, where what it is about stands."""
    parts = path.split("/")
    return path if len(parts) <= 5 else f"…/{'/'.join(parts[-3:])}"


def tile(look: Look, vendor: str, each: dict[str, Any]) -> Child:
    statuses = ", ".join(f"{count}× {status}" for status, count in each["statuses"].items())
    state = shade(each)
    return h.li(
        h.a(
            h.span(each["method"], class_="method"), h.span(each["operation"], class_="name"), h.span(tail(each["path"]), class_="path", title=each["path"]),
            h.span(statuses or shades[state], class_="told"),
            href=look.href("journal", vendor=vendor, operation=each["operation"]), class_=f"tile {state}",
        )
    )  # fmt: skip


# -- webhooks -------------------------------------------------------------------------------------------------------


async def webhooks(look: Look) -> tuple[str, Child]:
    told = await look.ask("listWebhooks")

    def row(each: dict[str, Any], last: Child) -> Child:
        return h.tr(
            h.td(mark(look.vendors, each["vendor"])),
            h.td(each["about"]),
            h.td(each["url"], class_="code url"),
            h.td(each["attempt"], class_="number"),
            h.td(last),
        )

    waiting = [row(each, time_of(each["due"])) for each in told["waiting"]]
    sent = [
        row(
            each,
            h.div(
                badge(each["status"] or each["error"] or "no answer", "good" if 200 <= each["status"] < 300 else "bad"),
                look.button(
                    "Redeliver",
                    "redeliverWebhook",
                    said="Sent once more",
                    label=f"Redeliver number {each['number']}",
                    number=each["number"],
                ),
                class_="row",
            ),
        )
        for each in reversed(told["sent"])
    ]
    return "Webhooks", [
        section(
            "Waiting",
            table("Webhooks that wait", ("Vendor", "About", "To", "Try", "Due"), waiting, "Nothing waits to be sent."),
            name="waiting",
        ),
        section(
            "Sent", table("Webhooks that were sent", ("Vendor", "About", "To", "Try", "Answer"), sent, "Nothing was sent yet."), name="sent"
        ),
    ]


pages: Final[tuple[tuple[str, str, Page], ...]] = (
    ("", "", overview),
    ("people", "people", people),
    ("people/{email}", "people", person),
    ("journal", "journal", journal),
    ("journal/{number}", "journal", exchange),
    ("clock", "clock", clock),
    ("faults", "faults", faults),
    ("worlds", "worlds", worlds),
    ("contract", "contract", contract),
    ("webhooks", "webhooks", webhooks),
)
"""Path below the world, the place in the menu, and the page."""
