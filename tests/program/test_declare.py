"""What one can rely on from ``declare_links`` in a Pulumi program; Pulumi's own mocks stand in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

import pulumi_omise_links
from pulumi_omise_links import Link, OmiseLinksError, declare_links
from pulumi_omise_links.errors import ArgumentError

MANIFEST = """\
version: 1
defaults: {currency: THB, multiple: true}
links:
  tea: {title: Tea, description: Two cups, amount: 5000}
  cake: {title: Cake, description: A piece, amount: 9000, multiple: false, id: link_test_5x1}
"""


class Mocks(pulumi_mocks.Mocks):
    """Remembers what was registered."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = {k: v for k, v in args.inputs.items() if k != "__provider" and v is not None}
        self.made[args.name] = {"type": args.typ, **inputs}
        return f"link_test_{args.name}", args.inputs

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


@pytest.fixture
def mocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mocks:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMISE_AMOUNT_LIMITS", raising=False)
    Path("links.yaml").write_text(MANIFEST)
    made = Mocks()
    pulumi.runtime.set_mocks(made)
    pulumi.runtime.set_all_config({})
    return made


def declare(path: str | Path = "links.yaml", **kw: Any) -> dict[str, Link]:
    """Run a program that does nothing else, until everything is registered."""
    links: dict[str, Link] = {}
    finish(lambda: links.update(declare_links(path, **kw)))
    return links


def finish(program: Callable[[], object]) -> None:
    until_done: Any = pulumi.runtime.test
    until_done(program)()


def refusal(**kw: Any) -> str:
    with pytest.raises(OmiseLinksError) as caught:
        declare_links("links.yaml", **kw)
    return str(caught.value)


def test_every_link_is_declared_by_its_name(mocks: Mocks) -> None:
    """Inputs come from entry and defaults; an id means that the link is adopted."""
    links = declare()
    assert list(links) == ["tea", "cake"]
    assert all(isinstance(link, Link) for link in links.values())
    kind = "pulumi-python:dynamic/omise:Link"
    assert mocks.made == {
        "tea": {
            "type": kind,
            "title": "Tea",
            "description": "Two cups",
            "amount": 5000,
            "currency": "THB",
            "multiple": True,
        },
        "cake": {
            "type": kind,
            "title": "Cake",
            "description": "A piece",
            "amount": 9000,
            "currency": "THB",
            "multiple": False,
            "adopt": "link_test_5x1",
        },
    }


def test_options_hold_for_every_link(mocks: Mocks, tmp_path: Path) -> None:
    """One ``opts`` serves them all, and the path may be absolute."""
    parent = pulumi.ComponentResource("my:index:Shop", "shop")
    links = declare(tmp_path / "links.yaml", opts=pulumi.ResourceOptions(parent=parent))
    urns: list[str] = []
    finish(lambda: [link.urn.apply(urns.append) for link in links.values()])
    assert len(urns) == 2
    assert all("my:index:Shop$pulumi-python:dynamic/omise:Link" in urn for urn in urns)


def protected(links: dict[str, Link]) -> set[str]:
    # Mocks are not told of options.
    return {name for name, link in links.items() if link._protect}


def of_stacks(stacks: str) -> None:
    Path("links.yaml").write_text(MANIFEST.replace("1\n", f"1\nstacks: {stacks}\n", 1))


def test_ids_hold_in_the_stacks_that_the_manifest_names(mocks: Mocks) -> None:
    """There the links are adopted and protected, the new ones as well."""
    of_stacks(f"[prod, {pulumi.get_stack()}]")
    links = declare()
    assert mocks.made["cake"]["adopt"] == "link_test_5x1"
    assert protected(links) == {"tea", "cake"}


def test_another_stack_makes_links_of_its_own(mocks: Mocks) -> None:
    """No id is left, and nothing is protected: the stack can be destroyed."""
    of_stacks("[prod]")
    links = declare()
    assert list(links) == ["tea", "cake"]
    assert "adopt" not in mocks.made["cake"]
    assert protected(links) == set()


@pytest.mark.parametrize("protect", [True, False])
def test_opts_say_what_is_protected(mocks: Mocks, protect: bool) -> None:
    """An explicit `protect` counts in every stack; other options do not undo the protection."""
    of_stacks(f"[{pulumi.get_stack()}]")
    said = declare(opts=pulumi.ResourceOptions(protect=protect))
    assert protected(said) == ({"tea", "cake"} if protect else set())
    other = declare(opts=pulumi.ResourceOptions(retain_on_delete=True))
    assert protected(other) == {"tea", "cake"}


