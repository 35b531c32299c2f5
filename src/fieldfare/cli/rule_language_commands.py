"""The commands on the language of rules itself, as a person types them below `fieldfare rules`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fieldfare.cli.options import AsJson, Home, Pack

language = typer.Typer()

Folder = Annotated[Path, typer.Argument(help="The folder with main.sml.")]


@language.command("graph")
def rules_graph(
    folder: Folder,
    rule: Annotated[str | None, typer.Option(help="Only what is around this rule.")] = None,
    form: Annotated[
        Literal["text", "dot", "json", "svg"], typer.Option("--format", help="How to write it.")
    ] = "text",
    pack: Pack = None,
    home: Home = None,
) -> None:
    """Show what depends on what: fields, facts and counters, rules, effects, policies."""
    from fieldfare.cli.rule_footing import footing
    from fieldfare.cli.rule_graph import print_graph

    print_graph(folder, footing(home, pack), rule=rule, form=form)


@language.command("functions")
def rules_functions(
    name: Annotated[str | None, typer.Argument(help="One function or effect; else all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what can be called in rules: signatures, meaning, examples."""
    from fieldfare.cli.rule_functions import print_functions

    print_functions(name, as_json=as_json)


@language.command("fmt")
def rules_fmt(
    folder: Annotated[Path, typer.Argument(help="The folder, or one file.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something would change.")
    ] = False,
) -> None:
    """Write the files of a rule set in their canonical form; comments and literals stay."""
    from fieldfare.cli.rule_formatting import format_rules

    format_rules(folder, check=check)


@language.command("stubs")
def rules_stubs(folder: Folder, pack: Pack = None, home: Home = None) -> None:
    """Write __builtins__.pyi beside the rules, so that Python editors complete their names."""
    from fieldfare.cli.rule_footing import footing
    from fieldfare.cli.rule_stubs import write_stubs

    write_stubs(folder, footing(home, pack))
