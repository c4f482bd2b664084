"""The Pulumi project and stack beside us, through the ``pulumi`` command."""
