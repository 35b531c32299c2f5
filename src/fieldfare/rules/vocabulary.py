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
    `at_high_confidence`. strike_points: what a strike under it counts. alternatives: what a
    reviewer may choose instead; account: what befalls the author's account.
    """

    code: str
    severity: str
    at_high_confidence: tuple[Restriction, ...] = ()
    on_match: tuple[Restriction, ...] = ()
    on_confirm: tuple[Restriction, ...] = ()
    queue: str = ""
    review: bool = False
    strike_points: int = 0
    alternatives: tuple[Restriction, ...] = ()
    account: tuple[Restriction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KindParam:
    """A parameter of a kind of restriction, as rules give it.

    choices: the words it may be, empty for any; many: a list of them; number: a whole number.
    """

    name: str
    choices: tuple[str, ...] = ()
    many: bool = False
    number: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """A kind of restriction the effect Restrict can ask for. on: "item", "account" or both.

    order: how grave it is; closes: whether nothing of it is shown any more.
    """

    name: str
    on: frozenset[str]
    params: tuple[KindParam, ...] = ()
    order: int = 0
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names a rule set is checked against. kinds: of restrictions, for Restrict. banks:
    None where it is not known which there are, and names of banks are not checked.

    policies: code -> terms; facts: name -> "float" | "int" | "str" | "bool" | "list" | "dict".
    functions: the standard ones and those that installed packages bring.
    """

    policies: Mapping[str, PolicyTerms]
    facts: Mapping[str, str]
    lists: frozenset[str]
    queues: frozenset[str]
    event_kinds: frozenset[str]
    restriction_kinds: frozenset[str]
    kinds: Mapping[str, KindTerms] = field(default_factory=dict)
    banks: frozenset[str] | None = None
    functions: Mapping[str, AnyFunction] = field(default_factory=known_functions)
