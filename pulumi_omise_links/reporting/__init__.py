"""What people must know of links, and of what a preview would change."""
