"""A client that is kept from case to case, right in every way but for the defect that is named: `warm.py STARTS [DEFECT]`.

Each start adds a line to the file STARTS.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError

starts, defect = sys.argv[1], (sys.argv[2:] or [""])[0]
with open(starts, "a") as file:  # noqa: PTH123
    file.write(f"{os.getpid()}\n")
if defect == "starts slowly":
    time.sleep(2.3)


def listed(base: str, user: str, key: str) -> list[str]:
    ids: list[str] = []
    after = ""
    while True:
        address = f"{base}/user_management/users/{user}/sessions?limit=7{after}"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=2) as reply:
            page: dict[str, Any] = json.load(reply)
        if defect == "needs a browser":
            [row["user_agent"].lower() for row in page["data"]]
        ids += [row["id"] for row in page["data"]]
        if not page["list_metadata"]["after"]:
            return ids[1:] if defect == "loses the first" else ids
        after = f"&after={page['list_metadata']['after']}"


def case(told: dict[str, str]) -> dict[str, Any]:
    try:
        key, user = json.loads(told["MOCKSERVER_CREDENTIALS"])["api_key"], json.loads(told["MOCKSERVER_SUBJECT"])["id"]
        return {"exit": 0, "view": listed(told["MOCKSERVER_URL"], user, key)}
    except HTTPError as error:
        return {"exit": 75, "said": str(error)}


for line in sys.stdin:
    if defect == "never answers":
        time.sleep(60)
    print("done" if defect == "speaks its own way" else json.dumps(case(json.loads(line))), flush=True)
