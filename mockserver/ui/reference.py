"""The API reference of each vendor: Swagger UI over its contract, every try answered by this server. Needs no network."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from mockserver.engine.problems import problem
from mockserver.engine.site import Site

folder: Final = Path(__file__).with_name("swagger")
files: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
}

page: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: API reference</title>
<link rel="stylesheet" href="/_mockserver/reference/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<header style="padding: 1rem 20px; font: 14px/1.6 system-ui, sans-serif">
<strong>{title}</strong>, as this server fakes it. Sign in with: {credentials}
</header>
<main id="reference" data-document="/_mockserver/reference/{name}/openapi.json"></main>
<script src="/_mockserver/reference/swagger-ui-bundle.js"></script>
<script src="/_mockserver/reference/start.js"></script>
</body>
</html>
"""

# Swagger UI writes styles and data: images into the page; scripts only come from here, and nothing goes anywhere else.
policy: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def routes(site: Site) -> list[BaseRoute]:
    """The reference pages."""

    def page_of(path: str, answer: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            if request.path_params["vendor"] in site.engines:
                return answer(request)
            reply = problem("unknown-vendor", f"no {request.path_params['vendor']!r} here; served: {', '.join(site.engines)}")
            return Response(reply.content, reply.status, dict(reply.headers), reply.media)

        return Route(path, endpoint)

    def reference(request: Request) -> Response:
        name = request.path_params["vendor"]
        vendor, options = site.engines[name].vendor, site.engines[name].options
        told = " · ".join(f"{escape(key)} <code>{escape(value)}</code>" for key, value in vendor.credentials(site.scene, options).items())
        return HTMLResponse(page.format(title=escape(vendor.title or name), name=escape(name), credentials=told), headers=policy)

    def document(request: Request) -> Response:
        name = request.path_params["vendor"]
        root = site.engines[name].contract.document.root
        here = {"url": f"/{name}", "description": "this server"}
        return Response(orjson.dumps({**root, "servers": [here]}), media_type="application/json")

    def file(request: Request) -> Response:
        name = Path(request.url.path).name  # one of `files`, for only those have a route
        return Response((folder / name).read_bytes(), media_type=files[name], headers={"Cache-Control": "max-age=3600"})

    return [
        *(Route(f"/reference/{name}", file) for name in files),
        page_of("/reference/{vendor}", reference),
        page_of("/reference/{vendor}/openapi.json", document),
    ]
