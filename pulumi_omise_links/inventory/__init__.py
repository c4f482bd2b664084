"""Which link is managed where: the accounts beside the stacks."""
