"""What an operation does to which resource, by the document alone."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract
from mockserver.contract.resource import Role, role_of
from tests import toy


@pytest.mark.parametrize(
    ("operation", "role"),
    [
        ("listShelves", Role("list", "shelves", "Shelf", "", (), "shelves", "")),
        ("createShelf", Role("create", "shelves", "Shelf", "", (), "", "")),
        ("getShelf", Role("read", "shelves", "Shelf", "shelf_id", (), "", "")),
        ("updateShelf", Role("merge", "shelves", "Shelf", "shelf_id", (), "", "")),
        ("deleteShelf", Role("delete", "shelves", "", "shelf_id", (), "", "")),
        ("listBooks", Role("list", "books", "Book", "", (("shelf_id", "shelves"),), "books", "")),
        ("getBook", Role("read", "books", "Book", "book_id", (("shelf_id", "shelves"),), "", "")),
        ("replaceBook", Role("replace", "books", "Book", "book_id", (("shelf_id", "shelves"),), "", "")),
        ("clearBooks", Role("clear", "books", "", "", (("shelf_id", "shelves"),), "", "")),
        ("burn", Role("act", "burn", "", "", (("shelf_id", "shelves"),), "", "")),
    ],
    ids=lambda case: case if isinstance(case, str) else case.verb,
)
def test_a_role_is_read_off_path_method_and_bodies(operation: str, role: Role) -> None:
    """Verb, kind, component, key, parents and envelope of every shape of ordinary operation."""
    contract = Contract.load(toy.document)
    assert role_of(contract, contract.operations[operation]) == role


pet: dict[str, Any] = {"$ref": "#/components/schemas/Pet"}


@pytest.mark.parametrize(
    ("schema", "envelope", "component"),
    [
        ({"type": "array", "items": pet}, "", "Pet"),
        ({"type": "object", "properties": {"data": {"type": "array", "items": pet}, "has_more": {"type": "boolean"}}}, "data", "Pet"),
        ({"type": "object", "properties": {"pets": {"type": "array", "items": pet}, "count": {}, "next_page": {}}}, "pets", "Pet"),
        ({"$ref": "#/components/schemas/PetPage"}, "items", "Pet"),
        (
            {"allOf": [{"type": "object", "properties": {"total": {}}}, {"properties": {"pets": {"type": "array", "items": pet}}}]},
            "pets",
            "Pet",
        ),
        ({"type": "array", "items": {"type": "string"}}, "", ""),
    ],
    ids=["bare", "data", "named", "component", "composed", "of no component"],
)
def test_the_envelope_of_a_list_is_found(schema: dict[str, Any], envelope: str, component: str) -> None:
    """The list itself, or the one property beside paging words that holds it."""
    page = {"type": "object", "properties": {"items": {"type": "array", "items": pet}, "total": {"type": "integer"}}}
    root = {
        "openapi": "3.1.0",
        "paths": {"/pets": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}}},
        "components": {"schemas": {"Pet": {"type": "object", "properties": {"tags": {"type": "array"}}}, "PetPage": page}},
    }
    contract = Contract.load(root)
    role = role_of(contract, contract.operations["GET /pets"])
    assert (role.verb, role.kind, role.envelope, role.schema) == ("list", "pets", envelope, component)


def test_a_thing_that_holds_a_list_is_no_list() -> None:
    """A component with a list among its own properties is an item, not an envelope."""
    team = {"type": "object", "properties": {"name": {"type": "string"}, "members": {"type": "array", "items": pet}}}
    ok = {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Team"}}}}}
    root = {"openapi": "3.1.0", "paths": {"/teams/{id}": {"get": {"responses": ok}}}, "components": {"schemas": {"Team": team, "Pet": {}}}}
    contract = Contract.load(root)
    role = role_of(contract, contract.operations["GET /teams/{id}"])
    assert (role.verb, role.envelope, role.schema) == ("read", "", "Team")


def test_items_in_an_envelope_of_their_own() -> None:
    """`{"pet": {…}}` in and out is one pet in wrapping."""
    wrapped = {"type": "object", "properties": {"pet": pet}}
    media = {"application/json": {"schema": wrapped}}
    post = {"requestBody": {"content": media}, "responses": {"201": {"description": "", "content": media}}}
    paths = {"/pets": {"post": post}, "/pets/{id}": {"delete": {"responses": {"204": {"description": ""}}}}}
    root = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": {"Pet": {"type": "object"}}}}
    contract = Contract.load(root)
    role = role_of(contract, contract.operations["POST /pets"])
    assert (role.verb, role.envelope, role.wrapped, role.schema) == ("create", "pet", "pet", "Pet")


@pytest.mark.parametrize("name", vendors.names())
def test_every_operation_of_a_bundled_contract_has_a_role(name: str) -> None:
    """Nothing in the contracts we ship is beyond inferring."""
    contract = vendors.engine(name).contract
    assert all(role_of(contract, operation).verb for operation in contract.operations.values())
