"""A client of WorkOS' sessions, right in every way but for the defect that is named: `sessions.py JOB [DEFECT]`.

Jobs: `list` tells the ids of a person's sessions; `offboard` shows the person and revokes the newest active session.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

job, defect = sys.argv[1], (sys.argv[2:] or [""])[0]
base = urlsplit(os.environ["MOCKSERVER_URL"])
user = json.loads(os.environ["MOCKSERVER_SUBJECT"])["id"]
key = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])["api_key"]
patience = None if defect == "waits for ever" else 2.0


class GaveUp(Exception):
    """It cannot be done, and says so."""


class Unsure(GaveUp):
    """It may have been done."""


def once(method: str, path: str, query: dict[str, Any], body: object) -> tuple[int, dict[str, Any], bytes]:
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=patience)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        target = f"{base.path}{path}" + (f"?{urlencode(query)}" if query else "")
        connection.request(
            method,
            target,
            json.dumps(body) if body is not None else None,
            headers if body is not None else {"Authorization": headers["Authorization"]},
        )
        reply = connection.getresponse()
        content = reply.read()
        if defect != "ignores the length" and reply.length:
            raise http.client.IncompleteRead(content)
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, content
    except http.client.IncompleteRead:
        if defect == "ignores the length":
            return 200, {"content-type": "application/json"}, b'{"data": [], "list_metadata": {"after": null}}'
        raise
    finally:
        connection.close()


def ask(method: str, path: str, query: dict[str, Any] | None = None, body: object = None) -> tuple[int, dict[str, Any], bytes]:
    attempts = 1000 if defect == "retries for ever" else 3
    for _ in range(attempts):
        try:
            status, headers, content = once(method, path, query or {}, body)
        except (OSError, http.client.HTTPException) as error:
            if defect == "does not catch":
                raise
            if method == "POST" and defect != "repeats what it may have done":
                raise Unsure(f"no answer: {error}") from None
            continue
        if status in (429, 503) and defect != "never retries":
            if defect != "does not wait":
                time.sleep(int(headers.get("retry-after", "1")))
            continue
        if status >= 500 and (method == "GET" or defect in ("repeats what it may have done", "retries for ever")):
            continue
        return status, headers, content
    if defect == "takes errors for nothing":
        return 500, {}, b""
    raise GaveUp("asked three times")


def read(method: str, path: str, query: dict[str, Any] | None = None, body: object = None) -> dict[str, Any]:
    status, headers, content = ask(method, path, query, body)
    if status == 401 and defect == "is lost without its key":
        raise RuntimeError("401")
    if status >= 400 and defect != "takes errors for nothing":
        raise GaveUp(f"{status}")
    if status >= 400:
        return {}
    if "json" not in headers.get("content-type", "") and defect not in ("trusts every body", "takes what it cannot read for nothing"):
        raise GaveUp("no JSON")
    try:
        found = json.loads(content)
    except ValueError:
        if defect == "takes what it cannot read for nothing":
            return {}
        if defect == "trusts every body":
            raise
        raise GaveUp("no JSON") from None
    if not isinstance(found, dict):
        raise GaveUp("no object")
    return found


def field(record: dict[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    value = record.get(name)
    if not isinstance(value, kind):
        raise GaveUp(f"{name} is {value!r}")
    return value


def check(session: dict[str, Any]) -> str:
    """What a client does with what it is shown."""
    if defect == "needs a browser":
        session["user_agent"].lower()
    if defect == "needs an address":
        session["ip_address"].split(".")
    if defect == "knows all ways in":
        {"password": 1, "sso": 1, "oauth": 1, "passkey": 1, "magic_code": 1}[session["auth_method"]]
    if defect == "reads times its own way":
        time.strptime(session["expires_at"], "%Y-%m-%dT%H:%M:%S.%fZ")
    if defect == "closes the door to new fields":
        known = {"object", "id", "user_id", "organization_id", "impersonator", "ip_address", "user_agent", "status", "auth_method", "expires_at",
                 "ended_at", "created_at", "updated_at"}  # fmt: skip
        assert set(session) <= known
    if defect == "believes any id":
        return str(session.get("id"))
    return str(field(session, "id", str))


def pages() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    limit = 7
    while True:
        query: dict[str, Any] = {"limit": 1000 if defect == "asks for too much" else limit, **({"after": after} if after else {})}
        if defect == "asks for what is not there":
            query["page"] = "1"
        page = read("GET", f"/user_management/users/{user}/sessions", query)
        if not page and defect in ("takes errors for nothing", "takes what it cannot read for nothing"):
            return found
        rows: Any = page.get("data") if defect == "does without the list" else field(page, "data", list)
        found += rows or []
        if defect == "reads one page":
            return found
        if defect == "stops at a short page" and len(rows) < limit:
            return found
        if defect == "needs a row":
            rows[0]["id"]
        metadata: Any = page.get("list_metadata") if defect == "does without the list" else field(page, "list_metadata", dict)
        if "after" not in metadata:
            raise GaveUp("no cursor")
        after = field(metadata, "after", (str, type(None)))
        if defect == "never ends" and not after:
            after = rows[-1]["id"] if rows else None
            if rows == []:
                after = found[-1]["id"] if found else None
                continue
        if not after:
            return found


def main() -> None:
    if job == "list":
        rows = [each for each in pages() if isinstance(each, dict) or defect]
        ids = [check(each) for each in rows]
        if defect == "drops who came by other ways":
            ids = [each["id"] for each in rows if each.get("user_agent")]
        print(json.dumps(ids))
        return
    person = read("GET", f"/user_management/users/{user}")
    if defect == "needs a name":
        person["first_name"].title()
    newest = read("GET", f"/user_management/users/{user}/sessions", {"limit": 1})
    rows = field(newest, "data", list)
    if rows:
        status, _, _ = ask(
            "POST",
            "/user_management/sessions/revoke",
            None,
            {"session_id": check(rows[0]), **({"why": 1} if defect == "sends more" else {})},
        )
        if status == 404 and defect == "insists on what it saw":
            raise RuntimeError("404")
        if status >= 400 and status != 404 and defect != "does not look":
            raise GaveUp(str(status))


if defect in ("does not catch", "trusts every body"):
    main()
else:
    try:
        main()
    except GaveUp as error:
        print(f"gave up: {error}", file=sys.stderr)
        sys.exit(75)
