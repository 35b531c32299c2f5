"""What has to be gathered before the rules of an event run: whose labels they ask for.

In: the entities that the lowered rules of a kind ask about, in the order of their answers. Out: a
compiled function of the event that names them, None where an entity is Unknown, and gives what
threw.
"""

from typing import Final

from fieldfare.rules.code_writer import CodeWriter
from fieldfare.rules.labels import Entity
from fieldfare.rules.lowering import Lowering, place_of
from fieldfare.rules.operands import conjunction, literal
from fieldfare.rules.values import as_text

ASK_PARAMS: Final = "event_id, data, facts"


def asks_of(rules: Lowering) -> tuple[CodeWriter, Lowering]:
    """Write the function that names the entities whose labels the lowered rules ask for."""
    writer = CodeWriter()
    lowering = type(rules)(rules.folder, writer)
    make, text = writer.bind(Entity), writer.bind(as_text)
    writer.line("errors = []")
    variables = []
    for node in rules.asked:
        operand = lowering.needed(node)
        entity = f"{make}({literal(node.type.entity)}, {text}({operand.code}))"
        if operand.guards:
            entity = f"{entity} if {conjunction(operand.guards)} else None"
        variables.append(writer.emit(entity, place_of(node)))
    writer.line(f"return ({''.join(f'{variable}, ' for variable in variables)}), errors")
    return writer, lowering
