"""How many bytes of the state a link takes, and what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class StateSize:
    """Bytes per link on the average, as compact JSON."""

    record: float
    """Everything the engine stores of it."""
    inputs_outputs: float
    """What the provider stores."""
    provider: float
    """The pickled provider, of which inputs and outputs have one each."""
    stack_trace: float
    source_position: float
    property_dependencies: float

    def as_dict(self) -> dict[str, float]:
        """The figures as plain data."""
        return asdict(self)


def measure(resources: Sequence[dict[str, Any]]) -> StateSize:
    """Take the average of the links of a stack."""

    def mean(*path: str) -> float:
        return sum(_bytes(resource, path) for resource in resources) / len(resources)

    return StateSize(
        record=sum(_length(resource) for resource in resources) / len(resources),
        inputs_outputs=mean("inputs") + mean("outputs"),
        provider=mean("inputs", "__provider") + mean("outputs", "__provider"),
        stack_trace=mean("stackTrace"),
        source_position=mean("sourcePosition"),
        property_dependencies=mean("propertyDependencies"),
    )


def _bytes(record: dict[str, Any], path: Sequence[str]) -> int:
    """Return what leaving out this value would save, its own name not counted."""
    value: Any = record
    for name in path:
        if name not in value:
            return 0
        value = value[name]
    return _length(value)


def _length(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
