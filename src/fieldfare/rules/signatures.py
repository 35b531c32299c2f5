"""What a function of the language is: a name, typed parameters, docs and the Python that runs.

In: a Python function with annotations and a docstring. Out: a Function, which the checker, the
compiler, the reference and the editor read. The standard functions and those of other packages are
made the same way, by `function`.
"""

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NewType,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from fieldfare.kernel import EventId, FieldfareError
from fieldfare.rules.sml_types import (
    ANY,
    BOOL,
    DICT,
    FLOAT,
    INT,
    LIST,
    STR,
    TIMEDELTA,
    SmlType,
)

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

Milliseconds = NewType("Milliseconds", int)
"""A TimeDelta of the language as Python sees it."""

CallSite = NewType("CallSite", str)
"""Names the place of a call within a rule set. A parameter of this type is given, not written."""

_FIXED: Final = "a literal, read when the rules load"
Fixed: TypeAlias = Annotated[T, _FIXED]
"""`Fixed[str]`: an argument that must be a literal."""

Default: TypeAlias = str | int | float | bool | None
FACT: Final = "fact:"
"""`Annotated[dict[str, object], FACT + "domain.mx"]`: a parameter that is given a fact."""
Check: TypeAlias = Callable[[Mapping[str, Any]], str]


class FunctionRefused(FieldfareError):
    """A Python function cannot be a function of the language; the hint says what to change."""

    status = 400
    slug = "function-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter. required: must be given; const: must be a literal; choices: allowed literals."""

    name: str
    type: SmlType
    default: Default = None
    required: bool = True
    const: bool = False
    choices: tuple[str, ...] = ()

    @property
    def takes_none(self) -> bool:
        """Tell whether a missing value is an argument like any other."""
        return self.type == ANY or (not self.required and self.default is None)

    def __str__(self) -> str:
        tail = "" if self.required else f" = {self.default!r}"
        return f"{self.name}: {self.type}{tail}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Function(Generic[P, R_co]):
    """A function of the language. Calling it calls the Python function.

    run: takes the arguments in the order of `params`, then what `given` names: "event_id", "site"
    (the place of the call), "fact:<name>". may_be_unknown: `run` gives None where it has no
    answer. inline: Python text with {0}, {1}... for the arguments, where a call would only cost
    time. check: tells from the literal arguments by name what is wrong with them, "" if nothing.
    columns: the column form, from one sequence for each argument to one sequence of results; it
    must give what `run` gives. guarded: whatever `run` raises or gives of a wrong type becomes
    Unknown by itself. origin: the package a function comes from, "" for the standard ones.
    """

    name: str
    params: tuple[Param, ...]
    returns: SmlType
    run: Callable[P, R_co]
    about: str
    topic: str
    example: str = ""
    may_be_unknown: bool = False
    inline: str = ""
    given: tuple[str, ...] = ()
    check: Check | None = None
    columns: Callable[..., Sequence[Any]] | None = None
    guarded: bool = False
    origin: str = ""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return self.run(*args, **kwargs)

    def signature(self) -> str:
        """Write the function as the reference shows it."""
        return f"{self.name}({', '.join(map(str, self.params))}) -> {self.returns}"


AnyFunction: TypeAlias = Function[..., Any]

_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]{1,59}")


def function(
    *,
    name: str = "",
    topic: str = "other",
    example: str = "",
    inline: str = "",
    check: Check | None = None,
    columns: Callable[..., Sequence[Any]] | None = None,
) -> Callable[[Callable[P, R_co]], Function[P, R_co]]:
    """Make a function of the language of a Python function.

    Types come from the annotations: str, int, float, bool, dict, list, list[T], Sequence[T],
    object (any), `Milliseconds` (TimeDelta), Literal["a", "b"] (one of these literals), `Fixed[T]`
    (a literal), `T | None` with the default None; `-> T | None` says that the answer may be
    Unknown. Parameters that stand last are given by the engine: `EventId`, `CallSite`, and facts
    (`Annotated[T, FACT + "name"]`; while the fact is Unknown, so is the call).
    The docstring's first paragraph is what people read. `name` defaults to the Python name in
    CamelCase. The function must be pure: no clock, no random, no store, no network, or a replay
    would not give what happened live.

    Raises FunctionRefused where the signature cannot be read.
    """

    def made(run: Callable[P, R_co]) -> Function[P, R_co]:
        called = name or "".join(part.capitalize() for part in run.__name__.split("_"))
        if not _NAME.fullmatch(called):
            raise FunctionRefused(f"{called!r} is no name of a function", hint=_NAMES)
        params, given = _params(called, run)
        answer, may_be_unknown = _without_none(_hints(run).get("return", object))
        return Function(
            name=called,
            params=params,
            returns=_type(called, answer),
            run=run,
            about=_about(called, run),
            topic=topic,
            example=example,
            inline=inline,
            given=given,
            check=check,
            columns=columns,
            may_be_unknown=may_be_unknown,
        )

    return made


