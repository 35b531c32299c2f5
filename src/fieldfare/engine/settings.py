"""Settings: fieldfare.toml in the home folder, overridden by FIELDFARE_* in the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, Literal, get_args

from fieldfare.kernel import BadInput, did_you_mean

ClockKind = Literal["system", "simulated"]
LONGEST_UNDECIDED_S: Final = 86_400
COUNTER_KEYS: Final = 1_000_000
"""As `rules.counters.MAX_KEYS`: every command reads settings, and only some need rules."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where an installation's secrets lie, under its home."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "keys"

    @property
    def command_line(self) -> Path:
        """The API key that our own command uses to talk to a running server."""
        return self.folder / "cli.key"

    @property
    def heads(self) -> Path:
        """The newest link of the sealed chain, remembered outside the database."""
        return self.home / "heads.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set. Sizes in bytes, times as their names say.

    home: where everything of an installation lives. database: an SQLAlchemy URL, "" for SQLite in
    home. workers: processes that scan media; 0: one fewer than the machine's cores, at least one.
    lag_events, lag_scans: how far deciding and scanning may fall behind before ingest answers 429.
    counter_keys: how many keys one counter of the rules holds; beyond it, the one added to longest
    ago goes.
    undecided_s: how long a version may wait for its first decision before it is held and people are
    asked.
    staged_exposure: whether an item's views are capped at the next threshold until rules ran again.
    media_fetch_s: for one media_url, from the look-up to the last byte. media_hosts: where a
    media_url may lead, as `cdn.example`, `.cdn.example` for all below it, or either with a port;
    none: every public host on port 443.
    exchange_hosts: hosts of exchanges that may have an address that is not public, for a mirror or
    a service at home; those on this machine may speak http. All others: https, public addresses.
    lake_flush_s, lake_rows: when events go into the lake at the latest; lake_days: how long they
    stay there, 0 for as long as the log has them. backtest_workers: processes of a backtest; 0: as
    many as the machine has cores.
    hma: where HMA's API listens, as `127.0.0.1:5000`, "" for nowhere; hma_key: the id of the API
    key it acts by; hma_policy: the policy of banks that are made there.
    """

    home: Path = field(default_factory=lambda: Path("fieldfare-data"))
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 0
    clock: ClockKind = "system"
    media_bytes: int = 200_000_000
    media_duration_s: float = 600.0
    media_side_px: int = 4096
    media_pixels: int = 16_800_000
    media_cpu_s: int = 60
    media_wall_s: float = 90.0
    media_memory_bytes: int = 1 << 30
    media_fetch_s: float = 60.0
    media_hosts: tuple[str, ...] = ()
    exchange_hosts: tuple[str, ...] = ()
    body_bytes: int = 4_000_000
    lag_events: int = 50_000
    lag_scans: int = 10_000
    counter_keys: int = COUNTER_KEYS
    undecided_s: float = 900.0
    undo_s: float = 10.0
    lease_s: float = 300.0
    reveal_s: float = 60.0
    staged_exposure: bool = True
    pack: str = "default"
    secure_cookies: bool = False
    lake_flush_s: float = 60.0
    lake_rows: int = 20_000
    lake_days: int = 0
    backtest_workers: int = 0
    hma: str = ""
    hma_key: str = ""
    hma_policy: str = ""

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{(self.home / 'fieldfare.db').absolute()}"

    @property
    def compiled(self) -> Path:
        """Where compiled kernels are kept from one start to the next."""
        return (self.home / "compiled").absolute()


def load_settings(
    home: Path | None = None, environ: Mapping[str, str] | None = None, /, **overrides: object
) -> Settings:
    """Read fieldfare.toml of the home, then the environment, then `overrides` that are not None.

    Raises BadInput naming the source and the setting for an unknown name or a value of a wrong
    type.
    """
    env = os.environ if environ is None else environ
    folder = home or Path(env.get("FIELDFARE_HOME", "fieldfare-data"))
    values: dict[str, object] = {"home": folder}
    known = {f.name: f.type for f in fields(Settings)}
    for name, value in _file_values(folder / "fieldfare.toml").items():
        values[name] = _typed(name, value, known, source="fieldfare.toml")
    for name in known:
        text = env.get(f"FIELDFARE_{name.upper()}")
        if text is not None and name != "home":
            values[name] = _typed(name, text, known, source=f"FIELDFARE_{name.upper()}")
    values.update({name: value for name, value in overrides.items() if value is not None})
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was checked against its field
    if not 1 <= settings.undecided_s <= LONGEST_UNDECIDED_S:
        hint = f"Set it between 1 and {LONGEST_UNDECIDED_S}; nothing may stay undecided for ever."
        raise BadInput(f"undecided_s = {settings.undecided_s} is out of range", hint=hint)
    if settings.counter_keys < 1:
        hint = "Set it to at least 1; a key takes about 400 bytes."
        raise BadInput(f"counter_keys = {settings.counter_keys} is out of range", hint=hint)
    return settings


def _file_values(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}", hint="Mend the file.") from None


def _typed(name: str, value: object, known: Mapping[str, object], *, source: str) -> object:
    if name not in known:
        hint = did_you_mean(name, known) or f"Known settings: {', '.join(known)}."
        raise BadInput(f"{source}: {name!r} is not a setting", hint=hint)
    wanted = known[name]
    text = str(value)
    try:
        if wanted is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if wanted in (int, float):
            return wanted(text)
        if wanted == tuple[str, ...]:
            names = value if isinstance(value, list) else text.split(",")
            return tuple(name for each in names if (name := str(each).strip()))
    except (KeyError, ValueError):
        raise BadInput(f"{source}: {name} = {text!r} is not a {wanted}", hint="") from None
    if wanted == ClockKind and text not in get_args(ClockKind):
        raise BadInput(f"{source}: clock = {text!r}", hint="Use 'system' or 'simulated'.")
    return Path(text) if wanted is Path else text
