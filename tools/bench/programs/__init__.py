"""The three programs that are measured; each is copied into a project as its ``__main__.py``."""
