"""Make three links on the local Omise, as a person would in Omise's dashboard."""

import json
import os
import urllib.request

LINKS = [
    ("Spring concert", "One ticket", 150_000),
    ("Business lunch", "Three courses", 49_000),
    ("Donation", "For the new organ", 10_000),
]

for title, description, amount in LINKS:
    link = {"title": title, "description": description, "amount": amount, "multiple": True}
    url = f"{os.environ['OMISE_API_URL']}/_emulator/links"
    with urllib.request.urlopen(url, json.dumps(link).encode()):  # noqa: S310  (the local Omise)
        print(f"made by hand: {title}")
