"""Any document, with no code: what is sent is remembered, and every reply keeps the document's own contract."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.site import made
from mockserver.message import Json
from tests.documents.conftest import Client, Serve


def test_a_pet_lives_its_whole_life(petstore: Client) -> None:
    """Created, read, listed by a filter, replaced by its id in the body, changed by a form, deleted, and then gone for good."""
    made = petstore("POST", "/pet", {"name": "Rex", "photoUrls": [], "status": "sold"})
    assert (made.status, made.value["name"]) == (200, "Rex")
    ident = made.value["id"]
    assert petstore("GET", f"/pet/{ident}").value == made.value
    assert made.value in petstore("GET", "/pet/findByStatus", status="sold").value
    assert made.value not in petstore("GET", "/pet/findByStatus", status=["available", "pending"]).value
    replaced = {"id": ident, "name": "Max", "photoUrls": ["https://example.com/max.png"]}
    assert petstore("PUT", "/pet", replaced).value == replaced
    assert petstore("POST", f"/pet/{ident}", b"name=Zoe&status=pending", "application/x-www-form-urlencoded").status == 200
    assert petstore("GET", f"/pet/{ident}").value == {**replaced, "name": "Zoe", "status": "pending"}
    assert petstore("DELETE", f"/pet/{ident}").status == 200
    assert petstore("GET", f"/pet/{ident}").status == 404
    assert petstore("DELETE", f"/pet/{ident}").status == 404


def test_things_are_told_apart_by_whatever_the_path_names(petstore: Client) -> None:
    """Users of the petstore have an id and a username; their path names the username."""
    petstore("POST", "/user/createWithList", [{"username": "amy"}, {"username": "bob", "email": "bob@example.com"}])
    assert petstore("GET", "/user/bob").value == {"username": "bob", "email": "bob@example.com"}
    petstore("PUT", "/user/amy", {"firstName": "Amy"})
    assert petstore("GET", "/user/amy").value == {"username": "amy", "firstName": "Amy"}


def test_what_only_the_server_sets_is_for_scenes_to_tell(serve: Serve) -> None:
    """A scene and the control API say what a record's id and state are; a client that sends them is not heard."""
    shown = {"id": {"type": "string", "readOnly": True}, "status": {"enum": ["new", "old"], "readOnly": True}, "name": {"type": "string"}}
    content = {"application/json": {"schema": {"type": "object", "required": [*shown], "properties": shown}}}
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    client = serve({
        "openapi": "3.1.0", "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/carts": {"post": {"requestBody": {"content": content}, "responses": {"201": {"description": "", "content": content}}}},
            "/carts/{id}": {"get": {"parameters": [path], "responses": {"200": {"description": "", "content": content}}}},
        },
    })  # fmt: skip
    told: dict[str, Json] = {"id": "c-7", "status": "old", "name": "Ada"}
    assert made(client.engine, client.engine.kinds["carts"], client.site.worlds.get("default"), told) == (told, [])
    assert client("POST", "/carts", told).value["id"] != "c-7"


def test_records_point_to_records_that_are_there(petstore: Client) -> None:
    """An order's petId is the id of a pet."""
    pets = {pet["id"] for pet in petstore("GET", "/pet/findByStatus", status=["available", "pending", "sold"]).value}
    orders = [petstore("GET", f"/store/order/{number}").value for number in (1, 2, 3)]
    assert {order["petId"] for order in orders} <= pets


@pytest.mark.parametrize("path", ["/pet/1", "/v2/pet/1", "/petstore/pet/1", "/petstore/v2/pet/1"])
def test_the_servers_path_and_the_documents_name_may_stand_before_every_path(petstore: Client, path: str) -> None:
    """Clients are configured with or without the base path that the document's server has."""
    assert petstore("GET", path).value["id"] == 1


