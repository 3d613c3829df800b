"""Documents of every version into one form, and what is said of those that are none."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver import cabinet
from mockserver.contract import document
from mockserver.contract.contract import Contract
from mockserver.contract.leaves import Leaves, standing, written
from mockserver.contract.operation import escape
from mockserver.errors import BadSpec
from mockserver.message import Json

head = "openapi: 3.1.0\n"


def read(text: str | bytes) -> dict[str, Any]:
    return document.parse(text.encode() if isinstance(text, str) else text, "spec.yaml")


# -- YAML -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("1:30", "1:30"),
        ("0x1F", "0x1F"),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("010", 10),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("'7'", "7"),
        ("1.10", 1.1),
        ("100000000000000000000", 1e20),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_yaml_is_read_as_its_version_1_2(written: str, value: Json) -> None:
    """`on`, dates, sexagesimals and underscores are text; numbers are those JSON has."""
    told = read(f"{head}x: {written}\n")["x"]
    assert (told, type(told)) == (value, type(value))


@pytest.mark.parametrize("key", ["200", "007", "1.10", "true", "on", "null", "~", "2026-01-31", "1e3"])
def test_a_key_is_the_text_it_is_written_as(key: str) -> None:
    """`200:` is the status "200", `1.10:` the version "1.10": no number is read into a key, in merged mappings neither."""
    told = read(f"{head}a: &a\n  {key}: 1\nb:\n  <<: *a\n")
    assert told["a"] == told["b"] == {key: 1}


def test_merge_keys_lay_a_mapping_under_another() -> None:
    """What stands in the mapping itself wins over what is merged into it."""
    told = read(f"{head}a: &a {{x: 1, y: 2}}\nb:\n  <<: *a\n  y: 3\n")
    assert told["b"] == {"x": 1, "y": 3}


printable = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "))
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(printable, plain_values, max_size=5))
def test_json_is_read_as_json_through_either_reader(value: dict[str, Json]) -> None:
    """A JSON document means the same whichever of the two readers takes it."""
    text = json.dumps(value, ensure_ascii=False).encode()
    assert document.parse(text, "spec.json") == value
    assert read(b"# not JSON any more\n" + text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", "spec.yaml:2:1: not YAML or JSON: duplicate key 'a'"),
        ("a: {1: x, '1': y}\n", "spec.yaml:1:11: not YAML or JSON: duplicate key '1'"),
        ("? [a]\n: 1\n", "spec.yaml:1:3: not YAML or JSON: a key must be a word"),
        ("a: *b\n", "spec.yaml:1:4: not YAML or JSON: found undefined alias"),
        ("a: &a [*a]\n", "spec.yaml:1: the alias *a stands inside its own anchor; use $ref"),
        ("\ta: 1\n", "spec.yaml:1:1: not YAML or JSON: found character that cannot start any token"),
        ("a: !!python/object/apply:os.system [ls]\n", "could not determine a constructor for the tag"),
        ("a: !!int x\n", "not YAML or JSON: invalid literal for int()"),
        ("a: 1\n---\nb: 1\n", "spec.yaml:2:1: not YAML or JSON: but found another document"),
        ("a: \x00\n", "control characters are not allowed"),
        ("- a\n", "spec.yaml: holds list, not an object; is it an OpenAPI document?"),
        ("", "spec.yaml: holds nothing, not an object"),
        ('{"a": 1,, }', "spec.yaml:1:9: not YAML or JSON:"),
        ("a: " + "[" * 5000 + "]" * 5000, "spec.yaml:1: nested over 200 levels deep; use $ref"),
        ("a: " + "{a: " * 100_000, "spec.yaml:1: nested over 200 levels deep; use $ref"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "spec.yaml:1: nested over 200 levels deep; use $ref"),
        ("- " * 100_000, "spec.yaml:1: nested over 200 levels deep; use $ref"),
    ],
    ids=lambda text: text[:24].replace("\n", "·").replace("\0", "NUL"),
)
def test_broken_yaml_is_one_line_with_its_place(text: str, words: str) -> None:
    """What is wrong and at which line and column, in one line; neither a traceback nor a dead process."""
    with pytest.raises(BadSpec) as told:
        read(text)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    """Nine levels of nine aliases would unfold to 387 million nodes; the document is refused at once."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{inner}: &{inner} [{', '.join([f'*{outer}'] * 9)}]" for outer, inner in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(BadSpec, match="aliases unfold to over 1,000,000 nodes"):
        read("\n".join(lines))


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_document_or_a_bad_spec(text: str) -> None:
    """No text whatever makes an error of another kind."""
    try:
        assert isinstance(read(text.encode("utf-8", "surrogatepass")), dict)
    except BadSpec as error:
        assert str(error).startswith("spec.yaml")


