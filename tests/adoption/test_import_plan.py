"""What a plan says about each entry: the planner is pure, so nothing runs here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from adoption.plan_facts import ENTRY, ID, LINK, facts, urn
from samples import make_inputs, make_resource

from pulumi_omise_links.adoption.import_plan import (
    Action,
    ImportFacts,
    PlannedEntry,
    find_changes,
    make_import_plan,
)
from pulumi_omise_links.cli._plans import plan_result
from pulumi_omise_links.inventory.accounts import AccountSnapshot, UnusableProvider
from pulumi_omise_links.manifest.entries import Entry, Place
from pulumi_omise_links.omise.models import Scope
from pulumi_omise_links.omise.transport import RequestStats
from pulumi_omise_links.output.json import write_json
from pulumi_omise_links.output.text import write_text
from pulumi_omise_links.stack.model import (
    PROVIDER_TYPE,
    UNKNOWN,
    ManagedLink,
    Preview,
    PulumiResource,
)


def only(facts_: ImportFacts, *entries: Entry) -> PlannedEntry:
    return make_import_plan(entries or (ENTRY,), facts_).entries[0]


def test_a_link_that_agrees_in_everything_is_imported() -> None:
    """The currency's case makes no difference."""
    planned = only(facts())

    assert (planned.action, planned.id, planned.urn) == (Action.IMPORT, ID, urn("spring"))
    assert planned.reasons == ()


