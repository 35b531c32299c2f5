"""`fieldfare init`: an installation from nothing."""

from pathlib import Path
from typing import Final

from fieldfare.cli.printing import print_line
from fieldfare.engine.settings import load_settings
from fieldfare.installation import create_installation
from fieldfare.matching.index import warm

SHOWN_ONCE: Final = "Shown once; write it down."


def init(home: Path | None, *, pack: str) -> None:
    """Make an installation and print the first secrets. Raises Conflict if there is one."""
    settings = load_settings(home, pack=pack)
    secrets = create_installation(settings)
    warm(settings.compiled)
    print_line(f"Fieldfare is set up in {settings.home}.")
    print_line(f"Sign in as {secrets.name} with {secrets.password}")
    print_line(f"API key {secrets.key}")
    print_line(f"{SHOWN_ONCE} Start with: fieldfare serve")