def test_xml_travels_both_ways_by_the_schemas_notes(petstore: Client) -> None:
    """Wrapped lists, names of elements, numbers: what is sent as XML is read as JSON, and the other way round."""
    sent = b'<?xml version="1.0"?><Pet><id>77</id><name>Ivy &amp; Co</name><photoUrl><photoUrls>a</photoUrls></photoUrl><tag/></Pet>'
    assert petstore("POST", "/pet", sent, "application/xml").value == {"id": 77, "name": "Ivy & Co", "photoUrls": ["a"], "tags": []}
    reply = petstore.with_headers(accept="text/html, application/xml;q=0.9")("GET", "/pet/77")
    assert reply.media == "application/xml"
    assert b"<Pet><id>77</id><name>Ivy &amp; Co</name><photoUrl><photoUrls>a</photoUrls></photoUrl>" in reply.content
    assert petstore("POST", "/pet", reply.content, "application/xml").value == petstore("GET", "/pet/77").value


def test_a_multipart_form_is_read(petstore: Client) -> None:
    """A file and a field, as a browser sends them."""
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n\x89PNG\r\n--x--\r\n'
    reply = petstore("POST", "/pet/1/uploadImage", form, "multipart/form-data; boundary=x")
    assert reply.status == 200
    assert reply.value.keys() == {"code", "type", "message"}


def test_what_the_server_knows_is_not_the_clients_to_say(studio: Client) -> None:
    """Read-only fields are made by the server, write-only ones never come back, defaults are filled in, the Location leads to the new thing."""
    made = studio("POST", "/artists", {"name": "Nova", "secret": "hush", "id": "mine", "status": "suspended"})
    artist = made.value["artist"]
    assert made.status == 201
    assert artist["id"].startswith("art_")
    assert "secret" not in artist
    assert (artist["name"], artist["plan"], artist["created_at"]) == ("Nova", "free", "2026-01-31T12:00:00Z")
    assert made.headers["Location"] == f"http://localhost:4010/artists/{artist['id']}"
    assert studio("GET", f"/artists/{artist['id']}").value == made.value


def test_changing_keeps_what_was_not_sent_and_replacing_does_not(studio: Client) -> None:
    """PATCH lays over, PUT puts in place; when a thing was made stays, when it was changed moves on."""
    path = f"/artists/{studio('POST', '/artists', {'name': 'Nova', 'country': 'PT'}).value['artist']['id']}"
    made = studio("GET", path).value["artist"]
    studio.site.worlds.get("default").clock.advance(60_000)
    changed = studio("PATCH", path, {"name": "Nova", "email": "nova@example.com"}).value["artist"]
    assert changed == {**made, "email": "nova@example.com", "updated_at": "2026-01-31T12:01:00Z"}
    replaced = studio("PUT", path, {"name": "Supernova"}).value["artist"]
    assert (replaced["name"], replaced["created_at"], replaced.get("country")) == ("Supernova", made["created_at"], None)


def test_an_action_does_what_its_name_says(studio: Client) -> None:
    """POST …/suspend leads to the status "suspended", for good."""
    path = f"/artists/{studio('POST', '/artists', {'name': 'Nova'}).value['artist']['id']}"
    studio("PATCH", path, {"name": "Nova"})
    assert studio("POST", f"{path}/suspend").value["artist"]["status"] == "suspended"
    assert studio("GET", path).value["artist"]["status"] == "suspended"


def test_children_belong_to_their_parents(studio: Client) -> None:
    """A new artist has no songs; those they get are theirs alone, are found by their own path, and go when they are cleared."""
    ident = studio("POST", "/artists", {"name": "Nova"}).value["artist"]["id"]
    other = studio("GET", "/artists").value["data"][0]["id"]
    theirs = studio("GET", f"/artists/{other}/songs").value["songs"]
    assert theirs
    assert all(song["artist_id"] == other for song in theirs)
    assert studio("GET", f"/artists/{ident}/songs").value["songs"] == []
    song = studio("POST", f"/artists/{ident}/songs", {"title": "One"}).value
    assert studio("GET", f"/songs/{song['id']}").value == song == {**song, "artist_id": ident}
    assert studio("GET", f"/artists/{ident}/songs").value["songs"] == [song]
    assert studio("GET", f"/artists/{other}/songs").value["songs"] == theirs
    assert studio("DELETE", f"/artists/{ident}/songs").status == 204
    assert studio("GET", f"/artists/{ident}/songs").value["songs"] == []
    assert studio("GET", f"/artists/{other}/songs").value["songs"] == theirs


