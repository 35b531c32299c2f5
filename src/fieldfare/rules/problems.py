"""Problems of a rule set: each with its place, caret and hint; all of them reported at once."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

from fieldfare.kernel import BadInput

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: line and column count from 1, `width` in characters (>= 1)."""

    file: str
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a rule set, or (a warning) worth knowing.

    source_line: the line as written. An error keeps the rule set from loading, a warning does not.
    """

    message: str
    file: str
    line: int
    column: int
    source_line: str
    hint: str = ""
    width: int = 1
    severity: Severity = "error"

    def __str__(self) -> str:
        margin = " " * len(str(self.line))
        shown = self.source_line.replace("\t", " ")
        caret = " " * (self.column - 1) + "^" * self.width
        kind = "warning: " if self.severity == "warning" else ""
        text = (
            f"{self.file}:{self.line}:{self.column}: {kind}{self.message}\n"
            f"{margin} |\n{self.line} | {shown}\n{margin} | {caret}"
        )
        return f"{text}\n{margin} = {self.hint}" if self.hint else text


class RuleSetDoesNotCompile(BadInput):
    """A rule set has problems; the message renders every one of them in order of place."""

    slug = "rule-set-does-not-compile"
    what: ClassVar[str] = "rule set"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        body = "\n\n".join(str(problem) for problem in self.problems)
        super().__init__(f"The {self.what} does not compile ({head}).\n\n{body}")


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by place."""
    return tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))


class ProblemList:
    """Collects problems while a rule set is checked, so that one run finds them all."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._lines = {file: text.splitlines() for file, text in sources.items()}
        self._found: dict[tuple[Place, str], Problem] = {}

    def add(
        self, place: Place, message: str, hint: str = "", *, severity: Severity = "error"
    ) -> None:
        """Note a problem; the same message at the same place is noted once."""
        lines = self._lines.get(place.file, [])
        written = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
        width = max(1, min(place.width, len(written) - place.column + 1))
        self._found.setdefault(
            (place, message),
            Problem(
                message=message,
                file=place.file,
                line=place.line,
                column=place.column,
                source_line=written,
                hint=hint,
                width=width,
                severity=severity,
            ),
        )

    def warn(self, place: Place, message: str, hint: str = "") -> None:
        """Note something that does not keep the rule set from loading."""
        self.add(place, message, hint, severity="warning")

    def only_warn_of(self, files: Collection[str]) -> None:
        """Make the errors in some files warnings: nothing takes these files in."""
        for at, problem in self._found.items():
            if problem.file in files:
                self._found[at] = replace(problem, severity="warning")

    def warnings(self) -> tuple[Problem, ...]:
        """Give the warnings in order of place."""
        return in_order(p for p in self._found.values() if p.severity == "warning")

    def raise_if_any(self) -> None:
        """Raise RuleSetDoesNotCompile if an error was noted."""
        errors = [p for p in self._found.values() if p.severity == "error"]
        if errors:
            raise RuleSetDoesNotCompile(errors)
