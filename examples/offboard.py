"""Sign a person out everywhere: every session they hold with PagerDuty, WorkOS, Zendesk and Azure Virtual Desktop.

    mockserver demo                                      in one terminal
    python examples/offboard.py farid@example.com        in another

A client as one should be: it follows pages to their end, waits as long as it is told to when there is too much, tries again what may
be tried again, takes "it is not there" for an answer when it wanted it gone, and looks afterwards whether it worked. It needs httpx.

Exits 0 when nobody is signed in any more, 69 when a vendor could not be reached or did not do it, 2 when asked something it cannot do.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

api_version = "2024-04-03"


class GaveUp(Exception):
    """A vendor did not do what it was asked, and trying again does not help."""


@dataclass
class Api:
    """One vendor's API. Slow down, fail for a moment, drop the connection: it goes on all the same.

    tell  is told why nothing happens for a while
    """

    http: httpx.Client
    url: str
    headers: dict[str, str]
    tell: Callable[[str], None]
    tries: int = 8
    dice: random.Random = field(default_factory=random.Random)

    def call(self, method: str, path: str, *, fine: tuple[int, ...] = (), **more: Any) -> httpx.Response:
        """Call until there is an answer; `fine` are statuses that are answers too."""
        why = ""
        for attempt in range(self.tries):
            try:
                reply = self.http.request(method, path if "://" in path else self.url + path, headers=self.headers, **more)
            except httpx.TransportError as error:  # every call here may be made twice: sessions end once
                why, wait = f"{type(error).__name__}: {error}", self.backoff(attempt)
            else:
                if reply.is_success or reply.status_code in fine:
                    return reply
                why = f"{method} {reply.url.path} answered {reply.status_code}: {reply.text[:200]}"
                if reply.status_code not in (429, 500, 502, 503, 504):
                    raise GaveUp(why)
                wait = told_to_wait(reply) or self.backoff(attempt)
            if attempt + 1 < self.tries:
                self.tell(f"waiting {wait:.1f} s: {why.splitlines()[0][:90]}")
                time.sleep(wait)
        raise GaveUp(f"{why} ({self.tries} times)")

    def json(self, path: str, **more: Any) -> Any:
        """The value of a GET, asked again when it comes broken."""
        for attempt in range(self.tries):
            try:
                return self.call("GET", path, **more).json()
            except ValueError:
                self.tell(f"asking again: {path} was no JSON")
                time.sleep(self.backoff(attempt))
        raise GaveUp(f"GET {path} never answered JSON")

    def backoff(self, attempt: int) -> float:
        return min(0.25 * 2.0**attempt, 10.0) * self.dice.uniform(0.5, 1)


def told_to_wait(reply: httpx.Response) -> float:
    """Seconds the vendor asks to wait for, in the header it says it with; 0 when it does not."""
    for name in ("retry-after", "ratelimit-reset") if reply.status_code == 429 else ("retry-after",):
        text = reply.headers.get(name, "")
        if text.replace(".", "", 1).isdigit():
            return min(float(text), 120)
    return 0


@dataclass(frozen=True)
class Session:
    """One session: what to call it, and the call that ends it."""

    name: str
    method: str
    path: str
    json: Any = None


def pagerduty(api: Api, email: str, credentials: dict[str, str]) -> Iterator[Session]:
    api.headers = {"Authorization": f"Token token={credentials['api_key']}", "Accept": "application/json"}
    offset, more = 0, True
    while more:
        page = api.json("/users", params={"query": email, "limit": 100, "offset": offset})
        for user in page["users"]:
            if user["email"].lower() == email:
                for each in api.json(f"/users/{user['id']}/sessions")["user_sessions"]:
                    yield Session(each["id"], "DELETE", f"/users/{user['id']}/sessions/{each['type']}/{each['id']}")
        offset, more = offset + page["limit"], page["more"]


def workos(api: Api, email: str, credentials: dict[str, str]) -> Iterator[Session]:
    api.headers = {"Authorization": f"Bearer {credentials['api_key']}"}
    for user in workos_pages(api, "/user_management/users", email=email):
        for each in workos_pages(api, f"/user_management/users/{user['id']}/sessions"):
            yield Session(each["id"], "POST", "/user_management/sessions/revoke", {"session_id": each["id"]})


def workos_pages(api: Api, path: str, **asked: str) -> Iterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        page = api.json(path, params={"limit": 100, **asked, **({"after": after} if after else {})})
        yield from page["data"]
        after = page["list_metadata"]["after"]


def zendesk(api: Api, email: str, credentials: dict[str, str]) -> Iterator[Session]:
    key = b64encode(f"{credentials['email']}/token:{credentials['api_token']}".encode()).decode()
    api.headers = {"Authorization": f"Basic {key}"}
    for user in zendesk_pages(api, "/api/v2/users", "users"):
        if (user["email"] or "").lower() == email:
            for each in zendesk_pages(api, f"/api/v2/users/{user['id']}/sessions", "sessions"):
                yield Session(str(each["id"]), "DELETE", f"/api/v2/users/{user['id']}/sessions/{each['id']}")


def zendesk_pages(api: Api, path: str, name: str) -> Iterator[dict[str, Any]]:
    after, more = "", True
    while more:
        page = api.json(path, params={"page[size]": 100, **({"page[after]": after} if after else {})})
        yield from page[name]
        after, more = page["meta"]["after_cursor"], page["meta"]["has_more"]


def azure(api: Api, email: str, credentials: dict[str, str]) -> Iterator[Session]:
    root = api.url.rsplit("/azure", 1)[0]  # Entra's addresses cannot have a prefix
    form = {
        "grant_type": "client_credentials", "client_id": credentials["client_id"], "client_secret": credentials["client_secret"],
        "scope": "https://management.azure.com/.default",
    }  # fmt: skip
    token = api.call("POST", f"{root}/{credentials['tenant_id']}/oauth2/v2.0/token", data=form).json()["access_token"]
    api.headers = {"Authorization": f"Bearer {token}"}
    pools = f"/subscriptions/{credentials['subscription_id']}/providers/Microsoft.DesktopVirtualization/hostPools"
    for pool in azure_pages(api, f"{pools}?api-version={api_version}"):
        for each in azure_pages(api, f"{pool['id']}/userSessions?api-version={api_version}"):
            if each["properties"]["userPrincipalName"].lower() == email:
                yield Session(each["name"], "DELETE", f"{each['id']}?api-version={api_version}&force=true")


def azure_pages(api: Api, path: str | None) -> Iterator[dict[str, Any]]:
    while path:
        page = api.json(path)
        yield from page["value"]
        path = page.get("nextLink")


vendors: dict[str, Callable[[Api, str, dict[str, str]], Iterator[Session]]] = {
    "azure": azure,
    "pagerduty": pagerduty,
    "workos": workos,
    "zendesk": zendesk,
}


class Progress:
    """A bar for each vendor, in place on a terminal, a line for each elsewhere."""

    def __init__(self, vendor: str) -> None:
        self.vendor, self.live, self.bar = vendor, sys.stderr.isatty(), ""

    def show(self, done: int, total: int, words: str = "") -> None:
        filled = 24 * done // total if total else 24
        self.bar = f"  {self.vendor:<10} {'█' * filled}{'░' * (24 - filled)} {done} of {total} ended {words}"
        if self.live:
            print(f"\r\x1b[K{self.bar[:110]}", end="", file=sys.stderr, flush=True)

    def tell(self, words: str) -> None:
        """Something worth a line: why there is a wait."""
        print(f"\r\x1b[K    {self.vendor}: {words}" if self.live else f"    {self.vendor}: {words}", file=sys.stderr, flush=True)

    def end(self) -> None:
        print(f"\r\x1b[K{self.bar}" if self.live else self.bar, file=sys.stderr, flush=True)


def offboard(http: httpx.Client, vendor: str, told: dict[str, Any], email: str, pace: float) -> int:
    """End every session of a person with one vendor; how many there were. Raises GaveUp."""
    progress = Progress(vendor)
    api = Api(http, told["url"], {}, progress.tell)
    find = vendors[vendor]
    sessions = list(find(api, email, told["credentials"]))
    progress.show(0, len(sessions))
    for done, session in enumerate(sessions, 1):
        api.call(session.method, session.path, fine=(404,), **({"json": session.json} if session.json else {}))
        progress.show(done, len(sessions), session.name)
        time.sleep(pace)
    left = list(find(api, email, told["credentials"]))
    progress.show(len(sessions) - len(left), len(sessions))
    progress.end()
    if left:
        raise GaveUp(f"{vendor} still lists {', '.join(each.name for each in left[:5])}")
    return len(sessions)


def main() -> int:
    parser = argparse.ArgumentParser(description="Sign a person out everywhere.")
    parser.add_argument("email", help="who, such as farid@example.com")
    parser.add_argument("--url", default="http://127.0.0.1:4010", help="where mockserver answers (default: %(default)s)")
    parser.add_argument("--world", default="default", help="the world that is meant (default: %(default)s)")
    parser.add_argument("--pace", type=float, default=0.15, help="seconds between two sessions, to watch it (default: %(default)s)")
    asked = parser.parse_args()
    with httpx.Client(timeout=10, trust_env=False, headers={"Mock-World": asked.world}) as http:
        try:
            served = http.get(f"{asked.url}/_mockserver/").raise_for_status().json()["vendors"]
        except (httpx.HTTPError, KeyError, ValueError) as error:
            print(f"offboard: {asked.url} is no mockserver: {error}; start `mockserver demo` or say --url", file=sys.stderr)
            return 2
        print(f"Signing {asked.email} out everywhere", file=sys.stderr)
        ended, failed = 0, False
        for vendor in vendors:
            if vendor in served:
                try:
                    ended += offboard(http, vendor, served[vendor], asked.email.lower(), asked.pace)
                except GaveUp as error:
                    failed = True
                    print(f"\n  {vendor}: gave up: {error}", file=sys.stderr)
    print(f"{ended} sessions ended{', not everywhere' if failed else ''}", file=sys.stderr)
    return 69 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
