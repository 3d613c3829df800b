"""One call in, one reply out: no I/O, no clock and no dice of its own."""
