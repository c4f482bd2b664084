"""The YAML file that says which links there are: reading it, writing it, editing it."""
