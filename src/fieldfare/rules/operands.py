"""Operands: pieces of Python that may only run where their guards hold."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operand:
    """Code that gives a value which is never None, provided that all guards hold, in order."""

    guards: tuple[str, ...]
    code: str

    def true(self) -> str:
        return conjunction((*self.guards, self.code))

    def false(self) -> str:
        return conjunction((*self.guards, f"not {self.code}"))

    def value(self) -> str:
        if not self.guards or self.guards == (f"{self.code} is not None",):
            return self.code
        return f"({self.code} if {conjunction(self.guards)} else None)"


def conjunction(conditions: tuple[str, ...]) -> str:
    """Join conditions with `and`, each once."""
    distinct = tuple(dict.fromkeys(conditions))
    return distinct[0] if len(distinct) == 1 else f"({' and '.join(distinct)})"


def literal(value: object) -> str:
    """Write a plain value as Python; only str, int, float, bool and None are taken."""
    if value is not None and type(value) not in {str, int, float, bool}:
        raise TypeError(f"{type(value).__name__} is no literal")
    return repr(value) if not isinstance(value, int | float) or value >= 0 else f"({value!r})"


def guards_of(operands: list[Operand]) -> tuple[str, ...]:
    """Join the guards of several operands, each once, in order."""
    return tuple(dict.fromkeys(guard for operand in operands for guard in operand.guards))
