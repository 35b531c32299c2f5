"""The gate: may this item be shown here, now, to such a viewer? Answered from memory.

In flow events of the log as they are committed; out flow answers in microseconds. A serving process
holds one map of what is decided about items and accounts; it is loaded from the projections at
start and follows the log from there. What is unknown, undecided or deleted is not shown, and a view
of the log older than two seconds shows nothing on feed and search.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypedDict

import msgspec
import structlog

from fieldfare.decisions.scope import SHOWN, GateAnswer, applies, effective
from fieldfare.kernel import Clock, EventId, JsonValue, Org, is_history
from fieldfare.policies import RESTRICTION_KINDS, RestrictionKinds
from fieldfare.records import ACCOUNT, Event, Restriction, Subject

STALE_MS: Final = 2_000
EXPOSE: Final = "expose"
"""The kind of restriction that caps the views of an item."""
THRESHOLDS: Final = (100, 1_000, 10_000, 100_000)
"""Views at which the rules run again (views.reached), and the steps of staged exposure."""

UNKNOWN_MARKET: Final = "ZZ"
_log = structlog.get_logger(__name__)

Show = Literal["yes", "warn", "no"]


@dataclass(frozen=True, slots=True)
class GateItem:
    """What the gate holds of one item. decision_id None: undecided. cap: see `Answer.max_views`.

    carried: an edit of its text left standing what was decided about the version before.
    """

    number: int
    version: str
    author: str
    media: tuple[str, ...]
    decision_id: EventId | None = None
    restrictions: tuple[Restriction, ...] = ()
    carried: bool = False
    deleted: bool = False
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The gate's word on one item for one viewer. reason: a short stable word."""

    kind: str
    host_id: str
    show: Show
    reason: str
    version: int | None = None
    media_sha256: tuple[str, ...] = ()
    max_views: int | None = None
    decision_id: EventId | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who would see it, and where. market: as the host names it."""

    surface: str
    age_band: str
    market: str


class _Carried(TypedDict, total=False):
    carried: bool
    restrictions: tuple[Restriction, ...]


class MemoryGate:
    """The map in this process's memory. Fed by the writer, the evaluator and whoever erases; read
    from any thread. A change reads what stands and writes it anew, so changes take turns.

    kinds: the restriction kinds of an organisation. keeps: whether a policy lets its restrictions
    go on over an edit until the new version is decided. staged: item kinds whose exposure is capped
    at the next threshold until the rules ran again there.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        kinds: Callable[[Org], RestrictionKinds],
        keeps: Callable[[Org, str], bool] = lambda _org, _policy: False,
        staged: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._kinds = kinds
        self._keeps = keeps
        self._staged = staged
        self._items: dict[Org, dict[tuple[str, str], GateItem]] = {}
        self._accounts: dict[Org, dict[str, tuple[Restriction, ...]]] = {}
        self._gone: dict[Org, set[str]] = {}
        self._changing = threading.RLock()
        self._watermark_ms = 0
        self.failures = 0

    @property
    def watermark_ms(self) -> int:
        """The moment (ms since 1970) up to which the map is known to be whole."""
        return self._watermark_ms

    def __len__(self) -> int:
        return sum(len(items) for items in self._items.values())

    def put(self, org: Org, subject: Subject, item: GateItem) -> None:
        """Hold an item as it was loaded."""
        self._items.setdefault(org, {})[subject.kind, subject.host_id] = item

    def restrict_account(
        self, org: Org, host_id: str, restrictions: tuple[Restriction, ...]
    ) -> None:
        self._accounts.setdefault(org, {})[host_id] = restrictions

    def lose_account(self, org: Org, host_id: str, *, gone: bool = True) -> None:
        """Stop showing what a deleted account made, or begin again if it came back."""
        known = self._gone.setdefault(org, set())
        known.add(host_id) if gone else known.discard(host_id)

    def first_cap(self, kind: str, views: int = 0) -> int | None:
        """Name the views up to which an item may be shown before the rules look again."""
        if kind not in self._staged:
            return None
        return next((step for step in THRESHOLDS if step > views), None)

    def whole_up_to(self, at_ms: int) -> None:
        """Learn that everything committed before `at_ms` has been seen."""
        self._watermark_ms = max(self._watermark_ms, at_ms)

    def forget(self, org: Org, author: str) -> None:
        """Let go of an erased person's items: what is unknown is not shown."""
        with self._changing:
            known = self._items.get(org, {})
            for name in [name for name, item in known.items() if item.author == author]:
                del known[name]
            self._accounts.get(org, {}).pop(author, None)
            self._gone.get(org, set()).discard(author)

    def observe(self, events: Iterable[Event]) -> None:
        """Follow the log."""
        for event in events:
            if event.data is None or is_history(event.id):
                continue
            with self._changing:
                try:
                    self._follow(event, event.data)
                except Exception:  # noqa: BLE001  # the events behind it are not to be missed
                    self.failures += 1
                    _log.exception("the gate lost an event", event_id=str(event.id))
                    self._lose(event.org, event.subject)

    def _lose(self, org: Org, subject: Subject) -> None:
        """Show no more of what an event was about: what it changed is not known."""
        if subject.kind == ACCOUNT:
            self.lose_account(org, subject.host_id)
        else:
            self._items.get(org, {}).pop((subject.kind, subject.host_id), None)

    def reached(self, org: Org, subject: Subject, views: int) -> None:
        """Open the next stage of an item's exposure: the rules have run at `views`."""
        cap = self.first_cap(subject.kind, views)
        self._change(org, subject, cap=cap)

    def answers(self, org: Org, viewer: Viewer, items: Sequence[tuple[str, str]]) -> list[Answer]:
        """Answer in the order asked. An id asked twice is answered once; its repeat is refused."""
        now_ms = self._clock.now_ms()
        stale = now_ms - self._watermark_ms > STALE_MS and viewer.surface in {"feed", "search"}
        known = self._items.get(org, {})
        accounts = self._accounts.get(org, {})
        seen: set[tuple[str, str]] = set()
        gone: Collection[str] = self._gone.get(org, ())
        asked = _Asked(_plainly(viewer), self._kinds(org) if known else RESTRICTION_KINDS, now_ms)
        answers = []
        for name in items:
            item = known.get(name)
            if name in seen:
                answers.append(Answer(*name, "no", "duplicate"))
            elif item is None:
                answers.append(Answer(*name, "no", "unknown"))
            elif stale:
                answers.append(_no(name, item, "stale"))
            elif item.author in gone:
                answers.append(_no(name, item, "account_deleted"))
            else:
                answers.append(_answer(name, item, asked, accounts.get(item.author)))
            seen.add(name)
        return answers

    def _follow(self, event: Event, data: Mapping[str, JsonValue]) -> None:
        match event.kind:
            case "decision.made":
                self._decided(event, data)
            case "item.posted" | "item.changed":
                self._posted(event, data)
            case "item.scanned":
                self._scanned(event, data)
            case "item.deleted":
                self._change(event.org, event.subject, deleted=True)
            case "account.deleted" | "account.created":
                gone = event.kind == "account.deleted"
                self.lose_account(event.org, event.subject.host_id, gone=gone)
            case _:
                pass

    def _posted(self, event: Event, data: Mapping[str, JsonValue]) -> None:
        number = data["number"]
        author, media = str(data["actor"]), tuple(_media_names(data.get("media")))
        # An edited version is shown to nobody, unless all that was against it goes on against it.
        before = self._items.get(event.org, {}).get((event.subject.kind, event.subject.host_id))
        same = before is not None and (before.author, before.media) == (author, media)
        edited = same and not _is_fetched(data)
        self.put(
            event.org,
            event.subject,
            GateItem(
                number=number if isinstance(number, int) else 0,
                version=str(data["version"]),
                author=author,
                media=media,
                # Views are counted over all versions, and so is what they open.
                cap=before.cap if before else self.first_cap(event.subject.kind),
                **(self._carried_over(event.org, before) if edited else {}),
            ),
        )

    def _carried_over(self, org: Org, before: GateItem | None) -> _Carried:
        if before is None or before.deleted or _is_undecided(before):
            return {}
        policies = {restriction.policy for restriction in before.restrictions}
        if not policies or not all(self._keeps(org, policy) for policy in policies):
            return {}
        return {"carried": True, "restrictions": before.restrictions}

    def _scanned(self, event: Event, data: Mapping[str, JsonValue]) -> None:
        """Learn the names of media that were fetched only after the post."""
        item = self._items.get(event.org, {}).get((event.subject.kind, event.subject.host_id))
        if item is not None and not item.media and item.version == data.get("version"):
            self._change(event.org, event.subject, media=tuple(_media_names(data.get("media"))))

    def _decided(self, event: Event, data: Mapping[str, JsonValue]) -> None:
        restrictions = _restrictions(data["judgement"])
        if event.subject.kind == ACCOUNT:
            self.restrict_account(event.org, event.subject.host_id, restrictions)
            return
        item = self._items.get(event.org, {}).get((event.subject.kind, event.subject.host_id))
        if item is not None and item.version == data["version"]:
            self._change(
                event.org,
                event.subject,
                decision_id=event.id,
                restrictions=restrictions,
                carried=False,
            )

    def _change(self, org: Org, subject: Subject, **changes: object) -> None:
        with self._changing:
            item = self._items.get(org, {}).get((subject.kind, subject.host_id))
            if item is not None:
                self.put(org, subject, replace(item, **changes))  # type: ignore[arg-type]  # our names


