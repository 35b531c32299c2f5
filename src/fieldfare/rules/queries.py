"""Queries: an expression of the rule language that selects events, with the rules' names in sight.

In flow the expression and the rule set in force; out flows a function over one event. It is checked
and compiled as a rule of that rule set would be, beside all of its names and without its effects,
so that what is found here is what a rule with this condition would have fired on. What has to be
remembered from event to event (counters, labels) is refused: that is what a backtest is for.
"""

import ast
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Final

from fieldfare.kernel import Unknown
from fieldfare.records import FactValue, Subject
from fieldfare.rules.definitions import Definition, Program, is_local
from fieldfare.rules.nodes import FactOf, Field, Name, Node, children
from fieldfare.rules.outcomes import Occurrence
from fieldfare.rules.problems import Problem, RuleSetDoesNotCompile
from fieldfare.rules.program import ENTRY, check
from fieldfare.rules.rule_set import RuleSet, compiled
from fieldfare.rules.source_files import is_compiled
from fieldfare.rules.vocabulary import Vocabulary

MAX_CHARS: Final = 10_000
QUERY: Final = "query"
"""The name of the file that problems of an expression stand in."""
SHOWN: Final = "shown"
_SELECTS, _SHOWS, _WORD = "QuerySelects__", "QueryShows__", "selected"
_HEAD_LINES: Final = 1
_NOTHING: Final = Subject("", "")


class ConditionDoesNotCompile(RuleSetDoesNotCompile):
    """A condition, or what is shown of what it selects, has problems."""

    what = "condition"


@dataclass(frozen=True, slots=True)
class Selected:
    """An event that a query selects. shown: the value asked for as text, None where Unknown."""

    shown: str | None


class Query:
    """A compiled expression. Immutable and pure; see `compile_query`.

    kinds: of the events it may select; reads: the fields and facts it looks at, as in
    `data.item.text` and `fact.author.age_s`.
    """

    def __init__(self, rules: RuleSet, reads: frozenset[str], *, shows: bool) -> None:
        self._rules = rules
        self.reads = reads
        self._shows = shows
        self.kinds = rules.event_kinds

    def __call__(
        self,
        kind: str,
        event_id: int,
        data: Mapping[str, Any],
        facts: Mapping[str, FactValue | Unknown],
        lists: Mapping[str, frozenset[str]],
    ) -> Selected | None:
        """Tell whether an event is selected, and what it shows. Never raises for what it holds."""
        event = Occurrence(
            kind=kind, event_id=event_id, subject=_NOTHING, version="", data=data, facts=facts
        )
        found = self._rules.judge(event, (), lists, ())
        if not found.fired:
            return None
        return Selected(found.declared[0] if self._shows and found.declared else None)


def compile_query(
    text: str,
    *,
    sources: Mapping[str, str],
    vocabulary: Vocabulary,
    kinds: Collection[str],
    shown: str = "",
) -> Query:
    """Compile a query: assignments of its own, one a line, and last the condition.

    sources: of the rule set whose names are in sight; kinds: of events to select from; shown: an
    expression whose values are wanted as well. Raises RuleSetDoesNotCompile; problems stand in the
    files `query` and `shown`, with line and column there.
    """
    definitions, condition = _parts(text, QUERY)
    showing = _parts(shown, SHOWN) if shown.strip() else None
    if showing is not None and showing[0]:
        raise ConditionDoesNotCompile([_problem(shown, SHOWN, 1, "this is more than one value")])
    files = {f"in_force/{name}" if name == ENTRY else name: told for name, told in sources.items()}
    names = ", ".join(repr(name) for name in sorted(files) if is_compiled(name))
    lines = [f"Import(rules=[{names}])"] if names else [""]
    lines += definitions
    lines += [f"{_SELECTS} = Rule(when_all=[", *condition, "], description='')"]
    shown_at = len(lines) + 1
    if showing is not None:
        lines += [f"{_SHOWS} = (", *showing[1], ")"]
    word = f"f'{{{_SHOWS}}}'" if showing else f"'{_WORD}'"
    lines.append(f"WhenRules(rules_any=[{_SELECTS}], then=[DeclareVerdict(verdict={word})])")
    files[ENTRY] = "\n".join(lines)
    wanted = frozenset(kinds)
    try:
        program = check(files, replace(vocabulary, event_kinds=vocabulary.event_kinds | wanted))
    except RuleSetDoesNotCompile as refused:
        selects_at = _HEAD_LINES + len(definitions) + 1
        raise ConditionDoesNotCompile(
            [_as_written(each, selects_at, shown_at) for each in refused.problems]
        ) from None
    alone = _alone(program)
    rules = compiled(files, alone, replace(vocabulary, event_kinds=wanted))
    _refuse_memory(text, rules)
    return Query(rules, _reads(alone), shows=showing is not None)


