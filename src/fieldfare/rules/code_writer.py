"""Writes the lines of one Python function; every name in it is made here.

A statement that can throw is wrapped: its variable becomes None (Unknown) and the error is noted
under a label, so that one broken rule never stops the others.
"""

from collections.abc import Callable
from typing import Final

from fieldfare.rules.kept_away import Generated

MAX_ERROR: Final = 200


def note(errors: list[str], label: str, error: Exception) -> None:
    """Note an error of a compiled function in words."""
    errors.append(f"{label}: {type(error).__name__}: {str(error)[:MAX_ERROR]}")


class CodeWriter:
    """Lines, names and the objects a function is bound to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bound: dict[str, object] = {}
        self._by_id: dict[int, str] = {}
        self._names = 0
        self._note = self.bind(note)

    def name(self) -> str:
        """Make a fresh variable name."""
        self._names += 1
        return f"v{self._names}"

    def bind(self, thing: object) -> str:
        """Give the name under which the function sees an object."""
        if id(thing) not in self._by_id:
            name = f"k{len(self.bound)}"
            self._by_id[id(thing)] = name
            self.bound[name] = thing
        return self._by_id[id(thing)]

    def line(self, code: str) -> None:
        self.lines.append(f"    {code}")

    def plain(self, code: str) -> str:
        """Assign code that cannot throw to a fresh variable."""
        variable = self.name()
        self.line(f"{variable} = {code}")
        return variable

    def emit(self, code: str, label: str) -> str:
        """Assign code that may throw to a fresh variable; None where it does."""
        variable = self.name()
        self.guarded([f"{variable} = {code}"], label, [f"{variable} = None"])
        return variable

    def guarded(self, body: list[str], label: str, otherwise: list[str], *, depth: int = 0) -> None:
        """Write statements that may throw, and what holds where they do."""
        within = "    " * depth
        self.line(f"{within}try:")
        for code in body:
            self.line(f"{within}    {code}")
        self.line(f"{within}except Exception as error:")
        self.line(f"{within}    {self._note}(errors, {self.bind(label)}, error)")
        for code in otherwise:
            self.line(f"{within}    {code}")

    def function(self, params: str) -> str:
        """Give the text of the function."""
        return "\n".join([f"def compiled({params}):", *self.lines, ""])

    def compiled(self, params: str, label: str) -> Callable[..., object]:
        """Compile the function. It sees what was bound and six built-in types, nothing else."""
        allowed = {"type": type, "len": len, "Exception": Exception}
        types = {"str": str, "int": int, "float": float, "bool": bool, "dict": dict}
        space: dict[str, object] = {"__builtins__": {}, **allowed, **types, **self.bound}
        code = compile(self.function(params), f"<rules {label}>", "exec")
        exec(code, space)  # noqa: S102 -- generated from the checked form, names are our own
        made = space["compiled"]
        if not callable(made):
            raise TypeError("nothing was compiled")
        return made

    def generated(self, params: str, label: str) -> Generated:
        """Compile the function, and keep its text."""
        return Generated(python=self.function(params), compiled=self.compiled(params, label))
