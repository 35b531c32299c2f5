"""Where a YAML text went wrong and why, on one line, in place of the parser's picture of it."""

from dataclasses import dataclass

import yaml

_MOST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlTrouble:
    """What keeps a text from being YAML. line, column: from 1; the beginning where nobody knows."""

    line: int = 1
    column: int = 1
    why: str


def yaml_trouble(error: Exception, text: str) -> YamlTrouble:
    """Tell it of an error that reading the text raised: a YAMLError, ValueError, RecursionError."""
    match error:
        case yaml.MarkedYAMLError():
            told = ": ".join(part for part in (error.context, error.problem) if part)
            mark = error.problem_mark or error.context_mark
            why = _one_line(told) or "it cannot be read"
            return (
                YamlTrouble(line=mark.line + 1, column=mark.column + 1, why=why)
                if mark
                else YamlTrouble(why=why)
            )
        case yaml.reader.ReaderError():
            before = text[: error.position]
            return YamlTrouble(
                line=before.count("\n") + 1,
                column=len(before) - before.rfind("\n"),
                why=_one_line(f"{error.reason} ({error.character!r})"),
            )
        case RecursionError():
            return YamlTrouble(why="it nests too deeply")
        case _:
            return YamlTrouble(why=_one_line(str(error)))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MOST]
