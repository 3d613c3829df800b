"""The command line: composes, prints, exits."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import click

from mockserver import __version__
from mockserver.errors import MockServerError, UnknownName

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from mockserver.engine.site import Site

settings: Final = (
    "vendors", "host", "port", "tls", "tls-port", "scene", "seed", "people", "clock", "limits", "public", "token", "options",
)  # fmt: skip


def project_settings(folder: Path) -> dict[str, Any]:
    """`[tool.mockserver]` of the nearest pyproject.toml from this folder upwards, as click's defaults. Raises UsageError."""
    file = next((each / "pyproject.toml" for each in (folder, *folder.parents) if (each / "pyproject.toml").is_file()), None)
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        if "tool.mockserver" not in text:  # most projects: spares 20 ms
            return {}
        import tomllib

        told = tomllib.loads(text).get("tool", {}).get("mockserver", {})
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file}: not TOML: {error}") from None
    if not isinstance(told, dict):
        raise click.UsageError(f"{file}: [tool.mockserver] is not a table")
    for name in told:
        if name not in settings:
            raise UnknownName(f"setting of [tool.mockserver] in {file}", name, settings)
    switches = told.pop("options", {})
    if not isinstance(switches, dict) or not all(isinstance(given, dict) for given in switches.values()):
        raise click.UsageError(f"{file}: [tool.mockserver.options] is not a table for each vendor, its switches by name")
    options = [f"{vendor}.{name}={value}" for vendor, given in switches.items() for name, value in given.items()]
    told = {name.replace("-", "_"): value if isinstance(value, list) and name == "vendors" else str(value) for name, value in told.items()}
    return {"serve": {**told, "option": options}} if told or options else {}


def main() -> None:
    """Run the command line; errors are one clear line and exit 2."""
    open_streams()
    try:
        code = cli.main(standalone_mode=False, default_map=project_settings(here()), prog_name="mockserver")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.ClickException as error:
        fail(error.format_message())
    except MockServerError as error:
        fail(str(error))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)


def open_streams() -> None:
    """Whoever started us with a stream closed gets one that leads nowhere: else the first socket would be taken for it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if number == 0 else "w", encoding="utf-8"))


def here() -> Path:
    """The folder we were started in. Raises UsageError when it is no more."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise click.UsageError("the folder this was started in is no more; change to another one") from None


def fail(words: str) -> None:
    click.echo(f"mockserver: {' '.join(words.split())}", err=True)
    sys.exit(2)


class Rooms(click.Group):
    """Commands that live in modules of their own, imported when one is asked for: `serve` should not pay for `verify`."""

    elsewhere: ClassVar = {
        "ctl": "mockserver.cli_live", "demo": "mockserver.cli_live", "inspect": "mockserver.cli_documents",
        "proxy": "mockserver.cli_documents", "verify": "mockserver.cli_verify",
    }  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self.elsewhere])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.elsewhere:
            command: click.Command = getattr(import_module(self.elsewhere[cmd_name]), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mockserver")
def cli() -> None:
    """A mock API server that remembers, checked by the vendor's contract in both directions.

    \b
    Example:
      mockserver serve            all bundled vendors on http://127.0.0.1:4010
      mockserver serve NAME       one of them
      mockserver vendors          what is bundled
    """


Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def option(*names: str, env: str, **rest: Any) -> Decorator:
    return click.option(*names, envvar=f"MOCKSERVER_{env}", show_default=rest.pop("show_default", True), **rest)


def pages(site: Site) -> Iterator[BaseRoute]:
    """The pages beside the control API, imported when somebody looks."""
    from mockserver.ui import dashboard, reference

    yield from dashboard.routes(site)
    yield from reference.routes(site)


@cli.command(
    epilog="Every option can also stand in [tool.mockserver] of pyproject.toml, or in a variable MOCKSERVER_<OPTION>. Documents that were read are "
    "kept in the user's cache folder; MOCKSERVER_CACHE=FOLDER says where else, MOCKSERVER_CACHE=off keeps none."
)
@click.argument("vendors", nargs=-1, metavar="[NAME|SPEC ...]", envvar="MOCKSERVER_VENDORS")
@option("--host", env="HOST", default="127.0.0.1", help="Address to listen on.")
@option("--port", env="PORT", default=4010, type=click.IntRange(0, 65535), help="Port; 0: any free one.")
@option("--tls", env="TLS", is_flag=True, help="Answer https as well, with a certificate of a throw-away CA.")
@option("--tls-port", env="TLS_PORT", default=4443, type=click.IntRange(0, 65535), help="Port for https; 0: any free one.")
@option("--scene", env="SCENE", default="company", help="Who there is: a bundled scene or a scene file.")
@option("--seed", env="SEED", default="0", help="What everything made up is drawn from.")
@option("--people", env="PEOPLE", type=click.IntRange(1, 10_000_000), help="Grow (or shrink) the scene to this many people.")
@option("--clock", env="CLOCK", default="real", help="`real`, or an ISO 8601 time to stand still at.")
@option(
    "--limits/--no-limits", env="LIMITS", default=None, help="Refuse calls beyond the vendors' rate limits. [default: each vendor's own]"
)
@option(
    "--option", env="OPTION", multiple=True, metavar="VENDOR.NAME=VALUE", help="A switch of a vendor's card (see `mockserver vendors`)."
)
@option("--public", env="PUBLIC", is_flag=True, help="Allow a --host that other machines can reach.")
@option("--token", env="TOKEN", default="", help="What the control API wants to see when public. [default: made up]", show_default=False)
@click.option("--json", "as_json", is_flag=True, help="When ready, print one line of JSON on stdout, and nothing else ever.")
def serve(
    vendors: tuple[str, ...], host: str, port: int, tls: bool, tls_port: int, scene: str, seed: str, people: int | None, clock: str,
    limits: bool | None, option: tuple[str, ...], public: bool, token: str, as_json: bool,
) -> None:  # fmt: skip
    """Serve bundled vendors by NAME, or any OpenAPI document. No name: all bundled vendors.

    \b
    Example:
      mockserver serve petstore.yaml --port 0 --json
      mockserver serve --people 100000 --clock 2026-01-31T09:00:00Z
    """
    gc.disable()  # starting makes next to no garbage; the server turns it on again
    from mockserver.vendors import site as make_site
    from mockserver.web.app import App
    from mockserver.web.server import Plan, loopback
    from mockserver.web.server import serve as run

    if host not in loopback and not public:
        raise click.UsageError(
            f"--host {host} can be reached from other machines, and the fake lets everybody in; add --public if that is meant"
        )
    site = make_site(vendors, scene=scene, seed=seed, people=people, clock=clock, options=vendor_options(option, vendors, limits))
    hosts = [name for engine in site.engines.values() for name in engine.vendor.hosts]
    plan = Plan(host, port, tls_port if tls else None, tuple(hosts))
    if host not in loopback:
        import secrets

        token = token or secrets.token_urlsafe(24)
    app = App(site, pages(site), token)
    run(app, plan, lambda address: announce(site, address, token, as_json))


def vendor_options(given: tuple[str, ...], vendors: tuple[str, ...], limits: bool | None) -> dict[str, dict[str, str]]:
    """`vendor.name=value` by vendor; `--limits` goes to all that have the switch."""
    from mockserver.vendors import load, names

    out: dict[str, dict[str, str]] = {}
    if limits is not None:
        for name in vendors or names():
            if name in names() and "limits" in load(name).options:
                out[name] = {"limits": "on" if limits else "off"}
    for text in given:
        place, found, value = text.partition("=")
        vendor, dot, name = place.partition(".")
        if not found or not dot:
            raise click.UsageError(f"--option {text!r} is not VENDOR.NAME=VALUE, such as NAME.limits=off")
        out.setdefault(vendor, {})[name] = value
    return out


def described(site: Any, address: Any) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "url": address.url,
        "tls_url": address.tls_url,
        "ca": address.ca,
        "vendors": {
            name: {
                "url": f"{address.url}/{name}",
                "tls_url": f"{address.tls_url}/{name}" if address.tls_url else None,
                "credentials": engine.vendor.credentials(site.scene, engine.options),
            }
            for name, engine in site.engines.items()
        },
    }


