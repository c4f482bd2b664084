"""After a killed run: reconcile pending operations of a stack with the account."""
