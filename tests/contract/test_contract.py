"""Which operation a call is, whether it is well put, and whether a reply keeps the promise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.contract import Contract, Unmatched, deepest
from mockserver.contract.operation import Operation
from mockserver.contract.wire import BrokenEncoding
from mockserver.errors import BadSpec, Finding, UnknownName
from mockserver.message import NOTHING, Call, Json, Reply
from tests import toy

fine = {"responses": {"200": {"description": "ok"}}}


def contract_of(paths: Mapping[str, Any], *, fold_case: bool = False, **components: Any) -> Contract:
    return Contract.load({"openapi": "3.1.0", "paths": paths, "components": components}, fold_case=fold_case)


def only(contract: Contract) -> Operation:
    (operation,) = contract.operations.values()
    return operation


# -- matching -------------------------------------------------------------------------------------------------------

methods = st.sampled_from(["get", "post", "put", "delete", "head"])
segments = st.sampled_from(["a", "b", "users", "{v}", "{v}", "{v}-{w}", "x.{v}", ""])
templates = st.lists(segments, min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(re.sub(r"\{(\w)\}", rf"{{\g<1>{at}}}", part) for at, part in enumerate(parts))
)
asked = st.lists(st.sampled_from(["a", "b", "users", "c", "p-q", "x.y", "x.p-q", "", "-", "é"]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(quote(part, safe="") for part in parts)
)


def rank(segment: str) -> int:
    """A word is meant before a pattern, a pattern before anything."""
    return 0 if "{" not in segment else 2 if re.fullmatch(r"\{\w+\}", segment) else 1


def expression(template: str) -> str:
    parts = re.split(r"\{\w+\}", template)
    return "(?s)" + "([^/]+?)".join(re.escape(part) for part in parts)


@given(st.dictionaries(templates, st.sets(methods, min_size=1), min_size=1, max_size=8), methods.map(str.upper), asked)
def test_the_tree_finds_what_trying_every_template_finds(paths: dict[str, set[str]], method: str, path: str) -> None:
    """Matching by the tree means the same as trying all templates, the most literal first."""
    contract = contract_of({path: dict.fromkeys(sorted(given_methods), fine) for path, given_methods in paths.items()})
    plain = path.replace("%C3%A9", "é")
    fitting = sorted((template for template in paths if re.fullmatch(expression(template), plain)), key=ranks)
    taken = [template for template in fitting if method.lower() in paths[template] or (method == "HEAD" and "get" in paths[template])]
    if taken:
        operation, values = contract.match(method, path)
        assert operation.path in {template for template in taken if shape(template) == shape(taken[0])}
        assert dict(zip(operation.names, values, strict=True)) == found_in(operation.path, plain)
    else:
        with pytest.raises(Unmatched) as told:
            contract.match(method, path)
        likeliest = [template for template in fitting if ranks(template) == ranks(fitting[0])]
        assert set(told.value.allowed) in [{each.upper() for each in paths[template]} for template in likeliest] or not fitting


def ranks(template: str) -> list[int]:
    return [*map(rank, template.split("/"))]


def shape(template: str) -> str:
    return re.sub(r"\{\w+\}", "{}", template)


def found_in(template: str, path: str) -> dict[str, str]:
    found = re.fullmatch(expression(template), path)
    assert found
    return dict(zip(re.findall(r"\{(\w+)\}", template), found.groups(), strict=True))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_travels_in_a_path(text: str) -> None:
    """A segment may hold anything, slashes and NUL too, when it is percent-encoded."""
    operation, values = contract_of({"/users/{id}": {"get": fine}}).match("GET", f"/users/{quote(text, safe='')}")
    assert (operation.path, values) == ("/users/{id}", [text])


def test_case_counts_unless_the_vendor_folds_it() -> None:
    """Path words are exact by default; a vendor that ignores case finds them in any, and keeps the values as they came."""
    paths = {"/hostPools/{name}": {"get": fine}}
    with pytest.raises(Unmatched):
        contract_of(paths).match("GET", "/hostpools/Blue")
    assert contract_of(paths, fold_case=True).match("GET", "/HOSTPOOLS/Blue")[1] == ["Blue"]


def test_head_is_answered_where_get_is() -> None:
    """RFC 9110: HEAD is GET without the body, unless the document has its own."""
    contract = contract_of({"/a": {"get": fine}, "/b": {"get": fine, "head": fine}})
    assert contract.match("HEAD", "/a")[0].method == "GET"
    assert contract.match("HEAD", "/b")[0].method == "HEAD"


@pytest.mark.parametrize("path", ["/users/%", "/users/%zz", "/users/%ff", "/%c3/1"])
def test_a_broken_escape_in_the_path_is_no_unknown_path(path: str) -> None:
    """Broken percent-encoding is told apart from a path the contract does not have."""
    with pytest.raises(BrokenEncoding):
        contract_of({"/users/{id}": {"get": fine}}).match("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("GET", "/shelfs", "GET /shelves"),
        ("GET", "/shelves/s1/book", "GET /shelves/{shelf_id}/books"),
        ("GET", "/shelves/0f8fad5b-d9cb-469f-a165-70867728950e/bok/7", "GET /shelves/{shelf_id}/books/{book_id}"),
        ("PATCH", "/shelves/s1/books/1", "PUT /shelves/{shelf_id}/books/{book_id}"),
    ],
)
def test_the_nearest_operation_is_named(method: str, path: str, nearest: str) -> None:
    """A typo in a path is answered with what was probably meant."""
    assert nearest in Contract.load(toy.document).nearest(method, path)


def test_operations_are_found_by_id_and_alias_in_any_case() -> None:
    """Names a person types are forgiving; an unknown one is told the nearest."""
    contract = contract_of({"/a": {"get": {"operationId": "listThings", "x-mockserver-aliases": ["ThingsController_list"], **fine}}})
    assert contract.find("LISTTHINGS") is contract.find("thingscontroller_list")
    with pytest.raises(UnknownName, match=r"unknown operation 'listThing': did you mean 'listThings'\?"):
        contract.find("listThing")


def test_an_operation_without_an_id_is_called_by_its_address() -> None:
    """No document needs operationIds, and two of the same name do not hide each other."""
    contract = contract_of({"/a": {"get": fine}, "/b": {"get": {"operationId": "x", **fine}, "post": {"operationId": "x", **fine}}})
    assert list(contract.operations) == ["GET /a", "x", "POST /b"]


def test_a_document_without_operations_cannot_be_served() -> None:
    """An empty document is a mistake, and says so."""
    with pytest.raises(BadSpec, match="/paths holds no operation"):
        Contract.load({"openapi": "3.1.0", "paths": {}})


# -- parameters -----------------------------------------------------------------------------------------------------


def checked(parameter: Mapping[str, Any], *, query: str = "", headers: Mapping[str, str] | None = None, path: str = "/x") -> Any:
    """The value one declared parameter reads, or the findings about it."""
    template = "/x/{p}" if parameter["in"] == "path" else "/x"
    contract = contract_of({template: {"get": {"parameters": [{"required": parameter["in"] == "path", **parameter}], **fine}}})
    operation, values = contract.match("GET", path)
    told = contract.check_call(operation, Call("GET", path, query, headers or {}), values)
    return [(each.place, each.keyword) for each in told.findings] or told.params.get(parameter["name"], NOTHING)


numbers = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("parameter", "query", "told"),
    [
        ({"schema": {"type": "integer"}}, "p=7", 7),
        ({"schema": {"type": "integer"}}, "p=x", [("query p", "type")]),
        ({"schema": {"type": "integer"}}, "p=", [("query p", "type")]),
        ({"schema": {"type": "integer"}}, "p=1&p=2", [("query p", "repeated")]),
        ({"schema": {"type": "integer"}}, "", NOTHING),
        ({"schema": {"type": "integer", "default": 5}}, "", 5),
        ({"schema": {"type": "integer"}, "required": True}, "", [("query p", "required")]),
        ({"schema": {"type": "integer", "maximum": 5}}, "p=6", [("query p", "maximum")]),
        ({"schema": {"enum": ["a", "b"]}}, "p=c", [("query p", "enum")]),
        ({"schema": {"type": "string"}}, "p=%zz", [("query", "encoding")]),
        ({"schema": {"type": "string"}}, "p=a%00b", "a\0b"),
        ({"schema": {"type": "string"}}, "p=a+b%2B", "a b+"),
        ({"schema": {"type": "boolean"}}, "p=true", True),
        ({"schema": {"type": "boolean"}}, "p=yes", [("query p", "type")]),
        ({"schema": {"type": "string", "format": "date-time"}}, "p=today", [("query p", "format")]),
        ({"schema": numbers}, "p=1&p=2", [1, 2]),
        ({"schema": numbers}, "p=1", [1]),
        ({"schema": numbers, "explode": False}, "p=1,2", [1, 2]),
        ({"schema": numbers, "explode": False}, "p=", []),
        ({"schema": numbers, "style": "spaceDelimited", "explode": False}, "p=1%202", [1, 2]),
        ({"schema": numbers, "style": "pipeDelimited", "explode": False}, "p=1%7C2", [1, 2]),
        ({"schema": numbers, "explode": False}, "p=1,x", [("query p /1", "type")]),
        ({"schema": {"type": "object"}, "style": "deepObject"}, "p[a]=1&p[b]=2", {"a": "1", "b": "2"}),
        ({"content": {"application/json": {"schema": {"type": "object"}}}}, 'p={"a":1}', {"a": 1}),
        ({}, "p=anything", "anything"),
    ],
    ids=str,
)
def test_a_query_parameter_is_read_as_the_contract_says(parameter: Mapping[str, Any], query: str, told: Json) -> None:
    """Types, lists, styles, defaults and repetitions; what does not fit is a finding that names place and rule."""
    assert checked({"name": "p", "in": "query", **parameter}, query=query) == told


@pytest.mark.parametrize(
    ("parameter", "headers", "told"),
    [
        ({"name": "X-Count", "in": "header", "schema": {"type": "integer"}}, {"x-count": "7"}, 7),
        ({"name": "X-Count", "in": "header", "schema": {"type": "integer"}}, {"x-count": "x"}, [("header X-Count", "type")]),
        ({"name": "X-Count", "in": "header", "schema": {"type": "integer"}, "required": True}, {}, [("header X-Count", "required")]),
        ({"name": "X-List", "in": "header", "schema": numbers}, {"x-list": "1,2"}, [1, 2]),
        ({"name": "sid", "in": "cookie", "schema": {"type": "string"}}, {"cookie": "a=b; sid=c"}, "c"),
        ({"name": "sid", "in": "cookie", "schema": {"type": "string"}}, {"cookie": "sid=a; sid=b"}, [("cookie sid", "repeated")]),
        ({"name": "Authorization", "in": "header", "schema": {"type": "integer"}, "required": True}, {}, NOTHING),
    ],
    ids=str,
)
def test_headers_and_cookies_are_read_too(parameter: Mapping[str, Any], headers: Mapping[str, str], told: Json) -> None:
    """Names in any case; Accept, Content-Type and Authorization count for nothing, as OpenAPI says."""
    assert checked(parameter, headers=headers) == told


@pytest.mark.parametrize(
    ("schema", "path", "told"),
    [
        ({"type": "integer"}, "/x/7", 7),
        ({"type": "integer"}, "/x/seven", [("path p", "type")]),
        (numbers, "/x/1,2", [1, 2]),
        ({"type": "string", "maxLength": 3}, "/x/%C3%A9%C3%A9%C3%A9", "ééé"),
    ],
    ids=str,
)
def test_path_parameters_are_typed(schema: Mapping[str, Any], path: str, told: Json) -> None:
    """A path parameter is what its schema says, decoded first."""
    assert checked({"name": "p", "in": "path", "schema": schema}, path=path) == told


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1), st.booleans())
def test_a_list_of_numbers_survives_the_query(values: list[int], explode: bool) -> None:
    """However long and however it is joined, a list reads back as it was written."""
    query = urlencode([("p", value) for value in values]) if explode else f"p={','.join(map(str, values))}"
    assert checked({"name": "p", "in": "query", "schema": numbers, "explode": explode}, query=query) == values


def test_a_parameter_of_the_operation_replaces_its_path_items() -> None:
    """OpenAPI: the operation's own parameter of the same name and place wins."""
    shared, own = ({"name": "p", "in": "query", "schema": {"type": kind}} for kind in ("string", "integer"))
    contract = contract_of({"/x": {"parameters": [shared], "get": {"parameters": [own], **fine}}})
    assert contract.check_call(only(contract), Call("GET", "/x", "p=7"), []).params == {"p": 7}


