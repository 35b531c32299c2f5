"""What an annotation makes of a value: paths get their type, other values are held to it.

`Secret[T]` reads a path in `secret_data` beside the rest of the event; what is made of a secret is
secret too and has to say so. `ExtractLiteral[T]` marks a literal as a feature.
"""

from dataclasses import replace
from typing import Final

from fieldfare.rules.checking import Scope
from fieldfare.rules.definitions import Declared
from fieldfare.rules.json_paths import has_wildcard
from fieldfare.rules.nodes import Const, Field, ListOf, Node, Text
from fieldfare.rules.sml_types import Annotation, SmlType, accepts, read_annotation

BESIDE: Final = "secret_data"
_TYPES: Final = "Types: str, int, float, bool, List[T], Entity[T], Optional[T], ExtractLiteral[T]."


def annotated(node: Node, declared: Declared, scope: Scope) -> Node | None:
    """Check a value against its annotation; None after noting a problem."""
    if declared.annotation is None:
        return _bare(node, declared, scope)
    wanted = read_annotation(declared.annotation)
    if wanted is None:
        scope.problem(declared.annotation, "this is not a type of the language", _TYPES)
        return None
    if isinstance(node, Field):
        return _field(node, declared, wanted, scope)
    if not _is_fit(node, declared, wanted, scope):
        return None
    if wanted.type.secret or (node.type.secret and not wanted.wrapper):
        return replace(node, type=replace(node.type, secret=wanted.wrapper != "ExtractSecret"))
    return node


def _bare(node: Node, declared: Declared, scope: Scope) -> Node | None:
    if isinstance(node, Field):
        hint = f"Write `{declared.name}: str = ...` (int, float, bool, List[str], ...)."
        scope.problems.add(declared.place, "a path needs an annotation", hint)
        return None
    if node.type.secret:
        _refuse_secret(node, declared, scope)
        return None
    return node


def _refuse_secret(node: Node, declared: Declared, scope: Scope) -> None:
    hint = f"Write `{declared.name}: Secret[{node.type}] = ...`; it is then never shown."
    scope.problem(declared.value, "this is made of a secret and not marked as one", hint)


def _field(node: Field, declared: Declared, wanted: Annotation, scope: Scope) -> Node | None:
    of = wanted.type
    if node.type.base == "entity":
        id_type = of.item if of.base == "entity" else of
        of = SmlType("entity", id_type, node.type.entity, of.optional, of.secret)
    path = node.path
    if wanted.wrapper in {"Secret", "ExtractSecret"}:
        path = (BESIDE, *path)
    elif path[0] == BESIDE:
        hint = f"Write `{declared.name}: Secret[{of}] = JsonData(path='$...')`, from there on."
        scope.problem(declared.value, f"what is in {BESIDE} is secret", hint)
        return None
    elif wanted.wrapper:
        scope.problem(declared.value, "ExtractLiteral is for literals", "Leave it out here.")
        return None
    is_safe = scope.semantics == "safe"
    is_every = is_safe and has_wildcard(path)
    if is_every and of.base != "list":
        hint = f"Write `{declared.name}: List[{of}] = ...`, or [0] for the first."
        scope.problem(declared.value, "a path with a wildcard leads to a list", hint)
        return None
    is_optional = of.optional and not is_safe
    return replace(node, type=of, path=path, optional=is_optional, every=is_every)


def _is_fit(node: Node, declared: Declared, wanted: Annotation, scope: Scope) -> bool:
    if not accepts(wanted.type, node.type):
        message = f"this is {node.type}, the annotation says {wanted.type}"
        scope.problem(declared.value, message)
        return False
    if scope.refuses_optional(node, wanted.type):
        scope.problem(
            declared.value, f"this is Optional[{node.type}], the annotation says {wanted.type}"
        )
        return False
    if wanted.wrapper == "ExtractLiteral" and not isinstance(node, Const | ListOf | Text):
        scope.problem(declared.value, "ExtractLiteral is for literals", "Leave it out here.")
        return False
    if node.type.secret and wanted.wrapper not in {"Secret", "ExtractSecret"}:
        _refuse_secret(node, declared, scope)
        return False
    return True
