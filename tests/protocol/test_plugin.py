"""The provider over the plugin's own protocol: what the engine sends, and what it rarely sends."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.omise.retry import ATTEMPTS
from pulumi_omise_links.state import PROVIDER

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
SPRING: dict[str, Any] = {
    "amount": 150_000,
    "currency": "thb",
    "title": "Spring sale",
    "description": "Two tickets",
    "multiple": True,
}
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/omise:Link::spring"
LINK = "link_test_6344k6rzgco9ul41cap"


# Has everything loaded, and turns each line into a fresh process that runs the plugin: starting
# one from nothing takes seconds. The pauses between retries are short in there.
NURSERY = """
import json, os, runpy, sys
import dill, grpc, pulumi, pulumi.dynamic, pulumi.runtime.rpc
import pulumi_omise_links.link, pulumi_omise_links.omise.bulk
from pulumi_omise_links.omise import retry

retry._FIRST_DELAY = 0.01
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        os.dup2(os.open(order["output"], os.O_WRONLY), 1)
        os.environ.update(order["environ"])
        os.chdir(order["folder"])
        sys.argv = ["pulumi.dynamic", "no-engine"]
        runpy.run_module("pulumi.dynamic", run_name="__main__")
    print(child, flush=True)
"""


class Nursery:
    """Starts plugins quickly."""

    def __init__(self, folder: Path) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMISE_", "PULUMI_"))}
        self._folder = folder
        self._count = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", NURSERY],
            env={**clean, "GRPC_ENABLE_FORK_SUPPORT": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def start(self, **environ: str) -> Plugin:
        output = self._folder / f"{next(self._count)}.port"
        os.mkfifo(output)
        order = {"output": str(output), "environ": environ, "folder": str(self._folder)}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        child = int(stdout.readline())
        with output.open() as pipe:
            port = int(pipe.readline())
        return Plugin(port, lambda: os.kill(child, signal.SIGKILL))

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()


def start_as_the_engine_does(folder: Path, **environ: str) -> Plugin:
    """A process of its own, from nothing."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMISE_", "PULUMI_"))}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", "no-engine"],
        cwd=folder,
        env={**clean, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    process.stdout.close()

    def end() -> None:
        process.kill()
        process.wait()

    return Plugin(port, end)


class Plugin:
    """One process of `pulumi.dynamic`, spoken to as the engine does."""

    def __init__(self, port: int, end: Callable[[], None]) -> None:
        self._end = end
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.configure({})

    def close(self) -> None:
        self._channel.close()
        self._end()

    def configure(self, config: dict[str, Any]) -> None:
        self._stub.Configure(provider_pb2.ConfigureRequest(args=struct(config)))

    def check(
        self, news: dict[str, Any], olds: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """The checked inputs, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=URN, olds=struct(olds or {}), news=mine(news))
        answer = self._stub.Check(request, timeout=60)
        inputs = plain(answer.inputs)
        assert inputs.pop("__provider") == PROVIDER
        return inputs, [f"{each.property}|{each.reason}" for each in answer.failures]

    def diff(self, olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
        """What would be replaced; nothing if nothing changes."""
        request = provider_pb2.DiffRequest(id=LINK, urn=URN, olds=mine(olds), news=mine(news))
        answer = self._stub.Diff(request, timeout=60)
        changes = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        assert answer.changes == changes[not answer.replaces]
        return list(answer.replaces)

    def create(self, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=URN, properties=mine(inputs))
        answer = self._stub.Create(request, timeout=60)
        return answer.id, without_provider(plain(answer.properties))

    def read(
        self, id_: str, outputs: dict[str, Any] | None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=URN,
            properties=None if outputs is None else mine(outputs),
            inputs=None if inputs is None else mine(inputs),
        )
        answer = self._stub.Read(request, timeout=60)
        return (
            answer.id,
            without_provider(plain(answer.properties)),
            without_provider(plain(answer.inputs)),
        )

    def update(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(id=LINK, urn=URN, olds=mine(olds), news=mine(news))
        return without_provider(plain(self._stub.Update(request, timeout=60).properties))

    def delete(self, id_: str, outputs: dict[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(id=id_, urn=URN, properties=mine(outputs))
        self._stub.Delete(request, timeout=60)


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(values)
    return made


def mine(values: dict[str, Any]) -> struct_pb2.Struct:
    return struct({**values, "__provider": PROVIDER})


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    read: dict[str, Any] = json_format.MessageToDict(values)
    return read


def without_provider(values: dict[str, Any]) -> dict[str, Any]:
    assert not values or values["__provider"] == PROVIDER
    return {name: value for name, value in values.items() if name != "__provider"}


@contextlib.contextmanager
def failure() -> Iterator[list[str]]:
    """Expect an error, and give its text: one line of the engine, without a traceback."""
    found: list[str] = []
    with pytest.raises(grpc.RpcError) as caught:
        yield found
    text = str(caught.value.details()).strip()
    assert "Traceback" not in text
    assert "\n" not in text
    assert not re.search(r"emulator_|revoked", text)
    found.append(text)


Start = Callable[..., Plugin]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    made = Nursery(tmp_path_factory.mktemp("nursery"))
    yield made
    made.close()


@pytest.fixture
def start(nursery: Nursery, omise: Emulator) -> Iterator[Start]:
    """Start plugins that talk to the local Omise unless told otherwise."""
    started: list[Plugin] = []

    def make(**environ: str) -> Plugin:
        usual = {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")}
        started.append(nursery.start(**{**usual, **environ}))
        return started[-1]

    yield make
    for each in started:
        each.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plugin, Emulator]]:
    """One plugin and one Omise for the tests that leave nothing behind in them."""
    with Emulator() as omise:
        plugin = start_as_the_engine_does(
            tmp_path_factory.mktemp("program"),
            OMISE_API_URL=omise.url,
            OMISE_SECRET_KEY=omise.key("th"),
        )
        yield plugin, omise
        plugin.close()


@pytest.fixture
def plugin(shared: tuple[Plugin, Emulator]) -> Plugin:
    shared[1].reset()
    return shared[0]


@pytest.fixture
def there(shared: tuple[Plugin, Emulator]) -> Emulator:
    return shared[1]


def test_the_life_of_a_link(plugin: Plugin, there: Emulator) -> None:
    """Checked, made, unchanged, read, deleted: each answer fits the next question."""
    inputs, failures = plugin.check(SPRING)
    assert (inputs, failures) == (SPRING, [])

    id_, outputs = plugin.create(inputs)
    (stored,) = there.links()
    assert id_ == stored["id"]
    assert {name: outputs[name] for name in SPRING} == SPRING
    assert outputs["payment_uri"] == stored["payment_uri"]
    assert outputs["account_id"] == there.account("th").id
    assert "used_at" not in outputs, "what is not there takes no place in the state"

    assert plugin.diff(outputs, inputs) == []
    assert plugin.read(id_, outputs, inputs) == (id_, outputs, inputs)
    plugin.delete(id_, outputs)
    assert there.links(deleted=False) == []


def test_whole_numbers_stay_whole(plugin: Plugin, there: Emulator) -> None:
    """An amount is a double on the wire, a whole number for Omise and the same one again."""
    inputs, _ = plugin.check({**SPRING, "amount": 2_000.0})
    id_, outputs = plugin.create(inputs)

    assert there.link(id_)["amount"] == 2_000
    assert type(there.link(id_)["amount"]) is int
    assert outputs["amount"] == 2_000
    _, read, drifted = plugin.read(id_, outputs)
    assert read["amount"] == drifted["amount"] == 2_000


def test_defaults_are_filled_in(plugin: Plugin) -> None:
    """Inputs left out come back with their defaults, so that diffs are about values."""
    inputs, failures = plugin.check({k: v for k, v in SPRING.items() if k != "multiple"})

    assert failures == []
    assert inputs["multiple"] is False


def test_unknown_values_are_let_through(plugin: Plugin) -> None:
    """At preview, values of other resources are not known: they stay unknown and are not blamed."""
    unknown = dict.fromkeys([*SPRING, "adopt"], UNKNOWN)
    assert plugin.check(unknown) == (unknown, [])

    inputs, failures = plugin.check({**SPRING, "amount": UNKNOWN, "title": " "})
    assert inputs["amount"] == UNKNOWN
    assert failures == ["|title must not be blank"]


def test_a_nested_unknown_is_still_a_wrong_type(plugin: Plugin) -> None:
    """A list is no title, whatever it will hold."""
    _, failures = plugin.check({**SPRING, "title": ["x", UNKNOWN], "amount": {"a": UNKNOWN}})

    assert failures == [
        "|amount must be a whole number, not a mapping",
        "|title must be text, not a list",
    ]


def test_all_faults_at_once_and_no_value_shown(plugin: Plugin) -> None:
    """Every fault comes in one answer; none names a property, so the engine shows no value."""
    _, failures = plugin.check(
        {"amount": 1500.5, "currency": "TBH", "title": "s3cret\x00", "descripton": "s3cret"}
    )

    assert len(failures) == 5
    assert all(each.startswith("|") for each in failures)
    assert "s3cret" not in "".join(failures)
    assert "did you mean 'description'?" in "".join(failures)


def test_secrets_are_never_printed(plugin: Plugin) -> None:
    """The engine sends secrets in the clear to this kind of provider; wrapped ones stay wrapped."""
    wrapped = {**SPRING, "title": {**SECRET, "value": "s3cret"}}
    _, failures = plugin.check(wrapped)

    assert failures
    assert "s3cret" not in "".join(failures)


def test_null_counts_as_not_given(plugin: Plugin) -> None:
    """None in a program is the same as leaving the input out."""
    inputs, failures = plugin.check({**SPRING, "multiple": None, "adopt": None})

    assert failures == []
    assert inputs["multiple"] is False


@pytest.mark.parametrize("adopt", ["", "chrg_test_1", "link_test_5X", 5, True, ["link_test_1"]])
def test_adopt_must_be_an_id(plugin: Plugin, adopt: object) -> None:
    """What is no id is told at preview; above all an empty one, which must not make a link."""
    assert plugin.check({**SPRING, "adopt": adopt})[1] == [
        "|adopt must be the id of a link (link_test_5x…)"
    ]


# -- diff


@pytest.mark.parametrize(
    ("name", "value", "replaced"),
    [
        ("amount", 150_001, ["amount"]),
        ("amount", 150_000.0, []),
        ("currency", "THB", []),
        ("currency", "USD", ["currency"]),
        ("title", "spring sale", ["title"]),
        ("description", "", ["description"]),
        ("multiple", False, ["multiple"]),
        ("adopt", "link_test_6344k6rzgco9ul41cap", []),
        ("payment_uri", "https://elsewhere.example", []),
        ("nonsense", 1, []),
        *[(name, UNKNOWN, [name]) for name in SPRING],
        ("adopt", UNKNOWN, []),
    ],
)
def test_a_diff_is_about_the_five_inputs(
    plugin: Plugin, name: str, value: object, replaced: list[str]
) -> None:
    """A changed input replaces the link and is named; nothing else ever does."""
    olds = {**SPRING, "payment_uri": "https://link.omise.co/1", "used": True}

    assert plugin.diff(olds, {**SPRING, name: value}) == replaced


def test_a_state_of_an_older_schema_replaces_nothing(plugin: Plugin) -> None:
    """A state that lacks what has a default, or holds what we no longer know, is no change."""
    olds = {k: v for k, v in SPRING.items() if k != "multiple"} | {"of_old": [1, {"a": None}]}

    assert plugin.diff(olds, {**SPRING, "multiple": False}) == []
    assert plugin.diff(olds, {**SPRING, "multiple": True}) == ["multiple"]
    assert plugin.diff({**olds, "multiple": None}, {**SPRING, "multiple": False}) == []


def test_a_link_of_another_account_is_not_replaced(start: Start, omise: Emulator) -> None:
    """The new link would come to life in the wrong account: preview says so already."""
    _, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    assert other.diff(outputs, SPRING) == []
    with failure() as found:
        other.diff(outputs, {**SPRING, "title": "Autumn"})

    assert "WrongAccountError: Link link_test_" in found[0]
    assert omise.account("th").id in found[0]


def test_no_link_is_made_beside_those_of_another_account(start: Start, omise: Emulator) -> None:
    """One of them has been compared, so where the stack's links live is known."""
    _, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    assert other.diff(outputs, SPRING) == []
    with failure() as found:
        other.create({**SPRING, "currency": "JPY"})

    assert "WrongAccountError: Link link_test_" in found[0]
    assert omise.links("jp") == []


def test_an_adopted_link_is_not_replaced(plugin: Plugin) -> None:
    """What says that it is this very link cannot become another one; the change is named."""
    news = {**SPRING, "adopt": LINK}
    assert plugin.diff(SPRING, news) == []
    with failure() as found:
        plugin.diff(SPRING, {**news, "title": "Autumn", "multiple": False})

    assert f"AdoptError: Link {LINK} cannot be adopted: its title, multiple differ" in found[0]


# -- read


@pytest.mark.parametrize("switch", ["deleted", "not_found"])
def test_a_link_that_is_gone_reads_as_gone(start: Start, omise: Emulator, switch: str) -> None:
    """An empty id tells the engine that the link is gone."""
    omise.switch(get_deleted=switch)
    plugin = start()
    id_, outputs = plugin.create(SPRING)
    omise.delete(id_)

    assert plugin.read(id_, outputs) == ("", {}, {})


def test_drift_shows_in_outputs_and_inputs(plugin: Plugin, there: Emulator) -> None:
    """What was changed elsewhere comes back in both, so that the next preview sees it."""
    id_, outputs = plugin.create(SPRING)
    there.mutate(id_, title="Changed", used=True)

    _, outs, inputs = plugin.read(id_, outputs, SPRING)
    assert outs["title"] == inputs["title"] == "Changed"
    assert (outs["used"], "used_at" in outs) == (True, True)
    assert inputs.keys() == SPRING.keys()
    assert plugin.diff(outs, SPRING) == ["title"]


def test_get_with_inputs_only(plugin: Plugin, there: Emulator) -> None:
    """`Link.get` sends an id and hardly anything else: the whole link comes back."""
    (id_,) = there.seed(title="Found")
    for outputs, inputs in ((None, {}), ({}, None), (None, {"title": None})):
        read, outs, _ = plugin.read(id_, outputs, inputs)
        assert read == id_
        assert outs["title"] == "Found"
        assert outs["account_id"] == there.account("th").id


def test_get_of_a_link_that_is_not_there(plugin: Plugin, there: Emulator) -> None:
    """The engine takes an empty answer to `Link.get` for success, so it is an error."""
    (id_,) = there.seed()
    there.delete(id_)
    with failure() as found:
        plugin.read(id_, None, {})
    assert f"LinkGoneError: Link {id_} was deleted at 20" in found[0]
    with failure() as found:
        plugin.read(LINK, None, {})
    assert f"NotFoundError: Omise refused to read link {LINK}" in found[0]


@pytest.mark.parametrize(
    "fault", [{"kind": "500"}, {"kind": "not_json"}, {"kind": "lost_before"}], ids=str
)
def test_a_fault_is_never_gone(start: Start, omise: Emulator, fault: dict[str, Any]) -> None:
    """A read that fails is an error of one line, and the state stays."""
    plugin = start()
    id_, outputs = plugin.create(SPRING)
    omise.fault(**fault, method="GET", rate=1)
    with failure() as found:
        plugin.read(id_, outputs)

    assert found[0].startswith("pulumi_omise_links.errors.NoAnswerError: Could not ")


def test_another_account_s_key_reads_nothing_as_gone(start: Start, omise: Emulator) -> None:
    """With another account's key neither read nor delete believes a 404."""
    id_, outputs = start().create(SPRING)
    other = start(OMISE_SECRET_KEY=omise.key("jp"))
    for _ in range(3):  # the first read asks for the link, later ones for pages
        with failure() as found:
            other.read(id_, outputs)
        assert "WrongAccountError" in found[0]
        with failure() as found:
            other.delete(id_, outputs)
        assert "WrongAccountError" in found[0]

    assert len(omise.links(deleted=False)) == 1


# -- update, delete


def test_an_update_keeps_the_outputs(plugin: Plugin) -> None:
    """Should the engine ever ask for an update, nothing is lost from the state."""
    outputs = {**SPRING, "payment_uri": "https://link.omise.co/1", "account_id": "a", "used": False}

    assert plugin.update(outputs, {**SPRING, "currency": "THB"}) == outputs


@pytest.mark.parametrize("switch", ["deleted", "not_found", "failed_deletion"])
def test_deleting_what_is_gone_succeeds(start: Start, omise: Emulator, switch: str) -> None:
    """A link that somebody deleted meanwhile does not stand in the way of destroy."""
    omise.switch(delete_deleted=switch)
    plugin = start()
    id_, outputs = plugin.create(SPRING)
    omise.delete(id_)

    plugin.delete(id_, outputs)


def test_a_refused_deletion_is_one_line(plugin: Plugin, there: Emulator) -> None:
    """A link that Omise keeps is an error that says so."""
    id_, outputs = plugin.create(SPRING)
    there.fault("refused_deletion", method="DELETE")
    with failure() as found:
        plugin.delete(id_, outputs)

    assert f"Omise refused to delete link {id_}: link could not be deleted (422" in found[0]


# -- adopt


def test_adopt_takes_a_link_without_a_write(plugin: Plugin, there: Emulator) -> None:
    """An existing link with equal inputs is taken; nothing is posted."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB"})
    adopted, outputs = plugin.create({**SPRING, "adopt": id_})

    assert adopted == id_
    assert outputs["payment_uri"] == there.link(id_)["payment_uri"]
    assert there.journal.writes == []


@pytest.mark.parametrize(
    ("change", "named"),
    [({"title": "Autumn"}, "title"), ({"amount": 3_000, "multiple": False}, "amount, multiple")],
)
def test_adopt_refuses_a_link_that_differs(
    plugin: Plugin, there: Emulator, change: dict[str, Any], named: str
) -> None:
    """A link that is not what the resource declares is refused by the names that differ."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB", **change})
    with failure() as found:
        plugin.create({**SPRING, "adopt": id_})

    assert f"Link {id_} cannot be adopted: its {named} differ" in found[0]
    assert "Autumn" not in found[0]
    assert there.journal.writes == []


def test_adopt_refuses_what_is_gone_or_unknown(plugin: Plugin, there: Emulator) -> None:
    """A deleted link, an unknown one, one of live mode: an error, and nothing is made."""
    (id_,) = there.seed(**{**SPRING, "currency": "THB"})
    there.delete(id_)
    for adopt, error in (
        (id_, "LinkGoneError"),
        (LINK, "NotFoundError"),
        ("link_5u7inajkxmf06uyr4ni", "WrongAccountError"),
    ):
        with failure() as found:
            plugin.create({**SPRING, "adopt": adopt})
        assert error in found[0]

    assert there.journal.writes == []


# -- settings, keys


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
        each["title"]: each["id"] for each in there.links()
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
        assert line.startswith("pulumi_omise_links.errors.ApiError: Omise refused to delete link ")
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
