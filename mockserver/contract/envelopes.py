"""What bodies hold: whether a list or one thing, and in which envelope it is sent and answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mockserver.contract.paths import Paths, plain, trimmed, word_of
from mockserver.contract.resource import component
from mockserver.contract.words import singular, words_of
from mockserver.errors import BadSpec
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation

holders: Final = frozenset(
    "data items results result value values records entries list content rows resources objects hits elements members".split()
)
wrappers: Final = frozenset("data result results response payload item object record content entity resource body d value".split())
about_paging: Final = frozenset(
    "object list metadata meta link links next previous prev page pages per size count limit offset more has is total cursor token nextlink self "
    "first last paging pagination kind etag type start end number num current query took status success code message error errors warnings request id "
    "odata context nextpagetoken api version included result response max min index url href uri results items records marker truncated".split()
)
list_names: Final = re.compile(r"(List|Collection|Response|Page|Results?|Paged|Paginated|Array|Set)\d*$")


@frozen
class Body:
    """What a successful reply holds: whether a list, where in the body ("/"-separated property names), and the place of the thing's schema."""

    is_list: bool = False
    envelope: str = ""
    place: str = ""


class Envelopes:
    """The bodies of one contract's operations, each looked at when it is first asked for."""

    def __init__(self, contract: Contract, paths: Paths) -> None:
        self.contract, self.paths = contract, paths
        self._bodies: dict[str, Body] = {}

    def thing_at(self, place: str) -> str:
        """The component that a place is or refers to, "" when it is none."""
        named = place.removeprefix("#/components/schemas/")
        return named if place and "/" not in named else component(self.contract, place) if place else ""

    # -- what is sent -----------------------------------------------------------------------------------------------

    def sent(self, operation: Operation) -> str:
        """The place of the schema of what an operation is sent, out of its wrapping; "" when it takes nothing."""
        if operation.body is None:
            return ""
        place = next((place for place in operation.body[1].values() if place), "")
        wrapped = self.wrapped(operation, place) if place else ""
        return self.contract.properties(place)[wrapped] if wrapped else place

    def wrapped(self, operation: Operation, place: str) -> str:
        properties = self.contract.properties(place)
        if len(properties) == 1:
            ((name, inner),) = properties.items()
            if "object" in self.contract.types(inner)[0] and (
                plain(name) in wrappers or plain(singular(word_of(operation.path))) == plain(name)
            ):
                return name
        return ""

    # -- what is answered -------------------------------------------------------------------------------------------

    def body(self, operation: Operation) -> Body:
        """What a successful reply holds."""
        found = self._bodies.get(operation.id)
        if found is None:
            try:
                found = self._body(operation)
            except (BadSpec, ValueError):
                found = Body()
            self._bodies[operation.id] = found
        return found

    def _body(self, operation: Operation) -> Body:
        answer = operation.answer(operation.success)
        schemas = {media: place for media, place in (answer.media.items() if answer else ()) if place}
        place = next((place for media, place in schemas.items() if "json" in media), next(iter(schemas.values()), ""))
        if not place:
            return Body()
        place = self.contract.follow(place)
        types, items = self.contract.types(place)
        if "array" in types and "object" not in types:
            return Body(is_list=True, place=items)
        properties = self.contract.properties(place)
        word = plain(singular(word_of(operation.path)))
        on_item = "{" in trimmed(operation.path).rpartition("/")[2]
        if operation.method in ("GET", "POST") and not on_item:
            best = max(self._lists(operation, place, properties, word), default=(0, "", ""))
            if best[0] >= 4:
                return Body(is_list=True, envelope=best[1], place=best[2])
        return self._wrapped_item(place, properties, {plain(singular(part)) for part in operation.path.split("/") if "{" not in part})

    def _lists(
        self, operation: Operation, place: str, properties: dict[str, str], word: str, outer: str = ""
    ) -> Iterator[tuple[int, str, str]]:
        """Each property that may hold the list: (how likely, its path, the place of an item)."""
        contract = self.contract
        whole = component(contract, place) or place.rpartition("/")[2]
        lists = {}
        for name, inner in properties.items():
            types, items = contract.types(inner)
            if "array" in types:
                lists[name] = items
            elif not outer and plain(name) in (*wrappers, "embedded"):
                yield from self._lists(operation, inner, contract.properties(inner), word, f"{name}/")
        for name, items in lists.items():
            thing = component(contract, items) if items else ""
            types = contract.types(items)[0] if items else frozenset()
            score = 3 * (plain(name) in holders) + 4 * (plain(singular(name)) == word)
            score += 3 * (plain(thing) == word != "") + (len(lists) == 1) + 2 * ("object" in types or not types)
            score += 3 * all(other == name or set(words_of(other)) <= about_paging for other in properties)
            score += 2 * self.paths.collects(trimmed(operation.path)) + 2 * bool(list_names.search(whole))
            score -= 6 * (plain(whole) == word) + 3 * bool(types and "object" not in types) + 3 * (operation.method == "POST")
            yield score, f"{outer}{name}", items

    def _wrapped_item(self, place: str, properties: dict[str, str], said: set[str]) -> Body:
        """The thing itself, or the one property beside paging and status words that holds it."""
        for name, inner in properties.items():
            if plain(name) in wrappers or plain(singular(name)) in said:
                alone = all(other == name or set(words_of(other)) <= about_paging for other in properties)
                if alone and "object" in (self.contract.types(inner)[0] or {"object"}) and self.contract.properties(inner):
                    return Body(envelope=name, place=inner)
        return Body(place=place)
