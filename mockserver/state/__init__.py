"""What the fake remembers. Knows no spec."""
