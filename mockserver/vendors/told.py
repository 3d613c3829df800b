"""What a bundled vendor can do, told from its card and its spec; and what is inferred of a document that has no card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mockserver import vendors
from mockserver.contract import mending

if TYPE_CHECKING:
    from mockserver.engine.plain import Plain


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


def inferred(engine: Plain) -> list[dict[str, Any]]:
    """What inference makes of each operation of a document, with how sure it is, why, and where to say otherwise."""
    out = []
    for operation in engine.contract.operations.values():
        role = engine.role(operation)
        out.append({
            "operation": operation.id, "method": operation.method, "path": operation.path, "behaviour": role.verb, "kind": role.kind,
            "key": role.key, "envelope": role.envelope, "confidence": role.sure, "why": role.why,
            "target": f"$.paths['{operation.path}'].{operation.method.lower()}",
        })  # fmt: skip
    return out


def kinds(engine: Plain) -> list[dict[str, Any]]:
    """What a document's fake remembers, and at which paths."""
    out = []
    for name, resource in engine.inference.names.items():
        about = [resource.thing or ("a single thing" if resource.single else "things without a name of their own")]
        about += [f"told apart by {'.'.join(resource.id)}"] if resource.id else []
        out.append({"kind": name, "about": ", ".join(about), "paths": [each.path for each in engine.inference.alike(resource)]})
    return out


def flaws(engine: Plain) -> list[str]:
    """What in a document could not be used, and what is odd about it."""
    contract = engine.contract
    silent = [
        each for each in contract.operations.values() if not any(str(status)[:1] in "23d" for status in each.node.get("responses") or {})
    ]
    out = [*contract.document.flaws, *mending.mend(contract.document.root)]
    return out + [f"{each.place}/responses: documents no success; 200 without a body is answered" for each in silent]


def sidecar(engine: Plain, listed: list[dict[str, Any]], name: str) -> str:
    """An overlay that says what was inferred: to be changed where it is wrong."""
    lines = ["overlay: 1.0.0", f"info: {{title: {json.dumps(f'What the fake of {name} does')}, version: 1.0.0}}", "actions:"]
    for each in listed:
        told = {key: each[key] for key in ("behaviour", "kind", "key", "envelope") if each[key]}
        lines += [
            f"  # {each['confidence']}%: {each['why']}",
            f"  - target: {json.dumps(each['target'])}",
            f"    update: {{x-mockserver: {json.dumps(told)}}}",
        ]
    return "\n".join(lines) + "\n"
