"""What is shipped: opened, not believed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from mockserver import __version__, vendors
from mockserver.contract import document

root = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=root, capture_output=True, check=True
    )
    (file,) = folder.glob("*.whl")
    return ZipFile(file)


def test_the_wheel_carries_all_it_needs(wheel: ZipFile) -> None:
    """Specs as they are written and compiled, every fixture, pages, types, and the licence."""
    names = set(wheel.namelist())
    wanted = {f"mockserver/_shelf/specs/{name}/openapi.yaml" for name in vendors.names()}
    wanted |= {f"mockserver/_shelf/{path.relative_to(root)}" for path in (root / "fixtures").rglob("*") if path.is_file()}
    wanted |= {
        "mockserver/py.typed",
        "mockserver/web/control.yaml",
        "mockserver/ui/swagger/swagger-ui.css",
        "mockserver/ui/swagger/LICENSE",
    }
    wanted |= {str(path.relative_to(root)) for path in (root / "mockserver").rglob("*.py")}
    assert wanted <= names
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_carries_nothing_else(wheel: ZipFile) -> None:
    """No tests, no caches, no scripts: one package and what is told of it."""
    assert {name.partition("/")[0] for name in wheel.namelist()} == {"mockserver", f"mockserver-{__version__}.dist-info"}
    assert not [name for name in wheel.namelist() if "__pycache__" in name or "node_modules" in name or "/tests/" in name]
    assert sum(each.compress_size for each in wheel.infolist()) < 5_000_000


def test_what_is_bundled_is_read_without_parsing(wheel: ZipFile, tmp_path: Path) -> None:
    """The wheel has a drawer for each bundled document, which says what its YAML says: an installed server reads no YAML."""
    wheel.extractall(tmp_path)
    documents = [*(f"mockserver/_shelf/specs/{name}/openapi.yaml" for name in vendors.names()), "mockserver/web/control.yaml"]
    told = subprocess.run(
        [sys.executable, "-c", opening, *documents],
        cwd=tmp_path,
        env={"MOCKSERVER_CACHE": "off"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == [document.load(tmp_path / name).root for name in documents]
    assert len([name for name in wheel.namelist() if name.endswith(".leaves")]) == len(documents)


def test_a_build_needs_what_it_asks_for_and_no_more() -> None:
    """Reading what is bundled imports nothing but what pyproject.toml has a build install."""
    asked = tomllib.loads((root / "pyproject.toml").read_text())["build-system"]["requires"]
    told = subprocess.run(
        [sys.executable, "-c", building, *map(str, root.glob("specs/*/openapi.yaml"))],
        cwd=root,
        env={"MOCKSERVER_CACHE": "off"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(told.stdout)) <= {each.partition(">")[0] for each in asked}


building = """
import json, sys
before = set(sys.modules)
from importlib.metadata import packages_distributions
from mockserver.contract import document

for name in sys.argv[1:]:
    document.load(name)
homes = packages_distributions()
used = {each.lower() for module in sys.modules.keys() - before for each in homes.get(module, ())}
print(json.dumps(sorted(used - {"mockserver"})))
"""


opening = """
import json, sys
from pathlib import Path
from mockserver.contract import document

document.parse = lambda *_: sys.exit("parsed")
print(json.dumps([document.load(Path(name)).root for name in sys.argv[1:]]))
"""


def test_the_wheel_says_what_it_is(wheel: ZipFile) -> None:
    """Version, Python, the command and the extra, in its metadata."""
    told = f"mockserver-{__version__}.dist-info"
    metadata = Parser().parsestr(wheel.read(f"{told}/METADATA").decode())
    assert (metadata["Version"], metadata["Requires-Python"], metadata["License-Expression"]) == (__version__, ">=3.11", "MIT")
    assert "verify" in (metadata.get_all("Provides-Extra") or [])
    assert "mockserver = mockserver.cli:main" in wheel.read(f"{told}/entry_points.txt").decode()
