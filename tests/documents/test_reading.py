"""Documents as people write them: in several files, with flaws; what can be used is used, and what cannot is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract
from mockserver.errors import BadSpec, UnknownName
from mockserver.vendors import documents
from mockserver.vendors.documents import word_for
from tests.documents.conftest import Client, Serve, specs


def test_neighbouring_files_become_one_document(serve: Serve) -> None:
    """Path items, parameters and schemas of other files, references back and forth, a schema that refers to itself, `nullable` in a neighbour."""
    client = serve("split/api.yaml")
    cats = client("GET", "/cats").value
    assert client("GET", f"/cats/{cats[0]['id']}").value == cats[0]
    assert client("GET", "/cats/none").status == 400
    assert client.engine.contract.at("#/components/schemas/cat/properties/name/type") == ["string", "null"]


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("nowhere.yaml#/Dog", "cannot be read"),
        ("parts.yaml#/nothing", "nothing stands there"),
        ("../petstore.yaml#/definitions/Pet", "leaves the document's folder"),
        ("https://example.com/pet.yaml", "nothing is fetched from a network"),
    ],
    ids=["no file", "no place", "outside", "network"],
)
def test_a_reference_that_leads_nowhere_is_told_and_the_rest_works(tmp_path: Path, ref: str, words: str) -> None:
    """Place and reason; what it stood for may be anything."""
    folder = tmp_path / "split"
    shutil.copytree(specs / "split", folder)
    text = (folder / "api.yaml").read_text().replace("nowhere.yaml#/Dog", ref)
    (folder / "api.yaml").write_text(text)
    site = vendors.site([str(folder / "api.yaml")])
    (flaw,) = site.engines["api" if "api" in site.engines else "split"].contract.document.flaws
    assert words in flaw
    assert "#/paths/~1dogs~1{id}/get" in flaw
    name = next(iter(site.engines))
    assert [site.answer("GET", "http", "localhost", f"/{name}{path}", "", {}, b"").status for path in ("/dogs/5", "/cats")] == [200, 200]


flawed: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
                    }
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": True,
                "properties": {
                    "id": {"type": "strin"},
                    "code": {"type": "string", "pattern": "(?<unclosed"},
                    "part": {"$ref": "#/components/schemas/Gone"},
                    "size": {"type": "integer", "minimum": "1", "enum": 3},
                    "good": {"type": "string", "minLength": 2},
                },
            }
        }
    },
}


def test_what_no_validator_can_read_is_taken_out_and_told(serve: Serve) -> None:
    """A flaw in one schema does not silence the others, and is named with its place."""
    client = serve(flawed)
    things = client("GET", "/things")
    assert things.status == 200
    assert all(len(thing["good"]) >= 2 for thing in things.value)
    mended = client.engine.contract.mended or []
    places = {
        "required",
        "properties/id/type",
        "properties/code/pattern",
        "properties/part/$ref",
        "properties/size/minimum",
        "properties/size/enum",
    }
    assert {each.split(": ")[0].removeprefix("#/components/schemas/Thing/") for each in mended} == places


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{}", "has neither `openapi` nor `swagger`"),
        (b'{"openapi": "3.1.0"}', "has no /paths"),
        (b"openapi: 3.1.0\npaths: {}\npaths: {}\n", "duplicate key 'paths'"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nopenapi: 3.1.0\npaths: []\n", "/paths is list"),
        (b"\x00\x01", "not YAML or JSON"),
        (b"[1]", "not an object"),
    ],
    ids=["not OpenAPI", "no paths", "twice", "paths", "bytes", "list"],
)
def test_what_is_no_document_is_refused_in_one_line(tmp_path: Path, text: bytes, words: str) -> None:
    """File, place and reason."""
    path = tmp_path / "api.yaml"
    path.write_bytes(text)
    with pytest.raises(BadSpec, match=r"api\.yaml") as caught:
        documents.read(str(path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_document_with_no_operations_is_served_all_the_same(serve: Serve) -> None:
    """It may tell of webhooks only."""
    client = serve({"openapi": "3.1.0", "paths": {}})
    assert client("GET", "/").headers["Mock-Problem"] == "unknown-path"


def test_an_operation_without_a_documented_success_answers_a_bare_200(serve: Serve) -> None:
    """Documents that list only what may go wrong are common; what they leave out is not an error."""
    responses = {"404": {"description": "no"}}
    client = serve({"openapi": "3.0.0", "paths": {"/a": {"post": {"responses": responses}}, "/b": {"post": {}}}})
    assert [(client("POST", path).status, client("POST", path).content) for path in ("/a", "/b")] == [(200, b""), (200, b"")]


@pytest.mark.parametrize(
    ("path", "taken", "name"),
    [
        ("/x/petstore.yaml", (), "petstore"),
        ("My API v2.JSON", (), "my-api-v2"),
        ("/x/shop/openapi.yaml", (), "shop"),
        ("petstore.openapi.json", (), "petstore"),
        ("petstore.yaml", ("petstore", "petstore-2"), "petstore-3"),
        ("/x/é.yaml", (), "document"),
    ],
)
def test_a_document_is_named_after_its_file(path: str, taken: tuple[str, ...], name: str) -> None:
    """As a word for paths, unique on its server."""
    assert word_for(path, taken) == name


def test_a_document_whose_paths_begin_with_its_own_name_is_called_an_api(serve: Serve) -> None:
    """/made/7 is one of the things at /made; below the document's own name it is /made-api/made/7."""
    made = serve({"openapi": "3.0.0", "paths": {"/made": {"get": {}}, "/made/{id}": {"get": {}}}})
    assert made.engine.vendor.name == "made-api"
    assert {made("GET", path).status for path in ("/made/7", "/made-api/made/7")} == {200}


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/{name}.{format}", "/1.25.json", {"name": "1.25", "format": "json"}),
        ("/{name}{extension}", "/a b.html", {"name": "a b", "extension": ".html"}),
        ("/{start}-{end}", "/1-2", {"start": "1", "end": "2"}),
    ],
)
def test_variables_that_share_a_segment_are_split_where_a_reader_would(
    serve: Serve, template: str, path: str, values: dict[str, str]
) -> None:
    """At the last dot; the reply says what was understood."""
    schema = {"type": "object", "properties": {name: {"const": value} for name, value in values.items()}}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}} for name, value in values.items()
    ]
    operation = {"parameters": parameters, "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}
    client = serve({"openapi": "3.0.0", "paths": {template: {"get": operation}}})
    assert client("GET", path.replace(" ", "%20")).status == 200


@pytest.mark.parametrize("media", [["*"], ["*/*"], ["*/*", "application/json"], ["application/*", "text/plain"]], ids=str)
def test_a_reply_in_a_range_of_media_types_keeps_the_schema_of_the_one_it_is_sent_in(serve: Serve, media: list[str]) -> None:
    """`*` stands for any, and where JSON is documented beside it, its schema is the one that counts."""
    content = {each: {"schema": {"type": "object" if each == "application/json" or len(media) == 1 else "string"}} for each in media}
    client = serve({"openapi": "3.0.0", "paths": {"/file": {"get": {"responses": {"200": {"description": "", "content": content}}}}}})
    for accept in ("", "*/*", "application/json"):
        reply = client.with_headers(accept=accept)("GET", "/file")
        assert (reply.status, reply.headers.get("Mock-Problem")) == (200, None)


def test_fields_of_a_form_are_typed_by_what_lies_inside_a_choice(serve: Serve) -> None:
    """`prices[eur][fixed]=false` is a yes-or-no where one branch of the schema says so."""
    inner = {
        "type": "object",
        "additionalProperties": {"type": "object", "properties": {"fixed": {"type": "boolean"}, "amount": {"type": "integer"}}},
    }
    schema = {"type": "object", "properties": {"prices": {"anyOf": [{"enum": [""]}, inner]}}}
    form = {
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}},
        "responses": {"200": {"description": ""}},
    }
    client = serve({"openapi": "3.0.0", "paths": {"/offers": {"post": form}}})
    assert client("POST", "/offers", b"prices[eur][fixed]=false&prices[eur][amount]=3", "application/x-www-form-urlencoded").status == 200


