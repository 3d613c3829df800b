"""Whether an installed mockserver serves: one line of JSON, one GET of each vendor, a clean stop. Needs nothing but the install."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

Credentials = Mapping[str, str]


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


asked: dict[str, tuple[str, Callable[[Credentials], str]]] = {
    "azure": (
        "/subscriptions/{subscription_id}/providers/Microsoft.DesktopVirtualization/hostPools?api-version=2024-04-03",
        lambda own: f"Bearer {own['access_token']}",
    ),
    "pagerduty": ("/users", lambda own: f"Token token={own['api_key']}"),
    "workos": ("/user_management/users", lambda own: f"Bearer {own['api_key']}"),
    "zendesk": ("/api/v2/users.json", lambda own: basic(f"{own['email']}/token", own["api_token"])),
}

program = Path(sys.executable).with_name("mockserver")  # not `-m`, which would find a checkout around it
with subprocess.Popen([program, "serve", "--json", "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
    assert server.stdout
    told = json.loads(server.stdout.readline())
    assert told["vendors"].keys() == asked.keys(), told
    for vendor, (path, authorization) in asked.items():
        own = told["vendors"][vendor]
        headers = {"Authorization": authorization(own["credentials"])}
        request = urllib.request.Request(own["url"] + path.format_map(own["credentials"]), headers=headers)
        with urllib.request.urlopen(request, timeout=20) as reply:
            print(f"{reply.status} {request.full_url}")
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0, server.returncode
    assert server.stdout.read() == "", "more than one line on stdout"
