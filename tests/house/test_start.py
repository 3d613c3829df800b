"""What starting takes: whatever a program does first, what it did not ask for is not imported. Times are measured in benchmarks/."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from mockserver import vendors
from mockserver.contract.contract import Contract
from mockserver.contract.operation import template
from mockserver.vendors import shelf
from tests import toy

others: Final = {
    "aiohttp", "cryptography", "faker", "http.client", "httpx", "httpx2", "hypothesis", "jinja2", "jwt", "pkgutil", "pytest", "requests",
    "schemathesis", "tomllib", "trustme", "urllib.request", "xml", "yaml", "mockserver.remote", "mockserver.testing", "mockserver.verify",
}  # fmt: skip
"""What no answer needs: other parts of ours, and libraries for documents that are read for the first time, TLS, growing scenes and testing."""
looks: Final = {"anyio", "starlette", "mockserver.ui"}
"""What only pages need."""
steering: Final = {"mockserver.engine.faults", "mockserver.web.control", "mockserver.web.doors", "mockserver.web.guard"}
"""What only the control API needs."""
inferring: Final = {
    "mockserver.contract.inference",
    "mockserver.contract.makers",
    "mockserver.engine.plain",
    "mockserver.vendors.documents",
}
"""What only documents of the user's own need."""
everything: Final = {"asyncio", "jsonschema_rs", "orjson", "uvicorn", "mockserver.contract", "mockserver.engine", "mockserver.web.server"}
"""What serving takes, and nothing else."""

serving: Final = """
import io, json, os, socket, sys, threading

class Told(io.StringIO):
    def write(self, text):
        if text.startswith("{"):  # the one line that says where the server is
            threading.Thread(target=ask, args=(json.loads(text),)).start()
        return len(text)

def ask(told):
    from mockserver.vendors import load, names
    vendor = path.split("/")[1]
    own = load(vendor).authorize(told["vendors"][vendor]["credentials"]) if vendor in names() else {}
    head = "".join(f"{name}: {value}\\r\\n" for name, value in {"Host": "localhost", **own}.items())
    with socket.create_connection(("127.0.0.1", int(told["url"].rpartition(":")[2]))) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\\r\\n{head}\\r\\n".encode())
        status = sock.recv(65536).split()[1].decode()
    os.write(1, " ".join([status, *sys.modules]).encode())
    os._exit(0)

path, *arguments = sys.argv[1:]
sys.stdout, sys.argv = Told(), ["mockserver", "serve", "--port", "0", "--json", *arguments]
from mockserver.cli import main
main()
"""


def imported(program: str, *arguments: str) -> tuple[str, set[str]]:
    """What a program says first, and every module that it, or the package of one, has then."""
    told = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60)
    first, *names = told.stdout.split()
    return first, {".".join(name.split(".")[:depth]) for name in names for depth in range(1, 5)}


def question(vendor: str) -> str:
    """A path of a vendor to look at; the things it names need not be there."""
    operations = Contract.load(shelf.spec(vendor)).operations.values()
    return next(f"/{vendor}{template.sub('x', each.path)}" for each in operations if each.method == "GET")


first_answers: Final = {
    **{f"a call of {name}": (question(name), others | looks | steering | inferring) for name in vendors.names()},
    "health": ("/_mockserver/health", others | looks | inferring),
    "the dashboard": ("/_mockserver/ui/default/", others - {"http.client"} | inferring),  # Starlette takes it
}


@pytest.mark.parametrize(("path", "unneeded"), first_answers.values(), ids=first_answers)
def test_the_first_answer_imports_only_what_it_needs(path: str, unneeded: set[str]) -> None:
    """Of all vendors served, a program's first call takes what answers it, and no framework, no other library and no other part of ours."""
    for _ in range(2):  # the first may have to read the documents
        status, modules = imported(serving, path)
    assert status in ("200", "400", "404")
    assert modules >= everything
    assert modules & unneeded == set()


def test_a_document_that_was_read_before_is_not_parsed_again(tmp_path: Path) -> None:
    """The second time a document of the user's own is served, its first answer takes no YAML, no framework and no control API."""
    spec = tmp_path / "toy.json"
    spec.write_text(json.dumps(toy.document))
    for _ in range(2):
        status, modules = imported(serving, "/shelves", str(spec))
    assert status in ("200", "400", "401")
    assert modules & (others | looks | steering) == set()


asked: Final = {
    "the package": "import mockserver",
    "the pytest plugin": "import pytest; sys.modules.pop('pytest'); import mockserver.pytest_plugin",
    "--version": "import mockserver.cli, contextlib\nwith contextlib.suppress(SystemExit): mockserver.cli.cli.main(['--version'])",
    "--help": "import mockserver.cli, contextlib\nwith contextlib.suppress(SystemExit): mockserver.cli.cli.main(['--help'])",
}


@pytest.mark.parametrize("program", asked.values(), ids=asked)
def test_what_asks_for_no_answer_imports_nothing_that_answers(program: str) -> None:
    """Neither the package, nor the plugin of an unused install, nor a word of help takes what reads contracts or serves them."""
    _, modules = imported(
        f"import os, sys\nsys.stdout = open(os.devnull, 'w')\n{program}\nos.write(1, ' '.join(['', *sys.modules]).encode())"
    )
    assert modules & everything == set()
