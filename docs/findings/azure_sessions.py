"""The sessions of a host pool, by the Azure SDK: the ids on the last line. Its own errors are caught; nothing else is."""

import json
import os
import sys

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.mgmt.desktopvirtualization import DesktopVirtualizationMgmtClient

credentials = json.loads(os.environ["MOCKSERVER_CREDENTIALS"])
subject = json.loads(os.environ["MOCKSERVER_SUBJECT"])


class Known:
    """A token that is there already."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken(credentials["access_token"], 4_102_444_800)


where = {
    "base_url": os.environ["MOCKSERVER_TLS_URL"],
    "connection_verify": os.environ["MOCKSERVER_CA"],
    "read_timeout": 3,
    "retry_total": 2,
}
with DesktopVirtualizationMgmtClient(Known(), subject["subscriptionId"], **where) as client:
    try:
        print(
            json.dumps(
                [session.id for session in client.user_sessions.list_by_host_pool(subject["resourceGroupName"], subject["hostPoolName"])]
            )
        )
    except AzureError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(75)