BLOCKED: dict[str, tuple[ImportFacts, Entry, list[str]]] = {
    "amount differs": (
        facts(links=(replace(LINK, amount=140_000),)),
        ENTRY,
        ["amount differs: ", "150000 (THB 1,500.00)", "the link has 140000 (THB 1,400.00)"],
    ),
    "every input differs": (
        facts(
            links=(
                replace(LINK, amount=1, currency="JPY", title="a", description="b", multiple=False),
            )
        ),
        ENTRY,
        [
            *("amount differs", "currency differs", 'the link has "JPY"', "title differs"),
            *('"Spring sale"', "description differs", "multiple differs", "the link has false"),
        ],
    ),
    "program and manifest differ": (
        facts(make_resource(inputs={"title": "Sale"})),
        ENTRY,
        ['the program has "Sale", the manifest has "Spring sale", the link has "Spring sale"'],
    ),
    "deleted": (
        facts(links=(replace(LINK, deleted=True, deleted_at="2026-02-01T00:00:00Z"),)),
        ENTRY,
        ["was deleted at 2026-02-01T00:00:00Z"],
    ),
    "of another sub-merchant": (
        facts(
            accounts={
                "": AccountSnapshot(
                    scope=Scope("account_test_1", "team_a"),
                    live=False,
                    key_source="OMISE_SECRET_KEY",
                    links={ID: replace(LINK, merchant_uid="team_b")},
                )
            }
        ),
        ENTRY,
        [f"Link {ID} is of sub-merchant team_b."],
    ),
    "used": (
        facts(
            make_resource(inputs={"multiple": False}),
            links=(replace(LINK, multiple=False, used=True, used_at="2026-02-01T00:00:00Z"),),
        ),
        replace(ENTRY, inputs=make_inputs(multiple=False)),
        ["can be paid once and was at 2026-02-01T00:00:00Z"],
    ),
    "test link, live key": (
        facts(live=True),
        ENTRY,
        ["is a test link, but the key in", "live key"],
    ),
    "live link, test key": (
        facts(),
        replace(ENTRY, id="link_5x"),
        ["Link link_5x is a live link, but the key in OMISE_SECRET_KEY is a test key."],
    ),
    "not in the account": (facts(links=()), ENTRY, [f"There is no link {ID} in account"]),
    "managed by another resource of this stack": (
        facts(
            make_resource(),
            make_resource("other", step="same"),
            held=(ManagedLink(urn=urn("other"), id=ID),),
        ),
        ENTRY,
        ["This stack manages it already, as", "::other"],
    ),
    "managed by one that the program dropped": (
        facts(held=(ManagedLink(urn=urn("old"), id=ID),), removed={ID: urn("old")}),
        ENTRY,
        ["manages it as old, which the program no longer declares"],
    ),
    "about to be deleted by this stack": (
        facts(held=(ManagedLink(urn=urn("spring"), id=ID, pending_delete=True),)),
        ENTRY,
        ["This stack is about to delete link"],
    ),
    "managed by another stack": (
        facts(elsewhere={ID: "organization/shop/prod"}),
        ENTRY,
        ["Stack organization/shop/prod manages it already."],
    ),
    "the program declares no such link": (
        facts(make_resource("sprung")),
        ENTRY,
        ["The program declares no link of this name (did you mean 'sprung'?)."],
    ),
    "the program only looks it up": (
        facts(make_resource(step="read")),
        ENTRY,
        ["The program declares no link of this name"],
    ),
    "the program declares it twice": (
        facts(make_resource(), make_resource(urn=urn("spring", parents="my:Shop$"))),
        ENTRY,
        ["The program declares 2 links of this name", "my:Shop$"],
    ),
    "another id under this name": (
        facts(make_resource(step="same", current_id="link_test_5xother")),
        ENTRY,
        ["This stack already manages link link_test_5xother under this name."],
    ),
    "the program adopts another": (
        facts(make_resource(inputs={"adopt": "link_test_5xother"})),
        ENTRY,
        [f"The program says adopt=link_test_5xother, the manifest says id: {ID}."],
    ),
    "an input is not known yet": (
        facts(make_resource(inputs={"description": UNKNOWN})),
        ENTRY,
        ["Its description cannot be told before `pulumi up`"],
    ),
    "its provider has no key": (
        facts(
            make_resource(provider_urn=urn("th", PROVIDER_TYPE)),
            accounts={
                urn("th", PROVIDER_TYPE): UnusableProvider(
                    "Its provider th cannot be used: No key."
                )
            },
        ),
        ENTRY,
        ["Its provider th cannot be used: No key."],
    ),
    "its provider's settings are not known yet": (
        facts(
            PulumiResource(
                urn=urn("th", PROVIDER_TYPE),
                type=PROVIDER_TYPE,
                step="create",
                encrypted_inputs={"a": UNKNOWN},
            ),
            make_resource(provider_urn=urn("th", PROVIDER_TYPE)),
            accounts={
                urn("th", PROVIDER_TYPE): AccountSnapshot(
                    scope=Scope("a"), live=False, key_source="KEY", links={ID: LINK}
                )
            },
        ),
        ENTRY,
        ["The settings of its provider th cannot be told before"],
    ),
    "its parent does not exist yet": (
        facts(
            PulumiResource(urn=urn("bucket", "aws:Bucket"), type="aws:Bucket", step="create"),
            make_resource(parent_urn=urn("bucket", "aws:Bucket")),
        ),
        ENTRY,
        ["Its parent bucket does not exist yet: run `pulumi up` for that first."],
    ),
    "its parent is a component of another package": (
        facts(
            PulumiResource(
                urn=urn("shop", "x:Shop"),
                type="x:Shop",
                step="create",
                provider_urn="p",
                custom=False,
            ),
            make_resource(parent_urn=urn("shop", "x:Shop")),
        ),
        ENTRY,
        ["Its parent shop is a component of another package"],
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_an_entry_that_cannot_be_taken_says_why(case: str) -> None:
    """Each reason there is to block, with what a person needs to mend it."""
    given_facts, entry, texts = BLOCKED[case]

    planned = only(given_facts, entry)

    assert planned.action is Action.BLOCKED
    for text in texts:
        assert text in " ".join(planned.reasons)


def test_an_id_that_two_entries_claim_blocks_both_and_no_other() -> None:
    """Each of them names the other with its place."""
    twin = replace(ENTRY, name="twin", place=Place("more.yaml", 9, 3))
    third = replace(ENTRY, name="third", id=None)

    result = make_import_plan(
        (ENTRY, twin, third), facts(*map(make_resource, ("spring", "twin", "third")))
    )

    assert [entry.action.value for entry in result.entries] == ["blocked", "blocked", "create"]
    assert "claimed by another entry as well: twin (more.yaml:9:3)" in result.entries[0].reasons[0]
    assert result.summary == {"import": 0, "managed": 0, "create": 1, "blocked": 2}


def test_all_reasons_are_given_at_once() -> None:
    """Nobody has to mend one fault to hear of the next."""
    gone = replace(LINK, deleted=True, amount=9)

    planned = only(facts(make_resource("other"), links=(gone,), elsewhere={ID: "prod"}))

    assert len(planned.reasons) == 4


def test_a_managed_entry_is_left_in_peace_and_warned_of() -> None:
    """What the next `pulumi up` would do to it is said, as an import proves nothing otherwise."""
    same = only(facts(make_resource(step="same", current_id=ID)))
    replaced = only(facts(make_resource(step="replace", current_id=ID, changed=("amount",))))

    assert (same.action, same.reasons) == (Action.MANAGED, ())
    assert replaced.action is Action.MANAGED
    assert replaced.reasons == ("The next `pulumi up` would replace it (amount).",)


def test_the_programs_adopt_is_as_good_as_an_id_in_the_manifest() -> None:
    """An entry without an id whose resource adopts a link is imported."""
    planned = only(facts(make_resource(inputs={"adopt": ID})), replace(ENTRY, id=None))

    assert (planned.action, planned.id) == (Action.IMPORT, ID)


def test_secret_values_are_compared_and_never_shown() -> None:
    """Neither a reason nor the output of a plan holds the value of a secret input."""
    secret = make_resource(secret_inputs=frozenset({"title"}), inputs={"title": "Geheim"})
    result = make_import_plan([ENTRY], facts(secret))

    assert result.entries[0].reasons == ("title differs (a secret, so the values are not shown).",)
    shown = plan_result("plan", result, RequestStats())
    for text in (write_text(shown), write_json(shown)):
        assert "Geheim" not in text
        assert "Spring sale" not in text


def test_a_proof_fails_for_anything_but_the_very_link_unchanged() -> None:
    """Another id, a replacement and an absent resource are each named."""
    result = make_import_plan([ENTRY], facts())
    unchanged = make_resource(step="same", current_id=ID)

    assert find_changes(result, Preview({unchanged.urn: unchanged})) == {}
    for bad in (replace(unchanged, current_id="x"), replace(unchanged, step="replace"), None):
        assert find_changes(result, Preview({bad.urn: bad} if bad else {})).keys() == {"spring"}


@pytest.mark.parametrize(
    ("title", "said"),
    [
        (
            "Spring sale ",
            r'title differs in spaces or line breaks only: the program has "Spring sale"',
        ),
        ("Spring\u00a0sale", r'the link has "Spring\u00a0sale"'),
        ("Spring\u200b sale", r"in invisible characters only"),
        ("Summer", 'title differs: the program has "Spring sale"'),
    ],
)
def test_a_difference_that_cannot_be_seen_is_spelt_out(title: str, said: str) -> None:
    """Otherwise the reason would show the same text twice."""
    planned = only(facts(links=(replace(LINK, title=title),)))

    assert planned.action is Action.BLOCKED
    assert said in planned.reasons[0]


def test_the_accounts_that_were_read_are_in_the_plan() -> None:
    """Two providers of one account count once; which account it was can be told to a person."""
    plan = make_import_plan((ENTRY,), facts())

    assert [(account.scope.account_id, account.live) for account in plan.accounts] == [
        ("account_test_1", False)
    ]
