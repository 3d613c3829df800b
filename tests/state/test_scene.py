"""The people of a company, and what is said of a scene file that cannot be told."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import BadScene
from mockserver.message import Json
from mockserver.state import scene as scenes
from mockserver.state.clock import day, hour, minute
from mockserver.state.scene import Scene, networks
from mockserver.vendors import shelf
from tests.toy import noon

company: dict[str, Any] = json.loads(shelf.scene("company").read_bytes())


def told(people: int | None = None, seed: str = "0", now: int = noon) -> Scene:
    return scenes.load(shelf.scene("company"), now=now, seed=seed, people=people)


def test_the_company_is_twelve_people() -> None:
    """Two admins, four agents of whom one has left, an impersonated person, one with hundreds of sessions and one with none."""
    scene = told()
    by_role = Counter(person.role for person in scene.people)
    assert (len(scene.people), by_role) == (12, {"admin": 2, "agent": 4, "end_user": 6})
    (gone,) = (person for person in scene.people if person.status == "offboarded")
    (watched,) = (person for person in scene.people if person.impersonator)
    busiest = max(scene.people, key=lambda person: person.sessions)
    assert gone.sessions > 0
    assert scene.person(str(watched.impersonator)) == scene.people[0]
    assert busiest.sessions > 300
    assert min(person.sessions for person in scene.people) == 0


def test_everybody_lives_at_a_reserved_domain_and_address() -> None:
    """Nobody's mail and nobody's network: example.com and the documentation ranges, for grown people too."""
    scene = told(people=300)
    assert all(person.email.endswith("@example.com") for person in scene.people)
    addresses = [visit.address for person in scene.people for visit in scene.visits(person, "x", 3)]
    assert all(address.startswith(networks) for address in addresses)
    assert all(1 <= int(address.rpartition(".")[2]) <= 254 for address in addresses)


def test_devices_fit_their_user_agents() -> None:
    """What a device is called is what its user agent says it is."""
    words = {"macOS": "Macintosh", "Windows": "Windows NT", "Linux": "X11; Linux", "iOS": "iPhone", "iPadOS": "iPad", "Android": "Android"}
    browsers = {"Chrome": "Chrome/", "Safari": "Version/", "Edge": "Edg/", "Firefox": "Firefox/"}
    for person in told(people=100).people:
        for device in person.devices:
            assert words[device.os] in device.user_agent
            assert browsers[device.browser] in device.user_agent
            assert (device.kind == "desktop") == (device.os in ("macOS", "Windows", "Linux"))


@given(st.integers(0, 11), st.integers(0, 400), st.integers(1, 90), st.integers(noon - 400 * day, noon + 400 * day))
def test_visits_are_made_at_work(index: int, count: int, within_days: int, now: int) -> None:
    """As many as asked for, in order, begun in working hours of the person's own day, none of them still to come."""
    scene = told(now=now)
    person = scene.people[index]
    visits = scene.visits(person, "test", count, within_days)
    assert len(visits) == count
    assert visits == sorted(visits, key=lambda visit: visit.at)
    for visit in visits:
        assert now - (within_days + 2) * day < visit.at <= visit.seen <= now
        assert 8 * hour <= (visit.at + person.offset * minute) % day < 18 * hour
        assert visit.device in person.devices


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_person_is_the_same_however_many_there_are(few: int, many: int) -> None:
    """Growing or shrinking a scene changes nobody who is in both."""
    shared = min(few, many)
    assert told(people=few).people[:shared] == told(people=many).people[:shared]
    assert len(told(people=many).people) == many


def test_people_are_a_list_that_nobody_wrote() -> None:
    """Of a company of ten million each is there at once by number, from either end and in slices, the same as by going through them."""
    people, few = told(people=10_000_000).people, told(people=200).people
    assert (len(people), people[-1].index, people[9_999_999]) == (10_000_000, 9_999_999, people[-1])
    assert list(few) == [few[number] for number in range(200)] == list(few[0:200])
    assert [people[number] for number in (199, 0, 57)] == [few[199], few[0], few[57]]
    for beyond in (200, -201):
        with pytest.raises(IndexError):
            few[beyond]


def test_people_are_known_by_number_and_address() -> None:
    """How many sessions somebody holds and who has an address is told as it is of the person."""
    people = told(people=200).people
    assert [people.holds(number) for number in range(200)] == [person.sessions for person in people]
    assert people.sessions == sum(person.sessions for person in people)
    assert all(person.index in people.having(person.email.upper()) for person in people)
    assert told(people=200).person(people[150].email) == people[150]
    for nobody in ("nobody@example.com", "nobody.150@example.com", "x.99999@example.com", "", "@", "x.²@example.com"):
        assert told(people=200).person(nobody) is None


def test_the_busiest_is_the_first_with_most_sessions() -> None:
    """Among named people, and where they hold few, among the grown."""
    people = told(people=200).people
    assert people.busiest == max(people, key=lambda person: person.sessions)
    quiet = scenes.People([person._replace(sessions=1) for person in people.named], 200, "0", people.named[0].devices)
    assert quiet.busiest == max(quiet, key=lambda person: person.sessions)
    assert scenes.People([]).busiest is None


def test_another_seed_is_another_company() -> None:
    """The named people stay, the grown ones are others; the same seed gives the same ones."""
    one, again, other = told(40, "1"), told(40, "1"), told(40, "2")
    assert one.people == again.people
    assert one.people[:12] == other.people[:12]
    assert not {person.name for person in one.people[12:]} & {person.name for person in other.people[12:]}


def test_grown_people_have_addresses_of_their_own() -> None:
    """No two people share an e-mail address, and every one can be written in a header."""
    emails = [person.email for person in told(people=3000).people]
    assert len(set(emails)) == 3000
    assert all(email.isascii() for email in emails)