@dataclass(frozen=True, slots=True)
class _Asked:
    viewer: Viewer
    kinds: RestrictionKinds
    now_ms: int

    def reaches(self, one: Restriction) -> bool:
        viewer = self.viewer
        return applies(one, viewer.surface, viewer.market, viewer.age_band, self.now_ms)

    def of(self, restrictions: tuple[Restriction, ...]) -> GateAnswer:
        return effective(
            restrictions,
            kinds=self.kinds,
            surface=self.viewer.surface,
            market=self.viewer.market,
            age_band=self.viewer.age_band,
            at_ms=self.now_ms,
        )


def _answer(
    name: tuple[str, str],
    item: GateItem,
    asked: _Asked,
    against_author: tuple[Restriction, ...] | None,
) -> Answer:
    if item.deleted:
        return _no(name, item, "deleted")
    if _is_undecided(item):
        alone = asked.viewer.surface == "profile"
        return _no(name, item, "undecided_author_alone" if alone else "undecided")
    if against_author:
        account = asked.of(against_author)
        if account.show == "no":
            return _no(name, item, f"account_{account.reason}")
    found = asked.of(item.restrictions) if item.restrictions else SHOWN
    return Answer(
        name[0],
        name[1],
        found.show,
        found.reason,
        item.number,
        item.media,
        _cap(item, asked) if found.show != "no" else None,
        item.decision_id,
        found.labels,
    )


