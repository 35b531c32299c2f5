"""Paths of calls, out of names that people typed: none of them may become another call."""

from urllib.parse import quote, urlencode

from fieldfare.kernel.errors import NotFound

_LEADING_ON = frozenset({".", ".."})


def route(template: str, /, *names: str, last: str | None = None, **query: object) -> str:
    """Write the path of a call: names in the places of `{}`, and a query.

    last: an id at the end, which may hold slashes as the ids of hosts do.
    Raises NotFound for a name that no path can hold: an empty one, `.`, `..`, one with a slash; and
    for an id with a part `.` or `..`, which leads a client or a proxy to another path.
    """
    for name in names:
        if not name or name in _LEADING_ON or "/" in name:
            raise NotFound(f"nothing is named {name!r}", hint="A name or id has no slash.")
    path = template.format(*(quote(name, safe="") for name in names))
    if last is not None:
        if not last or _LEADING_ON & {*last.split("/")}:
            hint = "No part of an id in a path is `.` or `..`."
            raise NotFound(f"nothing is named {last!r}", hint=hint)
        path = f"{path}/{quote(last, safe='')}"
    return f"{path}?{urlencode(query)}" if query else path
