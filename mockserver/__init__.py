"""A mock API server and contract-testing kit: a test double for vendor APIs that remembers."""

__version__ = "0.1.0"
