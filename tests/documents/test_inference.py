"""What a document is about, from its paths, methods and bodies alone; and how a sidecar says otherwise."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract
from mockserver.contract.inference import Inference
from mockserver.errors import BadSpec
from tests.documents.conftest import specs


def inferred(name: str) -> Inference:
    return Inference(Contract.load(specs / name))


@pytest.mark.parametrize(
    ("document", "operation", "verb", "kind", "envelope"),
    [
        ("petstore.yaml", "addPet", "create", "pet", ""),
        ("petstore.yaml", "updatePet", "replace", "pet", ""),
        ("petstore.yaml", "findPetsByStatus", "list", "pet", ""),
        ("petstore.yaml", "updatePetWithForm", "merge", "pet", ""),
        ("petstore.yaml", "uploadFile", "act", "pet", ""),
        ("petstore.yaml", "getInventory", "show", "store.inventory", ""),
        ("petstore.yaml", "placeOrder", "create", "order", ""),
        ("petstore.yaml", "createUsersWithListInput", "act", "user", ""),
        ("studio.yaml", "listArtists", "list", "artists", "data"),
        ("studio.yaml", "createArtist", "create", "artists", "artist"),
        ("studio.yaml", "getArtist", "read", "artists", "artist"),
        ("studio.yaml", "suspendArtist", "act", "artists", "artist"),
        ("studio.yaml", "listSongs", "list", "songs", "songs"),
        ("studio.yaml", "deleteSongs", "clear", "songs", ""),
        ("studio.yaml", "getSong", "read", "songs", ""),
        ("studio.yaml", "getMe", "show", "me", ""),
        ("studio.yaml", "updateMe", "set", "me", ""),
        ("studio.yaml", "getBooking", "read", "bookings", ""),
    ],
)
def test_what_an_operation_does_is_read_off_the_document(document: str, operation: str, verb: str, kind: str, envelope: str) -> None:
    """Collections, items, nested collections, lists beside items, actions, bulk deletes, single things, envelopes."""
    inference = inferred(document)
    role = inference.role(inference.contract.operations[operation])
    assert (role.verb, role.kind, role.envelope) == (verb, kind, envelope)


@pytest.mark.parametrize(
    ("path", "ident"),
    [("/pet", ("id",)), ("/user", ("username",)), ("/store/order", ("id",))],
)
def test_the_id_is_the_property_that_the_path_parameter_means(path: str, ident: tuple[str, ...]) -> None:
    """petId is the pet's id, username the user's username."""
    resource = inferred("petstore.yaml").resource(path)
    assert resource is not None
    assert resource.id == ident


def reply(schema: dict[str, Any]) -> dict[str, Any]:
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}


thing: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}}
listed: dict[str, Any] = {"type": "array", "items": thing}


@pytest.mark.parametrize(
    ("schema", "envelope"),
    [
        (listed, ""),
        ({"type": "object", "properties": {"things": listed}}, "things"),
        ({"type": "object", "properties": {"data": listed, "meta": {"type": "object"}}}, "data"),
        ({"type": "object", "properties": {"value": listed, "@odata.nextLink": {"type": "string"}}}, "value"),
        ({"type": "object", "properties": {"response": {"type": "object", "properties": {"results": listed}}}}, "response/results"),
        ({"type": "object", "properties": {"kind": {}, "items": listed, "nextPageToken": {"type": "string"}}}, "items"),
    ],
    ids=["bare", "named like the path", "data", "odata", "nested", "items"],
)
def test_the_list_is_found_in_its_envelope(schema: dict[str, Any], envelope: str) -> None:
    """A bare array, a property named like the path or like lists are, at the top or one level down."""
    paths = {"/things": {"get": reply(schema)}, "/things/{id}": {"get": reply(thing)}}
    inference = Inference(Contract.load({"openapi": "3.1.0", "paths": paths}))
    role = inference.role(inference.contract.operations["GET /things"])
    assert (role.verb, role.envelope) == ("list", envelope)


def test_a_thing_with_a_list_in_it_is_no_list() -> None:
    """A thing's tags are no page of tags."""
    inference = Inference(
        Contract.load({"openapi": "3.1.0", "paths": {"/things/{id}": {"get": reply(thing)}, "/profile": {"get": reply(thing)}}})
    )
    assert [inference.role(each).verb for each in inference.contract.operations.values()] == ["read", "show"]


