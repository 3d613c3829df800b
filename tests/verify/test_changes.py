"""What a case changes of the replies: the same wherever a record is shown, and never what the client wrote itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.site import Site
from mockserver.message import Call, Reply
from mockserver.state.world import World
from mockserver.vendors import site
from mockserver.verify.changes import Case, Change, Known, stage, struck

drawn: dict[str, Change] = {
    "text": {"do": "value", "thing": "UserlandUser", "record": "*", "path": ["first_name"], "value": "𝔘𝔫𝔦"},
    "null": {"do": "value", "thing": "UserlandUser", "record": "*", "path": ["first_name"], "value": None},
    "another": {"do": "value", "thing": "UserlandUser", "record": "*", "path": ["last_name"], "value": "<b>"},
}


class Place:
    """A world of one case, asked without a wire."""

    def __init__(self, *changes: Change) -> None:
        self.site: Site = site(["workos"])
        (self.engine,) = self.site.engines.values()
        self.world: World = self.site.worlds.origin.fork("case")
        self.key = self.engine.vendor.credentials(self.site.scene, self.engine.options)["api_key"]
        self.user = self.engine.vendor.subject(self.site.scene, self.engine.options)["id"]
        first = Call("GET", f"/user_management/users/{self.user}/sessions", "limit=100", {"authorization": f"Bearer {self.key}"})
        stage(self.engine, self.world, Case("valid", changes), Known({"listSessions": first}))
        self.site.worlds.put(self.world)

    def reply(self, method: str, path: str, query: str = "", body: object = None) -> Reply:
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json", "mock-world": "case"}
        content = json.dumps(body).encode() if body is not None else b""
        return self.site.answer(method, "http", "localhost:4010", f"/workos/user_management{path}", query, headers, content)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        reply = self.reply(method, path, "", body)
        assert reply.status == 200, reply.content
        return json.loads(reply.content)

    def sessions(self, query: str = "limit=100") -> list[str]:
        """The ids of one page."""
        return [row["id"] for row in json.loads(self.reply("GET", f"/users/{self.user}/sessions", query).content)["data"]]


@pytest.mark.parametrize("change", [drawn["text"], drawn["null"]], ids=["text", "null"])
def test_a_record_is_shown_the_same_wherever_it_is_shown(change: Change) -> None:
    """In the list, and by itself."""
    place = Place(change)
    listed = place.ask("GET", "/users")["data"][0]
    shown = place.ask("GET", f"/users/{listed['id']}")
    assert listed == shown
    assert shown["first_name"] == change["value"]


def test_what_the_client_wrote_is_shown_as_it_wrote_it() -> None:
    """At once and from then on; the rest of the record, and other records, are still as they were drawn."""
    place = Place(drawn["text"], drawn["another"])
    wrote = place.ask("PUT", f"/users/{place.user}", {"first_name": "Grace"})
    shown = place.ask("GET", f"/users/{place.user}")
    assert [wrote["first_name"], shown["first_name"], shown["last_name"]] == ["Grace", "Grace", "<b>"]
    others = [user for user in place.ask("GET", "/users")["data"] if user["id"] != place.user]
    assert {user["first_name"] for user in others} == {"𝔘𝔫𝔦"}


def test_a_change_that_leaves_the_contract_is_not_made() -> None:
    """The others of its case are."""
    place = Place({**drawn["text"], "value": {"no": "text"}}, drawn["another"])
    shown = place.ask("GET", f"/users/{place.user}")
    assert isinstance(shown["first_name"], str)
    assert shown["last_name"] == "<b>"


def test_a_list_that_shows_less_of_a_record_shows_the_same_of_it(tmp_path: Path) -> None:
    """Where it has a schema of its own: whatever of the record it shows is as the record shows it."""

    def answer(schema: dict[str, Any]) -> dict[str, Any]:
        return {"200": {"description": "Yes.", "content": {"application/json": {"schema": schema}}}}

    text, whole = {"type": "string"}, {"type": "integer"}
    short = {"type": "object", "required": ["id", "name"], "properties": {"id": text, "name": text}}
    full = {"type": "object", "required": ["id", "name", "age"], "properties": {"id": text, "name": text, "age": whole}}
    one = {"name": "id", "in": "path", "required": True, "schema": text}
    told = {
        "openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "components": {"schemas": {"Short": short, "Pet": full}},
        "paths": {
            "/pets": {"get": {"operationId": "listPets", "responses": answer({"type": "array", "items": {"$ref": "#/components/schemas/Short"}})}},
            "/pets/{id}": {"parameters": [one], "get": {"operationId": "getPet", "responses": answer({"$ref": "#/components/schemas/Pet"})}},
        },
    }  # fmt: skip
    (tmp_path / "pets.json").write_text(json.dumps(told))
    place = site([str(tmp_path / "pets.json")])
    (engine,) = place.engines.values()
    world = place.worlds.origin.fork("case")
    drawn: Change = {"do": "value", "thing": "Pet", "kind": "pets", "record": "*"}
    stage(engine, world, Case("valid", ({**drawn, "path": ["name"], "value": "<b>"}, {**drawn, "path": ["age"], "value": 7})), Known({}))
    listed: Any = engine.answer(Call("GET", "/pets"), world).value
    assert listed
    assert {pet["name"] for pet in listed} == {"<b>"}
    assert all(pet.get("age", 7) == 7 for pet in listed)
    assert engine.answer(Call("GET", f"/pets/{listed[0]['id']}"), world).value == {"id": listed[0]["id"], "name": "<b>", "age": 7}


def rows(count: int) -> Change:
    return {"do": "rows", "operation": "listSessions", "count": count}


def test_a_list_has_as_many_rows_as_the_case_says() -> None:
    """On all its pages, and none where it says none."""
    assert len(Place(rows(12)).sessions()) == 12
    assert Place(rows(0)).sessions() == []


def test_short_pages_have_more_to_come() -> None:
    """However many rows were asked for; who asks for fewer gets fewer."""
    place = Place(rows(5), {"do": "shorten", "operation": "listSessions", "parameter": "limit", "size": 2})
    page = json.loads(place.reply("GET", f"/users/{place.user}/sessions", "limit=100").content)
    assert [len(page["data"]), page["list_metadata"]["after"]] == [2, page["data"][-1]["id"]]
    assert len(place.sessions("limit=1")) == 1


@pytest.mark.parametrize("do", ["vanish", "appear"])
def test_a_row_moves_after_so_many_calls(do: str) -> None:
    """Out of the list, or into it; that is something out of the ordinary."""
    whole = Place(rows(5)).sessions()
    place = Place(rows(5), {"do": do, "operation": "listSessions", "record": whole[1], "after": 1})
    seen = [whole[1] in place.sessions() for _ in range(3)]
    assert seen == ([True, False, False] if do == "vanish" else [False, True, True])
    assert struck(place.world)


def test_credentials_expire_after_so_many_calls() -> None:
    """With the vendor's own 401, and only those that were used first."""
    place = Place({"do": "expire", "after": 1})
    assert [place.reply("GET", f"/users/{place.user}").status for _ in range(3)] == [200, 401, 401]
    assert struck(place.world)


@pytest.mark.parametrize(
    ("told", "out_of_the_ordinary"),
    [({"effect": "status", "status": 503}, True), ({"effect": "cut", "where": "body"}, True), ({"effect": "slow", "seconds": 0.3}, False)],
    ids=["an error", "a cut", "a little late"],
)
def test_who_meets_a_fault_may_give_up(told: dict[str, Any], out_of_the_ordinary: bool) -> None:
    """Not who only had to wait a little."""
    place = Place({"do": "fault", "operation": "getUser", **told})
    place.reply("GET", f"/users/{place.user}")
    assert struck(place.world) is out_of_the_ordinary
