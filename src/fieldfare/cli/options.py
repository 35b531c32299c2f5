"""Options that many commands take."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The installation's folder; else FIELDFARE_HOME.", show_default=False
    ),
]
Pack = Annotated[
    str | None,
    typer.Option(help="Check by this pack, not by the installation.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
