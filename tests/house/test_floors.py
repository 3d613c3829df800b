"""The rules of the house that no type checker knows."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver import vendors

root = Path(__file__).parents[2]
modules = sorted((root / "mockserver").rglob("*.py"))
tests = sorted((root / "tests").rglob("test_*.py"))
foreign = root / "mockserver" / "ui" / "swagger"


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(root)) for path in paths])


def test_imports_go_downwards_only() -> None:
    """The floors of pyproject.toml hold."""
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program
    told = subprocess.run([program], cwd=root, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_no_vendor_is_known_outside_its_places() -> None:
    """A vendor is one word in its five places; nothing else under mockserver/ knows it by name, in no comment either."""
    words = re.compile("|".join(vendors.names()), re.IGNORECASE)
    told = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted((root / "mockserver").rglob("*"))
        if path.suffix in (".py", ".yaml", ".js", ".css", ".html") and "vendors" not in path.relative_to(root).parts
        if foreign not in path.parents
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ]
    assert told == []


def test_no_module_hides_one_of_the_standard_library() -> None:
    """A file right under mockserver/ is never named like a module everybody knows."""
    names = {path.stem for path in (root / "mockserver").iterdir()}
    assert names & sys.stdlib_module_names <= {"__init__", "__main__"}


unwanted = re.compile(r"handler|manager|service|stub|utils?$|helpers?$", re.IGNORECASE)
theirs = {"init_poolmanager", "timeout_keep_alive_handler"}  # what a library calls a method that we put in its place


def defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


@named(modules)
def test_things_are_called_by_the_words_of_the_glossary(path: Path) -> None:
    """No handler, manager, service, stub, utils or helpers: one word per idea."""
    assert not unwanted.search(path.stem)
    assert path.stem not in ("common", "base")
    assert [name for name in defined(ast.parse(path.read_text())) if unwanted.search(name) and name not in theirs] == []


@named([path for path in modules if path.name != "__main__.py"])
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """The first line of a module is a sentence about it."""
    assert ast.get_docstring(ast.parse(path.read_text()))


@named(tests)
def test_every_test_says_its_promise(path: Path) -> None:
    """A test's name is a sentence, and its docstring the promise it keeps."""
    tree = ast.parse(path.read_text())
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert [node.name for node in functions if not ast.get_docstring(node)] == []
    assert [node.name for node in functions if node.name.count("_") < 2] == []


@named(tests)
def test_no_test_sleeps_or_patches_by_mock(path: Path) -> None:
    """Hand-written fakes and events instead of unittest.mock and time.sleep (a loop that looks again may let others run)."""
    words = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    imported = {alias.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import) for alias in node.names}
    assert "time.sleep" not in words
    assert not imported & {"unittest.mock", "mock"}


def tracked() -> list[Path]:
    """The files of the project, as git has them; without git, as they lie there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=False
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else [str(path.relative_to(root)) for path in root.rglob("*")]
    return [path for name in names if name and (path := root / name).is_file()]


def test_nothing_leads_to_somebodys_machine_or_registry() -> None:
    """No path of a machine and no host of a package registry stands in any file of the project."""
    unwelcome = re.compile(rb"(?<![\w.])/(?:work|root|home/\w+)/[A-Za-z]|registry\.npm" rb"js|py" rb"pi\.org|files\.python" rb"hosted")
    texts = [path for path in tracked() if path.suffix not in (".png", ".har", ".woff2") and foreign not in path.parents]
    assert [f"{path.relative_to(root)}: {found[0]!r}" for path in texts if (found := unwelcome.search(path.read_bytes()))] == []
