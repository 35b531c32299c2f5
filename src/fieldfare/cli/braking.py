"""The commands that keep rules in check: quotas and snoozes."""

from pathlib import Path

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import reach
from fieldfare.kernel import BadInput
from fieldfare.kernel.routes import route


def list_quotas(home: Path | None, *, as_json: bool) -> None:
    """List the quotas in force with what was done under them."""
    with reach(home) as call:
        told = call("GET", "/v1/quotas")
    if as_json:
        print_json(told)
        return
    columns = ("rule", "action", "per_minute", "used_this_minute", "per_day", "used_today")
    print_table((*columns, "tripped_today"), told["quotas"], empty="no quotas are set")


def put_quota(
    home: Path | None,
    rule: str,
    action: str,
    *,
    per_minute: int | None,
    per_day: int | None,
    lift: bool,
) -> None:
    """Set a quota or lift it. Raises BadInput where both are asked for."""
    given = {"per_minute": per_minute, "per_day": per_day}
    bounds = {name: most for name, most in given.items() if most is not None}
    if lift and bounds:
        raise BadInput("a quota is set or lifted, not both", hint="Leave out --lift.")
    with reach(home) as call:
        if lift:
            call("DELETE", route("/v1/quotas/{}/{}", rule, action))
            print_line(f"{rule} may {action} as often as it likes")
            return
        call("PUT", "/v1/quotas", {"rule": rule, "action": action, **bounds})
    words = {"per_minute": "a minute", "per_day": "a day"}
    told = " and ".join(f"{most} times {words[name]}" for name, most in bounds.items())
    print_line(f"{rule} may {action} {told}; beyond that a person is asked")


def list_snoozes(home: Path | None, *, as_json: bool) -> None:
    """List the snoozes that last beyond now."""
    with reach(home) as call:
        told = call("GET", "/v1/snoozes")
    if as_json:
        print_json(told)
        return
    rows = [{**row, "entity": _written(row["entity"])} for row in told["snoozes"]]
    columns = ("id", "rule", "entity", "until", "held", "awake", "by", "reason")
    print_table(columns, rows, empty="no rule is snoozed")


def snooze(home: Path | None, rule: str, entity: str, *, length: str, reason: str) -> None:
    """Let a rule be silent about an entity. Raises BadInput for an entity or length that is
    none.
    """
    kind, colon, host_id = entity.partition(":")
    if not (kind and colon and host_id):
        raise BadInput(f"{entity!r} is no entity", hint="Write KIND:ID, as in account:ana.")
    body = {
        "rule": rule,
        "entity": {"kind": kind, "host_id": host_id},
        "for": length,
        "reason": reason,
    }
    with reach(home) as call:
        made = call("POST", "/v1/snoozes", body)
    about = _written(made["entity"])
    print_line(f"{rule} is silent about {about} until {made['until']} (snooze {made['id']})")


def wake(home: Path | None, snooze_id: str) -> None:
    """End a snooze early."""
    with reach(home) as call:
        call("DELETE", route("/v1/snoozes/{}", snooze_id))
    print_line(f"snooze {snooze_id} has ended")


def _written(entity: dict[str, str]) -> str:
    return f"{entity['kind']}:{entity['host_id']}"
