"""Properties as the protocol carries them, and as Python values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.output import Unknown
from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN
"""A value that is not known yet, as the protocol writes it."""


def from_struct(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Read properties: a value that is not known yet is an ``Unknown``, and null is left out."""
    return {name: rpc.unwrap_rpc_secret(value) for name, value in _read(properties).items()}


def names_of_secrets(properties: struct_pb2.Struct) -> set[str]:
    """Return which properties are marked as secrets."""
    return {name for name, value in _read(properties).items() if rpc.is_rpc_secret(value)}


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write properties; None is left out."""
    made = struct_pb2.Struct()
    made.update(
        {
            name: UNKNOWN if isinstance(value, Unknown) else value
            for name, value in values.items()
            if value is not None
        }
    )
    return made


def _read(properties: struct_pb2.Struct) -> dict[str, Any]:
    values: dict[str, Any] = rpc.deserialize_properties(properties, keep_unknowns=True)
    return values
