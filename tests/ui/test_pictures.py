"""Pictures are SVG that says in words what it shows, whatever is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.journal import Exchange
from mockserver.message import Call, Reply
from mockserver.ui import pictures
from mockserver.ui.pictures import Span
from mockserver.web.verdicts import Verdicts
from tests import toy

moments = st.integers(toy.noon - 10**10, toy.noon)
spans = st.lists(st.tuples(moments, st.none() | st.integers(toy.noon - 10**9, toy.noon + 10**11)), max_size=40)


def numbers(svg: str, name: str) -> list[float]:
    return [float(each) for each in re.findall(rf'\b{name}="(-?[\d.]+)"', svg)]


@given(st.dictionaries(st.sampled_from(["one", "two", "<b>"]), spans, max_size=3))
def test_a_timeline_stays_in_its_frame(sessions: dict[str, Sequence[Span]]) -> None:
    """Few sessions or many, ended, endless or none: well-formed, within its width, with its figures in its title."""
    svg = pictures.timeline(sessions, toy.noon)
    root = ET.fromstring(svg)
    assert root.attrib["aria-label"].startswith(f"{sum(map(len, sessions.values()))} sessions by time")
    for rect in root.iter("rect"):
        assert 0 <= float(rect.attrib["x"]) <= pictures.width
        assert float(rect.attrib["width"]) >= 0
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= pictures.width
    assert all(0 <= x <= pictures.width for x in numbers(svg, "x1"))


def exchange(number: int, wall: float, took: float) -> Exchange:
    return Exchange(toy.noon, "library", None if number % 3 else "listShelves", Call("GET", "/shelves"), Reply(200), (), number, wall, took)


@given(st.lists(st.tuples(st.floats(0, 2e9), st.floats(0, 1e6)), max_size=50))
def test_calls_and_their_time_stay_in_their_frames(calls: list[tuple[float, float]]) -> None:
    """Calls of any time, also of a wall that was set back, and of any duration."""
    exchanges = [exchange(number, wall, took) for number, (wall, took) in enumerate(calls)]
    for svg in (pictures.rate(exchanges, 1e9, Verdicts(toy.site())), pictures.latency(exchanges)):
        ET.fromstring(svg)
        assert all(0 <= y <= 140 for y in [*numbers(svg, "y"), *numbers(svg, "cy")])


@pytest.mark.parametrize("counts", [{}, {"one": 0}, {"one": 3, "two": 1}])
def test_shares_add_up_to_the_whole(counts: dict[str, int]) -> None:
    """The pieces fill the bar but for the gaps between them; nothing is divided by nothing."""
    svg = pictures.share(counts)
    assert sum(numbers(svg, "width")) == pytest.approx(pictures.width - 3 * len(counts) if sum(counts.values()) else 0, abs=1)
