"""What a counter is named by: its definition and the files' gates, written out.

Two counters of one name count the same events, in whatever rule sets they stand. So a counter that
stays as it is goes on counting under the next version, and rule sets that run side by side share
it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from fieldfare.kernel import digest
from fieldfare.rules.definitions import Program
from fieldfare.rules.folding import Folder
from fieldfare.rules.nodes import Name, Node, Text, children
from fieldfare.rules.problems import Problem, RuleSetDoesNotCompile

MAX_SPELLED: Final = 10_000
"""Parts of a node spelled out. Names that build on each other twice over double it each time."""
TOO_LONG: Final = f"written out in full, this has more than {MAX_SPELLED:,} parts"
TOO_LONG_HINT: Final = "Names that use others several times multiply: ask for less at once."


class SpelledTooLong(Exception):
    """A node is more than can be spelled out."""


def spelled_out(node: Node, resolved: Callable[[Node], Node | None]) -> tuple[object, ...]:
    """Spell a node out with every name replaced by what it stands for.

    Raises SpelledTooLong past MAX_SPELLED parts.
    """
    left = MAX_SPELLED

    def spell(part: Node) -> tuple[object, ...]:
        nonlocal left
        left -= 1
        if left < 0:
            raise SpelledTooLong
        found = resolved(part)
        if found is None:
            return ()
        below = tuple(spell(child) for child in children(found))
        return (type(found).__name__, repr(found) if not below else _head(found), below)

    return spell(node)


def _head(node: Node) -> str:
    """Spell what a node says besides its children."""
    own = {
        name: value
        for name in type(node).__slots__
        if not isinstance(value := getattr(node, name, None), Node | tuple)
    }
    texts = [part for part in node.parts if isinstance(part, str)] if isinstance(node, Text) else []
    return f"{node.type} {own} {texts}"


def gates_of(program: Program, kinds: Iterable[str]) -> Mapping[str, str]:
    """Name, for each file that is not always taken in, when it is; and the semantics it is read by.

    A counter counts where its file is taken in, so that a changed `Require` makes it another one.
    """
    gates: dict[str, list[object]] = {name: [] for name in program.files}
    kinds = sorted(kinds)
    for kind in kinds:
        included = Folder(program, kind).included()
        for name, found in gates.items():
            file = included.get(name)
            if file is None or not file.always:
                ways = file.ways if file else ()
                found.append([kind, sorted(sorted(map(_spelled(program), way)) for way in ways)])
    semantics = program.manifest.semantics
    if semantics != "safe":
        for found in gates.values():
            found.append(semantics)
    return {name: digest(found) for name, found in gates.items() if found}


def _spelled(program: Program) -> Callable[[Node], str]:
    def resolved(node: Node) -> Node:
        while isinstance(node, Name):
            node = program.definitions[node.key].node
        return node

    def spelled(node: Node) -> str:
        try:
            return repr(spelled_out(node, resolved))
        except SpelledTooLong:
            place = node.place
            problem = Problem(
                message=TOO_LONG,
                file=place.file,
                line=place.line,
                column=place.column,
                source_line="",
                hint=TOO_LONG_HINT,
            )
            raise RuleSetDoesNotCompile([problem]) from None

    return spelled
