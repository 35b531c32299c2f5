import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import BadInput, NotFound, Org
from fieldfare.ledger import (
    ERASED,
    MASTER_KEY_VARIABLE,
    ORGANISATION,
    DataKey,
    Vault,
    create_key_file,
    load_key,
    load_master_key,
    payload_aad,
)
from fieldfare.records import Subject

MAIN, OTHER = Org("main"), Org("other")
ANNA = Subject("account", "anna")


class Keys:
    """Wrapped keys in a dict; `rival` is what another process stores first."""

    def __init__(self, rival: bytes | None = None) -> None:
        self.kept: dict[tuple[Org, str], bytes] = {}
        self.rival = rival
        self.asked = 0

    def get(self, org: Org, person: str, /) -> bytes | None:
        self.asked += 1
        return self.kept.get((org, person))

    def put(self, org: Org, person: str, wrapped: bytes, /) -> bytes:
        return self.kept.setdefault((org, person), self.rival or wrapped)

    def destroy(self, org: Org, person: str, /) -> int:
        return int(self.kept.pop((org, person), None) is not None)


def a_vault(fill: bytes = b"m", *, capacity: int = 10) -> Vault:
    return Vault(fill * 32, capacity=capacity)


@given(clear=st.binary(max_size=300), aad=st.binary(max_size=30))
def test_what_is_encrypted_opens_only_in_its_place(clear: bytes, aad: bytes) -> None:
    key = DataKey(b"k" * 32)

    sealed = key.encrypt(clear, aad)

    assert key.decrypt(sealed, aad) == clear
    assert key.decrypt(sealed, aad + b"x") is None
    assert DataKey(b"x" * 32).decrypt(sealed, aad) is None


@given(place=st.integers(0, 39), bit=st.integers(0, 7))
def test_a_flipped_bit_does_not_open(place: int, bit: int) -> None:
    key = DataKey(b"k" * 32)
    sealed = bytearray(key.encrypt(b"twelve bytes", b""))
    sealed[place] ^= 1 << bit

    assert key.decrypt(bytes(sealed), b"") is None


def test_the_same_words_are_never_encrypted_alike() -> None:
    key = DataKey(b"k" * 32)

    assert key.encrypt(b"blorp", b"") != key.encrypt(b"blorp", b"")


def test_the_place_of_a_payload_names_organisation_and_event() -> None:
    assert len({payload_aad(MAIN, 1), payload_aad(MAIN, 11), payload_aad(OTHER, 1)}) == 3


def test_a_pseudonym_links_one_subject_in_one_organisation_under_one_master_key() -> None:
    vault = a_vault()
    names = {
        vault.pseudonym(MAIN, ANNA),
        vault.pseudonym(OTHER, ANNA),
        vault.pseudonym(MAIN, Subject("profile", "anna")),
        vault.pseudonym(MAIN, Subject("account", "anna ")),
        vault.pseudonym(MAIN, Subject("accountanna", "")),
        a_vault(b"n").pseudonym(MAIN, ANNA),
    }

    assert len(names) == 6
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in names)
    assert a_vault().pseudonym(MAIN, ANNA) == vault.pseudonym(MAIN, ANNA)


def test_who_was_erased_is_named_by_the_pseudonym_that_is_left() -> None:
    vault = a_vault()
    name = vault.pseudonym(MAIN, ANNA)

    assert vault.pseudonym(MAIN, Subject(ERASED, name)) == name


def test_a_person_has_one_key_which_a_later_process_unwraps() -> None:
    keys = Keys()
    sealed = a_vault().writing_key(keys, MAIN, "p").encrypt(b"blorp", b"")

    later = a_vault().reading_key(keys, MAIN, "p")

    assert later is not None
    assert later.decrypt(sealed, b"") == b"blorp"
    assert len(keys.kept) == 1


def test_two_people_have_two_keys() -> None:
    keys, vault = Keys(), a_vault()

    secrets = {
        vault.writing_key(keys, org, person).secret for org in (MAIN, OTHER) for person in "pq"
    }

    assert len(secrets) == 4


def test_a_wrapped_key_opens_for_its_owner_alone() -> None:
    keys, vault = Keys(), a_vault()
    vault.writing_key(keys, MAIN, "p")
    keys.kept[MAIN, "q"] = keys.kept[MAIN, "p"]

    with pytest.raises(BadInput, match="master key"):
        vault.reading_key(keys, MAIN, "q")
    with pytest.raises(BadInput, match="master key"):
        a_vault(b"n").reading_key(keys, MAIN, "p")


def test_a_cached_key_is_not_asked_for_again() -> None:
    keys, vault = Keys(), a_vault()
    vault.writing_key(keys, MAIN, "p")
    asked = keys.asked

    vault.writing_key(keys, MAIN, "p")
    vault.reading_key(keys, MAIN, "p")

    assert keys.asked == asked


def test_the_key_used_longest_ago_leaves_the_cache() -> None:
    keys, vault = Keys(), a_vault(capacity=2)
    for person in "pqpr":
        vault.writing_key(keys, MAIN, person)
    asked = keys.asked

    vault.writing_key(keys, MAIN, "p")
    assert keys.asked == asked
    vault.writing_key(keys, MAIN, "q")
    assert keys.asked == asked + 1


def test_reading_does_not_fill_the_cache() -> None:
    keys = Keys()
    a_vault().writing_key(keys, MAIN, "p")
    reader = a_vault()
    reader.reading_key(keys, MAIN, "p")
    keys.destroy(MAIN, "p")

    assert reader.reading_key(keys, MAIN, "p") is None


def test_a_forgotten_key_is_made_anew() -> None:
    keys, vault = Keys(), a_vault()
    before = vault.writing_key(keys, MAIN, "p").secret
    keys.destroy(MAIN, "p")
    vault.forget(MAIN, "p")

    assert vault.reading_key(keys, MAIN, "p") is None
    assert vault.writing_key(keys, MAIN, "p").secret != before


def test_the_key_that_was_stored_first_counts() -> None:
    theirs = Keys()
    first = a_vault().writing_key(theirs, MAIN, "p").secret
    keys = Keys(rival=theirs.kept[MAIN, "p"])

    assert a_vault().writing_key(keys, MAIN, "p").secret == first


def test_an_organisations_own_key_is_derived_and_not_stored() -> None:
    keys, vault = Keys(), a_vault()

    own = vault.writing_key(keys, MAIN, ORGANISATION)

    assert own is vault.of_organisation(MAIN)
    assert vault.reading_key(keys, MAIN, ORGANISATION) is own
    assert own.secret != vault.of_organisation(OTHER).secret
    assert own.secret == a_vault().of_organisation(MAIN).secret
    assert keys.kept == {}


def test_a_key_file_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"

    made = create_key_file(path)

    assert load_master_key(tmp_path, {}) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create_key_file(path)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    create_key_file(tmp_path / "keys" / "master.key")
    text = base64.b64encode(b"e" * 32).decode()

    assert load_master_key(tmp_path, {MASTER_KEY_VARIABLE: text}) == b"e" * 32


def test_a_missing_key_says_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="fieldfare init"):
        load_master_key(tmp_path, {})


@pytest.mark.parametrize("text", ["", "short", "e" * 44, base64.b64encode(b"e" * 31).decode()])
def test_a_text_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="32 bytes"):
        load_key(tmp_path / "none", "X", {"X": text})


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(BadInput):
        Vault(b"short")
