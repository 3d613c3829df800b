"""The dashboard under /_mockserver/ui/: pages over the control API, made on the server; without JavaScript they only do not move."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mockserver.contract.wire import BrokenEncoding, pairs
from mockserver.engine.site import Site, world_name
from mockserver.ui.look import Look, Page, Unavailable, filled, frame, root
from mockserver.ui.markup import h
from mockserver.ui.pages import pages

folder: Final = Path(__file__).parent
files: Final = {"look.css": "text/css", "live.js": "text/javascript"}

# Nothing comes from elsewhere and nothing inline runs: what a page shows of the data cannot do anything.
policy: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def routes(site: Site) -> list[BaseRoute]:
    """The dashboard's pages, files and buttons."""

    def page_route(path: str, name: str, page: Page) -> Route:
        async def endpoint(request: Request) -> Response:
            look = Look(site, request)
            if not world_name.fullmatch(look.world_name):
                return RedirectResponse(f"{root}/default/", 303)
            try:
                title, content = await page(look)
                return html(await frame(look, name, title, content))
            except Unavailable as error:
                return html(await frame(look, name, "Not there", h.p(h.a("Overview", href=look.href())), str(error)), error.status)

        return Route(f"/ui/{{world}}/{path}", endpoint)

    async def act(request: Request) -> Response:
        """A button was pressed: carry out its operation, then back to where it stands."""
        look = Look(site, request)
        name = request.path_params["operation"]
        try:
            form = {field: values[-1] for field, values in pairs((await request.body()).decode("latin-1")).items()}
        except BrokenEncoding:
            form = {}
        back = form.pop("_back", "")
        if not back.startswith(f"{root}/"):
            back = look.href()
        operation = look.control.contract.operations.get(name)
        if operation is None or operation.method == "GET" or not world_name.fullmatch(look.world_name):
            return RedirectResponse(look.href(), 303)
        try:
            await look.ask(name, **filled(operation, form))
        except Unavailable as error:
            return html(await frame(look, "-", "That did not work", h.p(h.a("Back", href=back)), str(error)), error.status)
        return RedirectResponse(back, 303, headers=policy)

    def file(request: Request) -> Response:
        name = Path(request.url.path).name  # one of `files`, for only those have a route
        return Response((folder / name).read_bytes(), media_type=files[name], headers={"Cache-Control": "no-cache"})

    def start(request: Request) -> Response:
        return RedirectResponse(f"{root}/default/", 307)

    def go(request: Request) -> Response:
        """The world that was chosen at the top of a page."""
        name = request.query_params.get("to", "")
        return RedirectResponse(f"{root}/{quote(name if world_name.fullmatch(name) else 'default', safe='')}/", 303)

    return [
        Route("/ui", start),
        Route("/ui/", start),
        Route("/ui/go", go),
        *(Route(f"/ui/{name}", file) for name in files),
        Route("/ui/{world}/act/{operation}", act, methods=["POST"]),
        *(page_route(path, name, page) for path, name, page in pages),
    ]


def html(content: bytes, status: int = 200) -> Response:
    return Response(content, status, headers=policy, media_type="text/html")
