"""Bodies that come compressed: undone where the coding is one of the usual ones, refused by its name where not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any, Final

import httpx
import orjson
import pytest

from mockserver.contract.wire import largest_body
from mockserver.message import Json
from tests.documents.conftest import Serve

text: Final = {"type": "string"}
sent: Final = {"name": "compressed"}
packed: Final = gzip.compress(orjson.dumps(sent))


def document(*refusals: str) -> Json:
    """A document of things that documents these refusals of a new one."""
    content = {"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"id": text, "name": text}}}}
    error = {"application/json": {"schema": {"type": "object", "required": ["message"], "properties": {"message": text}}}}
    no = {status: {"description": "no", "content": error} for status in refusals}
    post = {"requestBody": {"content": content}, "responses": {"201": {"description": "made", "content": content}, **no}}
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": {"/things": {"post": post}}}


@pytest.mark.parametrize(
    ("coding", "code"),
    [("gzip", gzip.compress), ("X-GZip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("", bytes)],
    ids=["gzip", "its old name", "deflate", "identity", "none"],
)
def test_a_compressed_body_is_read(serve: Serve, coding: str, code: Callable[[bytes], bytes]) -> None:
    """What a client compresses is what it sent."""
    reply = serve(document()).with_headers(**{"content-encoding": coding})("POST", "/things", code(orjson.dumps(sent)))
    assert (reply.status, reply.value["name"]) == (201, "compressed")


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "zstd"])
@pytest.mark.parametrize(("documented", "status"), [("415", 415), ("400", 400), ("422", 422)])
def test_another_coding_is_refused_by_its_name(serve: Serve, coding: str, documented: str, status: int) -> None:
    """Its client's author learns what came, and what would be read: not that some bytes are no JSON."""
    reply = serve(document(documented)).with_headers(**{"content-encoding": coding})("POST", "/things", packed)
    assert (reply.status, reply.headers["Accept-Encoding"]) == (status, "gzip, deflate")
    assert reply.value["message"] == f"header content-encoding: {coding!r} is not undone here; gzip and deflate are, one at a time"


def test_a_file_in_another_coding_is_taken_as_it_is(serve: Serve) -> None:
    """What is stored unread may be in any coding: the header says so to whoever fetches it."""
    told = document("415")
    told["paths"]["/things"]["post"]["requestBody"]["content"] = {"application/octet-stream": {}}
    client = serve(told).with_headers(**{"content-encoding": "br"})
    assert client("POST", "/things", b"\x0b\x02\x80", media="application/octet-stream").status == 201


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (orjson.dumps(sent), "incorrect header check"),
        (packed[:-1], "it ends in the middle"),
        (packed + b"{}", "something follows its end"),
        (gzip.compress(bytes(largest_body + 1)), f"it holds more than {largest_body} bytes"),
    ],
    ids=["not compressed", "cut", "more behind it", "a bomb"],
)
def test_what_is_not_in_its_coding_is_refused(serve: Serve, body: bytes, said: str) -> None:
    """In words that name the coding; however little was sent, no more is held than a body may be."""
    message = serve(document("400")).with_headers(**{"content-encoding": "gzip"})("POST", "/things", body).value["message"]
    assert said in message
    assert message.endswith("(it came with Content-Encoding: gzip)")


def test_as_much_as_a_body_may_be_is_read(serve: Serve) -> None:
    """The bound is that of every body, and not one byte less."""
    body = b'{"name":"' + b"x" * (largest_body - 11) + b'"}'
    assert len(body) == largest_body
    assert serve(document()).with_headers(**{"content-encoding": "gzip"})("POST", "/things", gzip.compress(body, 1)).status == 201


def test_what_a_compressed_body_said_is_known_afterwards(mockserver: Any, tmp_path: Any) -> None:
    """In the process and through a socket alike, and the verdict finds nothing wrong with it."""
    path = tmp_path / "things.json"
    path.write_bytes(orjson.dumps(document()))
    things = mockserver(str(path))
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    with httpx.Client(transport=things.transport(), base_url="https://things.localhost") as inside, httpx.Client() as outside:
        assert inside.post("/things", content=packed, headers=headers).status_code == 201
        assert outside.post(f"{things.url}/things", content=packed, headers=headers).status_code == 201
    assert [made.json for made in things.calls] == [sent, sent]


def test_a_vendor_that_undoes_nothing_is_told_apart(workos: Any) -> None:
    """A bundled vendor says what it says of a body that it cannot read; the verdict names the coding."""
    headers = {"content-encoding": "gzip", "content-type": "application/json", "authorization": f"Bearer {workos.credentials['api_key']}"}
    with (
        workos.expects_violation("unreadable"),
        httpx.Client(transport=workos.transport(), base_url="https://api.workos.com", headers=headers) as client,
    ):
        assert client.post("/user_management/users", content=packed).status_code == 400
    (exchange,) = workos.bench.world.journal
    assert "Content-Encoding: gzip" in exchange.findings[0].message
