"""The editor of the rules: files of a draft flow in, what is typed in, checked and offered out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fieldfare.engine.in_force import FACTS, InForce
from fieldfare.engine.rule_drafts import CheckedDraft
from fieldfare.rules import Problem
from fieldfare.rules.effect_table import EFFECTS
from fieldfare.rules.extensions import known_functions
from fieldfare.rules.reference import entries
from fieldfare.rules.signatures import Param


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLine:
    """A problem with its line as written. line, column: from 1; width: of the caret."""

    file: str
    line: int
    column: int
    width: int
    message: str
    hint: str
    severity: str
    source_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFile:
    """A file as it is typed. problems: how many stand in it, warnings aside."""

    name: str
    text: str
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedWord:
    """A word one may type. insert: what completing it types; about: what it means."""

    word: str
    insert: str
    signature: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGroup:
    """Words of a kind: functions, effects, facts, policies, lists or queues."""

    kind: str
    words: tuple[OfferedWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a draft was not kept."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorView:
    """A draft in the editor.

    base: hash of the version it began from. current: the file to show first. rules: how many the
    draft has, None while it does not compile. trouble: why what was asked for was not done.
    """

    base: str
    note: str
    current: str
    files: tuple[DraftFile, ...]
    problems: tuple[ProblemLine, ...]
    rules: int | None
    hash: str
    words: tuple[WordGroup, ...]
    trouble: Trouble | None = None


def editor_view(
    files: Mapping[str, str],
    checked: CheckedDraft,
    in_force: InForce,
    *,
    base: str,
    note: str = "",
    current: str = "",
    trouble: Trouble | None = None,
) -> EditorView:
    """Show a draft with what checking it found and the words it may use."""
    names = sorted(files, key=lambda name: (name != "main.sml", name))
    # What keeps the draft from compiling comes first; warnings may stand.
    ordered = sorted(checked.problems, key=lambda problem: problem.severity == "warning")
    problems = tuple(problem_line(problem) for problem in ordered)
    wrong = [problem.file for problem in problems if problem.severity != "warning"]
    first = wrong[0] if wrong else names[0] if names else ""
    return EditorView(
        base=base,
        note=note,
        current=current if current in files else first,
        files=tuple(
            DraftFile(name=name, text=files[name], problems=wrong.count(name)) for name in names
        ),
        problems=problems,
        rules=len(checked.rules.rules) if checked.rules else None,
        hash=checked.rules.hash if checked.rules else "",
        words=offered(in_force),
        trouble=trouble,
    )


def problem_line(problem: Problem) -> ProblemLine:
    return ProblemLine(
        file=problem.file,
        line=problem.line,
        column=problem.column,
        width=problem.width,
        message=problem.message,
        hint=problem.hint,
        severity=problem.severity,
        source_line=problem.source_line,
    )


def offered(in_force: InForce) -> tuple[WordGroup, ...]:
    """List what a rule may name: the language first, then what is known here."""
    policies = in_force.pack.policies.values()
    queues = {policy.queue for policy in policies}
    return (
        WordGroup(kind="functions", words=tuple(_functions())),
        WordGroup(
            kind="effects",
            words=tuple(
                _call(effect.name, effect.params, effect.about) for effect in EFFECTS.values()
            ),
        ),
        WordGroup(kind="facts", words=tuple(_name(fact, of=FACTS[fact]) for fact in sorted(FACTS))),
        WordGroup(
            kind="policies", words=tuple(_name(policy.code, policy.title) for policy in policies)
        ),
        WordGroup(kind="lists", words=tuple(_name(name) for name in sorted(in_force.lists))),
        WordGroup(kind="queues", words=tuple(_name(name) for name in sorted(queues))),
    )


def _functions() -> Iterator[OfferedWord]:
    """List what can be called, functions of installed packages included."""
    for entry in sorted(entries(known_functions()), key=lambda e: e.name.casefold()):
        origin = f" (from {entry.origin})" if entry.origin else ""
        yield OfferedWord(
            word=entry.name,
            insert=f"{entry.name}(",
            signature=entry.signature,
            about=f"{entry.about}{origin}",
        )


def _call(name: str, params: tuple[Param, ...], about: str) -> OfferedWord:
    written = ", ".join(
        f"{param.name}: {param.type}" + ("" if param.required else f" = {param.default!r}")
        for param in params
    )
    return OfferedWord(word=name, insert=f"{name}(", signature=f"{name}({written})", about=about)


def _name(word: str, about: str = "", *, of: str = "") -> OfferedWord:
    return OfferedWord(
        word=word, insert=word, signature=f"{word}: {of}" if of else word, about=about
    )
