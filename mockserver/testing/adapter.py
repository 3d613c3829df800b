"""The adapter of requests: its own, over a wire in memory. Timeouts, retries and broken replies stay what requests makes of them."""

from __future__ import annotations

from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from mockserver.testing.memory import Arrived, Socket, Speak


def adapter(speak: Speak) -> HTTPAdapter:
    """An adapter to mount: `session.mount("https://", …)`."""

    class Plain(HTTPConnection):
        response_class = Arrived

        def connect(self) -> None:
            self.sock = Socket(speak, "http", self.host, self.timeout)

    class Secure(HTTPSConnection):
        response_class = Arrived

        def connect(self) -> None:
            self.sock, self.is_verified = Socket(speak, "https", self.host, self.timeout), True

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    class InProcess(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, **more)
            self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}

        def cert_verify(self, *_: Any) -> None:
            """Nobody has to prove who they are in one process."""

    return InProcess()