_NAMES: Final = "Names are like TextShare: a capital letter, then letters and digits."
_PLAIN: Final[Mapping[object, SmlType]] = {
    str: STR,
    int: INT,
    float: FLOAT,
    bool: BOOL,
    dict: DICT,
    list: LIST,
    object: ANY,
    Any: ANY,
    Milliseconds: TIMEDELTA,
}
_GIVEN: Final[Mapping[object, str]] = {EventId: "event_id", CallSite: "site"}


def _hints(run: Callable[..., object]) -> dict[str, Any]:
    return get_type_hints(run, include_extras=True)


def _params(name: str, run: Callable[..., object]) -> tuple[tuple[Param, ...], tuple[str, ...]]:
    hints, params, given = _hints(run), list[Param](), list[str]()
    for parameter in inspect.signature(run).parameters.values():
        hint = hints.get(parameter.name)
        if parameter.kind not in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            raise FunctionRefused(
                f"{name} takes {parameter.name!r} by name or in any number",
                hint="Plain parameters only: arguments are passed in their order.",
            )
        if what := _given(hint):
            given.append(what)
        elif given:
            raise FunctionRefused(f"{name} has a parameter after the ones the engine gives")
        else:
            params.append(_param(name, parameter, hint))
    return tuple(params), tuple(given)


def _given(hint: object) -> str:
    """Name what the engine gives for a parameter; "" for one that is written."""
    if get_origin(hint) is Annotated:
        marks = [mark for mark in get_args(hint)[1:] if isinstance(mark, str)]
        return next((mark for mark in marks if mark.startswith(FACT)), "")
    return next((what for kind, what in _GIVEN.items() if kind is hint), "")


def _param(name: str, parameter: inspect.Parameter, hint: object) -> Param:
    is_required = parameter.default is parameter.empty
    wanted, _ = _without_none(hint)
    is_const = False
    if get_origin(wanted) is Annotated:
        wanted, *marks = get_args(wanted)
        is_const = _FIXED in marks
    choices: tuple[str, ...] = ()
    if get_origin(wanted) is Literal:
        choices, wanted, is_const = get_args(wanted), str, True
    return Param(
        name=parameter.name,
        type=_type(name, wanted),
        default=None if is_required else parameter.default,
        required=is_required,
        const=is_const,
        choices=choices,
    )


def _without_none(hint: object) -> tuple[object, bool]:
    """Take None off a union."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint, False
    rest = [part for part in get_args(hint) if part is not type(None)]
    return (rest[0] if len(rest) == 1 else hint), len(rest) < len(get_args(hint))


def _type(name: str, hint: object) -> SmlType:
    plain = next((of for kind, of in _PLAIN.items() if kind is hint), None)
    if plain is not None:
        return plain
    origin, inner = get_origin(hint), get_args(hint)
    if origin is dict:
        return DICT
    if origin in {list, Sequence} and inner:
        item = _type(name, inner[0])
        return LIST if item == ANY else SmlType("list", item)
    hint_text = "Known: str, int, float, bool, list[T], dict, object, Milliseconds, Literal, Fixed."
    raise FunctionRefused(f"{name} has a type the language does not know: {hint}", hint=hint_text)


def _about(name: str, run: Callable[..., object]) -> str:
    text = " ".join((inspect.getdoc(run) or "").split("\n\n")[0].split())
    if not text:
        raise FunctionRefused(f"{name} has no docstring", hint="It is what people will read.")
    return text
