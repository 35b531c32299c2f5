"""A stub that tells Python editors what rules may call and what names a rule set gives.

In: a checked Program. Out: the text of a `__builtins__.pyi`, which type checkers for Python read as
names that are there without an import.
"""

from collections.abc import Iterator
from typing import Final

from fieldfare.rules.definitions import Program, is_local
from fieldfare.rules.effect_table import EFFECTS
from fieldfare.rules.functions import BY_PLACE, SYNTAX
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import BY_NAME, SmlType
from fieldfare.rules.words import WORDS

HEAD: Final = '''"""What rules may call, and the names of a rule set."""

from typing import Any as Any
from typing import Dict as Dict
from typing import Generic, TypeVar
from typing import List as List
from typing import Optional as Optional

_T = TypeVar("_T")
ExtractLiteral = Optional
Secret = Optional

class Entity(Generic[_T]):
    def __init__(self, *, type: str, id: Any) -> None: ...

class Rule:
    def __init__(self, *, when_all: List[Any], description: str) -> None: ...

class TimeDelta:
    def __init__(
        self,
        *,
        weeks: int = 0,
        days: int = 0,
        hours: int = 0,
        minutes: int = 0,
        seconds: int = 0,
    ) -> None: ...
    def __lt__(self, other: TimeDelta) -> bool: ...
    def __le__(self, other: TimeDelta) -> bool: ...
    def __gt__(self, other: TimeDelta) -> bool: ...
    def __ge__(self, other: TimeDelta) -> bool: ...

TimeDeltaT = TimeDelta

class Effect: ...

def Import(*, rules: List[str]) -> None:
    """Make the names of other files visible and take the files in."""

def Require(*, rule: str, require_if: bool = True) -> None:
    """Take a file in where the condition is True."""

def WhenRules(*, rules_any: List[Rule], then: List[Effect]) -> None:
    """If any of the rules fires, all the effects."""
'''
_CLASSES: Final = frozenset({"Entity", "Rule", "TimeDelta"})


def stubs_of(program: Program) -> str:
    """Write the stub for a checked rule set."""
    functions = [
        _function(function.name, function.params, _python(function.returns), function.about)
        for function in program.functions.values()
        if function.name not in _CLASSES and function.name not in SYNTAX
    ]
    syntax = [
        _function(name, params, _answer(name), WORDS[name].about if name in WORDS else name)
        for name, params in SYNTAX.items()
        if name not in _CLASSES
    ]
    effects = [_function(name, spec.params, "Effect", spec.about) for name, spec in EFFECTS.items()]
    names = "\n".join(_names(program))
    return "\n".join([HEAD, *syntax, *functions, *effects, names, ""])


def _names(program: Program) -> Iterator[str]:
    for definition in sorted(program.definitions.values(), key=lambda d: d.name):
        if not is_local(definition.name):
            yield f"{definition.name}: {_python(definition.type)}"


def _function(name: str, params: tuple[Param, ...], returns: str, about: str) -> str:
    written = [f"{p.name}: {_python(p.type)}{'' if p.required else ' = ...'}" for p in params]
    star = ["*"] if written and name not in BY_PLACE else []
    said = about.replace("\\", "\\\\").replace('"""', "'''")
    return f'def {name}({", ".join([*star, *written])}) -> {returns}:\n    """{said}"""\n'


def _answer(name: str) -> str:
    """Give what a call of the syntax gives, as Python writes it; Any where that varies."""
    of = BY_NAME.get(WORDS[name].returns) if name in WORDS else None
    return _python(of) if of else "Any"


def _python(of: SmlType) -> str:  # noqa: PLR0911 -- one case a type
    match of.base:
        case "list":
            return f"List[{_python(of.item)}]" if of.item else "List[Any]"
        case "dict":
            return "Dict[str, Any]"
        case "entity":
            return f"Entity[{_python(of.item)}]" if of.item else "Entity[Any]"
        case "rule":
            return "Rule"
        case "effect":
            return "Effect"
        case "timedelta":
            return "TimeDelta"
        case "str" | "int" | "float" | "bool":
            return of.base
        case _:
            return "Any"
