"""What lies at a path and below it, told without looking at the rest of a document."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.contract import Contract
from mockserver.contract.document import Document
from mockserver.contract.inference import Inference
from mockserver.contract.leaves import Leaves, written
from mockserver.contract.paths import Paths, one_of, trimmed, word_of

fine = {"responses": {"200": {"description": "ok"}}}


def contract_of(paths: dict[str, set[str]]) -> Contract:
    return Contract.load({"openapi": "3.1.0", "paths": {path: dict.fromkeys(sorted(methods), fine) for path, methods in paths.items()}})


segments = st.sampled_from(["", "pet", "pets", "Pets", "owners", "find(x)", "{id}", "{petId}", "{id}:sell", "{id}.json", "v1"])
templates = st.lists(segments, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
documents = st.dictionaries(templates, st.sets(st.sampled_from(["get", "post", "put"]), min_size=1), min_size=1, max_size=12)


@given(documents)
def test_a_path_is_told_of_as_if_every_path_had_been_looked_at(paths: dict[str, set[str]]) -> None:
    """The operations at a path, whether it has items and which, the paths of a word, and all of them: in the document's order."""
    contract = contract_of(paths)
    told, at, items = Paths(contract), dict[str, dict[str, Any]](), dict[str, list[str]]()
    for operation in contract.operations.values():
        at.setdefault(trimmed(operation.path), {})[operation.method] = operation
    for path in at:
        head, _, tail = path.rpartition("/")
        if "{" in tail:
            items.setdefault(head, []).extend([path] if ":" not in tail else [])
    known = list(dict.fromkeys(each for path in at for each in (path, path.rpartition("/")[0]) if each in at or each in items))
    for path in [*known, "/nowhere", "/pets/nowhere"]:
        assert told.at(path) == at.get(path, {})
        assert (told.collects(path), told.items(path)) == (path in items, items.get(path, []))
    words = list(dict.fromkeys(map(word_of, known)))
    assert {word: told.of(word) for word in words} == {word: [path for path in known if word_of(path) == word] for word in words}
    assert told.all() == [path for word in words for path in told.of(word)]
    for one in {one_of(word) for word in words}:
        assert told.about(one) == [path for word in words if one_of(word) == one for path in told.of(word)]


@given(documents)
def test_what_is_inferred_does_not_depend_on_what_was_asked_before(paths: dict[str, set[str]]) -> None:
    """Each operation asked about alone, and all of them from the last to the first."""
    contract = contract_of(paths)
    together = Inference(contract)
    for operation in reversed(contract.operations.values()):
        role, alone = together.role(operation), Inference(contract)
        assert repr(alone.role(operation)) == repr(role)
        assert alone.named(role.kind) == together.named(role.kind)


class Counted(Leaves):
    """Leaves that count the lines that are read."""

    def __init__(self, data: bytes) -> None:
        self.count = 0
        super().__init__(data)

    def text(self, at: int) -> bytes:
        self.count += 1
        return super().text(at)


def test_what_the_first_question_reads_does_not_depend_on_how_many_operations_there_are() -> None:
    """Nor are they all made for it: a document of thousands answers its first call as soon as a small one."""

    def read(collections: int) -> int:
        words = [f"things{number}" for number in range(collections)]
        paths = {path: {"get": fine, "post": fine} for word in words for path in (f"/{word}", f"/{word}/{{id}}")}
        leaves = Counted(written({"openapi": "3.1.1", "paths": paths}, "spec.json", flaws=[]))
        contract = Contract(Document(leaves))
        operation, _ = contract.match("GET", "/things3/1")
        inference = Inference(contract)
        role = inference.role(operation)
        assert role.path == "/things3"
        assert inference.named(role.kind) == inference.about("things3") == inference.resource("/things3")
        assert "operations" not in vars(contract)
        return leaves.count

    assert read(10) == read(1000)
