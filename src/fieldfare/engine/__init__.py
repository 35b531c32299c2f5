"""The engine: what runs where, and in which transaction."""
