"""Swagger 2.0 into the places of OpenAPI 3: the same facts, moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mockserver.message import Json

verbs: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})

moved: Final = (
    ("#/definitions/", "#/components/schemas/"),
    ("#/parameters/", "#/components/parameters/"),
    ("#/responses/", "#/components/responses/"),
)

# In 2.0 these describe the value beside the parameter's own keys; in 3.x they sit in its schema.
schema_keys: Final = frozenset({
    "type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
    "pattern", "maxItems", "minItems", "uniqueItems", "enum", "multipleOf", "x-nullable",
})  # fmt: skip

styles: Final[dict[str, dict[str, Any]]] = {
    "multi": {"style": "form", "explode": True},
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
}

oauth_flows: Final = {"implicit": "implicit", "password": "password", "application": "clientCredentials", "accessCode": "authorizationCode"}


def upgrade(old: dict[str, Any]) -> dict[str, Any]:
    """The document with 3.0's shape; schemas keep their 2.0 words, which the reader makes modern afterwards."""
    consumes, produces = old.get("consumes") or ["application/json"], old.get("produces") or ["application/json"]
    shared = mapping(old.get("parameters"))
    new: dict[str, Any] = {
        key: value for key, value in old.items() if key in ("info", "tags", "externalDocs", "security") or key.startswith("x-")
    }
    new["servers"] = servers(old)
    new["paths"] = {path: path_item(mapping(item), shared, consumes, produces) for path, item in mapping(old.get("paths")).items()}
    new["components"] = {
        "schemas": mapping(old.get("definitions")),
        "parameters": {name: parameter(value) for name, value in shared.items() if value.get("in") not in ("body", "formData")},
        "responses": {name: response(mapping(value), produces) for name, value in mapping(old.get("responses")).items()},
        "securitySchemes": {name: scheme(mapping(value)) for name, value in mapping(old.get("securityDefinitions")).items()},
    }
    rewritten: dict[str, Any] = rewrite(new)
    return rewritten | {"openapi": "3.0.4"}


def mapping(value: Json) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def rewrite(node: Json) -> Json:
    """The same value with every local reference pointing to where its target has moved."""
    if isinstance(node, list):
        return [rewrite(part) for part in node]
    if not isinstance(node, dict):
        return node
    out = {key: rewrite(value) for key, value in node.items()}
    ref = node.get("$ref")
    if isinstance(ref, str):
        for before, after in moved:
            if ref.startswith(before):
                out["$ref"] = after + ref.removeprefix(before)
    return out


def servers(old: Mapping[str, Any]) -> list[dict[str, str]]:
    base = str(old.get("basePath") or "").rstrip("/")
    if not old.get("host"):
        return [{"url": base or "/"}]
    return [{"url": f"{scheme}://{old['host']}{base}"} for scheme in old.get("schemes") or ["https"]]


def path_item(item: dict[str, Any], shared: Mapping[str, Any], consumes: list[str], produces: list[str]) -> dict[str, Any]:
    common = item.get("parameters") or []
    out: dict[str, Any] = {key: value for key, value in item.items() if key not in verbs and key != "parameters"}
    for verb in verbs & item.keys():
        out[verb] = operation(mapping(item[verb]), common, shared, consumes, produces)
    return out


def operation(
    old: dict[str, Any], common: list[Json], shared: Mapping[str, Any], consumes: list[str], produces: list[str]
) -> dict[str, Any]:
    consumes, produces = old.get("consumes") or consumes, old.get("produces") or produces
    new = {key: value for key, value in old.items() if key not in ("parameters", "responses", "consumes", "produces", "schemes")}
    given = [resolved(mapping(each), shared) for each in [*common, *(old.get("parameters") or [])]]
    unique = {(each.get("name"), each.get("in")): each for each in given}.values()
    new["parameters"] = [parameter(each) for each in unique if each.get("in") not in ("body", "formData")]
    body = next((each for each in unique if each.get("in") == "body"), None)
    form = [each for each in unique if each.get("in") == "formData"]
    if body is not None:
        new["requestBody"] = {
            "required": bool(body.get("required")),
            "content": {media: {"schema": body.get("schema") or {}} for media in consumes},
        }
    elif form:
        new["requestBody"] = form_body(form, consumes)
    new["responses"] = {str(code): response(mapping(each), produces) for code, each in mapping(old.get("responses")).items()}
    return new


def resolved(value: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    ref = str(value.get("$ref", ""))
    return mapping(shared.get(ref.removeprefix("#/parameters/"))) if ref.startswith("#/parameters/") else value


def parameter(old: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in old:
        return old
    new = {key: value for key, value in old.items() if key not in schema_keys and key not in ("collectionFormat", "allowEmptyValue")}
    new["schema"] = {key: value for key, value in old.items() if key in schema_keys}
    if old.get("type") == "array":
        style = styles[str(old.get("collectionFormat", "csv"))] if old.get("collectionFormat", "csv") in styles else styles["csv"]
        new |= style if old.get("in") == "query" else {"style": "simple"}
    return new


def form_body(fields: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
    files = any(each.get("type") == "file" for each in fields)
    forms = [media for media in consumes if media in ("multipart/form-data", "application/x-www-form-urlencoded")]
    schema = {
        "type": "object",
        "properties": {each["name"]: {key: value for key, value in each.items() if key in schema_keys} for each in fields},
        "required": [each["name"] for each in fields if each.get("required")],
    }
    kinds = ["multipart/form-data"] if files else forms or ["application/x-www-form-urlencoded"]
    return {"required": bool(schema["required"]), "content": {media: {"schema": schema} for media in kinds}}


def response(old: dict[str, Any], produces: list[str]) -> dict[str, Any]:
    if "$ref" in old:
        return old
    new = {key: value for key, value in old.items() if key not in ("schema", "examples", "headers")}
    if "schema" in old:
        examples = mapping(old.get("examples"))
        new["content"] = {
            media: {"schema": old["schema"]} | ({"example": examples[media]} if media in examples else {}) for media in produces
        }
    new["headers"] = {
        name: {"schema": {key: value for key, value in mapping(each).items() if key in schema_keys}}
        for name, each in mapping(old.get("headers")).items()
    }
    return new


def scheme(old: dict[str, Any]) -> dict[str, Any]:
    if old.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if old.get("type") != "oauth2":
        return old
    flow = {"scopes": mapping(old.get("scopes"))}
    flow |= {key: old[key] for key in ("authorizationUrl", "tokenUrl") if key in old}
    return {"type": "oauth2", "flows": {oauth_flows.get(str(old.get("flow")), "implicit"): flow}}
