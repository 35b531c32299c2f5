"""The commands on the lake as a person types them."""

from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home

lake = typer.Typer(no_args_is_help=True, help="The lake: the log as columns, for looking back.")


@lake.command("status")
def lake_status(home: Home = None, as_json: AsJson = False) -> None:
    """Say what is in the lake, and up to where the log is in it."""
    from fieldfare.cli.lake import tell_status

    tell_status(home, as_json=as_json)


@lake.command("fill")
def lake_fill(home: Home = None, as_json: AsJson = False) -> None:
    """Put all events into the lake that are not in it yet, without waiting for the minute."""
    from fieldfare.cli.lake import fill

    fill(home, as_json=as_json)


@lake.command("compact")
def lake_compact(home: Home = None, as_json: AsJson = False) -> None:
    """Join the small files of each day, and let go of days past their time."""
    from fieldfare.cli.lake import compact

    compact(home, as_json=as_json)


@lake.command("rebuild")
def lake_rebuild(home: Home = None, as_json: AsJson = False) -> None:
    """Empty the lake and fill it anew from the log."""
    from fieldfare.cli.lake import rebuild

    rebuild(home, as_json=as_json)


def query(
    expression: Annotated[str, typer.Argument(help="A condition over the rules' names.")],
    from_: Annotated[str | None, typer.Option("--from", help="RFC 3339; else a week ago.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="RFC 3339, left out itself.")] = None,
    top: Annotated[str, typer.Option(help="Count the values of this expression.")] = "",
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only such events.")] = None,
    rows: Annotated[int, typer.Option(min=0, max=200, help="The newest events to print.")] = 10,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Look into what happened: which events an expression selects, when, with which values."""
    from fieldfare.cli.querying import query as ask

    ask(
        home,
        expression,
        from_=from_,
        to=to,
        top=top,
        kinds=kinds or [],
        rows=rows,
        as_json=as_json,
    )
