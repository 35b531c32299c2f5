"""The commands on rule sets as a person types them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fieldfare.cli.options import AsJson, Home, Pack
from fieldfare.cli.rule_language_commands import language
from fieldfare.cli.rule_version_commands import Note, versions

rules = typer.Typer(no_args_is_help=True, help="Rule sets.")
rules.add_typer(versions)
rules.add_typer(language)


@rules.command("check")
def rules_check(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")],
    pack: Pack = None,
    home: Home = None,
    semantics: Annotated[
        Literal["safe", "osprey"] | None,
        typer.Option(help="Of a missing value, where ruleset.yaml does not say."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a rule set: every problem at once, with file, line and hint.

    By the pack, lists and banks of the installation if there is one, else by the default pack.
    """
    from fieldfare.cli.rule_checking import check_rules
    from fieldfare.cli.rule_footing import footing

    check_rules(folder, footing(home, pack), semantics=semantics, as_json=as_json)


@rules.command("activate")
def rules_activate(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")],
    note: Note = "",
    home: Home = None,
) -> None:
    """Put a rule set live past review, on the record. The usual way is `rules propose`."""
    from fieldfare.cli.rule_checking import activate

    activate(folder, note=note, home=home)


@rules.command("quotas")
def rules_quotas(home: Home = None, as_json: AsJson = False) -> None:
    """List how often rules may act by themselves, and how often they did today."""
    from fieldfare.cli.braking import list_quotas

    list_quotas(home, as_json=as_json)


@rules.command("quota")
def rules_quota(
    rule: Annotated[str, typer.Argument(help="A rule, or '*' for all of them together.")],
    action: Annotated[str, typer.Argument(help="remove, limit, suspend, ban, ...")],
    per_minute: Annotated[int | None, typer.Option(min=0, help="At most so often.")] = None,
    per_day: Annotated[int | None, typer.Option(min=0, help="At most so often.")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Take the quota back.")] = False,
    home: Home = None,
) -> None:
    """Bound how often a rule acts by itself; beyond it a person is asked and somebody is told."""
    from fieldfare.cli.braking import put_quota

    put_quota(home, rule, action, per_minute=per_minute, per_day=per_day, lift=lift)


@rules.command("snoozes")
def rules_snoozes(home: Home = None, as_json: AsJson = False) -> None:
    """List which rules are silent about whom, until when and why."""
    from fieldfare.cli.braking import list_snoozes

    list_snoozes(home, as_json=as_json)


@rules.command("snooze")
def rules_snooze(
    rule: str,
    entity: Annotated[str, typer.Argument(help="KIND:ID, as in account:ana or video:v1.")],
    for_: Annotated[str, typer.Option("--for", help="30m, 24h, 7d, ...")],
    reason: Annotated[str, typer.Option(help="Why; whoever finds it wants to know.")],
    home: Home = None,
) -> None:
    """Let a rule be silent about one account or item for a time."""
    from fieldfare.cli.braking import snooze

    snooze(home, rule, entity, length=for_, reason=reason)


@rules.command("wake")
def rules_wake(id_: Annotated[str, typer.Argument(metavar="ID")], home: Home = None) -> None:
    """End a snooze early."""
    from fieldfare.cli.braking import wake

    wake(home, id_)


@rules.command("test")
def rules_test(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml and tests/.")],
    pack: Pack = None,
    home: Home = None,
    only: Annotated[str, typer.Option("-k", help="Run the tests whose name has this.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the rule tests of a folder; exit with 1 if one fails."""
    from fieldfare.cli.rule_footing import footing
    from fieldfare.cli.rule_testing import test_rules

    if not test_rules(folder, footing(home, pack), only=only, as_json=as_json):
        raise typer.Exit(1)


@rules.command("explain")
def rules_explain(
    folder: Annotated[Path, typer.Argument(help="The folder with main.sml.")],
    event: Annotated[Path, typer.Argument(help="A JSON file with one event.")],
    pack: Pack = None,
    home: Home = None,
    rule: Annotated[str, typer.Option("--rule", help="Explain this rule alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say of every rule whether it fires on an event, and which condition decides."""
    from fieldfare.cli.rule_footing import footing
    from fieldfare.cli.rule_testing import explain_event

    explain_event(folder, event, footing(home, pack), rule=rule, as_json=as_json)
