"""Put the specs into the wheel as JSON: reading YAML is the slowest part of starting, and this way nobody's machine does it twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileSpecs(BuildHookInterface[Any]):
    """specs/<vendor>/openapi.yaml as mockserver/_shelf/specs/<vendor>/openapi.json, beside the YAML it was made from."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        for source in sorted(Path(self.root, "specs").glob("*/openapi.yaml")):
            told = yaml.load(source.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # a safe loader
            made = Path(self.directory, "specs", source.parent.name, "openapi.json")
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(json.dumps(told, separators=(",", ":"), default=str))
            build_data["force_include"][str(made)] = f"mockserver/_shelf/specs/{source.parent.name}/openapi.json"
            build_data["force_include"][str(source)] = f"mockserver/_shelf/specs/{source.parent.name}/openapi.yaml"
