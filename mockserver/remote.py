"""The control API of a running server as Python: every operation of its document is a method.

server = Remote("http://127.0.0.1:4010", world="staging")
server.move_clock(advance=3600)
server.add_fault(effect="slow", seconds=2, times=3)
for exchange in server.follow_journal(verdict="broken"): ...
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from mockserver import web
from mockserver.errors import MockServerError, UnknownName

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.error import HTTPError

    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation
    from mockserver.message import Json

prefix: Final = "/_mockserver"


class Refused(MockServerError):
    """The server did not do what it was asked, and says why. status: the HTTP status, 0 when nobody answered."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


@cache
def contract() -> Contract:
    """The document of the control API."""
    from mockserver.contract.contract import Contract  # what reads contracts takes 40 ms, and `--help` needs none

    return Contract.load(Path(web.__file__).with_name("control.yaml"))


def snake(name: str) -> str:
    """moveClock: move_clock"""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


class Remote:
    """A running server.

    url    where it answers, without the control API's own prefix
    world  the world that is meant
    token  what the control API of a public server wants to see
    """

    def __init__(self, url: str = "http://127.0.0.1:4010", world: str = "default", token: str = "") -> None:
        self.url, self.world, self.token = url.rstrip("/"), world, token

    def __getattr__(self, name: str) -> Callable[..., Json]:
        verbs = {snake(operation): operation for operation in contract().operations}
        if name not in verbs:
            raise AttributeError(str(UnknownName("verb", name, verbs)))
        return lambda **given: self.call(contract().operations[verbs[name]], given)

    def call(self, operation: Operation, given: Mapping[str, Json]) -> Json:
        """Carry out an operation: what its parameters take goes there, the rest is its body. None when it answers nothing.

        Raises Refused. Of events only the exchanges come, as an iterator.
        """
        rest = {name: value for name, value in given.items() if value is not None}
        path, query = operation.path, {}
        for parameter in operation.parameters:
            if parameter.where == "path":
                value = rest.pop(parameter.name, self.world if parameter.name == "world" else None)
                if value is None:
                    raise Refused(f"{operation.id} needs {parameter.name}")
                path = path.replace(f"{{{parameter.name}}}", quote(str(value), safe=""))
            elif parameter.name in rest:
                query[parameter.name] = rest.pop(parameter.name)
        body = None
        if operation.body is not None:
            body = json.dumps(rest).encode()
        else:
            query.update(rest)
        address = f"{self.url}{prefix}{path}" + (f"?{urlencode(query)}" if query else "")
        return read(self.send(operation.method, address, body))

    def send(self, method: str, address: str, body: bytes | None) -> HTTPResponse:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        import urllib.error  # both cost what a quarter of our own modules do, and `serve` needs neither
        import urllib.request

        # Never through a proxy: the server is near, and may be called by names a proxy does not know.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310  # the caller's own server
            response: HTTPResponse = opener.open(request)
        except urllib.error.HTTPError as error:
            raise Refused(reason(error), error.code) from None
        except (OSError, ValueError) as error:
            words = getattr(error, "reason", error)
            raise Refused(f"{self.url}: {words}; is `mockserver serve` running there? (--url says where)") from None
        return response


def reason(error: HTTPError) -> str:
    """Why the server refused, in its own words."""
    with error:
        try:
            return str(json.load(error)["detail"])
        except (ValueError, KeyError, TypeError):
            return f"{error.url} answered {error.code}: is it a mockserver?"


def read(response: HTTPResponse) -> Json:
    """The value of a reply, by its media type."""
    media = response.headers.get_content_type()
    if media == "text/event-stream":
        return exchanges(response)
    with response:
        content = response.read()
    if not content:
        return None
    return json.loads(content) if media == "application/json" else content.decode()


def exchanges(response: HTTPResponse) -> Iterator[Json]:
    """The exchanges among the events, as they come."""
    name = ""
    with response:
        for line in response:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data" and name == "exchange":
                yield json.loads(value)
