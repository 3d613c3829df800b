"""What is written for people is true."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from mockserver.cli import cli

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
