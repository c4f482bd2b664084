"""A provider that calls nothing and decides nothing: what it takes is the engine's own time."""

from __future__ import annotations

import base64
import pickle
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider

OUTPUTS = {
    "payment_uri": "https://link.omise.co/0123456789ABCDEFGHIJ",
    "created_at": "2026-01-01T00:00:00Z",
    "used": False,
    "account_id": "account_test_5x0000000000000000",
}


class EmptyProvider(ResourceProvider):
    """Answers at once with constants; the engine finds it by its name, as it does ours."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Nothing ever changes."""
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Every resource exists."""
        return CreateResult(f"link_test_{props['title']}", {**props, **OUTPUTS})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Every resource is as it was; its inputs are told too, as ours are."""
        inputs = {name: value for name, value in props.items() if name not in OUTPUTS}
        return ReadResult(id_, dict(props), inputs)


PROVIDER_PICKLE = base64.b64encode(pickle.dumps(EmptyProvider(), protocol=4)).decode()
