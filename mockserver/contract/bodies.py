"""Bodies that are not JSON: values as XML, forms, text and bytes by the schema's notes, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import orjson

from mockserver.contract import wire
from mockserver.contract.resource import component
from mockserver.message import Json

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from mockserver.contract.contract import Contract

boundary: Final = "mockserver-boundary-4f1c8e"

# The smallest file of each kind that programs open without complaint.
files: Final[dict[str, bytes]] = {
    "application/pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n",
    "application/zip": b"PK\x05\x06" + bytes(18),
    "image/gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00"
    b"\x02\x02D\x01\x00;",
    "image/png": bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d4944415478da63f8ffff3f0005fe02fea7d605"
        "820000000049454e44ae426082".replace(" ", "")
    ),
}


@lru_cache(maxsize=1000)
def family(media: str) -> str:
    """Which way a media type is written: "json", "xml", "form", "multipart", "yaml", "text" or "bytes"."""
    media = media.partition(";")[0].strip().lower()
    if media in ("application/json", "text/json", "*/*", "*", "application/*", "") or media.endswith(("+json", "-json", "/json")):
        return "json"
    if media in ("application/xml", "text/xml") or media.endswith("+xml"):
        return "xml"
    if media == "application/x-www-form-urlencoded":
        return "form"
    if media.startswith("multipart/"):
        return "multipart"
    if media.endswith(("yaml", "yml")):
        return "yaml"
    return "text" if media.startswith("text/") or media.endswith(("csv", "jsonl", "ndjson", "javascript")) else "bytes"


# -- writing ----------------------------------------------------------------------------------------------------------------


def write(contract: Contract, place: str, media: str, value: Json) -> tuple[bytes, str]:
    """The bytes of a value in a media type, and the Content-Type to send with them."""
    bare = media.partition(";")[0].strip()
    return writers[family(media)](contract, place, value, bare), sent_as(media)


@lru_cache(maxsize=1000)
def sent_as(media: str) -> str:
    """The media type as a header says it: what a range stands for, and a multipart's boundary."""
    if family(media) == "json" and "*" in media:
        return "application/json"
    if family(media) == "multipart":
        return f"{media.partition(';')[0].strip()}; boundary={boundary}"
    return media.replace("/*", "/plain") if media.startswith("text/*") else media.replace("*", "octet-stream")


def as_json(contract: Contract, place: str, value: Json, media: str) -> bytes:
    return orjson.dumps(value)


def as_text(contract: Contract, place: str, value: Json, media: str) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def as_bytes(contract: Contract, place: str, value: Json, media: str) -> bytes:
    return files[media] if media in files and isinstance(value, str) else as_text(contract, place, value, media)


def as_yaml(contract: Contract, place: str, value: Json, media: str) -> bytes:
    return json.dumps(value, indent=2).encode()  # every JSON text is a YAML text


def as_form(contract: Contract, place: str, value: Json, media: str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in flat(value)).encode()


def as_multipart(contract: Contract, place: str, value: Json, media: str) -> bytes:
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in flat(value, split=False)]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


def flat(value: Json, name: str = "", *, split: bool = True) -> Iterator[tuple[str, str]]:
    """Fields of a form; what is inside others is named `outer[inner]`, or (not split) stands as JSON."""
    if isinstance(value, dict) and (split or not name):
        for key, inner in value.items():
            yield from flat(inner, f"{name}[{key}]" if name else key, split=split)
    elif isinstance(value, list):
        for inner in value:
            yield (name, inner if isinstance(inner, str) else orjson.dumps(inner).decode())
    elif value is not None:
        yield name or "value", value if isinstance(value, str) else orjson.dumps(value).decode()


def as_xml(contract: Contract, place: str, value: Json, media: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + element(contract, place, root_name(contract, place), value)).encode()


def note(contract: Contract, place: str) -> dict[str, Any]:
    """The `xml` of the schema at a place."""
    node = contract.at(place, None) if place else None
    own = node.get("xml") if isinstance(node, dict) else None
    if not isinstance(own, dict) and place:
        own = contract.at(contract.follow(place) + "/xml", None)
    return own if isinstance(own, dict) else {}


def root_name(contract: Contract, place: str) -> str:
    return str(note(contract, place).get("name") or (component(contract, place) if place else "") or "response")