def announce(site: Any, address: Any, token: str, as_json: bool) -> None:
    """Say that the server is ready: one line of JSON for programs, or a banner for people."""
    import orjson

    told = described(site, address)
    if as_json:
        if token:
            told["control_token"] = token
        click.echo(orjson.dumps(told).decode())
        sys.stdout.flush()
        return
    count = len(site.engines)
    apis, people = f"{count} {'API' if count == 1 else 'APIs'}", f"{len(site.scene.people):,} people of {site.scene.company}"
    click.echo(f"mockserver {__version__}: {apis}, {people}", err=True)
    for name, engine in site.engines.items():
        vendor = told["vendors"][name]
        click.echo(f"\n  {click.style(engine.vendor.title or name, bold=True)}  {vendor['url']}", err=True)
        if vendor["tls_url"]:
            click.echo(f"    {'https':<16} {vendor['tls_url']}", err=True)
        for key, value in vendor["credentials"].items():
            click.echo(f"    {key:<16} {value if len(value) < 100 else value[:60] + '… (--json tells the whole)'}", err=True)
        for flaw in engine.contract.document.flaws:
            click.echo(f"    {'flaw':<16} {flaw}", err=True)
        if engine.vendor.sample:
            facts: Mapping[str, Any] = {
                **vendor["credentials"], **engine.vendor.subject(site.scene, engine.options), "url": vendor["url"],
                "tls_url": vendor["tls_url"] or vendor["url"],
            }  # fmt: skip
            click.echo(f"    {'try':<16} curl {engine.vendor.sample.format_map(facts)}", err=True)
        click.echo(f"    {'reference':<16} {address.url}/_mockserver/reference/{name}", err=True)
    shown = f"?token={token}" if token else ""
    click.echo(f"\n  dashboard {address.url}/_mockserver/ui/{shown}  ·  control {address.url}/_mockserver/", err=True)
    click.echo("  worlds: header Mock-World: NAME, or /_world/NAME/… before the prefix", err=True)
    if address.ca:
        click.echo(f"  https is signed by {address.ca}", err=True)
    click.echo("  Ctrl-C stops", err=True)
    sys.stderr.flush()


@cli.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def vendors(name: str | None, as_json: bool) -> None:
    """What is bundled, operation by operation.

    \b
    Example:
      mockserver vendors
      mockserver vendors --json
    """
    import orjson

    from mockserver.vendors import names
    from mockserver.vendors.told import coverage

    told = [coverage(each) for each in ([name] if name else names())]
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for vendor in told:
        acted = sum(1 for each in vendor["operations"] if each["behaviour"] != "none")
        click.echo(
            f"{click.style(vendor['title'], bold=True)} ({vendor['name']}): {acted} of {len(vendor['operations'])} operations acted out"
        )
        for each in vendor["operations"]:
            mark = " deprecated" if each["deprecated"] else ""
            click.echo(f"  {each['method']:<6} {each['path']}\n         {each['operation']} · {each['behaviour']}{mark}")
        for switch in vendor["options"]:
            click.echo(
                f"  --option {vendor['name']}.{switch['name']}={switch['default']}  ({' | '.join(switch['allowed']) or 'any text'}) {switch['about']}"
            )
        click.echo()
