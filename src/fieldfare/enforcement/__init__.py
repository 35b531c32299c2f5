"""Enforcement: effects carried to the host, at least once, in order, signed."""
