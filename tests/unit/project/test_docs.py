"""Every relative link of the documentation leads somewhere, headings included."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "packs").rglob("*.md")]
)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
SOURCE = re.compile(r"<(?:img|source|a)\b[^>]*?(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+\s+(.+?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Name the headings of a page as links do: lower case, words joined by hyphens."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in headings}


def broken(page: Path, root: Path = ROOT) -> list[str]:
    text = FENCE.sub("", page.read_text())
    found = []
    for target in [*LINK.findall(text), *SOURCE.findall(text)]:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        is_there = file.exists() and file.is_relative_to(root)
        if not is_there or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    assert broken(page) == []


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One two\n[a](gone.md) [b](#one-two) [c](#three) ![d](none.png)\n")

    assert broken(page, tmp_path) == ["gone.md", "#three", "none.png"]


def test_the_documents_a_repository_needs_are_there() -> None:
    names = ["README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG"]

    assert [name for name in names if not (ROOT / f"{name}.md").is_file()] == []
    assert "Apache License" in (ROOT / "LICENSE").read_text()
