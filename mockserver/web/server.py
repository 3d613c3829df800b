"""Sockets, TLS and the life of a server: in the foreground for the command line, in a thread for everybody else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn

from mockserver.errors import BadOption, MockServerError
from mockserver.values import frozen
from mockserver.web.app import App

backlog: Final = 4096
keep_alive: Final = 75
loopback: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@frozen
class Address:
    """Where a server answers.

    url      http://host:port
    tls_url  https://host:port, or None
    ca       file with the certificate of the throw-away CA, or None
    """

    url: str
    tls_url: str | None = None
    ca: str | None = None


@frozen
class Plan:
    """What to listen on. A port of 0 is any free one; tls_port None: no TLS."""

    host: str = "127.0.0.1"
    port: int = 0
    tls_port: int | None = None
    names: tuple[str, ...] = ()


class Quiet(uvicorn.Server):
    """uvicorn without its own signal handling, which tells somebody when it listens."""

    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self.told = told

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; idle connections are dropped, for a TLS one would wait a second for its peer to say goodbye, too."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)


def listening(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadOption when the address cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # IPPROTO_TCP said out loud: asyncio sets TCP_NODELAY only on such sockets, and without it every reply on a kept
        # connection waits 40 ms.
        sock = socket.socket(family, kind, socket.IPPROTO_TCP)
        with contextlib.ExitStack() as failing:
            failing.callback(sock.close)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(backlog)
            failing.pop_all()
    except OSError as error:
        remedy = "choose another with --port, or 0 for any free one" if port else "choose another --host"
        raise BadOption(f"cannot listen on {host} port {port}: {error.strerror or error}; {remedy}") from None
    sock.setblocking(False)
    return sock


def shown(sock: socket.socket, scheme: str, host: str) -> str:
    """The address of a socket for a person to use."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{sock.getsockname()[1]}"


def scratch_folder() -> contextlib.AbstractContextManager[str]:
    """A folder that goes when it is left."""
    import tempfile  # 5 ms, only for --tls

    return tempfile.TemporaryDirectory(prefix="mockserver-")


def throw_away_ca(names: Iterable[str], folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A context with a certificate for these names, and the file of the CA that signed it."""
    import trustme

    authority = trustme.CA(organization_name="mockserver throw-away CA")
    issued = authority.issue_cert(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    issued.configure_cert(context)
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return context, file


class Server:
    """One application on a plain and perhaps a TLS socket, on one event loop."""

    def __init__(self, app: App, plan: Plan) -> None:
        self.app, self.plan = app, plan
        self._servers: list[Quiet] = []
        self._sockets = [listening(plan.host, plan.port)]
        self._closing = contextlib.ExitStack()
        url, tls_url, ca = shown(self._sockets[0], "http", plan.host), None, None
        self._context: ssl.SSLContext | None = None
        try:
            if plan.tls_port is not None:
                self._sockets.append(listening(plan.host, plan.tls_port))
                # One by one: clients take no certificate for *.localhost, a wildcard right below a top-level name.
                local = (f"{name}.localhost" for name in app.site.engines)
                names = dict.fromkeys(["localhost", "127.0.0.1", "::1", plan.host, *local, *plan.names])
                self._context, file = throw_away_ca(names, Path(self._closing.enter_context(scratch_folder())))
                tls_url, ca = shown(self._sockets[1], "https", plan.host), str(file)
        except MockServerError:
            self.close()
            raise
        self.address = Address(url, tls_url, ca)

    def close(self) -> None:
        """Let go of the sockets and the certificate's file."""
        for sock in self._sockets:
            sock.close()
        self._closing.close()

    async def run(self, ready: Callable[[Address], None]) -> None:
        """Serve until told to stop; `ready` is called once everything listens."""
        waiting = len(self._sockets)

        def told() -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                ready(self.address)

        for sock in self._sockets:
            config = uvicorn.Config(
                self.app, http=protocol() if self.app.prompt else "auto", log_level="warning", access_log=False, lifespan="off", ws="none",
                server_header=False, date_header=False, proxy_headers=False, timeout_keep_alive=keep_alive, backlog=backlog,
                timeout_graceful_shutdown=1,
            )  # fmt: skip
            config.load()
            config.ssl = self._context if sock is not self._sockets[0] else None
            self._servers.append(Quiet(config, told))
        try:
            async with self.app.running():
                await asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in zip(self._servers, self._sockets, strict=True)))
        finally:
            self.close()

    def stop(self) -> None:
        """Stop serving: open connections are closed, what is being answered is answered."""
        self.app.close()
        for server in self._servers:
            server.should_exit = True


def protocol() -> Any:
    """What reads and writes connections: the quick one where httptools is."""
    try:
        from mockserver.web.direct import Direct
    except ImportError:
        return "auto"
    return Direct


def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def serve(app: App, plan: Plan, ready: Callable[[Address], None]) -> None:
    """Serve in the foreground until SIGINT, SIGTERM or (unless somebody has us ignore it) SIGHUP, in a process that does nothing else."""
    server = Server(app, plan)

    def settled(address: Address) -> None:
        gc.freeze()  # what is loaded by now stays: the collector need not walk it again
        gc.enable()
        ready(address)

    with asyncio.Runner(loop_factory=event_loop) as runner:
        loop = runner.get_loop()
        for number in stopping():
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                loop.add_signal_handler(number, server.stop)
        runner.run(server.run(settled))


def stopping() -> Iterator[signal.Signals]:
    """The signals that stop a server. A terminal that closes sends SIGHUP, `nohup` has it ignored, and Windows has none."""
    yield from (signal.SIGINT, signal.SIGTERM)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        yield hangup


@contextlib.contextmanager
def in_thread(app: App, plan: Plan | None = None) -> Iterator[Address]:
    """Serve in a thread of this process for as long as the block lasts."""
    server = Server(app, plan or Plan())
    up = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=event_loop) as runner:
                runner.run(server.run(lambda _: up.set()))
        except BaseException as error:  # noqa: BLE001  # handed to the thread that asked
            failures.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=work, name="mockserver", daemon=True)
    thread.start()
    up.wait()
    if failures:
        raise failures[0]
    try:
        yield server.address
    finally:
        server.stop()
        thread.join(10)
