"""Documents at work, and a client that holds their credentials."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from mockserver import vendors
from mockserver.engine.plain import Plain
from mockserver.engine.site import Site
from mockserver.message import Json, Reply

specs = Path(__file__).with_name("specs")


@dataclass
class Client:
    """Calls one document of a site, in a world of its own."""

    site: Site
    engine: Plain
    world: str = "default"
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, value: Json = None, media: str = "application/json", **query: Any) -> Reply:
        """One call; `value` is sent as JSON, unless it is bytes."""
        body = b"" if value is None else value if isinstance(value, bytes) else orjson.dumps(value)
        headers = {"mock-world": self.world, **({"content-type": media} if body else {}), **self.headers}
        return self.site.answer(method, "http", "localhost:4010", path, urlencode(query, doseq=True), headers, body)

    def with_headers(self, **headers: str) -> Client:
        return Client(self.site, self.engine, self.world, {**self.headers, **headers})


def client_of(document: str | Path | Mapping[str, Any], folder: Path, **options: str) -> Client:
    """A client of a document: a name in specs/, a path, or the document itself."""
    if isinstance(document, Mapping):
        path = folder / "made.json"
        path.write_bytes(orjson.dumps(document))
    else:
        path = specs / document
    site = vendors.site([str(path)], clock="2026-01-31T12:00:00Z", options={str(path): options} if options else None)
    engine = next(iter(site.engines.values()))
    assert isinstance(engine, Plain)
    headers = {}
    for name, value in engine.vendor.credentials(site.scene, engine.options).items():
        scheme = engine.contract.at(f"#/components/securitySchemes/{name}")
        if scheme["type"] == "apiKey":
            headers[scheme["name"].lower()] = value
        elif scheme.get("scheme") == "basic":
            headers["authorization"] = "Basic " + b64encode(value.encode()).decode()
        else:
            headers["authorization"] = f"Bearer {value}"
    return Client(site, engine, headers=headers)


Serve = Callable[..., Client]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """`serve(document, unknown="make")`: a client of a document at work."""
    return lambda document, **options: client_of(document, tmp_path, **options)


@pytest.fixture
def petstore(serve: Serve) -> Client:
    return serve("petstore.yaml")


@pytest.fixture
def studio(serve: Serve) -> Client:
    return serve("studio.yaml")
