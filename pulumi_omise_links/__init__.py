"""Payment links of Omise (Opn Payments), managed as code with Pulumi.

The names a program imports. Each is loaded when it is first used, so that the command line does
not pay for Pulumi and a program does not pay for the network client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._version import __version__
    from .declare import declare_links
    from .errors import OmiseLinksError
    from .functions import get_link, get_links
    from .omise.client import OmiseClient
    from .omise.models import Home, OmiseAccount, OmiseCharge, OmiseLink
    from .provider import Provider
    from .resource import Link, LinkArgs
    from .settings import Settings

__all__ = [
    "Home",
    "Link",
    "LinkArgs",
    "OmiseAccount",
    "OmiseCharge",
    "OmiseClient",
    "OmiseLink",
    "OmiseLinksError",
    "Provider",
    "Settings",
    "__version__",
    "declare_links",
    "get_link",
    "get_links",
]

_HOME = {
    "Home": "omise.models",
    "Link": "resource",
    "LinkArgs": "resource",
    "OmiseAccount": "omise.models",
    "OmiseCharge": "omise.models",
    "OmiseClient": "omise.client",
    "OmiseLink": "omise.models",
    "OmiseLinksError": "errors",
    "Provider": "provider",
    "Settings": "settings",
    "__version__": "_version",
    "declare_links": "declare",
    "get_link": "functions",
    "get_links": "functions",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value
