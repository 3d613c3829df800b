"""Which resource an operation is about and what it does to it, inferred from the document alone."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation

variable: Final = re.compile(r"^\{([^{}]+)\}$")


@frozen
class Role:
    """What an operation does.

    verb     "list", "read", "create", "replace", "merge", "delete", "clear", or "act" when none of these fits
    kind     the collection's word in the path: "users"
    schema   the component of the thing it is about, "" when the document names none
    key      the path parameter that holds the item's id, "" for a collection
    parents  the path parameters before it, outermost first, each with its collection's word
    envelope the property of the reply body that holds the item or the list; "" when the body is it
    wrapped  the property of the request body that holds the item; "" when the body is it
    place    JSON pointer of the thing's schema in the reply, "" when the reply has none
    sure     how far the document bears this out, in percent; `why` says by what
    path     the path of the collection, or of the single thing
    """

    verb: str
    kind: str
    schema: str
    key: str
    parents: tuple[tuple[str, str], ...]
    envelope: str
    wrapped: str
    place: str = field(default="", compare=False)
    sure: int = field(default=100, compare=False)
    why: str = field(default="", compare=False)
    path: str = field(default="", compare=False)


def role_of(contract: Contract, operation: Operation) -> Role:
    """The role of an operation by the shape of its path, its method and its bodies."""
    segments = [segment for segment in operation.path.split("/") if segment]
    names = [found[1] if (found := variable.match(segment)) else "" for segment in segments]
    key = names[-1] if names else ""
    owners = tuple((name, segments[at - 1]) for at, name in enumerate(names) if name and at and not names[at - 1])
    word = next((segment for segment, name in zip(reversed(segments), reversed(names), strict=True) if not name), "")
    is_list, envelope, schema = reply_shape(contract, operation)
    wrapped, sent = request_shape(contract, operation)
    verb = verb_of(operation, bool(key), is_list, has_items(contract, operation))
    if key:
        owners = owners[:-1]
    return Role(verb, word, schema or sent, key, owners, envelope, wrapped)


def verb_of(operation: Operation, on_item: bool, is_list: bool, collection: bool) -> str:
    """The verb by method and place; `collection`: the path has items below it."""
    on_list = not on_item and (is_list or collection)
    table = {
        ("GET", True): "read",
        ("PUT", True): "replace",
        ("PATCH", True): "merge",
        ("DELETE", True): "delete",
        ("GET", False): "list" if is_list else "act",
        ("POST", False): "create" if on_list else "act",
        ("DELETE", False): "clear" if on_list else "act",
    }
    return table.get((operation.method, on_item), "act")


def has_items(contract: Contract, operation: Operation) -> bool:
    """Whether some path is this one and one variable more."""
    start = operation.path.rstrip("/") + "/{"
    return any(other.path.startswith(start) for other in contract.operations.values())


def component(contract: Contract, place: str) -> str:
    """The name of the component schema a place refers to or is, "" when it is none."""
    node = contract.at(place, None)
    for _ in range(8):
        if not isinstance(node, dict):
            return ""
        ref = node.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/components/schemas/"):
            return ref.rpartition("/")[2]
        only = node.get("allOf") or node.get("oneOf") or node.get("anyOf")
        branches = [each for each in only or () if each != {"type": "null"}]
        if len(branches) != 1:
            return ""
        node = branches[0]
    return ""


def reply_shape(contract: Contract, operation: Operation) -> tuple[bool, str, str]:
    """Of the successful reply body: whether it is a list, the property that holds list or item, and the thing's component."""
    answer = operation.answers.get(str(operation.success))
    place = next((place for media, place in (answer.media.items() if answer else ()) if "json" in media and place), "")
    if not place:
        return False, "", ""
    types, items = contract.types(place)
    if "array" in types:
        return True, "", component(contract, items)
    properties = contract.properties(place)
    for name, inner in properties.items():
        inner_types, items = contract.types(inner)
        if "array" in inner_types and (component(contract, items) or name in ("data", "value", "items", "results")):
            named = component(contract, place)
            if not named or is_envelope(contract, properties, name):
                return True, name, component(contract, items)
    whole = component(contract, place)
    inner_names = [name for name, inner in properties.items() if component(contract, inner)]
    if len(properties) == 1 and len(inner_names) == 1:
        return False, inner_names[0], component(contract, properties[inner_names[0]])
    return False, "", whole


paging_words: Final = frozenset({
    "object", "list_metadata", "meta", "links", "next_page", "previous_page", "count", "limit", "offset", "more", "total", "next_cursor",
    "nextlink", "next", "previous", "prev", "page", "per_page", "pagesize", "has_more", "cursor", "total_count", "self", "first", "last",
    "pagination", "paging", "metadata", "_links", "kind", "etag", "nextpagetoken", "next_page_token", "total_pages",
})  # fmt: skip


def is_envelope(contract: Contract, properties: dict[str, str], holder: str) -> bool:
    """Whether what stands beside the list is about paging only."""
    return all(name == holder or name.lower() in paging_words for name in properties)


def request_shape(contract: Contract, operation: Operation) -> tuple[str, str]:
    """Of the request body: the property that wraps the item, and the thing's component."""
    if operation.body is None:
        return "", ""
    place = next((place for media, place in operation.body[1].items() if "json" in media and place), "")
    if not place:
        return "", ""
    properties = contract.properties(place)
    if len(properties) == 1:
        name, inner = next(iter(properties.items()))
        if "object" in contract.types(inner)[0]:
            return name, component(contract, inner)
    return "", component(contract, place)
