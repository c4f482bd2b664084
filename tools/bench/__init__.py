"""The benchmark: this package beside providers written by hand and beside an empty one."""
