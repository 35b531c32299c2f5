"""Which values may be shown: nothing that is a secret or is computed from one."""

from fieldfare.rules.folding import Folder
from fieldfare.rules.nodes import Name, Node, children


def holds_secret(node: Node, folder: Folder) -> bool:
    """Tell whether a secret stands anywhere in a node, through the names it uses."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type.secret:
            return True
        if isinstance(here, Name):
            if here.key not in folder.secrets:
                folder.secrets[here.key] = holds_secret(folder.definition(here.key), folder)
            if folder.secrets[here.key]:
                return True
        waiting += children(here)
    return False
