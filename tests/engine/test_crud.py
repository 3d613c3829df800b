"""What ordinary operations do, with no code of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mockserver.engine.site import Site
from mockserver.message import NOTHING, Json, Reply
from tests import toy
from tests.toy import ask

shelf_ids = st.sampled_from([f"s{index:03d}" for index in range(4)] + ["gone"])
book_ids = st.sampled_from([0, 1, 2, 1000, 2000, 9999])
titles = st.text(max_size=5)


class Library(RuleBasedStateMachine):
    """Calls by the contract beside two dictionaries that say what there must be."""

    def __init__(self) -> None:
        super().__init__()
        self.site = toy.site()
        populated = toy.populate(self.site.scene, {})
        self.shelves: dict[str, Json] = {record["id"]: dict(record) for record in populated["shelves"]}
        self.books: dict[int, Json] = {record["id"]: dict(record) for record in populated["books"]}

    def book(self, shelf: str, key: int) -> Json:
        """The book, if it and its shelf are there and it stands on that shelf."""
        found = self.books.get(key)
        return found if found and shelf in self.shelves and found["shelf_id"] == shelf else None

    @rule(name=titles)
    def make_shelf(self, name: str) -> None:
        reply = ask(self.site, "POST", "/library/shelves", {"name": name})
        assert reply.status == (201 if name else 400)
        if name:
            self.shelves[reply.value["id"]] = reply.value

    @rule(key=shelf_ids, name=st.text(min_size=1, max_size=5))
    def rename_shelf(self, key: str, name: str) -> None:
        reply = ask(self.site, "PATCH", f"/library/shelves/{key}", {"name": name})
        assert reply.status == (200 if key in self.shelves else 404)
        if key in self.shelves:
            self.shelves[key] = {**self.shelves[key], "name": name}
            assert reply.value == self.shelves[key]

    @rule(key=shelf_ids)
    def delete_shelf(self, key: str) -> None:
        assert ask(self.site, "DELETE", f"/library/shelves/{key}").status == (204 if self.shelves.pop(key, None) else 404)

    @rule(shelf=shelf_ids, title=titles)
    def make_book(self, shelf: str, title: str) -> None:
        reply = ask(self.site, "POST", f"/library/shelves/{shelf}/books", {"title": title})
        assert reply.status == (201 if shelf in self.shelves else 404)
        if reply.status == 201:
            assert reply.value["shelf_id"] == shelf
            self.books[reply.value["id"]] = reply.value

    @rule(shelf=shelf_ids, key=book_ids, title=titles)
    def replace_book(self, shelf: str, key: int, title: str) -> None:
        reply = ask(self.site, "PUT", f"/library/shelves/{shelf}/books/{key}", {"title": title, "pages": 7})
        assert reply.status == (200 if self.book(shelf, key) else 404)
        if reply.status == 200:
            self.books[key] = reply.value
            assert (reply.value["id"], reply.value["title"], reply.value["pages"]) == (key, title, 7)

    @rule(shelf=shelf_ids, key=book_ids)
    def read_book(self, shelf: str, key: int) -> None:
        reply = ask(self.site, "GET", f"/library/shelves/{shelf}/books/{key}")
        expected = self.book(shelf, key)
        assert (reply.status, reply.value if expected else None) == ((200, expected) if expected else (404, None))

    @rule(shelf=shelf_ids, key=book_ids)
    def delete_book(self, shelf: str, key: int) -> None:
        there = self.book(shelf, key)
        assert ask(self.site, "DELETE", f"/library/shelves/{shelf}/books/{key}").status == (204 if there else 404)
        if there:
            del self.books[key]

    @rule(shelf=shelf_ids)
    def clear_shelf(self, shelf: str) -> None:
        assert ask(self.site, "DELETE", f"/library/shelves/{shelf}/books").status == (204 if shelf in self.shelves else 404)
        if shelf in self.shelves:
            self.books = {key: book for key, book in self.books.items() if book["shelf_id"] != shelf}

    @rule(shelf=shelf_ids, offset=st.integers(0, 5), limit=st.integers(1, 100))
    def list_books(self, shelf: str, offset: int, limit: int) -> None:
        reply = ask(self.site, "GET", f"/library/shelves/{shelf}/books", query=f"offset={offset}&limit={limit}")
        assert reply.status == (200 if shelf in self.shelves else 404)
        if reply.status == 200:
            there = sorted(
                (book for book in self.books.values() if book["shelf_id"] == shelf), key=lambda book: (book["title"], book["id"])
            )
            assert reply.value["books"] == there[offset : offset + limit]

    @invariant()
    def the_shelves_are_those_there_should_be(self) -> None:
        reply = ask(self.site, "GET", "/library/shelves", query="limit=100")
        assert reply.value["shelves"] == [self.shelves[key] for key in sorted(self.shelves)]


TestLibrary = Library.TestCase
TestLibrary.settings = settings(max_examples=30, stateful_step_count=25)


def refused(reply: Reply) -> tuple[int, Any]:
    return reply.status, reply.value["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/library/shelves", {"name": "x"}, 403),
        ("PATCH", "/library/shelves/s000", {"name": "x"}, 403),
        ("DELETE", "/library/shelves/s000", None, 403),
        ("DELETE", "/library/shelves/s000/books", None, 403),
        ("PUT", "/library/shelves/s000/books/0", {"title": "x"}, 403),
        ("GET", "/library/shelves/s000", None, 200),
        ("GET", "/library/shelves/s000/books", None, 200),
    ],
)
def test_the_kinds_guard_is_asked_first(method: str, path: str, body: Json, status: int, site: Site) -> None:
    """Whoever may not, may not: nothing changes, and nothing is told of what is there."""
    before = ask(site, "GET", "/library/shelves/s000/books").value
    assert ask(site, method, path, body, headers=toy.reader).status == status
    assert ask(site, "GET", "/library/shelves/s000/books").value == before


def test_a_child_of_somebody_else_is_not_there(site: Site) -> None:
    """A book is only found on its own shelf, and cannot be changed from another."""
    for method, body in (("GET", None), ("PUT", {"title": "x"}), ("DELETE", None)):
        assert ask(site, method, "/library/shelves/s001/books/0", body).status == 404
    assert ask(site, "GET", "/library/shelves/s000/books/0").value["title"] == "Book 0"


def test_a_child_made_below_a_parent_is_that_parents(site: Site) -> None:
    """What the path says wins over what the body claims."""
    reply = ask(site, "POST", "/library/shelves/s001/books", {"title": "x", "shelf_id": "s002"})
    assert reply.value["shelf_id"] == "s001"


def test_a_deletion_answers_without_a_body(site: Site) -> None:
    """204 where the contract has no body for it."""
    assert ask(site, "DELETE", "/library/shelves/s000") == Reply(204, NOTHING, {}, b"")


def test_lists_are_in_the_order_of_their_kind(site: Site) -> None:
    """By the order of the layout, whatever was added when."""
    for title in ("zebra", "aardvark"):
        ask(site, "POST", "/library/shelves/s011/books", {"title": title})
    told = ask(site, "GET", "/library/shelves/s011/books").value["books"]
    assert [book["title"] for book in told] == ["aardvark", "zebra"]
