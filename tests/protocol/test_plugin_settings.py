"""Settings and threads over the plugin's own protocol: what is told, and when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from protocol.engine_side import SECRET, SPRING, Plugin, Start, failure

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.retry import ATTEMPTS

# -- settings, keys


def test_a_misspelt_setting_is_told_at_preview(start: Start, omise: Emulator) -> None:
    """Without its sub-merchant, a stack would make its links on the main account."""
    plugin = start()
    plugin.configure({"omise:SubMerchant": "team_1", "shop:apiURL": "https://shop.example"})
    _, failures = plugin.check(SPRING)

    assert failures == [
        "|The stack's config has omise:SubMerchant, which is no setting; omise:subMerchantId is"
        " one. Put that right: `pulumi config rm omise:SubMerchant`, then"
        " `pulumi config set omise:subMerchantId`."
    ]
    assert omise.journal.entries == []


def test_configured_twice_the_later_config_holds(start: Start, omise: Emulator) -> None:
    """The engine may configure again before it asks anything: the last word counts."""
    plugin = start(OMISE_SECRET_KEY="")
    plugin.configure({"omise:secretKey": "skey_test_wrong"})
    plugin.configure({"omise:secretKey": {**SECRET, "value": omise.key("sg")}})
    id_, outputs = plugin.create({**SPRING, "currency": "SGD"})

    assert omise.link(id_)["account"] == "sg"
    assert outputs["account_id"] == omise.account("sg").id


def test_a_preview_works_without_a_key_and_without_omise(start: Start, omise: Emulator) -> None:
    """Inputs are checked at preview with no key at hand, and with Omise down."""
    assert start(OMISE_SECRET_KEY="").check(SPRING) == (SPRING, [])
    omise.stop()
    assert start().check(SPRING) == (SPRING, [])


def test_a_preview_waits_for_the_network_once(start: Start, omise: Emulator) -> None:
    """If Omise does not answer, one resource finds out; the others do not wait again."""
    omise.fault("500", path="/account", rate=1)
    plugin = start()
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(plugin.check, [SPRING] * 8)) == [(SPRING, [])] * 8

    assert omise.journal.count("GET", "/account") == ATTEMPTS


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OMISE_SECRET_KEY": "pkey_test_1"}, "is a public key"),
        ({"OMISE_SECRET_KEY": "nonsense"}, "is not an Omise secret key"),
        ({"OMISE_SECRET_KEY": "skey_test_revoked"}, "Omise does not accept the key"),
        ({"OMISE_API_URL": "http://omise.example"}, "the key would travel unencrypted"),
        ({"OMISE_ALLOW_LIVE": "perhaps"}, "must be true or false"),
        ({"OMISE_SECRET_KEY": "skey_emulator_th"}, "Refused to create the link"),
    ],
)
def test_wrong_settings_are_told_at_preview(
    start: Start, environ: dict[str, str], said: str
) -> None:
    """What is wrong with the key, the URL or the mode shows before anything is done."""
    plugin = start(**environ)
    _, failures = plugin.check({**SPRING, "title": " "})
    assert len(failures) == 2
    assert said in failures[0]
    assert failures[1] == "|title must not be blank"

    with failure() as found:
        plugin.create(SPRING)
    assert said in found[0]


def test_an_adoption_with_a_live_key_says_what_could_follow(start: Start, omise: Emulator) -> None:
    """An adoption changes no link; that the stack may do so afterwards is why it needs consent."""
    (link_id,) = omise.seed(live=True, title="a", description="d", amount=150_000)
    plugin = start(OMISE_SECRET_KEY=omise.key("th", live=True))
    reason = "this stack could replace and delete real payment links from then on"
    adopting = {**SPRING, "adopt": link_id}

    _, failures = plugin.check(adopting)
    assert "Refused to adopt a link" in failures[0]
    assert reason in failures[0]
    with failure() as found:
        plugin.create(adopting)
    assert f"Refused to adopt link {link_id}" in found[0]
    assert reason in found[0]


def test_without_a_key_a_create_says_which_setting(start: Start) -> None:
    """No key: the variable and the setting are named."""
    with failure() as found:
        start(OMISE_SECRET_KEY="").create(SPRING)

    assert "OMISE_SECRET_KEY is not set" in found[0]
    assert "omise:secretKey" in found[0]


def test_the_account_s_currencies_count_at_preview(start: Start, omise: Emulator) -> None:
    """With a key at hand, what the account does not take is refused at preview."""
    plugin = start(OMISE_SECRET_KEY=omise.key("jp"))
    _, failures = plugin.check(SPRING)

    assert failures == ["|currency is not supported by this Omise account, which takes JPY"]
    assert plugin.check(SPRING, olds=SPRING)[1] == [], "a link that exists is not judged again"


# -- threads


def test_eight_creates_at_once(plugin: Plugin, there: Emulator) -> None:
    """Parallel creates make a link each, and ask for the account once at most."""
    there.latency = 0.05
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(lambda n: plugin.create({**SPRING, "title": f"Sale {n}"}), range(8))
        )
    there.latency = 0

    assert len({id_ for id_, _ in made}) == 8
    assert {outputs["title"]: id_ for id_, outputs in made} == {
        link["title"]: link["id"] for link in there.links()
    }
    assert there.journal.count("POST") == 8
    assert there.journal.count("GET") <= 1


def test_threads_that_fail_at_once_each_say_one_line(start: Start, omise: Emulator) -> None:
    """The very first errors of a process, all at the same time, are one line each."""
    plugin = start()
    barrier = threading.Barrier(4)
    omise.fault("refused_deletion", method="DELETE", rate=1)
    ids = omise.seed(4)

    def fail(link_id: str) -> str:
        barrier.wait()
        with failure() as found:
            plugin.delete(link_id, {"account_id": omise.account("th").id})
        return found[0]

    with ThreadPoolExecutor(4) as threads:
        lines = list(threads.map(fail, ids))

    for link_id, line in zip(ids, lines, strict=True):
        assert "Omise refused to " in line
        assert link_id in line


def test_many_reads_cost_pages(start: Start, omise: Emulator) -> None:
    """A refresh of many links reads pages, and each link comes back as itself."""
    ids = omise.seed(250, title="Link {n}")
    plugin = start()
    state = {"payment_uri": "x", "account_id": omise.account("th").id}
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(lambda id_: plugin.read(id_, state), ids))

    assert [id_ for id_, _, _ in read] == ids
    assert [outs["title"] for _, outs, _ in read] == [f"Link {n}" for n in range(1, 251)]
    assert len(omise.journal) <= 12


# -- one reason, once


@pytest.mark.parametrize("key", ["", "pkey_test_1", "skey_test_revoked"])
def test_a_reason_that_all_links_share_is_given_once(start: Start, key: str) -> None:
    """A key that cannot be used is explained for the first link; the others point there."""
    plugin = start(OMISE_SECRET_KEY="", SHOP_KEY=key)
    plugin.configure({"omise:secretKeyEnv": "SHOP_KEY"})
    lines = []
    for _ in range(3):
        with failure() as found:
            plugin.create(SPRING)
        lines += found

    assert "SHOP_KEY" in lines[0]
    assert "omise:secretKey`" not in lines[0], "that advice is for a key of the stack's config"
    assert key or "is not set; set it in the environment." in lines[0]
    assert all("the error of another of its links says why" in line for line in lines[1:])
    checks = [plugin.check(SPRING)[1] for _ in range(3)]
    assert checks[0] == [] if not key else "SHOP_KEY" in checks[0][0]
    assert not key or "says why" in checks[1][0]


# -- the account of the stack


def test_the_account_of_a_stack_is_compared(start: Start, omise: Emulator) -> None:
    """omise:accountId: a check, a create and a delete refuse the key of another account or mode,
    before anything is sent; a key that may not read its account has to prove it by a link."""
    account = omise.account("th").id
    plugin = start()
    plugin.configure({"omise:accountId": account})
    id_, outputs = plugin.create(SPRING)
    said = f"Links belong to {account} here (omise:accountId, or account_id of a Provider)"
    omise.journal.clear()

    for key in (omise.key("jp"), omise.key("th", live=True)):
        other = start(OMISE_SECRET_KEY=key, OMISE_ALLOW_LIVE="true")
        other.configure({"omise:accountId": account})
        for olds in ({}, SPRING):
            assert said in other.check({**SPRING, "title": str(olds)}, olds)[1][0] or olds
        for fail in (lambda: other.create(SPRING), lambda: other.delete(id_, outputs)):  # noqa: B023
            with failure() as found:
                fail()
            assert said in found[0]
    omise.switch(account_readable="forbidden")
    restricted = start()
    restricted.configure({"omise:accountId": account})
    with failure() as found:
        restricted.create(SPRING)
    assert "no link of the stack proves it" in found[0]
    assert omise.journal.writes == []
    restricted.read(id_, outputs)
    assert restricted.create({**SPRING, "title": "New"})[1]["account_id"] == account


def test_a_key_that_may_not_read_its_account_proves_it_by_a_link(
    start: Start, omise: Emulator
) -> None:
    """A replacement is made only after one link of the state was found with the key; one of them
    that was deleted elsewhere does not count against it."""
    plugin = start()
    made = [plugin.create({**SPRING, "title": f"Sale {n}"}) for n in range(3)]
    omise.switch(account_readable="forbidden", get_deleted="not_found")
    omise.delete(made[0][0])

    for account, right in (("th", True), ("jp", False)):
        other = start(OMISE_SECRET_KEY=omise.key(account))
        for id_, outputs in made:
            inputs = {name: outputs[name] for name in SPRING}
            assert other.diff(outputs, inputs, id_) == []
        omise.journal.clear()
        if right:
            other.create({**SPRING, "title": "New"})
        else:
            with failure() as found:
                other.create({**SPRING, "title": "New", "currency": "JPY"})
            assert "cannot be told" in found[0]
            assert omise.journal.writes == []
