"""Which schema the value of a property names: OpenAPI's discriminator, with its mapping or by the components' own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from mockserver.contract.shape import Shape
from mockserver.message import Json
from mockserver.values import frozen

components: Final = "#/components/schemas/"


@frozen
class Discriminator:
    """name: the property, "" when there is none. mapping: what values stand for, beside the components of their names."""

    name: str = ""
    mapping: Mapping[str, Json] = field(default_factory=dict)

    def target(self, value: Json) -> str:
        """The place of the schema that a thing says it keeps, "" when it does not say."""
        said = value.get(self.name) if self.name and isinstance(value, dict) else None
        return placed(str(self.mapping.get(said, said))) if isinstance(said, str) else ""

    def value(self, target: str) -> str:
        """What a thing that keeps the schema at a place says, "" when that is no component."""
        if not is_component(target):
            return ""
        name = target.removeprefix(components)
        return next((value for value, to in self.mapping.items() if to in (target, name)), name)


def read(schema: Any) -> Discriminator:
    """The discriminator of a schema. Swagger 2.0 gives only the property's name."""
    told = schema.get("discriminator") if isinstance(schema, dict) else None
    if isinstance(told, str):
        return Discriminator(told)
    if not isinstance(told, dict) or not isinstance(told.get("propertyName"), str):
        return Discriminator()
    mapping = told.get("mapping")
    return Discriminator(told["propertyName"], mapping if isinstance(mapping, dict) else {})


def placed(target: str) -> str:
    """Mappings name a component, or refer to one."""
    return target if target.startswith("#/") else components + target


def is_component(place: str) -> bool:
    return place.startswith(components) and "/" not in place[len(components) :]


def own_words(shape: Shape) -> dict[str, str]:
    """What the properties that discriminate say in a thing of this shape: which component it is."""
    component = next(filter(is_component, shape.places), "")
    found = (read(schema) for schema in shape.schemas if "discriminator" in schema)
    return {each.name: word for each in found if each.name and (word := each.value(component))}
