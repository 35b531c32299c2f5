"""The commands that change or list what an installation holds."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import must_be_files, reach
from fieldfare.kernel import BadInput, did_you_mean, utf8_text
from fieldfare.kernel.routes import route


def import_list(home: Path | None, file: Path, *, name: str, lexicon: bool) -> None:
    """Import a list or lexicon."""
    must_be_files([file])
    text = utf8_text(file.read_bytes(), name=str(file))
    with reach(home) as call:
        told = call("POST", "/v1/lists", {"name": name, "text": text, "lexicon": lexicon})
    kind = "lexicon" if lexicon else "list"
    count = f"{told['terms']} terms"
    print_line(f"{kind} {told['name']}: {count}, in force since {told['since']}")


def list_lists(home: Path | None, *, as_json: bool) -> None:
    """List what is in force."""
    with reach(home) as call:
        told = call("GET", "/v1/lists")
    if as_json:
        print_json(told)
    else:
        rows = [
            {**each, "in_force": _in_force(each), "hash": each["hash"][:12]}
            for each in told["lists"]
        ]
        print_table(("name", "kind", "since", "in_force", "hash"), rows, empty="no lists yet")
        for each in rows:
            if each["problem"]:
                print_line(f"{each['name']} cannot be read: {each['problem']}")


def _in_force(told: Mapping[str, object]) -> str:
    """Say which version of a list runs: one that cannot be read keeps its last good one."""
    if not told["problem"]:
        return "the newest"
    return f"the older one of {told['runs_since']}" if told["runs_since"] else "none"


def add_webhook(home: Path | None, webhook: Mapping[str, object]) -> None:
    """Register a webhook; the secret is printed once."""
    with reach(home) as call:
        told = call("POST", "/v1/webhooks", dict(webhook))
    print_line(f"webhook {told['id']} -> {told['url']}")
    print_line(f"secret {told['secret']}")


def list_webhooks(home: Path | None, *, as_json: bool) -> None:
    """List the webhooks."""
    with reach(home) as call:
        told = call("GET", "/v1/webhooks")
    if as_json:
        print_json(told)
    else:
        print_table(("id", "url", "kinds", "enabled"), told["webhooks"], empty="no webhooks yet")


def rotate_webhook(home: Path | None, webhook_id: str) -> None:
    """Draw a fresh secret; it is printed once, and the one before still signs beside it."""
    with reach(home) as call:
        told = call("POST", route("/v1/webhooks/{}/secret", webhook_id))
    print_line(f"webhook {told['id']}: the secret before it signs too until the next rotation")
    print_line(f"secret {told['secret']}")


def remove_webhook(home: Path | None, webhook_id: str) -> None:
    """Remove a webhook."""
    with reach(home) as call:
        call("DELETE", route("/v1/webhooks/{}", webhook_id))
    print_line(f"webhook {webhook_id} removed")


def create_key(home: Path | None, scopes: Sequence[str], *, note: str) -> None:
    """Make an API key; it is printed once. Raises BadInput for a scope there is none of."""
    from fieldfare.access import Scope

    _must_be_known("scope", scopes, Scope)
    with reach(home) as call:
        told = call("POST", "/v1/keys", {"scopes": list(scopes), "note": note})
    print_line(str(told["key"]))


def list_keys(home: Path | None, *, as_json: bool) -> None:
    """List the API keys, without their secrets."""
    with reach(home) as call:
        told = call("GET", "/v1/keys")
    if as_json:
        print_json(told)
    else:
        columns = ("id", "scopes", "note", "revoked_at")
        print_table(columns, told["keys"], empty="no keys yet")


def list_people(home: Path | None, *, as_json: bool) -> None:
    """List who signs in, by pseudonym."""
    with reach(home) as call:
        told = call("GET", "/v1/people")
    if as_json:
        print_json(told)
    else:
        print_table(("pseudonym", "roles", "enabled"), told["people"], empty="nobody yet")


def revoke_key(home: Path | None, key_id: str) -> None:
    """End an API key."""
    with reach(home) as call:
        call("DELETE", route("/v1/keys/{}", key_id))
    print_line(f"key {key_id} revoked")


def add_person(home: Path | None, name: str, roles: Sequence[str]) -> None:
    """Make an account; the password is printed once. Raises BadInput for no known role."""
    from fieldfare.access import RoleName

    _must_be_known("role", roles, RoleName)
    with reach(home) as call:
        told = call("POST", "/v1/people", {"name": name, "roles": list(roles)})
    print_line(f"{told['name']} signs in with {told['password']}")


def renew_password(home: Path | None, name: str) -> None:
    """Draw a new password; it is printed once."""
    with reach(home) as call:
        told = call("POST", route("/v1/people/{}/password", name))
    print_line(f"{told['name']} signs in with {told['password']}")


def erase(home: Path | None, account: str) -> None:
    """Erase an account's data."""
    with reach(home) as call:
        told = call("POST", "/v1/erasures", {"account": account})
    print_line(f"erased: {told['payloads']} payloads, event {told['event_id']}")


def _must_be_known(what: str, given: Sequence[str], known: Iterable[str]) -> None:
    names = [str(each) for each in known]
    for name in given:
        if name not in names:
            listed = f"There are: {', '.join(names)}."
            hint = " ".join(filter(None, (did_you_mean(name, names), listed)))
            raise BadInput(f"there is no {what} {name!r}", hint=hint)
