"""`fieldfare rules functions`: what can be called in rules, by whichever package it comes."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from fieldfare.cli.printing import print_json, print_line
from fieldfare.kernel import NotFound, did_you_mean

if TYPE_CHECKING:
    from fieldfare.rules.reference import Entry


def print_functions(name: str | None, *, as_json: bool) -> None:
    """Print every signature by topic, or all there is to say of one call or effect.

    Raises NotFound for a name that cannot be called.
    """
    from fieldfare.rules.extensions import installed, known_functions
    from fieldfare.rules.reference import effect_entries, entries

    known = (*entries(known_functions()), *effect_entries())
    found = known
    if name is not None:
        found = tuple(entry for entry in known if entry.name == name)
        if not found:
            hint = did_you_mean(name, [entry.name for entry in known])
            raise NotFound(f"There is no function {name!r}.", hint=hint)
    for failure in installed().failures:
        sys.stderr.write(f"left out: {failure}\n")
    if as_json:
        print_json([asdict(entry) for entry in found])
    elif name is not None:
        _print_one(found[0])
    else:
        _print_all(found)


def _print_one(entry: "Entry") -> None:
    print_line(entry.signature)
    print_line(f"  {entry.about}")
    if entry.example:
        print_line(f"  e.g. {entry.example}")
    if entry.origin:
        print_line(f"  from the package {entry.origin}")


def _print_all(found: "Sequence[Entry]") -> None:
    topic = ""
    for entry in found:
        if entry.topic != topic:
            topic = entry.topic
            print_line(f"\n{topic}" if entry is not found[0] else topic)
        print_line(f"  {entry.signature}")
