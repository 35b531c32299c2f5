"""`/m`: a hash flows in, and the entries of banks that have it, or one near it, flow out."""

import random
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Principal
from fieldfare.engine.hash_lookup import FoundEntry, table_of_vpdq
from fieldfare.kernel import BadInput, JsonValue, at_of
from fieldfare.matching import distance
from fieldfare.matching.exchanges import Signal, SignalKind, read_vpdq, signal_of
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankRecord, EntryState, Polarity
from fieldfare.matching.vpdq import QUERY_PERCENT, vpdq_percentages
from fieldfare.web.hma.acting import Acting, Hma, Reader
from fieldfare.web.hma.answers import abort, listed, object_of, required, told, truth
from fieldfare.web.hma.hashing import hashed_upload, hashed_url
from fieldfare.web.hma.names import hma_names

ENABLED: Final = (SignalKind.PDQ, SignalKind.MD5)
"""The signal types HMA has by default, and so those it lists."""
ALSO: Final = (SignalKind.SHA256, SignalKind.VPDQ)
"""Those a caller may name beside them."""
PAIR: Final = 2

router = APIRouter(prefix="/m")


@router.get("/raw_lookup")
def raw_lookup(request: Request, who: Reader, hma: Hma) -> Response:
    """Find entries, whether or not they and their banks are enabled."""
    text, named = required(request, "signal"), required(request, "signal_type")
    with_distance = truth(request, "include_distance")
    banks = listed(request.query_params.get("banks"))
    details = truth(request, "details")
    found = _found(hma, who, _signal(named, text), RADIUS)
    names = _names(hma, who)
    matches: list[JsonValue] = [
        _match(each, details=details) if with_distance or details else each.entry.id
        for each in found
        if each.bank.name in names and (banks is None or names[each.bank.name] in banks)
    ]
    return told({"matches": matches})


@router.get("/lookup")
async def lookup(request: Request, who: Reader, hma: Hma) -> Response:
    """Find the banks a hash, or what a URL leads to, is in."""
    if not request.query_params.get("url"):
        text, named = request.query_params.get("signal"), request.query_params.get("signal_type")
        if not text or not named:
            abort(400, "Either url or both signal and signal_type are required")
        return told(await _by_bank(request, hma, who, _signal(named, text)))
    hashed = await hashed_url(request, hma)
    answers = await _of_all(request, hma, who, hashed.signals)
    named = request.query_params.get("signal_type")
    return told(answers if named is None else answers.get(named, {}))


@router.post("/lookup")
async def lookup_upload(request: Request, who: Reader, hma: Hma) -> Response:
    """Find the banks an uploaded file is in."""
    hashed = await hashed_upload(request, hma)
    return told(await _of_all(request, hma, who, hashed.signals))


@router.post("/compare")
async def compare(request: Request, _who: Reader) -> Response:
    """Say how far two hashes of a kind are from each other, and whether that is a match."""
    answers: dict[str, JsonValue] = {}
    for named, hashes in (await object_of(request)).items():
        if not isinstance(hashes, list):
            abort(400, f"Comparison hashes for {named} was not a list")
        if len(hashes) != PAIR:
            abort(400, "Comparison hash list length must be exactly 2")
        kind = _kind(named)
        try:
            left, right = (signal_of(kind, str(each)) for each in hashes)
        except BadInput as error:
            abort(400, f"Invalid {named} hash: {error.message}")
        answers[named] = _compared(left, right)
    return told(answers)


@router.get("/index/status")
async def index_status(request: Request, who: Reader, hma: Hma) -> Response:
    """Say how much each index holds, and up to when it has followed the banks."""
    only = request.query_params.get("signal_type")
    if only is not None and only not in ENABLED:
        abort(400, f"No such signal type '{only[:100]}'")
    told_of = await run_in_threadpool(index_sizes, hma, who)
    status: dict[str, JsonValue] = {
        kind: {"present": True, "built_to": built_to, "size": size}
        for kind, (size, built_to) in told_of.items()
        if only in (None, kind)
    }
    return told(status)


def index_sizes(hma: Acting, who: Principal) -> dict[str, tuple[int, int]]:
    """Give rows and the moment (s since 1970, -1: none) up to which banks are followed, by kind.

    MD5s are looked up in the database: what is told of them is how many entries there are.
    """
    shelf = hma.platform.recognising.shelf
    rows, as_of = shelf.rows(who.org), shelf.as_of(who.org)
    entries = sum(hma.platform.store.read(lambda uow: uow.banks.counts(who.org)).values())
    built_to = at_of(as_of) // 1000 if as_of else -1
    return {
        SignalKind.PDQ.value: (rows, built_to),
        SignalKind.MD5.value: (entries, built_to),
    }


