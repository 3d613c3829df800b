"""The peers, a row each: where npm has them, what starts them at their quickest honest setting, and what they then do with a request."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from servers import Server, here
from shop import document


def starter(name: str) -> Callable[[Path], object]:
    """A script of ours for a library that has no command, put where it finds its packages."""
    return lambda folder: shutil.copy(here / "starters" / name, folder / "start.mjs")


def lifted(files: str, limit: str, to: str) -> Callable[[Path], None]:
    """In its files (a glob) a limit stands that would refuse the load; what it is to say instead."""

    def rewrite(folder: Path) -> None:
        for file in folder.glob(files):
            file.write_text(file.read_text().replace(limit, to))

    return rewrite


def both(*steps: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: [step(folder) for step in steps]


def mappings(folder: Path) -> None:
    """The document as WireMock's mappings: it reads no OpenAPI, so each operation answers its example."""
    (folder / "mappings").mkdir()
    operations = [
        (path, method, *next(iter(operation["responses"].items())))
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]
    told = [
        {"request": {"method": method.upper(), "urlPathTemplate": path}, "response": canned(status, reply)}
        for path, method, status, reply in operations
    ]
    (folder / "mappings" / "shop.json").write_text(json.dumps({"mappings": told}))


def canned(status: str, reply: dict[str, Any]) -> dict[str, Any]:
    """A reply of a document as WireMock writes it."""
    content = reply.get("content", {}).get("application/json")
    if content is None:
        return {"status": int(status)}
    body = json.dumps(content["examples"]["given"]["value"], separators=(",", ":"))
    return {"status": int(status), "headers": {"Content-Type": "application/json"}, "body": body}


scalar: Final = ("@scalar/mock-server@0.14.4", "@hono/node-server@1")
prism: Final = "node node_modules/@stoplight/prism-cli/dist/index.js mock --verboseLevel silent --port {port} "
wiremock: Final = (
    "java -jar node_modules/wiremock/build/wiremock-standalone-3.13.2.jar --port {port} --bind-address 127.0.0.1 --root-dir ."
    " --disable-banner --no-request-journal --disable-request-logging --async-response-enabled true"
)

peers: Final = (
    Server(
        "emulate",
        "node start.mjs {port}",
        "remembers users (its service clerk), two records each; checks nothing; sorts all of them for a page",
        ("emulate@0.12.2",),
        both(starter("emulate.mjs"), lifted("node_modules/emulate/dist/*.js", "remaining: 5e3", "remaining: 5e12")),
        path="/v1/users",
        body=b'{"email_address":["ada#@example.com"]}',
        headers=("Authorization: Bearer sk_test_bench",),
    ),
    Server(
        "workos emulate",
        "node node_modules/workos/dist/bin.js emulate --port {port} --json",
        "remembers users; checks nothing; sorts all of them for a page",
        ("workos@0.14.0",),
        lifted("node_modules/workos/dist/emulate/core/server.js", "remaining: 1000", "remaining: 1e12"),
        path="/user_management/users",
        body=b'{"email":"ada#@example.com"}',
        headers=("Authorization: Bearer sk_test_default",),
    ),
    Server(
        "scalar store",
        "node start.mjs {document} {port} remembering",
        "remembers, by handlers written into the document, each run in a sandbox of its own; checks requests; copies all records for a page",
        scalar,
        starter("scalar.mjs"),
    ),
    Server(
        "scalar", "node start.mjs {document} {port}", "static: examples of the document; checks requests",
        scalar, starter("scalar.mjs"), stateful=False,
    ),
    Server(
        "openapi-backend", "node start.mjs {document} {port}", "static: examples of the document; checks requests",
        ("openapi-backend@5.21.2",), starter("openapi-backend.mjs"), stateful=False,
    ),
    Server(
        "prism", prism + "{document}", "static: examples of the document; checks requests and replies",
        ("@stoplight/prism-cli@5.16.0",), stateful=False,
    ),
    Server(
        "prism dynamic", prism + "--dynamic {document}", "draws each reply from the schema, so a page of any length; checks requests and replies",
        ("@stoplight/prism-cli@5.16.0",), stateful=False,
    ),
    Server(
        "mockoon", "node node_modules/@mockoon/cli/bin/run.js start --disable-log-to-file --data {document} --port {port}",
        "draws each reply from the schema, a page of one; checks nothing",
        ("@mockoon/cli@9.9.0",), stateful=False,
    ),
    Server(
        "wiremock", wiremock, "static: the examples as its mappings; checks path and method", ("wiremock@3.13.2",), mappings, stateful=False,
    ),
    Server(
        "specmatic", "java -jar node_modules/specmatic/specmatic.jar mock --noConsoleLog --host 127.0.0.1 --port {port} {document}",
        "draws each reply from the schema, a page of a few; checks requests", ("specmatic@2.55.1",), stateful=False,
    ),
)  # fmt: skip

left_out: Final = {"moto": "mocks AWS, and no document of one's own, so it cannot be asked the same"}
"""Who was thought of, and why they are not measured."""
