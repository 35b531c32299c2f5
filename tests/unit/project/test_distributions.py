"""What an installation brings along: pinned, permissive, and not too big."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE_MB_AT_MOST = 720  # Numba and the compiler in llvmlite, for searching hashes, are 208 of them

PERMISSIVE = re.compile(
    r"0BSD|BSD(-[23]-clause)?|3-clause bsd license|mit(-0|-cmu)?|mit license|expat"
    r"|isc( license( \(iscl\))?)?"
    r"|(the )?apache(-2\.0)?( |-)?(license|software license)?,?( version)? ?(2\.0)?"
    r"|PSF-2\.0|python software foundation license|python-2\.0|cnri-python|hpnd|zlib|unlicense"
    r"|bsd license|new bsd|mpl-2\.0|mozilla public license 2\.0 \(mpl 2\.0\)"
    r"|apache or bsd"
    r"|(the )?unlicense( \(unlicense\))?|boost software license 1\.0 \(bsl-1\.0\)|cc0-1\.0"
    r"|llvm-exception",  # "Apache-2.0 WITH LLVM-exception": it takes conditions away
    re.IGNORECASE,
)
"""Spelled as distributions do. MPL-2.0 binds its own files only; certifi and tqdm carry it."""


def reachable(requirements: Iterable[str], extra: str = "") -> dict[str, Distribution]:
    """Follow requirements as installed here: canonical name -> distribution."""
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(text), extra) for text in requirements]
    while waiting:
        requirement, asked = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in requirement.extras or {""}:
            key = f"{name}[{wanted}]"
            if key not in found:
                found[key] = distribution(name)
                waiting += [(Requirement(text), wanted) for text in found[key].requires or ()]
                waiting.append((Requirement(name), ""))
    return {canonicalize_name(dist.metadata["Name"]): dist for dist in found.values()}


CORE = reachable(PROJECT["dependencies"])
EXTRAS = PROJECT["optional-dependencies"]
PEERS = EXTRAS["peers"]
"""For benchmarks alone; nobody who develops has to install them."""
EVERYTHING = reachable(
    [
        *PROJECT["dependencies"],
        *(text for name, extra in EXTRAS.items() if name != "peers" for text in extra),
    ]
)


def licences(dist: Distribution) -> list[str]:
    """Read what a distribution says of itself: expression, else classifiers, else field."""
    metadata = dist.metadata
    classified = [
        text.rsplit(" :: ", 1)[1]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License :: ") and not text.endswith("OSI Approved")
    ]
    field = (metadata["License"] or "").strip().splitlines()[:1]
    expression = metadata["License-Expression"]
    said = [expression] if expression else classified or field
    return [part for text in said for part in re.split(r" (?:AND|OR|WITH) ", text)]


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_is_permissively_licensed(name: str) -> None:
    said = licences(CORE[name])

    assert said, f"{name} names no licence"
    assert [text for text in said if not PERMISSIVE.fullmatch(text.strip())] == []


@pytest.mark.parametrize("text", ["GPL-3.0-only", "AGPL-3.0", "LGPL-3.0-only", "Proprietary", ""])
def test_other_licences_are_noticed(text: str) -> None:
    assert not PERMISSIVE.fullmatch(text)


def test_psycopg_which_is_lgpl_is_an_extra() -> None:
    assert not [name for name in CORE if name.startswith("psycopg")]
    assert "psycopg" in EVERYTHING


def test_the_core_install_is_small_enough() -> None:
    sizes = {
        name: sum(
            Path(str(file.locate())).stat().st_size
            for file in dist.files or ()
            if Path(str(file.locate())).is_file()
        )
        for name, dist in CORE.items()
    }

    assert min(sizes.values()) > 0
    assert sum(sizes.values()) < CORE_MB_AT_MOST * 1_000_000, sizes


def pins(of: str = "[dev]") -> dict[str, str]:
    """Read what is pinned under the heading of an extra."""
    heading = ""
    found: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line.startswith("#"):
            heading = line
        elif line and of in heading:
            name, version = line.split("==")
            found[canonicalize_name(name)] = version
    return found


def test_everything_that_is_installed_is_pinned_to_that_version() -> None:
    installed = {name: dist.version for name, dist in EVERYTHING.items() if name != "fieldfare"}

    assert {name: pins().get(name) for name in installed} == installed


def test_nothing_is_pinned_that_nothing_needs() -> None:
    assert sorted(set(pins()) - set(EVERYTHING)) == []


def test_peers_are_pinned_apart_to_the_version_that_is_measured() -> None:
    named = {canonicalize_name(Requirement(text).name): Requirement(text) for text in PEERS}
    pinned = pins("[peers]")

    assert {name: str(each.specifier) for name, each in named.items()} == {
        name: f"=={pinned[name]}" for name in named
    }
    assert not set(pinned) & set(pins())


def test_what_peers_bring_along_is_permissive_and_pinned_too() -> None:
    try:
        brought = reachable(PEERS)
    except PackageNotFoundError as missing:
        pytest.skip(f"the extra [peers] is not installed: {missing}")
    alone = {name: dist for name, dist in brought.items() if name not in EVERYTHING}

    assert {name: dist.version for name, dist in alone.items()} == pins("[peers]")
    for name, dist in alone.items():
        assert all(PERMISSIVE.fullmatch(text.strip()) for text in licences(dist)), name
