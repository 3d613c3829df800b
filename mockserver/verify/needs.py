"""The libraries that only verification needs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mockserver.errors import MockServerError


class Absent(MockServerError):
    """The extra `verify` is not installed."""


def needed(name: str) -> ModuleType:
    """The library, or Absent."""
    try:
        return import_module(name)
    except ImportError:
        raise Absent(f"{name} is not installed; `pip install 'mockserver[verify]'` installs what this needs") from None
