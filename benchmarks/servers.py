"""Who is measured: how each server is had and started, and what it is asked for the same four things."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from load import Request

here: Final = Path(__file__).resolve().parent
new_session: Final = json.dumps({"user_id": "user_01", "ip_address": "192.0.2.1", "user_agent": "bench/1", "auth_method": "sso"}).encode()


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    command   what starts it, given the document and a free port
    packages  what npm installs first, into a folder of its own
    path      its collection; a record is at path/id
    page      the query that asks for ten
    body      what makes a record
    headers   what it must be shown
    stateful  whether it remembers, and so has ids to be read and deleted
    lifted    where in its files (a glob) a limit stands that would refuse the load, what it says, and what it is to say
    """

    name: str
    command: Callable[[Path, int], list[str]]
    packages: tuple[str, ...] = ()
    path: str = "/sessions"
    page: str = "limit=10"
    body: bytes = new_session
    headers: tuple[str, ...] = ()
    stateful: bool = True
    lifted: tuple[str, str, str] | None = None

    def requests(self, load: str, ids: list[str], count: int) -> list[Request]:
        """So many requests of one of the four loads."""
        each = (ids[number % len(ids)] for number in range(count))
        return {
            "GET one": lambda: [("GET", f"{self.path}/{one}", b"") for one in each],
            "page of ten": lambda: [("GET", f"{self.path}?{self.page}", b"")] * count,
            "POST": lambda: [("POST", self.path, self.body.replace(b"#", b"%d" % number)) for number in unused(count)],
            "DELETE": lambda: [("DELETE", f"{self.path}/{one}", b"") for one in each],
        }[load]()


def unused(count: int, start: list[int] = [0]) -> range:  # noqa: B006  # the one counter of the process
    start[0] += count
    return range(start[0] - count, start[0])


def uvicorn(app: str) -> Callable[[Path, int], list[str]]:
    return lambda _, port: [
        sys.executable, "-m", "uvicorn", app, "--app-dir", str(here), "--port", str(port), "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75",
        "--no-proxy-headers", "--no-server-header", "--lifespan", "off", "--ws", "none",  # as ours has it
    ]  # fmt: skip


ours: Final = Server(
    "ours", lambda document, port: [sys.executable, "-m", "mockserver", "serve", str(document), "--port", str(port), "--json"]
)
by_hand: Final = Server("by hand", uvicorn("by_hand:app"))
bare: Final = Server("bare uvicorn", uvicorn("by_hand:bare"), stateful=False)
ground: Final = Server("bare Starlette", uvicorn("ground:app"), stateful=False)

emulate: Final = """
import {{ createEmulator }} from "emulate";
await createEmulator({{ service: "resend", port: {port} }});
"""

peers: Final = (
    Server(
        "emulate",
        lambda _, port: ["node", "--input-type=module", "-e", emulate.format(port=port)],
        ("emulate@0.12.2",),
        path="/domains",
        page="",
        body=b'{"name":"a#.example.com"}',
        headers=("Authorization: Bearer re_bench",),
        lifted=("node_modules/emulate/dist/*.js", "remaining: 5e3", "remaining: 5e12"),
    ),
    Server(
        "workos emulate",
        lambda _, port: ["node", "node_modules/workos/dist/bin.js", "emulate", "--port", str(port), "--json"],
        ("workos@0.14.0",),
        path="/user_management/users",
        body=b'{"email":"ada#@example.com"}',
        headers=("Authorization: Bearer sk_test_default",),
        lifted=("node_modules/workos/dist/emulate/core/server.js", "remaining: 1000", "remaining: 1e12"),
    ),
    Server(
        "prism",
        lambda document, port: ["node", "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--port", str(port), str(document)],
        ("@stoplight/prism-cli@5.14.2",),
        stateful=False,
    ),
    Server(
        "mockoon",
        lambda document, port: ["node", "node_modules/@mockoon/cli/bin/run.js", "start", "--data", str(document), "--port", str(port)],
        ("@mockoon/cli@9.9.0",),
        stateful=False,
    ),
)


def installed(server: Server, folder: Path) -> Path:
    """The folder the server's packages lie in, fetched by npm when they are not there yet."""
    own = folder / server.name.replace(" ", "-")
    if server.packages and not own.is_dir():
        own.mkdir(parents=True)
        (own / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *server.packages], cwd=own, check=True)  # noqa: S607  # npm of the PATH
        for file in own.glob(server.lifted[0]) if server.lifted else ():
            file.write_text(file.read_text().replace(*server.lifted[1:]))
    return own if server.packages else folder


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running(server: Server, document: Path, folder: Path, *more: str) -> Iterator[tuple[int, int, float]]:
    """The server as (port, process id, seconds to its first answer), for as long as the block lasts."""
    port = free_port()
    command = [*server.command(document, port), *more]
    began = time.perf_counter()
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as an installed package is
    with subprocess.Popen(command, cwd=folder, env=compiled, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield port, process.pid, answered(process, port, server) - began
        finally:
            process.terminate()


def answered(process: subprocess.Popen[bytes], port: int, server: Server) -> float:
    """When the server first answered, whatever it said. Raises RuntimeError when it does not come up."""
    until = time.perf_counter() + 300  # a million records are laid first
    while time.perf_counter() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(f"GET {server.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            if sock.recv(1):
                return time.perf_counter()
        time.sleep(0.002)
    raise RuntimeError(f"{server.name} did not come up")
