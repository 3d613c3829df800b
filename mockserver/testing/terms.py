"""The terms of a test: what its marker and the project's settings say, judged before anything begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, fields, replace
from typing import Any, Final

from mockserver.engine.faults import Fault, fault_of, packs
from mockserver.errors import BadOption, UnknownName
from mockserver.values import frozen

breaches: Final[Mapping[str, str]] = {
    "unknown-path": "a path that the contract does not have",
    "unknown-method": "a method that the path does not take",
    "undeclared": "a query parameter or a field of the body that nobody declared",
    "required": "something required that is missing",
    "ill-typed": "a value that its schema refuses",
    "unreadable": "a body, path or query that cannot be read",
    "media-type": "a body of a media type that the operation does not take",
    "auth": "credentials of a form that the contract does not have, or none",
    "deprecated": "an operation, parameter or field that is going away; counts only if it is forbidden",
    "host": "a host that is not served and not allowed (only where calls are intercepted)",
}
"""The sorts of breach that `allow`, `forbid` and `expects_violation` speak of."""

by_default: Final = frozenset(breaches) - {"deprecated"}


@frozen
class Terms:
    """What a test is given and held to.

    names        vendors and paths of documents
    scene, seed, people, clock, options   of the site; options by vendor, then by name
    strict       False: the client may do as it likes
    allow        sorts of breach that do not count
    forbid       sorts that count although they usually do not
    intercept    calls to the vendors' real hosts are answered in the process
    allow_hosts  other hosts that may be reached then; "*.example.com" covers every name below
    faults       what goes wrong from the start: faults, and names of packs
    """

    names: tuple[str, ...] = ()
    scene: str = "company"
    seed: str = "0"
    people: int | None = None
    clock: str = "real"
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    strict: bool = True
    allow: frozenset[str] = frozenset()
    forbid: frozenset[str] = frozenset()
    intercept: bool = False
    allow_hosts: tuple[str, ...] = ()
    faults: tuple[Fault | str, ...] = ()

    @property
    def stage(self) -> tuple[object, ...]:
        """What tests must have in common to share a site."""
        options = tuple(sorted((vendor, *sorted(given.items())) for vendor, given in self.options.items()))
        return (self.scene, self.seed, self.people, self.clock, options)

    @property
    def counted(self) -> frozenset[str]:
        """The sorts of breach that fail a test."""
        return (by_default | self.forbid) - self.allow if self.strict else frozenset()

    def told(self, names: Iterable[str] = (), given: Mapping[str, Any] = {}) -> Terms:
        """These terms with a marker's arguments laid over them. Raises MockServerError."""
        known = {each.name for each in fields(Terms)} - {"names"}
        for word in given:
            if word not in known:
                raise UnknownName("argument of the mockserver marker", word, known)
        for name in names:
            if not isinstance(name, str):
                raise BadOption(f"the mockserver marker takes names of vendors and paths of documents, not {name!r}")
        read = {word: readers.get(word, as_given)(word, value) for word, value in given.items()}
        return replace(self, names=(*self.names, *names), **read)


def as_given(word: str, value: Any) -> Any:
    return value


def text(word: str, value: Any) -> str:
    return str(value)


def switch(word: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadOption(f"{word}={value!r} is neither True nor False")
    return value


def listed(word: str, value: Any) -> list[Any]:
    return [value] if isinstance(value, str | Mapping | Fault) else list(value)


def sorts(word: str, value: Any) -> frozenset[str]:
    for each in listed(word, value):
        if each not in breaches:
            raise UnknownName(f"sort of breach in {word}", str(each), breaches)
    return frozenset(listed(word, value))


def hosts(word: str, value: Any) -> tuple[str, ...]:
    return tuple(str(each).lower() for each in listed(word, value))


def head_count(word: str, value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise BadOption(f"{word}={value!r} is not a whole number from 1 on")
    return value


def by_vendor(word: str, value: Any) -> dict[str, dict[str, str]]:
    if not isinstance(value, Mapping) or not all(isinstance(each, Mapping) for each in value.values()):
        raise BadOption(f"{word}={value!r} is not options by vendor, such as {{'VENDOR': {{'limits': 'on'}}}}")
    return {vendor: {str(name): str(each) for name, each in given.items()} for vendor, given in value.items()}


def fault_list(word: str, value: Any) -> tuple[Fault | str, ...]:
    for each in listed(word, value):
        if isinstance(each, str) and each not in packs:
            raise UnknownName("pack of faults", each, packs)
    return tuple(fault_of(each) if isinstance(each, Mapping) else each for each in listed(word, value))


readers: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "seed": text,
    "clock": text,
    "scene": text,
    "people": head_count,
    "options": by_vendor,
    "strict": switch,
    "intercept": switch,
    "allow": sorts,
    "forbid": sorts,
    "allow_hosts": hosts,
    "faults": fault_list,
}
