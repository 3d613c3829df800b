"""What every page of the dashboard is made with: a look at a world through the control API, the frame, tables and buttons.

Rules of this file
- A page asks the control API, as a program would; a button is a form that carries out one of its operations.
- Nothing comes from elsewhere: no font, no script, no picture. The policy below holds the browser to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from starlette.requests import Request

from mockserver.contract.operation import Operation
from mockserver.contract.wire import scalar
from mockserver.engine.site import Site
from mockserver.message import Call, Json, Reply
from mockserver.state.world import World
from mockserver.ui.markup import Child, Markup, document, h
from mockserver.web.control import Control

root: Final = "/_mockserver/ui"


class Unavailable(Exception):
    """The control API said no to a page or a button."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.value["detail"])
        self.status = reply.status


class Look:
    """One look at a world: what a page is made from.

    site   everything served        query  what was asked for in the address
    world  the name of the world    rest   the parts of the path behind the page's name
    """

    def __init__(self, site: Site, request: Request) -> None:
        self.site, self.control = site, request.app.state.control
        self.world_name = request.path_params.get("world", "default")
        self.rest: Mapping[str, Any] = request.path_params
        self.query: Mapping[str, str] = request.query_params
        self.address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.base = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"

    @property
    def world(self) -> World:
        return self.site.worlds.get(self.world_name)

    @property
    def vendors(self) -> list[str]:
        return list(self.site.engines)

    def title(self, vendor: str) -> str:
        return self.site.engines[vendor].vendor.title or vendor

    def href(self, *path: object, **query: object) -> str:
        """The address of a page of this world."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        parts = "/".join(quote(str(part), safe="@") for part in path)
        return f"{root}/{quote(self.world_name, safe='')}/{parts}" + (f"?{urlencode(asked)}" if asked else "")

    async def ask(self, operation: str, /, **given: Json) -> Any:
        """What the control API answers. Raises Unavailable."""
        reply = await carried_out(self.control, operation, {"world": self.world_name, **given}, self.base)
        return reply.value if reply.status != 204 else None

    def button(
        self, words: Child, operation: str, /, *, said: str, kind: str = "", confirm: str = "", label: str | None = None, **given: Json
    ) -> Markup:
        """A button that carries out an operation with what is given; `said` is told when it is done."""
        return self.form(operation, h.button(words, class_=kind, aria_label=label), said=said, confirm=confirm, **given)

    def form(self, operation: str, /, *children: Child, said: str, confirm: str = "", class_: str = "act", **given: Json) -> Markup:
        hidden = [
            h.input(type="hidden", name=name, value=value if isinstance(value, str) else orjson.dumps(value).decode())
            for name, value in given.items()
        ]
        back = h.input(type="hidden", name="_back", value=self.address)
        return h.form(
            back,
            hidden,
            children,
            method="post",
            action=self.href("act", operation),
            class_=class_,
            data_said=said,
            data_confirm=confirm or None,
        )


async def carried_out(control: Control, operation: str, given: Mapping[str, Json], base: str) -> Reply:
    """Carry out an operation of the control API. Raises Unavailable."""
    found = control.contract.operations[operation]
    path, query, rest = found.path, {}, dict(given)
    for parameter in found.parameters:
        if parameter.name in rest:
            value = rest.pop(parameter.name)
            if parameter.where == "path":
                path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
            elif value not in (None, ""):
                query[parameter.name] = value
    body = orjson.dumps(rest) if found.body is not None else b""
    reply = await control.answer(Call(found.method, path, urlencode(query), {"content-type": "application/json"}, body, base))
    assert isinstance(reply, Reply), "pages look, they do not follow"
    if reply.status >= 400:
        raise Unavailable(reply)
    return reply


def filled(operation: Operation, form: Mapping[str, str]) -> dict[str, Json]:
    """The fields of a form as the operation's parameters and body have them; what was left empty is not given."""
    contract = operation.contract
    inner = contract.properties(operation.body[1]["application/json"]) if operation.body else {}
    places = {**{each.name: each.place for each in operation.parameters}, **inner}
    out: dict[str, Json] = {}
    for name, text in form.items():
        if name in places and text:
            types, _ = contract.types(places[name])
            out[name] = [text] if "array" in types else scalar(types or {"boolean", "string"})(text)
    return out


