"""Commands that run rule tests and explain what rules make of one event."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.rule_checking import sources
from fieldfare.kernel import BadInput, NotFound, did_you_mean

if TYPE_CHECKING:
    from fieldfare.cli.rule_footing import Footing
    from fieldfare.rules import CaseReport


def test_rules(folder: Path, by: "Footing", *, only: str, as_json: bool) -> bool:
    """Run the rule tests of a folder and print what differs; True if all is as expected.

    Lists and banks that the tests bring along count as known.
    """
    from fieldfare.rules import is_case_file, load_rule_set, run_cases
    from fieldfare.rules.given_names import with_given

    found = sources(folder)
    files = [name for name in found if is_case_file(name)]
    if not files:
        hint = "Rule tests are YAML files in its folder `tests`; see docs/how-to/test-rules.md."
        raise BadInput(f"{folder} has no rule tests", hint=hint)
    rules = load_rule_set(found, vocabulary=with_given(by.words, found))
    report = run_cases(rules, found, by.words, only=only)
    if not report.results and only:
        raise BadInput(f"no rule test is called {only!r}", hint="Leave out -k to run all.")
    if not report.results:
        hint = "Start each case with `- name: ...`; see docs/how-to/test-rules.md."
        raise BadInput(f"no case stands in {', '.join(files)} of {folder}", hint=hint)
    _print_report(report, as_json=as_json)
    return not report.failed


def explain_event(folder: Path, event: Path, by: "Footing", *, rule: str, as_json: bool) -> None:
    """Print of every rule, or of one, what it makes of an event and why.

    Lists are as in force, unless the event comes with its own.
    """
    import msgspec

    from fieldfare.rules import explanation_lines, load_rule_set, play, read_event
    from fieldfare.rules.case_names import unknown_names
    from fieldfare.rules.given_names import with_given

    written = {"lists": by.lists, **_written_event(event)}
    found = sources(folder)
    words = with_given(by.words, found, written)
    rules = load_rule_set(found, vocabulary=words)
    names = [info.name for info in rules.rules]
    if rule and rule not in names:
        raise BadInput(f"there is no rule {rule!r}", hint=did_you_mean(rule, names))
    case = read_event(written, words, where=str(event))
    for unknown in unknown_names(case, rules, words):
        raise BadInput(f"{event}: {unknown}")
    _, explained = play(rules, case)
    if as_json:
        print_json(msgspec.to_builtins(explained))
        return
    for line in explanation_lines(explained, only=rule):
        print_line(line)


def _written_event(file: Path) -> dict[str, Any]:
    """Read a file with an event, bare or with what a case has beside it."""
    if not file.is_file():
        raise NotFound(f"no file {file}", hint="Give a JSON file with one event.")
    try:
        written = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as e:
        raise BadInput(f"{file} is no JSON: {e}", hint="Give a file with one event.") from e
    if not isinstance(written, dict):
        raise BadInput(f"{file} holds no event", hint="An event is a JSON object with a kind.")
    return written if "event" in written else {"event": written}


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