# -- versions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ({"openapi": "4.0.0"}, "it says openapi: '4.0.0'"),
        ({"swagger": "1.2"}, "it says swagger: '1.2'"),
        ({"hello": "world"}, "it has neither `openapi` nor `swagger`"),
        ({"openapi": "3.1.0", "paths": []}, "/paths is list, not an object"),
    ],
    ids=str,
)
def test_what_is_no_openapi_document_says_so(version: dict[str, Any], words: str) -> None:
    """The versions that are read are named, beside what the document says it is."""
    with pytest.raises(BadSpec) as told:
        document.load(version)
    assert words in str(told.value)


def schema_30(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a 3.0 document as it comes out of the reader."""
    root = {"openapi": "3.0.3", "paths": {}, "components": {"schemas": {"Thing": schema, "Other": {"type": "integer"}}}}
    told: dict[str, Any] = document.load(root).root["components"]["schemas"]["Thing"]
    return told


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"type": "string", "nullable": False}, ["a"], [None]),
        ({"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"]),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, [1.5], [1, 0]),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": False}, [1], [0]),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": True}, [0], [1]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1], [2**31]),
        ({"type": "integer", "format": "int64"}, [-(2**63)], [2**63]),
        ({"type": "integer", "format": "int32", "maximum": 5}, [5], [6]),
        ({"$ref": "#/components/schemas/Other", "type": "string"}, [1], ["a"]),
        ({"allOf": [{"type": "string"}], "nullable": True}, ["a", None], [1]),
        ({"type": "array", "items": {"type": "string", "nullable": True}}, [["a", None]], [[1]]),
        ({"type": "object", "properties": {"a": {"type": "integer", "nullable": True}}}, [{"a": None}], [{"a": "x"}]),
        ({"type": "object", "properties": {"nullable": {"type": "string"}}}, [{"nullable": "a"}], [{"nullable": None}]),
    ],
    ids=lambda case: json.dumps(case)[:60],
)
def test_a_schema_of_3_0_means_the_same_in_2020_12(schema: dict[str, Any], good: list[Json], bad: list[Json]) -> None:
    """nullable, boolean exclusive bounds, integer formats and the neighbours of $ref come out as JSON Schema says them."""
    root = {"components": {"schemas": {"Thing": schema_30(schema), "Other": {"type": "integer"}}}, "$ref": "#/components/schemas/Thing"}
    validator = jsonschema_rs.Draft202012Validator(root)
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


swagger: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Old", "version": "1"},
    "host": "old.example.com",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "parameters": {"Page": {"name": "page", "in": "query", "type": "integer", "format": "int32", "default": 1}},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [
                    {"$ref": "#/parameters/Page"},
                    {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "pipes"},
                ],
                "responses": {"200": {"description": "ok", "schema": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
            },
            "post": {
                "operationId": "addPet",
                "parameters": [{"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}],
                "responses": {"201": {"$ref": "#/responses/Made"}},
            },
        },
        "/pets/{id}/photo": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "integer"}],
            "post": {
                "operationId": "addPhoto",
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "photo", "in": "formData", "type": "file", "required": True},
                    {"name": "title", "in": "formData", "type": "string"},
                ],
                "responses": {"204": {"description": "ok"}},
            },
        },
    },
    "responses": {"Made": {"description": "made", "schema": {"$ref": "#/definitions/Pet"}}},
    "definitions": {
        "Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "x-nullable": True}}},
    },
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}, "basic": {"type": "basic"}},
    "security": [{"key": []}],
}


def test_a_swagger_document_is_read_whole() -> None:
    """Bodies, forms, shared parameters and responses, list formats, security and the server's address survive the move to 3.1."""
    contract = Contract.load(swagger)
    pets, add, photo = (contract.operations[name] for name in ("listPets", "addPet", "addPhoto"))
    page, tags = pets.parameters
    assert (page.name, page.default, tags.many, tags.joined) == ("page", 1, True, "|")
    assert not page.check(2**31)
    assert add.body is not None
    assert add.body[0]
    assert contract.check(add.answers["201"].media["application/json"], "reply")({"name": None})
    assert photo.body is not None
    assert list(photo.body[1]) == ["multipart/form-data"]
    assert contract.properties(photo.body[1]["multipart/form-data"]).keys() == {"photo", "title"}
    assert contract.document.root["servers"] == [{"url": "https://old.example.com/v1"}]
    assert contract.document.root["components"]["securitySchemes"]["basic"] == {"type": "http", "scheme": "basic"}
    assert pets.security == ({"key": ()},)


# -- references -----------------------------------------------------------------------------------------------------


def with_schema(schema: Json, **components: Json) -> dict[str, Any]:
    media = {"application/json": {"schema": schema}}
    return {
        "openapi": "3.1.0",
        "paths": {"/x": {"get": {"operationId": "x", "responses": {"200": {"description": "", "content": media}}}}},
        "components": {"schemas": components},
    }


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (with_schema({"$ref": "#/components/schemas/Gone"}), "#/components/schemas/Gone: nothing stands there; mend the $ref"),
        (with_schema({"$ref": "#/components/schemas/A"}, A={"$ref": "#/components/schemas/A"}), "goes round in a circle"),
        (with_schema({"$ref": "other.yaml#/A"}), "$ref 'other.yaml#/A' leaves the document"),
    ],
    ids=["dangling", "circle", "foreign"],
)
def test_a_broken_reference_names_its_place(root: dict[str, Any], words: str) -> None:
    """Dangling, circular and foreign references are a BadSpec with place and remedy as soon as somebody follows them."""
    contract = Contract.load(root)
    with pytest.raises(BadSpec) as told:
        contract.schema(contract.operations["x"].answers["200"].media["application/json"])
    assert words in str(told.value)


