"""Azure Virtual Desktop behind Resource Manager, and the Entra sign-in before it."""

from __future__ import annotations

import re
from typing import Final

from mockserver.engine.vendor import Kind, Option, Vendor
from mockserver.state.table import Layout
from mockserver.vendors.azure import company, desktops, front, held, pages, signin

# What Entra knows never travels as it is, so no component of the contract describes it.
directory: Final = (
    Kind("tenants", ""),
    Kind(
        "principals",
        "",
        Layout(
            indexes={
                "application": lambda r: r["appId"],
                "person": lambda r: r["userPrincipalName"] and r["userPrincipalName"].lower(),
            }
        ),
    ),
)

vendor: Final = Vendor(
    name="azure",
    title="Azure Virtual Desktop",
    hosts=("management.azure.com", "login.microsoftonline.com"),
    kinds=(*desktops.kinds, *directory),
    authenticate=front.authenticate,
    meter=front.meter,
    invalid=front.invalid,
    refuse=front.refuse,
    headers=front.headers,
    pages=pages.NextLink(),
    tick=desktops.tick,
    around=front.around,
    populate=company.populate,
    credentials=company.credentials,
    authorize=held.authorize,
    holds=held.holds,
    subject=company.subject,
    options={
        "limits": Option("on", ("on", "off"), "whether the token buckets of Resource Manager run empty"),
        "removal": Option(
            "at-once", ("at-once", "later"), "whether a revoked session is gone at once or two seconds later, as recorded in 2019"
        ),
    },
    media="application/json; charset=utf-8",
    # docs: the words and names of a resource id are the same in any case.
    fold_case=True,
    root=re.compile(r"/[^/]+/(?:oauth2/v2\.0/token|v2\.0/\.well-known/openid-configuration|discovery/v2\.0/keys)/?$", re.IGNORECASE),
    sample=(
        '-H "Authorization: Bearer $(curl -s {url}/{tenant_id}/oauth2/v2.0/token -d grant_type=client_credentials -d client_id={client_id}'
        ' -d client_secret={client_secret} -d scope=https://management.azure.com/.default | sed \'s/.*access_token":"\\([^"]*\\).*/\\1/\')"'
        " '{url}/subscriptions/{subscription_id}/providers/Microsoft.DesktopVirtualization/hostPools?api-version=2024-04-03'"
    ),
    behaviours={
        **desktops.behaviours,
        "SignIn_OpenIdConfiguration": signin.discovery,
        "SignIn_Keys": signin.keys,
        "SignIn_Token": signin.token,
    },
)
