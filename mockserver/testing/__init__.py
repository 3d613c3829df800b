"""Vendors in tests: what the pytest fixtures give. Knows no test runner."""
