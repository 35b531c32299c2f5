"""`fieldfare rules fmt`: writes the files of a rule set in their canonical form."""

from pathlib import Path

import typer

from fieldfare.cli.printing import print_line
from fieldfare.kernel import NotFound, utf8_text


def format_rules(folder: Path, *, check: bool) -> None:
    """Format every .sml file below a folder, or with `check` only say which ones are not; exits 1.

    Raises NotFound where there is none, BadInput for what is no syntax or no UTF-8: then no file
    is written.
    """
    from fieldfare.rules.formatting import formatted

    files = [folder] if folder.is_file() else sorted(folder.rglob("*.sml"))
    if not files:
        raise NotFound(f"There is no .sml file in {folder}.")
    texts = {file: utf8_text(file.read_bytes(), name=str(file)) for file in files}
    made = {file: formatted(text, name=str(file)) for file, text in texts.items()}
    changed = [file for file in files if made[file] != texts[file]]
    for file in changed:
        if check:
            print_line(f"{file} is not formatted")
        else:
            _replace(file, made[file])
            print_line(f"formatted {file}")
    rest = len(files) - len(changed)
    print_line(f"{rest} of {len(files)} files {'were' if not check else 'are'} in form")
    if check and changed:
        raise typer.Exit(1)


def _replace(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(text.encode("utf-8"))
    beside.chmod(file.stat().st_mode)
    beside.replace(file)
