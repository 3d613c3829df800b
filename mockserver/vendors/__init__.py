"""The bundled vendors, by name, and a site made of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from mockserver.contract.contract import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.site import Site
from mockserver.engine.vendor import Vendor
from mockserver.errors import UnknownName
from mockserver.state import scene as scenes
from mockserver.state.clock import Clock
from mockserver.vendors import shelf

furniture = frozenset({"shelf", "told"})


def names() -> list[str]:
    """The bundled vendors."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in furniture)


def load(name: str) -> Vendor:
    """The card of a bundled vendor. Raises UnknownName."""
    if name not in names():
        raise UnknownName("vendor", name, names(), "(or give the path of an OpenAPI document)")
    card: Vendor = import_module(f"mockserver.vendors.{name}").vendor
    return card


def engine(name: str, options: Mapping[str, str] | None = None) -> Engine:
    """A bundled vendor at work."""
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
    progress: scenes.Progress | None = None,
) -> Site:
    """A site of these vendors (none named: all), with the people of a scene.

    scene    a bundled scene's name, or the path of a scene file
    people   how many people there are; None: those the scene names
    clock    "real" or an ISO 8601 time to stand still at
    options  the switches of each vendor's card, by vendor

    Raises the errors of MockServerError on a name, file or value it cannot use.
    """
    told = Clock.told(clock) if isinstance(clock, str) else clock
    chosen = list(dict.fromkeys(vendors)) or names()
    engines = [engine(name, (options or {}).get(name)) for name in chosen]
    path = shelf.scene(scene) if scene in shelf.scenes() else Path(scene)
    if not path.suffix and not path.exists():
        raise UnknownName("scene", scene, shelf.scenes(), "(or give the path of a scene file)")
    return Site(engines, scenes.load(path, now=told.now(), seed=str(seed), people=people, progress=progress), told)
