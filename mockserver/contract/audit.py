"""What a client did to the contract: everything a vendor would refuse, and what it would swallow in silence.

A vendor ignores a query parameter or a field it does not know; to the client's author it is a mistake all the same. So this looks at a
call once more, after the fact, and harder than the engine does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from mockserver.contract import wire
from mockserver.contract.contract import Checked, Contract, Unmatched
from mockserver.contract.operation import Operation, Parameter, escape
from mockserver.errors import Finding, nearest
from mockserver.message import Call, Json

groups: Final = ("allOf", "anyOf", "oneOf")


def audit(contract: Contract, call: Call, path: str, *, passed: bool = False) -> tuple[Operation | None, list[Finding]]:
    """The operation a call means, and every way in which the call leaves the contract.

    path    what the vendor makes of the call's path
    passed  the engine has found the call well put: it is read again only for what the engine does not look for
    """
    try:
        operation, values = contract.match(call.method, path)
    except Unmatched as unmatched:
        return None, [stray(contract, call, path, unmatched)]
    except wire.BrokenEncoding:
        return None, [Finding("", "path", "encoding", "is not percent-encoded UTF-8", call.path, "#/paths")]
    known = passed and not call.body and not any(may_give(call, each) for each in operation.outdated)
    checked = Checked() if known else contract.check_call(operation, call, values)
    found = [
        *checked.findings,
        *unsigned(operation, call),
        *(undeclared_query(contract, operation, call) if call.query else ()),
        *(undeclared_fields(contract, operation, call, checked.body) if call.body else ()),
        *outdated(contract, operation, checked.params, checked.body),
    ]
    return operation, found


def stray(contract: Contract, call: Call, path: str, unmatched: Unmatched) -> Finding:
    near = contract.nearest(call.method, path)
    hint = f"; the nearest are {', '.join(near)}" if near else ""
    came = f"{call.method} {call.path}"
    if unmatched.allowed:
        return Finding("", "method", "unknown-method", f"this path takes {', '.join(unmatched.allowed)}{hint}", came, "#/paths")
    return Finding("", "path", "unknown-path", f"the contract has no such path{hint}", came, "#/paths")


# -- signing in ---------------------------------------------------------------------------------------------------------


def unsigned(operation: Operation, call: Call) -> list[Finding]:
    """Credentials of a form the contract does not have. Whether they are anybody's is between client and vendor, and no breach."""
    ways = ways_of(operation)
    for way in ways:
        if all(scheme.fits(call) for scheme in way):
            return []
    if not ways:
        return []
    allowed = dict.fromkeys(" and ".join(scheme.words for scheme in way) for way in ways)
    place = operation.place if "security" in operation.node else "#"
    return [Finding(operation.id, ways[0][0].place, "auth", f"allowed: {' or '.join(allowed)}", shown(call), f"{place}/security")]


class Scheme(NamedTuple):
    """One scheme of signing in: whether a call has credentials of its form, the form in words, and where they belong."""

    fits: Callable[[Call], bool]
    words: str
    place: str = "header authorization"


@lru_cache(maxsize=1000)
def ways_of(operation: Operation) -> tuple[tuple[Scheme, ...], ...]:
    """The alternatives of signing in; none where a call may do without."""
    schemes = operation.contract.schemes
    return tuple(tuple(scheme_of(schemes.get(name) or {}) for name in way) for way in operation.security) if all(operation.security) else ()


def scheme_of(told: Mapping[str, Any]) -> Scheme:
    kind, name, where = told.get("type"), str(told.get("name", "")), told.get("in")
    wanted = str(told.get("scheme", "")).lower()
    if kind == "apiKey":
        start = str(told.get("x-mockserver-form", ""))
        return Scheme(partial(keyed, where, name, start), f"{where} {name}: {start}KEY", f"{where} {name.lower()}")
    if wanted == "basic":
        return Scheme(paired, "Authorization: Basic base64(name:password)")
    if kind == "http" and wanted != "bearer":
        return Scheme(lambda call: authorization(call)[0] == wanted, f"Authorization: {told.get('scheme')} …")
    if kind in ("http", "oauth2", "openIdConnect"):
        return Scheme(borne, "Authorization: Bearer TOKEN")
    return Scheme(lambda _: True, str(kind))


def authorization(call: Call) -> tuple[str, str]:
    """The scheme's word, lower case, and the secret."""
    word, _, secret = call.headers.get("authorization", "").partition(" ")
    return word.lower(), secret


def keyed(where: Json, name: str, start: str, call: Call) -> bool:
    value = credential(call, where, name)
    return bool(value) and value.startswith(start)


def paired(call: Call) -> bool:
    word, secret = authorization(call)
    return word == "basic" and is_pair(secret)


def borne(call: Call) -> bool:
    word, secret = authorization(call)
    return word == "bearer" and bool(secret)


def credential(call: Call, where: Json, name: str) -> str:
    """The value of an API key, "" when the call has none."""
    if where == "header":
        return call.headers.get(name.lower(), "")
    given = wire.cookies(call.headers.get("cookie", "")) if where == "cookie" else query_of(call)
    return given.get(name, [""])[-1]


