"""The format of a link in a Pulumi state: permanent, and read by every later release.

The type token and the provider constant are in the state of every user, so they never change;
a test pins them. Pulumi finds the code of a dynamic resource by unpickling ``__provider``: ours
calls ``pulumi_omise_links.LinkProvider()`` and holds nothing else.

What is stored beside the inputs, and why:

===================  ==========================================================================
``payment_uri``      what posters and programs need
``created_at``       finding a link's page, telling generations apart
``used``             what a refresh can see change
``used_at``          only once the link was used
``merchant_name``,   only on accounts with sub-merchants
``merchant_uid``
``account_id``       a 404 under another account's key must not read as "gone"
``sub_merchant_id``  likewise; only if the setting is used
``as_stored``        the texts that Omise stores otherwise than the program spells them, by input;
                     a refresh compares with them. Encrypted, as an input may be a secret. Left out
                     where there are none, which is the rule
``imported``         true where the native plugin took in a link that existed: it must not delete
                     the link that the resource was before. Otherwise left out
===================  ==========================================================================

A link of the native plugin (``native``) has another type token, no ``__provider``, and the same
outputs in the spelling of Pulumi's schemas: ``paymentUri``. Both formats are permanent.

The other attributes follow: ``object`` is always "link"; ``location`` and ``livemode`` follow from
the id; a link in a state is never deleted. The rest of a record is the engine's
(docs/performance.md has its bytes; ``call_stack`` keeps the largest part out).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .inputs import INPUT_NAMES, INPUTS, TEXT_INPUTS
from .omise.models import LinkInputs, OmiseLink, Scope

TYPE_TOKEN = "pulumi-python:dynamic/omise:Link"  # noqa: S105  (a type of Pulumi's, no secret)
# The package of all dynamic resources in Python: the engine starts a process of its own for each
# explicit provider, and configures it with the properties of that provider alone.
PROVIDER_PACKAGE = "pulumi-python"
PROVIDER_KEY = "__provider"
# The same link in a program of any language, made by the native plugin.
NATIVE_PACKAGE = "omise"
NATIVE_TYPE_TOKEN = "omise:index:Link"  # noqa: S105  (likewise)
PROVIDER_PICKLE = "Y3B1bHVtaV9vbWlzZV9saW5rcwpMaW5rUHJvdmlkZXIKKVIu"
"""``pulumi_omise_links.LinkProvider()`` in the opcodes that every Python reads: a name, no
arguments, a call, the end. It lies twice in each record, and ``pulumi.dynamic`` would make 92
characters of it, with the module inside the package."""

ADOPT = "adopt"
AS_STORED = "as_stored"
IMPORTED = "imported"
# How Pulumi marks a secret (sdk/go/common/resource/sig); the engine encrypts it in the state.
SECRET_MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
LINK_TYPES = frozenset({TYPE_TOKEN, NATIVE_TYPE_TOKEN})
"""The types of what is a link. Whoever reads a state asks this, and ``from_native``."""
STORED_OUTPUTS = ("payment_uri", "created_at", "used", "used_at", "merchant_name", "merchant_uid")
"""What programs can read beside the inputs. The scope of the link is for the provider alone: each
output that a resource declares costs Pulumi's SDK time, read or not (docs/performance.md)."""


_DEFAULT_PROVIDER = re.compile(r"default(_\d+_\d+_\d+(_.*)?|_[a-z]+_/.*)?", re.ASCII)
_NATIVE_NAMES = {
    "payment_uri": "paymentUri",
    "created_at": "createdAt",
    "used_at": "usedAt",
    "deleted_at": "deletedAt",
    "merchant_name": "merchantName",
    "merchant_uid": "merchantUid",
    "account_id": "accountId",
    "sub_merchant_id": "subMerchantId",
    AS_STORED: "asStored",
}
_NAMES = {native: name for name, native in _NATIVE_NAMES.items()}


def to_native(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs with their names as the state of a native link has them."""
    return {_NATIVE_NAMES.get(name, name): value for name, value in outputs.items()}


def from_native(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a native link by the names that this package uses.

    Those of a dynamic link stay as they are.
    """
    return {_NAMES.get(name, name): value for name, value in outputs.items()}


def names_default_provider(name: str) -> bool:
    """Whether the engine itself has made the provider of this name, for links that name none.

    It is called ``default``, or ``default_1_2_3`` if the program asks for a version of the plugin;
    an address to download the plugin from follows, ``_https_/…``. Any other name is one that a
    program has chosen (``DefaultName`` in pkg/resource/deploy/providers/provider.go).
    """
    return _DEFAULT_PROVIDER.fullmatch(name) is not None


def inputs_of(properties: Mapping[str, Any]) -> LinkInputs:
    """Read the inputs out of checked inputs or outputs; numbers arrive as doubles."""
    values = {known.name: properties.get(known.name, known.default) for known in INPUTS}
    values["amount"] = int(values["amount"])
    return LinkInputs(**values)


def inputs_from(link: OmiseLink, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs that describe ``link``, each as ``state`` spells it if it is the same one.

    Omise writes currencies in upper case, and may store a text otherwise than it was sent (trimmed,
    say). That is no change: the state says what Omise's answer was.
    """
    known = state.get(AS_STORED)
    stored = known if isinstance(known, Mapping) else {}
    inputs: dict[str, Any] = {}
    for name in INPUT_NAMES:
        value, spelt = getattr(link, name), state.get(name)
        if name == "currency":
            same = isinstance(spelt, str) and spelt.upper() == value
        else:
            same = spelt is not None and stored.get(name, spelt) == value
        inputs[name] = spelt if same and not isinstance(value, (bool, int)) else value
    return inputs


def outputs_from(link: OmiseLink, scope: Scope, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the state keeps of ``link``. Total: it cannot fail after a create."""
    outputs = inputs_from(link, state)
    stored = {
        name: getattr(link, name) for name in TEXT_INPUTS if getattr(link, name) != outputs[name]
    }
    outputs |= {name: getattr(link, name) for name in STORED_OUTPUTS}
    outputs |= {"account_id": scope.account_id, "sub_merchant_id": scope.sub_merchant_id}
    outputs |= {AS_STORED: stored or None, IMPORTED: state.get(IMPORTED)}
    return rewritten({name: value for name, value in outputs.items() if value is not None})


def rewritten(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a link as the engine is to store them.

    It sends secrets unmarked, and marks again only what has the name of a secret input.
    """
    kept = {name: value for name, value in outputs.items() if name != PROVIDER_KEY}
    if AS_STORED in kept:
        kept[AS_STORED] = {**SECRET_MARK, "value": kept[AS_STORED]}
    return kept


def outputs_of_new(link: OmiseLink, scope: Scope, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the state keeps of the link that Omise made of ``inputs``, or of an equal one.

    Texts stay as the program spells them, whatever Omise made of them: nothing differs from the
    program, so the next preview shows no change.
    """
    return outputs_from(
        link, scope, {**inputs, AS_STORED: {name: getattr(link, name) for name in TEXT_INPUTS}}
    )


def scope_of(outputs: Mapping[str, Any]) -> Scope:
    """Return the scope of the link with these outputs."""
    return Scope(outputs.get("account_id"), outputs.get("sub_merchant_id"))


def is_link_state(properties: Mapping[str, Any]) -> bool:
    """Tell the outputs of a link from mere inputs, as ``Link.get`` sends them."""
    return "payment_uri" in properties


def is_native_state(properties: Mapping[str, Any]) -> bool:
    """Tell the outputs of a native link, by the names that its state has."""
    return _NATIVE_NAMES["payment_uri"] in properties
