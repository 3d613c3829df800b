"""The sessions of a person, by PagerDuty's own SDK: the ids on the last line. Its own errors are caught; nothing else is."""

import json
import os
import ssl
import sys

from pagerduty import Error, RestApiV2Client

credentials = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])
user = json.loads(os.environ["MOCKSERVER_SUBJECT"])["id"]
trust = ssl.create_default_context(cafile=os.environ["MOCKSERVER_CA"])
with RestApiV2Client(credentials["api_key"], base_url=os.environ["MOCKSERVER_TLS_URL"], verify=trust) as client:
    client.timeout = 3
    try:
        sessions = client.rget(f"/users/{user}/sessions")
    except Error as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(75)
if not all(isinstance(session, dict) and isinstance(session.get("id"), str) for session in sessions):
    sys.exit(76)  # the SDK hands on what came as it came: to look at it is up to its user
print(json.dumps([session["id"] for session in sessions]))
