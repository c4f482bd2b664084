"""The files that `pulumi import` is given: what is in them, and in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from adoption.plan_facts import DEFAULT, ENTRY, ID, LINK, facts, urn
from hypothesis import given
from hypothesis import strategies as st
from samples import STACK, make_resource

from pulumi_omise_links.adoption.import_file import make_import_file, make_import_files
from pulumi_omise_links.adoption.import_plan import (
    Action,
    make_import_plan,
)
from pulumi_omise_links.inventory.accounts import AccountSnapshot
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.stack.model import PROVIDER_TYPE, PulumiResource
from pulumi_omise_links.stack.model import StackState as State
from pulumi_omise_links.state_format import SECRET_MARK, TYPE_TOKEN


def test_what_parents_and_providers_lack_comes_into_the_file_before_the_links() -> None:
    """Components and providers that are not in the stack yet are made; those there are named."""
    shop, inner = urn("shop", "my:Shop"), urn("inner", "my:Inner", "my:Shop$")
    provider = urn("th", PROVIDER_TYPE)
    resources = (
        PulumiResource(
            urn=provider,
            type=PROVIDER_TYPE,
            step="create",
            parent_urn=STACK,
            encrypted_inputs={"omise:secretKeyEnv": "TH"},
        ),
        PulumiResource(urn=shop, type="my:Shop", step="same", parent_urn=STACK, custom=False),
        PulumiResource(
            urn=inner,
            type="my:Inner",
            step="create",
            parent_urn=shop,
            encrypted_inputs={"size": 1},
            custom=False,
        ),
        make_resource(parent_urn=inner, provider_urn=provider),
    )
    account = AccountSnapshot(
        scope=Scope("account_test_1"), live=False, key_source="TH", links={ID: LINK}
    )
    made = facts(*resources, accounts={provider: account})
    made = replace(made, state=State(urns=frozenset({STACK, shop})))

    (file,) = make_import_files(make_import_plan([ENTRY], made), made)

    assert file.content["nameTable"] == {"shop": shop}
    assert [
        {k: resource.get(k) for k in ("name", "parent", "provider", "component")}
        for resource in file.content["resources"]
    ] == [
        {"name": "inner", "parent": "shop", "provider": None, "component": True},
        {"name": "th", "parent": None, "provider": None, "component": None},
        {"name": "spring", "parent": "inner", "provider": "th", "component": None},
    ]


def test_the_state_gets_what_a_create_would_have_left() -> None:
    """Inputs letter for letter as the program gives them; secrets are encrypted in both."""
    sealed = {**SECRET_MARK, "ciphertext": "v1:x"}
    one = make_resource(
        secret_inputs=frozenset({"title"}), secret_outputs=frozenset({"payment_uri"})
    )
    one = replace(one, encrypted_inputs={**one.encrypted_inputs, "title": sealed})
    made = facts(one)

    (spec,) = make_import_file(make_import_plan([ENTRY], made), made)["resources"]

    assert spec["inputs"] == one.encrypted_inputs
    assert spec["outputs"] == {
        **one.encrypted_inputs,
        "payment_uri": {**SECRET_MARK, "plaintext": '"https://pay/1"'},
        "created_at": "2026-01-01T00:00:00Z",
        "used": False,
        "account_id": "account_test_1",
    }


def test_protected_links_are_protected_from_the_first_moment() -> None:
    """``--protect`` holds for a whole run, so they come in a file of their own."""
    names = ("a", "b", "c")
    entries = [replace(ENTRY, name=name, id=f"{ID}{name}") for name in names]
    links = tuple(replace(LINK, id=f"{ID}{name}") for name in names)
    made = facts(*(make_resource(name, protect=name == "b") for name in names), links=links)

    files = make_import_files(make_import_plan(entries, made), made)

    shown = [
        (file.protect, [resource["name"] for resource in file.content["resources"]])
        for file in files
    ]
    assert shown == [(False, ["a", "c"]), (True, ["b"])]


KINDS = {"link": TYPE_TOKEN, "component": "my:Shop", "provider": PROVIDER_TYPE}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(KINDS)),
            st.integers(0, 5),
            st.booleans(),
            st.integers(-1, 9),
            st.integers(-1, 9),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_imports_come_in_files_that_pulumi_can_take(
    tree: list[tuple[str, int, bool, int, int]],
) -> None:
    """However links, components and providers are nested and protected: names are unique in a
    file, and everything comes after its parent and its provider, once each. Pulumi creates the
    providers of a file before all else in it."""
    resources: list[PulumiResource] = []
    for number, (kind, name, protect, above, provided) in enumerate(tree):
        parent = resources[above].urn if 0 <= above < len(resources) else STACK
        types = parent.split("::")[2] + "$" if parent != STACK else ""
        providers = [resource.urn for resource in resources if resource.type == PROVIDER_TYPE]
        explicit = providers[provided % len(providers)] if providers and provided >= 0 else DEFAULT
        resources.append(
            make_resource(
                urn=urn(f"n{name}", KINDS[kind], parents=f"{types}l{number}$"),
                type=KINDS[kind],
                protect=protect and kind == "link",
                parent_urn=parent,
                provider_urn=explicit if kind == "link" else "",
                custom=kind != "component",
                inputs={"number": number},
            )
        )
    links_ = [resource for resource in resources if resource.type == TYPE_TOKEN]
    names = Counter(resource.name for resource in links_)
    ids = {resource.urn: f"{ID}{number}" for number, resource in enumerate(links_)}
    entries = [
        replace(ENTRY, name=resource.name, id=ids[resource.urn])
        for resource in links_
        if names[resource.name] == 1
    ]
    account = AccountSnapshot(
        scope=Scope("account_test_1"),
        live=False,
        key_source="KEY",
        links={link_id: replace(LINK, id=link_id) for link_id in ids.values()},
    )
    made = facts(
        *resources, accounts=dict.fromkeys(["", *(resource.urn for resource in resources)], account)
    )
    result = make_import_plan(entries, made)

    there = {STACK, DEFAULT}
    for file in make_import_files(result, made):
        table = dict(file.content["nameTable"])
        specs = file.content["resources"]
        assert len({spec["name"] for spec in specs} | table.keys()) == len(specs) + len(table)
        of_spec = [resources[spec["inputs"]["number"]] for spec in specs]
        table |= {spec["name"]: one.urn for spec, one in zip(specs, of_spec, strict=True)}
        for spec, one in sorted(
            zip(specs, of_spec, strict=True), key=lambda pair: pair[1].type != PROVIDER_TYPE
        ):
            assert one.name == spec.get("logicalName", spec["name"])
            assert table.get(spec.get("parent"), STACK) == one.parent_urn
            assert {one.parent_urn, one.provider_urn or DEFAULT} <= there
            assert one.protect == file.protect
            assert one.urn not in there
            there.add(one.urn)
    imported = {planned.urn for planned in result.of(Action.IMPORT)}
    assert {link.urn for link in links_} & there == imported