def test_listing_the_kinds_of_a_document_makes_no_records(studio: Client) -> None:
    """A document may have thousands: those that nobody asked for are not made to be counted."""
    tables = studio.site.worlds.get("default").store(studio.engine.vendor.name)
    assert not any(studio.engine.laid(tables, kind) for kind in studio.engine.kinds)
    studio("GET", "/artists")
    listed = studio.engine.resource(studio.engine.contract.operations["listArtists"])
    assert listed is not None
    assert [kind for kind in studio.engine.kinds if studio.engine.laid(tables, kind)] == [listed.name]


def test_documents_and_options_go_by_name(tmp_path: Path) -> None:
    """Two documents of one name are told apart; an option for one that is not served is refused."""
    (tmp_path / "petstore.yaml").write_bytes((specs / "petstore.yaml").read_bytes())
    paths = [str(specs / "petstore.yaml"), str(tmp_path / "petstore.yaml")]
    site = vendors.site(paths, options={"petstore-2": {"unknown": "make"}})
    assert {name: engine.options["unknown"] for name, engine in site.engines.items()} == {"petstore": "auto", "petstore-2": "make"}
    with pytest.raises(UnknownName, match="petsore"):
        vendors.site(paths, options={"petsore": {"unknown": "make"}})


def test_operations_told_apart_by_a_fragment_are_found(serve: Serve) -> None:
    """By a query parameter, a header, or a field of a form; no path on the wire has a #."""

    def says(word: str) -> dict[str, Any]:
        return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"const": word}}}}}}

    paths = {f"/#Action={word}": {"post": says(word)} for word in ("Run", "Stop")}
    paths |= {"/tags": {"get": says("all")}, "/tags#deep": {"get": says("deep")}, "/#X-Target=Svc.Go": {"post": says("Go")}}
    client = serve({"openapi": "3.0.0", "paths": paths})
    assert client("POST", "/", Action="Stop").value == "Stop"
    assert client("POST", "/", b"Action=Run", "application/x-www-form-urlencoded").value == "Run"
    assert client.with_headers(**{"x-target": "Svc.Go"})("POST", "/").value == "Go"
    assert (client("GET", "/tags").value, client("GET", "/tags", deep="1").value) == ("all", "deep")


def test_the_contract_of_the_whole_is_kept_in_memory_too() -> None:
    """A document from memory has no files, and is no worse for it."""
    assert Contract.load(orjson.loads(orjson.dumps(flawed))).document.files == ()
