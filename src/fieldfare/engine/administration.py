"""Administration: what an operator changes, each change an event on the log in the same
transaction.

Lists, packs and webhooks; banks are changed in `banks`, rule sets are moved in `rule_moves`.
Nothing here decides about an item: the evaluator sees the event, reads what is in force anew and
goes on with it from that id.
"""

from collections.abc import Mapping

from fieldfare.enforcement import rotated
from fieldfare.engine.compiling import Compiler
from fieldfare.engine.in_force import POLICIES
from fieldfare.engine.rule_checks import Checks
from fieldfare.engine.rule_moves import override
from fieldfare.engine.unit import StoredVersion, UnitOfWork
from fieldfare.kernel import (
    Conflict,
    EventId,
    JsonValue,
    NotFound,
    Org,
    digest,
)
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.lists import parse_lexicon, parse_list
from fieldfare.matching.repositories import (
    LEXICON,
    NAMED_LIST,
    ListRecord,
)
from fieldfare.policies import PolicyPack, load_pack
from fieldfare.records import NewEvent, Subject, Webhook
from fieldfare.rules import RuleSet
from fieldfare.signals.text import TextSignal


def note(
    uow: UnitOfWork,
    org: Org,
    kind: str,
    subject: Subject,
    *,
    data: Mapping[str, JsonValue],
    by: str,
) -> EventId:
    """Write what an operator did on the log; `by` is a pseudonym."""
    event = NewEvent(kind=kind, subject=subject, data={**data, "by": by})
    return uow.log.append(org, event).id


def put_list(uow: UnitOfWork, org: Org, name: str, text: str, *, lexicon: bool, by: str) -> EventId:
    """Import a list or lexicon as a new version. Raises BadInput naming the line that is wrong.

    Raises UnknownPolicy for a lexicon of a policy the pack does not have, Conflict for a lexicon
    under the name of a list, or a list under that of a lexicon.
    """
    count_terms(name, text, lexicon=lexicon)
    if lexicon:
        _must_suit_the_pack(uow, org, name, text)
    kind = LEXICON if lexicon else NAMED_LIST
    for known in uow.lists.current(org, as_of=LAST_ID):
        if known.name == name and known.kind != kind:
            raise Conflict(
                f"{name!r} is a {known.kind}, and this is a {kind}",
                hint=f"Import it under another name, or as a {known.kind} "
                + ("with --lexicon." if known.kind == LEXICON else "without --lexicon."),
                pointer="/name",
            )
    content = digest([name, text])
    event_id = note(uow, org, "list.changed", Subject("list", name), data={"hash": content}, by=by)
    record = ListRecord(
        org=org,
        name=name,
        kind=kind,
        text=text,
        hash=content,
        since=event_id,
    )
    uow.lists.put(record)
    return event_id


def count_terms(name: str, text: str, *, lexicon: bool) -> int:
    """Read a list or lexicon and count what it holds. Raises BadInput naming the line."""
    read = parse_lexicon(name, text) if lexicon else parse_list(name, text)
    return len(read.entries)


def _must_suit_the_pack(uow: UnitOfWork, org: Org, name: str, text: str) -> None:
    """Raise UnknownPolicy for a lexicon the evaluator could not go on with.

    It alone is looked at: another list that cannot be read must not stand in the way of its repair.
    """
    pack = uow.versions.in_force(org, POLICIES, as_of=LAST_ID)
    if pack is not None:
        TextSignal([parse_lexicon(name, text)], load_pack(pack.files["policies.yaml"]))


def activate_pack(uow: UnitOfWork, org: Org, files: Mapping[str, str], *, by: str) -> PolicyPack:
    """Check a policy pack and put it in force."""
    pack = load_pack(files["policies.yaml"])
    data: dict[str, JsonValue] = {"hash": pack.hash, "name": pack.name, "version": pack.version}
    event_id = note(uow, org, "pack.activated", Subject("pack", pack.name), data=data, by=by)
    uow.versions.put(
        StoredVersion(org=org, kind=POLICIES, hash=pack.hash, files=dict(files), since=event_id)
    )
    return pack


def activate_rules(
    uow: UnitOfWork, org: Org, files: Mapping[str, str], pack: PolicyPack, *, by: str
) -> RuleSet:
    """Put a rule set live at once, as at `init`; a broken one is refused as a whole."""
    checks = Checks(Compiler())
    made = checks.checked(checks.surroundings(uow, org), files)
    if made.pack != pack.hash:
        raise Conflict("the rules are for another pack", hint="Activate that pack first.")
    override(uow, org, made, by=by, note="")
    return made.rules


def put_webhook(uow: UnitOfWork, webhook: Webhook, *, by: str) -> None:
    """Register where effects are carried. Raises Conflict if its id is taken.

    Else a second call would put another secret, and perhaps another address, in the place of one
    that a receiver still relies on.
    """
    if any(known.id == webhook.id for known in uow.webhooks.all(webhook.org)):
        raise Conflict(
            f"there is a webhook {webhook.id!r}",
            hint="Remove it first, or rotate its secret: fieldfare webhook rotate ID",
            pointer="/id",
        )
    _change_webhook(uow, webhook, by=by)


def rotate_secret(uow: UnitOfWork, org: Org, webhook_id: str, *, by: str) -> Webhook:
    """Give a webhook a fresh secret, first of two. Raises NotFound if there is none."""
    found = next((each for each in uow.webhooks.all(org) if each.id == webhook_id), None)
    if found is None:
        raise _no_webhook(webhook_id)
    webhook = rotated(found)
    _change_webhook(uow, webhook, by=by)
    return webhook


def _change_webhook(uow: UnitOfWork, webhook: Webhook, *, by: str) -> None:
    uow.webhooks.put(webhook)
    subject = Subject("webhook", webhook.id)
    note(uow, webhook.org, "webhook.changed", subject, data={"enabled": webhook.enabled}, by=by)


def remove_webhook(uow: UnitOfWork, org: Org, webhook_id: str, *, by: str) -> None:
    """Remove a webhook; what was not sent to it becomes dead. Raises NotFound if there is none."""
    if webhook_id not in {webhook.id for webhook in uow.webhooks.all(org)}:
        raise _no_webhook(webhook_id)
    uow.webhooks.remove(org, webhook_id)
    subject = Subject("webhook", webhook_id)
    note(uow, org, "webhook.changed", subject, data={"enabled": False}, by=by)


def _no_webhook(webhook_id: str) -> NotFound:
    return NotFound(f"no webhook {webhook_id!r}", hint="List them: fieldfare webhook list")