def test_every_role_says_how_sure_it_is_and_why() -> None:
    """Percent between 0 and 100; the surest are those whose things the document names and whose replies are those things."""
    inference = inferred("petstore.yaml")
    roles = {name: inference.role(each) for name, each in inference.contract.operations.items()}
    assert all(0 < role.sure <= 100 and role.why for role in roles.values())
    assert roles["getPetById"].sure > roles["deletePet"].sure > roles["uploadFile"].sure > roles["createUsersWithListInput"].sure - 1


overlay = """\
overlay: 1.0.0
info: {title: What inference cannot know, version: 1.0.0}
actions:
  - target: $.paths['/store/inventory'].get
    update: {x-mockserver: {behaviour: act}}
  - target: $.paths.*[?(@.operationId=='uploadFile')]
    update: {x-mockserver: {behaviour: merge}}
  - target: $.paths['/user/login']
    remove: true
"""


def beside(folder: Path, text: str) -> Path:
    shutil.copy(specs / "petstore.yaml", folder)
    (folder / "petstore.overlay.yaml").write_text(text)
    return folder / "petstore.yaml"


def test_a_sidecar_says_otherwise_and_the_document_is_never_edited(tmp_path: Path) -> None:
    """An OpenAPI Overlay beside the document: updates, removals, and our keys under one extension, which win."""
    path = beside(tmp_path, overlay)
    inference = Inference(Contract.load(path))
    operations = inference.contract.operations
    assert "loginUser" not in operations
    assert inference.role(operations["getInventory"]).verb == "act"
    role = inference.role(operations["uploadFile"])
    assert (role.verb, role.sure, role.why) == ("merge", 100, "says x-mockserver")
    assert path.read_bytes() == (specs / "petstore.yaml").read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("overlay: 2.0.0\n", "/overlay is '2.0.0', not 1.0.0"),
        ("overlay: 1.0.0\nactions: {}\n", "/actions is not a list"),
        ("overlay: 1.0.0\nactions: [{update: {}}]\n", "/actions/0/target is missing"),
        ("overlay: 1.0.0\nactions: [{target: paths}]\n", "does not begin with $"),
        ("overlay: 1.0.0\nactions: [{target: '$.paths[(1)]'}]\n", "cannot be read from '[(1)]' on"),
        ("overlay: [\n", "not YAML or JSON"),
    ],
    ids=["version", "actions", "no target", "no root", "unknown step", "no YAML"],
)
def test_a_sidecar_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    """File, place and what was expected, in one line."""
    with pytest.raises(BadSpec, match=r"petstore\.overlay\.yaml") as caught:
        Contract.load(beside(tmp_path, text))
    assert words in str(caught.value)


def test_a_target_that_matches_nothing_is_told(tmp_path: Path) -> None:
    """The document has moved on: what the sidecar meant is not there any more."""
    contract = Contract.load(beside(tmp_path, "overlay: 1.0.0\nactions: [{target: \"$.paths['/gone']\", remove: true}]\n"))
    assert "matches nothing" in contract.document.flaws[0]


def test_a_word_that_means_nothing_in_our_extension_is_refused(tmp_path: Path) -> None:
    """With the words that do."""
    wrong = overlay.replace("behaviour: merge", "behaviour: explode")
    inference = Inference(Contract.load(beside(tmp_path, wrong)))
    with pytest.raises(BadSpec, match="'explode' is not one of list, read"):
        inference.role(inference.contract.operations["uploadFile"])


@pytest.mark.parametrize(
    ("word", "said"), [("behaviour: explode", "'explode' is not one of list, read"), ("kind: cat", "'cat' is no kind; known: pet, ")]
)
def test_what_a_sidecar_says_wrong_is_refused_before_anything_is_served(tmp_path: Path, word: str, said: str) -> None:
    """Not when somebody calls the operation."""
    path = beside(tmp_path, overlay.replace("behaviour: merge", word))
    with pytest.raises(BadSpec, match=re.escape(said)):
        vendors.site([str(path)])


def test_an_empty_sidecar_is_none(tmp_path: Path) -> None:
    """`mockserver inspect DOC --overlay > DOC.overlay.yaml`: the shell has made the file before the document is read."""
    assert Contract.load(beside(tmp_path, "")).document.flaws == Contract.load(specs / "petstore.yaml").document.flaws
