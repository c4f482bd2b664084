"""``python -m pulumi_omise_links.native`` is ``pulumi-resource-omise``."""

from .server import main

if __name__ == "__main__":
    main()
