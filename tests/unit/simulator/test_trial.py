"""The rules that the demo tries in the shadow."""

from fieldfare.engine.in_force import vocabulary
from fieldfare.installation import pack_files
from fieldfare.policies import load_pack
from fieldfare.rules import load_rule_set
from fieldfare.rules.cases import run_cases
from fieldfare.simulator.trial import trial_rules


def test_the_trial_compiles_and_passes_its_own_tests() -> None:
    pack = load_pack(pack_files("default").policies["policies.yaml"])
    words = vocabulary(pack, frozenset())
    files = trial_rules()

    rules = load_rule_set(files, vocabulary=words)
    report = run_cases(rules, files, words)

    assert {"FiveSaidTheSame", "NewAccountTalksALot"} <= {rule.name for rule in rules.rules}
    assert list(report.failed) == []
    assert report.untested == ()
    assert rules.warnings == ()
