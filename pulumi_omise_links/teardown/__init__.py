"""The end of an environment: its stacks are destroyed, and nothing of them can be paid."""
