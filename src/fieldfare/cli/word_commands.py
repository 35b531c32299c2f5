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
    text: Annotated[
        str | None, typer.Option(help="A text, as a comment would be; - reads one.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Say what of a text the installation's banks know, and where in it."""
    from fieldfare.cli.words import match_text

    if text is None:
        raise BadInput("nothing to match", hint="Give --text 'some words'.")
    match_text(home, text, as_json=as_json)
