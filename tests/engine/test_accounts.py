"""Keys, accounts and modes: two accounts in one program, rotation, live mode."""

from __future__ import annotations

import pytest
from harness import Project

from pulumi_omise_links.emulator import Emulator

pytestmark = pytest.mark.engine

# Keys that the tests add look like the emulator's own, so that the harness finds them anywhere.
NEW_TH, NEW_JP, NEW_SG = (f"skey_test_emulator_{account}_new" for account in ("th", "jp", "sg"))
ONE = "Link('one', amount=5000, currency='THB', title='t', description='d')\n"


def test_several_accounts_in_one_program(project: Project, omise: Emulator) -> None:
    """Links of three accounts, by stack config and two kinds of Provider, which inherit the URL;
    all keys are rotated and the old ones revoked without touching a link; no key is ever written
    down in the clear, in state, history, config or output."""
    program = """
jp = Provider("jp", secret_key_env="JP_KEY")
sg = Provider("sg", secret_key="SG_KEY")
for name, provider in {"thb": None, "jpy": jp, "sgd": sg}.items():
    Link(name, amount=5000, currency=name, title="t", description="d",
         opts=pulumi.ResourceOptions(provider=provider))
"""
    scopes = {"thb": "th", "jpy": "jp", "sgd": "sg"}
    del project.env["OMISE_API_URL"], project.env["OMISE_SECRET_KEY"]
    project.config("omise:apiUrl", omise.url)
    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.env["JP_KEY"] = omise.key("jp")
    project.program(program.replace("SG_KEY", omise.key("sg")))

    project.up().ok()

    ids = project.ids()
    assert {link["id"]: link["account"] for link in omise.links()} == {
        ids[currency]: account for currency, account in scopes.items()
    }
    for currency, account in scopes.items():
        outputs = project.links()[currency]["outputs"]
        assert outputs["account_id"] == omise.account(account).id
    (provider,) = (resource for resource in project.state() if resource["urn"].endswith("::sg"))
    assert "ciphertext" in provider["inputs"]["omise:secretKey"]

    for account, new in {"th": NEW_TH, "jp": NEW_JP, "sg": NEW_SG}.items():
        omise.add_key(new, account)
        omise.revoke(omise.key(account))
    omise.journal.clear()
    project.config("omise:secretKey", NEW_TH, secret=True)
    project.env["JP_KEY"] = NEW_JP
    project.unchanged()
    project.program(program.replace("SG_KEY", NEW_SG))
    # Pulumi itself shows the provider's own record as updated; the links stay as they are.
    project.up().ok().says("~ 1 updated", "5 unchanged")
    project.refresh("--expect-no-changes").ok()

    assert omise.journal.writes == []
    assert project.ids() == ids
    project.destroy().ok()
    assert omise.links(deleted=False) == []
    project.no_key_anywhere()


def test_a_revoked_key_of_the_stack_config(project: Project, omise: Emulator) -> None:
    """refresh and destroy use the key that the last up left in the state; when that one is revoked
    the error says so, and with --run-program both use the new one."""
    del project.env["OMISE_SECRET_KEY"]
    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.program(ONE)
    project.up().ok()
    omise.add_key(NEW_TH, "th")
    omise.revoke(omise.key("th"))
    project.config("omise:secretKey", NEW_TH, secret=True)
    before = project.ids()

    for command in (project.refresh, project.destroy):
        command().failed().says(
            "Omise does not accept the key in omise:secretKey",
            "use the key that the last `pulumi up` left in the state",
            "set the new key and run them with --run-program",
        )
    assert project.ids() == before
    project.refresh("--run-program", "--expect-no-changes").ok()
    assert project.ids() == before
    project.destroy("--run-program").ok()
    assert omise.links(deleted=False) == []


def test_a_revoked_key_of_a_program_without_links(project: Project, omise: Emulator) -> None:
    """Without a link in the program, Pulumi uses the old key for `up`, too; what the error says to
    do helps."""
    del project.env["OMISE_SECRET_KEY"]
    project.config("omise:secretKey", omise.key("th"), secret=True)
    project.program(ONE)
    project.up().ok()
    omise.add_key(NEW_TH, "th")
    omise.revoke(omise.key("th"))
    project.config("omise:secretKey", NEW_TH, secret=True)
    project.program("")

    project.up().failed().says(
        "Omise does not accept the key in omise:secretKey",
        "put one of the links back for one `pulumi up`, which stores the new key",
    )
    assert len(omise.links(deleted=False)) == 1
    project.program(ONE)
    project.up().ok()
    project.program("")
    project.up().ok()
    assert omise.links(deleted=False) == []
    assert project.ids() == {}


def test_a_live_key_writes_only_once_the_stack_allows_it(project: Project, omise: Emulator) -> None:
    """With a live key a preview refuses new links until omise:allowLive is true; when that is taken
    back, destroy refuses too."""
    project.env["OMISE_SECRET_KEY"] = omise.key("th", live=True)
    project.program(
        ONE + "pulumi.export('live', Link('two', LinkArgs(amount=5000, currency='THB',"
        " title='t', description='d')).livemode)\n"
    )
    refusal = "pulumi config set omise:allowLive true"

    project.preview().failed().says("Refused to create the link", "is a live key", refusal)
    assert omise.journal.writes == []
    project.config("omise:allowLive", "true")
    project.up().ok().says("live: true")
    assert [link["live"] for link in omise.links()] == [True, True]
    assert not any(value.startswith("link_test_") for value in project.ids().values())

    project.config("omise:allowLive", "false")
    project.up().ok()
    project.destroy().failed().says("Refused to delete link link_", refusal)
    assert len(omise.links(deleted=False)) == 2
