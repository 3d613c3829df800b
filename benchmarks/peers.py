"""The peers, a row each: where npm has them, what starts them at their quickest honest setting, and what they then do with a request."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from servers import Server, here


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


prism: Final = "node node_modules/@stoplight/prism-cli/dist/index.js mock --verboseLevel silent --port {port} "

peers: Final = (
    Server(
        "emulate",
        "node start.mjs {port}",
        "remembers users (its service clerk); checks nothing; sorts all of them for a page",
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
        "prism", prism + "{document}", "static: examples of the document; checks requests and replies",
        ("@stoplight/prism-cli@5.16.0",), stateful=False,
    ),
    Server(
        "mockoon", "node node_modules/@mockoon/cli/bin/run.js start --disable-log-to-file --data {document} --port {port}",
        "draws each reply from the schema, a page of one; checks nothing",
        ("@mockoon/cli@9.9.0",), stateful=False,
    ),
)  # fmt: skip
