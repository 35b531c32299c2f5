"""The commands as a person types them."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from fieldfare.cli.backtest_commands import backtest, backtests
from fieldfare.cli.bank_commands import bank
from fieldfare.cli.exchange_commands import exchange
from fieldfare.cli.label_commands import label
from fieldfare.cli.lake_commands import lake, query
from fieldfare.cli.options import AsJson, Home
from fieldfare.cli.rule_commands import rules
from fieldfare.cli.word_commands import match

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Trust & safety for short-form video: find harm, act before the first view.",
)
lists = typer.Typer(no_args_is_help=True, help="Named lists and lexicons.")
webhook = typer.Typer(no_args_is_help=True, help="Where effects are carried.")
key = typer.Typer(no_args_is_help=True, help="API keys of machines.")
person = typer.Typer(no_args_is_help=True, help="People who sign in.")
account = typer.Typer(no_args_is_help=True, help="The host's accounts.")
audit = typer.Typer(no_args_is_help=True, help="The ledger.")
for name, group in (
    ("bank", bank),
    ("exchange", exchange),
    ("lists", lists),
    ("webhook", webhook),
    ("key", key),
    ("person", person),
    ("account", account),
    ("rules", rules),
    ("label", label),
    ("audit", audit),
    ("lake", lake),
    ("backtests", backtests),
):
    app.add_typer(group, name=name)
app.command()(backtest)
app.command()(query)
app.command()(match)


@app.command()
def version() -> None:
    """Print the version."""
    from fieldfare.cli.version import print_version

    print_version()


@app.command()
def init(
    home: Home = None,
    pack: Annotated[str, typer.Option(help="The policy pack to start with.")] = "default",
) -> None:
    """Make an installation: keys, database, the organisation main, an administrator, a key."""
    from fieldfare.cli.installing import init as make

    make(home, pack=pack)


@app.command()
def serve(
    home: Home = None,
    port: Annotated[int | None, typer.Option(help="The port; the next free one if taken.")] = None,
    clock: Annotated[str | None, typer.Option(help="system or simulated (loopback only).")] = None,
    hma: Annotated[str | None, typer.Option(help="Answer as HMA at 127.0.0.1:5000.")] = None,
    hma_key: Annotated[str | None, typer.Option(help="The id of the key it acts by.")] = None,
    hma_policy: Annotated[str | None, typer.Option(help="The policy of banks made there.")] = None,
) -> None:
    """Run the server: API, console, evaluator, scanner and carrier in one process."""
    from fieldfare.cli.serving import serve as run

    run(home, port=port, clock=clock, hma=hma, hma_key=hma_key, hma_policy=hma_policy)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="One JSON event a line.")],
    home: Home = None,
    history: Annotated[
        bool, typer.Option("--history", help="Past events: they count, and have no effects.")
    ] = False,
) -> None:
    """Put events from a file on the log."""
    from fieldfare.cli.importing import import_file

    import_file(home, file, history=history)


@app.command()
def scan(
    files: Annotated[list[Path], typer.Argument(help="Videos, pictures or sounds.")],
    as_json: AsJson = False,
    home: Home = None,
    pack: Annotated[
        str | None, typer.Option(help="Judge by this pack, not by the installation.")
    ] = None,
) -> None:
    """Look at files as the platform would, with no server, and say what it would decide.

    By the rules, lists and banks of the installation if there is one, else by the default pack.
    """
    from fieldfare.cli.scanning import scan_files

    scan_files(files, home=home, pack=pack, as_json=as_json)


@app.command(name="hash")
def hash_(
    files: Annotated[list[Path], typer.Argument(help="Videos, pictures or sounds.")],
    as_json: AsJson = False,
    side: Annotated[
        Literal["bank", "query"],
        typer.Option("--for", help="bank: every frame; query: a few of them, in all forms."),
    ] = "query",
    kinds: Annotated[
        str, typer.Option(help="Kinds of hashes, by commas; all if none is named.")
    ] = "",
    form: Annotated[
        Literal["text", "json", "vpdq"],
        typer.Option("--format", help="vpdq: lines of frame,quality,hash,seconds."),
    ] = "text",
) -> None:
    """Print what files are known and looked up by: digests, and hashes of frames and sound."""
    from fieldfare.cli.hashing import hash_files

    chosen = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    hash_files(files, side=side, kinds=chosen, form="json" if as_json else form)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from fieldfare.cli.serving import print_openapi

    print_openapi()


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same seed plays the same community.")] = 7,
    videos: Annotated[int, typer.Option(help="How many videos are posted.")] = 60,
    once: Annotated[bool, typer.Option("--once", help="End by itself.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    port: Annotated[int | None, typer.Option(help="The console's port.")] = None,
) -> None:
    """Play a short-video community, moderate it, and print how well that went."""
    from fieldfare.cli.demo import demo as play

    play(seed=seed, videos=videos, once=once, as_json=as_json, home=home, port=port)


@audit.command("verify")
def audit_verify(home: Home = None, as_json: AsJson = False) -> None:
    """Verify the ledger: a flipped byte, a removed row or a cut tail is found."""
    from fieldfare.cli.checking import verify_audit

    if not verify_audit(home, as_json=as_json):
        sys.exit(1)


@lists.command("import")
def lists_import(
    file: Path,
    name: Annotated[str | None, typer.Option(help="Its name; else the file's.")] = None,
    lexicon: Annotated[bool, typer.Option(help="Terms with the policies they break.")] = False,
    home: Home = None,
) -> None:
    """Import a list or lexicon as a new version."""
    from fieldfare.cli.administering import import_list

    import_list(home, file, name=name or file.stem, lexicon=lexicon)


@lists.command("list")
def lists_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the named lists and lexicons in force."""
    from fieldfare.cli.administering import list_lists

    list_lists(home, as_json=as_json)


