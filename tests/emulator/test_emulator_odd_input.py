"""Odd input of every kind: the emulator refuses it, and never fails itself."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from emulator.omise_client import LINK, Client, raw
from hypothesis import given
from hypothesis import strategies as st

from pulumi_omise_links.emulator import KINDS, Behaviour, Emulator, Fault
from pulumi_omise_links.emulator.api import Endpoint
from pulumi_omise_links.emulator.control import ControlAction
from pulumi_omise_links.emulator.html_page import PageAction
from pulumi_omise_links.emulator.link_inputs import LinkInputs
from pulumi_omise_links.emulator.routes import ROUTES

ODD: list[Any] = [
    *(math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 10**400, -(10**400), 2**63, 2**31),
    *(-1, 0, 1, 0.5, True, False, None, "", "1", "x", "\ud800", "\x1b[2J\r\n", [], {}, [[]]),
    {"x": [None]},
]
NAMES = sorted(
    {field.name for kind in (Behaviour, Fault, LinkInputs) for field in dataclasses.fields(kind)}
    | {"account", "live", "deleted", "used", "paid", "key", "data", "faults", "journal", "self"}
    | {"since", "limit", "offset", "from", "to", "order", "scope", "query", "page", "per_page"}
    | {"filters", "filters[amount]", "filters[created]", "filters[used]", "identity", "backend"}
    | {"sub_merchant", "seconds_apart"}
)
DEEP = ("[" * 90_000, '{"x":' * 50_000, '{"x":' + "[" * 120 + "]" * 120 + "}")


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    with Emulator() as omise:
        yield omise


def write_json(value: Any) -> str:
    """The value as JSON, with Infinity and NaN as the words that Python's reader takes."""
    return json.dumps(value)


bodies = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([text.encode() for text in DEEP]),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(ODD)).map(
        lambda given: write_json(given).encode()
    ),
    st.just(b'{"clock_skew": 1e400, "seconds": 1e400, "amount": 1e400, "since": 1e400}'),
)
parts = st.sampled_from(
    ["x", "%ff", "%00", "%1b%5b2J", "%e0%b8%81", "ID", "PLACE", "..", "%2f", ""]
)
queries = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(
            ["", "true", "0", "-1", "1e400", "nan", "9" * 5000, "%ff", "x..y", "[", "1"]
        ),
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
headers = st.dictionaries(
    st.sampled_from(
        ["Omise-Version", "SUB_MERCHANT_ID", "Content-Type", "Host", "Origin", "Sec-Fetch-Site"]
    ),
    st.sampled_from(["", "\xff", "application/json", "http://[", "2019-05-29", "[::", "team_ก_"]),
    max_size=2,
)