def element(contract: Contract, place: str, name: str, value: Json, called: str = "") -> str:
    """A value as an element of this name; `called`: what the items of a list are called when nothing says so."""
    told = note(contract, place)
    name, attributes = xml_name(f"{told['prefix']}:{name}" if told.get("prefix") else name), ""
    if told.get("namespace"):
        attributes += f" xmlns{':' + str(told['prefix']) if told.get('prefix') else ''}={quoted(str(told['namespace']))}"
    if isinstance(value, list):
        items = contract.types(place)[1] if place else ""
        one = str(note(contract, items).get("name") or called or "item")
        return f"<{name}{attributes}>{''.join(element(contract, items, one, each) for each in value)}</{name}>"
    if not isinstance(value, dict):
        return f"<{name}{attributes}>{escape(scalar(value), quote=False)}</{name}>"
    properties, inside = contract.properties(place) if place else {}, ""
    for key, each in value.items():
        at = properties.get(key, "")
        own = note(contract, at)
        called = str(own.get("name") or key)
        if own.get("attribute"):
            attributes += f" {xml_name(called)}={quoted(scalar(each))}"
        elif isinstance(each, list) and not own.get("wrapped"):
            items = contract.types(at)[1] if at else ""
            one = str(note(contract, items).get("name") or called)
            inside += "".join(element(contract, items, one, item) for item in each)
        else:
            inside += element(contract, at, called, each, key)
    return f"<{name}{attributes}>{inside}</{name}>"


def quoted(text: str) -> str:
    return f'"{escape(text)}"'


def xml_name(name: str) -> str:
    clean = re.sub(r"[^\w.:-]", "_", name)
    return clean if re.match(r"[A-Za-z_]", clean) else f"_{clean}"


control: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def scalar(value: Json) -> str:
    return control.sub("", value) if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()


Writer = Callable[["Contract", str, Json, str], bytes]
writers: Final[dict[str, Writer]] = {
    "json": as_json, "text": as_text, "bytes": as_bytes, "yaml": as_yaml, "form": as_form, "multipart": as_multipart, "xml": as_xml,
}  # fmt: skip


# -- reading ----------------------------------------------------------------------------------------------------------------


def read(contract: Contract, place: str, content_type: str, body: bytes) -> Json:
    """The value that a body holds. Raises ValueError when it is not of its media type."""
    reader, types = readers.get(family(content_type)), contract.types(place)[0] if place else frozenset()
    if reader is None or types == {"string"}:
        text = body.decode(errors="replace")
        return text if "string" in (types or {"string"}) else loaded(text)
    return reader(contract, place, content_type, body)


def opaque(contract: Contract, place: str, content_type: str) -> bool:
    """Whether nobody looks into a body: it is a file, whatever is in it."""
    return family(content_type) in ("text", "bytes") or (family(content_type) != "json" and contract.types(place)[0] == {"string"})


def of_yaml(contract: Contract, place: str, content_type: str, body: bytes) -> Json:
    from mockserver.contract.document import parse_yaml
    from mockserver.errors import BadSpec

    try:
        return parse_yaml(body, "the body")
    except BadSpec as error:
        raise ValueError(str(error)) from None


def of_form(contract: Contract, place: str, content_type: str, body: bytes) -> Json:
    return fields(contract, place, wire.pairs(body.decode()))


def fields(contract: Contract, place: str, given: wire.Pairs) -> dict[str, Json]:
    """A form, each field read as the schema's property of that name; `outer[inner]` stands inside."""
    properties, others = contract.properties(place) if place else {}, unnamed(contract, place)
    out: dict[str, Json] = {}
    nested: dict[str, wire.Pairs] = {}
    for name, values in given.items():
        outer, bracket, inner = name.partition("[")
        if bracket and name not in properties and inner.endswith("]"):
            head, _, rest = inner[:-1].partition("][")
            key = f"{head}[{rest}]" if rest else head
            nested.setdefault(outer, {}).setdefault(key, []).extend(values)
        else:
            out[name] = field(contract, properties.get(name, others), values)
    whole = contract.at(contract.follow(place), {}) if place else {}
    for name in whole.get("required") or () if isinstance(whole, dict) else ():
        if name not in given and name not in nested and name in properties and "array" in contract.types(properties[name])[0]:
            out[name] = []  # a list of nothing leaves no trace in a form
    for name, pairs in nested.items():
        at = properties.get(name, others)
        types, items = contract.types(at) if at else (frozenset(), "")
        if all(not key or key.isdecimal() for key in pairs) and (not at or "array" in types):
            out[name] = [field(contract, items, [value]) for values in pairs.values() for value in values]
        elif all(key.partition("[")[0].isdecimal() for key in pairs) and "array" in types:
            rows: dict[str, wire.Pairs] = {}
            for key, values in pairs.items():
                index, _, rest = key.partition("[")
                rows.setdefault(index, {})[rest.replace("]", "", 1)] = values
            out[name] = [fields(contract, items, row) for row in rows.values()]
        else:
            out[name] = fields(contract, at, pairs)
    return out


