"""Experiments: which bucket an entity is in, and the conditions that hold for its bucket.

In: literals of an `Experiment`, checked when the rules load. Out: a node that gives the bucket's
name. Each of n buckets owns 1/n of all 10,000 places and takes the first of them, so that a bucket
that grows takes in members and never moves or loses one. The hash is Osprey's (murmur3, seed 42),
so that a running experiment goes on with its members where they are.
"""

import ast
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import mmh3

from fieldfare.kernel import did_you_mean
from fieldfare.rules.checking import Read, Scope
from fieldfare.rules.nodes import AllOf, AnyOf, Compare, Const, ExperimentOf, ListOf, Node
from fieldfare.rules.operands import Operand, literal
from fieldfare.rules.sml_types import BOOL, STR, SmlType
from fieldfare.rules.values import as_text

if TYPE_CHECKING:
    from fieldfare.rules.lowering import Lowering

PLACES: Final = 10_000
"""A hundredth of a percent each."""
CONTROL: Final = "control"
OUTSIDE: Final = "not_in_experiment"
"""Where an entity is that no bucket has grown to yet; it is treated as the control."""
MAX_BUCKETS: Final = 10
_SEED: Final = 42


def place_of(experiment: str, entity_id: str) -> int:
    """Give the place of an entity in an experiment, 0..9999; the same for ever."""
    return mmh3.hash(f"{experiment}/{entity_id}", _SEED, signed=False) % PLACES


def bucket_of(experiment: str, entity_id: str, buckets: Sequence[str], sizes: Sequence[int]) -> str:
    """Name the bucket of an entity, or OUTSIDE. sizes: places of each bucket."""
    width = PLACES // len(buckets)
    at, offset = divmod(place_of(experiment, entity_id), width)
    return buckets[at] if at < len(buckets) and offset < sizes[at] else OUTSIDE


def experiment_variable(node: ExperimentOf, lowering: "Lowering") -> str:
    """Emit the bucket of an experiment's entity; Unknown where the entity is."""
    writer, entity = lowering.writer, lowering.needed(node.entity)
    text = f"{writer.bind(as_text)}({entity.code})"
    told = f"{literal(node.name)}, {text}, {writer.bind(node.buckets)}, {writer.bind(node.sizes)}"
    code = f"{writer.bind(bucket_of)}({told})"
    return writer.emit(Operand(entity.guards, code).value(), f"Experiment {node.name}")


def read_experiment(args: Mapping[str, Node], written: ast.Call, scope: Scope) -> Node | None:
    """Check an Experiment; all that is wrong with it is noted."""
    given = {keyword.arg or "": keyword.value for keyword in written.keywords}
    name = _assigned_name(written, scope)
    buckets = [str(value) for value in _values(args["buckets"])]
    sizes = [Decimal(str(value)) * PLACES / 100 for value in _values(args["bucket_sizes"])]
    problems = [
        *_bucket_problems(buckets),
        *_size_problems(buckets, sizes),
        *(
            (key, f"the {key} of an experiment is zero or more", "")
            for key in ("version", "revision")
            if int(str(_values(args[key])[0])) < 0
        ),
    ]
    if not name:
        hint = "Write `MyExperiment = Experiment(...)`: the name is part of who is in which bucket."
        scope.problem(written, "an experiment needs a name", hint)
    for key, message, hint in problems:
        scope.problem(given.get(key, written), message, hint)
    if problems or not name:
        return None
    return ExperimentOf(
        STR, scope.place(written), args["entity"], name, tuple(buckets), tuple(map(int, sizes))
    )


def read_experiment_when(written: ast.Call, scope: Scope, read: Read) -> Node | None:
    """Read an ExperimentWhen: one list of conditions a bucket, of which those of the bucket count.

    Who is outside counts as the control.
    """
    given = {keyword.arg or "": keyword.value for keyword in written.keywords}
    asked = given.pop("experiment", None)
    node = read(asked, scope) if asked is not None else None
    found = scope.resolved(node)
    if not isinstance(found, ExperimentOf) or node is None:
        if asked is None or node is not None:
            hint = "Write ExperimentWhen(experiment=MyExperiment, control=[...], other=[...])."
            scope.problem(asked or written, "this is no experiment", hint)
        return None
    if written.args or set(given) != set(found.buckets):
        _note_buckets(given, found, written, scope)
        return None
    place = scope.place(written)
    ways: list[Node] = []
    for bucket in found.buckets:
        conditions = _conditions(given[bucket], scope, read)
        if conditions is None:
            return None
        names = (bucket, OUTSIDE) if bucket == CONTROL else (bucket,)
        there = ListOf(SmlType("list", STR), place, tuple(Const(STR, place, n) for n in names))
        inside = Compare(BOOL, place, "in", node, there)
        ways.append(AllOf(BOOL, place, (inside, *conditions)))
    return ListOf(SmlType("list", BOOL), place, (AnyOf(BOOL, place, tuple(ways)),))


def _conditions(written: ast.expr, scope: Scope, read: Read) -> tuple[Node, ...] | None:
    node = scope.resolved(read(written, scope))
    if isinstance(node, ListOf) and all(_is_truth(item) for item in node.items):
        return node.items
    if node is not None:
        scope.problem(written, "a bucket has a list of conditions", "Write control=[A, B > 3].")
    return None


def _is_truth(node: Node) -> bool:
    return node.type.base in {"bool", "rule", "any"}


def _note_buckets(
    given: Mapping[str, ast.expr], found: ExperimentOf, written: ast.Call, scope: Scope
) -> None:
    for bucket in found.buckets:
        if bucket not in given:
            scope.problem(written, f"the bucket {bucket!r} of {found.name} is missing")
    for name, value in given.items():
        if name not in found.buckets:
            hint = did_you_mean(name, found.buckets)
            scope.problem(value, f"{found.name} has no bucket {name!r}", hint)
    for argument in written.args:
        scope.problem(argument, "arguments are given by name")


def _assigned_name(written: ast.Call, scope: Scope) -> str:
    return next((one.name for one in scope.declared.values() if one.value is written), "")


def _bucket_problems(buckets: Sequence[str]) -> list[tuple[str, str, str]]:
    if not 1 <= len(buckets) <= MAX_BUCKETS:
        return [("buckets", f"an experiment has 1 to {MAX_BUCKETS} buckets", "")]
    found = []
    if CONTROL not in buckets:
        found.append(
            ("buckets", f"one bucket is called {CONTROL!r}", "It is what nothing changes for.")
        )
    if len(set(buckets)) < len(buckets) or OUTSIDE in buckets:
        found.append(("buckets", f"buckets have names of their own, and none is {OUTSIDE!r}", ""))
    return found


def _size_problems(buckets: Sequence[str], sizes: Sequence[Decimal]) -> list[tuple[str, str, str]]:
    if len(buckets) != len(sizes):
        return [("bucket_sizes", "there is one size for each bucket", "")]
    found = []
    if any(size != int(size) for size in sizes):
        found.append(("bucket_sizes", "a size has at most two decimals of a percent", ""))
    most = PLACES // max(1, len(buckets))
    if any(not 0 <= size <= most for size in sizes):
        hint = f"A bucket of {len(buckets)} has at most {Decimal(most) / 100} %."
        found.append(("bucket_sizes", "a bucket would grow into another", hint))
    return found


def _values(node: Node) -> list[str | int | float | bool | None]:
    items = node.items if isinstance(node, ListOf) else (node,)
    return [item.value for item in items if isinstance(item, Const)]
