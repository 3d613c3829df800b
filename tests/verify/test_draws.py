"""Which cases a client is sent into: some of every mode, the same for the same seed, and none that would hold a slow client up."""

from __future__ import annotations

import json
from functools import cache

import pytest

from mockserver.message import Call
from mockserver.vendors import site
from mockserver.verify.changes import Case, Known, breaks
from mockserver.verify.draws import Draw, modes


@cache
def draw(seed: str = "0") -> Draw:
    """For a client that shows a person and lists their sessions."""
    place = site(["workos"])
    (engine,) = place.engines.values()
    key = engine.vendor.credentials(place.scene, engine.options)["api_key"]
    user = engine.vendor.subject(place.scene, engine.options)["id"]
    world = place.worlds.origin.fork("plain")
    calls = [
        Call("GET", f"/user_management/users/{user}{rest}", "limit=100" if rest else "", {"authorization": f"Bearer {key}"})
        for rest in ("", "/sessions")
    ]
    for call in calls:
        engine.answer(call, world)
    return Draw(engine, place.worlds.origin, list(world.journal), Known({"listSessions": calls[-1]}), frozenset(), seed, view=True)


def written(cases: list[Case]) -> list[str]:
    return [json.dumps(case.changes, sort_keys=True) for case in cases]


@pytest.mark.parametrize("mode", modes)
def test_every_mode_has_cases_and_hardly_one_twice(mode: str) -> None:
    """As many as are asked for, each with something out of the ordinary, and of every operation that was used."""
    cases = draw().cases(mode, 24)
    assert len(cases) >= 9
    assert len(set(written(cases))) >= len(cases) * 0.9
    assert all(any(change["do"] != "rows" for change in case.changes) or mode == "valid" for case in cases)


@pytest.mark.parametrize("mode", modes)
def test_the_same_seed_gives_the_same_cases(mode: str) -> None:
    """In the same order, whatever was drawn in between."""
    draw.cache_clear()
    one = written(draw().cases(mode, 12))
    draw.cache_clear()
    assert written(draw().cases(mode, 12)) == one


def test_another_seed_gives_other_cases() -> None:
    """Of the same modes."""
    assert written(draw("0").cases("valid", 12)) != written(draw("1").cases("valid", 12))


def test_near_misses_are_of_every_sort() -> None:
    """Each breaks one thing of one reply."""
    cases = draw().cases("near-miss", 60)
    assert {change["how"] for case in cases for change in case.changes if change["do"] == "break"} == set(breaks)
    assert all(sum(change["do"] == "break" for change in case.changes) == 1 for case in cases)


def test_a_list_of_short_pages_is_short() -> None:
    """A client may take its time between two pages."""
    for case in draw().cases("state", 60):
        sizes = [change["size"] for change in case.changes if change["do"] == "shorten"]
        rows = [change["count"] for change in case.changes if change["do"] == "rows"]
        assert not sizes or max(rows) <= 5 * min(sizes)


def test_what_calls_are_made_of_is_never_drawn() -> None:
    """Ids and links stay, so that the client may follow them."""
    drawn = {tuple(change["path"]) for case in draw().cases("valid", 40) for change in case.changes if change["do"] in ("value", "absent")}
    assert ("user_agent",) in drawn
    assert not {path for path in drawn if path[-1] in ("id", "user_id", "object")}
