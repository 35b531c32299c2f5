"""The list of commands and the one place where errors become one line and exit code 2."""

import re
import sys
from typing import Final

from fieldfare.kernel import FieldfareError

EXIT_BAD: Final = 2
POINTED: Final = re.compile(r"\n +\|")
"""The gutter beside a quoted line; its width is that of the line's number."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a mistake of the caller's is one line on standard error and exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["version"], ["--version"]):
        # Typer takes half of the time `version` may take.
        from fieldfare.cli.version import print_version

        print_version()
        return
    from fieldfare.cli.commands import app
    from fieldfare.cli.logs import log_plainly

    log_plainly()
    try:
        app(args=given, prog_name="fieldfare")
    except FieldfareError as error:
        sys.stderr.write(f"{_told(error)}\n")
        sys.exit(EXIT_BAD)
    except KeyboardInterrupt:
        sys.exit(130)


def _told(error: FieldfareError) -> str:
    """Say it on one line, but for problems that point into a text: carets need theirs."""
    text = str(error)
    return text if POINTED.search(text) else f"fieldfare: {' '.join(text.split())}"