def names_in(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Name what an expression may name, in the order of the alphabet; locals of files are left out.

    sources: of a rule set that compiled.
    """
    names = {
        target.id
        for name, text in sources.items()
        if is_compiled(name)
        for statement in ast.parse(text).body
        for target in _targets(statement)
        if isinstance(target, ast.Name) and not is_local(target.id)
    }
    return tuple(sorted(names))


def entity_type_of(name: str, sources: Mapping[str, str]) -> str:
    """Tell of which type of entity a name's values are; "" where they are none.

    sources: of a rule set that compiled.
    """
    for file, text in sources.items():
        for statement in ast.parse(text).body if is_compiled(file) else ():
            if any(isinstance(to, ast.Name) and to.id == name for to in _targets(statement)):
                return _entity_type(statement)
    return ""


def _entity_type(statement: ast.stmt) -> str:
    match statement:
        case (
            ast.Assign(value=ast.Call(func=ast.Name(id="Entity" | "EntityJson")) as made)
            | ast.AnnAssign(value=ast.Call(func=ast.Name(id="Entity" | "EntityJson")) as made)
        ):
            told = next((each.value for each in made.keywords if each.arg == "type"), None)
            if isinstance(told, ast.Constant):
                return str(told.value)
    return ""


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _alone(program: Program) -> Program:
    """Leave of a program what the query rests on: counters of other rules would count for it."""
    for name, contents in program.files.items():
        if name != ENTRY:
            contents.whens.clear()
            contents.requires.clear()
    waiting: list[Node] = [
        node for when in program.files[ENTRY].whens for node in (*when.rules, *when.effects)
    ]
    needed: dict[str, Definition] = {}
    while waiting:
        node = waiting.pop()
        waiting += children(node)
        if isinstance(node, Name) and node.key not in needed:
            needed[node.key] = program.definitions[node.key]
            waiting.append(needed[node.key].node)
    return replace(program, definitions=needed)


def _reads(program: Program) -> frozenset[str]:
    """Name the fields and facts that definitions look at."""
    waiting = [definition.node for definition in program.definitions.values()]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        waiting += children(node)
        if isinstance(node, FactOf):
            found.add(f"fact.{node.name}")
        elif isinstance(node, Field):
            steps = takewhile(lambda step: isinstance(step, str), node.path)
            found.add(".".join(("data", *map(str, steps))))
    return frozenset(found)


def _parts(text: str, file: str) -> tuple[list[str], list[str]]:
    """Cut a text into the lines of its assignments and those of its one expression."""
    if len(text) > MAX_CHARS:
        raise ConditionDoesNotCompile(
            [_problem(text, file, 1, f"this has more than {MAX_CHARS:,} characters")]
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\\.' in a pattern is at home here
            body = ast.parse(text).body
    except SyntaxError as e:
        line, column = e.lineno or 1, max(1, e.offset or 1)
        told = _problem(text, file, line, f"this is no syntax: {e.msg}", column=column)
        raise ConditionDoesNotCompile([told]) from None
    except (ValueError, RecursionError, MemoryError):
        raise ConditionDoesNotCompile([_problem(text, file, 1, "this cannot be parsed")]) from None
    before, last = body[:-1], body[-1] if body else None
    if not isinstance(last, ast.Expr):
        hint = "Write a condition, as in `CommentText != None`."
        found = _problem(text, file, 1, "there is no expression", hint=hint)
        raise ConditionDoesNotCompile([found])
    for statement in before:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            hint = "Before the condition only `Name = ...` may stand."
            found = _problem(text, file, statement.lineno, "this is no assignment", hint=hint)
            raise ConditionDoesNotCompile([found])
    lines = text.splitlines()
    if before and before[-1].end_lineno == last.lineno:
        hint = "Begin a line for it."
        found = _problem(text, file, last.lineno, "the condition shares a line", hint=hint)
        raise ConditionDoesNotCompile([found])
    return lines[: last.lineno - 1], lines[last.lineno - 1 :]


def _problem(
    text: str, file: str, line: int, message: str, *, column: int = 1, hint: str = ""
) -> Problem:
    lines = text.splitlines() or [""]
    written = lines[min(line, len(lines)) - 1]
    return Problem(
        message=message, file=file, line=line, column=column, source_line=written, hint=hint
    )


def _as_written(problem: Problem, selects_at: int, shown_at: int) -> Problem:
    """Move a problem from the file that was made to where the caller wrote it."""
    if problem.file != ENTRY:
        return problem
    if problem.line > shown_at:
        return replace(problem, file=SHOWN, line=problem.line - shown_at)
    moved = _HEAD_LINES + (1 if problem.line > selects_at else 0)
    return replace(problem, file=QUERY, line=max(1, problem.line - moved))


def _refuse_memory(text: str, rules: RuleSet) -> None:
    counters = [counter.name for counter in rules.needs.counters]
    if counters:
        what = f"this counts ({', '.join(counters)})"
    elif rules.asks_labels:
        what = "this asks for labels"
    else:
        return
    hint = "What is remembered from event to event takes a backtest: `fieldfare backtest`."
    last = len(text.splitlines())
    raise ConditionDoesNotCompile([_problem(text, QUERY, last, what, hint=hint)])
