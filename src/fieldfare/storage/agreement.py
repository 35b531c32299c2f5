"""Agreement: whether the tables that the gate is loaded from say what the log says.

In flow the decisions index, items and accounts of an organisation, page by page beside their
events; out flows how many agree, and in words where one differs. What was erased cannot be
compared any more: it is counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from fieldfare.decisions.record import DECISION_MADE, decision_of
from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import MAX_ID
from fieldfare.ledger import ACCOUNT_ERASED, Agreement
from fieldfare.records import Decision, Event, ItemState
from fieldfare.storage.decisions import decision_in_index
from fieldfare.storage.items import item_of
from fieldfare.storage.log import SqlLog
from fieldfare.storage.statements import Row, Statement
from fieldfare.storage.tables import accounts, decisions, events, items
from fieldfare.storage.transaction import Transaction

PAGE_ROWS: Final = 2_000
MOST_PROBLEMS: Final = 100
"""Told in words; of more, how many there are."""
POSTED: Final = ("item.posted", "item.changed")
DELETED: Final = "item.deleted"

_DECISIONS: Final = Statement(
    select(*decisions.c)
    .where(decisions.c.org == bindparam("org"), decisions.c.id > bindparam("after"))
    .order_by(decisions.c.id)
    .limit(bindparam("most"))
)
_same = items.alias("same")
_of_item = and_(
    _same.c.org == items.c.org,
    _same.c.kind == items.c.kind,
    _same.c.host_id == items.c.host_id,
)
_made = decisions.alias("made")
_told = events.alias("told")


def _another(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether the content of an item's version was there in another version as well."""
    found = exists().where(_of_item, _same.c.digest == items.c.digest, *conditions)
    return found.correlate(items, _made)


_ITEMS: Final = Statement(
    select(
        *items.c,
        select(func.max(_same.c.number)).where(_of_item).scalar_subquery(),
        # A digest that comes back in a later version: each is decided from its post to the next.
        select(func.max(_made.c.id))
        .where(
            _made.c.org == items.c.org,
            _made.c.kind == items.c.kind,
            _made.c.host_id == items.c.host_id,
            _made.c.version == items.c.digest,
            or_(
                _made.c.id > items.c.event_id,
                ~_another(_same.c.number < items.c.number),
            ),
            ~_another(_same.c.number > items.c.number, _same.c.event_id < _made.c.id),
        )
        .scalar_subquery(),
        decisions.c.revision,
        select(func.max(_told.c.id))
        .where(
            _told.c.org == events.c.org,
            _told.c.subject == events.c.subject,
            _told.c.kind == DELETED,
        )
        .scalar_subquery(),
    )
    .select_from(
        items.outerjoin(
            events, and_(events.c.org == items.c.org, events.c.id == items.c.event_id)
        ).outerjoin(
            decisions,
            and_(decisions.c.org == items.c.org, decisions.c.id == items.c.decision_id),
        )
    )
    .where(items.c.org == bindparam("org"), items.c.event_id > bindparam("after"))
    .order_by(items.c.event_id)
    .limit(bindparam("most"))
)
_latest = (
    select(func.max(_made.c.id))
    .where(
        _made.c.org == accounts.c.org,
        _made.c.kind == accounts.c.kind,
        _made.c.host_id == accounts.c.host_id,
    )
    .scalar_subquery()
)
_ACCOUNTS: Final = Statement(
    select(accounts.c.host_id).where(
        accounts.c.org == bindparam("org"),
        func.coalesce(accounts.c.decision_id, 0) != func.coalesce(_latest, 0),
        # Who was erased stands there under the pseudonym, with what held before they came back.
        ~exists().where(
            _told.c.org == accounts.c.org,
            _told.c.kind == ACCOUNT_ERASED,
            _told.c.subject == accounts.c.host_id,
        ),
    )
)
_ID, _EVENT_ID, _ITEM_COLUMNS = 1, 10, len(items.c)
R = TypeVar("R", Row, Event)


