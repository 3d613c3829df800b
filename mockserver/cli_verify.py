"""The commands that verify: a client against the contract, and the fake, or any server, against its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mockserver.errors import BadOption

every_mode = "valid,near-miss,faults,state"


@click.group()
def verify() -> None:
    """Is the contract kept?

    \b
    Example:
      mockserver verify client --vendor NAME --view sessions -- python list_sessions.py
      mockserver verify fake NAME
    """


def comma(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


@verify.command(context_settings={"ignore_unknown_options": False})
@click.option(
    "--vendor", required=True, metavar="NAME|SPEC", help="Whose client it is: a bundled vendor, or the path of an OpenAPI document."
)
@click.option("--operations", metavar="ID,…", help="Aim at these only. [default: all that the client uses]")
@click.option("--modes", default=every_mode, show_default=True, help="What to send.")
@click.option(
    "--max-examples", default=60, show_default=True, type=click.IntRange(1, 100_000), help="How many worlds to try, all modes together."
)
@click.option("--seed", default="0", show_default=True, help="What everything is drawn from.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Write the findings to this file, to be replayed.")
@click.option("--replay", type=click.Path(path_type=Path, dir_okay=False), help="Try only the cases of this file.")
@click.option("--view", metavar="KIND", help="The last line of the output is a JSON array of the ids of this kind that it believes exist.")
@click.option("--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1, 3600), help="Seconds after which the command hangs.")
@click.option("--warm", is_flag=True, help="Keep COMMAND running: it is told each case by a line on stdin, and answers by a line of JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JUnit XML to this file.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def client(
    vendor: str, operations: str | None, modes: str, max_examples: int, seed: str, save: Path | None, replay: Path | None, view: str | None,
    timeout: float, warm: bool, as_json: bool, junit: Path | None, command: tuple[str, ...],
) -> int:  # fmt: skip
    """Run COMMAND again and again, each time in another world that the contract allows (or nearly allows), and tell what it does wrong.

    Its environment has MOCKSERVER_URL, MOCKSERVER_TLS_URL, MOCKSERVER_CA, MOCKSERVER_CREDENTIALS and MOCKSERVER_SUBJECT (JSON). It exits 0
    when it did its job, and 69 to 78 when it gave up on purpose.

    \b
    Example:
      mockserver verify client --vendor NAME --view sessions -- node list.mjs
      mockserver verify client --vendor NAME --modes faults --save found.json -- ./revoke
      mockserver verify client --vendor NAME --replay found.json -- ./revoke
    """
    import logging

    import orjson

    from mockserver.vendors import site as make_site
    from mockserver.verify.client import Verification, load, saved
    from mockserver.verify.report import junit as xml
    from mockserver.verify.report import lines
    from mockserver.verify.runs import Runner
    from mockserver.web.app import App
    from mockserver.web.server import Plan, in_thread

    cases = load(replay) if replay else None
    quiet = as_json or not sys.stderr.isatty()
    site = make_site([vendor], seed=seed, options=unlimited(vendor))
    (engine,) = site.engines.values()
    # Connections that clients were made to leave in the middle are no news.
    logging.getLogger("uvicorn.error").addFilter(lambda _: False)
    with in_thread(App(site), Plan(tls_port=0)) as address:
        runner = Runner(site, engine, address, command, timeout, warm=warm)
        try:
            told = Verification(
                runner, seed, frozenset(comma(operations)), comma(modes), max_examples, view, (lambda _: None) if quiet else (lambda words: click.echo(f"· {words}", err=True))
            )  # fmt: skip
            report = told.all() if cases is None else told.again(cases)
        finally:
            runner.close()
    if save:
        write(save, orjson.dumps(saved(report), option=orjson.OPT_INDENT_2).decode())
    if junit:
        write(junit, xml(report))
    click.echo(orjson.dumps(saved(report), option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines(report)))
    return 1 if report.found else 0


def unlimited(vendor: str) -> dict[str, dict[str, str]]:
    """A client that is run a thousand times must not meet a limit that nobody drew."""
    from mockserver.vendors import load, names

    return {vendor: {"limits": "off"}} if vendor in names() and "limits" in load(vendor).options else {}


def write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadOption(f"cannot write {file}: {error.strerror}") from None


@verify.command()
@click.argument("vendors", nargs=-1, metavar="[NAME|SPEC ...]")
@click.option("--url", help="Test this server against the document instead of our own fake; only ever this one.")
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help="Sent with every request, such as credentials of that server.")
@click.option("--operations", metavar="ID,…", help="Only these.")
@click.option("--modes", default="positive,negative,coverage,stateful", show_default=True, help="How to try.")
@click.option("--max-examples", default=15, show_default=True, type=click.IntRange(1, 100_000), help="Examples an operation.")
@click.option("--seed", default=1, show_default=True, type=int, help="What everything is drawn from.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def fake(
    vendors: tuple[str, ...],
    url: str | None,
    header: tuple[str, ...],
    operations: str | None,
    modes: str,
    max_examples: int,
    seed: int,
    as_json: bool,
) -> int:
    """Run schemathesis against our own fake in this process, or against the server at --url. No name: all bundled vendors.

    \b
    Example:
      mockserver verify fake NAME
      mockserver verify fake petstore.yaml --url http://localhost:8080/v2 --header 'Authorization: Bearer abc'
    """
    import orjson

    from mockserver.verify.fake import Trial, summary

    headers = dict(header_of(each) for each in header)
    reports: list[Any] = []
    from mockserver.vendors import names

    if url and len(vendors) != 1:
        raise click.UsageError("--url needs exactly one NAME or SPEC: the document that the server claims to keep")
    for name in vendors or names():
        trial = Trial(name, url, headers, comma(operations), comma(modes), max_examples, seed)
        reports.append(trial.run())
        if not as_json:
            click.echo("\n".join(summary(reports[-1])))
    if as_json:
        click.echo(orjson.dumps([each.json() for each in reports], option=orjson.OPT_INDENT_2).decode())
    return 1 if any(each.found for each in reports) else 0


def header_of(text: str) -> tuple[str, str]:
    name, found, value = text.partition(":")
    if not found or not name.strip():
        raise click.UsageError(f"--header {text!r} is not NAME: VALUE")
    return name.strip(), value.strip()