def test_times_follow_the_clock_and_people_do_not() -> None:
    """On another day the same people signed in at the same hours, as long ago."""
    first, second = told(), told(now=noon + 7 * day)
    assert first.people == second.people
    for before, after in zip(first.visits(first.people[7], "x", 300), second.visits(second.people[7], "x", 300), strict=True):
        assert (after.at - before.at, after.device, after.address) == (7 * day, before.device, before.address)


def test_another_process_tells_the_same_scene() -> None:
    """Same seed, same bytes: whatever the process and its hash seed."""
    words = (
        "from mockserver.state import scene; from mockserver.vendors import shelf\n"
        f"s = scene.load(shelf.scene('company'), now={noon}, seed='7', people=60)\n"
        "print([(p, s.visits(p, 'x', 3)) for p in s.people])"
    )
    outputs = {
        subprocess.run([sys.executable, "-c", words], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


# -- files that cannot be told --------------------------------------------------------------------------------------


def loaded(tmp_path: Path, value: Json, name: str = "scene.json") -> Scene:
    file = tmp_path / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return scenes.load(file, now=noon)


def changed(*path: str | int, to: Json) -> dict[str, Any]:
    """The company with one thing in it replaced."""
    scene = copy.deepcopy(company)
    node: Any = scene
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = to
    return scene


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ("{", "scene.json: not JSON: "),
        ([], "scene.json: holds list, not an object with `people` and `devices`"),
        ({}, "/devices holds none"),
        (changed("devices", to=[]), "/devices: is list, not an object"),
        (changed("devices", "mac-chrome", to="x"), "/devices/mac-chrome: is str, not an object"),
        (changed("devices", "mac-chrome", "kind", to="watch"), "/devices/mac-chrome/kind: is 'watch', not one of desktop, mobile, tablet"),
        (changed("devices", "mac-chrome", "user_agent", to=""), "/devices/mac-chrome/user_agent: is '', not a text"),
        (
            changed("devices", "mac-chrome", "useragent", to="x"),
            "/devices/mac-chrome/useragent: is nothing a scene knows; did you mean user_agent?",
        ),
        (changed("people", to={}), "/people: is dict, not a list"),
        (changed("people", 0, to=7), "/people/0: is int, not an object"),
        (changed("people", 2, "email", to=None), "/people/2/email: is None, not a text"),
        (changed("people", 2, "role", to="boss"), "/people/2/role: is 'boss', not one of admin, agent, end_user"),
        (changed("people", 2, "rolle", to="admin"), "/people/2/rolle: is nothing a scene knows; did you mean role?"),
        (changed("people", 2, "sessions", to=-1), "/people/2/sessions: is -1, not a whole number from 0 to 1,000,000"),
        (changed("people", 2, "sessions", to=True), "/people/2/sessions: is True, not a whole number"),
        (changed("people", 2, "offset", to=9999), "/people/2/offset: is 9999, not a whole number from -1,440 to 1,440"),
        (changed("people", 2, "devices", to=["pager"]), "/people/2/devices: 'pager' is none of /devices: mac-chrome, "),
        (changed("people", 2, "devices", to=[["pager"]]), "/people/2/devices: ['pager'] is none of /devices"),
        (changed("people", 2, "impersonator", to=5), "/people/2/impersonator: is 5, not a text"),
        (changed("people", 1, "email", to="ada@example.com"), "/people: ada@example.com is there twice"),
        (changed("people", to=company["people"][2:]), "/people: none of 10 is an employed admin"),
        (changed("company", to=5), "/company: is 5, not a text"),
        (changed("records", to=[]), "/records: is list, not an object"),
        (changed("records", to={"workos": []}), "/records/workos: is list, not an object"),
        (changed("records", to={"workos": {"users": {}}}), "/records/workos/users: is dict, not a list"),
        (changed("records", to={"workos": {"users": [1]}}), "/records/workos/users/0: is int, not an object"),
        (changed("peeple", to=[]), "/peeple: is nothing a scene knows; did you mean people?"),
    ],
    ids=lambda case: case[:60] if isinstance(case, str) else "",
)
def test_a_broken_scene_names_file_place_and_remedy(scene: Json, words: str, tmp_path: Path) -> None:
    """One line: the file, where in it, what stands there and what should."""
    with pytest.raises(BadScene) as error:
        loaded(tmp_path, scene)
    assert words in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "scene.json"))
    assert "\n" not in str(error.value)


def test_a_scene_may_be_yaml(tmp_path: Path) -> None:
    """The same people, whichever way the file is written; broken YAML is named as such."""
    import yaml

    assert loaded(tmp_path, yaml.safe_dump(company), "scene.yaml").people == told().people
    with pytest.raises(BadScene, match=r"scene\.yaml: not YAML: "):
        loaded(tmp_path, "a: [", "scene.yaml")


def test_a_scene_that_is_not_there(tmp_path: Path) -> None:
    """The path, the reason and what to give instead."""
    with pytest.raises(BadScene, match="cannot be read: No such file or directory; give a scene's name or the path of a scene file"):
        scenes.load(tmp_path / "none.json", now=noon)


places = [
    *(("people", at, name) for at in range(3) for name in company["people"][at]),
    *(("devices", "mac-chrome", name) for name in company["devices"]["mac-chrome"]),
    *((name,) for name in (*company, "records")),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(places), values)
def test_anything_anywhere_in_a_scene_is_told_or_refused(place: tuple[str | int, ...], value: Json) -> None:
    """No value in no place makes an error of another kind."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        try:
            loaded(Path(folder), changed(*place, to=value))
        except BadScene as error:
            assert str(error).startswith(folder)
