"""What a rule set may name: policies, facts, lists, queues, event kinds, kinds of restriction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldfare.records import Restriction
from fieldfare.rules.extensions import known_functions
from fieldfare.rules.signatures import AnyFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """What a policy asks for at each stage, as the pack in force says.

    at_high_confidence: when a machine is sure; on_match: with a match in a vetted bank;
    on_confirm: once confirmed. queue: where its cases go. review: whether a case accompanies
    `at_high_confidence`.
    """

    code: str
    severity: str
    at_high_confidence: tuple[Restriction, ...] = ()
    on_match: tuple[Restriction, ...] = ()
    on_confirm: tuple[Restriction, ...] = ()
    queue: str = ""
    review: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names a rule set is checked against.

    policies: code -> terms; facts: name -> "float" | "int" | "str" | "bool" | "list" | "dict".
    functions: the standard ones and those that installed packages bring.
    """

    policies: Mapping[str, PolicyTerms]
    facts: Mapping[str, str]
    lists: frozenset[str]
    queues: frozenset[str]
    event_kinds: frozenset[str]
    restriction_kinds: frozenset[str]
    functions: Mapping[str, AnyFunction] = field(default_factory=known_functions)
