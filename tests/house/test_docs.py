"""What is written for people is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import httpx
import pytest
from click.testing import CliRunner

from mockserver.cli import cli
from mockserver.vendors import site as make_site
from mockserver.web.app import App
from mockserver.web.server import in_thread

root = Path(__file__).parents[2]
pages = sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])
decisions = sorted((root / "docs" / "decisions").glob("*.md"))


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(root)) for path in paths])


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        here = click.Context(command)
        for name in command.list_commands(here):
            inner = command.get_command(here, name)
            assert inner
            yield from commands(inner, (*words, name))


def test_readme_begins_with_two_commands_that_ci_runs() -> None:
    """One installs and serves, one installs and tests; .ci/run takes both from README, so neither can go stale."""
    first = re.search(r"^```sh\n(.*?)^```", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert first
    serve, tests = (line.partition("#")[0].strip() for line in first[1].strip().splitlines())
    assert serve.endswith(" && mockserver serve")
    assert tests.endswith(" && pytest")
    assert "readme 1" in (root / ".ci" / "run").read_text()
    assert "readme 2" in (root / ".ci" / "run").read_text()


def test_readme_says_whose_names_these_are() -> None:
    """The vendors have no part in this and own their names."""
    words = " ".join((root / "README.md").read_text().split())
    assert re.search(r"no part in|not affiliated|have nothing to do", words)


def test_the_example_of_the_readme_prints_what_it_says() -> None:
    """The vendor's own client against a server as the command line starts it, and what stands below as its output."""
    found = re.search(r"^```python\n(.*?)^```\n+```\n(.*?)^```", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert found
    with in_thread(App(make_site())) as address:
        code = found[1].replace("http://127.0.0.1:4010", address.url)
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, found[2]), ran.stderr


def test_the_call_of_the_readme_is_answered_as_it_says() -> None:
    """A path that no vendor has: what is printed, up to its ellipsis."""
    found = re.search(r"^\$ curl -s (http://127.0.0.1:4010\S+)\n(.*?)…", (root / "README.md").read_text(), re.MULTILINE)
    assert found
    with in_thread(App(make_site())) as address:
        assert httpx.get(found[1].replace("http://127.0.0.1:4010", address.url)).text.startswith(found[2])


def test_the_commands_about_documents_do_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `inspect` of docs/documents.md, with the overlay that it shows beside the document: its word is the last one."""
    text = (root / "docs" / "documents.md").read_text()
    (tmp_path / "petstore.yaml").write_text((root / "tests" / "documents" / "specs" / "petstore.yaml").read_text())
    overlay = re.search(r"^    overlay: 1.0.0\n(?:    .*\n)+", text, re.MULTILINE)
    assert overlay
    (tmp_path / "petstore.overlay.yaml").write_text(re.sub(r"^    ", "", overlay[0], flags=re.MULTILINE))
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"mockserver (inspect petstore\.yaml[^`\n]*)", text)
    told = {line: CliRunner().invoke(cli, line.split()) for line in lines}
    assert len(told) >= 4
    assert {line: (each.exit_code, bool(each.output)) for line, each in told.items()} == dict.fromkeys(told, (0, True))
    assert re.search(r"^100%  POST +/pet/\{petId\}/uploadImage\n +merge pet", told["inspect petstore.yaml"].output, re.MULTILINE)


@pytest.mark.parametrize("words", [words for words, _ in commands(cli) if words and words[0] != "ctl"], ids=" ".join)
def test_every_option_is_written_about(words: tuple[str, ...]) -> None:
    """Each option of each command stands somewhere in README.md or docs/."""
    text = "\n".join(path.read_text() for path in pages)
    command = dict(commands(cli))[words]
    options = [
        name
        for each in command.params
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
        if name.startswith("--")
    ]
    assert [name for name in options if not re.search(rf"{re.escape(name)}(?![\w-])", text)] == []


@named(pages)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    """Every relative link of every page has a file, and its section, at its end."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, section = unquote(target).partition("#")
        there = path.parent / file if file else path
        assert there.exists(), f"{path.name}: {target}"
        if section:
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
            assert section in anchors, f"{path.name}: {target}"


@named(decisions)
def test_a_decision_is_short(path: Path) -> None:
    """A record of a decision is at most 25 lines, numbered, and says what was decided."""
    lines = path.read_text().splitlines()
    assert len(lines) <= 25
    assert re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name)
    assert lines[0].startswith("# ")


def test_decisions_are_numbered_once() -> None:
    """No two decisions share a number."""
    numbers = [path.name[:4] for path in decisions]
    assert numbers
    assert len(set(numbers)) == len(numbers)


def test_the_changelog_begins_with_what_is_coming() -> None:
    """Unreleased stands on top, and says something."""
    text = (root / "CHANGELOG.md").read_text()
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert re.search(r"^- ", text, re.MULTILINE)


@named(sorted(path for path in (root / "scripts").iterdir() if not path.suffix and path.is_file()))
def test_a_script_is_small_runs_and_is_written_about(path: Path) -> None:
    """Executable, said to be for what in its second line, and named in CONTRIBUTING.md."""
    lines = path.read_text().splitlines()
    assert os.access(path, os.X_OK)
    assert lines[0].startswith("#!")
    assert lines[1].startswith("# ")
    assert len(lines) <= 40
    assert f"scripts/{path.name}" in (root / "CONTRIBUTING.md").read_text()


def test_the_architecture_names_every_room() -> None:
    """ARCHITECTURE.md draws the house as it stands."""
    text = (root / "ARCHITECTURE.md").read_text()
    rooms = {path.stem for path in (root / "mockserver").iterdir() if not path.name.startswith(("_", ".")) and path.suffix in ("", ".py")}
    assert {room for room in rooms if not re.search(rf"\b{room}\b", text)} == set()
