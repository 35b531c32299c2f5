"""What an effect comes to on one event: which subject, which restrictions, which questions.

In flow the effects of a rule set with their arguments; out flow asks, which `outcomes` joins to
verdicts. An effect that names nothing of the event says the same each time: it is worked out once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fieldfare.records import Restriction, ReviewRequest, Subject
from fieldfare.rules.effect_table import EffectSpec
from fieldfare.rules.plans import Captured, EffectPlan
from fieldfare.rules.restricting import CannotApply, applied_spec, names_in, restriction_of
from fieldfare.rules.vocabulary import PolicyTerms, Vocabulary

_TOP_LANE: Final = 0
_LANE: Final = 1
_OF_THE_EVENT: Final = frozenset({"Strike"})
"""Effects that tell the event's item or moment though no argument does."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one effect comes to: where, what, and whether it may overrule a person.

    account: the host's id of the account it is about, None where it is about the event's subject.
    """

    account: str | None
    after_person: bool
    policy: str
    restrictions: tuple[Restriction, ...] = ()
    review: tuple[ReviewRequest, ...] = ()


class Effects:
    """The effects of one rule set, applied by the policies it was checked with."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._alike: dict[EffectPlan, Ask] = {}

    def ask(
        self, plan: EffectPlan, captured: Sequence[Any] | None, subject: Subject, event_id: int
    ) -> Ask:
        """Say what an effect comes to. Raises CannotApply if a part it needs is Unknown."""
        alike = self._alike.get(plan)
        if alike is not None:
            return alike
        args = args_of(plan, captured)
        spec = applied_spec(plan.name, args)
        asked = _ask(spec, args, self._policy(plan, args), subject=subject, event_id=event_id)
        if _is_alike(plan, spec):
            self._alike[plan] = asked
        return asked

    def _policy(self, plan: EffectPlan, args: Mapping[str, object]) -> PolicyTerms | None:
        """Find the policy an effect names; None if it names none (Review with a queue)."""
        code = args.get("policy")
        if code is None:
            if "policy" in plan.args and "queue" not in plan.args:
                raise CannotApply("the policy is Unknown")
            return None
        terms = self._vocabulary.policies.get(str(code))
        if terms is None:
            raise CannotApply(f"there is no policy {str(code)[:40]!r}")
        return terms


def args_of(plan: EffectPlan, captured: Sequence[Any] | None) -> dict[str, object]:
    """Give the arguments of an effect on an event; None for what is Unknown."""
    return {name: value_of(argument, captured) for name, argument in plan.args.items()}


def value_of(argument: object, captured: Sequence[Any] | None) -> object:
    """Give a plain value as it is, and one that was captured from the event."""
    if isinstance(argument, Captured):
        return captured[argument.at] if captured is not None else None
    return argument


def _is_alike(plan: EffectPlan, spec: EffectSpec) -> bool:
    """Tell whether an effect says the same whatever the event: nothing in it tells of one."""
    return (
        "for_" not in plan.args
        and spec.name not in _OF_THE_EVENT
        and not any(isinstance(argument, Captured) for argument in plan.args.values())
    )


def _ask(
    spec: EffectSpec,
    args: Mapping[str, object],
    policy: PolicyTerms | None,
    *,
    subject: Subject,
    event_id: int,
) -> Ask:
    account = None
    if spec.on == "account":
        if args.get("account") is None:
            raise CannotApply("the account is Unknown")
        account = str(args["account"])
    after_person = args.get("after_person") is True
    code = policy.code if policy else ""
    if spec.name == "Review":
        review = (_review(args, policy, default_lane=_LANE),)
        return Ask(account, after_person, code, review=review)
    if policy is None:
        raise CannotApply("the policy is Unknown")
    if spec.name == "ApplyPolicy":
        return _applied(args, policy, Ask(account, after_person, code))
    restriction = restriction_of(spec, args, policy, event_id=event_id, subject=subject)
    return Ask(account, after_person, code, restrictions=(restriction,))


def _review(
    args: Mapping[str, object], policy: PolicyTerms | None, *, default_lane: int
) -> ReviewRequest:
    queue = args.get("queue") or (policy.queue if policy else None)
    if queue is None:
        raise CannotApply("the queue is Unknown")
    lane = args.get("lane")
    return ReviewRequest(
        queue=str(queue),
        policy=policy.code if policy else "",
        reason=str(args.get("reason") or ""),
        lane=lane if isinstance(lane, int) else default_lane,
    )


def _applied(args: Mapping[str, object], policy: PolicyTerms, ask: Ask) -> Ask:
    """Expand ApplyPolicy by the pack's table, narrowed to the scope the effect names."""
    stage = args.get("stage") or "at_high_confidence"
    if stage == "on_confirm":
        listed, has_case = policy.on_confirm, False
    else:
        is_match = args.get("vetted_match") is True
        listed = policy.on_match if is_match else policy.at_high_confidence
        has_case = policy.review
    surfaces, markets = names_in(args, "surfaces"), names_in(args, "markets")
    restrictions = tuple(
        replace(
            restriction,
            surfaces=restriction.surfaces if surfaces is None else surfaces,
            markets=restriction.markets if markets is None else markets,
        )
        for restriction in listed
    )
    lane = _TOP_LANE if policy.severity == "S4" else _LANE
    review = (_review(args, policy, default_lane=lane),) if has_case else ()
    return replace(ask, restrictions=restrictions, review=review)
