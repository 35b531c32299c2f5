"""The commands on backtests as a person types them."""

from pathlib import Path
from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home

backtests = typer.Typer(no_args_is_help=True, help="The backtests that are kept.")
Export = Annotated[Path | None, typer.Option(help="Write it to a .csv or .json file.")]
RulesFolder = Annotated[
    Path | None, typer.Option("--rules", help="The candidate's folder; else the rules in force.")
]


def backtest(
    rules: RulesFolder = None,
    since: Annotated[
        str, typer.Option("--from", help="2026-10-01 or RFC 3339; else a week before --to.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="The first moment after; else now.")] = "",
    export: Export = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Run rules over the history of the lake, as they would have run live."""
    from fieldfare.cli.backtesting import run_backtest

    if not run_backtest(home, rules, since=since, until=until, as_json=as_json, export=export):
        raise typer.Exit(1)


@backtests.command("list")
def backtests_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the newest backtests."""
    from fieldfare.cli.backtesting import list_backtests

    list_backtests(home, as_json=as_json)


@backtests.command("show")
def backtests_show(
    backtest_id: Annotated[str, typer.Argument(metavar="ID")],
    export: Export = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show what a kept backtest found, and export it."""
    from fieldfare.cli.backtesting import show_backtest

    if not show_backtest(home, backtest_id, as_json=as_json, export=export):
        raise typer.Exit(1)


@backtests.command("compare")
def backtests_compare(a: str, b: str, home: Home = None, as_json: AsJson = False) -> None:
    """Lay two backtests side by side."""
    from fieldfare.cli.backtesting import compare

    compare(home, a, b, as_json=as_json)
