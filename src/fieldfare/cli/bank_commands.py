"""The commands on banks of known content as a person types them."""

from pathlib import Path
from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home
from fieldfare.cli.word_commands import bank_add_text, bank_add_url

bank = typer.Typer(no_args_is_help=True, help="Banks of known content.")
entry = typer.Typer(no_args_is_help=True, help="Single entries of banks.")
bank.add_typer(entry, name="entry")
bank.command("add-text")(bank_add_text)
bank.command("add-url")(bank_add_url)

Radius = Annotated[int | None, typer.Option(help="Bits of 256 that may differ, 0 to 100.")]
MinQuality = Annotated[int | None, typer.Option(help="PDQ quality, 50 to 100.")]
Note = Annotated[str | None, typer.Option(help="For whoever reads about it.")]
KnownGood = Annotated[
    bool | None,
    typer.Option("--known-good/--harmful", help="Known good content outweighs weaker matches."),
]
MinSeconds = Annotated[float | None, typer.Option(help="So long has an entry to be met.")]
MinFrames = Annotated[int | None, typer.Option(help="So many different frames have to match.")]
Ratio = Annotated[
    float | None, typer.Option("--enabled-ratio", help="The share of items it is asked about.")
]
Until = Annotated[
    str | None,
    typer.Option("--disabled-until", help="Off until then: 2026-10-01T12:00:00Z; or now."),
]
Priority = Annotated[
    bool | None,
    typer.Option("--priority/--no-priority", help="Find cut and turned copies too, at a cost."),
]
HourlyLimit = Annotated[
    int | None, typer.Option(help="An entry that matches more items an hour only asks; 0: never.")
]
KeepsStills = Annotated[
    bool | None,
    typer.Option("--keep-stills/--no-stills", help="Small pictures of files, to compare by."),
]
Format = Annotated[str, typer.Option("--format", help="ndjson, csv or threatexchange.")]


@bank.command("create")
def create(
    name: str,
    policy: Annotated[str, typer.Option(help="The policy its content breaks, e.g. GV.GORE.")],
    vetted: Annotated[
        bool | None,
        typer.Option("--vetted/--not-vetted", help="Its entries were checked by people."),
    ] = None,
    radius: Radius = None,
    min_quality: MinQuality = None,
    note: Note = None,
    known_good: KnownGood = None,
    min_seconds: MinSeconds = None,
    min_frames: MinFrames = None,
    enabled_ratio: Ratio = None,
    priority: Priority = None,
    hourly_limit: HourlyLimit = None,
    keeps_stills: KeepsStills = None,
    home: Home = None,
) -> None:
    """Create a bank of known content."""
    from fieldfare.cli.banking import create_bank

    fields = {
        "policy": policy,
        "vetted": vetted,
        "radius": radius,
        "min_quality": min_quality,
        "note": note,
        "known_good": known_good,
        "min_seconds": min_seconds,
        "min_frames": min_frames,
        "enabled_ratio": enabled_ratio,
        "priority": priority,
        "hourly_limit": hourly_limit,
        "keeps_stills": keeps_stills,
    }
    create_bank(home, name, fields)


@bank.command("change")
def change(
    name: str,
    vetted: Annotated[bool | None, typer.Option("--vetted/--not-vetted")] = None,
    radius: Radius = None,
    min_quality: MinQuality = None,
    note: Note = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled")] = None,
    known_good: KnownGood = None,
    min_seconds: MinSeconds = None,
    min_frames: MinFrames = None,
    enabled_ratio: Ratio = None,
    disabled_until: Until = None,
    priority: Priority = None,
    hourly_limit: HourlyLimit = None,
    keeps_stills: KeepsStills = None,
    home: Home = None,
) -> None:
    """Change what is given about a bank; the rest stays."""
    from fieldfare.cli.banking import change_bank

    fields = {
        "vetted": vetted,
        "radius": radius,
        "min_quality": min_quality,
        "note": note,
        "enabled": enabled,
        "known_good": known_good,
        "min_seconds": min_seconds,
        "min_frames": min_frames,
        "enabled_ratio": enabled_ratio,
        "disabled_until": disabled_until,
        "priority": priority,
        "hourly_limit": hourly_limit,
        "keeps_stills": keeps_stills,
    }
    change_bank(home, name, fields)