class SqlAgreement:
    """`ledger.Agreements` over one read."""

    def __init__(self, tx: Transaction, log: SqlLog) -> None:
        self._tx = tx
        self._log = log

    def check(self, org: Org, /) -> Agreement:
        problems = _Problems()
        agreed, erased = self._decisions(org, problems)
        items_agreed = self._items(org, problems)
        for (host_id,) in self._tx.walk(_ACCOUNTS, org=org):
            problems.add(f"the latest decision of the account {host_id} is not what the log says")
        return Agreement(
            decisions=agreed, items=items_agreed, erased=erased, problems=problems.told()
        )

    def _decisions(self, org: Org, problems: "_Problems") -> tuple[int, int]:
        agreed = erased = 0
        for rows, made in self._pages(org, _DECISIONS, _ID, (DECISION_MADE,)):
            for event_id in sorted({*rows, *made}):
                if event_id not in made:
                    problems.add(f"the decision {event_id} in the index is not on the log")
                elif event_id not in rows:
                    problems.add(f"the decision {event_id} on the log is missing in the index")
                elif (logged := decision_of(made[event_id])) is None:
                    erased += 1
                elif not _is_index_of(rows[event_id], logged):
                    problems.add(f"the decision {event_id} in the index is not what the log says")
                else:
                    agreed += 1
        return agreed, erased

    def _items(self, org: Org, problems: "_Problems") -> int:
        agreed = 0
        for rows, posted in self._pages(org, _ITEMS, _EVENT_ID, POSTED):
            for event_id in sorted({*rows, *posted}):
                if event_id not in posted:
                    problems.add(f"the item of event {event_id} in the index is not on the log")
                elif event_id not in rows:
                    problems.add(f"the item of event {event_id} is missing in the index")
                elif posted[event_id].data is None:
                    continue
                elif wrong := _wrong_in(rows[event_id], posted[event_id]):
                    problems.add(
                        f"the {wrong} of the item of event {event_id} is not what the log says"
                    )
                else:
                    agreed += 1
        return agreed

    def _pages(
        self, org: Org, indexed: Statement, key: int, kinds: Sequence[str]
    ) -> Iterator[tuple[Mapping[int, Row], Mapping[int, Event]]]:
        """Give both sides of the same range of ids, at most a page of each at a time."""

        def row_id(row: Row) -> int:
            return int(row[key])

        after = 0
        while after < MAX_ID:
            rows = self._tx.rows(indexed, org=org, after=after, most=PAGE_ROWS)
            told = self._log.live_of_kinds(org, kinds, EventId(after), limit=PAGE_ROWS)
            up_to = min(_end(rows, row_id), _end(told, _event_id))
            yield (
                {row_id(row): row for row in rows if row_id(row) <= up_to},
                {event.id: event for event in told if event.id <= up_to},
            )
            after = up_to


class _Problems:
    """What differs, in words for a person; a table that was rewritten as a whole fits as well."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._more = 0

    def add(self, problem: str) -> None:
        if len(self._told) < MOST_PROBLEMS:
            self._told.append(problem)
        else:
            self._more += 1

    def told(self) -> tuple[str, ...]:
        more = (f"and {self._more} more differences from the log",) if self._more else ()
        return (*self._told, *more)


def _event_id(event: Event) -> int:
    return event.id


def _end(page: Sequence[R], id_of: Callable[[R], int]) -> int:
    return id_of(page[-1]) if len(page) == PAGE_ROWS else MAX_ID


def _index_of(decision: Decision) -> tuple[object, ...]:
    """Name what the index keeps of a decision."""
    judgement = decision.judgement
    return (
        decision.subject,
        decision.version,
        decision.revision,
        judgement.action,
        judgement.policy,
        judgement.by,
        judgement.restrictions,
        decision.pack,
        decision.rule_set,
    )


def _is_index_of(row: Row, logged: Decision) -> bool:
    try:
        return _index_of(decision_in_index(row)) == _index_of(logged)
    except ValueError:
        # What we wrote can be read; this was written by somebody else.
        return False


def _wrong_in(row: Row, posted: Event) -> str:
    """Name the part of an item's row that its events contradict, "" if they do not."""
    try:
        item, data = item_of(row), posted.data or {}
    except ValueError:
        return "state"
    newest, latest, revision, deleted_by = row[_ITEM_COLUMNS:]
    is_deleted = deleted_by is not None and deleted_by > posted.id
    if item.number != newest:
        states = {ItemState.SUPERSEDED}
    elif is_deleted:
        states = {ItemState.DELETED}
    elif latest is not None:
        states = {ItemState.DECIDED, ItemState.SCANNED}
    else:
        states = {ItemState.RECEIVED, ItemState.SCANNED}
    # What was decided after the deletion is on the log and changes nothing here.
    is_settled = item.decision_id == latest and (latest is None or item.revision == revision)
    checks = (
        ("subject", item.subject == posted.subject),
        ("author", item.author == posted.person),
        ("version", item.digest == data.get("version") and item.number == data.get("number")),
        ("state", item.state in states),
        ("decision", is_settled or is_deleted),
    )
    return next((name for name, holds in checks if not holds), "")
