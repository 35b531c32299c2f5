"""Who is asking, and what they may do."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.access import (
    ApiKey,
    FormNotOurs,
    KeyRing,
    Permission,
    Person,
    PrincipalKind,
    RoleName,
    Scope,
    SignInRefused,
    Throttle,
    TooManyAttempts,
    authenticate_key,
    hash_password,
    is_password,
    make_key,
    make_password,
    must_be_our_form,
    open_session,
    permissions_of_roles,
    permissions_of_scopes,
    principal_of_key,
    principal_of_person,
    principal_of_session,
    session_digest,
    sign_in,
)
from fieldfare.kernel import BadInput, NotPermitted, NotSignedIn, Org, SimulatedClock

MAIN = Org("main")
NOW = 1_800_000_000_000
PASSWORD = "seven quiet herons"


@pytest.fixture(scope="module")
def person() -> Person:
    return Person(
        org=MAIN,
        id="p1",
        name="robin",
        pseudonym="reviewer-1",
        password_hash=hash_password(PASSWORD),
        roles=frozenset({RoleName.REVIEWER}),
    )


def a_key(*scopes: Scope) -> tuple[str, ApiKey]:
    return make_key(MAIN, scopes=scopes, note="", created_at=NOW)


def test_no_role_and_no_scope_may_do_nothing() -> None:
    assert permissions_of_roles([]) == frozenset()
    assert permissions_of_scopes([]) == frozenset()


def test_an_administrator_sees_no_media_and_decides_no_case() -> None:
    held = permissions_of_roles([RoleName.ADMIN])

    assert Permission.REVIEW not in held
    assert Permission.REVEAL not in held
    assert Permission.PEOPLE_ADMIN in held


def test_only_people_may_see_media_clearly() -> None:
    assert Permission.REVEAL not in permissions_of_scopes(Scope)


def test_two_roles_may_do_what_either_may() -> None:
    both = permissions_of_roles([RoleName.ADMIN, RoleName.REVIEWER])

    assert both >= {Permission.PEOPLE_ADMIN, Permission.REVIEW, Permission.REVEAL}


def test_a_missing_permission_is_named_in_the_refusal() -> None:
    caller = principal_of_key(a_key(Scope.GATE)[1])

    with pytest.raises(NotPermitted, match="'ingest'"):
        caller.must(Permission.INGEST)


def test_a_disabled_person_holds_no_permission(person: Person) -> None:
    assert principal_of_person(replace(person, enabled=False)).permissions == frozenset()


def test_a_key_is_stored_without_its_secret_and_still_fits() -> None:
    text, key = a_key(Scope.INGEST)

    caller = authenticate_key(text, {key.id: key}.get, now_ms=NOW)

    assert caller.kind is PrincipalKind.KEY
    assert caller.permissions == permissions_of_scopes([Scope.INGEST])
    assert text.rpartition("_")[2] not in repr(key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text + "x",
        lambda text: text.replace("ff_", "gg_"),
        lambda text: "ff_000000000000_" + text.rpartition("_")[2],
        lambda _text: "",
    ],
)
def test_a_key_that_does_not_fit_is_refused_in_the_same_words(
    spoil: Callable[[str], str],
) -> None:
    text, key = a_key(Scope.INGEST)

    with pytest.raises(NotSignedIn, match="The API key is not valid"):
        authenticate_key(spoil(text), {key.id: key}.get, now_ms=NOW)


@given(st.text(max_size=80))
def test_no_made_up_text_is_a_key(text: str) -> None:
    _, key = a_key(Scope.ADMIN)

    with pytest.raises(NotSignedIn):
        authenticate_key(text, lambda _: key, now_ms=NOW)


def test_a_revoked_key_stops_at_its_moment() -> None:
    text, key = a_key(Scope.GATE)
    revoked = replace(key, revoked_at=NOW)

    assert authenticate_key(text, lambda _: revoked, now_ms=NOW - 1).id == key.id
    with pytest.raises(NotSignedIn):
        authenticate_key(text, lambda _: revoked, now_ms=NOW)


def test_the_ring_asks_the_store_once_in_two_seconds_and_learns_of_a_revocation() -> None:
    text, key = a_key(Scope.GATE)
    stored = {key.id: key}
    asked: list[str] = []

    def find(key_id: str) -> ApiKey | None:
        asked.append(key_id)
        return stored.get(key_id)

    clock = SimulatedClock(NOW)
    ring = KeyRing(find, clock=clock)
    assert not ring.knows(text)
    ring.authenticate(text)
    ring.authenticate(text)
    assert len(asked) == 1
    assert ring.knows(text)

    del stored[key.id]
    clock.advance(2_000)

    with pytest.raises(NotSignedIn):
        ring.authenticate(text)


def test_a_forgotten_key_is_looked_up_again_at_once() -> None:
    text, key = a_key(Scope.GATE)
    stored = {key.id: key}
    ring = KeyRing(stored.get, clock=SimulatedClock(NOW))
    ring.authenticate(text)

    stored[key.id] = replace(key, revoked_at=NOW)
    ring.forget(key.id)

    with pytest.raises(NotSignedIn):
        ring.authenticate(text)


def test_a_password_fits_its_own_hash_alone(person: Person) -> None:
    assert is_password(PASSWORD, person.password_hash)
    assert not is_password(PASSWORD + " ", person.password_hash)
    assert not is_password(PASSWORD, "not a hash")
    assert not is_password("x" * 1_000_000, person.password_hash)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_a_password_out_of_bounds_is_not_taken(password: str) -> None:
    with pytest.raises(BadInput, match="12 to 256"):
        hash_password(password)


def test_a_drawn_password_is_long_enough_and_new() -> None:
    drawn = {make_password() for _ in range(10)}

    assert len(drawn) == 10
    assert all(len(password) >= 12 for password in drawn)


def attempt(throttle: Throttle, person: Person | None, password: str = PASSWORD) -> None:
    sign_in(person, org=MAIN, name="robin", password=password, throttle=throttle)


def test_an_unknown_name_a_wrong_password_and_a_disabled_person_sound_alike(
    person: Person,
) -> None:
    throttle = Throttle(SimulatedClock(NOW))
    words = set()
    for who, password in (
        (None, PASSWORD),
        (person, "wrong and long"),
        (replace(person, enabled=False), PASSWORD),
        (replace(person, org=Org("other")), PASSWORD),
    ):
        with pytest.raises(SignInRefused) as refused:
            attempt(throttle, who, password)
        words.add(str(refused.value))

    assert len(words) == 1


def test_eight_failures_close_the_name_for_a_while_even_to_the_right_password(
    person: Person,
) -> None:
    clock = SimulatedClock(NOW)
    throttle = Throttle(clock)
    for _ in range(8):
        with pytest.raises(SignInRefused):
            attempt(throttle, person, "wrong and long")

    with pytest.raises(TooManyAttempts) as refused:
        attempt(throttle, person)
    clock.advance(refused.value.retry_after_s * 1000)
    attempt(throttle, person)

    assert refused.value.retry_after_s == 900


def test_one_name_s_failures_do_not_close_another(person: Person) -> None:
    throttle = Throttle(SimulatedClock(NOW))
    for _ in range(8):
        throttle.failed(MAIN, "mallory")

    attempt(throttle, person)

    with pytest.raises(TooManyAttempts):
        throttle.must_be_open(MAIN, "mallory")
    throttle.must_be_open(Org("other"), "mallory")


def test_a_success_forgives_earlier_failures(person: Person) -> None:
    throttle = Throttle(SimulatedClock(NOW))
    for _ in range(7):
        throttle.failed(MAIN, "robin")

    attempt(throttle, person)
    throttle.failed(MAIN, "robin")

    throttle.must_be_open(MAIN, "robin")


def test_made_up_names_do_not_grow_the_throttle_without_bound() -> None:
    clock = SimulatedClock(NOW)
    throttle = Throttle(clock)
    for number in range(10_001):
        clock.advance(1)
        throttle.failed(MAIN, f"name-{number}")

    assert len(throttle._failures) <= 5_001


def test_a_session_ends_at_its_moment(person: Person) -> None:
    token, session = open_session(principal_of_person(person), now_ms=NOW)

    assert session.token_sha256 == session_digest(token)
    assert token not in repr(session)
    alive = principal_of_session(session, person, now_ms=session.expires_at - 1)
    assert alive.pseudonym == "reviewer-1"
    with pytest.raises(NotSignedIn):
        principal_of_session(session, person, now_ms=session.expires_at)


def test_no_session_no_person_and_a_disabled_person_are_nobody(person: Person) -> None:
    _, session = open_session(principal_of_person(person), now_ms=NOW)

    for seen, who in (
        (None, None),
        (session, None),
        (session, replace(person, enabled=False)),
    ):
        with pytest.raises(NotSignedIn):
            principal_of_session(seen, who, now_ms=NOW)


def test_a_form_must_carry_the_token_of_its_session(person: Person) -> None:
    _, session = open_session(principal_of_person(person), now_ms=NOW)

    must_be_our_form(session, session.csrf)

    for forged in ("", "x", session.csrf + "x", "ü"):
        with pytest.raises(FormNotOurs):
            must_be_our_form(session, forged)