def test_a_manifest_without_stacks_protects_nothing(mocks: Mocks) -> None:
    """Its ids hold in every stack, as they always did."""
    links = declare()
    assert mocks.made["cake"]["adopt"] == "link_test_5x1"
    assert protected(links) == set()


def test_a_mark_ends_the_title_of_every_link(mocks: Mocks) -> None:
    """Where the ids are left out, each entry is a new link, unprotected as without a mark."""
    of_stacks("[prod]")
    links = declare(mark="pr-17")
    assert {name: made["title"] for name, made in mocks.made.items()} == {
        "tea": "Tea · pr-17",
        "cake": "Cake · pr-17",
    }
    assert protected(links) == set()


def test_a_mark_does_not_undo_the_protection(mocks: Mocks) -> None:
    """New links of a stack that the manifest names are protected, marked or not."""
    of_stacks(f"[{pulumi.get_stack()}]")
    text = Path("links.yaml").read_text().replace(", id: link_test_5x1", "")
    Path("links.yaml").write_text(text)
    assert protected(declare(mark="pr-17")) == {"tea", "cake"}


def test_existing_links_get_no_mark(mocks: Mocks) -> None:
    """All entries with an id are named at once, and nothing is declared."""
    Path("links.yaml").write_text(MANIFEST.replace("amount: 5000", "amount: 5000, id: link_test_6"))
    assert refusal(mark="pr-17").splitlines() == [
        "links.yaml:4:3: Link 'tea' is the existing link link_test_6, whose title cannot get a"
        " mark.",
        "links.yaml:5:3: Link 'cake' is the existing link link_test_5x1, whose title cannot get a"
        " mark.",
        "Leave out mark in this stack, or say in the manifest for which stacks its ids are"
        " (stacks: [prod]).",
    ]
    assert not mocks.made


def test_a_title_that_is_too_long_with_its_mark_is_named(mocks: Mocks) -> None:
    """With its place, its size and the limit; without the mark the manifest can be used."""
    of_stacks("[prod]")
    text = Path("links.yaml").read_text().replace("title: Tea", f"title: {'ก' * 5461}")
    Path("links.yaml").write_text(text)
    assert refusal(mark="pr-17") == (
        "links.yaml:5:16: Link 'tea': title is too long with the mark: 16,392 bytes of UTF-8, at"
        " most 16,384."
    )
    assert len(declare()) == 2


def test_a_mark_that_cannot_be_one_is_refused(mocks: Mocks) -> None:
    """An empty one too: it does not silently mean that there is none."""
    assert refusal(mark="") == "declare_links: mark must not be blank."
    assert "not an Output" in refusal(mark=pulumi.Output.from_input("pr-17"))
    assert not mocks.made


def test_a_wrong_manifest_is_shown_by_line_and_declares_nothing(mocks: Mocks) -> None:
    """The text of the error is all that is wrong, a line each."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "0x1").replace("Cake", "no"))
    assert refusal().splitlines() == [
        "links.yaml:4:52: links.tea.amount: must be a whole number in decimal digits"
        " [not-a-whole-number]",
        "links.yaml:5:17: links.cake.title: must be text, and YAML can read no as true or false:"
        ' write "no", in quotes [not-text]',
    ]
    assert not mocks.made


def test_a_missing_manifest_is_one_sentence(mocks: Mocks, tmp_path: Path) -> None:
    """The file is named as the program names it, and by its whole path."""
    Path("links.yaml").unlink()
    assert refusal() == f"links.yaml: there is no such file: {tmp_path}/links.yaml [no-such-file]"


def test_limits_follow_the_stack(mocks: Mocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Config stands above the environment; nonsense in it is a sentence as well."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "100"))
    assert "links.yaml:4:52: links.tea.amount: is less than 2000" in refusal()
    monkeypatch.setenv("OMISE_AMOUNT_LIMITS", "on")
    pulumi.runtime.set_all_config({"omise:amountLimits": "off"})
    assert len(declare()) == 2
    pulumi.runtime.set_all_config({"omise:amountLimits": "perhaps"})
    assert refusal() == "omise:amountLimits must be true or false, not 'perhaps'."


def test_limits_of_another_provider_are_left_to_it(mocks: Mocks) -> None:
    """Its settings are not known to the program; the preview asks it."""
    Path("links.yaml").write_text(MANIFEST.replace("5000", "100"))
    other = pulumi_omise_links.Provider("th", amount_limits=False)
    assert len(declare(opts=pulumi.ResourceOptions(provider=other))) == 2


def test_a_path_of_another_type_is_one_sentence(mocks: Mocks) -> None:
    """What is no path is named by its type."""
    with pytest.raises(ArgumentError, match="as text or a Path, not int"):
        declare_links(5)  # type: ignore[arg-type]