# -- the frame of every page ----------------------------------------------------------------------------------------

Page = Callable[[Look], Awaitable[tuple[str, Child]]]

menu: Final = (
    ("", "Overview"), ("people", "People"), ("journal", "Journal"), ("clock", "Clock"), ("faults", "Faults"),
    ("worlds", "Worlds"), ("contract", "Contract"), ("webhooks", "Webhooks"),
)  # fmt: skip


async def frame(look: Look, here: str, title: str, content: Child, alert: str = "") -> bytes:
    """A page: the menu, which world and what time it is there, the content."""
    clock = await look.ask("showClock")
    links = [h.li(h.a(words, href=look.href(page), aria_current="page" if page == here else None)) for page, words in menu]
    references = [h.li(h.a(look.title(name), href=f"/_mockserver/reference/{name}")) for name in look.vendors]
    worlds = [each["name"] for each in (await look.ask("listWorlds"))["worlds"]]
    return document(
        h.head(
            h.meta(charset="utf-8"),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.title(f"{title} · mockserver"),
            h.link(rel="stylesheet", href=f"{root}/look.css"),
            h.link(rel="icon", href="data:,"),
            h.script(src=f"{root}/live.js", defer=True),
        ),
        h.body(
            h.a("Skip to the content", href="#content", class_="skip"),
            h.header(
                h.a("mockserver", href=look.href(), class_="brand"),
                h.nav(h.ul(links), aria_label="Pages"),
                h.nav(h.h2("API reference"), h.ul(references), aria_label="API reference", class_="references"),
            ),
            h.div(
                h.section(
                    h.form(
                        h.label("World", h.select([h.option(name, value=name, selected=name == look.world_name) for name in worlds], name="to", id="world-choice")),
                        h.button("Go", class_="quiet"),
                        action=f"{root}/go", class_="world",
                    ),
                    h.p(
                        h.span("World clock ", class_="quiet"),
                        time_of(clock["now"], data_clock="frozen" if clock["frozen"] else "running"),
                        " ", badge("standing still", "cold") if clock["frozen"] else None,
                        class_="now", id="now", data_live=True,
                    ),
                    class_="bar", aria_label="World and clock",
                ),
                h.main(
                    h.h1(title),
                    h.p(alert, id="said", role="alert" if alert else "status", class_="said bad" if alert else "said", hidden=not alert),
                    content,
                    id="content", tabindex="-1",
                ),
                class_="page",
            ),
            data_follow=f"/_mockserver/worlds/{quote(look.world_name, safe='')}/journal/follow",
        ),
    )  # fmt: skip


def time_of(text: str | None, *, short: bool = False, **attributes: object) -> Child:
    """A time of a world for people."""
    if not text:
        return h.span("–", class_="quiet")
    return h.time(f"{text[:10]} {text[11:16]}" if short else f"{text[:10]} {text[11:19]} UTC", datetime=text, **attributes)


def section(title: str, *children: Child, name: str, about: Child = None) -> Markup:
    """A part of a page that is made anew when something happened."""
    return h.section(
        h.h2(title, id=f"{name}-title"),
        h.p(about, class_="quiet") if about else None,
        children,
        id=name,
        data_live=True,
        aria_labelledby=f"{name}-title",
    )


def table(caption: str, heads: tuple[str, ...], rows: Sequence[Child], empty: str) -> Markup:
    """A table, or why there is none."""
    if not rows:
        return h.p(empty, class_="empty")
    head = h.thead(h.tr([h.th(each, scope="col") if each else h.td() for each in heads]))
    return h.div(
        h.table(h.caption(caption, class_="hidden"), head, h.tbody(rows)), class_="wide", tabindex="0", role="group", aria_label=caption
    )


def badge(words: Child, kind: str = "") -> Markup:
    return h.span(words, class_=f"badge {kind}".strip())


def mark(vendors: list[str], vendor: str) -> Markup:
    """A vendor's name beside its colour."""
    return h.span(vendor, class_=f"mark v{vendors.index(vendor) % 6}")
