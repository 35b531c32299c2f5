"""The arguments of a statement or an effect, read and checked together."""

import ast
from collections.abc import Mapping, Sequence

from fieldfare.rules.checking import Scope, checked
from fieldfare.rules.expressions import read
from fieldfare.rules.nodes import Node
from fieldfare.rules.signatures import Param


def read_arguments(
    params: Sequence[Param], bound: Mapping[str, ast.expr], scope: Scope
) -> dict[str, Node] | None:
    """Read what is given for each parameter; None after noting what does not fit."""
    args: dict[str, Node] = {}
    is_fine = True
    for param in params:
        if param.name in bound:
            written = bound[param.name]
            node = checked(param, read(written, scope), written, scope)
            if node is None:
                is_fine = False
            elif node.type.secret:
                scope.problem(written, f"{param.name} is a secret, and what is done is shown")
                is_fine = False
            else:
                args[param.name] = node
    return args if is_fine else None
