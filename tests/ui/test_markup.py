"""HTML made of calls: what comes from the data stays text, whatever it is."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from mockserver.ui.markup import Markup, document, h


class Reader(HTMLParser):
    """The elements, attributes and text of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"))


@given(anything, anything)
def test_any_text_is_read_back_as_it_was(words: str, value: str) -> None:
    """In an element and in an attribute: no character of the data becomes markup."""
    read = Reader(h.p("a", words, "b", title=value))
    assert read.tags == ["p"]
    assert read.text == f"a{words}b"
    assert read.attributes == {"title": value}


def test_only_what_was_made_here_is_not_escaped_again() -> None:
    """Markup inside markup stays, text that looks like it does not."""
    assert h.p(h.b("x"), "<b>") == "<p><b>x</b>&lt;b&gt;</p>"
    assert isinstance(h.p("x" + h.b("y")), Markup)
    assert h.p("x" + h.b("y")) == "<p>x&lt;b&gt;y&lt;/b&gt;</p>"


def test_attributes_are_written_as_html_has_them() -> None:
    """A trailing underscore goes, others are hyphens; True stands alone, None and False are left out."""
    assert h.input(class_="a", data_live=True, hidden=False, name=None) == '<input class="a" data-live>'


def test_children_may_be_nested_lists_and_nothing() -> None:
    """Lists are laid out in their order, None is nothing."""
    assert h.ul([h.li(1), [None, h.li(2.5)]]) == "<ul><li>1</li><li>2.5</li></ul>"
    assert document(h.body("x")).startswith(b"<!doctype html>")
