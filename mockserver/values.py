"""Values: frozen dataclasses with slots, made in a fifth of the time.

For each frozen dataclass CPython compiles six functions, over a millisecond in all, and the thirty that a server begins with were
a seventh of what starting it took. Of a value only __init__ is compiled: a value is made often, and this one is quicker, too. What else it can do
is written here, once for all of them. `replace`, `fields` and `asdict` of the standard library take values as they take any dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """What `dataclass(frozen=True, slots=True)` makes of a class; one that says itself what it equals says how it is hashed, too."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    for method in (__repr__, __reduce__, __setattr__, __delattr__):
        setattr(made, method.__name__, method)
    parts = fields(made)
    made.__init__ = begun(made, parts)
    if "__eq__" not in vars(cls):
        made.__eq__, made.__hash__ = compared(tuple(part.name for part in parts if part.compare))
    return made  # type: ignore[no-any-return]  # the class with its methods


def begun(cls: type, parts: tuple[Field[Any], ...]) -> Callable[..., None]:
    """The __init__ of a class. It writes its slots by themselves, for the class lets nobody set anything."""
    names: dict[str, Any] = {"MISSING": MISSING}
    head, body = ["self"], []
    for part in parts:
        names[f"set_{part.name}"] = vars(cls)[part.name].__set__
        if part.default_factory is not MISSING:
            names[f"make_{part.name}"] = part.default_factory
            head.append(f"{part.name}=MISSING")
            body.append(f"set_{part.name}(self, make_{part.name}() if {part.name} is MISSING else {part.name})")
        else:
            names[f"default_{part.name}"] = part.default
            head.append(part.name if part.default is MISSING else f"{part.name}=default_{part.name}")
            body.append(f"set_{part.name}(self, {part.name})")
    exec(f"def __init__({', '.join(head)}): {'; '.join(body) or 'pass'}", names)  # noqa: S102  # of nothing but the names of a class of ours
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def compared(names: tuple[str, ...]) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    """How two values of a class are equal, and what one is hashed by."""
    told = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> bool:
        return told(self) == told(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(told(self))

    return __eq__, __hash__


def __repr__(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"


def __reduce__(self: Any) -> tuple[type, tuple[Any, ...]]:
    """Copied and pickled by being made again: nothing may be set on it afterwards."""
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


def __setattr__(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