@given(
    route=st.sampled_from(sorted(ROUTES)),
    part=parts,
    tail=st.sampled_from(["", "/", "/x"]),
    query=queries,
    body=bodies,
    sent=headers,
)
def test_no_request_whatsoever_makes_the_emulator_fail(
    shared: Emulator,
    route: str,
    part: str,
    tail: str,
    query: str,
    body: bytes,
    sent: dict[str, str],
) -> None:
    """Every address with any id, query, header and body gets an answer that is not a failure."""
    shared.reset(behaviour=True)
    (link,) = shared.seed()
    place = shared.link(link)["payment_uri"].rpartition("/")[2]
    part = part.replace("ID", link).replace("PLACE", place)
    method, path = route.replace("{id}", part).replace("{page}", part).split(" ")
    fields = {
        "Authorization": requests.auth._basic_auth_str(shared.key("th"), ""),
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{name: value.encode("utf-8").decode("latin-1") for name, value in sent.items()},
    }
    lines = [f"{method} {path}{tail}?{query} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    answer = raw(shared, head + body)
    status = int(answer.split(b" ", 2)[1])
    assert status < 500 or status == 501, answer
    assert b"the emulator failed" not in answer
    # Whatever was set, the emulator goes on to answer.
    shared.clear_faults()
    assert Client(shared).get("/account").status_code in (200, 403, 404, 429)


@pytest.mark.parametrize(
    "route", [pattern for pattern, action in ROUTES.items() if isinstance(action, ControlAction)]
)
@given(name=st.sampled_from(NAMES), value=st.sampled_from([None, *ODD]), in_query=st.booleans())
def test_each_action_takes_or_refuses_each_name_in_query_and_body(
    shared: Emulator, route: str, name: str, value: Any, in_query: bool
) -> None:
    """No name that any action knows, given to any other action, makes it fail."""
    method, path = route.split(" ")
    (link,) = shared.seed()
    sent = {"params": {name: "1"}} if in_query else {"data": write_json({name: value})}

    with Client(shared).session as session:
        answer = session.request(method, shared.url + path.replace("{id}", link), **sent)

    assert answer.status_code in (200, 400, 404)
    shared.reset(behaviour=True)


@pytest.mark.parametrize(
    "start",
    [
        b"\x00\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /links HTTP/9.9\r\n\r\n",
        b"GET " + b"/x" * 40_000 + b" HTTP/1.1\r\n\r\n",
        b"BREW /links HTTP/1.1\r\n\r\n",
        b"GET /links HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /links HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"GET /links HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /links HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n",
        b"GET /links HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_proper_request_gets_an_error_and_no_failure(
    omise: Emulator, start: bytes
) -> None:
    """Broken request lines, heads and lengths are answered with 4xx, 501 or 505, and no more."""
    answer = raw(omise, start)
    assert b"Error code: 500" not in answer
    assert not answer.startswith(b"HTTP/1.1 500")
    assert answer
    assert Client(omise).get("/account").status_code == 200


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Behaviour)])
def test_a_switch_refuses_odd_values_or_works_with_them(name: str) -> None:
    """Each switch set to each odd value: a ValueError that names it, or an emulator that works."""
    with Emulator() as omise:
        (link,) = omise.seed()
        api = Client(omise, SUB_MERCHANT_ID="team_a")
        for value in ODD:
            refusal = ""
            try:
                omise.switch(**{name: value})
            except ValueError as error:
                refusal = str(error)
            if refusal:
                assert refusal.startswith(f"{name} must be ")
                continue
            answers = [
                api.send("POST", "/links", json=LINK),
                api.get("/links"),
                api.get("/search", scope="link"),
                api.get("/account"),
                Client(omise).get(f"/links/{link}"),
                Client(omise).delete(link),
            ]
            assert all(answer.status_code < 500 for answer in answers), (name, value)
            omise.reset(data=False, behaviour=True)


COMMON = ("method", "path", "times", "skip", "rate")
# Proper values that would take too long in a test.
LONG = {"seconds": (0.5, 1, None), "size": (2**31, None)}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("slow", name) for name in COMMON]
    + [(kind, name) for kind in KINDS for name in KINDS[kind].fields],
)
def test_a_fault_refuses_odd_values_or_strikes_with_them(
    shared: Emulator, kind: str, name: str
) -> None:
    """Each field of a kind with each odd value: a ValueError, or a reply that can be sent."""
    given = {"changes": {"id": None}, "seconds": 0.001, "size": 1}
    proper = {field: value for field, value in given.items() if field in KINDS[kind].fields}
    for value in ODD:
        if value in LONG.get(name, ()):
            continue
        shared.reset()
        try:
            shared.fault(**{"kind": kind, **proper, name: value})
        except ValueError:
            continue
        try:
            answer = Client(shared).get("/links/x")
        except requests.RequestException:
            continue
        assert "the emulator failed" not in answer.text, (kind, name, value)


@pytest.mark.parametrize("text", DEEP)
def test_json_that_is_nested_too_deeply_is_a_plain_error(omise: Emulator, text: str) -> None:
    """Deep JSON is refused by the API and by the control plane alike."""
    headers = {"Content-Type": "application/json"}
    for path in ("/links", "/_emulator/faults", "/_emulator/links"):
        answer = Client(omise).send("POST", path, data=text, headers=headers)
        assert answer.status_code == 400


def test_every_action_of_the_table_is_known_to_the_dispatcher() -> None:
    """Each route is an endpoint of Omise, an action of the control plane or a page."""
    for pattern, action in ROUTES.items():
        assert isinstance(action, (Endpoint, ControlAction, PageAction)), pattern
        assert pattern.split(" ")[0] in ("GET", "POST", "PATCH", "DELETE")


@pytest.mark.parametrize("latency", [math.inf, math.nan, -1, 10**400, "1"])
def test_a_latency_is_a_number_of_seconds(latency: Any) -> None:
    """What no one can wait is refused when it is set, not when a request comes."""
    with pytest.raises(ValueError, match="latency must be a number"):
        Emulator(latency=latency)
