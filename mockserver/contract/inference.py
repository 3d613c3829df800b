"""What a document with no card behind it is about: its resources, which operation does what to them, and how sure that is.

Where resource.py reads one operation, this reads operations together: a path is a collection because items lie below it, a thing is what
the item's GET answers, a POST below an item is something done to it. An operation's `x-mockserver` says otherwise where this guesses wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.resource import Role, component, request_shape, variable
from mockserver.contract.words import singular, words_of
from mockserver.errors import BadSpec

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation

extension: Final = "x-mockserver"
verbs: Final = ("list", "read", "create", "replace", "merge", "delete", "clear", "show", "set", "unset", "act")

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
myself: Final = frozenset("me self current myself whoami authenticated".split())
of_no_word: Final = re.compile(r"api|rest|v\d+(\.\d+)*\w*")  # leading words that name no thing
norm: Final = re.compile(r"[^a-z0-9]")


def plain(name: str) -> str:
    return norm.sub("", name.lower())


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an operation stands.

    form        "item", "collection", "found" (a list beside the items), "single", "self" (one of the items by another name), "action"
    collection  the path of the collection it is about
    key         the path parameter of the item, "" when it names none
    tail        the last word of an action
    """

    form: str
    collection: str
    key: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What a successful reply holds: whether a list, where in the body ("/"-separated property names), and the place of the thing's schema."""

    is_list: bool = False
    envelope: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection, or one single thing, of the document.

    name     what it is called: the same for paths that are about the same thing
    path     of the collection
    word     the path's last literal word
    thing    the component of its things, "" when the document names none
    place    JSON pointer of the schema of its things, "" when no operation shows one
    id       the property that tells its things apart, as a path; () when none does
    parents  the path parameters of the path, each with the path of the collection it picks from
    """

    name: str
    path: str
    word: str
    thing: str = ""
    place: str = ""
    id: tuple[str, ...] = ()
    parents: tuple[tuple[str, str], ...] = ()
    single: bool = False


class Inference:
    """Everything inferred of one contract, each part when first asked for."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._roles: dict[str, Role] = {}
        self._bodies: dict[str, Body] = {}
        self._resources: dict[str, Resource | None] = {}
        self._own: dict[tuple[str, str], str] = {}
        self._read_only: dict[str, frozenset[str]] = {}
        self._optional: dict[str, frozenset[str]] = {}

    # -- paths ------------------------------------------------------------------------------------------------------

    @cached_property
    def collections(self) -> frozenset[str]:
        """The paths that have items below them."""
        return frozenset(
            head
            for operation in self.contract.operations.values()
            for head, _, tail in [trimmed(operation.path).rpartition("/")]
            if "{" in tail
        )

    @cached_property
    def _at(self) -> dict[str, dict[str, Operation]]:
        found: dict[str, dict[str, Operation]] = {}
        for operation in self.contract.operations.values():
            found.setdefault(trimmed(operation.path), {})[operation.method] = operation
        return found

    def spot(self, operation: Operation) -> Spot:
        """Where an operation stands, by its path, its neighbours and whether its GET lists."""
        path = trimmed(operation.path)
        head, _, last = path.rpartition("/")
        names = re.findall(r"\{([^{}]*)\}", last)
        if names:
            tail = last.rpartition("}")[2]
            return Spot("action", head, names[-1], tail[1:]) if tail[:1] == ":" else Spot("item", head, names[-1])
        if path in self.collections:
            return Spot("collection", path)
        below = variable.match(head.rpartition("/")[2])
        get = self._at[path].get("GET")
        if get is None:
            if below:
                return Spot("action", head.rpartition("/")[0], below[1], last)
            if head in self.collections:
                return Spot("action", head, "", last)
            return Spot("collection" if operation.method == "POST" and self._makes(operation) else "action", path, "", last)
        body = self.body(get)
        if head in self.collections and not below:
            same = body.place and self.thing_at(body.place) == self.thing_at(self._place(head)) != ""
            if same and body.is_list:
                return Spot("found" if operation.method == "GET" else "action", head, "", last)
            if same and plain(last) in myself:
                return Spot("self", head, "", last)
        return Spot("collection" if body.is_list else "single", path, "", last)

    def _makes(self, operation: Operation) -> bool:
        """Whether a POST answers with what it was sent."""
        body = self.body(operation)
        return bool(body.place) and not body.is_list and self.thing_at(body.place) == request_shape(self.contract, operation)[1] != ""

    def thing_at(self, place: str) -> str:
        """The component that a place is or refers to, "" when it is none."""
        named = place.removeprefix("#/components/schemas/")
        return named if place and "/" not in named else component(self.contract, place) if place else ""

    def _place(self, collection: str) -> str:
        """The schema of what a collection holds: by its item's GET, else its own, else what is sent to it."""
        item = next((at for at in self._items.get(collection, ()) if "GET" in self._at[at]), "")
        for at, method in ((item, "GET"), (collection, "GET"), (collection, "POST"), (item, "PUT"), (item, "PATCH")):
            operation = self._at.get(at, {}).get(method)
            if operation is not None:
                body = self.body(operation)
                if body.place and "object" in (self.contract.types(body.place)[0] or {"object"}):
                    return body.place
        for at in (*self._items.get(collection, ()), collection):
            for method in ("PUT", "PATCH", "POST"):
                operation = self._at.get(at, {}).get(method)
                if operation is not None and (sent := self.sent(operation)):
                    return sent
        return ""

    @cached_property
    def _items(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._at:
            head, _, tail = path.rpartition("/")
            if "{" in tail and not tail.rpartition("}")[2].startswith(":"):
                found.setdefault(head, []).append(path)
        return found

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

    # -- bodies -----------------------------------------------------------------------------------------------------

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
            score += 2 * (trimmed(operation.path) in self.collections) + 2 * bool(list_names.search(whole))
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

    # -- resources --------------------------------------------------------------------------------------------------

    def resource(self, path: str) -> Resource | None:
        """The resource whose collection, or single thing, this path is; None when it is neither."""
        if path not in self._resources:
            self._resources[path] = self._resource(path, single=form == "single") if (form := self._form(path)) else None
        return self._resources[path]

    def _form(self, path: str) -> str:
        if path in self.collections:
            return "collection"
        spots = [self.spot(operation) for operation in self._at.get(path, {}).values()]
        return next((spot.form for spot in spots if spot.collection == path and spot.form in ("collection", "single")), "")

    def alike(self, resource: Resource) -> list[Resource]:
        """The resources of one name: the same things at several paths, in the document's order."""
        paths = self._by_word.get(resource.word, ())
        return [each for path in paths if (each := self.resource(path)) is not None and each.name == resource.name]

    @cached_property
    def _by_word(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        for path in self._at:
            for at in (path, path.rpartition("/")[0]):
                if at in self.collections or at in self._at:
                    found.setdefault(word_of(at), {})[at] = None
        return {word: list(paths) for word, paths in found.items()}

    @cached_property
    def names(self) -> dict[str, Resource]:
        """Every resource by name, the first of those that share one. Looks at the whole document."""
        found: dict[str, Resource] = {}
        for paths in self._by_word.values():
            for path in paths:
                resource = self.resource(path)
                if resource is not None:
                    found.setdefault(resource.name, resource)
        return found

    def _resource(self, path: str, *, single: bool) -> Resource:
        word = word_of(path)
        if single:
            get = self._at[path].get("GET")
            place = self.body(get).place if get else ""
        else:
            place = self._place(path)
        thing = self.thing_at(place)
        name = word or "things"
        if thing and not single and plain(thing) not in (plain(singular(word)), plain(word)):
            name = f"{word}.{thing}"
        elif not thing or single:
            name = ".".join(part for part in path.split("/") if part and "{" not in part and not of_no_word.fullmatch(part)) or name
            name += f".{path.rpartition('{')[2][:-1]}" if path.endswith("}") else ""
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
        given = self._told(path).get("kind")
        key = next((match[-1] for at in self._items.get(path, ()) if (match := re.findall(r"\{([^{}]*)\}", at.rpartition("/")[2]))), "id")
        told_apart = () if single else self._id(place, key, word, thing)
        return Resource(str(given or name), path, word, thing, place, told_apart, self._parents(path), single)

    def _told(self, path: str) -> Mapping[str, Any]:
        """What `x-mockserver` says of the operations on a path."""
        for operation in self._at.get(path, {}).values():
            if isinstance(told := operation.node.get(extension), dict):
                return told
        return {}

    def _parents(self, path: str) -> tuple[tuple[str, str], ...]:
        parts = path.split("/")
        return tuple(
            (name, "/".join(parts[:at])) for at, part in enumerate(parts) for name in re.findall(r"\{([^{}]*)\}", part)
        )  # fmt: skip

    def _id(self, place: str, key: str, word: str, thing: str) -> tuple[str, ...]:
        """The property that tells the things apart, by the name of the path parameter."""
        properties = {plain(name): name for name in reversed(self.contract.properties(place))} if place else {}
        wanted, one, kind = plain(key), plain(singular(word)), plain(thing)
        bare = next((wanted.removeprefix(start) for start in (one, kind) if start and wanted.startswith(start) and wanted != start), "")
        tail = plain((words_of(key) or ("",))[-1])
        for name in (
            wanted,
            bare,
            f"{one}{tail}",
            tail,
            "id",
            f"{one}id",
            f"{kind}id",
            "uuid",
            "guid",
            "uid",
            "identifier",
            "sid",
            "slug",
            "name",
            "key",
            "code",
        ):
            if name and name in properties and self._scalar(properties[name], place):
                return (properties[name],)
        for outer in ("metadata", "sys", "data", "attributes"):
            if outer in properties:
                inner = {plain(name): name for name in self.contract.properties(self.contract.properties(place)[properties[outer]])}
                for name in (wanted, tail, "id", "name", "uid"):
                    if name in inner:
                        return (properties[outer], inner[name])
        return ()

    def _scalar(self, name: str, place: str) -> bool:
        types, _ = self.contract.types(self.contract.properties(place)[name])
        return not types or bool(types & {"string", "integer", "number"})

    def about(self, word: str) -> Resource | None:
        """The collection whose things such a word names: "pet" the one at /pets or /pet."""
        paths = [path for path in self._by_word_singular.get(word, ()) if path in self.collections]
        return next((found for path in sorted(paths, key=lambda path: path.count("{")) if (found := self.resource(path))), None)

    @cached_property
    def _by_word_singular(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word, paths in self._by_word.items():
            found.setdefault(singular(plain(word)), []).extend(paths)
        return found

    def own_field(self, resource: Resource, at: str) -> str:
        """The property in which a thing says to whom it belongs: `user_id` for those below /users; "" when it does not."""
        key = (resource.path, at)
        if key not in self._own:
            properties = self._properties(resource.place)
            parameter = next((name for name, path in resource.parents if path == at), "")
            one = plain(singular(word_of(at)))
            names = dict.fromkeys((plain(parameter) if plain(parameter) not in ("id", "name", "key") else "", f"{one}id", one))
            own = {plain(name): name for name in properties}
            found = next((own[name] for name in names if name and name in own and self._scalar(own[name], resource.place)), "")
            self._own[key] = "" if (found,) == resource.id else found
        return self._own[key]

    def _properties(self, place: str) -> dict[str, str]:
        return self.contract.properties(place) if place else {}

    def property_place(self, resource: Resource, path: tuple[str, ...]) -> str:
        """JSON pointer of the schema of a property of a thing, "" when it has none."""
        place = resource.place
        for name in path:
            place = self._properties(place).get(name, "")
        return place

    def read_only(self, resource: Resource) -> frozenset[str]:
        """The properties that only the server sets."""
        found = self._read_only.get(resource.path)
        if found is None:
            schemas = {name: self.contract.schema(at)[1] for name, at in self._properties(resource.place).items()}
            own = {name: self.contract.at(at) for name, at in self._properties(resource.place).items()}
            told = [
                name
                for name in schemas
                if any(isinstance(each, dict) and each.get("readOnly") is True for each in (schemas[name], own[name]))
            ]
            found = self._read_only[resource.path] = frozenset(told)
        return found

    def optional_when_sent(self, resource: Resource) -> frozenset[str]:
        """The properties that a client may send and may leave out: the server does not make them up."""
        found = self._optional.get(resource.path)
        if found is None:
            names: set[str] = set()
            for method in ("POST", "PUT"):
                operation = self._at.get(resource.path, {}).get(method)
                sent = self.sent(operation) if operation is not None else ""
                names |= self._properties(sent).keys()
            wanted = {"created", "updated", "modified"}
            names = {name for name in names if not (wanted & set(words_of(name))) and (name,) != resource.id[:1]}
            found = self._optional[resource.path] = frozenset(names) - self.read_only(resource)
        return found

    # -- roles ------------------------------------------------------------------------------------------------------

    def role(self, operation: Operation) -> Role:
        """What an operation does to which resource, with how sure that is and why; what its `x-mockserver` says wins."""
        role = self._roles.get(operation.id)
        if role is None:
            role = self._role(operation)
            told = operation.node.get(extension)
            if isinstance(told, dict):
                role = overridden(self.contract, operation, role, told)
            self._roles[operation.id] = role
        return role

    def _role(self, operation: Operation) -> Role:
        spot, body = self.spot(operation), self.body(operation)
        resource = self.resource(spot.collection)
        if resource is None:
            return Role("act", "", "", "", (), "", "", body.place, 30, "no collection and no single thing lies at this path")
        verb = verb_at(spot, operation, body)
        parents = tuple((name, owner.name if (owner := self.resource(at)) else "") for name, at in resource.parents)
        sent = next((place for place in operation.body[1].values() if place), "") if operation.body else ""
        wrapped = self.wrapped(operation, sent) if sent else ""
        role = Role(verb, resource.name, resource.thing, spot.key, parents, body.envelope, wrapped, body.place, path=resource.path)
        return replace(role, **judged(role, spot, resource, body, self.thing_at(body.place)))


def overridden(contract: Contract, operation: Operation, role: Role, told: Mapping[str, Any]) -> Role:
    """The role with what the document's sidecar says of it. Raises BadSpec on a word that means nothing."""
    fields = {"behaviour": "verb", "kind": "kind", "key": "key", "envelope": "envelope", "wrapped": "wrapped"}
    unknown = [name for name in told if name not in (*fields, "parents")]
    place = f"{contract.document.source}: {operation.place}/{extension}"
    if unknown:
        raise BadSpec(f"{place}/{unknown[0]}: no such key; known: {', '.join((*fields, 'parents'))}")
    if told.get("behaviour", role.verb) not in verbs:
        raise BadSpec(f"{place}/behaviour: {told['behaviour']!r} is not one of {', '.join(verbs)}")
    changed = {fields[name]: str(value) for name, value in told.items() if name in fields}
    if isinstance(told.get("parents"), dict):
        changed["parents"] = tuple((str(name), str(kind)) for name, kind in told["parents"].items())  # type: ignore[assignment]
    return replace(role, **changed, sure=100, why=f"says {extension}")  # type: ignore[arg-type]


def verb_at(spot: Spot, operation: Operation, body: Body) -> str:
    """What a method does at a spot."""
    if (spot.form, operation.method) == ("collection", "GET") and not body.is_list:
        return "act"
    return doing.get((spot.form, operation.method), "act")


doing: Final = {
    ("item", "GET"): "read", ("item", "HEAD"): "read", ("item", "PUT"): "replace", ("item", "PATCH"): "merge", ("item", "POST"): "merge",
    ("item", "DELETE"): "delete",
    ("collection", "GET"): "list", ("collection", "HEAD"): "list", ("collection", "POST"): "create", ("collection", "PUT"): "replace",
    ("collection", "PATCH"): "merge", ("collection", "DELETE"): "clear",
    ("found", "GET"): "list",
    ("self", "GET"): "read", ("self", "PUT"): "replace", ("self", "PATCH"): "merge",
    ("single", "GET"): "show", ("single", "HEAD"): "show", ("single", "PUT"): "set", ("single", "PATCH"): "set", ("single", "POST"): "set",
    ("single", "DELETE"): "unset",
}  # fmt: skip


def judged(role: Role, spot: Spot, resource: Resource, body: Body, thing: str) -> dict[str, Any]:
    """How sure a role is, and by what."""
    if role.verb == "act":
        if spot.form == "action" and spot.key:
            return {"sure": 70, "why": f"{spot.tail!r} is done to one of {resource.path}"}
        return {"sure": 40, "why": "neither a list, an item nor a single thing"}
    sure, why = 55, [f"{spot.form} of {resource.path}" if resource.path != spot.tail else spot.form]
    if resource.thing:
        sure, why = sure + 20, [*why, f"things are {resource.thing}"]
    if thing and thing == resource.thing:
        sure, why = sure + 10, [*why, "the reply is one" if not body.is_list else "the reply lists them"]
    if resource.id:
        sure, why = sure + 10, [*why, f"told apart by {'.'.join(resource.id)}"]
    elif not resource.single:
        why.append("no property tells them apart: the path's own value does")
    if body.envelope:
        sure, why = sure - 5, [*why, f"inside {body.envelope!r}"]
    return {"sure": min(sure + 5 * resource.single, 99), "why": "; ".join(why)}


def trimmed(path: str) -> str:
    """The path without what stands at its end for nothing."""
    return path.rstrip("/") or "/"


def word_of(path: str) -> str:
    """The last literal word of a path."""
    return next((part.partition("(")[0] for part in reversed(path.split("/")) if part and "{" not in part), "")