def field(contract: Contract, place: str, values: list[str]) -> Json:
    """One field of a form."""
    types, items = contract.types(place) if place else (frozenset({"string"}), "")
    if "array" in types:
        one = contract.types(items)[0] if items else frozenset({"string"})
        if len(values) == 1 and values[0][:1] == "[":
            return loaded(values[0])
        return [wire.scalar(one)(value) for value in values]
    return wire.scalar(types)(values[-1])


def loaded(text: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def of_multipart(contract: Contract, place: str, content_type: str, body: bytes) -> Json:
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise ValueError("its Content-Type names no boundary")
    given: wire.Pairs = {}
    pieces = body.split(b"--" + found[1].encode())
    if len(pieces) < 2:
        raise ValueError("its boundary does not occur in it")
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None:
            raise ValueError("a part has no name")
        given.setdefault(name[1].decode(errors="replace"), []).append(content.removesuffix(b"\r\n").decode(errors="replace"))
    return fields(contract, place, given)


def of_xml(contract: Contract, place: str, content_type: str, body: bytes) -> Json:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a document type is not read")
    from xml.etree import ElementTree as ET  # 3 ms, for documents that speak XML

    try:
        root = ET.fromstring(body)  # noqa: S314  # no document type, so no entities
    except ET.ParseError as error:
        raise ValueError(str(error)) from None
    return of_element(contract, place, root) if place else body.decode(errors="replace")


def of_element(contract: Contract, place: str, node: ET.Element) -> Json:
    """What an element says, as its schema types it."""
    types, items = contract.types(place) if place else (frozenset({"string"}), "")
    if "array" in types:
        return [of_element(contract, items, each) for each in node]
    properties = contract.properties(place) if place else {}
    if not properties and "object" not in types and len(node) == 0:
        return wire.scalar(types)(node.text or "") if node.text or "null" not in types else None
    names = {name: (name, at) for name, at in properties.items()}
    names |= {str(told): (name, at) for name, at in properties.items() if (told := note(contract, at).get("name"))}
    whole, others = contract.at(contract.follow(place)) if place else {}, unnamed(contract, place)
    out: dict[str, Json] = {}
    for key, text in node.attrib.items():
        name, at = names.get(key.rpartition("}")[2], (key, ""))
        out[name] = wire.scalar(contract.types(at)[0])(text) if at else text
    for each in node:
        tag = each.tag.rpartition("}")[2]
        name, at = names.get(tag, (tag, others))
        kinds, inner = contract.types(at) if at else (frozenset(), "")
        if "array" in kinds and not note(contract, at).get("wrapped"):
            out.setdefault(name, []).append(of_element(contract, inner, each))
        else:
            out[name] = of_element(contract, at, each)
    for name in whole.get("required") or ():
        if name not in out and name in properties and "array" in contract.types(properties[name])[0]:
            out[name] = []  # a list of nothing leaves no trace in XML
    return out


def unnamed(contract: Contract, place: str) -> str:
    """The place of the schema of the properties that a schema does not name, "" when it has none."""
    queue = [contract.follow(place)] if place else []
    for here in queue:
        if isinstance(contract.at(f"{here}/additionalProperties", None), dict):
            return f"{here}/additionalProperties"
        branches = ((group, contract.at(f"{here}/{group}", None)) for group in ("allOf", "anyOf", "oneOf"))
        inner = [contract.follow(f"{here}/{group}/{index}") for group, listed in branches for index, _ in enumerate(listed or ())]
        queue += [each for each in inner if each not in queue]
    return ""


Reader = Callable[["Contract", str, str, bytes], Json]
readers: Final[dict[str, Reader]] = {"xml": of_xml, "form": of_form, "multipart": of_multipart, "yaml": of_yaml}
