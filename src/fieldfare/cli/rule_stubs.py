"""`fieldfare rules stubs`: a stub beside the rules, so that editors complete their names."""

from pathlib import Path

from fieldfare.cli.printing import print_line
from fieldfare.cli.rule_checking import sources
from fieldfare.cli.rule_footing import Footing

STUB = "__builtins__.pyi"


def write_stubs(folder: Path, by: Footing) -> None:
    """Write the stub of a folder of rules. Raises RuleSetDoesNotCompile."""
    from fieldfare.rules.program import check
    from fieldfare.rules.stubs import stubs_of

    program = check(sources(folder), by.words)
    (folder / STUB).write_text(stubs_of(program), "utf-8")
    print_line(f"wrote {folder / STUB}")
