"""Make three links on the emulator, as a person would in Omise's dashboard."""

import json
import os
import sys
import urllib.error
import urllib.request

LINKS = [
    ("Spring concert", "One ticket", 150_000),
    ("Business lunch", "Three courses", 49_000),
    ("Donation", "For the new organ", 10_000),
]

omise = os.environ.get("OMISE_API_URL", "")
if not omise.startswith("http://127.0.0.1:"):
    sys.exit("Start `omise-links emulator`, and paste its two export lines here.")

for title, description, amount in LINKS:
    link = {"title": title, "description": description, "amount": amount, "multiple": True}
    body = json.dumps(link).encode()
    try:
        urllib.request.urlopen(f"{omise}/_emulator/links", body).close()
    except urllib.error.URLError as error:
        sys.exit(f"The emulator does not answer at {omise}: {error.reason}.")
    print(f"made by hand: {title}")
