"""The commands on labels of entities as a person types them."""

from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home

label = typer.Typer(no_args_is_help=True, help="Labels of entities.")
EntityName = Annotated[str, typer.Argument(help="TYPE:ID, as in Account:ana.")]
LabelName = Annotated[str, typer.Argument(help="A label the rules declare.")]
Reason = Annotated[str, typer.Option(help="Why; it is shown with the label.")]
Length = Annotated[str | None, typer.Option("--for", help="How long: 24h, 7d. Left out: for good.")]


@label.command("add")
def label_add(
    entity: EntityName, name: LabelName, reason: Reason, for_: Length = None, home: Home = None
) -> None:
    """Give an entity a label by hand; rules do not change it until it ends."""
    from fieldfare.cli.labelling import change_label

    change_label(home, entity, name, added=True, reason=reason, length=for_)


@label.command("remove")
def label_remove(
    entity: EntityName, name: LabelName, reason: Reason, for_: Length = None, home: Home = None
) -> None:
    """Take a label from an entity by hand; rules do not give it again until that ends."""
    from fieldfare.cli.labelling import change_label

    change_label(home, entity, name, added=False, reason=reason, length=for_)


@label.command("show")
def label_show(entity: EntityName, home: Home = None, as_json: AsJson = False) -> None:
    """Show the labels of an entity, with reasons and ends."""
    from fieldfare.cli.labelling import show_entity

    show_entity(home, entity, as_json=as_json)


@label.command("list")
def label_list(home: Home = None, as_json: AsJson = False) -> None:
    """List the labels that the rules in force declare."""
    from fieldfare.cli.labelling import list_labels

    list_labels(home, as_json=as_json)
