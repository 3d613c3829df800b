"""Valid requests made from a contract alone: what a client that keeps it would send."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote

import orjson

from mockserver.contract import bodies
from mockserver.contract.operation import Operation, Parameter
from mockserver.contract.sample import Impossible, Making, Person, Sampler
from mockserver.engine.locks import schemes_of
from mockserver.message import Call, Json
from mockserver.state.ids import Draws

now = 1_795_000_000_000


def making(key: str) -> Making:
    return Making(Draws(key), "request", now, lambda _: Person("Ada", "Lovelace", "ada.lovelace@example.com"))


def call_for(operation: Operation, sampler: Sampler, credentials: Mapping[str, str], known: Mapping[str, Json] | None = None) -> Call:
    """A call that keeps the contract. `known`: path parameters of things that are there. Raises Impossible."""
    path, query, headers, cookies = operation.path, [], {}, []
    for parameter in operation.parameters:
        if not parameter.required and parameter.where != "path":
            continue
        value = (known or {}).get(parameter.name)
        if value is None:
            value = (
                sampler.value(parameter.place, making(f"{operation.id}:{parameter.name}"), name=parameter.name) if parameter.place else "x"
            )
        match parameter.where:
            case "path":
                path = path.replace("{" + parameter.name + "}", quote(written(value, parameter), safe=""))
            case "query":
                query += queried(parameter, value)
            case "header":
                headers[parameter.name.lower()] = written(value, parameter)
            case "cookie":
                cookies.append(f"{parameter.name}={written(value, parameter)}")
    path, _, fragment = path.partition("#")  # what a document tells operations apart by, and no wire carries
    for part in fragment.split("&") if "=" in fragment else ():
        name, _, told = part.partition("=")
        if name.lower() not in headers and name not in [each for each, _ in query]:
            headers[name.lower()] = told
    content = b""
    if operation.body is not None and operation.body[1]:
        media = min(operation.body[1], key=lambda each: bodies.family(each) != "json")
        place = operation.body[1][media]
        if place:
            try:
                value = sampler.value(place, making(operation.id))
            except Impossible:
                if operation.body[0]:
                    raise
            else:
                content, headers["content-type"] = bodies.write(sampler.contract, place, media, value)
        else:
            content, headers["content-type"] = b"{}", bodies.sent_as(media)
    sign(operation, credentials, headers, query, cookies)
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    return Call(
        operation.method, path, "&".join(f"{quote(name, safe='[]')}={quote(text, safe='')}" for name, text in query), headers, content
    )


def text(value: Json) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def written(value: Json, parameter: Parameter) -> str:
    if isinstance(value, list):
        return (parameter.joined or ",").join(map(text, value)) or "x"
    return text(value) or "x"


def queried(parameter: Parameter, value: Json) -> list[tuple[str, str]]:
    if isinstance(value, list):
        if parameter.joined:
            return [(parameter.name, parameter.joined.join(map(text, value)))]
        return [(parameter.name, text(each)) for each in value]
    if isinstance(value, dict) and parameter.deep:
        return [(f"{parameter.name}[{key}]", text(each)) for key, each in value.items()]
    return [(parameter.name, text(value))]


def sign(
    operation: Operation, credentials: Mapping[str, str], headers: dict[str, str], query: list[tuple[str, str]], cookies: list[str]
) -> None:
    """The credentials of the first alternative."""
    schemes = schemes_of(operation.contract)
    for name in operation.security[0] if operation.security else ():
        scheme, value = schemes.get(name, {}), credentials.get(name, "")
        match scheme.get("type"), scheme.get("in"):
            case "apiKey", "query":
                query[:] = [each for each in query if each[0] != scheme["name"]] + [(scheme["name"], value)]
            case "apiKey", "cookie":
                cookies.append(f"{scheme['name']}={value}")
            case "apiKey", _:
                headers[str(scheme["name"]).lower()] = value
            case "http", _ if str(scheme.get("scheme")).lower() == "basic":
                headers["authorization"] = "Basic " + b64encode(value.encode()).decode()
            case _:
                headers["authorization"] = f"Bearer {value}"
