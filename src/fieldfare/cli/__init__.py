"""The `fieldfare` command. Each command imports what it needs when it runs, so that help is quick."""

from fieldfare.cli.command import main

__all__ = ["main"]
