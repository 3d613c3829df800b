"""A discriminator says which schema a thing keeps: what is made says so, and what is sent is taken at its word."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.documents.asking import making
from tests.documents.conftest import Serve
from tests.documents.test_sample import made, sampler


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def animal(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["kind", *properties], "properties": {"kind": {"type": "string"}, **properties}}


animals: Final[dict[str, Any]] = {
    "Cat": animal(lives={"type": "integer"}),
    "Dog": animal(tricks={"type": "array", "items": {"type": "string"}}),
}
mapped: Final = {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat", "canine": "Dog"}}


@pytest.mark.parametrize(
    ("told", "words"), [(mapped, ("feline", "canine")), ({"propertyName": "kind"}, ("Cat", "Dog"))], ids=["mapped", "by name"]
)
@pytest.mark.parametrize("group", ["oneOf", "anyOf"])
@pytest.mark.parametrize("wanted", [0, 1], ids=["cat", "dog"])
def test_what_is_made_of_a_branch_says_so(told: Any, words: tuple[str, str], group: str, wanted: int) -> None:
    """By the mapping's word or the component's name; and a thing that says it is a dog is mended into a dog."""
    schema = {group: [ref("Cat"), ref("Dog")], "discriminator": told}
    shown = made(schema, **animals)
    assert (shown["kind"], "lives" in shown) in {(words[0], True), (words[1], False)}
    mended = made(schema, given={"kind": words[wanted]}, **animals)
    assert mended["kind"] == words[wanted]
    assert ("lives" in mended, "tricks" in mended) == (wanted == 0, wanted == 1)


def test_an_enum_of_the_branch_is_not_overruled() -> None:
    """Where the branch itself says what the property may be, that is what it is."""
    cat = animal(lives={"type": "integer"})
    cat["properties"]["kind"] = {"enum": ["cat"]}
    assert made({"oneOf": [ref("Cat")], "discriminator": {"propertyName": "kind"}}, Cat=cat)["kind"] == "cat"


@pytest.mark.parametrize("told", [{"propertyName": "kind", "mapping": {"feline": "Cat"}}, "kind"], ids=["3.x", "2.0"])
def test_what_is_built_upon_a_schema_that_discriminates_names_itself(told: Any) -> None:
    """Inheritance by allOf: the child's word, not the parent's; the parent by its own name."""
    pet = {**animal(), "discriminator": told}
    child = {"allOf": [ref("Pet"), {"type": "object", "required": ["lives"], "properties": {"lives": {"type": "integer"}}}]}
    maker = sampler({}, Pet=pet, Cat=child)
    words = {name: maker.value(f"#/components/schemas/{name}", making("discriminator")).get("kind") for name in ("Cat", "Pet")}
    assert words == {"Cat": "Cat" if told == "kind" else "feline", "Pet": "Pet"}


def test_a_fake_keeps_what_it_is_sent_as_what_it_says_it_is(serve: Serve) -> None:
    """A dog that is posted is a dog when it is read, though the cat comes first."""
    one = {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": mapped}
    stored = {
        name: {**each, "required": ["id", *each["required"]], "properties": {"id": {"type": "string"}, **each["properties"]}}
        for name, each in animals.items()
    }
    content = {"content": {"application/json": {"schema": ref("Animal")}}}
    reply = {"200": {"description": "It.", **content}}
    pets = serve({
        "openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "components": {"schemas": {**stored, "Animal": one}},
        "paths": {
            "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema": {}}}}, "responses": reply}},
            "/pets/{id}": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}], "get": {"responses": reply}},
        },
    })  # fmt: skip
    rex = pets("POST", "/pets", {"kind": "canine"}).value
    assert rex.keys() == {"id", "kind", "tricks"}
    assert pets("GET", f"/pets/{rex['id']}").value == rex
