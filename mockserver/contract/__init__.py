"""What the spec says: read, matched and checked. Knows no state, no web."""
