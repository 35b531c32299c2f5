"""The parts of the reference that come from the tables of the language itself."""

from fieldfare.rules.effect_table import EFFECTS
from fieldfare.rules.functions import FUNCTIONS, Param


def functions_table() -> str:
    """Write the standard functions as a Markdown table."""
    rows = [
        f"| `{_call(function.name, function.params)}` | {function.returns} | {function.about} |"
        for function in FUNCTIONS.values()
    ]
    return "\n".join(["| function | gives | meaning |", "|---|---|---|", *rows])


def effects_table() -> str:
    """Write the effects as a Markdown table, without the arguments all of them take."""
    rows = []
    for effect in EFFECTS.values():
        own = tuple(p for p in effect.params if p.name not in {"surfaces", "after_person"})
        if effect.kind != "geo_block":
            own = tuple(p for p in own if p.name != "markets")
        kind = f"`{effect.kind}`" if effect.kind else ""
        rows.append(f"| `{_call(effect.name, own)}` | {effect.on} | {kind} | {effect.about} |")
    head = ["| effect | on | restriction | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _call(name: str, params: tuple[Param, ...]) -> str:
    written = [p.name if p.required else f"{p.name}={p.default!r}" for p in params]
    return f"{name}({', '.join(written)})"
