"""How a document's fake is asked: credentials, `Prefer`, media types."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.documents.conftest import Client, Serve


def test_every_scheme_has_a_credential_that_works_and_nothing_else_does(serve: Serve) -> None:
    """Keys in header, query and cookie, Basic, Bearer, several at once, alternatives, and none."""
    schemes = {
        "head": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "ask": {"type": "apiKey", "in": "query", "name": "key"},
        "jar": {"type": "apiKey", "in": "cookie", "name": "sid"},
        "basic": {"type": "http", "scheme": "basic"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }

    def needs(*security: dict[str, list[str]]) -> dict[str, Any]:
        return {"get": {"security": list(security), "responses": {"200": {"description": ""}, "401": {"description": ""}}}}

    paths: dict[str, Any] = {f"/{name}": needs({name: []}) for name in schemes}
    paths |= {"/both": needs({"head": [], "ask": []}), "/either": needs({"head": []}, {"bearer": []}), "/free": needs({}, {"head": []})}
    client = serve({"openapi": "3.0.0", "paths": paths, "components": {"securitySchemes": schemes}})
    keys = client.engine.vendor.credentials(client.site.scene, client.engine.options)
    assert keys.keys() == schemes.keys()
    nobody = Client(client.site, client.engine)
    basic = "Basic " + b64encode(keys["basic"].encode()).decode()
    shown: dict[str, dict[str, Any]] = {
        "head": {"headers": {"x-key": keys["head"]}},
        "ask": {"query": {"key": keys["ask"]}},
        "jar": {"headers": {"cookie": f"a=b; sid={keys['jar']}"}},
        "basic": {"headers": {"authorization": basic}},
        "bearer": {"headers": {"authorization": f"Bearer {keys['bearer']}"}},
        "both": {"headers": {"x-key": keys["head"]}, "query": {"key": keys["ask"]}},
        "either": {"headers": {"authorization": f"Bearer {keys['bearer']}"}},
        "free": {},
    }
    for name, told in shown.items():
        caller = nobody.with_headers(**told.get("headers", {}))
        assert caller("GET", f"/{name}", **told.get("query", {})).status == 200, name
        assert nobody("GET", f"/{name}").status == (200 if name == "free" else 401), name
    assert nobody.with_headers(**{"x-key": keys["head"]})("GET", "/both").status == 401
    assert nobody.with_headers(authorization="Bearer wrong")("GET", "/bearer").status == 401


def test_security_can_be_switched_off(serve: Serve) -> None:
    """`security=off`: everybody may."""
    client = serve("petstore.yaml", security="off")
    assert Client(client.site, client.engine)("GET", "/pet/1").status == 200


def test_prefer_asks_for_a_documented_status(studio: Client) -> None:
    """`code=404` is the 404 that the document has, though the artist is there; one it does not have is refused as ours."""
    path = f"/artists/{studio('GET', '/artists').value['data'][0]['id']}"
    reply = studio.with_headers(prefer="code=404")("GET", path)
    assert (reply.status, "Mock-Problem" in reply.headers) == (404, False)
    assert reply.value.keys() >= {"code", "message"}
    for code in ("418", "teapot"):
        other = studio.with_headers(prefer=f"code={code}")("GET", path)
        assert (other.status, other.headers["Mock-Problem"]) == (404, "no-such-reply")
        assert f"documents no {code}; it has 200, 404" in other.value["detail"]


def test_prefer_asks_for_an_example_by_name(studio: Client) -> None:
    """The example as it stands; a name that is not there is refused with those that are."""
    assert studio.with_headers(prefer="example=quartet")("GET", "/artists/x").value["artist"]["name"] == "The Quartet"
    reply = studio.with_headers(prefer="example=solo")("GET", "/artists/x")
    assert (reply.headers["Mock-Problem"], "it has quartet" in reply.value["detail"]) == ("no-such-reply", True)


def test_prefer_asks_for_something_new_each_time(studio: Client) -> None:
    """`dynamic=true` remembers nothing and repeats nothing."""
    wishing = studio.with_headers(prefer="dynamic=true")
    ids = {wishing("GET", "/artists/x").content for _ in range(4)}
    assert len(ids) > 1


@pytest.mark.parametrize("header", ["respond-async", "return=minimal; foo", "", "code="], ids=str)
def test_what_else_stands_in_prefer_is_somebody_elses(studio: Client, header: str) -> None:
    """RFC 7240 has many preferences."""
    assert studio.with_headers(prefer=header)("GET", "/me").status == 200


def test_replies_come_in_any_documented_media_type(serve: Serve) -> None:
    """Text, forms, YAML, CSV and bytes, by what the caller accepts; JSON when it does not say."""
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"const": "Ivy"}}}
    media = ("application/json", "application/x-www-form-urlencoded", "application/yaml", "application/vnd.api+json; charset=utf-8")
    content: dict[str, Any] = {each: {"schema": schema} for each in media} | {
        "text/plain": {"schema": {"type": "string", "const": "hello"}},
        "image/png": {"schema": {"type": "string", "format": "binary"}},
    }
    client = serve({"openapi": "3.0.0", "paths": {"/it": {"get": {"responses": {"200": {"description": "", "content": content}}}}}})

    def body(accept: str) -> bytes:
        return client.with_headers(accept=accept)("GET", "/it").content

    assert body("*/*") == body("application/json") == b'{"name":"Ivy"}'
    assert body("application/x-www-form-urlencoded") == b"name=Ivy"
    assert body("text/plain, */*;q=0.1") == b"hello"
    assert body("image/*").startswith(b"\x89PNG")
    assert body("application/yaml") == b'{\n  "name": "Ivy"\n}'