@bank.command("add")
def add(name: str, files: Annotated[list[Path], typer.Argument()], home: Home = None) -> None:
    """Hash files and add them to a bank; the files themselves are not kept."""
    from fieldfare.cli.banking import add_to_bank

    add_to_bank(home, name, files)


@bank.command("add-item")
def add_item(
    name: str,
    kind: Annotated[str, typer.Argument(help="The item's kind, e.g. video.")],
    host_id: Annotated[str, typer.Argument(help="The host's id of it.")],
    note: Annotated[str, typer.Option(help="For whoever reads about it.")] = "",
    home: Home = None,
) -> None:
    """Add the media of an item that was posted to a bank."""
    from fieldfare.cli.banking import add_item as add_it

    add_it(home, name, {"kind": kind, "host_id": host_id}, note=note)


@bank.command("list")
def list_(
    name: Annotated[str | None, typer.Argument(help="A bank, to list its entries.")] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """List banks, or the entries of one."""
    from fieldfare.cli.banking import list_banks

    list_banks(home, name, as_json=as_json)


@bank.command("show")
def show(name: str, as_json: AsJson = False, home: Home = None) -> None:
    """Show all that is set for a bank."""
    from fieldfare.cli.banking import show_bank

    show_bank(home, name, as_json=as_json)


@bank.command("remove")
def remove(
    name: str,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it with all its entries.")] = False,
    home: Home = None,
) -> None:
    """Remove a bank with all its entries."""
    from fieldfare.cli.banking import remove_bank

    remove_bank(home, name, sure=yes)


@bank.command("import")
def import_(
    name: str,
    file: Annotated[Path, typer.Argument(help="A file or a pipe; - reads standard input.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="ndjson (or a JSON list), csv or threatexchange; else what the file's name or"
            " first line tells.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Add the entries of a file to a bank, each once; lines that cannot be read are named."""
    from fieldfare.cli.bank_importing import import_bank

    import_bank(home, name, file, form=form)


@bank.command("export")
def export(name: str, form: Format = "ndjson", home: Home = None) -> None:
    """Print the entries of a bank, one a line."""
    from fieldfare.cli.banking import export_bank

    export_bank(home, name, form=form)


@entry.command("show")
def entry_show(bank_name: str, entry_id: str, as_json: AsJson = False, home: Home = None) -> None:
    """Show an entry, what it matched lately and what people said of that."""
    from fieldfare.cli.banking import show_entry

    show_entry(home, bank_name, entry_id, as_json=as_json)


@entry.command("change")
def entry_change(
    bank_name: str,
    entry_id: str,
    state: Annotated[str | None, typer.Option(help="active, quarantined or disabled.")] = None,
    label: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    note: Note = None,
    labels: Annotated[str | None, typer.Option(help="Words, parted by commas.")] = None,
    disabled_until: Until = None,
    home: Home = None,
) -> None:
    """Change what is given about an entry; the rest stays."""
    from fieldfare.cli.banking import change_entry

    words = None if labels is None else [w.strip() for w in labels.split(",") if w.strip()]
    fields = {
        "state": state,
        "label": label,
        "note": note,
        "labels": words,
        "disabled_until": disabled_until,
    }
    change_entry(home, bank_name, entry_id, fields)


@entry.command("remove")
def entry_remove(bank_name: str, entry_id: str, home: Home = None) -> None:
    """Take an entry out of its bank."""
    from fieldfare.cli.banking import remove_entry

    remove_entry(home, bank_name, entry_id)


@entry.command("judge")
def entry_judge(
    bank_name: str,
    entry_id: str,
    kind: Annotated[str, typer.Argument(help="The item's kind, e.g. video.")],
    host_id: Annotated[str, typer.Argument(help="The host's id of it.")],
    opinion: Annotated[str, typer.Argument(help="confirmed or denied.")],
    note: Annotated[str, typer.Option(help="For whoever reads about it.")] = "",
    home: Home = None,
) -> None:
    """Confirm or deny that an item is what an entry knows."""
    from fieldfare.cli.banking import judge_match

    said = {"item": {"kind": kind, "host_id": host_id}, "opinion": opinion, "note": note}
    judge_match(home, bank_name, entry_id, said)