async def _of_all(
    request: Request, hma: Acting, who: Principal, signals: dict[str, str]
) -> dict[str, JsonValue]:
    answers: dict[str, JsonValue] = {}
    for named, text in signals.items():
        # A picture too plain to be hashed is in no bank; HMA answers 400 to its empty hash.
        signal = signal_of(SignalKind(named), text) if text else None
        answers[named] = await _by_bank(request, hma, who, signal) if signal else {}
    return answers


async def _by_bank(
    request: Request, hma: Acting, who: Principal, signal: Signal
) -> dict[str, JsonValue]:
    """Give the matches by bank, of what is enabled, in banks the coin falls for."""
    seed = request.query_params.get("seed")
    bypass, details = truth(request, "bypass_coinflip"), truth(request, "details")
    asked = listed(request.query_params.get("banks"))
    coin = 0.0 if bypass else random.Random(seed).random()  # noqa: S311  # HMA's own draw, by seed
    now_ms = hma.platform.clock.now_ms()
    banks, found = await run_in_threadpool(_asked, hma, who, signal)
    names = hma_names(banks)
    answer: dict[str, list[JsonValue]] = {}
    for each in found:
        name = names.get(each.bank.name)
        if name is None or not (asked is None or name in asked):
            continue
        good_unasked = each.bank.polarity is Polarity.KNOWN_GOOD and asked is None
        off = not each.bank.is_asked(now_ms) and not bypass
        quiet = each.entry.state is not EntryState.ACTIVE or not each.entry.is_asked(now_ms)
        too_far = each.distance > each.bank.radius
        if good_unasked or off or quiet or too_far or each.bank.enabled_ratio < coin:
            continue
        answer.setdefault(name, []).append(_match(each, details=details))
    return {name: [*matches] for name, matches in answer.items()}


def _asked(
    hma: Acting, who: Principal, signal: Signal
) -> tuple[Sequence[BankRecord], Sequence[FoundEntry]]:
    banks = hma.platform.store.read(lambda uow: uow.banks.banks(who.org))
    radius = max([RADIUS, *(bank.radius for bank in banks)])
    return banks, _found(hma, who, signal, radius)


def _found(hma: Acting, who: Principal, signal: Signal, radius: int) -> Sequence[FoundEntry]:
    return hma.lookup.find(who.org, signal, radius=radius)


def _names(hma: Acting, who: Principal) -> dict[str, str]:
    return dict(hma_names(hma.platform.store.read(lambda uow: uow.banks.banks(who.org))))


def _match(found: FoundEntry, *, details: bool) -> JsonValue:
    """Write a match as HMA does; details adds what HMA leaves out."""
    match: dict[str, JsonValue] = {
        "bank_content_id": found.entry.id,
        "distance": found.words,
    }
    if details:
        match |= {
            "bank_content_id_text": str(found.entry.id),
            "quality": found.quality,
            "bank_distance": found.bank.radius,
            "policy": found.bank.policy,
            "vetted": found.bank.vetted,
            "label": found.entry.label,
            "labels": [*found.entry.labels],
            "note": found.entry.note,
            "source": found.entry.source,
            "source_id": found.entry.source_id,
            "sha256": found.entry.sha256,
            "md5": found.entry.md5,
        }
    return match


def _kind(named: str) -> SignalKind:
    if named not in (*ENABLED, *ALSO):
        abort(400, f"No such SignalType '{named[:100]}'")
    return SignalKind(named)


def _signal(named: str, text: str) -> Signal:
    kind = _kind(named)
    try:
        return signal_of(kind, text)
    except BadInput as error:
        abort(400, f"invalid signal: {error.message}")


def _compared(left: Signal, right: Signal) -> JsonValue:
    if left.kind is SignalKind.PDQ:
        bits = distance(left.value, right.value)
        return [bits <= RADIUS, {"distance": bits}]
    if left.kind is SignalKind.VPDQ:
        one, other = (table_of_vpdq(read_vpdq(each.value)) for each in (left, right))
        shares = vpdq_percentages(one, other)
        told_of: dict[str, JsonValue] = {
            "query_match_percent": shares.query,
            "compared_match_percent": shares.compared,
        }
        return [shares.query >= QUERY_PERCENT, told_of]
    return [left.value == right.value, {}]
