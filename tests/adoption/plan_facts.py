"""An entry, its link, and what a plan of it is decided on."""

from __future__ import annotations

from collections.abc import Mapping

from samples import SPRING, STACK, make_link, make_resource

from pulumi_omise_links.adoption.import_plan import (
    ImportFacts,
)
from pulumi_omise_links.inventory.accounts import AccountSnapshot, UnusableProvider
from pulumi_omise_links.manifest.entries import Entry, Place
from pulumi_omise_links.omise.models import OmiseLink, Scope
from pulumi_omise_links.stack.model import PROVIDER_TYPE, ManagedLink, Preview, PulumiResource
from pulumi_omise_links.stack.model import StackState as State
from pulumi_omise_links.state_format import TYPE_TOKEN

ID = "link_test_5xspring"


ENTRY = Entry(
    name="spring",
    inputs=SPRING,
    id=ID,
    place=Place("links.yaml", 4, 3),
    places={"id": Place("links.yaml", 5, 9)},
)


LINK = make_link(ID)


DEFAULT = f"urn:pulumi:dev::shop::{PROVIDER_TYPE}::default"


def urn(name: str, type_: str = TYPE_TOKEN, parents: str = "") -> str:
    return f"urn:pulumi:dev::shop::{parents}{type_}::{name}"


def facts(
    *resources: PulumiResource,
    links: tuple[OmiseLink, ...] = (LINK,),
    held: tuple[ManagedLink, ...] = (),
    removed: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, str] | None = None,
    live: bool = False,
    accounts: Mapping[str, AccountSnapshot | UnusableProvider] | None = None,
) -> ImportFacts:
    account = AccountSnapshot(
        scope=Scope("account_test_1"),
        live=live,
        key_source="OMISE_SECRET_KEY",
        links={link.id: link for link in links},
    )
    state = State(links=held, urns=frozenset({STACK, *(link.urn for link in held)}))
    preview = Preview(
        {resource.urn: resource for resource in resources or (make_resource(),)}, removed or {}
    )
    return ImportFacts(
        preview=preview,
        state=state,
        accounts=accounts or {"": account},
        managed_elsewhere=elsewhere or {},
    )