def test_names_and_booleans_of_a_vendor_that_folds_case() -> None:
    """`PageSize=5&ISDESCENDING=True` is what such a vendor's clients send."""
    declared = [
        {"name": "pageSize", "in": "query", "schema": {"type": "integer"}},
        {"name": "isDescending", "in": "query", "schema": {"type": "boolean"}},
    ]
    contract = contract_of({"/x": {"get": {"parameters": declared, **fine}}}, fold_case=True)
    told = contract.check_call(only(contract), Call("GET", "/x", "PageSize=5&ISDESCENDING=True"), [])
    assert told.params == {"pageSize": 5, "isDescending": True}


# -- bodies ---------------------------------------------------------------------------------------------------------

person = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}


def posted(raw: bytes, media: str = "application/json", *, declared: str = "application/json", schema: Json = None, **body: Any) -> Any:
    """What a body reads as, or the findings about it."""
    content = {declared: {"schema": person if schema is None else schema}}
    contract = contract_of({"/x": {"post": {"requestBody": {"required": True, "content": content, **body}, **fine}}})
    told = contract.check_call(only(contract), Call("POST", "/x", headers={"content-type": media} if media else {}, body=raw), [])
    return [(each.place, each.keyword) for each in told.findings] or told.body


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"name":"a"}', {"name": "a"}),
        (b'{"name":1}', [("body /name", "type")]),
        (b"{}", [("body", "required")]),
        (b"[]", [("body", "type")]),
        (b"", [("body", "required")]),
        (b"{", [("body", "syntax")]),
        (b'{"name":"a"} x', [("body", "syntax")]),
        (b'{"name":NaN}', [("body", "syntax")]),
        (b'{"name":"a","age":1e999}', [("body", "syntax")]),
        (b'{"name":"\xff"}', [("body", "syntax")]),
        (b'{"name":"\\ud800"}', [("body", "syntax")]),
        (b"\x00", [("body", "syntax")]),
        (b'{"name":"a\\u0000b"}', {"name": "a\0b"}),
        (b'{"name":"a","b":' + b"[" * deepest + b"]" * deepest + b"}", [("body", "syntax")]),
        (b'{"name":"a","b":' + b"[" * 100_000 + b"]" * 100_000 + b"}", [("body", "syntax")]),
        (b'{"name":"' + b"x" * 10_000_000 + b'"}', {"name": "x" * 10_000_000}),
        (b'{"name":"a","b":[' + b"[]," * 1000 + b"[]]}", {"name": "a", "b": [[]] * 1001}),
    ],
    ids=lambda case: str(case)[:40],
)
def test_a_json_body_is_read_or_found_wanting(raw: bytes, told: Json) -> None:
    """Syntax, encoding, depth, types and what is missing are findings; no body makes an error of ours."""
    assert posted(raw) == told


