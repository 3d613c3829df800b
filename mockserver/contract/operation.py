"""One operation of a contract and its parts, compiled when first needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.contract import wire
from mockserver.message import NOTHING, Json
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract

template: Final = re.compile(r"\{([^{}]*)\}")

# OpenAPI: header parameters of these names describe what other parts of the document describe, and count for nothing.
ignored_headers: Final = frozenset({"accept", "content-type", "authorization"})

# A string's schema with nothing but these refuses no string.
unchecking: Final = frozenset({"type", "title", "description", "example", "examples", "default", "deprecated", "nullable"})


@frozen
class Parameter:
    """One declared parameter.

    where     "path", "query", "header" or "cookie"
    place     JSON pointer of its schema
    default   what the contract says an absent one means, or NOTHING
    many      takes a list
    joined    the list comes in one value, split by this; "" when the name is repeated instead
    deep      `name[key]=value`
    """

    name: str
    where: str
    required: bool
    place: str
    default: Json
    many: bool
    joined: str
    deep: bool
    read: Callable[[str], Json]
    check: Callable[[Json], bool]

    @property
    def label(self) -> str:
        """What findings call it."""
        return f"{self.where} {self.name}"

    def value(self, given: list[str]) -> Json:
        """The typed value of what came."""
        if not self.many:
            return self.read(given[0])
        parts = given if not self.joined or len(given) > 1 else given[0].split(self.joined) if given[0] else []
        return [self.read(part) for part in parts]


class Places(NamedTuple):
    """Parameters by where they stand."""

    path: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    header: tuple[Parameter, ...]
    cookie: tuple[Parameter, ...]


@frozen
class Answer:
    """One documented reply: the place of its response object and, by media type, of its schemas ("" where none is given)."""

    status: str
    place: str
    media: Mapping[str, str]
    headers: tuple[str, ...]

    __eq__ = object.__eq__  # there is one for each place
    __hash__ = object.__hash__


class Operation:
    """One method on one path template.

    id       its operationId, or "METHOD /path" when the document gives none
    method   upper case
    path     the template
    place    JSON pointer of the operation object
    aliases  further names it answers to
    """

    def __init__(self, contract: Contract, name: str, method: str, path: str, place: str) -> None:
        self.contract = contract
        self.id, self.method, self.path, self.place = name, method, path, place
        self._covered: dict[int, Answer | None] = {}

    def __repr__(self) -> str:
        return f"<{self.id}: {self.method} {self.path}>"

    @cached_property
    def node(self) -> Mapping[str, Any]:
        """The operation object."""
        return self.contract.at(self.place)  # type: ignore[no-any-return]  # JSON: an operation is an object, or it would not be listed

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables of the path, in their order."""
        return tuple(name for segment in self.path.split("/") for name in template.findall(segment))

    @property
    def aliases(self) -> tuple[str, ...]:
        return tuple(self.node.get("x-mockserver-aliases") or ())

    @property
    def deprecated(self) -> bool:
        return bool(self.node.get("deprecated"))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the path item and the operation, the operation's own winning."""
        item = self.place.rpartition("/")[0]
        found: dict[tuple[str, str], Parameter] = {}
        for place in (*self._listed(f"{item}/parameters"), *self._listed(f"{self.place}/parameters")):
            node = self.contract.at(place)
            name, where = str(node.get("name")), str(node.get("in"))
            if where != "header" or name.lower() not in ignored_headers:
                found[name, where] = self._parameter(name, where, place, node)
        return tuple(found.values())

    def _listed(self, place: str) -> Iterator[str]:
        for index, _ in enumerate(self.contract.at(place, ()) or ()):
            yield self.contract.follow(f"{place}/{index}")

    def _parameter(self, name: str, where: str, place: str, node: Mapping[str, Any]) -> Parameter:
        schema_place = f"{place}/schema"
        if "schema" not in node:
            schema_place = next((f"{place}/content/{escape(media)}/schema" for media in node.get("content") or ()), "")
        types, items = self.contract.types(schema_place)
        style = str(node.get("style") or ("form" if where in ("query", "cookie") else "simple"))
        explode = bool(node.get("explode", style == "form"))
        many = "array" in types and not types & {"string", "integer", "number"}
        inner = self.contract.types(items)[0] if many and items else frozenset({"string"})
        return Parameter(
            name=name,
            where=where,
            required=bool(node.get("required")),
            place=schema_place,
            default=self.contract.default(schema_place),
            many=many,
            joined="" if explode and where in ("query", "cookie") else wire.separators.get(style, ","),
            deep=style == "deepObject",
            read=wire.scalar(inner if many else types, lenient=self.contract.fold_case),
            check=self.contract.check(schema_place, "request") if schema_place and not self._takes_any_text(schema_place) else always,
        )

    def _takes_any_text(self, place: str) -> bool:
        """Whether a schema says "string" and nothing more: so most ids do, and there is nothing to check."""
        schema = self.contract.schema(place)[1]
        return isinstance(schema, dict) and schema.get("type") == "string" and schema.keys() <= unchecking

    @cached_property
    def by_place(self) -> Places:
        """The parameters by where they stand."""
        return Places(*(tuple(each for each in self.parameters if each.where == where) for where in Places._fields))

    @cached_property
    def takes_any_path(self) -> bool:
        """Whether every variable of the path takes whatever text stands there, as most ids do."""
        path = self.by_place.path
        return all(each.read is str and each.check is always and not each.many and not each.deep for each in path) and {
            each.name for each in path
        } == set(self.names)

    @cached_property
    def outdated(self) -> tuple[Parameter, ...]:
        """The parameters that the contract calls deprecated."""
        return tuple(
            each for each in self.parameters if each.place and self.contract.at(each.place.rpartition("/")[0], {}).get("deprecated")
        )

    @cached_property
    def body(self) -> tuple[bool, Mapping[str, str]] | None:
        """Whether a body is required, and by media type the place of its schema; None when the operation takes none."""
        if "requestBody" not in self.node:
            return None
        place = self.contract.follow(f"{self.place}/requestBody")
        return bool(self.contract.at(place).get("required")), self.contract.media(place)

    @cached_property
    def answers(self) -> Mapping[str, Answer]:
        """The documented replies by status: "200", "4XX", "default"; a bare 200 where no success is documented."""
        out = {}
        for status in self.node.get("responses") or {}:
            place = self.contract.follow(f"{self.place}/responses/{escape(str(status))}")
            node = self.contract.at(place)
            out[str(status)] = Answer(str(status), place, self.contract.media(place), tuple(node.get("headers") or ()))
        if not any(status[:1] in "23" or status == "default" for status in out):
            out["200"] = Answer("200", f"{self.place}/responses", {}, ())  # a document that only lists what may go wrong
        return out

    def answer(self, status: int) -> Answer | None:
        """The documented reply that covers this status."""
        if status not in self._covered:
            answers, group = self.answers, status // 100
            self._covered[status] = (
                answers.get(str(status)) or answers.get(f"{group}XX") or answers.get(f"{group}xx") or answers.get("default")
            )
        return self._covered[status]

    @cached_property
    def success(self) -> int:
        """The status this operation answers when it did its job: the lowest documented 2xx, else 200 if covered, else the lowest 3xx."""
        told = sorted(int(status) for status in self.answers if status.isdigit() and status[0] in "23")
        if told and told[0] < 300:
            return told[0]
        return 200 if not told or self.answer(200) is not None else told[0]

    @cached_property
    def security(self) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        """The alternatives of signing in, each scheme with its scopes; empty: nothing is asked. `{}` among them: optional."""
        given = self.node.get("security", self.contract.document.parts.get("security"))
        return tuple({name: tuple(scopes or ()) for name, scopes in each.items()} for each in given or () if isinstance(each, dict))


def always(_: Json) -> bool:
    return True


def escape(part: str) -> str:
    """One part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1") if "~" in part or "/" in part else part


__all__ = ["NOTHING", "Answer", "Operation", "Parameter", "escape"]
