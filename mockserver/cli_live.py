"""The commands beside a running server: `ctl`, made of the control API's document, and `demo`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import click

from mockserver.errors import BadOption
from mockserver.remote import Remote, contract
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.operation import Operation
    from mockserver.message import Json

token: Final = re.compile(r"\{\*\}|\{(?P<argument>\w+)(?:=(?P<default>[^}]*))?\}|\[options\]|(?P<fixed>\w+)=(?P<value>\S+)|(?P<word>\S+)")
spans: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@frozen
class Line:
    """One line of `x-ctl`, read.

    words      what is typed first: ("clock", "advance")
    arguments  what follows, by name; the default of those that may be left out, else None
    fixed      what the words themselves say
    free       NAME=VALUE pairs may follow
    every      every property of the body is an option
    """

    words: tuple[str, ...]
    arguments: Mapping[str, str | None]
    fixed: Mapping[str, Json]
    free: bool
    every: bool

    @classmethod
    def read(cls, text: str) -> Line:
        found = list(token.finditer(text))
        return cls(
            tuple(each["word"] for each in found if each["word"]),
            {each["argument"]: each["default"] for each in found if each["argument"]},
            {each["fixed"]: typed(each["value"]) for each in found if each["fixed"]},
            "{*}" in text,
            "[options]" in text,
        )


def typed(text: str) -> Json:
    """What was typed as JSON where it is JSON, else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def seconds(text: str) -> float:
    """`90`, `90s`, `2h`, `-1d` as seconds."""
    found = re.fullmatch(r"([-+]?\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None:
        raise BadOption(f"{text!r} is no span of time such as 90, 90s, 15m, 2h or 1d")
    return float(found[1]) * spans[found[2] or "s"]


def value_of(place: str, name: str, text: Any) -> Json:
    """What was typed for a parameter or property, as its schema has it."""
    if name == "advance":
        return seconds(text)
    types, _ = contract().types(place)
    if "array" in types:
        return list(text) if isinstance(text, tuple) else [text]
    return text if types == {"string"} else typed(str(text))


class Verb(click.Command):
    """One line of one operation as a command."""

    def __init__(self, operation: Operation, line: Line) -> None:
        self.operation, self.line = operation, line
        given = [click.Argument([name], required=default is None, default=default) for name, default in line.arguments.items()]
        if line.free:
            given.append(click.Argument(["pairs"], nargs=-1, metavar="[NAME=VALUE ...]"))
        options = [option_of(place, name) for name, place in self.optional()]
        summary = operation.node.get("summary", "")
        super().__init__(
            line.words[-1],
            params=[*given, *options],
            callback=self.run,
            help=f"{summary}.\n\n\b\nExample:\n  mockserver ctl {self.example()}",
            short_help=summary,
            context_settings={"ignore_unknown_options": "advance" in line.arguments},  # -1d is a span of time
        )

    def places(self) -> dict[str, str]:
        """Where the schema of each parameter and of each property of the body stands."""
        body = self.operation.body
        inner = contract().properties(body[1]["application/json"]) if body else {}
        return {**{each.name: each.place for each in self.operation.parameters}, **inner}

    def optional(self) -> Iterator[tuple[str, str]]:
        """What can be said by options: parameters of the query, and all of the body where the line says so."""
        query = {each.name for each in self.operation.by_place.query}
        for name, place in self.places().items():
            if name in query or (self.line.every and name not in ("world", *self.line.arguments, *self.line.fixed)):
                yield name, place

    def example(self) -> str:
        return " ".join(
            [
                *self.line.words,
                *(examples.get(name, name.upper()) for name in self.line.arguments),
                *(("name=value",) if self.line.free else ()),
            ]
        )

    def run(self, /, **given: Any) -> None:
        context = click.get_current_context()
        places = self.places()
        told = dict(self.line.fixed)
        for pair in given.pop("pairs", ()):
            name, found, value = pair.partition("=")
            if not found:
                raise click.UsageError(f"{pair!r} is not NAME=VALUE")
            told[name] = typed(value) if self.operation.body else value
        for name, value in given.items():
            if value not in (None, ()):
                told[name] = value_of(places[name], name, value)
        show(context.find_object(Remote).call(self.operation, told))  # type: ignore[union-attr]  # the group made it


examples: Final = {
    "advance": "2h", "vendor": "NAME", "kind": "users", "key": "user_01", "email": "ada@example.com", "number": "1",
    "effect": "slow --seconds 2 --times 3", "pack": "'bad day'", "name": "before", "to": "before", "freeze": "2026-01-31T09:00:00Z",
}  # fmt: skip


def option_of(place: str, name: str) -> click.Option:
    schema = contract().schema(place)[1]
    about = schema.get("description", "") if isinstance(schema, dict) else ""
    allowed = schema.get("enum") if isinstance(schema, dict) else None
    many = "array" in contract().types(place)[0]
    return click.Option([f"--{name.replace('_', '-')}", name], help=about, multiple=many, type=click.Choice(allowed) if allowed else None)


def show(value: Json) -> None:
    """A reply for people and programs: JSON, or the text it is; followed exchanges a line each."""
    if isinstance(value, Iterator):
        for exchange in value:
            click.echo(told(exchange))
    elif value is not None:
        click.echo(value.rstrip("\n") if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))


