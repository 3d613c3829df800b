"""Documents of the user's own beside the bundled vendors: their names, their cards, and what happens when they change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from mockserver.contract.contract import Contract
from mockserver.contract.document import load, sidecar
from mockserver.contract.roles import extension
from mockserver.contract.wire import codings
from mockserver.engine.dress import dressed, invalid, refused
from mockserver.engine.locks import credentials_of, unlocked
from mockserver.engine.plain import Fragmented, Plain
from mockserver.engine.site import Site, checked
from mockserver.engine.vendor import Option, Vendor, same_path
from mockserver.errors import BadSpec
from mockserver.state.drawn import uncollected

options: Final = {
    "unknown": Option(
        "auto",
        ("auto", "make", "404"),
        "an id nobody has: 404 where the document has one and made up elsewhere, always made up, or always 404",
    ),
    "security": Option("on", ("on", "off"), "whether calls need the credentials that the document's security schemes ask for"),
}


def is_path(name: str) -> bool:
    """Whether a word of the command line means a file rather than a bundled vendor."""
    return "/" in name or "\\" in name or Path(name).suffix.lower() in (".json", ".yaml", ".yml") or Path(name).exists()


def word_for(path: str, taken: Iterable[str], own: Iterable[str] = ()) -> str:
    """The name of a document: its file's stem as a word for paths, with a number when that is taken. `own`: what its own paths begin
    with; a name among these would make the address /name/… mean two things, so it is called "…-api"."""
    stem = Path(path).name
    for ending in (".json", ".yaml", ".yml", ".openapi", ".swagger"):
        stem = stem[: -len(ending)] if stem.lower().endswith(ending) and len(stem) > len(ending) else stem
    if stem.lower() in ("openapi", "swagger", "api", "spec") and Path(path).resolve().parent.name:
        stem = Path(path).resolve().parent.name
    word = re.sub(r"[^a-z0-9.-]+", "-", stem.lower()).strip("-._") or "document"
    word = f"{word}-api" if word in own else word
    names, number, name = {*taken, *own}, 2, word
    while name in names:
        name, number = f"{word}-{number}", number + 1
    return name


def read(path: str) -> Contract:
    """The contract of a file. One without operations is served all the same (it may tell of webhooks only). Raises BadSpec."""
    with uncollected():
        contract = Contract(load(Path(path)), codings=codings)
    if not contract.size and not {"paths", "webhooks"} & contract.document.parts.keys():
        raise BadSpec(f"{path}: has no /paths; there is nothing to serve")
    return contract


def engine(path: str, given: Mapping[str, str] | None = None, taken: Iterable[str] = ()) -> Plain:
    """A document at work. Raises BadSpec."""
    contract = read(path)
    own = set(map(str.lower, contract.first_words))
    return made(word_for(path, taken, own), contract, given)


def made(name: str, contract: Contract, given: Mapping[str, str] | None) -> Plain:
    """A document at work. What a sidecar says of its operations is judged now: whoever wrote it should hear at once. Raises BadSpec."""
    engine = (Fragmented if contract.fragments else Plain)(card(name, contract), contract, given)
    if sidecar(Path(contract.document.source)):
        for operation in contract.operations.values():
            if extension in operation.node:
                engine.role(operation)
    return engine


def renewed(site: Site, old: Plain) -> Plain:
    """Serve a document as its file is now, in place of what it was; what every world wrote is kept where it still fits. Raises BadSpec."""
    name, contract = old.vendor.name, read(old.contract.document.source)
    fresh = made(name, contract, old.options)
    site.add(fresh)
    for world in (site.worlds.origin, *site.worlds):
        tables = world.stores.pop(name, {})
        kept = world.store(name) if tables else {}
        for kind in tables.keys() & fresh.kinds.keys():
            for key, record in tables[kind].changed.items():
                if record is None:
                    kept[kind].remove(key)
                elif not checked(fresh, fresh.kinds[kind], world, record):
                    kept[kind].put(record)
    return fresh


def card(name: str, contract: Contract) -> Vendor:
    """The card of a document: what every document has in common."""
    info = contract.document.parts.get("info")
    title = str(info.get("title") or name) if isinstance(info, dict) else name
    base = base_of(contract)
    return Vendor(
        name=name, title=title, hosts=hosts_of(contract), authenticate=unlocked, invalid=invalid, refuse=refused, around=dressed,
        options=options, credentials=lambda scene, _: credentials_of(contract, scene.seed), rewrite=partial(below_server, base) if base else same_path,
    )  # fmt: skip


def servers(contract: Contract) -> list[str]:
    listed = contract.document.parts.get("servers")
    return [str(each.get("url", "")) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def hosts_of(contract: Contract) -> tuple[str, ...]:
    found = [re.match(r"https?://([A-Za-z0-9.-]+)", url) for url in servers(contract)]
    return tuple(dict.fromkeys(match[1].lower() for match in found if match and match[1].lower() not in ("localhost", "127.0.0.1")))


def base_of(contract: Contract) -> str:
    """The path that the document's server has before every path, unless the paths have it themselves."""
    for url in servers(contract):
        base = re.sub(r"^[a-z]+://[^/]*", "", url).rstrip("/")
        if base and "{" not in base and not contract.begins(base):
            return base
    return ""


def below_server(base: str, path: str) -> str:
    """The path without the server's: clients send it with or without."""
    return path[len(base) :] if base and path.startswith(base + "/") else path
