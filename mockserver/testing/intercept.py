"""Calls to real hosts, caught on their way out of this process.

Rules of this file
- A library is patched at one place each, where a connection would be made, and only once it is there: nothing is imported for it.
- While nobody intercepts nothing is patched; what was there before is put back as it was.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.testing.memory import Arrived, Line, Socket, Speak
from mockserver.testing.transport import Transport

if TYPE_CHECKING:
    from types import ModuleType

    from mockserver.testing.bench import Bench
    from mockserver.testing.host import Host

Original = Callable[..., Any]


class Unreachable(AssertionError):
    """A call to a host that is neither served nor allowed. No client's business, so no error that a client would catch."""


class Interception:
    """Entered once for every bench that wants it; patched from the first to the last."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._depth = 0
        self._saved: dict[tuple[type, str], Original] = {}
        self._made: dict[Original, Original] = {}
        self._finder = Finder(self._patch)

    def enter(self) -> Literal[True]:
        self._depth += 1
        if self._depth == 1:
            for module in targets:
                if module in sys.modules:
                    self._patch(sys.modules[module])
            sys.meta_path.insert(0, self._finder)
        return True

    def leave(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            sys.meta_path.remove(self._finder)
            for (owner, name), original in self._saved.items():
                setattr(owner, name, original)
            self._saved.clear()

    def _patch(self, module: ModuleType) -> None:
        for owner_name, name, patch in targets[module.__name__]:
            owner = getattr(module, owner_name)
            if (owner, name) not in self._saved:
                original = self._saved[owner, name] = vars(owner)[name]
                if original not in self._made:
                    self._made[original] = patch(self, original)
                setattr(owner, name, self._made[original])

    def who(self, scheme: str, host: str) -> Speak | None:
        """Who answers for a host; None when it is to be reached for real. Raises Unreachable."""
        name, port = parted(host)
        benches = [bench for bench in reversed(self._host.benches.values()) if bench.terms.intercept]
        for bench in benches:
            for double in bench:
                if serves(double.hosts, name):
                    return double.speak
        if any(covers(each, name) for bench in benches for each in bench.terms.allow_hosts) or self._host.is_own(name, port):
            return None
        raise self._refused(benches, scheme, name)

    def _refused(self, benches: Sequence[Bench], scheme: str, name: str) -> Unreachable:
        served = sorted({each for bench in benches for double in bench for each in double.hosts if not each.endswith(".localhost")})
        words = (
            f"{scheme}://{name} is not served here and may not be reached; served: {', '.join(served) or 'none'}. Ask for the fixture of "
            f'the vendor whose host it is, or allow it: @pytest.mark.mockserver(allow_hosts=["{name}"])'
        )
        for bench in benches[:1]:
            bench.astray(name, words)
        return Unreachable(words)


@lru_cache(maxsize=1000)
def parted(host: str) -> tuple[str, str]:
    """The name and the port in what a client calls its host."""
    before, _, port = host.rpartition(":")
    return (before if before and port.isdigit() else host).strip("[]").lower(), port


@lru_cache(maxsize=1000)
def serves(hosts: tuple[str, ...], name: str) -> bool:
    """Whether a name is one of these hosts'."""
    return any(covers(each, name) for each in hosts)


def covers(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Patches a library that is imported while calls are caught, as soon as it is there."""

    def __init__(self, patch: Callable[[ModuleType], None]) -> None:
        self._patch = patch
        self._loaders: dict[str, Any] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name in targets else None
        if spec is not None and spec.loader is not None:
            self._loaders[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        return self._loaders[spec.name].create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        loader = self._loaders.pop(module.__name__)
        module.__loader__ = loader
        if module.__spec__ is not None:
            module.__spec__.loader = loader
        loader.exec_module(module)
        self._patch(module)


# -- what is patched, and by what -----------------------------------------------------------------------------------------


def sync_transport(net: Interception, original: Original) -> Original:
    def handle_request(transport: Any, request: Any) -> Any:
        speak = net.who(request.url.scheme, request.url.netloc.decode("latin-1"))
        return original(transport, request) if speak is None else Transport(speak).handle_request(request)

    return handle_request


def async_transport(net: Interception, original: Original) -> Original:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        speak = net.who(request.url.scheme, request.url.netloc.decode("latin-1"))
        return await (original(transport, request) if speak is None else Transport(speak).handle_async_request(request))

    return handle_async_request


def connection(scheme: str) -> Callable[[Interception, Original], Original]:
    """http.client, and urllib, requests and urllib3 on top of it."""

    def patch(net: Interception, original: Original) -> Original:
        def connect(here: Any) -> None:
            host, port = (
                (here._tunnel_host or here.host),
                (here._tunnel_port if here._tunnel_host else here.port),
            )  # where a proxy would lead
            speak = net.who(scheme, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            if speak is None:
                original(here)
                return
            if here.response_class is HTTPResponse:  # and no class of the library's own
                here.response_class = Arrived
            here.sock = Socket(speak, scheme, host, here.timeout, told=here.response_class is Arrived)
            if hasattr(here, "is_verified"):
                here.is_verified = True

        return connect

    return patch


def connector(net: Interception, original: Original) -> Original:
    """aiohttp."""

    async def create_connection(here: Any, request: Any, *rest: Any) -> Any:
        url = request.url
        speak = net.who(url.scheme, f"{url.host}:{url.port}")
        if speak is None:
            return await original(here, request, *rest)
        protocol = here._factory()  # aiohttp has no public way
        protocol.connection_made(Line(speak, url.scheme, url.host, protocol))
        return protocol

    return create_connection


targets: Final[dict[str, tuple[tuple[str, str, Callable[[Interception, Original], Original]], ...]]] = {
    "httpx": (("HTTPTransport", "handle_request", sync_transport), ("AsyncHTTPTransport", "handle_async_request", async_transport)),
    "httpx2": (("HTTPTransport", "handle_request", sync_transport), ("AsyncHTTPTransport", "handle_async_request", async_transport)),
    "http.client": (("HTTPConnection", "connect", connection("http")), ("HTTPSConnection", "connect", connection("https"))),
    "urllib3.connection": (("HTTPConnection", "connect", connection("http")), ("HTTPSConnection", "connect", connection("https"))),
    "aiohttp.connector": (("TCPConnector", "_create_connection", connector),),
}
"""Class, method and patch, by module."""
