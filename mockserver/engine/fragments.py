"""Operations that a document tells apart by what follows a # in their paths: "/#Action=RunInstances", "/tags#tagKeys", "/jobs#mode=fast&id".

No path on the wire has one. Each of its parts stands for a query parameter, a header or a field of a form that the call must have.
"""

from __future__ import annotations

from mockserver.contract import bodies
from mockserver.contract.contract import Contract, Unmatched
from mockserver.contract.wire import pairs
from mockserver.message import Call


class Fragments:
    """The fragments of a contract's paths, found by their first part: (name, value), or ("", "") for those that name no value."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._known: dict[tuple[str, str], dict[str, None]] = {}
        for fragment in contract.fragments:
            valued = [tuple(part.split("=", 1)) for part in fragment.split("&") if "=" in part]
            first = (valued[0][0].lower(), valued[0][1]) if valued else ("", "")
            self._known.setdefault(first, {})[fragment] = None

    def path(self, call: Call, path: str) -> str:
        """The path with the fragment of which the call has every part, the one with most parts first; else with any, when it needs one."""
        given = self._given(call)
        likely = [fragment for first in (*given.items(), ("", "")) for fragment in self._known.get(first, ())]
        likely.sort(key=lambda fragment: -parts_had(fragment, given))
        whole = [fragment for fragment in likely if parts_had(fragment, given) == len(fragment.split("&"))]
        needed = whole if self._takes(call, path) else [*whole, *(each for each in likely if each not in whole)]
        return next((f"{path}#{fragment}" for fragment in needed if self._takes(call, f"{path}#{fragment}")), path)

    def _given(self, call: Call) -> dict[str, str]:
        """What the call says by name, lower case."""
        given = dict(call.headers)
        try:
            if bodies.family(call.headers.get("content-type", "none")) == "form":
                given |= {name.lower(): values[-1] for name, values in pairs(call.body.decode()).items()}
            given |= {name.lower(): values[-1] for name, values in pairs(call.query).items()}
        except ValueError:
            pass  # the contract will say what is wrong with it
        return given

    def _takes(self, call: Call, path: str) -> bool:
        """Whether the contract has such an operation, its own path ending as this one does."""
        try:
            operation, _ = self.contract.match(call.method, path)
        except (Unmatched, ValueError):
            return False
        return operation.path.partition("#")[2] == path.partition("#")[2]


def parts_had(fragment: str, given: dict[str, str]) -> int:
    """How many parts of a fragment the call has."""
    parts = [part.partition("=") for part in fragment.split("&")]
    return sum(name.lower() in given and (not found or given[name.lower()] == value) for name, found, value in parts)
