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
    from .link import Link, LinkArgs
    from .lookups import get_link, get_links
    from .omise.client import OmiseClient
    from .omise.models import LinkInputs, OmiseAccount, OmiseCharge, OmiseLink, Scope
    from .program_inputs import marked
    from .provider import Provider
    from .settings import Settings

__all__ = [
    "Link",
    "LinkArgs",
    "LinkInputs",
    "OmiseAccount",
    "OmiseCharge",
    "OmiseClient",
    "OmiseLink",
    "OmiseLinksError",
    "Provider",
    "Scope",
    "Settings",
    "__version__",
    "declare_links",
    "get_link",
    "get_links",
    "marked",
]

_MODULES = {
    "Scope": "omise.models",
    "Link": "link",
    "LinkArgs": "link",
    "LinkInputs": "omise.models",
    "OmiseAccount": "omise.models",
    "OmiseCharge": "omise.models",
    "OmiseClient": "omise.client",
    "OmiseLink": "omise.models",
    "OmiseLinksError": "errors",
    "Provider": "provider",
    "Settings": "settings",
    "__version__": "_version",
    "declare_links": "declare",
    "get_link": "lookups",
    "get_links": "lookups",
    "marked": "program_inputs",
}
# No name for programs: the state of each link has it (state_format), so it never changes.
_IN_STATES = {"LinkProvider": "link_provider"}


def __getattr__(name: str) -> object:
    module = _MODULES.get(name) or _IN_STATES.get(name)
    if not module:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value