@pytest.mark.parametrize(
    ("media", "declared", "told"),
    [
        ("application/json; charset=utf-8", "application/json", {"name": "a"}),
        ("APPLICATION/JSON", "application/json", {"name": "a"}),
        ("application/vnd.x+json", "application/*", {"name": "a"}),
        ("application/json", "*/*", {"name": "a"}),
        ("", "application/json", {"name": "a"}),
        ("text/plain", "application/json", [("header content-type", "media-type")]),
        ("application/jsonx", "application/json", [("header content-type", "media-type")]),
        (";", "application/json", {"name": "a"}),
    ],
)
def test_the_media_type_must_be_one_of_the_contracts(media: str, declared: str, told: Json) -> None:
    """Parameters and case of the media type do not count, ranges cover, and another type is a finding of its own."""
    assert posted(b'{"name":"a"}', media, declared=declared) == told


form = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"name=a+b&age=7", {"name": "a b", "age": 7}),
        (b"name=a&age=x", [("body /age", "type")]),
        (b"age=7", [("body", "required")]),
        (b"name=%zz", [("body", "syntax")]),
        (b"name=\xff", [("body", "syntax")]),
    ],
)
def test_a_form_is_read_by_its_schema(raw: bytes, told: Json) -> None:
    """Fields become the types of their properties."""
    assert posted(raw, form, declared=form) == told


