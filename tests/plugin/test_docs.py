"""The guides are true: every example in them is run."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.plugin.conftest import Run

docs = Path(__file__).parents[2] / "docs"
pages = [docs / "pytest.md", *sorted((docs / "clients").glob("*.md"))]
fence = re.compile(r"^```([a-z ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", pages, ids=lambda page: page.stem)
def test_every_example_of_a_guide_passes(run: Run, page: Path) -> None:
    """The Python blocks of a page, one after the other, are a suite that passes."""
    blocks = [text for kind, text in fence.findall(page.read_text()) if kind == "python"]
    result = run("\n\n".join(blocks), "-q")
    expected = sum(len(re.findall(r"^ *(?:async )?def test_", text, re.MULTILINE)) for text in blocks)
    outcome = result.parseoutcomes()
    assert set(outcome) == {"passed"}, outcome
    assert outcome["passed"] >= expected > 0


def test_every_example_that_fails_fails_as_it_is_told(run: Run) -> None:
    """What a page prints below such an example is what pytest prints (… stands for what differs)."""
    found = 0
    for page in pages:
        blocks = fence.findall(page.read_text())
        for (kind, text), (_, told) in pairwise(blocks):
            if kind == "python fails":
                found += 1
                result = run(text)
                result.assert_outcomes(failed=1)
                result.stdout.fnmatch_lines([line.replace("…", "*").replace("[", "[[]") for line in told.splitlines() if line])
    assert found


def test_every_page_is_found_from_the_first() -> None:
    """docs/pytest.md links every guide, and every link leads somewhere."""
    links = set(re.findall(r"\]\((clients/[a-z0-9]+\.md)\)", pages[0].read_text()))
    assert links == {f"clients/{page.name}" for page in pages[1:]}
