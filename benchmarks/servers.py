"""How a server is had, started and asked the same four things; ours, the one by hand, and the ground both stand on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path
from typing import IO, Final

from load import Request
from shop import session

here: Final = Path(__file__).resolve().parent
new_session: Final = json.dumps({name: session[name] for name in ("user_id", "ip_address", "user_agent", "auth_method")}).encode()

patience: Final = 300
"""Seconds until a server must answer: a million records are laid first."""


class Missing(Exception):
    """A server that cannot be measured here, and why."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server.

    command   the words that start it, in its folder; {port}, {document}, {python}, {here} are filled in
    does      what it does with a request, in a few words
    packages  what npm installs into its folder first
    prepared  what is done in its folder then
    path      its collection; a record is at path/id
    page      the query that asks for ten
    body      what makes a record; # is another number each time
    headers   what it must be shown
    stateful  whether it remembers, and so has ids to be read and deleted
    """

    name: str
    command: str
    does: str
    packages: tuple[str, ...] = ()
    prepared: Callable[[Path], object] = str
    path: str = "/sessions"
    page: str = "limit=10"
    body: bytes = new_session
    headers: tuple[str, ...] = ()
    stateful: bool = True

    def words(self, document: Path, port: int) -> list[str]:
        """The words of its command."""
        told = {"port": port, "document": document, "python": sys.executable, "here": here}
        return [word.format_map(told) for word in self.command.split()]

    def requests(self, load: str, ids: list[str], many: int) -> list[Request]:
        """So many requests of one of the four loads."""
        method, form = loads[load]
        return [
            (
                method,
                form.format(path=self.path, page=self.page, id=each),
                self.body.replace(b"#", b"%d" % next(numbers)) if method == "POST" else b"",
            )
            for each in islice(cycle(ids), many)
        ]


loads: Final = {
    "GET one": ("GET", "{path}/{id}"),
    "page of ten": ("GET", "{path}?{page}"),
    "POST": ("POST", "{path}"),
    "DELETE": ("DELETE", "{path}/{id}"),
}
numbers: Final = count()
"""Those that were in no body yet."""

uvicorn: Final = (
    "{python} -m uvicorn --app-dir {here} --port {port} --no-access-log --log-level warning --timeout-keep-alive 75"
    " --no-proxy-headers --no-server-header --lifespan off --ws none "
)
"""uvicorn with the settings that ours has, too."""

ours: Final = Server("ours", "{python} -m mockserver serve {document} --port {port} --json", "remembers; checks requests and replies")
by_hand: Final = Server("by hand", uvicorn + "by_hand:app", "remembers; checks requests and replies")
bare: Final = Server("bare uvicorn", uvicorn + "by_hand:bare", "says two bytes to everything", stateful=False)
ground: Final = Server("bare Starlette", uvicorn + "ground:app", "says two bytes on one path", stateful=False)


def installed(server: Server, folder: Path) -> Path:
    """The folder the server's packages lie in, fetched by npm when they are not there yet. Raises Missing when they cannot be had."""
    for program in ("npm", server.command.partition(" ")[0]) if server.packages else ():
        if shutil.which(program) is None:
            raise Missing(f"needs `{program}`, which is not on this machine")
    own = folder / "-".join(server.packages[:1]).replace("/", "-")
    if server.packages and not own.is_dir():
        with whole(own) as new:
            (new / "package.json").write_text("{}")
            fetch(new, server.packages)
            server.prepared(new)
    return own if server.packages else folder


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A folder that gets its name once all that belongs in it is there."""
    new = path.with_name(f"{path.name}.part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    new.rename(path)


def fetch(folder: Path, packages: tuple[str, ...]) -> None:
    """What npm installs. Raises Missing with npm's word for it."""
    print(f"installing {packages[0]} …", file=sys.stderr)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1", *packages]
    try:
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        raise Missing("npm could not install it in five minutes") from None
    if told.returncode:
        code = re.search(r"npm error code (\S+)", told.stderr)
        raise Missing(f"npm could not install it: {code[1] if code else f'exit code {told.returncode}'}")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running(server: Server, document: Path, folder: Path, *more: str) -> Iterator[tuple[int, int, float]]:
    """The server as (port, process id, seconds to its first answer), for as long as the block lasts. Raises Missing when it does not come up."""
    port = free_port()
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as an installed package is
    own_home = {"HOME": str(folder)} if server.packages else {}  # what peers write about themselves goes with the folder
    command = [*server.words(document, port), *more]
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=compiled | own_home, stdout=subprocess.DEVNULL, stderr=said)
        try:
            while not answered(port, server) or process.poll() is not None:  # it may be somebody else who answers there
                if process.poll() is not None or time.perf_counter() > began + patience:
                    raise Missing(f"did not come up: {last_line(said)}")
                time.sleep(0.002)
            yield port, process.pid, time.perf_counter() - began
        finally:
            stop(process)


def answered(port: int, server: Server) -> bool:
    """Whether it answers yet, whatever it says."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(f"GET {server.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return bool(sock.recv(1))
    return False


def last_line(said: IO[bytes]) -> str:
    """What a process said at the end."""
    said.seek(0)
    return next((line.strip() for line in reversed(said.read().decode(errors="replace").splitlines()) if line.strip()), "it said nothing")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Its end, kindly, then not."""
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
