"""The commands on rule sets as a person types them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fieldfare.cli.options import AsJson, Home

rules = typer.Typer(no_args_is_help=True, help="Rule sets.")


@rules.command("check")
def rules_check(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")],
    pack: Annotated[str, typer.Option(help="The policy pack they are for.")] = "default",
    semantics: Annotated[
        Literal["safe", "osprey"] | None,
        typer.Option(help="Of a missing value, where ruleset.yaml does not say."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a rule set: every problem at once, with file, line and hint."""
    from fieldfare.cli.rule_checking import check_rules

    check_rules(folder, pack=pack, semantics=semantics, as_json=as_json)


@rules.command("activate")
def rules_activate(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")], home: Home = None
) -> None:
    """Check a rule set and put it in force."""
    from fieldfare.cli.rule_checking import activate

    activate(folder, home=home)
