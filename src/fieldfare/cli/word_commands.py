"""The commands on known texts and URLs as a person types them."""

from pathlib import Path
from typing import Annotated

import typer

from fieldfare.cli.options import AsJson, Home
from fieldfare.kernel import BadInput

OneALine = Annotated[
    Path | None, typer.Option("--file", help="One a line; a line with `# ` is a comment.")
]


def bank_add_text(
    name: str,
    texts: Annotated[list[str] | None, typer.Argument(help="Each is an entry.")] = None,
    file: OneALine = None,
    tlsh: Annotated[
        bool, typer.Option("--tlsh", help="They are TLSH digests of long texts.")
    ] = False,
    home: Home = None,
) -> None:
    """Add known texts to a bank: their copies are found, to the letter or nearly."""
    from fieldfare.cli.words import add_words

    add_words(home, name, texts or (), file, field="tlsh" if tlsh else "text")


def bank_add_url(
    name: str,
    urls: Annotated[
        list[str] | None, typer.Argument(help="A page, a host or a registered domain.")
    ] = None,
    file: OneALine = None,
    home: Home = None,
) -> None:
    """Add known URLs to a bank: a host name alone knows all of its pages."""
    from fieldfare.cli.words import add_words

    add_words(home, name, urls or (), file, field="url")


def match(
    files: Annotated[list[Path] | None, typer.Argument(help="Videos, pictures or sounds.")] = None,
    text: Annotated[
        str | None, typer.Option(help="A text, as a comment would be; - reads one.")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A file of entries (see bank export), in place of the installation."),
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say what of files or of a text banks know, what nearly matches, and why that does not."""
    from fieldfare.cli.matching import match_files
    from fieldfare.cli.words import match_text

    if text is None and not files:
        raise BadInput("nothing to match", hint="Name files, or give --text 'some words'.")
    if files:
        match_files(files, home=home, against=against or (), as_json=as_json)
    if text is not None:
        match_text(home, text, as_json=as_json)