@given(st.binary(max_size=80), st.sampled_from(["application/json", form, "text/plain", "application/xml", ""]))
def test_any_bytes_are_a_body_or_a_finding(raw: bytes, media: str) -> None:
    """No body whatever makes an error."""
    for declared in ("application/json", form, "*/*"):
        posted(raw, media, declared=declared)


def test_a_body_nobody_asked_for_is_left_alone() -> None:
    """An operation without a request body does not read one."""
    contract = contract_of({"/x": {"get": fine}})
    told = contract.check_call(only(contract), Call("GET", "/x", headers={"content-type": "application/json"}, body=b"{"), [])
    assert (told.body, told.findings) == (NOTHING, [])


def test_an_optional_body_may_be_missing() -> None:
    """`required: false` means what it says."""
    assert posted(b"", required=False) is NOTHING


# -- findings -------------------------------------------------------------------------------------------------------


def test_a_finding_says_where_in_the_contract_its_rule_stands() -> None:
    """The pointer of a finding leads, in the document, to the very rule that was broken."""
    contract = Contract.load(toy.document)
    call = Call("POST", "/shelves", headers=toy.writer, body=json.dumps({"name": "x" * 41}).encode())
    (finding,) = contract.check_call(contract.operations["createShelf"], call, []).findings
    assert (finding.operation, finding.place, finding.keyword) == ("createShelf", "body /name", "maxLength")
    assert contract.at(finding.spec) == 40
    assert finding.came == "x" * 41


