"""``python -m pulumi_omise_links``: the command line."""

from .cli import main

main()
