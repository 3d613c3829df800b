"""HTML made of calls. Every text is escaped where it is put in; only what these calls made is not escaped again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Final, Union

Child = Union["Markup", str, int, float, None, Iterable["Child"]]

void: Final = frozenset({"input", "meta", "link", "br", "hr", "img"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def flat(child: Child) -> str:
    """A child, and its children in their order, as HTML."""
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return escape(str(child))
    return "".join(map(flat, child))


def attribute(name: str, value: object) -> str:
    """`class_` is class, `data_live` data-live; True stands alone, None and False are left out."""
    if value is None or value is False:
        return ""
    word = name.rstrip("_").replace("_", "-")
    return f" {word}" if value is True else f' {word}="{escape(str(value))}"'


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """One element."""
    start = f"<{name}{''.join(attribute(*each) for each in attributes.items())}>"
    return Markup(start if name in void else f"{start}{flat(children)}</{name}>")


class Elements:
    """`h.p("text", class_="quiet")`: an element of any name."""

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        return lambda *children, **attributes: element(name, *children, **attributes)


h: Final = Elements()


def document(*children: Child) -> bytes:
    """A whole page."""
    return f'<!doctype html>\n<html lang="en">{flat(children)}</html>\n'.encode()
