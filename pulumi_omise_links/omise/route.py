"""The route to Omise that the environment sets: a proxy, and certificates to trust.

A setting that cannot work is found before a connection is opened, and named by its variable. The
variables are those that requests reads: ``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY`` (in either
case), ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE``.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from ..settings import Settings, is_host

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SOCKS = {"socks4", "socks4a", "socks5", "socks5h"}


class RouteError(Exception):
    """The environment sets a route that cannot work. The text is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """How to reach Omise.

    ``proxy`` is the URL of the proxy, which may hold a password; ``proxy_place`` is its host, port
    and the variable it comes from, for errors. ``ca_bundle`` is a path, True for the usual ones.
    """

    proxy: str | None = field(repr=False)
    proxy_place: str
    ca_bundle: str | bool
    ca_variable: str

    @property
    def proxies(self) -> dict[str, str]:
        """The proxy as requests takes it."""
        return {"all": self.proxy} if self.proxy else {}


def find_route(settings: Settings, environ: Mapping[str, str] | None = None) -> Route:
    """Read the route to Omise from the environment.

    :raises RouteError: it cannot work.
    """
    env = os.environ if environ is None else environ
    ca_variable = next((name for name in CA_VARIABLES if env.get(name)), "")
    ca_bundle = env[ca_variable] if ca_variable else ""
    if ca_bundle and settings.api_url.startswith("https"):
        _check_certificates(ca_variable, ca_bundle)
    # A proxy cannot reach the loopback address of this machine.
    configured = None if settings.on_loopback else _find_proxy(settings.api_url)
    proxy = f"http://{configured}" if configured and "://" not in configured else configured
    variable = next(
        (
            name
            for name, value in env.items()
            if value == configured and name.lower() in {"https_proxy", "all_proxy"}
        ),
        "The proxy setting of this computer",
    )
    return Route(
        proxy=proxy,
        proxy_place=_check_proxy(proxy, variable) if proxy else "",
        ca_bundle=ca_bundle or True,
        ca_variable=ca_variable or CA_VARIABLES[0],
    )


def _check_certificates(variable: str, path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        reason = "holds no certificate in PEM form"
    except (OSError, ValueError) as error:
        reason = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    else:
        return
    raise RouteError(
        f"{variable} names the file {path!r}, which {reason}. Correct the path, or unset"
        f" {variable} to trust the usual certificates."
    )


def _find_proxy(url: str) -> str | None:
    try:
        proxy: str | None = select_proxy(url, get_environ_proxies(url))
    except ValueError as error:
        raise RouteError(f"NO_PROXY cannot be read ({type(error).__name__}).") from None
    return proxy


def _check_proxy(proxy: str, variable: str) -> str:
    """Return where the proxy is and which variable says so, without its password."""
    try:
        url = parse_url(proxy)
        known = url.scheme in _SOCKS | {"http", "https"} and is_host(url.host or "")
    except (LocationParseError, ValueError):
        known = False
    if not known:
        # The value is not shown: it may hold a password.
        raise RouteError(
            f"{variable} is not the URL of a proxy, such as http://proxy.example:3128. Correct it"
            " or unset it."
        )
    if url.scheme in _SOCKS:
        try:
            import socks  # type: ignore[import-untyped]  # noqa: F401, PLC0415  (optional)
        except ImportError:
            raise RouteError(
                f"{variable} names a SOCKS proxy, which needs the Python package PySocks: run"
                " `pip install pysocks` in the environment of the program, or unset the variable."
            ) from None
    port = f":{url.port}" if url.port else ""
    return f"{url.host}{port} (from {variable})"