def test_findings_are_at_most_twenty() -> None:
    """A body that is wrong in a thousand places is described by twenty."""
    assert len(posted(json.dumps(["x"] * 1000).encode(), schema=numbers)) == 20


def test_a_finding_does_not_repeat_what_came_at_length() -> None:
    """Messages stay short, whatever was sent."""
    contract = Contract.load(toy.document)
    call = Call("POST", "/shelves", headers=toy.writer, body=json.dumps({"name": "x" * 100_000}).encode())
    (finding,) = contract.check_call(contract.operations["createShelf"], call, []).findings
    assert len(str(finding)) < 500


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_a_value_has_findings_exactly_when_it_is_refused(value: Json) -> None:
    """The quick yes-or-no and the slow explanation never disagree."""
    contract = Contract.load(toy.document)
    place = "#/components/schemas/Book"
    assert contract.check(place, "request")(value) == (contract.faults(place, "request", value, "x", "body") == [])


# -- two directions -------------------------------------------------------------------------------------------------


def test_what_is_read_only_need_not_be_sent_and_what_is_write_only_need_not_come_back() -> None:
    """`required` holds in the direction in which a property travels, through references too."""
    account = {
        "type": "object",
        "required": ["id", "password", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "password": {"$ref": "#/components/schemas/Secret"},
            "name": {"type": "string"},
        },
    }
    schemas = {"Account": account, "Secret": {"type": "string", "writeOnly": True}}
    contract = contract_of({"/x": {"get": fine}}, schemas=schemas)
    sent, came = (contract.check("#/components/schemas/Account", side) for side in ("request", "reply"))
    assert sent({"password": "x", "name": "a"})
    assert not sent({"id": 1, "name": "a"})
    assert came({"id": 1, "name": "a"})
    assert not came({"password": "x", "name": "a"})


# -- replies --------------------------------------------------------------------------------------------------------

replies = {
    "200": {"description": "", "content": {"application/json": {"schema": person}}},
    "204": {"description": ""},
    "4XX": {"description": "", "content": {"text/*": {"schema": {"type": "string"}}}},
    "default": {"description": "", "content": {"application/problem+json": {}}},
}


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(200, {"name": "a"}), []),
        (Reply(200, {"name": 1}), [("reply body /name", "type")]),
        (Reply(200, {}), [("reply body", "required")]),
        (Reply(200, b"", media="text/html"), [("reply header content-type", "media-type")]),
        (Reply(200, {"name": "a"}, media="application/json; charset=utf-8"), []),
        (Reply(204), []),
        (Reply(204, {"name": "a"}), [("reply header content-type", "media-type")]),
        (Reply(404, body=b"no", media="text/plain"), []),
        (Reply(404, {"a": 1}), [("reply header content-type", "media-type")]),
        (Reply(500, {"anything": 1}, media="application/problem+json"), []),
    ],
    ids=str,
)
def test_a_reply_keeps_the_contract_or_is_found_out(reply: Reply, told: list[tuple[str, str]]) -> None:
    """Status, media type and body are each checked; ranges and `default` cover what is not listed."""
    contract = contract_of({"/x": {"get": {"responses": replies}}})
    assert [(each.place, each.keyword) for each in contract.check_reply(only(contract), reply)] == told


def test_an_undocumented_status_is_found_out() -> None:
    """What the contract does not have may not be answered; the finding lists what it has."""
    contract = contract_of({"/x": {"get": fine}})
    (finding,) = contract.check_reply(only(contract), Reply(418))
    assert isinstance(finding, Finding)
    assert finding.message == "418 is not documented; documented: 200"
    assert finding.spec.endswith("/responses")


# -- size -----------------------------------------------------------------------------------------------------------


def test_nothing_is_compiled_before_it_is_needed() -> None:
    """A document of ten thousand operations, one of them with a broken schema, serves them all; what had to be taken out is told with its place."""
    broken = {"requestBody": {"content": {"application/json": {"schema": {"type": "wrong"}}}}, **fine}
    contract = contract_of({**{f"/things{number}/{{id}}": {"get": fine} for number in range(10_000)}, "/broken": {"post": broken}})
    assert contract.match("GET", "/things9999/7")[1] == ["7"]
    operation, _ = contract.match("POST", "/broken")
    assert contract.mended is None
    assert (
        contract.check_call(operation, Call("POST", "/broken", headers={"content-type": "application/json"}, body=b"1"), []).findings == []
    )
    assert "#/paths/~1broken/post/requestBody/content/application~1json/schema" in str(contract.mended)
