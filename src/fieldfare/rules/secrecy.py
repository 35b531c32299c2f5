"""Which values may be shown: nothing that is a secret or is computed from one."""

from fieldfare.rules.folding import Folder
from fieldfare.rules.nodes import Name, Node, children


def holds_secret(node: Node, folder: Folder) -> bool:
    """Tell whether a secret stands anywhere in a node, through the names it uses."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type.secret:
            return True
        if isinstance(here, Name) and here.key not in seen:
            seen.add(here.key)
            waiting.append(folder.definition(here.key))
        waiting += children(here)
    return False
