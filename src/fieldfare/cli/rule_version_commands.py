"""The commands on versions of the rules as a person types them; they stand among `rules`."""

from pathlib import Path
from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home

Note = Annotated[str, typer.Option(help="Why, for whoever reads the history.")]
VersionName = Annotated[
    str, typer.Argument(help="A version: its number, its hash or the beginning of it.")
]
Days = Annotated[int, typer.Option(min=1, max=90, help="How far back.")]
versions = typer.Typer()


@versions.command("propose")
def rules_propose(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")],
    note: Note = "",
    base: Annotated[str, typer.Option(help="The version it was made from.")] = "",
    home: Home = None,
) -> None:
    """Check a rule set and keep it as a draft."""
    from fieldfare.cli.rule_versions import propose

    propose(folder, note=note, base=base, home=home)


@versions.command("versions")
def rules_versions(as_json: AsJson = False, home: Home = None) -> None:
    """List the versions and where each stands."""
    from fieldfare.cli.rule_versions import list_versions

    list_versions(as_json=as_json, home=home)


@versions.command("show")
def rules_show(version: VersionName, as_json: AsJson = False, home: Home = None) -> None:
    """Show where a version stands, how it came there, and what its tests say."""
    from fieldfare.cli.rule_versions import show

    show(version, as_json=as_json, home=home)


@versions.command("diff")
def rules_diff(
    version: VersionName,
    against: Annotated[str, typer.Option(help="Left out: what it was made from.")] = "",
    home: Home = None,
) -> None:
    """Show what differs between two versions."""
    from fieldfare.cli.rule_versions import compare

    compare(version, against=against, home=home)


@versions.command("move")
def rules_move(
    version: VersionName,
    to: Annotated[str, typer.Option(help="review, shadow, rollout, live, draft or withdrawn.")],
    share: Annotated[int, typer.Option(help="Per cent of authors: 1, 10 or 50.")] = 0,
    note: Note = "",
    home: Home = None,
) -> None:
    """Move a version to its next state."""
    from fieldfare.cli.rule_versions import move

    move(version, to=to, share=share, note=note, home=home)


@versions.command("approve")
def rules_approve(version: VersionName, note: Note = "", home: Home = None) -> None:
    """Approve a version that is in review: it runs in the shadow from then on."""
    from fieldfare.cli.rule_versions import move

    move(version, to="shadow", share=0, note=note, home=home)


@versions.command("reject")
def rules_reject(version: VersionName, note: Note = "", home: Home = None) -> None:
    """Send a version back to being a draft."""
    from fieldfare.cli.rule_versions import move

    move(version, to="draft", share=0, note=note, home=home)


@versions.command("rollback")
def rules_rollback(note: Note = "", home: Home = None) -> None:
    """Put the version live again that was live before; a rollout is taken back."""
    from fieldfare.cli.rule_versions import roll_back

    roll_back(note=note, home=home)


@versions.command("shadow")
def rules_shadow(
    version: VersionName,
    days: Days = 7,
    against: Annotated[str, typer.Option(help="Left out: the live version.")] = "",
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show what a version does, or would do, beside the live one."""
    from fieldfare.cli.rule_hits import show_shadow

    show_shadow(version, days=days, against=against, as_json=as_json, home=home)


@versions.command("hits")
def rules_hits(
    rule: Annotated[str, typer.Argument(help="A rule; left out: all of them.")] = "",
    days: Days = 7,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show what rules hit as they decided."""
    from fieldfare.cli.rule_hits import show_hits

    show_hits(rule, days=days, as_json=as_json, home=home)
