"""The language of rules: texts are checked and compiled to one plain function per event kind.

In: `.sml` files and a Vocabulary. Out: a RuleSet with two pure functions, what an event does to
the counters and what comes of it, so that live, backtest and replay run the same code.
"""

from fieldfare.rules.case_files import is_case_file, read_event
from fieldfare.rules.cases import CaseReport, CaseResult, play, run_cases
from fieldfare.rules.counters import Counter, CounterStore, CounterUpdate
from fieldfare.rules.explaining import ConditionTrace, Explanation, RuleTrace
from fieldfare.rules.explanations_text import explanation_lines
from fieldfare.rules.graph import Graph, GraphEdge, GraphNode
from fieldfare.rules.manifest import MANIFEST, Manifest, Semantics
from fieldfare.rules.not_compiling import NotCompiling
from fieldfare.rules.outcomes import ANY_POLICY, NO_POLICY, Occurrence, Outcome, RuleInput
from fieldfare.rules.problems import Problem, RuleSetDoesNotCompile
from fieldfare.rules.rule_set import Needs, RuleInfo, RuleSet, load_rule_set
from fieldfare.rules.running import Running
from fieldfare.rules.signatures import CallSite, Fixed, Function, Milliseconds, function
from fieldfare.rules.source_files import read_folder
from fieldfare.rules.vocabulary import PolicyTerms, Vocabulary

__all__ = [
    "ANY_POLICY",
    "MANIFEST",
    "NO_POLICY",
    "CallSite",
    "CaseReport",
    "CaseResult",
    "ConditionTrace",
    "Counter",
    "CounterStore",
    "CounterUpdate",
    "Explanation",
    "Fixed",
    "Function",
    "Graph",
    "GraphEdge",
    "GraphNode",
    "Manifest",
    "Milliseconds",
    "Needs",
    "NotCompiling",
    "Occurrence",
    "Outcome",
    "PolicyTerms",
    "Problem",
    "RuleInfo",
    "RuleInput",
    "RuleSet",
    "RuleSetDoesNotCompile",
    "RuleTrace",
    "Running",
    "Semantics",
    "Vocabulary",
    "explanation_lines",
    "function",
    "is_case_file",
    "load_rule_set",
    "play",
    "read_event",
    "read_folder",
    "run_cases",
]
