"""What a bundled vendor can do, told from its card and its spec."""

from __future__ import annotations

from typing import Any

from mockserver import vendors


def coverage(name: str) -> dict[str, Any]:
    """The vendor's operations, each with what answers it, and its switches."""
    engine = vendors.engine(name)
    return {
        "name": name,
        "title": engine.vendor.title or name,
        "operations": [
            {
                "operation": operation.id,
                "method": operation.method,
                "path": operation.path,
                "deprecated": operation.deprecated,
                "behaviour": engine.told(operation),
            }
            for operation in engine.contract.operations.values()
        ],
        "options": [
            {"name": key, "default": option.default, "allowed": list(option.allowed), "about": option.about}
            for key, option in engine.vendor.options.items()
        ],
    }
