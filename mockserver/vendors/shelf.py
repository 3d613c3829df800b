"""Where specs/ and fixtures/ lie: inside the installed package, or at the top of a checkout. The only file that knows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

package: Final = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder of this name ("specs", "fixtures")."""
    installed = package / "_shelf" / name
    return installed if installed.is_dir() else package.parent / name


def spec(vendor: str) -> Path:
    """The vendor's document."""
    return folder("specs") / vendor / "openapi.yaml"


def scene(name: str) -> Path:
    """A bundled scene."""
    return folder("fixtures") / f"{name}.json"


def scenes() -> list[str]:
    """The bundled scenes by name."""
    return sorted(path.stem for path in folder("fixtures").glob("*.json"))