def query_of(call: Call) -> wire.Pairs:
    """The query as names and values; a broken one has none (the check of the call has said so)."""
    try:
        return wire.pairs(call.query)
    except wire.BrokenEncoding:
        return {}


def shown(call: Call) -> str | None:
    """The Authorization header without its secret."""
    given = call.headers.get("authorization")
    word, _, secret = (given or "").partition(" ")
    return None if given is None else f"{word} …" if secret else f"{len(given)} characters without a scheme"


def is_pair(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


# -- what nobody declared -----------------------------------------------------------------------------------------------


def undeclared_query(contract: Contract, operation: Operation, call: Call) -> Iterator[Finding]:
    """Query parameters that the operation does not have."""
    for name, values in query_of(call).items():
        if name != wire.onward_name and not is_declared(contract, operation, name):
            words = known("query parameter", name, [each.name for each in operation.by_place.query])
            yield Finding(operation.id, f"query {name}", "undeclared", words, values[-1], operation.place)


def is_declared(contract: Contract, operation: Operation, name: str) -> bool:
    """Whether a query parameter is the operation's, or the name of an API key."""
    plain = name.lower() if contract.fold_case else name
    for each in operation.by_place.query:
        if plain == (each.name.lower() if contract.fold_case else each.name) or (each.deep and name.startswith(f"{each.name}[")):
            return True
    return any(scheme.get("in") == "query" and scheme.get("name") == name for scheme in contract.schemes.values())


def known(what: str, name: str, declared: Iterable[str]) -> str:
    names = list(declared)
    near = nearest(name, names)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"no such {what}; declared: {', '.join(names) or 'none'}{hint}"


def undeclared_fields(contract: Contract, operation: Operation, call: Call, body: Json) -> Iterator[Finding]:
    """Fields of the body that its schema does not name, unless the schema says in so many words that others are welcome."""
    place = body_schema(operation, call)
    if place and isinstance(body, dict | list):
        for at, name, value, declared, where in strangers(contract, place, body, ""):
            path = f"{at}/{escape(name)}"
            yield Finding(operation.id, f"body {path}", "undeclared", known("field", name, declared), value, where)


def body_schema(operation: Operation, call: Call) -> str:
    """Where the schema of the body that came stands, "" when there is none."""
    if operation.body is None or not call.body:
        return ""
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    by_media = operation.body[1]
    return by_media.get(media) or next((place for each, place in by_media.items() if not media or each.partition(";")[0] == media), "")


def strangers(contract: Contract, place: str, value: Json, at: str) -> Iterator[tuple[str, str, Json, list[str], str]]:
    """(where, name, value, declared names, schema) of every field that no schema of a place names, however deep."""
    if isinstance(value, list):
        items = contract.types(place)[1]
        if items:
            for index, each in enumerate(value):
                yield from strangers(contract, items, each, f"{at}/{index}")
        return
    if not isinstance(value, dict):
        return
    declared = contract.properties(place)
    if not declared or is_open(contract, place):
        return
    for name, each in value.items():
        if name in declared:
            yield from strangers(contract, declared[name], each, f"{at}/{escape(name)}")
        else:
            yield at, name, each, list(declared), contract.schema(place)[0]


def is_open(contract: Contract, place: str) -> bool:
    """Whether a schema says that fields it does not name are welcome."""
    queue, seen = [place], set()
    while queue:
        here, schema = contract.schema(queue.pop())
        if here in seen or not isinstance(schema, dict):
            continue
        seen.add(here)
        if schema.get("additionalProperties") not in (None, False) or schema.get("patternProperties"):
            return True
        queue += [f"{here}/{group}/{index}" for group in groups for index, _ in enumerate(schema.get(group) or ())]
    return False


# -- what is going away -------------------------------------------------------------------------------------------------


def may_give(call: Call, parameter: Parameter) -> bool:
    """Whether a call may give a parameter, as far as can be told without reading it."""
    return parameter.where != "query" or "%" in call.query or parameter.name.lower() in call.query.lower()


def outdated(contract: Contract, operation: Operation, params: Mapping[str, Json], body: Json) -> Iterator[Finding]:
    """Use of what the contract calls deprecated: the operation, a parameter, a field."""
    if operation.deprecated:
        yield Finding(operation.id, "operation", "deprecated", "the operation is deprecated", None, f"{operation.place}/deprecated")
    for each in operation.outdated:
        if each.name in params and params[each.name] != each.default:
            yield Finding(operation.id, each.label, "deprecated", "the parameter is deprecated", params[each.name], f"{each.place}")
    if operation.body is not None and isinstance(body, dict):
        for place in dict.fromkeys(filter(None, operation.body[1].values())):
            for name, where in contract.properties(place).items():
                schema = contract.schema(where)[1]
                if name in body and isinstance(schema, dict) and schema.get("deprecated"):
                    yield Finding(operation.id, f"body /{escape(name)}", "deprecated", "the field is deprecated", body[name], where)
