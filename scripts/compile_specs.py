"""Put what is bundled into the wheel as it is read, too: reading YAML is the slowest part of starting, and this way nobody's machine does it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileSpecs(BuildHookInterface[Any]):
    """specs/ and the drawers of what is bundled, below mockserver/_shelf/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root, drawers = Path(self.root), Path(self.directory, "leaves")
        shutil.rmtree(drawers, ignore_errors=True)
        os.environ["MOCKSERVER_CACHE"] = str(drawers)
        sys.path.insert(0, self.root)
        from mockserver.contract.document import load

        specs = sorted(root.glob("specs/*/openapi.yaml"))
        for source in (*specs, root / "mockserver" / "web" / "control.yaml"):
            load(source)
        build_data["force_include"] |= {str(each): f"mockserver/_shelf/leaves/{each.name}" for each in drawers.iterdir()}
        build_data["force_include"] |= {str(each): f"mockserver/_shelf/{each.relative_to(root)}" for each in specs}
