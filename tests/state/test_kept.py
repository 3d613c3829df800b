"""What was walked of a large scene, kept for the next process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import cabinet, vendors
from mockserver.engine.vendor import Kind
from mockserver.state import drawn as drawing
from mockserver.state import scene as scenes
from mockserver.state.clock import day
from mockserver.state.drawn import Drawn, DrawnBase
from mockserver.state.table import Base, Group, Key, every
from tests.toy import noon

Lists = dict[str, dict[str, dict[Group, list[Key]]]]


@contextmanager
def kept(folder: Path | str, large: int = 0) -> Iterator[None]:
    """Scenes of so many people are kept in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOCKSERVER_CACHE", str(folder))
        patch.setattr(drawing, "large", large)
        yield


def drawn(vendor: str, people: int, seed: str, now: int) -> Iterator[tuple[Kind, Drawn]]:
    """The kinds of a vendor that may be kept, of a new scene as a new process would have it."""
    engine = vendors.engine(vendor)
    scene = scenes.load(vendors.shelf.scene("company"), now=now, seed=seed, people=people)
    for name, records in engine.vendor.populate(scene, engine.options).items():
        if isinstance(records, Drawn) and records.told():
            yield engine.kinds[name], records


def walked(vendor: str, people: int, seed: str, now: int) -> Lists:
    """Every list that is nobody's own, as it is walked or read."""
    return {kind.name: DrawnBase(kind.layout, each)._walk for kind, each in drawn(vendor, people, seed, now)}


def listed(vendor: str, people: int, seed: str, now: int) -> Lists:
    """The same lists of the records themselves."""
    bases = [(kind, each, Base(kind.layout, list(each))) for kind, each in drawn(vendor, people, seed, now)]
    return {kind.name: {name: base.indexes[name] for name in base.indexes if name not in each.owners} for kind, each, base in bases}


each_vendor = pytest.mark.parametrize("vendor", vendors.names())
people = st.integers(1, 120)
seeds = st.sampled_from(["0", "3", "x"])
clocks = st.integers(noon - 400 * day, noon + 400 * day)


@each_vendor
@settings(max_examples=20)  # each lays a company four times
@given(people=people, seed=seeds, first=clocks, then=clocks)
def test_what_is_read_again_is_what_would_be_listed(vendor: str, people: int, seed: str, first: int, then: int) -> None:
    """Kept at one moment and read at another: the same keys in the same order in every list, as of records that are made; from the same files."""
    with tempfile.TemporaryDirectory() as folder, kept(folder):
        assert walked(vendor, people, seed, first) == listed(vendor, people, seed, first)
        files = {each: each.stat().st_mtime_ns for each in Path(folder).iterdir() if each.suffix == ".walk"}
        assert files
        assert walked(vendor, people, seed, then) == listed(vendor, people, seed, then)
        assert {each: each.stat().st_mtime_ns for each in Path(folder).iterdir() if each.suffix == ".walk"} == files


@each_vendor
@pytest.mark.parametrize("other", [(41, "3"), (40, "4")], ids=["people", "seed"])
def test_another_scene_has_files_of_its_own(vendor: str, other: tuple[int, str], tmp_path: Path) -> None:
    """With one person more or another seed nothing is read that was kept of this one."""
    with kept(tmp_path):
        walked(vendor, 40, "3", noon)
        assert walked(vendor, *other, noon) == listed(vendor, *other, noon)


spoilt: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "three bytes": lambda content: content[:3],
    "half": lambda content: content[: len(content) // 2],
    "a byte changed": lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
    "more": lambda content: content + b"\0",
    "foreign": lambda _: b"PK\3\4" * 100,
    "no checksum": lambda content: content[4:],
}


@each_vendor
@pytest.mark.parametrize("spoil", spoilt.values(), ids=spoilt)
def test_a_broken_file_is_made_again(vendor: str, spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Whatever stands in it: the lists are right, and the file is whole afterwards."""
    with kept(tmp_path):
        right = walked(vendor, 40, "3", noon)
        whole = {each: each.read_bytes() for each in tmp_path.glob("*.walk")}
        for file, content in whole.items():
            file.write_bytes(spoil(content))
        assert walked(vendor, 40, "3", noon) == right
        assert {each: each.read_bytes() for each in tmp_path.glob("*.walk")} == whole


@each_vendor
def test_without_a_folder_everything_is_walked(vendor: str, tmp_path: Path) -> None:
    """One that cannot be made, one whose file's place is taken, none at all: the lists are the same, and nothing is raised."""
    right = listed(vendor, 40, "3", noon)
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "below", "off"):
        with kept(folder):
            assert walked(vendor, 40, "3", noon) == right
    with kept(tmp_path / "taken"):
        walked(vendor, 40, "3", noon)
        for file in list((tmp_path / "taken").glob("*.walk")):
            file.unlink()
            file.mkdir()
        assert walked(vendor, 40, "3", noon) == right


@each_vendor
def test_small_scenes_never_touch_the_disk(vendor: str, tmp_path: Path) -> None:
    """Those of a few thousand people are walked in no time."""
    with kept(tmp_path, drawing.large):
        assert all(lists[every][None] for lists in walked(vendor, 2_000, "3", noon).values())
        assert not list(tmp_path.glob("*.walk"))


def test_another_version_reads_nothing_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name is told by the form and the version that wrote it."""
    names = {cabinet.name_of("1", "x"), cabinet.name_of("2", "x"), cabinet.name_of("1", "y")}
    monkeypatch.setattr(cabinet, "__version__", "other")
    assert len(names | {cabinet.name_of("1", "x")}) == 4
