"""The `fieldfare` command. A command imports what it needs when it runs: help is quick."""

from fieldfare.cli.command import main

__all__ = ["main"]
