"""Operations that a document tells apart by what follows a # in their paths: "/#Action=RunInstances", "/tags#tagKeys".

No path on the wire has one. What it stands for is a query parameter, a header or a field of a form.
"""

from __future__ import annotations

from mockserver.contract import bodies
from mockserver.contract.contract import Contract, Unmatched
from mockserver.contract.wire import pairs
from mockserver.message import Call


class Fragments:
    """The fragments of a contract's paths, by the word before their "=" ("" for those without one)."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._known: dict[str, dict[str, None]] = {}
        for operation in contract.operations.values():
            fragment = operation.path.partition("#")[2]
            if fragment:
                self._known.setdefault(fragment.partition("=")[0] if "=" in fragment else "", {})[fragment] = None

    def __bool__(self) -> bool:
        return bool(self._known)

    def path(self, call: Call, path: str) -> str:
        """The path with the fragment that the rest of the call speaks of."""
        given = self._given(call)
        for word, fragments in self._known.items():
            if word and word.lower() in given and self._meant(call, f"{path}#{word}={given[word.lower()]}"):
                return f"{path}#{word}={given[word.lower()]}"
            if not word:
                for fragment in sorted(fragments, key=lambda each: -spoken_of(each, given)):
                    if (spoken_of(fragment, given) or not self._meant(call, path)) and self._meant(call, f"{path}#{fragment}"):
                        return f"{path}#{fragment}"
        return path

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

    def _meant(self, call: Call, path: str) -> bool:
        try:
            self.contract.match(call.method, path)
        except (Unmatched, ValueError):
            return False
        return True


def spoken_of(fragment: str, given: dict[str, str]) -> int:
    """How many of a fragment's words the call has."""
    return sum(name.lower() in given for name in fragment.split("&"))
