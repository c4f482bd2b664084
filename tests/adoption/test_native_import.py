"""Import plans and import files of links of the native plugin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from samples import SPRING, STACK, make_link, make_native_resource

from pulumi_omise_links.adoption.import_file import make_import_file
from pulumi_omise_links.adoption.import_plan import (
    Action,
    ImportFacts,
    PlannedEntry,
    make_import_plan,
)
from pulumi_omise_links.inventory.accounts import AccountSnapshot
from pulumi_omise_links.manifest.entries import Entry, Place
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.stack.model import NATIVE_PROVIDER_TYPE, Preview, PulumiResource, StackState
from pulumi_omise_links.state_format import NATIVE_TYPE_TOKEN, SECRET_MARK

ID = "link_test_5xspring"
LINK = make_link(ID)
ENTRY = Entry(name="spring", inputs=SPRING, id=ID, place=Place("links.yaml", 4, 3), places={})
JAPAN = f"urn:pulumi:dev::shop::{NATIVE_PROVIDER_TYPE}::japan"


def facts(*resources: PulumiResource) -> ImportFacts:
    account = AccountSnapshot(
        scope=Scope("account_test_1"), live=False, key_source="OMISE_SECRET_KEY", links={ID: LINK}
    )
    return ImportFacts(
        preview=Preview({resource.urn: resource for resource in resources}),
        state=StackState(urns=frozenset({STACK, JAPAN})),
        accounts={"": account, JAPAN: account},
    )


def planned(resource: PulumiResource, entry: Entry = ENTRY) -> PlannedEntry:
    return make_import_plan([entry], facts(resource)).entries[0]


def spec_of(resource: PulumiResource) -> dict[str, Any]:
    """What the import file says of the link."""
    made = facts(resource)
    (spec,) = make_import_file(make_import_plan([ENTRY], made), made)["resources"]
    return dict(spec)


def test_a_native_link_is_imported_by_its_id() -> None:
    """Type, name and id: the plugin reads the rest, and its own guards hold."""
    assert spec_of(make_native_resource()) == {
        "type": NATIVE_TYPE_TOKEN,
        "name": "spring",
        "id": ID,
    }


def test_the_plugin_that_the_program_asks_for_is_asked_for() -> None:
    """With another version, Pulumi would make another provider for the link; an explicit provider
    says itself which plugin it is."""
    asked = {"version": "0.1.0", "pluginDownloadUrl": "https://plugins.example"}
    default = f"urn:pulumi:dev::shop::{NATIVE_PROVIDER_TYPE}::default_0_1_0"

    by_default = spec_of(make_native_resource(provider_urn=default, plugin=asked))
    explicit = spec_of(make_native_resource(provider_urn=JAPAN, plugin=asked))

    assert by_default == {"type": NATIVE_TYPE_TOKEN, "name": "spring", "id": ID, **asked}
    assert explicit.keys() & asked.keys() == set()
    assert explicit["provider"] == "japan"


def test_a_provider_of_the_stack_reads_nothing() -> None:
    """Its key in the state may be older than the one that the link was compared with, so the link
    is given whole: no call is made for it."""
    spec = spec_of(make_native_resource(provider_urn=JAPAN))

    assert spec["inputs"]["title"] == SPRING.title
    assert spec["outputs"]["paymentUri"] == "https://pay/1"


def test_secrets_of_a_native_link_never_lie_open() -> None:
    """Pulumi keeps in plain text what a plugin reads, so a link with secrets is given whole, as a
    create would have left it."""
    sealed = {**SECRET_MARK, "ciphertext": "v1:x"}
    one = make_native_resource(secret_inputs=frozenset({"title"}))
    one = replace(one, encrypted_inputs={**one.encrypted_inputs, "title": sealed})

    spec = spec_of(one)

    assert spec["inputs"] == one.encrypted_inputs
    assert spec["outputs"] == {
        **one.encrypted_inputs,
        "paymentUri": "https://pay/1",
        "createdAt": "2026-01-01T00:00:00Z",
        "used": False,
        "accountId": "account_test_1",
    }


def test_the_option_import_says_which_link_it_is() -> None:
    """It counts as `adopt` does: it stands in for an id, and must agree with the one there is."""
    importing = make_native_resource(step="import", import_id=ID)
    other = make_native_resource(step="import", import_id="link_test_5xother")

    assert (planned(importing).action, planned(importing).id) == (Action.IMPORT, ID)
    assert planned(importing, replace(ENTRY, id=None)).id == ID
    assert planned(other).action is Action.BLOCKED
    assert planned(other).reasons == (
        f"The program says import: link_test_5xother, the manifest says id: {ID}.",
    )


def test_a_managed_link_that_pulumi_has_imported_stays_managed() -> None:
    """The option may stay in the program; if it names another link, that is said."""
    same = make_native_resource(step="same", current_id=ID, import_id=ID)

    assert planned(same).action is Action.MANAGED
    assert planned(same).reasons == ()
    assert planned(replace(same, import_id="link_test_5xother")).reasons != ()