def test_a_child_of_nobody_is_refused_in_the_documents_own_words(studio: Client) -> None:
    """The 404 that the document has, with what is missing in it."""
    reply = studio("GET", "/artists/nobody/songs")
    assert (reply.status, "Mock-Problem" in reply.headers) == (404, False)
    assert reply.value == {"code": "not_found", "message": "/artists/{artist_id}/songs: there is no nobody", "status": 404}


def test_a_single_thing_is_there_and_can_be_changed(studio: Client) -> None:
    """/me is nobody's collection: it is, and stays as it was changed."""
    before = studio("GET", "/me").value
    assert studio("PATCH", "/me", {"email": "new@example.com"}).value == {**before, "email": "new@example.com"}
    assert studio("GET", "/me").value["email"] == "new@example.com"


def test_ids_nobody_has_are_made_up_where_the_document_has_no_404(studio: Client) -> None:
    """A booking is there when it is asked for, is remembered, and once deleted stays deleted; the same number elsewhere is another one."""
    booking = studio("GET", "/rooms/blue/bookings/7").value
    assert booking["number"] == 7
    assert studio("GET", "/rooms/blue/bookings/7").value == booking
    assert booking in studio("GET", "/rooms/blue/bookings").value
    assert studio("GET", "/rooms/red/bookings/7").value != booking
    assert studio("DELETE", "/rooms/blue/bookings/7").status == 204
    assert studio("GET", "/rooms/blue/bookings/7").status == 404
    assert studio("GET", "/rooms/red/bookings/7").status == 200


@pytest.mark.parametrize(
    ("policy", "booking", "artist"), [("auto", 200, 404), ("make", 200, 200), ("404", 404, 404)], ids=["auto", "make", "404"]
)
def test_a_switch_decides_about_unknown_ids(serve: Serve, policy: str, booking: int, artist: int) -> None:
    """`unknown`: by the document, always made up, never made up."""
    studio = serve("studio.yaml", unknown=policy)
    assert studio("GET", "/rooms/blue/bookings/7").status == booking
    assert studio("GET", "/artists/art_zzzzz").status == artist


def test_worlds_do_not_see_each_other(studio: Client) -> None:
    """A record made in one world is not in another, which begins as the scene does."""
    begun = studio("GET", "/artists", limit=50).value
    studio("POST", "/artists", {"name": "Nova"})
    other = Client(studio.site, studio.engine, "other", studio.headers)
    assert other("GET", "/artists", limit=50).value == begun
    assert studio("GET", "/artists", limit=50).value["total"] == begun["total"] + 1


def test_the_same_seed_gives_the_same_records(serve: Serve) -> None:
    """Whatever is asked first, and in whichever server."""
    one, other = serve("studio.yaml"), serve("studio.yaml")
    first = one("GET", "/artists", limit=50).value["data"]
    songs = one("GET", f"/artists/{first[0]['id']}/songs").value
    assert other("GET", f"/artists/{first[0]['id']}/songs").value == songs
    assert other("GET", "/artists", limit=50).value["data"] == first


@pytest.mark.parametrize(
    ("method", "path", "value", "status", "words"),
    [
        ("POST", "/artists", {}, 422, 'body: "name" is a required property'),
        ("POST", "/artists", {"name": ""}, 422, "shorter than 1 character"),
        ("POST", "/artists", b"{", 422, "is not JSON"),
    ],
    ids=["missing", "too short", "broken"],
)
def test_bad_input_is_refused_with_what_the_document_has_for_it(
    studio: Client, method: str, path: str, value: Json, status: int, words: str
) -> None:
    """422 where the document has that and no 400; the place and the reason stand where it has room for them."""
    reply = studio(method, path, value)
    assert reply.status == status
    assert words in reply.value["message"]


