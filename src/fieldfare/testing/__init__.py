"""Testing: public builders and in-memory doubles, for our own tests and for those of hosts."""

from fieldfare.testing.outbox import InMemoryOutbox, InMemoryWebhooks

__all__ = ["InMemoryOutbox", "InMemoryWebhooks"]
