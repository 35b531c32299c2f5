"""The sign-in page."""

from dataclasses import dataclass

from fieldfare.kernel import Org


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """then: the page to go to afterwards; why: what was wrong with the last attempt."""

    name: str
    org: Org
    then: str
    why: str