def test_a_schema_may_refer_to_itself() -> None:
    """A tree is described by its own schema and checked to its leaves."""
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
    contract = Contract.load(with_schema({"$ref": "#/components/schemas/Tree"}, Tree=tree))
    check = contract.check("#/components/schemas/Tree", "reply")
    assert check({"children": [{"children": []}]})
    assert not check({"children": [{"children": 1}]})


# -- files and cache ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_file_that_cannot_be_read_says_why(what: str, tmp_path: Path) -> None:
    """The path and the system's own reason."""
    path = tmp_path / "spec.yaml" if what == "missing" else tmp_path
    with pytest.raises(BadSpec, match=r"cannot be read: .*; give the path of an OpenAPI file"):
        document.load(path)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("MOCKSERVER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_document_is_parsed_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reading comes from the cache and is the same to the byte; a changed file is parsed anew."""
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\ninfo: {{title: one, version: 1}}\n")
    first = document.load(path)
    monkeypatch.setattr(document, "parse", lambda *_: pytest.fail("parsed again"))
    again = document.load(path)
    assert orjson.dumps(again.root) == orjson.dumps(first.root)
    monkeypatch.undo()
    monkeypatch.setenv("MOCKSERVER_CACHE", str(cache))
    path.write_text(path.read_text().replace("one", "two"))
    assert document.load(path).root["info"]["title"] == "two"
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: text[:-1],
        lambda text: text[:-40],
        lambda text: text[: text[:-1].rfind(b"\n") + 1],
        lambda _: b"",
        lambda _: b"[]\n",
    ],
    ids=["no end", "half a head", "no head", "empty", "something else"],
)
def test_a_spoilt_drawer_costs_time_and_nothing_else(spoilt: Callable[[bytes], bytes], cache: Path, tmp_path: Path) -> None:
    """A drawer that holds half a document, or none, is written anew."""
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(with_schema({"type": "string"})))
    first = document.load(path).root
    (drawer,) = cache.iterdir()
    whole = drawer.read_bytes()
    drawer.write_bytes(spoilt(whole))
    assert document.load(path).root == first
    assert drawer.read_bytes() == whole