def _cap(item: GateItem, asked: _Asked) -> int | None:
    """Give the views up to which an item is shown: its stage, or less where a decision says so.

    A cap that does not say how many is none at all: no view more.
    """
    caps = [
        int(one.params.get("up_to", 0))
        for one in item.restrictions
        if one.kind == EXPOSE and asked.reaches(one)
    ]
    if item.cap is not None:
        caps.append(item.cap)
    return min(caps, default=None)


def _plainly(viewer: Viewer) -> Viewer:
    """Write a market as packs do; ZZ, the code for an unknown one, is no market at all."""
    market = viewer.market.upper()
    return replace(viewer, market="" if market == UNKNOWN_MARKET else market)


def _no(name: tuple[str, str], item: GateItem, reason: str) -> Answer:
    return Answer(name[0], name[1], "no", reason, item.number, item.media, None, item.decision_id)


def _restrictions(judgement: JsonValue) -> tuple[Restriction, ...]:
    # Most decisions restrict nothing, and this runs for each of them on the writer's thread.
    told = judgement.get("restrictions") if isinstance(judgement, dict) else None
    return msgspec.convert(told, tuple[Restriction, ...]) if told else ()


def _is_undecided(item: GateItem) -> bool:
    return item.decision_id is None and not item.carried


def _is_fetched(data: Mapping[str, JsonValue]) -> bool:
    """Tell whether the media of a post are only known by where they are, and may be any."""
    told = data.get("item")
    return isinstance(told, dict) and bool(told.get("media_url"))


def _media_names(media: JsonValue) -> Iterator[str]:
    for part in media if isinstance(media, list) else []:
        if isinstance(part, dict):
            yield str(part["sha256"])
