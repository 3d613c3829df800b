"""Is the contract kept? By a client, whatever language it is in (`verify client`), by the fake itself or any server (`verify fake`), and in
Python tests:

    @verify.replies("NAME")
    def test_listing_copes(double): …

    class TestSessions(verify.ClientMachine): …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.verify.faces import ClientMachine, replies

__all__ = ["ClientMachine", "replies"]


def __getattr__(name: str) -> Any:
    """The faces for Python tests are imported when they are first named: they need hypothesis."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("mockserver.verify.faces"), name)
