"""Texts that break what is careless with YAML, Python or terminals, and inputs made of them."""

from __future__ import annotations

from hypothesis import strategies as st

from pulumi_omise_links.inputs import check_inputs
from pulumi_omise_links.omise.models import LinkInputs

ODD_TEXTS = (
    "no",
    "2026-01-31",
    "0123",
    "1e3",
    "null",
    "~",
    "- a",
    "a: b",
    "a #b",
    "#a",
    "'a\" \\n",
    "{a}",
    "&a *b !c",
    " leading",
    "trailing ",
    "two\nlines",
    "gap\n\nbetween",
    "ends\n",
    "\n\nstarts",
    "\ttab",
    "crlf\r\nhere",
    "---",
    "%TAG",
    "@at `tick`",
    "🌸👨\u200d👩\u200d👧",
    "\u202eright to left\u2066",
    "ئەلف عربي",
    "สวัสดี น้ำ",
    "\u2028\u00a0\ufeff",
    "\uffff\U0010ffff",
    "?x",
    ": x",
    "<<",
    "=",
    "x" * 5000,
)
TEXTS = (st.sampled_from(ODD_TEXTS) | st.text(min_size=1, max_size=60)).filter(
    lambda text: (
        not check_inputs(
            {"amount": 5000, "currency": "THB", "title": text, "description": "x"}
        ).problems
    )
)
INPUTS = st.builds(
    LinkInputs,
    amount=st.integers(2_000, 15_000_000),
    currency=st.sampled_from(["THB", "thb"]),
    title=TEXTS,
    description=TEXTS,
    multiple=st.booleans(),
)
