"""The commands on exchanges as a person types them."""

from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home

exchange = typer.Typer(no_args_is_help=True, help="Services that share hashes of known content.")

Pairs = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of its kind.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--credential",
        metavar="NAME=@FILE",
        help="A credential, from a file or from the environment (NAME=$VARIABLE).",
    ),
]


@exchange.command("apis")
def exchange_apis(home: Home = None, as_json: AsJson = False) -> None:
    """List the kinds of exchanges, and what each has to be told."""
    from fieldfare.cli.exchanging import list_apis

    list_apis(home, as_json=as_json)


@exchange.command("add")
def exchange_add(
    name: str,
    api: Annotated[str, typer.Option(help="Its kind; see `exchange apis`.")],
    policy: Annotated[str, typer.Option(help="What its bank's content breaks, if it is new.")] = "",
    settings: Pairs = None,
    credentials: Secrets = None,
    every: Annotated[int, typer.Option(help="Seconds between two fetches.")] = 3600,
    tells: Annotated[
        bool, typer.Option("--tells", help="Give it our reviewers' opinions.")
    ] = False,
    home: Home = None,
) -> None:
    """Set an exchange up; it feeds the bank of its name."""
    from fieldfare.cli.exchanging import add

    wanted = {"name": name, "api": api, "policy": policy, "every_s": every, "tells": tells}
    add(home, wanted, settings or [], credentials or [])


@exchange.command("change")
def exchange_change(
    name: str,
    settings: Pairs = None,
    credentials: Secrets = None,
    every: Annotated[int | None, typer.Option(help="Seconds between two fetches.")] = None,
    tells: Annotated[bool | None, typer.Option("--tells/--silent")] = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled")] = None,
    home: Home = None,
) -> None:
    """Change what is given about an exchange; the rest stays."""
    from fieldfare.cli.exchanging import change

    changes = {"every_s": every, "tells": tells, "enabled": enabled}
    change(home, name, changes, settings or [], credentials or [])


@exchange.command("list")
def exchange_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the exchanges and how each is."""
    from fieldfare.cli.exchanging import list_exchanges

    list_exchanges(home, as_json=as_json)


@exchange.command("show")
def exchange_show(name: str, home: Home = None, as_json: AsJson = False) -> None:
    """Show how an exchange is set up, how far it is, and what went wrong last."""
    from fieldfare.cli.exchanging import show

    show(home, name, as_json=as_json)


@exchange.command("test")
def exchange_test(name: str, home: Home = None) -> None:
    """Ask the service who we are to it; nothing is fetched."""
    from fieldfare.cli.exchanging import try_credentials

    try_credentials(home, name)


@exchange.command("fetch")
def exchange_fetch(
    name: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="List everything again.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fetch now, to the end."""
    from fieldfare.cli.exchanging import fetch

    fetch(home, name, dry_run=dry_run, anew=anew, as_json=as_json)


@exchange.command("confirm")
def exchange_confirm(
    name: str,
    entries: Annotated[int, typer.Option("--entries", help="How many go, as `show` says.")],
    home: Home = None,
) -> None:
    """Let entries go whose removal was held back because it was so many at once."""
    from fieldfare.cli.exchanging import confirm

    confirm(home, name, entries=entries)


@exchange.command("tell")
def exchange_tell(name: str, home: Home = None) -> None:
    """Give the service our reviewers' opinions now."""
    from fieldfare.cli.exchanging import tell

    tell(home, name)


@exchange.command("remove")
def exchange_remove(
    name: str,
    entries: Annotated[
        bool, typer.Option("--entries", help="Take what it shared out of the bank as well.")
    ] = False,
    home: Home = None,
) -> None:
    """Remove an exchange; its bank stays."""
    from fieldfare.cli.exchanging import remove

    remove(home, name, entries=entries)
