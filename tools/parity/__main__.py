"""Compare the answers of an API with those that Omise is known or believed to give.

    make parity                                             # the emulator, on this machine
    OMISE_SECRET_KEY=skey_test_… make parity ARGS=--omise   # Omise itself, or OMISE_API_URL

It prints every difference as a path and both values, and on what ground the expected one stands.
It makes two links, and a third if Omise takes one that it should refuse; it deletes them at the
end. A live key is refused, and so is an account that does not say that it is in test mode.

Exit code 0: no difference; 1: differences; 2: not all was compared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext

import requests

from pulumi_omise_links.emulator import Emulator
from pulumi_omise_links.errors import OmiseLinksError
from pulumi_omise_links.safe_text import escape, hide_keys
from pulumi_omise_links.settings import Settings

from .run import Outcome, RefusedError, Run, exchanges


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="parity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--omise", action="store_true", help="ask the API of OMISE_API_URL with OMISE_SECRET_KEY"
    )
    real = parser.parse_args(arguments).omise
    with nullcontext() if real else Emulator() as omise:
        try:
            settings = Settings.resolve(
                {},
                None
                if omise is None
                else {"OMISE_API_URL": omise.url, "OMISE_SECRET_KEY": omise.key("th")},
            )
            return _compare(settings)
        except (OmiseLinksError, RefusedError) as error:
            print(error, file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130


def _compare(settings: Settings) -> int:
    run = Run(settings)
    print(f"Comparing {settings.api_url}", flush=True)
    different = compared = 0
    try:
        # Closed at once, whatever happens here: that deletes the links.
        with closing(run.outcomes()) as outcomes:
            for outcome in outcomes:
                compared += 1
                different += bool(outcome.differences)
                _show(outcome)
    except requests.RequestException as error:
        print(f"{settings.api_url} gave no answer: {type(error).__name__}.", file=sys.stderr)
    if run.made:
        print(f"Not deleted: {', '.join(run.made)}. Delete them in the dashboard.", file=sys.stderr)
    print(f"{compared} exchanges compared, {different} with differences.")
    if compared < len(exchanges()):
        return 2
    return 1 if different else 0


def _show(outcome: Outcome) -> None:
    exchange = outcome.exchange
    if not outcome.differences:
        print(f"same       {exchange.name} ({exchange.ground})")
        return
    switch = f"; switch of the emulator: {exchange.switch}" if exchange.switch else ""
    print(f"DIFFERENT  {exchange.name} ({exchange.ground}{switch})")
    for one in outcome.differences:
        values = " -> ".join(
            hide_keys(escape(json.dumps(value, ensure_ascii=False), longest=300))
            for value in (one.expected, one.found)
        )
        print(f"    {one.path}: {values}")


if __name__ == "__main__":
    sys.exit(main())
