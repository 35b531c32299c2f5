"""Commands that run rule tests and explain what rules make of one event."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.rule_checking import compiled
from fieldfare.kernel import BadInput, did_you_mean

if TYPE_CHECKING:
    from fieldfare.rules import CaseReport


def test_rules(folder: Path, *, pack: str, only: str, as_json: bool) -> bool:
    """Run the rule tests of a folder and print what differs; True if all is as expected."""
    from fieldfare.rules import is_case_file, run_cases

    sources, rules, words = compiled(folder, pack=pack)
    if not any(map(is_case_file, sources)):
        hint = "Rule tests are YAML files in its folder `tests`; see docs/how-to/test-rules.md."
        raise BadInput(f"{folder} has no rule tests", hint=hint)
    report = run_cases(rules, sources, words, only=only)
    if not report.results:
        raise BadInput(f"no rule test is called {only!r}", hint="Leave out -k to run all.")
    _print_report(report, as_json=as_json)
    return not report.failed


def explain_event(folder: Path, event: Path, *, pack: str, rule: str, as_json: bool) -> None:
    """Print of every rule, or of one, what it makes of an event and why."""
    import msgspec

    from fieldfare.rules import explanation_lines, play, read_event

    _, rules, words = compiled(folder, pack=pack)
    try:
        written = json.loads(event.read_text("utf-8"))
    except (OSError, ValueError) as e:
        raise BadInput(f"{event} is no JSON: {e}", hint="Give a file with one event.") from e
    if not isinstance(written, dict):
        raise BadInput(f"{event} holds no event", hint="An event is a JSON object with a kind.")
    names = [info.name for info in rules.rules]
    if rule and rule not in names:
        raise BadInput(f"there is no rule {rule!r}", hint=did_you_mean(rule, names))
    _, explained = play(rules, read_event(written, words, where=str(event)))
    if as_json:
        print_json(msgspec.to_builtins(explained))
        return
    for line in explanation_lines(explained, only=rule):
        print_line(line)


def _print_report(report: "CaseReport", *, as_json: bool) -> None:
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(report))
        return
    for result in report.results:
        if not result.passed:
            print_line(f"{result.file}:{result.line}: {result.name}")
            for difference in result.differences:
                print_line(f"  {difference}")
    failed, all_of_them = len(report.failed), len(report.results)
    print_line(f"{all_of_them - failed} of {all_of_them} rule tests pass")
    if report.untested:
        print_line(f"no test makes these rules fire: {', '.join(report.untested)}")
