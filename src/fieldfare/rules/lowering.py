"""From folded nodes to Python expressions: all that the two null semantics have in common.

None stands for a value that is not there. Each node has three faces: `true` (a Python condition
that holds exactly when the node is True), `false` (likewise for False) and `value` (True, False,
any value, or None). An *operand* is code that may only run when its guards hold: `v3 is not None
and v3 > 5`. Where a missing value leads is decided by `safe_lowering` and `osprey_lowering`. Names
in the code are made here; nothing that stands in a source text becomes code, literals enter by
repr.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from fieldfare.rules.ahead import Ahead
from fieldfare.rules.code_writer import CodeWriter
from fieldfare.rules.experiments import experiment_variable
from fieldfare.rules.folding import Folder
from fieldfare.rules.guards import guarded
from fieldfare.rules.json_paths import Path, all_at_path, at_path
from fieldfare.rules.label_calls import label_variable
from fieldfare.rules.named_lists import on_list, says
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Compare,
    Const,
    CountMatches,
    CountOf,
    Default,
    EventNumber,
    ExperimentOf,
    FactOf,
    Field,
    InNamedList,
    LabelOf,
    ListOf,
    Matches,
    Name,
    Negative,
    Node,
    Not,
    Present,
    RuleOf,
    Text,
)
from fieldfare.rules.operands import Operand, guards_of, literal
from fieldfare.rules.patterns import MAX_TEXT, fold_case
from fieldfare.rules.prefilters import Prefilters
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import STR, TIMEDELTA, SmlType, plain
from fieldfare.rules.strings import bits, bounded, joined, number, power, product, repeated
from fieldfare.rules.times import written_delta
from fieldfare.rules.values import as_text, finite, per_second, python_type, reader

_SMALL_SET: Final = 2


class Lowering(ABC):
    """Writes the expressions of one compiled function; what they rest on is emitted before."""

    def __init__(self, folder: Folder, writer: CodeWriter) -> None:
        self.folder = folder
        self.writer = writer
        self.counters: dict[str, int] = {}
        self.counts: dict[str, CountOf] = {}
        self.asked: dict[Node, int] = {}
        self.aheads: dict[Call, Ahead] = {}
        self.facts_read: set[str] = set()
        self.lists_read: set[str] = set()
        self.repeated: frozenset[Node] = frozenset()
        self._vars: dict[object, str] = {}
        self._operands: dict[Node, Operand] = {}
        self.prefilters = Prefilters(writer)

    # -- what a null semantics decides

    @abstractmethod
    def true(self, node: Node) -> str:
        """Give a Python condition that holds exactly where the node is true."""

    @abstractmethod
    def false(self, node: Node) -> str:
        """Give a Python condition that holds exactly where the node is false."""

    @abstractmethod
    def value(self, node: Node) -> str:
        """Give the value of a node, None where it has none."""

    @abstractmethod
    def _logic(self, node: Node) -> Operand:
        """Give the operand of a name, a condition, a comparison or a default."""

    @abstractmethod
    def _quotient(self, guards: tuple[str, ...], op: str, pair: str) -> Operand:
        """Give the operand of `/`, `//` or `%`."""

    def fires(self, rule: RuleOf) -> str:
        """Give the condition under which a rule fires."""
        return self.true(rule.when)

    def needed(self, node: Node) -> Operand:
        """Give the operand of a node whose value is worked with: code that is never None."""
        return self.operand(node)

    # -- operands

    def operand(self, node: Node) -> Operand:
        """Give a node's operand; made once, or nested defaults would take exponential time."""
        if node not in self._operands:
            self._operands[node] = self._operand(node)
        return self._operands[node]

    def _operand(self, node: Node) -> Operand:
        match node:
            case Const():
                return Operand((), literal(node.value))
            case Field() | FactOf() | CountOf() | LabelOf() | ExperimentOf():
                return self._var(self._shared(node))
            case EventNumber():
                return Operand((), "event_id")
            case Name() | AllOf() | AnyOf() | RuleOf() | Not() | Present() | Default() | Compare():
                return self._logic(node)
            case _:
                return self._computed(node)

    def _computed(self, node: Node) -> Operand:  # noqa: PLR0911 -- one case a node
        match node:
            case ListOf():
                items = [self.operand(item) for item in node.items]
                return Operand(guards_of(items), f"[{', '.join(item.code for item in items)}]")
            case Text():
                return self._text(node)
            case Negative():
                of = self.needed(node.of)
                return Operand(of.guards, f"(-{of.code})")
            case Arithmetic():
                return self._arithmetic(node)
            case Call():
                return self._call(node)
            case Matches():
                return self._matches(node)
            case CountMatches():
                found = [self._matches(part) for part in node.parts]
                return Operand(guards_of(found), f"(0 + {' + '.join(o.code for o in found)})")
            case InNamedList():
                value = self.needed(node.value)
                entries = self._list_variable(node.list)
                guards = (*value.guards, f"{entries} is not None")
                ask = self.writer.bind(says if node.words else on_list)
                return Operand(guards, f"{ask}({entries}, {value.code})")
            case _:
                raise TypeError(f"{type(node).__name__} has no value")

    def _var(self, variable: str) -> Operand:
        return Operand((f"{variable} is not None",), variable)

    def _text(self, node: Text) -> Operand:
        guards: list[Operand] = []
        written = []
        for part in node.parts:
            if isinstance(part, str):
                written.append(literal(part))
            else:
                operand = self.operand(part)
                guards.append(operand)
                write = self.writer.bind(written_delta if part.type == TIMEDELTA else as_text)
                written.append(f"{write}({operand.code})")
        together = f"{self.writer.bind(bounded)}({' + '.join(written)})" if written else "''"
        return Operand(guards_of(guards), together)

    def _constant_set(self, node: Node) -> str:
        """Write a list of literals so that Python keeps it as a constant; nothing if it is none."""
        if isinstance(node, Name):
            node = self.folder.definition(node.key)
        if not isinstance(node, ListOf) or not node.items:
            return ""
        values = [literal(item.value) for item in node.items if isinstance(item, Const)]
        if len(values) < len(node.items):
            return ""
        if len(values) <= _SMALL_SET:
            return f"({', '.join(values)},)"
        return f"{{{', '.join(dict.fromkeys(values))}}}"

    def _arithmetic(self, node: Arithmetic) -> Operand:  # noqa: PLR0911 -- one case an operator
        left, right = self.needed(node.left), self.needed(node.right)
        guards = guards_of([left, right])
        pair = f"{left.code}, {right.code}"
        if node.type == STR:
            make = joined if node.op == "+" else repeated
            return Operand(guards, f"{self.writer.bind(make)}({pair})")
        if node.op in {"/", "//", "%"}:
            return self._quotient(guards, node.op, pair)
        if node.op == "**":
            return self._maybe(guards, f"{self.writer.bind(power)}({pair})")
        if node.op == "*":
            return self._maybe(guards, f"{self.writer.bind(product)}({pair})")
        if node.op in {"+", "-"}:
            code = f"({left.code} {node.op} {right.code})"
            if plain(node.type).base == "int":
                return Operand(guards, code)
            return self._maybe(guards, f"{self.writer.bind(number)}{code}")
        return Operand(guards, f"{self.writer.bind(bits)}({node.op!r}, {pair})")

    def _maybe(self, guards: tuple[str, ...], code: str) -> Operand:
        """Hold a result that may be None in a variable of the expression."""
        variable = self.writer.name()
        return Operand((*guards, f"({variable} := {code}) is not None"), variable)

    def _call(self, node: Call) -> Operand:
        function = self.folder.program.functions[node.function]
        args = self._arguments(node, function.params)
        guards = guards_of(args)
        codes = [argument.code for argument in args]
        if function.columns is not None:
            ahead = self.writer.bind(self.aheads.setdefault(node, Ahead(function)))
            return self._maybe(guards, f"{ahead}({', '.join(['errors', *codes])})")
        if function.guarded:
            guard = self.writer.bind(guarded(function))
            return self._maybe(guards, f"{guard}({', '.join(['errors', *codes])})")
        if function.inline:
            return Operand(guards, f"({function.inline.format(*codes)})")
        code = f"{self.writer.bind(function.run)}({', '.join(codes)})"
        return self._maybe(guards, code) if function.may_be_unknown else Operand(guards, code)

    def _arguments(self, node: Call, params: Sequence[Param]) -> list[Operand]:  # noqa: ARG002 -- for a semantics to look at
        return [self.needed(argument) for argument in node.args]

    def _matches(self, node: Matches) -> Operand:
        pattern = node.pattern
        if node.mode:
            target = self.needed(node.target)
            search = self.writer.bind(pattern.searcher())
            item = self.writer.name()
            found = f"{search}({item}[:{pattern.limit}]) for {item} in {target.code}"
            return Operand(target.guards, f"{self.writer.bind(_ANY_ALL[node.mode])}({found})")
        text = self._window(node.target)
        there = f"{text} is not None"
        conditions = []
        if pattern.words:
            folded = self._folded(text) if pattern.case_insensitive else text
            conditions.append(self.prefilters.any_of(pattern.words, folded))
        if not pattern.is_words:
            search = self.writer.bind(pattern.searcher())
            looked_at = text if pattern.limit == MAX_TEXT else f"{text}[:{pattern.limit}]"
            conditions.append(f"{search}({looked_at}) is not None")
        return Operand((there,), f"({' and '.join(conditions)})")

    # -- variables

    def variable(self, key: str) -> str:
        """Give the variable of a definition, emitting its value first."""
        if key not in self._vars:
            node = self.folder.definition(key)
            if isinstance(node, Field | FactOf | CountOf | LabelOf | ExperimentOf):
                self._vars[key] = self._shared(node)
            else:
                label = self.folder.program.definitions[key].name
                self._vars[key] = self.writer.emit(self._value_of(node), label)
        return self._vars[key]

    def _value_of(self, node: Node) -> str:
        return self.value(node.when) if isinstance(node, RuleOf) else self.value(node)

    def set_variable(self, key: str, variable: str) -> None:
        """Say that a definition already stands in a variable."""
        self._vars[key] = variable

    def variable_of(self, condition: Node) -> str:
        """Give the variable of a condition: true where it is True."""
        if ("true", condition) not in self._vars:
            code = self.true(condition)
            self._vars["true", condition] = self.writer.emit(code, "a condition of Require")
        return self._vars["true", condition]

    def _shared(self, node: Node) -> str:
        """Give the variable of a node that is computed once, emitting it first."""
        if node not in self._vars:
            match node:
                case Field():
                    self._vars[node] = self._field(node)
                case FactOf():
                    self.facts_read.add(node.name)
                    code = f"facts.get({literal(node.name)})"
                    self._vars[node] = self._typed(code, node.type, coerce=False)
                case CountOf():
                    self._vars[node] = self._count(node)
                case ExperimentOf():
                    self._vars[node] = experiment_variable(node, self)
                case LabelOf():
                    self._vars[node] = label_variable(node, self)
                case _:
                    self._vars[node] = self.writer.emit(self._value_of(node), place_of(node))
        return self._vars[node]

    def _field(self, node: Field) -> str:
        if not all(isinstance(step, str) for step in node.path):
            walk = self.writer.bind(all_at_path if node.every else at_path)
            path = self.writer.bind(node.path)
            return self._read(node, f"{walk}(data, {path})")
        parent = "data"
        for depth in range(1, len(node.path)):
            parent = self._object(parent, node.path[:depth])
        return self._read(node, f"{parent}.get({literal(node.path[-1])})")

    def _read(self, node: Field, code: str) -> str:
        """Emit a field of the event as its type says."""
        return self._typed(code, plain(node.type), coerce=node.coerce)

    def _object(self, parent: str, path: Path) -> str:
        """Give the variable of the JSON object at a path; an empty one if it is none."""
        if ("object", path) not in self._vars:
            found = self.writer.plain(f"{parent}.get({literal(path[-1])})")
            self.writer.line(f"if type({found}) is not dict:")
            self.writer.line(f"    {found} = {self.writer.bind(_EMPTY)}")
            self._vars["object", path] = found
        return self._vars["object", path]

    def _typed(self, code: str, of: SmlType, *, coerce: bool) -> str:
        """Emit a value that is of its type or None."""
        found = self.writer.plain(code)
        obvious = python_type(of)
        read = self.writer.bind(reader(of, coerce=coerce))
        if obvious:
            self.writer.line(f"if type({found}) is not {obvious}:")
            self.writer.line(f"    {found} = {read}({found})")
            if obvious == "float":
                self.writer.line(f"elif {found} - {found} != 0.0:")
                self.writer.line(f"    {found} = None")
        else:
            self.writer.line(f"{found} = {read}({found})")
        return found

    def _count(self, node: CountOf) -> str:
        """Read the figure of a counter; Unknown where a part of its key is."""
        name = node.counter.name
        at = self.counters.setdefault(name, len(self.counters))
        self.counts[name] = node
        guards = guards_of([self.needed(part) for part in node.key])
        if node.per_s:
            count = f"{self.writer.bind(per_second)}(counts[{at}], {literal(node.per_s)})"
            return self.writer.emit(Operand(guards, count).value(), place_of(node))
        found = self.writer.emit(Operand(guards, f"counts[{at}]").value(), place_of(node))
        self.writer.line(f"if type({found}) is not int:")
        self.writer.line(f"    {found} = {self.writer.bind(finite)}({found})")
        return found

    def _list_variable(self, name: str) -> str:
        if ("list", name) not in self._vars:
            self.lists_read.add(name)
            self._vars["list", name] = self.writer.plain(f"lists.get({literal(name)})")
        return self._vars["list", name]

    def _window(self, target: Node) -> str:
        """Give the variable of what a pattern looks at: the start of the target."""
        if ("window", target) not in self._vars:
            whole = self.needed(target).value()
            is_name = whole.isidentifier()
            found = (
                self.writer.plain(whole)
                if is_name
                else self.writer.emit(whole, "the target of RegexMatch")
            )
            self.writer.line(f"if {found} is not None and len({found}) > {MAX_TEXT}:")
            self.writer.line(f"    {found} = {found}[:{MAX_TEXT}]")
            self._vars["window", target] = found
        return self._vars["window", target]

    def _folded(self, text: str) -> str:
        if ("folded", text) not in self._vars:
            fold = self.writer.bind(fold_case)
            code = f"{fold}({text}) if {text} is not None else None"
            self._vars["folded", text] = self.writer.plain(code)
        return self._vars["folded", text]


def place_of(node: Node) -> str:
    """Say where a node stands, for errors of what has no name."""
    return f"line {node.place.line} of {node.place.file}"


_EMPTY: Final[dict[str, object]] = {}
_ANY_ALL: Final = {"any": any, "all": all}
