"""Pages for people, over what the server already knows."""
