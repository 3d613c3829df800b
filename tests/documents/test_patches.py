"""What a PATCH means is told by its media type: JSON Patch, JSON Merge Patch, or fields laid over the thing."""

from __future__ import annotations

import copy
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.patches import merge_patched, patched
from mockserver.errors import Refusal
from mockserver.message import Json
from tests.documents.conftest import Serve

# The examples of RFC 6902, appendix A, that end well: (before, patch, after).
done: Final[dict[str, tuple[Json, list[dict[str, Any]], Json]]] = {
    "A.1 a member": ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    "A.2 an item": ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    "A.3 no member": ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    "A.4 no item": ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    "A.5 another value": ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    "A.6 moved": ({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}, [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}], {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
    "A.7 an item moved": ({"foo": ["all", "grass", "cows", "eat"]}, [{"op": "move", "from": "/foo/1", "path": "/foo/3"}], {"foo": ["all", "cows", "eat", "grass"]}),
    "A.8 tested": ({"baz": "qux", "foo": ["a", 2, "c"]}, [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}], {"baz": "qux", "foo": ["a", 2, "c"]}),
    "A.10 inside": ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"grandchild": {}}}], {"foo": "bar", "child": {"grandchild": {}}}),
    "A.11 members nobody knows": ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}], {"foo": "bar", "baz": "qux"}),
    "A.14 escaped": ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    "A.16 at the end": ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}], {"foo": ["bar", ["abc", "def"]]}),
    "copied": ({"a": [1]}, [{"op": "copy", "from": "/a/0", "path": "/b"}], {"a": [1], "b": 1}),
    "the whole": ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    "an item replaced": ({"a": [1, 2, 3]}, [{"op": "replace", "path": "/a/1", "value": 9}], {"a": [1, 9, 3]}),
    "1.0 is 1": ({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}], {"a": 1}),
}  # fmt: skip
refused: Final[dict[str, tuple[Json, dict[str, Any], int]]] = {
    "A.9 a test that fails": ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "bar"}, 409),
    "A.12 into nothing": ({"foo": "bar"}, {"op": "add", "path": "/baz/bat", "value": "qux"}, 422),
    "A.15 a number is no text": ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": "10"}, 409),
    "true is no 1": ({"a": 1}, {"op": "test", "path": "/a", "value": True}, 409),
    "into itself": ({"a": {"b": 1}}, {"op": "move", "from": "/a", "path": "/a/b"}, 422),
    "behind the end": ({"a": [1]}, {"op": "add", "path": "/a/2", "value": 1}, 422),
    "a leading zero": ({"a": [1, 2]}, {"op": "remove", "path": "/a/01"}, 422),
    "nothing to remove": ({"a": 1}, {"op": "remove", "path": "/b"}, 422),
    "nothing to replace": ({"a": 1}, {"op": "replace", "path": "/b", "value": 1}, 422),
    "no value": ({"a": 1}, {"op": "add", "path": "/b"}, 422),
    "no such operation": ({"a": 1}, {"op": "spam", "path": "/a"}, 422),
    "no pointer": ({"a": 1}, {"op": "remove", "path": "a"}, 422),
    "the whole removed": ({"a": 1}, {"op": "remove", "path": ""}, 422),
}


@pytest.mark.parametrize(("before", "patch", "after"), done.values(), ids=done)
def test_a_json_patch_does_what_rfc_6902_says(before: Json, patch: list[dict[str, Any]], after: Json) -> None:
    """And leaves what it was given as it was."""
    kept = copy.deepcopy(before)
    assert patched(before, patch) == after
    assert before == kept


@pytest.mark.parametrize(("before", "operation", "status"), refused.values(), ids=refused)
def test_a_json_patch_that_cannot_be_done_is_refused_whole(before: Json, operation: dict[str, Any], status: int) -> None:
    """409 where a test fails, 422 where there is nothing to do it to; the number of the operation is told."""
    with pytest.raises(Refusal) as refusal:
        patched(before, [{"op": "test", "path": "", "value": before}, operation])
    assert refusal.value.status == status
    assert status == 409 or "operation 1" in refusal.value.message


values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(values, values)
def test_a_merge_patch_without_nulls_is_what_it_leaves_where_there_was_nothing(old: Json, patch: Json) -> None:
    """RFC 7396: patching nothing gives the patch, patching again changes nothing, and what is null goes."""
    assert merge_patched(None, patch) == patch
    once = merge_patched(old, patch)
    assert merge_patched(once, patch) == once
    if isinstance(once, dict):
        assert merge_patched(once, dict.fromkeys(once)) == {}


def thing(*media: str) -> dict[str, Any]:
    schema = {
        "type": "object", "required": ["id", "name"],
        "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}, "note": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    }  # fmt: skip
    reply = {"description": "It.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    item = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"responses": {"200": reply}},
        "patch": {
            "requestBody": {"content": {each: {"schema": {}} for each in media}},
            "responses": {"200": reply, "409": {"description": "No."}, "422": {"description": "No."}},
        },
    }
    return {
        "openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "components": {"schemas": {"Thing": schema}},
        "paths": {"/things": {"post": {"requestBody": {"content": {"application/json": {"schema": {}}}}, "responses": {"201": reply}}}, "/things/{id}": item},
    }  # fmt: skip


patch_media, merge_media = "application/json-patch+json", "application/merge-patch+json"


@pytest.mark.parametrize("media", [patch_media, "application/json"])
def test_a_thing_is_changed_by_a_json_patch(serve: Serve, media: str) -> None:
    """Whatever its media type is called: members of a list by their number, and never in part."""
    things = serve(thing(media))
    ident = things("POST", "/things", {"name": "One", "note": "old", "tags": ["a", "c"]}).value["id"]
    changed = things("PATCH", f"/things/{ident}", [
        {"op": "add", "path": "/tags/1", "value": "b"}, {"op": "remove", "path": "/note"},
    ], media)  # fmt: skip
    assert changed.value == {"name": "One", "tags": ["a", "b", "c"], "id": ident}
    for broken in ({"op": "test", "path": "/name", "value": "Two"}, {"op": "remove", "path": "/name"}):
        assert things("PATCH", f"/things/{ident}", [{"op": "add", "path": "/note", "value": "new"}, broken], media).status in (409, 422)
    assert things("GET", f"/things/{ident}").value == changed.value


def test_null_in_a_merge_patch_takes_a_field_away(serve: Serve) -> None:
    """What is not named stays, and what the schema requires cannot go."""
    things = serve(thing(merge_media))
    ident = things("POST", "/things", {"name": "One", "note": "old", "tags": ["a"]}).value["id"]
    assert things("PATCH", f"/things/{ident}", {"note": None, "tags": ["b"]}, merge_media).value == {
        "name": "One",
        "tags": ["b"],
        "id": ident,
    }
    assert things("PATCH", f"/things/{ident}", {"name": None}, merge_media).status == 422
