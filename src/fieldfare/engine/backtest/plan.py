"""What a backtest is to do: the candidate, what else held then, and the span of the log."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from fieldfare.engine.in_force import vocabulary
from fieldfare.engine.lake import Lake
from fieldfare.kernel import EventId, Org
from fieldfare.policies import PolicyPack, load_pack
from fieldfare.rules import RuleSet, load_rule_set

Lists = Mapping[str, frozenset[str]]


class OpensLake(Protocol):
    """Opens the lake where the work is done; a value that pickles."""

    def __call__(self) -> Lake: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsSince:
    """The named lists as they were from an event on."""

    since: EventId
    lists: Lists


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A backtest to run. The candidate judges every event with after < id <= up_to.

    files: the candidate's. policies: the pack it is compiled against, by file. lists: how they
    stood, oldest first; list_names: all there are. until: up to where decisions, views and people's
    verdicts are read, to see what came of the events.
    """

    org: Org
    files: Mapping[str, str]
    policies: Mapping[str, str]
    after: EventId
    up_to: EventId
    until: EventId
    lists: Sequence[ListsSince] = field(default=())
    list_names: frozenset[str] = frozenset()

    def __getstate__(self) -> dict[str, object]:
        """Leave out what each process makes for itself."""
        own = ("rules", "pack", "_since")
        return {key: value for key, value in self.__dict__.items() if key not in own}

    @cached_property
    def pack(self) -> PolicyPack:
        return load_pack(self.policies["policies.yaml"])

    @cached_property
    def rules(self) -> RuleSet:
        """The compiled candidate. Raises RuleSetDoesNotCompile with every problem."""
        names = self.list_names.union(*(each.lists for each in self.lists))
        return load_rule_set(self.files, vocabulary=vocabulary(self.pack, names))

    @cached_property
    def _since(self) -> list[EventId]:
        return [each.since for each in self.lists]

    def lists_at(self, event_id: EventId) -> tuple[Lists, EventId]:
        """Give the lists as an event saw them, and the id after which others hold."""
        place = bisect_right(self._since, event_id - 1)
        ends = self._since[place] if place < len(self._since) else EventId(2**63 - 1)
        return (self.lists[place - 1].lists if place else {}), ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A stretch of the span: after < id <= up_to."""

    after: EventId
    up_to: EventId
