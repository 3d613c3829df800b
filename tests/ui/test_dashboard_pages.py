"""The dashboard without a browser: every page answers, buttons do what they say, and nothing can be made to do anything else."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from mockserver.engine.limits import Window
from mockserver.engine.site import Site
from mockserver.ui import dashboard, reference
from mockserver.ui.pages import pages, tail
from mockserver.vendors import site as make_site
from mockserver.web.app import App
from tests import toy


class Browser:
    """The pages of a site, asked for as a browser does."""

    def __init__(self, site: Site) -> None:
        self.app = App(site, [*dashboard.routes(site), *reference.routes(site)])

    def __call__(self, method: str, path: str, form: Any = None, headers: Any = None) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4010") as client:
                return await client.request(method, f"/_mockserver/ui{path}", data=form, headers=headers)

        return asyncio.run(once())


@pytest.fixture
def browse(site: Site) -> Browser:
    return Browser(site)


places = [path.format(email="ada@example.com", number=1) for path, _, _ in pages]


@pytest.mark.parametrize("place", places, ids=lambda place: place or "overview")
def test_every_page_answers_for_any_vendor(browse: Browser, site: Site, place: str) -> None:
    """Also for one whose card tells nothing of people, and whose calls left the contract in every way there is."""
    for path, query in (("/shelves", "limit=0"), ("/nothing", ""), ("/lies", ""), ("/shelves", "")):
        toy.ask(site, "GET", path, query=query)
    reply = browse("GET", f"/default/{place}")
    assert reply.status_code == 200
    assert "<h1>" in reply.text
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_limits_are_shown_as_full_as_they_are(browse: Browser, site: Site) -> None:
    """By limit and caller, once a call was counted."""
    assert "No call was counted yet." in browse("GET", "/default/faults").text
    Window("library:all", 700, 60).spend(site.worlds.get("default"), "ada", toy.noon)
    text = re.sub("<[^>]+>", " ", browse("GET", "/default/faults").text)
    assert " ".join(text.partition("More in")[2].split()).startswith("library:all ada 699 of 700 60 s")


def test_no_page_asks_for_anything_from_elsewhere(browse: Browser) -> None:
    """Every address in a page, its style and its script is one of this server."""
    texts = [browse("GET", f"/default/{place}").text for place in places] + [browse("GET", f"/{name}").text for name in dashboard.files]
    for text in texts:
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text)
        assert not re.findall(r"https?://|url\(|@import", text.replace("http://localhost:4010", ""))


def test_no_page_runs_anything_inline(browse: Browser) -> None:
    """No script but the file, no style attribute, no on-something attribute: the policy would stop them."""
    for place in places:
        text = browse("GET", f"/default/{place}").text
        assert re.findall(r"<script[^>]*>", text) == ['<script src="/_mockserver/ui/live.js" defer>']
        assert not re.findall(r"<[^>]*\s(?:style|on\w+)=", text)


def act(browse: Browser, operation: str, **form: Any) -> httpx.Response:
    return browse("POST", f"/default/act/{operation}", form)


def test_a_button_does_its_operation_and_leads_back(browse: Browser, site: Site) -> None:
    """A form's fields are typed as the operation's document has them."""
    reply = act(browse, "moveClock", advance="3600", _back="/_mockserver/ui/default/clock")
    assert (reply.status_code, reply.headers["location"]) == (303, "/_mockserver/ui/default/clock")
    assert site.worlds.get("default").clock.now() == toy.noon + 3_600_000


@pytest.mark.parametrize("back", ["https://www.example.org/", "//www.example.org/", "/elsewhere", "", "javascript:alert(1)"])
def test_a_form_leads_nowhere_else(browse: Browser, back: str) -> None:
    """Where to go back to is a page of the dashboard, whatever the form says."""
    assert act(browse, "keepCheckpoint", name="x", _back=back).headers["location"] == "/_mockserver/ui/default/"


def test_what_did_not_work_is_said_on_a_page(browse: Browser) -> None:
    """The control API's words, escaped, with its status."""
    reply = act(browse, "rewindWorld", to="<b>nowhere</b>")
    assert reply.status_code == 404
    assert "&lt;b&gt;nowhere&lt;/b&gt;" in reply.text
    assert "<b>nowhere" not in reply.text


def test_a_page_of_another_site_presses_no_button(browse: Browser, site: Site) -> None:
    """The guard stands before the dashboard as before the control API."""
    for name, value in (("Origin", "https://www.example.org"), ("Sec-Fetch-Site", "cross-site"), ("Host", "rebound.example.org")):
        assert browse("POST", "/default/act/forgetJournal", None, {name: value}).status_code == 403
        assert browse("GET", "/default/", None, {name: value}).status_code == 403


@pytest.mark.parametrize("path", ["/default/act/nothing", "/default/act/followJournal"])
def test_a_button_that_is_none_does_nothing(browse: Browser, path: str) -> None:
    """An operation that does not exist, or that is not one to press."""
    assert browse("POST", path, {}).headers["location"] == "/_mockserver/ui/default/"


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/..%2flook.py", "/look.py", "/default/%2e%2e/pages.py"])
def test_no_file_is_reached_by_a_path(browse: Browser, path: str) -> None:
    """Files are served by name from a list; a path leads to none."""
    reply = browse("GET", path)
    assert b"from __future__" not in reply.content
    assert b"root:" not in reply.content


def test_an_odd_world_leads_to_the_default_one(browse: Browser) -> None:
    """A name no world may have is no page."""
    assert browse("GET", "/a%20b/people").status_code == 303
    assert browse("GET", "/go?to=../x").headers["location"] == "/_mockserver/ui/default/"
    assert browse("GET", "/").headers["location"] == "/_mockserver/ui/default/"


@pytest.mark.slow
def test_everybody_of_the_scene_is_shown_with_the_sessions_the_vendors_list() -> None:
    """One person, all vendors: what a page shows is what each vendor's own list says, and revoking empties both."""
    site = make_site()
    browse = Browser(site)
    for person in site.scene.people:
        text = browse("GET", f"/default/people/{person.email}").text
        for vendor in site.engines:
            shown = re.search(rf'id="sessions-{vendor}".*?</h2>', text, re.DOTALL)
            assert shown is not None
            assert f"</span> {person.sessions}</h2>" in shown[0], (person.email, vendor)
    act(browse, "revokeSessions", email="farid@example.com")
    assert "data-session" not in browse("GET", "/default/people/farid@example.com").text
    assert {each.reply.status // 100 for each in site.worlds.get("default").journal} == {2}


def test_the_end_of_a_path_is_where_its_meaning_is() -> None:
    """Long paths are shown from their end."""
    assert tail("/users/{id}") == "/users/{id}"
    assert tail("/a/b/c/d/e/{id}") == "…/d/e/{id}"
