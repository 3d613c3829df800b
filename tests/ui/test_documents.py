"""What the documentation of live control says is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver.remote import Remote, contract, snake
from mockserver.ui import dashboard
from mockserver.vendors import site as make_site
from mockserver.web.app import App
from mockserver.web.server import in_thread

docs = Path(__file__).parents[2] / "docs"
control = (docs / "control.md").read_text()


def test_every_verb_stands_in_the_table_and_nothing_else() -> None:
    """Command, request, method and summary of each operation, as its document has them."""
    rows = [line for line in control.splitlines() if re.match(r"\| .*\| `(GET|PUT|POST|PATCH|DELETE) ", line)]
    told = []
    for each in contract().operations.values():
        commands = "<br>".join(f"`{line}`" for line in each.node.get("x-ctl", ())) or "–"
        told.append(f"| {commands} | `{each.method} {each.path}` | `{snake(each.id)}` | {each.node['summary']} |")
    assert rows == told


def test_every_effect_and_every_pack_is_told() -> None:
    """The words of the engine's tables."""
    from mockserver.engine.faults import effects, packs

    for word in (*effects, *packs):
        assert f"`{word}`" in control


@pytest.mark.slow
def test_the_python_of_the_page_runs() -> None:
    """The example does what it shows."""
    (code,) = re.findall(r"```python\n(.*?)```", control, re.DOTALL)
    site = make_site()
    with in_thread(App(site, dashboard.routes(site))) as address:
        exec(compile(code.replace("http://127.0.0.1:4010", address.url), "docs/control.md", "exec"), {})
        assert Remote(address.url).diff_world() == {"changes": []}


def test_every_picture_is_there_and_shown() -> None:
    """No picture is missing, none lies about unused."""
    shown = set(re.findall(r"\(pictures/([\w-]+\.png)\)", (docs / "demo.md").read_text()))
    assert {path.name for path in (docs / "pictures").glob("*.png")} == shown
