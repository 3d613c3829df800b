"""One request to the control API, and what it gets when it cannot be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from mockserver.engine.engine import Engine
from mockserver.engine.problems import problem
from mockserver.engine.vendor import Kind
from mockserver.errors import UnknownName
from mockserver.message import Call, Json, Reply
from mockserver.state.table import Table
from mockserver.state.world import World

if TYPE_CHECKING:
    from mockserver.web.control import Control

T = TypeVar("T")


class Problem(Exception):
    """What a control request gets instead of an answer."""

    def __init__(self, kind: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.reply: Reply = problem(kind, detail, **members)


class Visit:
    """One request, typed, and what it is about.

    control  who answers it       params  typed parameters by name
    call     as it came           body    typed body, or NOTHING
    """

    def __init__(self, control: Control, call: Call, params: Mapping[str, Json], body: Json) -> None:
        self.control, self.call, self.params, self.body = control, call, params, body
        self.site, self.outbox = control.site, control.outbox

    @property
    def world(self) -> World:
        return self.site.worlds.get(self.params["world"])

    @property
    def engine(self) -> Engine:
        return self.engine_of(self.params["vendor"])

    def engine_of(self, vendor: str) -> Engine:
        return known("vendor", vendor, self.site.engines)

    def engines_of(self, vendor: str | None) -> list[Engine]:
        """The engine of this vendor; of none: all."""
        return [self.engine_of(vendor)] if vendor else list(self.site.engines.values())

    @property
    def kind(self) -> Kind:
        return known("kind", self.params["kind"], self.engine.kinds)

    @property
    def table(self) -> Table:
        return self.world.store(self.engine.vendor.name)[self.kind.name]


def known(what: str, name: str, names: Mapping[str, T]) -> T:
    """What goes by this name, or the problem that nothing does."""
    if name not in names:
        raise Problem("unknown-record", str(UnknownName(what, name, names)))
    return names[name]
