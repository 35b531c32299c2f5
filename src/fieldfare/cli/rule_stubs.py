"""`fieldfare rules stubs`: a stub beside the rules, so that editors complete their names."""

from pathlib import Path

from fieldfare.cli.printing import print_line
from fieldfare.cli.rule_checking import sources

STUB = "__builtins__.pyi"


def write_stubs(folder: Path, *, pack: str) -> None:
    """Write the stub of a folder of rules. Raises RuleSetDoesNotCompile."""
    from fieldfare.engine.in_force import vocabulary
    from fieldfare.installation import pack_files
    from fieldfare.policies import load_pack
    from fieldfare.rules.program import check
    from fieldfare.rules.stubs import stubs_of

    files = pack_files(pack)
    words = vocabulary(load_pack(files.policies["policies.yaml"]), frozenset(files.lists))
    program = check(sources(folder), words)
    (folder / STUB).write_text(stubs_of(program), "utf-8")
    print_line(f"wrote {folder / STUB}")