def told(exchange: Json) -> str:
    """An exchange in a line, each finding in one of its own."""
    color = {"kept": "green", "broken": "red", "ours": "red"}.get(exchange["verdict"], "yellow")
    request, status = exchange["request"], exchange["response"]["status"]
    first = f"{exchange['at']}  {exchange['vendor']:<10} {status}  {request['method']:<6} {request['url']}  "
    findings = [f"\n    {each['place']}: {each['message']} ({each['contract']})" for each in exchange["findings"]]
    return first + click.style(exchange["verdict"], fg=color) + "".join(findings)


groups: Final = {
    "checkpoints": "Moments of a world, kept to go back to.",
    "clock": "What time it is in a world.",
    "faults": "What goes wrong on purpose.",
    "journal": "What was asked and answered.",
    "limits": "The vendors' rate limits.",
    "people": "Who there is, and where they are signed in.",
    "state": "Records, by vendor and kind.",
    "webhooks": "What was sent, and what waits to be.",
    "worlds": "Worlds: each with data, clock, faults and journal of its own.",
}


@cache
def tree() -> dict[str, click.Command]:
    """Every verb, in groups by their first word."""
    commands: dict[str, click.Command] = {}
    for operation in contract().operations.values():
        for text in operation.node.get("x-ctl", ()):
            verb = Verb(operation, Line.read(text))
            first, *rest = verb.line.words
            if not rest:
                commands[first] = verb
                continue
            group = commands.setdefault(first, click.Group(first, help=groups[first]))
            assert isinstance(group, click.Group)
            group.add_command(verb)
    return commands


class Live(click.Group):
    """A group whose commands are read from the control API's document when they are needed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(tree())

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return tree().get(name)


@click.group(cls=Live)
@click.option("--url", envvar="MOCKSERVER_CONTROL", default="http://127.0.0.1:4010", show_default=True, help="Where the server answers.")
@click.option("--world", envvar="MOCKSERVER_WORLD", default="default", show_default=True, help="The world that is meant.")
@click.option("--token", envvar="MOCKSERVER_TOKEN", default="", help="What the control API of a public server wants to see.")
@click.pass_context
def ctl(context: click.Context, url: str, world: str, token: str) -> None:
    """Steer a running server: worlds, people, state, journal, clock, faults, limits, webhooks.

    \b
    Example:
      mockserver ctl people revoke farid@example.com
      mockserver ctl clock advance 2h
      mockserver ctl faults pack 'bad day' --vendor NAME
      mockserver ctl journal follow --verdict broken
    """
    context.obj = Remote(url, world, token)


@click.command()
@click.option(
    "--port", envvar="MOCKSERVER_PORT", default=4010, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: any free one."
)
@click.option("--browser/--no-browser", default=True, help="Open the dashboard in a browser.  [default: browser]")
def demo(port: int, browser: bool) -> None:
    """All bundled vendors with the people of the company, and the dashboard. Needs no network.

    \b
    Example:
      mockserver demo
      python examples/offboard.py farid@example.com      in a second terminal: watch the dashboard
    """
    import webbrowser

    from mockserver.ui import dashboard, reference
    from mockserver.vendors import site as make_site
    from mockserver.web.app import App
    from mockserver.web.server import Address, Plan, serve

    site = make_site()
    app = App(site, [*dashboard.routes(site), *reference.routes(site)])
    site.worlds.get("default")

    def ready(address: Address) -> None:
        click.echo(f"The dashboard is at {address.url}/_mockserver/ui/", err=True)
        url = "" if port == 4010 else f" --url {address.url}"
        click.echo(f"Sign somebody out everywhere: python examples/offboard.py farid@example.com{url}", err=True)
        click.echo("Ctrl-C stops", err=True)
        if browser:
            webbrowser.open(f"{address.url}/_mockserver/ui/")

    serve(app, Plan(port=port), ready)
