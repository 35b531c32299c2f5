"""Files that are worked through one by one: what is wrong with one holds up no other.

Of a single file an error is told as of any command. Of several, each is told on a line of its own
as it comes, and the command ends with how many there were.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fieldfare.kernel import BadInput, FieldfareError, NotFound


class OneByOne:
    """Goes through files, and counts those that could not be dealt with.

    Where many are worked on and their answers go elsewhere, a terminal is told how far it is.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self.failed = 0
        self._shows = len(files) > 1 and sys.stderr.isatty() and not sys.stdout.isatty()

    def __iter__(self) -> Iterator[Path]:
        for number, path in enumerate(self._files, 1):
            if self._shows:
                sys.stderr.write(f"\r{number} of {len(self._files)}\x1b[K")
                sys.stderr.flush()
            yield path
            sys.stdout.flush()
        if self._shows:
            sys.stderr.write("\r\x1b[K")

    @contextmanager
    def dealing_with(self, path: Path) -> Iterator[None]:
        """Pass over what is wrong with one of several files, having told it."""
        try:
            yield
        except (BadInput, NotFound) as error:
            if len(self._files) == 1:
                raise
            self.failed += 1
            self._tell(path, error)

    def end(self, what: str, *, hint: str) -> None:
        """Raise BadInput if any file could not be dealt with. what: "hashed", "added to known"."""
        if self.failed:
            raise BadInput(
                f"{self.failed} of {len(self._files)} files could not be {what}", hint=hint
            )

    def _tell(self, path: Path, error: FieldfareError) -> None:
        text = " ".join(str(error).split())
        named = text if str(path) in text else f"{path}: {text}"
        sys.stderr.write(f"\r\x1b[K{named}\n" if self._shows else f"{named}\n")
