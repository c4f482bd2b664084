"""Whether a project can do its work here: checks that write nothing."""
