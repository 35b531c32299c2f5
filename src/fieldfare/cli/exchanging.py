"""`fieldfare exchange`: setting exchanges up, fetching from them, telling them.

Credentials are read from a file or the environment, so that none is in a shell's history or in the
list of processes.
"""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import Call, Json, reach
from fieldfare.kernel import BadInput, Conflict, NotFound
from fieldfare.kernel.routes import route

TURNS, TURN_S = 600, 1.0
"""How often, and after how long, a fetch is asked for that has to wait for another."""


def list_apis(home: Path | None, *, as_json: bool) -> None:
    """List the kinds, with their settings and credentials."""
    with reach(home) as call:
        told = call("GET", "/v1/exchanges/apis")
    if as_json:
        print_json(told)
        return
    for api in told["apis"]:
        print_line(f"{api['name']}: {api['title']}")
        for kind in ("config", "credentials"):
            for each in api[kind]:
                wanted = ", needed" if each["required"] else ""
                choices = f" One of: {', '.join(each['choices'])}." if each["choices"] else ""
                print_line(f"  {kind[:6]:6}  {each['name']}{wanted}: {each['help']}{choices}")


def add(
    home: Path | None,
    wanted: Mapping[str, object],
    settings: Sequence[str],
    credentials: Sequence[str],
) -> None:
    """Set an exchange up."""
    body = {**wanted, "config": _pairs(settings), "credentials": _secrets(credentials)}
    with reach(home) as call:
        _tell_one(call("POST", "/v1/exchanges", body))


def change(
    home: Path | None,
    name: str,
    changes: Mapping[str, object],
    settings: Sequence[str],
    credentials: Sequence[str],
) -> None:
    """Change what is given. Raises BadInput if nothing is."""
    given: dict[str, object] = {key: value for key, value in changes.items() if value is not None}
    if settings:
        given["config"] = _pairs(settings)
    if credentials:
        given["credentials"] = _secrets(credentials)
    if not given:
        raise BadInput(f"nothing to change about {name!r}", hint="See `exchange change --help`.")
    with reach(home) as call:
        _tell_one(call("PATCH", route("/v1/exchanges/{}", name), given))


def list_exchanges(home: Path | None, *, as_json: bool) -> None:
    """List the exchanges."""
    with reach(home) as call:
        told = call("GET", "/v1/exchanges")
    if as_json:
        print_json(told)
        return
    columns = ("name", "api", "enabled", "state", "records", "succeeded_at", "error")
    print_table(columns, told["exchanges"], empty="no exchanges yet")


def show(home: Path | None, name: str, *, as_json: bool) -> None:
    """Show one."""
    with reach(home) as call:
        told = call("GET", route("/v1/exchanges/{}", name))
    if as_json:
        print_json(told)
        return
    _tell_one(told)
    print_line(f"records {told['records']:,}, known up to {told['checkpoint_at'] or 'nothing yet'}")
    print_line(f"last fetched well {told['succeeded_at'] or 'never'}")
    for problem in [told["error"], *told["problems"]]:
        if problem:
            print_line(f"  {problem}")


def try_credentials(home: Path | None, name: str) -> None:
    """Ask the service who we are."""
    with reach(home) as call:
        told = call("POST", route("/v1/exchanges/{}/test", name))
    print_line(f"{name}: {told['told']}")


def fetch(home: Path | None, name: str, *, dry_run: bool, anew: bool, as_json: bool) -> None:
    """Fetch to the end, call by call; a dry run looks as far as one call goes."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    with reach(home) as call:
        told = _in_turn(call, name, dry_run=dry_run, anew=anew)
        counts.update(told["counts"])
        problems += told["problems"]
        while told["more"] and not dry_run:
            told = _fetched(call, name, dry_run=False, anew=False)
            counts.update(told["counts"])
            problems += told["problems"]
    if as_json:
        whole = {"name": name, "dry_run": dry_run, "more": told["more"]}
        print_json({**whole, "counts": dict(counts), "problems": problems[:10]})
        return
    would = "would be " if dry_run else ""
    did = ", ".join(f"{number:,} {would}{what}" for what, number in counts.items() if number)
    print_line(f"{name}: {did or 'nothing new'}{'; there is more' if told['more'] else ''}")
    for problem in problems[:10]:
        print_line(f"  {problem}")


def confirm(home: Path | None, name: str, *, entries: int) -> None:
    """Let entries go whose removal was held back."""
    with reach(home) as call:
        told = call("POST", route("/v1/exchanges/{}/confirm", name), {"entries": entries})
    print_line(f"{name}: {told['removed']:,} entries removed")


def tell(home: Path | None, name: str) -> None:
    """Tell what our reviewers found."""
    with reach(home) as call:
        told = call("POST", route("/v1/exchanges/{}/opinions", name))
    print_line(f"{name}: {told['told']} opinions told, {told['not_taken']} not taken")


def remove(home: Path | None, name: str, *, entries: bool) -> None:
    """Remove an exchange."""
    path = route("/v1/exchanges/{}", name) + ("?entries=true" if entries else "")
    with reach(home) as call:
        call("DELETE", path)
    print_line(f"exchange {name} removed{', with what it shared' if entries else ''}")


def _fetched(call: Call, name: str, *, dry_run: bool, anew: bool) -> Json:
    body = {"dry_run": dry_run, "anew": anew}
    return call("POST", route("/v1/exchanges/{}/fetch", name), body)


def _in_turn(call: Call, name: str, *, dry_run: bool, anew: bool) -> Json:
    """Fetch, after what the server itself is fetching."""
    for _ in range(TURNS):
        try:
            return _fetched(call, name, dry_run=dry_run, anew=anew)
        except Conflict:
            time.sleep(TURN_S)
    return _fetched(call, name, dry_run=dry_run, anew=anew)


def _tell_one(told: Json) -> None:
    set_up = ", ".join(f"{key}={value}" for key, value in told["config"].items())
    state = told["state"] if told["enabled"] else "disabled"
    print_line(f"exchange {told['name']}: {told['api']} {set_up}, {state}")
    print_line(f"credentials set: {', '.join(told['credentials']) or 'none'}")


def _pairs(given: Sequence[str]) -> dict[str, str]:
    """Read NAME=VALUE. Raises BadInput for one without a name."""
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise BadInput(f"{text!r} is no setting", hint="Write --set NAME=VALUE.")
        pairs[name] = value
    return pairs


def _secrets(given: Sequence[str]) -> dict[str, str]:
    """Read credentials from files (@) and variables ($). Raises BadInput without saying any."""
    secrets = {}
    for text in given:
        name, _, source = text.partition("=")
        if source.startswith("@"):
            path = Path(source[1:])
            if not path.is_file():
                raise NotFound(f"no file {path}", hint="Check the path.")
            secrets[name] = path.read_text("utf-8").strip()
        elif source.startswith("$") and source[1:] in os.environ:
            secrets[name] = os.environ[source[1:]].strip()
        else:
            hint = "Write --credential NAME=@FILE, or 'NAME=$VARIABLE' of a variable that is set."
            raise BadInput("a credential is read from a file or a variable", hint=hint)
    return secrets
