"""What a document with no card behind it is about: its resources, which operation does what to them, and how sure that is.

Where resource.py reads one operation, this reads operations together: a path is a collection because items lie below it, a thing is what
the item's GET answers, a POST below an item is something done to it. An operation's `x-mockserver` says otherwise where this guesses wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.envelopes import Envelopes
from mockserver.contract.paths import Paths, plain, trimmed, word_of
from mockserver.contract.resource import Role, request_shape, variable
from mockserver.contract.roles import extension, judged, overridden, verb_at
from mockserver.contract.words import singular, words_of
from mockserver.errors import BadSpec
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Operation

myself: Final = frozenset("me self current myself whoami authenticated".split())
of_no_word: Final = re.compile(r"api|rest|v\d+(\.\d+)*\w*")  # leading words that name no thing

# What tells things apart, likeliest first, where neither the path's own parameter nor the thing's name says it.
common_ids: Final = "id {one}id {kind}id uuid guid uid identifier sid slug name key code"


@frozen
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


@frozen
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
        self.contract, self.paths = contract, Paths(contract)
        envelopes = Envelopes(contract, self.paths)
        self.body, self.sent, self.wrapped, self.thing_at = envelopes.body, envelopes.sent, envelopes.wrapped, envelopes.thing_at
        self._roles: dict[str, Role] = {}
        self._resources: dict[str, Resource | None] = {}
        self._about: dict[str, Resource | None] = {}
        self._own: dict[tuple[str, str], str] = {}
        self._read_only: dict[str, frozenset[str]] = {}
        self._optional: dict[str, frozenset[str]] = {}

    # -- paths ------------------------------------------------------------------------------------------------------

    def spot(self, operation: Operation) -> Spot:
        """Where an operation stands, by its path, its neighbours and whether its GET lists."""
        path = trimmed(operation.path)
        head, _, last = path.rpartition("/")
        names = re.findall(r"\{([^{}]*)\}", last)
        if names:
            tail = last.rpartition("}")[2]
            return Spot("action", head, names[-1], tail[1:]) if tail[:1] == ":" else Spot("item", head, names[-1])
        if self.paths.collects(path):
            return Spot("collection", path)
        below = variable.match(head.rpartition("/")[2])
        get = self.paths.at(path).get("GET")
        if get is None:
            if below:
                return Spot("action", head.rpartition("/")[0], below[1], last)
            if self.paths.collects(head):
                return Spot("action", head, "", last)
            return Spot("collection" if operation.method == "POST" and self._makes(operation) else "action", path, "", last)
        body = self.body(get)
        if not below and self.paths.collects(head):
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

    def _place(self, collection: str) -> str:
        """The schema of what a collection holds: by its item's GET, else its own, else what is sent to it."""
        items = self.paths.items(collection)
        item = next((at for at in items if "GET" in self.paths.at(at)), "")
        for at, method in ((item, "GET"), (collection, "GET"), (collection, "POST"), (item, "PUT"), (item, "PATCH")):
            operation = self.paths.at(at).get(method)
            if operation is not None:
                body = self.body(operation)
                if body.place and "object" in (self.contract.types(body.place)[0] or {"object"}):
                    return body.place
        for at in (*items, collection):
            for method in ("PUT", "PATCH", "POST"):
                operation = self.paths.at(at).get(method)
                if operation is not None and (sent := self.sent(operation)):
                    return sent
        return ""

    # -- resources --------------------------------------------------------------------------------------------------

    def resource(self, path: str) -> Resource | None:
        """The resource whose collection, or single thing, this path is; None when it is neither."""
        if path not in self._resources:
            self._resources[path] = self._resource(path, single=form == "single") if (form := self._form(path)) else None
        return self._resources[path]

    def _form(self, path: str) -> str:
        if self.paths.collects(path):
            return "collection"
        spots = [self.spot(operation) for operation in self.paths.at(path).values()]
        return next((spot.form for spot in spots if spot.collection == path and spot.form in ("collection", "single")), "")

    def alike(self, resource: Resource) -> list[Resource]:
        """The resources of one name: the same things at several paths, in the document's order."""
        return [each for path in self.paths.of(resource.word) if (each := self.resource(path)) is not None and each.name == resource.name]

    @cached_property
    def names(self) -> dict[str, Resource]:
        """Every resource by name, the first of those that share one. Looks at the whole document."""
        found: dict[str, Resource] = {}
        for path in self.paths.all():
            resource = self.resource(path)
            if resource is not None:
                found.setdefault(resource.name, resource)
        return found

    def named(self, name: str) -> Resource | None:
        """The resource of this name. Where the words it is made of lead is looked at first: that spares the rest of a large document."""
        for word in dict.fromkeys((name.partition(".")[0], name.rpartition(".")[2])):
            for path in self.paths.of(word):
                found = self.resource(path)
                if found is not None and found.name == name:
                    return found
        return self.names.get(name)

    def _resource(self, path: str, *, single: bool) -> Resource:
        word = word_of(path)
        if single:
            get = self.paths.at(path).get("GET")
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
        key = next((match[-1] for at in self.paths.items(path) if (match := re.findall(r"\{([^{}]*)\}", at.rpartition("/")[2]))), "id")
        told_apart = () if single else self._id(place, key, word, thing)
        return Resource(str(given or name), path, word, thing, place, told_apart, self._parents(path), single)

    def _told(self, path: str) -> Mapping[str, Any]:
        """What `x-mockserver` says of the operations on a path."""
        for operation in self.paths.at(path).values():
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
        for name in (wanted, bare, f"{one}{tail}", tail, *common_ids.format(one=one, kind=kind).split()):
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
        if word not in self._about:
            paths = [path for path in self.paths.about(word) if self.paths.collects(path)]
            paths.sort(key=lambda path: path.count("{"))
            self._about[word] = next((found for path in paths if (found := self.resource(path))), None)
        return self._about[word]

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
            places = self._properties(resource.place)
            found = self._read_only[resource.path] = frozenset(name for name, at in places.items() if self._says(at, "readOnly"))
        return found

    def _says(self, place: str, word: str) -> bool:
        """Whether the schema at a place, or the one it refers to, has this word set. A reference that leads nowhere says nothing."""
        own = self.contract.at(place, None)
        if isinstance(own, dict) and own.get(word) is True:
            return True
        try:
            schema = self.contract.schema(place)[1]
        except (BadSpec, ValueError):
            return False
        return isinstance(schema, dict) and schema.get(word) is True

    def types(self, resource: Resource, path: tuple[str, ...]) -> frozenset[str]:
        """The JSON types that a property of a thing may have; none where the document does not say, or cannot be read."""
        place = self.property_place(resource, path)
        try:
            return self.contract.types(place)[0] if place else frozenset()
        except (BadSpec, ValueError):
            return frozenset()

    def optional_when_sent(self, resource: Resource) -> frozenset[str]:
        """The properties that a client may send and may leave out: the server does not make them up."""
        found = self._optional.get(resource.path)
        if found is None:
            names: set[str] = set()
            for method in ("POST", "PUT"):
                operation = self.paths.at(resource.path).get(method)
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
                if "kind" in told and self.named(role.kind) is None:
                    place = f"{self.contract.document.source}: {operation.place}/{extension}"
                    raise BadSpec(f"{place}/kind: {role.kind!r} is no kind; known: {', '.join(self.names)}")
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