def test_a_document_is_made_again_when_a_file_it_was_made_of_changes(cache: Path, tmp_path: Path) -> None:
    """What a $ref takes from a neighbour that is changed, taken away or put back, and what an overlay beside it says, is never yesterday's."""
    path, neighbour, overlay = tmp_path / "api.yaml", tmp_path / "parts.yaml", tmp_path / "api.overlay.yaml"
    path.write_text(yaml.safe_dump(with_schema({"$ref": "parts.yaml#/Pet"})))
    neighbour.write_text("Pet: {type: string}\n")

    def told() -> tuple[Json, int]:
        contract = Contract.load(path)
        place = contract.operations["x"].answers["200"].media["application/json"]
        return contract.schema(place)[1], len(contract.document.flaws)

    assert told() == told() == ({"type": "string"}, 0)
    neighbour.write_text("Pet: {type: integer}\n")
    assert told() == told() == ({"type": "integer"}, 0)
    neighbour.rename(tmp_path / "away")
    assert told() == told() == ({}, 1)
    (tmp_path / "away").rename(neighbour)
    assert told() == told() == ({"type": "integer"}, 0)
    overlay.write_text("overlay: 1.0.0\nactions: [{target: $.components.schemas.Pet, update: {maximum: 5}}]\n")
    assert told()[1] == 1  # /components/schemas/Pet is made afterwards: the overlay sees the document as it is written
    overlay.unlink()
    assert told() == ({"type": "integer"}, 0)


def test_two_documents_of_one_text_have_their_own_neighbours(cache: Path, tmp_path: Path) -> None:
    """The drawer of one folder's document is not taken for that of another's."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "api.yaml").write_text(yaml.safe_dump(with_schema({"$ref": "parts.yaml#/Pet"})))
        (tmp_path / name / "parts.yaml").write_text(f"Pet: {{const: {name}}}\n")
    for name in ("one", "two", "one"):
        assert document.load(tmp_path / name / "api.yaml").root["components"]["schemas"]["Pet"] == {"const": name}


def test_drawers_can_be_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MOCKSERVER_CACHE=off: nothing is read from drawers and nothing is written, in no folder of that name either."""
    monkeypatch.setenv("MOCKSERVER_CACHE", "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\n")
    assert document.load(path).root["paths"] == {}
    assert list(tmp_path.iterdir()) == [path]


def test_drawers_that_nobody_opens_are_cleared_out(cache: Path, tmp_path: Path) -> None:
    """After a month; what else lies in the folder is left alone."""
    cache.mkdir()
    old, recent, other = cache / "a.leaves", cache / "b.leaves", cache / "notes.txt"
    for file, days in ((old, 31), (recent, 29), (other, 400)):
        file.write_text("")
        os.utime(file, (time.time() - days * 86_400,) * 2)
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\n")
    document.load(path)
    assert (old.exists(), recent.exists(), other.exists()) == (False, True, True)


def reads(path: str, times: int) -> list[str]:
    """What so many processes find in a document, each for itself."""
    return [document.load(path).root["info"]["title"] for _ in range(times)]


def test_many_may_read_and_write_one_drawer_at_once(cache: Path, tmp_path: Path) -> None:
    """Threads that all find the drawer empty, or spoil it for the others, all read the document whole; nothing but drawers is left behind."""
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\ninfo: {{title: one, version: 1}}\n")
    with ThreadPoolExecutor(8) as pool:
        told = [pool.submit(reads, str(path), 20) for _ in range(8)]
        for _ in range(50):
            for drawer in cache.glob("*.leaves"):
                drawer.unlink(missing_ok=True)
        assert {title for each in told for title in each.result()} == {"one"}
    assert {file.suffix for file in cache.iterdir()} <= {".leaves"}


# -- leaves ---------------------------------------------------------------------------------------------------------


keys = st.text('ab/~%{}"\\é.- ', min_size=1, max_size=6)


