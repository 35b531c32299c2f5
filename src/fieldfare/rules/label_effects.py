"""`LabelAdd`, `LabelRemove`, `DeclareVerdict`: what an outcome says besides verdicts on subjects.

In: the effects of the rules that fired, with their arguments. Out: changes of labels and declared
words. An effect that lacks what it needs is left out: a label nobody can be given is no reason to
doubt the decision on the item.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import Final

from fieldfare.kernel.ids import at_of
from fieldfare.records import Reason
from fieldfare.rules.checking import Scope
from fieldfare.rules.label_calls import known_label, lengths_of
from fieldfare.rules.labels import Entity, LabelChange, LabelStatus
from fieldfare.rules.nodes import Const, EffectOf, Node
from fieldfare.rules.sml_types import EFFECT, STR
from fieldfare.rules.values import as_text

LABEL_EFFECTS: Final = {"LabelAdd": LabelStatus.ADDED, "LabelRemove": LabelStatus.REMOVED}
DECLARE: Final = "DeclareVerdict"
SIDE_EFFECTS: Final = frozenset({*LABEL_EFFECTS, DECLARE})
"""Effects that ask for no verdict on a subject."""
ENTITY_TYPE: Final = "entity_type"
"""The argument that carries the static type of a label's entity to where the event is known."""

_LENGTHS: Final = ("expires_after", "delay_action_by")


def label_effect(name: str, args: dict[str, Node], call: ast.Call, scope: Scope) -> EffectOf | None:
    """Check a label effect: the label is declared, fits its entity, and lengths are lengths."""
    given = {keyword.arg or "": keyword.value for keyword in call.keywords}
    read = lengths_of(args, _LENGTHS, given, scope)
    if known_label(args, given, scope) is None or read is None:
        return None
    place = scope.place(call)
    of = Const(STR, place, read["entity"].type.entity)
    return EffectOf(EFFECT, place, name, (*read.items(), (ENTITY_TYPE, of)))


def changes_of(
    name: str, args: Mapping[str, object], reasons: Sequence[Reason], event_id: int
) -> tuple[LabelChange, ...]:
    """Make the changes a label effect asks for: one for each rule that fired, as its reason.

    Nothing where the entity or a length is Unknown, or `apply_if` is anything but True.
    """
    entity = args.get("entity")
    if entity is None or ("apply_if" in args and args["apply_if"] is not True):
        return ()
    at_ms = at_of(event_id)
    lengths = {key: args[key] for key in _LENGTHS if key in args}
    if not all(isinstance(length, int) for length in lengths.values()):
        return ()
    delay, length = (_ms(lengths.get(key)) for key in ("delay_action_by", "expires_after"))
    starts_at = at_ms + delay if delay else 0
    return tuple(
        LabelChange(
            entity=Entity(str(args[ENTITY_TYPE]), as_text(entity)),
            label=str(args["label"]),
            status=LABEL_EFFECTS[name],
            reason=reason.by,
            description=reason.description,
            expires_at=None if length is None else (starts_at or at_ms) + length,
            starts_at=starts_at,
        )
        for reason in reasons
    )


def _ms(length: object) -> int | None:
    return length if isinstance(length, int) else None
