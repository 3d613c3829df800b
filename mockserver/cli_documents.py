"""The commands about documents of the user's own: `inspect` and `proxy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mockserver.engine.plain import Plain


@click.command()
@click.argument("spec")
@click.option("--kinds", is_flag=True, help="What is remembered, instead of what is answered.")
@click.option("--overlay", is_flag=True, help="A sidecar to start from, with everything that was inferred, on stdout.")
@click.option("--below", type=click.IntRange(0, 100), default=100, help="Only operations whose confidence is at most this many percent.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def inspect(spec: str, kinds: bool, overlay: bool, below: int, as_json: bool) -> None:
    """What is inferred from a document: operation, behaviour, confidence, and how to override it.

    SPEC is the path of an OpenAPI document, or the name of a bundled vendor.

    \b
    Example:
      mockserver inspect petstore.yaml
      mockserver inspect petstore.yaml --below 60
      mockserver inspect petstore.yaml --overlay > petstore.overlay.yaml
    """
    import orjson

    from mockserver.vendors import told

    engine = document(spec)
    listed = [each for each in told.inferred(engine) if each["confidence"] <= below]
    if overlay:
        click.echo(told.sidecar(engine, listed, Path(spec).name), nl=False)
    elif as_json:
        whole = {"document": spec, "flaws": told.flaws(engine), "kinds": told.kinds(engine), "operations": listed}
        click.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode())
    elif kinds:
        for kind in told.kinds(engine):
            click.echo(f"{click.style(kind['kind'], bold=True)}  {kind['about']}\n    at {', '.join(kind['paths'])}")
    else:
        show(engine, listed, told.flaws(engine), spec)


def document(spec: str) -> Plain:
    """The document of a path, or of a bundled vendor, as inference alone sees it."""
    from mockserver import vendors
    from mockserver.vendors import documents, shelf

    return documents.engine(str(shelf.spec(spec)) if spec in vendors.names() else spec)


def show(engine: Plain, listed: list[dict[str, Any]], flaws: list[str], spec: str) -> None:
    """The report for a person."""
    for each in listed:
        sure = each["confidence"]
        mark = click.style(f"{sure:>3}%", fg="green" if sure >= 75 else "yellow" if sure >= 50 else "red")
        click.echo(f"{mark}  {each['method']:<6} {click.style(each['path'], bold=True)}")
        click.echo(f"      {each['behaviour']}{' ' + each['kind'] if each['kind'] else ''}  ·  {each['why']}")
    for flaw in flaws:
        click.echo(f"{click.style('flaw', fg='red')}  {flaw}")
    click.echo(f"\n{len(listed)} operations. To say otherwise, write {overlay_name(spec)} beside the document:\n")
    example = next((each for each in listed if each["behaviour"] == "act"), listed[-1] if listed else None)
    if example is not None:
        click.echo(
            "overlay: 1.0.0\ninfo: {title: What inference cannot know, version: 1.0.0}\nactions:\n"
            f"  - target: {example['target']}\n    update: {{x-mockserver: {{behaviour: {example['behaviour']}, kind: {example['kind'] or 'things'}}}}}\n"
        )


def overlay_name(spec: str) -> str:
    return f"{Path(spec).name.rpartition('.')[0] or spec}.overlay.yaml"


@click.command()
@click.argument("spec")
@click.option(
    "--upstream", required=True, metavar="URL", help="Where to forward to: scheme://host[:port][/path]. Nothing else is ever contacted."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4011, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: any free one.")
@click.option(
    "--strict", is_flag=True, help="Stop what breaks the contract (422 for a call, 502 for a reply) instead of only telling of it."
)
@click.option("--save", type=click.Path(dir_okay=False), help="Write a scene of the records that passed, when stopped.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait for the upstream.")
@click.option("--json", "as_json", is_flag=True, help="When ready, print one line of JSON on stdout, and nothing else ever.")
def proxy(spec: str, upstream: str, host: str, port: int, strict: bool, save: str | None, timeout: float, as_json: bool) -> None:
    """Forward to a real server and hold both sides to the contract.

    Every exchange is in the journal; what breaks the contract is told on stderr and in the header Mock-Findings.

    \b
    Example:
      mockserver proxy petstore.yaml --upstream https://petstore.example.com/v2
      mockserver proxy petstore.yaml --upstream http://localhost:8080 --save seen.json
      mockserver serve petstore.yaml --scene seen.json
    """
    import orjson

    from mockserver.vendors import site as make_site
    from mockserver.web.relay import Relay, Upstream, saved
    from mockserver.web.server import Plan, loopback
    from mockserver.web.server import serve as run

    if host not in loopback:
        raise click.UsageError(f"--host {host} can be reached from other machines, and a proxy lets everybody through; listen on 127.0.0.1")
    target = Upstream.told(upstream, timeout)
    site = make_site([spec])
    relay = Relay(site, target, strict=strict, tell=lambda words: click.echo(words, err=True))

    def ready(address: Any) -> None:
        if as_json:
            click.echo(orjson.dumps({"url": address.url, "upstream": target.url}).decode())
        else:
            click.echo(f"mockserver proxy: {address.url} → {target.url}, held to {spec}\n  Ctrl-C stops", err=True)

    run(relay, Plan(host, port), ready)
    if save:
        count = saved(relay, Path(save))
        click.echo(f"{count} records written to {save}; serve them with --scene {save}", err=True)
