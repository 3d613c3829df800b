"""The contracts we ship: whole, true to themselves, and acted out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract, Side
from mockserver.contract.operation import escape
from mockserver.engine.engine import Engine
from mockserver.message import Json

each_vendor = pytest.mark.parametrize("name", vendors.names())
engine = cache(vendors.engine)


def walk(node: Json, place: str = "#") -> Iterator[tuple[str, Json]]:
    """Everything in a document, with its place."""
    yield place, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{place}/{escape(str(key))}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{place}/{index}")


def examples(contract: Contract) -> Iterator[tuple[str, str, Side, Json]]:
    """Every example: its place, the place of its schema, the direction it travels in, and the value."""
    for place, node in walk(contract.document.root):
        if not isinstance(node, dict) or re.search(r"/(example|examples|default|enum|const)(/|$)", place):
            continue
        side: Side = "request" if "/requestBod" in place or "/parameters/" in place else "reply"
        if "schema" in node:
            if "example" in node:
                yield f"{place}/example", f"{place}/schema", side, node["example"]
            for key, example in (node.get("examples") or {}).items():
                whole = contract.at(contract.follow(f"{place}/examples/{escape(key)}")) if "$ref" in example else example
                yield f"{place}/examples/{key}", f"{place}/schema", side, whole["value"]
        elif place.rpartition("/")[2] != "properties":
            if isinstance(node.get("examples"), list):
                for index, example in enumerate(node["examples"]):
                    yield f"{place}/examples/{index}", place, side, example
            if "example" in node and "value" not in node:
                yield f"{place}/example", place, side, node["example"]


@each_vendor
def test_every_example_keeps_its_schema(name: str) -> None:
    """What a reader copies from a contract is valid by it."""
    contract = engine(name).contract
    told = list(examples(contract))
    broken = [str(finding) for place, schema, side, value in told for finding in contract.faults(schema, side, value, place, "example")]
    assert broken == []
    assert told, "the contract shows no example"


@each_vendor
def test_every_schema_can_be_used(name: str) -> None:
    """Each parameter, body and reply of each operation compiles, in its direction, and nothing of ours has to be mended for it."""
    contract = engine(name).contract
    for operation in contract.operations.values():
        assert [parameter.name for parameter in operation.parameters if not parameter.place] == []
        for place in filter(None, (operation.body or (False, {}))[1].values()):
            contract.check(place, "request")
        for answer in operation.answers.values():
            for place in filter(None, answer.media.values()):
                contract.check(place, "reply")
    assert contract.mended is None


@each_vendor
def test_every_operation_says_how_it_fails(name: str) -> None:
    """429, 500 and 503 exist for every operation, and so does a way to refuse who may not."""
    for operation in engine(name).contract.operations.values():
        missing = [status for status in (429, 500, 503) if operation.answer(status) is None]
        assert missing == [], operation.id
        if operation.security and {} not in operation.security:
            assert operation.answer(401), operation.id


@each_vendor
def test_links_lead_to_operations(name: str) -> None:
    """Every link of a reply names an operation of the same contract, and parameters it has."""
    contract = engine(name).contract
    links = [
        node
        for place, node in walk(contract.document.root)
        if re.search(r"/links/[^/]+$", place) and isinstance(node, dict) and "operationId" in node
    ]
    assert links, "nothing connects lists to items"
    for link in links:
        operation = contract.operations[link["operationId"]]
        declared = {parameter.name for parameter in operation.parameters} | {f"{each.where}.{each.name}" for each in operation.parameters}
        assert link.get("parameters", {}).keys() <= declared, link


@each_vendor
def test_corrections_tell_their_evidence(name: str) -> None:
    """Where we do not follow the official document, the grade of the evidence and one line say why."""
    grades = {"recorded", "official", "docs", "sdk", "live", "fixture", "inferred"}
    marked = [
        (place, node["x-evidence"])
        for place, node in walk(engine(name).contract.document.root)
        if isinstance(node, dict) and "x-evidence" in node
    ]
    assert marked
    for place, evidence in marked:
        assert evidence["grade"] in grades, place
        assert 10 < len(evidence["note"]) < 300, place


@each_vendor
def test_examples_name_nobody(name: str) -> None:
    """Mail of example.com, addresses of the documentation ranges."""
    texts = [text for _, _, _, value in examples(engine(name).contract) for _, text in walk(value) if isinstance(text, str)]
    for text in texts:
        for host in re.findall(r"[\w.+-]+@([\w.-]+\w)", text):
            assert re.fullmatch(r"(.*\.)?example\.(com|org|net)", host), text
        for address in re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", text):
            assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "127.0.0.1")) or "Mozilla" in text or "Chrome/" in text, (
                text
            )


@each_vendor
def test_every_operation_is_acted_out(name: str) -> None:
    """Nothing that is in the contract is answered by a shrug."""
    here: Engine = engine(name)
    assert [operation.id for operation in here.contract.operations.values() if here.told(operation) == "none"] == []


@each_vendor
def test_every_card_is_whole(name: str) -> None:
    """A title, real hosts, limits to switch, credentials, a subject, and a line worth trying."""
    from mockserver.vendors import site

    here = site([name])
    card: Any = here.engines[name].vendor
    assert card.title
    assert card.hosts
    assert card.sample
    assert card.options["limits"].allowed == ("on", "off")
    assert card.credentials(here.scene, here.engines[name].options)
    assert card.subject(here.scene, here.engines[name].options)