@given(st.dictionaries(keys, plain_values, max_size=4), st.dictionaries(keys, plain_values, max_size=3), plain_values)
def test_a_document_is_the_same_leaf_by_leaf(schemas: dict[str, Json], odd: dict[str, Json], more: Json) -> None:
    """Whatever its names and values, what is read a leaf at a time is what was written, and so is the whole."""
    root = {
        "openapi": "3.1.1",
        "paths": {f"/{name}": {"x-told": value} for name, value in odd.items()},
        "components": {"schemas": schemas, "x": more},
    }
    leaves = Leaves(written(root, "spec.json"))
    assert leaves.whole() == root
    for name, value in schemas.items():
        assert standing(leaves.parts, f"#/components/schemas/{escape(name)}", "") == value
    assert list(leaves.parts["paths"]) == list(root["paths"])


def test_a_leaf_leads_to_what_it_refers_to_and_to_nothing_else() -> None:
    """References are followed from leaf to leaf, escapes and all; what none of them leads to is left out."""
    schemas = {
        "A": {"$ref": "#/components/schemas/B~1b%20"}, "B/b ": {"items": {"$ref": "#/components/schemas/A"}}, "C": {"$ref": "#/paths/~1x/get/y"},
        "D": {"$ref": "#/components/schemas/Gone"}, "E": {"$dynamicRef": "#node"}, "F": {}, "G": {"$ref": "#/x-own/a"},
    }  # fmt: skip
    root = {
        "openapi": "3.1.1",
        "paths": {"/x": {"get": {"y": {"$ref": "#/components/schemas/F"}}}},
        "components": {"schemas": schemas},
        "x-own": {"a": {}},
    }
    leaves = Leaves(written(root, "spec.json"))

    def reached(name: str) -> set[str]:
        told = leaves.reached(("components", "schemas", name))
        return {*told.get("components", {}).get("schemas", ()), *told.get("paths", ()), *(told.keys() - {"components", "paths"})}

    assert {name: reached(name) for name in "ACDFG"} == {
        "A": {"A", "B/b "},
        "C": {"C", "/x", "F"},
        "D": {"D"},
        "F": {"F"},
        "G": {"G", "x-own"},
    }
    assert leaves.reached(("components", "schemas", "E")) == root  # an anchor may stand anywhere


def test_what_starting_reads_does_not_depend_on_how_many_operations_there_are() -> None:
    """Of a thousand operations, those that one call may mean are read: some ten lines."""
    item = {"get": {"responses": {"200": {"description": ""}}}}
    root = {"openapi": "3.1.1", "paths": {f"/things{number}/{{id}}": item for number in range(1000)}}
    read: list[int] = []

    class Counted(Leaves):
        def text(self, at: int) -> bytes:
            read.append(at)
            return super().text(at)

    contract = Contract(document.Document(Counted(written(root, "spec.json", flaws=[]))))
    assert len(read) == 2
    assert contract.match("GET", "/things500/x")[0].answers.keys() == {"200"}
    assert len(read) < 12


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without room or rights costs time, not function."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MOCKSERVER_CACHE", str(tmp_path / "file" / "below"))
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\n")
    assert document.load(path).root["paths"] == {}


@pytest.mark.parametrize("value", ["!!binary aGk=", "!!set {a}"])
def test_what_json_cannot_hold_is_refused(value: str, cache: Path, tmp_path: Path) -> None:
    """Bytes and sets are no part of a document, however YAML spells them."""
    path = tmp_path / "spec.yaml"
    path.write_text(f"{head}paths: {{}}\nx: {value}\n")
    with pytest.raises(BadSpec, match="holds what JSON cannot"):
        document.load(path)


def test_the_cache_and_the_parser_agree_on_what_yaml_says(cache: Path, tmp_path: Path) -> None:
    """Aliases, whole numbers of any size and odd keys are the same from the drawer as from the text."""
    path = tmp_path / "spec.yaml"
    told = yaml.safe_dump({"openapi": "3.1.0", "paths": {}, "x": {"big": 10**30, "200": [1, 2.5, None]}})
    path.write_text(told + "y: &y {a: [1]}\nz: {b: *y}\n")
    assert document.load(path).root == document.load(path).root


def test_a_user_without_a_home_keeps_no_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run as numbers that no account has: what was read is not kept, and nothing fails."""

    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("MOCKSERVER_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    assert cabinet.folder() is None
