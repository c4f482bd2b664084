"""Links that exist: finding them, and taking them under management without a touch."""
