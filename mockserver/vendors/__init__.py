"""The bundled vendors, by name, and a site made of them.

Knowing the names costs nothing: what reads and answers is imported by whoever asks for an engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.vendors import shelf

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.site import Site
    from mockserver.engine.vendor import Vendor
    from mockserver.state.clock import Clock


@cache
def names() -> tuple[str, ...]:
    """The bundled vendors: the folders beside this file."""
    return tuple(sorted(card.parent.name for card in Path(__file__).parent.glob("*/__init__.py")))


def load(name: str) -> Vendor:
    """The card of a bundled vendor. Raises UnknownName."""
    if name not in names():
        from mockserver.errors import UnknownName

        raise UnknownName("vendor", name, names(), "(or give the path of an OpenAPI document)")
    card: Vendor = import_module(f"mockserver.vendors.{name}").vendor
    return card


def engine(name: str, options: Mapping[str, str] | None = None, taken: Iterable[str] = ()) -> Engine:
    """A bundled vendor at work by its name, or any OpenAPI document by its path (then `taken` are the names it may not have)."""
    from mockserver.contract.contract import Contract
    from mockserver.engine.engine import Engine

    if name not in names():
        from mockserver.vendors import documents

        if documents.is_path(name):
            return documents.engine(name, options, taken)
    card = load(name)
    return Engine(card, Contract.load(shelf.spec(name), fold_case=card.fold_case), options)


def site(
    vendors: Iterable[str] = (),
    *,
    scene: str = "company",
    seed: str | int = 0,
    people: int | None = None,
    clock: str | Clock = "real",
    options: Mapping[str, Mapping[str, str]] | None = None,
) -> Site:
    """A site of these vendors and documents (none named: all vendors), with the people of a scene.

    vendors  names of bundled vendors, and paths of OpenAPI documents
    scene    a bundled scene's name, or the path of a scene file
    people   how many people there are; None: those the scene names
    clock    "real" or an ISO 8601 time to stand still at
    options  the switches of each vendor's card, by vendor

    Raises the errors of MockServerError on a name, file or value it cannot use.
    """
    from mockserver.engine.site import Site
    from mockserver.errors import UnknownName
    from mockserver.state import scene as scenes
    from mockserver.state.clock import Clock

    told = Clock.told(clock) if isinstance(clock, str) else clock
    chosen = list(dict.fromkeys(vendors)) or list(names())
    engines: list[Engine] = []
    given = dict(options or {})
    for name in chosen:
        made = engine(name, taken=[*names(), *(each.vendor.name for each in engines)])
        made.options = made.vendor.settle(given.get(name) or given.get(made.vendor.name) or {})
        engines.append(made)
    for name in given:
        if name not in {*names(), *chosen, *(each.vendor.name for each in engines)}:
            raise UnknownName("API in the options:", name, [each.vendor.name for each in engines])
    path = shelf.scene(scene) if scene in shelf.scenes() else Path(scene)
    if not path.suffix and not path.exists():
        raise UnknownName("scene", scene, shelf.scenes(), "(or give the path of a scene file)")
    who = scenes.load(path, now=told.now(), seed=str(seed), people=people)
    known = {*names(), *(each.vendor.name for each in engines)}
    for name in who.records:
        if name not in known:
            raise UnknownName(f"vendor in {path}: /records:", name, known)
    return Site(engines, who, told)
