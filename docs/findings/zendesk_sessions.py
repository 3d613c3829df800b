"""The sessions of everybody, by the Zendesk SDK: the ids on the last line. Its own errors are caught; nothing else is."""

import json
import os
import sys

import httpx
import zendesk as sdk
from zendesk.errors import NoResponseError
from zendesk.errors.zendeskerror import ZendeskError

credentials = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])
security = sdk.models.Security(username=f"{credentials['email']}/token", password=credentials["api_token"])
client = sdk.Zendesk(security=security, server_url=os.environ["MOCKSERVER_URL"], timeout_ms=3000)
ids: list[object] = []
try:
    page = client.sessions.list_sessions(page_size=100)
    while page is not None:
        ids += [session.id for session in page.result.sessions or []]
        page = page.next()
except (ZendeskError, NoResponseError, httpx.HTTPError) as error:
    print(f"{type(error).__name__}: {error}"[:500], file=sys.stderr)
    sys.exit(75)
print(json.dumps(ids))
