"""The sessions of a person, by WorkOS' own SDK: the ids on the last line. Its own errors are caught; nothing else is."""

import json
import os
import sys

from workos import WorkOSClient
from workos._errors import WorkOSError

credentials = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])
user = json.loads(os.environ["MOCKSERVER_SUBJECT"])["id"]
with WorkOSClient(
    api_key=credentials["api_key"], client_id=credentials["client_id"], base_url=os.environ["MOCKSERVER_URL"], request_timeout=3
) as client:
    try:
        print(json.dumps([session.id for session in client.user_management.list_sessions(user).auto_paging_iter()]))
    except WorkOSError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(75)
