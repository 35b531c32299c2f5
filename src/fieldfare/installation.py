"""An installation on disk: made once by `init`, named by its home folder, verified by anybody.

In flow settings; out flow keys, a database with the organisation main, and the pack's files in
force. What is opened and run afterwards is `platform.Platform`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldfare.access import Scope
from fieldfare.engine.compiling import Compiler
from fieldfare.engine.in_force import Books, InForce, assemble
from fieldfare.engine.readable_lists import read_lists
from fieldfare.engine.settings import Keys, Settings
from fieldfare.engine.setup import MAIN, FirstSecrets, PackFiles, add_key, create_organisation
from fieldfare.engine.shelf import INDEXES
from fieldfare.engine.shelf_beside import known_beside
from fieldfare.engine.surroundings import Surroundings, surroundings
from fieldfare.kernel import Clock, Conflict, EventId, NotFound, SystemClock, did_you_mean
from fieldfare.kernel.ids import LAST_ID
from fieldfare.ledger import (
    MASTER_KEY_VARIABLE,
    SEAL_KEY_VARIABLE,
    Heads,
    Vault,
    Verification,
    audit,
    compared,
    create_key_file,
    load_master_key,
    load_seal_key,
)
from fieldfare.matching.index import keep_compiled_in
from fieldfare.matching.known import KnownContent
from fieldfare.matching.repositories import LEXICON, NAMED_LIST, ListRecord
from fieldfare.policies import packs_dir
from fieldfare.rules import read_folder
from fieldfare.storage import SqlStore


def pack_files(name: str) -> PackFiles:
    """Read a pack's folder. Raises NotFound if there is no such pack."""
    folder = packs_dir() / name
    if not (folder / "policies.yaml").is_file():
        known = sorted(p.parent.name for p in packs_dir().glob("*/policies.yaml"))
        hint = did_you_mean(name, known) or f"Known packs: {', '.join(known)}."
        raise NotFound(f"no policy pack {name!r}", hint=hint)
    return PackFiles(
        policies={"policies.yaml": (folder / "policies.yaml").read_text("utf-8")},
        rules=read_folder(folder / "rules"),
        lexicons=_texts(folder / "lists", "*.yaml"),
        lists=_texts(folder / "lists", "*.txt"),
    )


def in_force_without_store(pack: str) -> InForce:
    """Compile a pack from its folder, for a scan that needs no installation."""
    files = pack_files(pack)
    kinds = ((LEXICON, files.lexicons), (NAMED_LIST, files.lists))
    records = [
        ListRecord(org=MAIN, name=name, kind=kind, text=text, hash="", since=EventId(0))
        for kind, texts in kinds
        for name, text in texts.items()
    ]
    compiler = Compiler()
    lists = read_lists(records, compiler)
    return assemble(files.policies, files.rules, lists, compiler=compiler)


@contextmanager
def in_force_of(settings: Settings) -> Iterator[tuple[InForce, KnownContent]]:
    """Read what the organisation main decides by, its banks included, beside a running server."""
    books = Books()
    with _beside_a_server(settings) as store:
        store.read(lambda uow: books.refresh(uow, MAIN, as_of=LAST_ID))
        yield books.of(MAIN), known_beside(store, settings.home / INDEXES, MAIN)


def surroundings_of(settings: Settings) -> Surroundings:
    """Read what rules of the organisation main are checked under, beside a running server.

    The rules in force are not compiled for it, and need not compile.
    """
    with _beside_a_server(settings) as store:
        return store.read(lambda uow: surroundings(uow, MAIN, Compiler()))


def has_installation(settings: Settings) -> bool:
    """Tell whether `init` has made an installation in the home."""
    return Keys(settings.home).command_line.is_file()


@contextmanager
def _beside_a_server(settings: Settings) -> Iterator[SqlStore]:
    keep_compiled_in(settings.compiled)
    vault = Vault(load_master_key(settings.home))
    store = SqlStore.open(settings.database_url, clock=SystemClock(), vault=vault, read_only=True)
    try:
        yield store
    finally:
        store.close()


def _texts(folder: Path, pattern: str) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob(pattern))}


def create_installation(settings: Settings, *, clock: Clock | None = None) -> FirstSecrets:
    """Make keys, database and the organisation main. Raises Conflict if there is one already."""
    keys = Keys(settings.home)
    if keys.command_line.exists():
        raise Conflict(f"{settings.home} is set up already", hint="Nothing was changed.")
    files = pack_files(settings.pack)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, variable in (("master", MASTER_KEY_VARIABLE), ("seal", SEAL_KEY_VARIABLE)):
        if variable not in os.environ and not (keys.folder / f"{name}.key").exists():
            create_key_file(keys.folder / f"{name}.key")
    ticking = clock or SystemClock()
    vault = Vault(load_master_key(settings.home))
    store = SqlStore.open(settings.database_url, clock=ticking, vault=vault)
    try:
        secrets = store.write(lambda uow: create_organisation(uow, MAIN, files, ticking))
        every = frozenset(Scope)
        own = store.write(lambda uow: add_key(uow, MAIN, every, "our own command", ticking))
    finally:
        store.close()
    private = os.open(keys.command_line, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "w", encoding="ascii") as file:
        file.write(own)
    return secrets


def verify_ledger(settings: Settings) -> list[Verification]:
    """Verify the ledger of every organisation that is on the log or was, beside a running server or
    without one.
    """
    vault = Vault(load_master_key(settings.home))
    clock = SystemClock()
    public = load_seal_key(settings.home).public_key()
    heads = Heads(Keys(settings.home).heads)
    store = SqlStore.open(settings.database_url, clock=clock, vault=vault, read_only=True)
    try:
        # The heads are read first: a seal made in between is then a seal more, never one missing.
        known = heads.all()
        # Whoever was wiped from the log is still remembered, and main is there from the start.
        orgs = {MAIN, *known, *store.read(lambda uow: uow.ledger_rows.orgs())}
        return store.read(
            lambda uow: [
                compared(
                    audit(uow, org, public, head=known.get(org), now_ms=clock.now_ms()),
                    uow.agreement.check(org),
                )
                for org in sorted(orgs)
            ]
        )
    finally:
        store.close()
