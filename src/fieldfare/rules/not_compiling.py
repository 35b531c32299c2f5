"""What stands in for a version of the rules that is in force and does not compile.

In: its files, and why they do not compile. Out: a RuleSet of the same hash that has no rules and
decides nothing: of every event it says that nothing could be judged, so that what fails closed
holds and nothing passes for allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fieldfare.kernel import FieldfareError
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.manifest import read_manifest
from fieldfare.rules.outcomes import ANY_POLICY, Occurrence, Outcome
from fieldfare.rules.problems import ProblemList
from fieldfare.rules.program import ENTRY, check
from fieldfare.rules.rule_set import RuleSet
from fieldfare.rules.tallies import Figure
from fieldfare.rules.vocabulary import Vocabulary

_UNDECIDED: Final = Outcome(errors=(f"{ENTRY}: does not compile",), undecided=(ANY_POLICY,))


class NotCompiling(RuleSet):
    """A rule set that leaves everything undecided. why: what keeps its files from compiling."""

    def __init__(
        self, sources: Mapping[str, str], vocabulary: Vocabulary, why: FieldfareError
    ) -> None:
        empty = check({ENTRY: ""}, vocabulary)
        # Labels by hand go on to be checked by what the files declare, as far as they can be read.
        manifest = read_manifest(sources, ProblemList(sources))
        super().__init__(sources, replace(empty, manifest=manifest), vocabulary)
        self.why = why

    def judge(
        self,
        event: Occurrence,
        counts: Sequence[Figure],
        lists: Mapping[str, frozenset[str]],
        labels: Sequence[EntityLabels | None],
        *,
        explained: bool = True,
        thrown: Sequence[str] = (),
    ) -> Outcome:
        """Say that nothing could be decided, whatever the event."""
        del event, counts, lists, labels, explained, thrown
        return _UNDECIDED
