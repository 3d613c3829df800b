"""`mockserver inspect`: what was inferred, how sure that is, and how to say otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli_documents import inspect
from mockserver.contract.contract import Contract
from mockserver.contract.inference import Inference
from tests.documents.conftest import specs

petstore = str(specs / "petstore.yaml")


def said(*arguments: str) -> str:
    outcome = CliRunner().invoke(inspect, list(arguments), catch_exceptions=False)
    assert outcome.exit_code == 0
    return outcome.output


def test_every_operation_is_told_with_its_behaviour_and_confidence() -> None:
    """One line for what it is, one for what is made of it and why; flaws, and an overlay to begin with."""
    output = said(petstore)
    assert " 95%  GET    /pet/{petId}\n      read pet  ·  item of /pet; things are Pet" in output
    assert "flaw  #/paths/~1user~1{username}/put/responses: documents no success" in output
    assert "write petstore.overlay.yaml beside the document" in output
    assert len(said(petstore, "--below", "50").splitlines()) < len(output.splitlines())


def test_a_program_gets_it_as_json() -> None:
    """Operations, kinds and flaws."""
    told = json.loads(said(petstore, "--json"))
    assert told.keys() == {"document", "flaws", "kinds", "operations"}
    assert next(each for each in told["operations"] if each["operation"] == "addPet")["behaviour"] == "create"
    assert {"kind": "user", "about": "User, told apart by username", "paths": ["/user"]} in told["kinds"]


def test_the_sidecar_it_writes_says_what_was_inferred(tmp_path: Path) -> None:
    """Laid beside the document, it changes nothing but the confidence."""
    shutil.copy(petstore, tmp_path)
    before = Inference(Contract.load(petstore))
    (tmp_path / "petstore.overlay.yaml").write_text(said(petstore, "--overlay"))
    after = Inference(Contract.load(tmp_path / "petstore.yaml"))
    for name, operation in after.contract.operations.items():
        assert after.role(operation) == before.role(before.contract.operations[name])
        assert after.role(operation).sure == 100


@pytest.mark.parametrize("kinds", [True, False])
def test_kinds_are_told_with_their_paths(kinds: bool) -> None:
    """What is remembered, and where it is reached."""
    output = said(petstore, *(["--kinds"] if kinds else []))
    assert ("order  Order, told apart by id\n    at /store/order" in output) is kinds
