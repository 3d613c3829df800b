"""`verify fake`: nothing is found in our own fakes, and what is planted in a server is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.vendors import site
from mockserver.verify.fake import Trial, summary
from mockserver.web.app import App
from mockserver.web.server import in_thread

pytest.importorskip("schemathesis")


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["pagerduty", "zendesk"])
def test_nothing_is_found_in_our_own_fake(vendor: str) -> None:
    """Positive, negative, coverage and stateful."""
    trials = Trial(vendor, examples=3).run()
    assert list(summary(trials)) == [f"{vendor}: nothing found in {trials.cases} calls of {trials.operations} operations"]
    assert trials.cases > 100


def document(folder: Path, name: str, kind: str, **more: Any) -> str:
    """A document of one list, whose rows have an id of this type."""
    row = {"type": "object", "required": ["id"], "properties": {"id": {"type": kind}}}
    good = {"description": "Yes.", "content": {"application/json": {"schema": {"type": "array", "items": row}}}}
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "listThings", "responses": {"200": good}}}},
        **more,
    }
    file = folder / f"{name}.json"
    file.write_text(json.dumps(told))
    return str(file)


@pytest.mark.slow
def test_a_document_without_a_reply_for_strangers_is_served_without_fault(tmp_path: Path) -> None:
    """Most documents have security and no 401: our refusal is told apart by its header, and is no finding."""
    key = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    locked = document(tmp_path, "locked", "integer", components={"securitySchemes": key}, security=[{"key": []}])
    assert Trial(locked, examples=3).run().found == []


@pytest.mark.slow
def test_a_server_that_breaks_its_document_is_found_out(tmp_path: Path) -> None:
    """By its address, with the operation and the place; one that keeps it is not."""
    kept, broken = document(tmp_path, "kept", "integer"), document(tmp_path, "broken", "string")
    with in_thread(App(site([kept]))) as address:
        assert Trial(kept, address.url, examples=3).run().found == []
        found = Trial(broken, address.url, examples=3).run().found
    assert {(each.operation, each.place) for each in found} == {("listThings", "reply body")}
