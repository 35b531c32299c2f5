"""Erasing an account: what ends with it, and the request on the log before the erasure itself.

In flow the host's id of an account; out flows what was destroyed, all in the open transaction.
Media are the caller's to delete afterwards.
"""

from fieldfare.engine.administration import note
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotFound, Org
from fieldfare.ledger import Erased, Vault, erase
from fieldfare.records import Subject
from fieldfare.review import end_cases


def erase_account(
    uow: UnitOfWork, vault: Vault, org: Org, account: Subject, /, *, by: str, now_ms: int
) -> Erased:
    """Forget a person and end the open cases on what they made; `by` is a pseudonym.

    Raises NotFound for somebody nobody knows: who was erased before is one of them.
    """
    pseudonym = vault.pseudonym(org, account)
    # Whoever posted, uploaded or reported anything has a key.
    if uow.data_keys.get(org, pseudonym) is None and uow.accounts.get(org, account) is None:
        raise NotFound(
            f"nothing is known of the account {account.host_id!r}",
            hint="Name it by the host's own id; one that was erased before is not known.",
            pointer="/account",
        )
    for asked_about in uow.cases.asked_about(org, account):
        end_cases(uow, org, asked_about, keep="", now_ms=now_ms)
    asked = note(uow, org, "erasure.asked", Subject("person", pseudonym), data={}, by=by)
    return erase(uow, vault, org, account, causes=(asked,))
