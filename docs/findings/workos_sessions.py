"""The sessions of a person, by WorkOS' own SDK: the ids on the last line. Its own errors are caught; nothing else is.

With --warm it is kept from case to case (`mockserver verify client --warm`): this SDK takes longer to import than to use.
"""

import json
import os
import sys
from typing import Any

from workos import WorkOSClient
from workos._errors import WorkOSError


def case() -> dict[str, Any]:
    """One listing: how it ended, and the ids it believes in."""
    credentials = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])
    user = json.loads(os.environ["MOCKSERVER_SUBJECT"])["id"]
    account = {"api_key": credentials["api_key"], "client_id": credentials["client_id"], "base_url": os.environ["MOCKSERVER_URL"]}
    with WorkOSClient(**account, request_timeout=3) as client:
        try:
            return {"exit": 0, "view": [session.id for session in client.user_management.list_sessions(user).auto_paging_iter()]}
        except WorkOSError as error:
            return {"exit": 75, "said": f"{type(error).__name__}: {error}"}


if "--warm" in sys.argv:
    for line in sys.stdin:
        os.environ.update(json.loads(line))
        print(json.dumps(case()), flush=True)
else:
    ended = case()
    print(ended.get("said", ""), file=sys.stderr)
    print(json.dumps(ended.get("view")))
    sys.exit(ended["exit"])