@webhook.command("add")
def webhook_add(
    url: str,
    id_: Annotated[str, typer.Option("--id", help="Its name.")] = "host",
    kinds: Annotated[list[str] | None, typer.Option("--kind", help="Only such effects.")] = None,
    home: Home = None,
) -> None:
    """Register a webhook and print its secret, once."""
    from fieldfare.cli.administering import add_webhook

    add_webhook(home, {"id": id_, "url": url, "kinds": kinds or []})


@webhook.command("list")
def webhook_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the webhooks."""
    from fieldfare.cli.administering import list_webhooks

    list_webhooks(home, as_json=as_json)


@webhook.command("rotate")
def webhook_rotate(id_: Annotated[str, typer.Argument(metavar="ID")], home: Home = None) -> None:
    """Draw a fresh secret and print it, once; the old one signs too until the next rotation."""
    from fieldfare.cli.administering import rotate_webhook

    rotate_webhook(home, id_)


@webhook.command("remove")
def webhook_remove(id_: Annotated[str, typer.Argument(metavar="ID")], home: Home = None) -> None:
    """Remove a webhook."""
    from fieldfare.cli.administering import remove_webhook

    remove_webhook(home, id_)


@key.command("create")
def key_create(
    scopes: Annotated[list[str], typer.Argument(help="ingest, gate, review, banks, admin.")],
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    home: Home = None,
) -> None:
    """Make an API key and print it, once."""
    from fieldfare.cli.administering import create_key

    create_key(home, scopes, note=note)


@key.command("list")
def key_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the API keys: ids, scopes and notes, never the secrets."""
    from fieldfare.cli.administering import list_keys

    list_keys(home, as_json=as_json)


@key.command("revoke")
def key_revoke(id_: Annotated[str, typer.Argument(metavar="ID")], home: Home = None) -> None:
    """End an API key at once."""
    from fieldfare.cli.administering import revoke_key

    revoke_key(home, id_)


@person.command("add")
def person_add(
    name: str,
    roles: Annotated[list[str], typer.Option("--role", help="admin, reviewer, rule_author, ...")],
    home: Home = None,
) -> None:
    """Make an account and print its password, once."""
    from fieldfare.cli.administering import add_person

    add_person(home, name, roles)


@person.command("list")
def person_list(home: Home = None, as_json: AsJson = False) -> None:
    """List who signs in: pseudonyms and roles."""
    from fieldfare.cli.administering import list_people

    list_people(home, as_json=as_json)


@person.command("password")
def person_password(name: str, home: Home = None) -> None:
    """Draw a new password for somebody who forgot theirs, and print it, once."""
    from fieldfare.cli.administering import renew_password

    renew_password(home, name)


@account.command("erase")
def account_erase(
    host_id: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="The host's id of the account.")
    ],
    home: Home = None,
) -> None:
    """Erase an account's data: its key is destroyed, the ledger keeps that it was."""
    from fieldfare.cli.administering import erase

    erase(home, host_id)
