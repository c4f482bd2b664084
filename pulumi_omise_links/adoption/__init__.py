"""Existing links: discover them, match them with entries, plan and carry out an import."""
