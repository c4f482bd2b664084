"""The result of a command, and one writer per output format."""