def test_a_refusal_that_the_document_has_no_reply_for_is_ours(petstore: Client) -> None:
    """It cannot be taken for the document's: header and media type say so."""
    reply = petstore("POST", "/pet", {"name": 5})
    assert (reply.status, reply.headers["Mock-Problem"], reply.media) == (400, "undocumented-refusal", "application/problem+json")


def test_an_id_that_is_taken_is_refused_where_the_document_has_a_409(serve: Serve) -> None:
    """Elsewhere the later one wins."""
    thing: dict[str, Any] = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    }
    body = {"content": {"application/json": {"schema": thing}}}
    post = {"requestBody": body, "responses": {"201": {"description": "", **body}, "409": {"description": ""}}}
    get = {
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"200": {"description": "", **body}},
    }
    client = serve({"openapi": "3.1.0", "paths": {"/things": {"post": post}, "/things/{name}": {"get": get}}})
    assert client("POST", "/things", {"name": "one", "size": 1}).status == 201
    assert client("POST", "/things", {"name": "one", "size": 2}).status == 409
    assert client("GET", "/things/one").value["size"] == 1


# -- paging -----------------------------------------------------------------------------------------------------------------


def walked(client: Client, path: str, holder: str, onward: Any, **query: Any) -> list[Json]:
    """Every item of a list, page by page."""
    items: list[Json] = []
    for _ in range(50):
        page = client("GET", path, **query).value
        items += page[holder]
        query = onward(page, query)
        if query is None:
            return items
    raise AssertionError("the pages do not end")


def test_walking_by_cursor_gives_each_once_even_when_some_go_meanwhile(studio: Client) -> None:
    """The token leads on from where it stood, though the record it stood at is gone."""
    for number in range(7):
        studio("POST", "/artists", {"name": f"Artist {number}"})
    everyone = [each["id"] for each in studio("GET", "/artists", limit=50).value["data"]]
    first = studio("GET", "/artists", limit=3).value
    studio("DELETE", f"/artists/{first['data'][2]['id']}")
    rest = walked(
        studio, "/artists", "data",
        lambda page, query: {**query, "cursor": page["next_cursor"]} if page["has_more"] else None, limit=3, cursor=first["next_cursor"],
    )  # fmt: skip
    assert [each["id"] for each in first["data"] + rest] == everyone


def test_walking_by_page_number_follows_the_links(studio: Client) -> None:
    """Numbers, totals and links tell the same story."""
    ident = studio("POST", "/artists", {"name": "Nova"}).value["artist"]["id"]
    songs = [studio("POST", f"/artists/{ident}/songs", {"title": f"Song {number}"}).value for number in range(5)]
    path = f"/artists/{ident}/songs"
    page = studio("GET", path, per_page=2, page=2).value
    assert page["meta"] == {"page": 2, "total_pages": 3, "total_count": 5}
    assert page["links"] == {
        "next": f"http://localhost:4010{path}?per_page=2&page=3",
        "prev": f"http://localhost:4010{path}?per_page=2&page=1",
    }
    onward = lambda page, query: {**query, "page": page["meta"]["page"] + 1} if page["links"]["next"] else None  # noqa: E731  # beside what it is given to
    assert walked(studio, path, "songs", onward, per_page=2) == songs


def test_a_list_is_filtered_by_parameters_that_are_named_like_fields(studio: Client) -> None:
    """`country=PT` keeps those whose country is PT; a cursor or limit is no filter."""
    studio("POST", "/artists", {"name": "Nova", "country": "XX"})
    assert [each["name"] for each in studio("GET", "/artists", country="XX").value["data"]] == ["Nova"]
