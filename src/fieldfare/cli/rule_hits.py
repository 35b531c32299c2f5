"""Commands that show what rules hit."""

from pathlib import Path
from typing import Any

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import reach
from fieldfare.kernel.routes import route

MEASURES = ("rule", "hits", "novel", "errors", "actions", "judged", "precision")


def show_shadow(version: str, *, days: int, against: str, as_json: bool, home: Path | None) -> None:
    """Show what a version would have done beside another."""
    with reach(home) as call:
        beside = {"against": against} if against else {}
        told = call("GET", route("/v1/rule-versions/{}/shadow", version, days=days, **beside))
    if as_json:
        print_json(told)
        return
    span = f"{told['from'][:10]} to {told['to'][:10]}, of which it ran {told['ran_days']:.1f} days"
    print_line(f"{span}; against {told['against'][:12] or '-'}")
    if told["problem"]:
        print_line(f"it does not run now, since it does not compile: {told['problem']}")
    print_table(MEASURES, [_row(rule) for rule in told["rules"]], empty="no hits")
    if told["overlap"]:
        print_line("")
        print_table(("rule", "other", "both"), told["overlap"], empty="")
    if told["queues"]:
        print_line("")
        rows = [{**load, "day": load["day"][:10]} for load in told["queues"]]
        print_table(("day", "queue", "items"), rows, empty="")
        print_line("")
        print_table(
            ("queue", "items", "a_day"),
            [_rate(each, told["problem"]) for each in told["rates"]],
            empty="",
        )


def show_hits(rule: str, *, days: int, as_json: bool, home: Path | None) -> None:
    """Show what rules hit as they decided: one of them by day, or all."""
    with reach(home) as call:
        one = route("/v1/rules/{}/hits", rule, days=days) if rule else ""
        told = call("GET", one or route("/v1/rules/hits", days=days))
    if as_json:
        print_json(told)
        return
    rules = [told] if rule else told["rules"]
    print_table(MEASURES, [_row(each) for each in rules], empty="no hits")
    if rule:
        rows = [{"day": day["at"][:10], "hits": day["hits"]} for day in told["days"]]
        print_table(("day", "hits"), rows, empty="no hits")


def _rate(rate: dict[str, Any], problem: str) -> dict[str, Any]:
    per_day = rate["per_day"]
    if per_day is not None:
        return {**rate, "a_day": f"{per_day:.1f}"}
    return {**rate, "a_day": "does not run" if problem else "ran for less than a day"}


def _row(rule: dict[str, Any]) -> dict[str, Any]:
    actions = ", ".join(f"{name or 'nothing'} {n}" for name, n in rule["actions"].items())
    precision = "-"
    if rule["precision"] is not None:
        low, high = rule["interval"]
        precision = f"{rule['precision']:.0%} ({low:.0%} to {high:.0%})"
    return {**rule, "actions": actions, "precision": precision}
