"""What the scene becomes in each vendor."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache

import orjson
import pytest

from mockserver import vendors
from mockserver.engine.site import Site, schema_findings
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock, day
from mockserver.state.scene import Scene
from mockserver.state.table import Record
from tests.toy import noon

engine = cache(vendors.engine)
each_vendor = pytest.mark.parametrize("name", vendors.names())


def told(people: int | None = None, now: int = noon, seed: str = "0") -> Scene:
    return scenes.load(vendors.shelf.scene("company"), now=now, people=people, seed=seed)


def populated(name: str, scene: Scene) -> dict[str, list[Record]]:
    here = engine(name)
    return {kind: list(records) for kind, records in here.vendor.populate(scene, here.options).items()}


@each_vendor
@pytest.mark.parametrize("people", [1, None, 200])
def test_every_record_of_the_scene_keeps_the_contract(name: str, people: int | None) -> None:
    """Each one valid by its kind's schema, with an id and a place in the list of its own; and every kind is one the card knows."""
    here = engine(name)
    world = Site([here], told(people), Clock(frozen=noon)).worlds.get("default")
    for kind_name, records in populated(name, told(people)).items():
        kind = here.kinds[kind_name]
        if kind.schema:
            assert [str(finding) for record in records for finding in schema_findings(here, kind, world, record)][:3] == []
        for unique in (kind.layout.key, kind.layout.order):
            values = [unique(record) for record in records]
            assert len(set(values)) == len(values), kind_name


@each_vendor
def test_ids_do_not_depend_on_the_clock(name: str) -> None:
    """On another day everything has the same id, so that a test may write one down."""
    here = engine(name)
    for kind in here.kinds:
        first, second = (
            [here.kinds[kind].layout.key(record) for record in populated(name, told(now=now)).get(kind, [])]
            for now in (noon, noon + 40 * day)
        )
        assert set(first) == set(second), kind


@each_vendor
def test_a_person_is_the_same_in_a_larger_company(name: str) -> None:
    """What the named people have, they have in a company of 200 too."""
    here = engine(name)
    small, large = populated(name, told()), populated(name, told(200))
    for kind, records in small.items():
        key = here.kinds[kind].layout.key
        mine = {key(record) for record in large[kind]}
        assert sum(key(record) in mine for record in records) >= 0.9 * len(records), kind


@each_vendor
def test_nobody_elses_data_is_made_up(name: str) -> None:
    """All mail is at example.com, whoever was grown."""
    import re

    text = orjson.dumps(populated(name, told(60)), default=str).decode()
    hosts = set(re.findall(r"[\w.+-]+@([\w-]+\.[\w.-]*\w)", text))
    assert all(host == "example.com" or host.endswith(".example.com") for host in hosts), hosts


def test_another_process_makes_the_same_records() -> None:
    """Same seed, same bytes, for every vendor, whatever the hash seed of the process."""
    script = "from tests.house.test_records import digest; print(digest())"
    root = str(vendors.shelf.package.parent)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert outputs == {f"{digest()}\n"}


def digest() -> str:
    """One hash of everything the scene becomes."""
    made = [(name, populated(name, told(60))) for name in vendors.names()]
    return hashlib.sha256(orjson.dumps(made, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS)).hexdigest()
