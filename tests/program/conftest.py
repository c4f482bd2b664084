"""What programs need that run here, without Pulumi."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def _event_loop() -> Iterator[None]:
    """Pulumi's SDK asks asyncio for a loop, and from Python 3.14 on asyncio makes none itself."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
