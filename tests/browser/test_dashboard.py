"""The dashboard in a real browser: what people do with it, each scenario of scenarios.mjs in a world of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.ui import dashboard, reference
from mockserver.vendors import site as make_site
from mockserver.web.app import App
from mockserver.web.server import in_thread

here = Path(__file__).parent
top = here.parents[1]
chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str:
    """What is not there to run a browser with, or nothing."""
    if chromium is None:
        return "NO CHROMIUM: run scripts/install-browser, or say where it is with CHROMIUM=…"
    if shutil.which("node") is None or not (here / "node_modules").is_dir():
        return "NO NODE PACKAGES: install Node.js 20 and run scripts/install-browser"
    return ""


pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()) and not os.environ.get("CI"), reason=missing()),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    site = make_site()
    with in_thread(App(site, [*dashboard.routes(site), *reference.routes(site)])) as address:
        yield address.url


def played(scenario: str, url: str, **more: str) -> str:
    """Play a scenario; what it said. Fails with all it said when it did not come to its end."""
    assert not missing(), missing()
    told = {
        "MOCK_URL": url,
        "MOCK_WORLD": "default" if scenario == "pictures" else f"browser-{scenario}",
        "CHROMIUM": str(chromium),
        "PYTHON": sys.executable,
        "OFFBOARD": str(top / "examples" / "offboard.py"),
        **more,
    }
    done = subprocess.run(
        ["node", "scenarios.mjs", scenario], cwd=here, env={**os.environ, **told}, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    "scenario",
    ["revoke", "clock", "faults", "journal", "worlds", "contract", "keyboard", "without-javascript", "escaping", "axe"],
)
def test_people_can(scenario: str, url: str) -> None:
    """Each scenario comes to its end, asks nobody but this server for anything, and leaves no error in the page."""
    assert "ok " in played(scenario, url)


def test_the_pictures_of_the_documentation_can_be_made(url: str, tmp_path: Path) -> None:
    """docs/pictures is made by this test: PICTURES=docs/pictures pytest tests/browser -k pictures."""
    folder = Path(os.environ.get("PICTURES") or tmp_path).resolve()
    played("pictures", url, PICTURES=str(folder))
    documented = {path.name for path in (top / "docs" / "pictures").glob("*.png")}
    assert documented <= {path.name for path in folder.glob("*.png")}
