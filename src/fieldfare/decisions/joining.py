"""Restrictions as a set: which remain when several are asked for at once.

Flows in: every restriction the deciding voices asked for. Flows out: the smallest set that takes
away just as much, gravest first. Nothing is merged into something harsher than anybody asked for: a
restriction goes only if another one says at least the same for the same viewers and as long.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from fieldfare.policies import PolicyPack, RestrictionKinds, Scope
from fieldfare.records import ACCOUNT, Restriction, Subject

SortKey: TypeAlias = tuple[object, ...]


def scope_of(subject: Subject) -> Scope:
    """Say whether a subject is an account or an item."""
    return "account" if subject.kind == ACCOUNT else "item"


def join(
    asked: Iterable[Restriction], *, pack: PolicyPack, kinds: RestrictionKinds
) -> tuple[Restriction, ...]:
    """Join restrictions into a set, gravest first; the order they come in does not matter.

    Of two of the same kind and parameters the narrower one is dropped (lower `min_age`, fewer
    surfaces and markets, earlier `until`) unless its policy is the graver one. A kind that absorbs
    (remove, hold, ban, suspend) drops every less grave kind within its own scope.
    Raises UnknownKind and UnknownPolicy.
    """
    candidates = list(asked)
    if not candidates[1:]:  # most items have nothing against them, few have more than one
        for only in candidates:  # both raise for a name they do not know
            _ = kinds[only.kind], pack.rank(only.policy)
        return tuple(candidates)
    candidates.sort(key=_gravest_first(pack, kinds))
    unique = [one for place, one in enumerate(candidates) if one not in candidates[:place]]
    return tuple(
        one
        for one in unique
        if not any(other is not one and _makes_moot(other, one, pack, kinds) for other in unique)
    )


def _gravest_first(pack: PolicyPack, kinds: RestrictionKinds) -> Callable[[Restriction], SortKey]:
    def key(one: Restriction) -> SortKey:
        return (
            -kinds[one.kind].order,
            pack.rank(one.policy),
            one.kind,
            one.surfaces is not None,
            sorted(one.surfaces or ()),
            one.markets is not None,
            sorted(one.markets or ()),
            one.until is not None,
            -(one.until or 0),
            one.min_age is not None,
            -(one.min_age or 0),
            sorted(one.params.items()),
        )

    return key


def _makes_moot(
    other: Restriction, one: Restriction, pack: PolicyPack, kinds: RestrictionKinds
) -> bool:
    if not _covers(other, one):
        return False
    if other.kind == one.kind:
        same = other.params == one.params
        if not same:
            return False
        if _covers(one, other):  # the same reach: the graver policy names it
            return pack.rank(other.policy) < pack.rank(one.policy)
        return pack.rank(other.policy) <= pack.rank(one.policy)
    graver = kinds[other.kind]
    return graver.absorbs and graver.order > kinds[one.kind].order


def _covers(wide: Restriction, narrow: Restriction) -> bool:
    """Whether `wide` reaches every surface, market, age and moment that `narrow` reaches."""
    return (
        _holds_all(wide.surfaces, narrow.surfaces)
        and _holds_all(wide.markets, narrow.markets)
        and (wide.until is None or (narrow.until is not None and wide.until >= narrow.until))
        and (
            wide.min_age is None or (narrow.min_age is not None and wide.min_age >= narrow.min_age)
        )
    )


def _holds_all(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    return wide is None or (narrow is not None and wide >= narrow)
