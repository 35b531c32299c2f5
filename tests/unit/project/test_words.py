"""One word, one meaning: the glossary's banned words do not occur in the source."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (?P<word>[^|]+?) \|[^|]+\| (?P<banned>[^|]*)\|$", re.MULTILINE)


def banned_words() -> dict[str, str]:
    """Read the glossary: banned word -> the word to use."""
    rows = ROW.finditer((ROOT / "docs" / "glossary.md").read_text())
    return {
        banned.strip(): row["word"]
        for row in rows
        if row["word"] != "word"
        for banned in row["banned"].split(",")
        if banned.strip()
    }


def pattern(word: str) -> re.Pattern[str]:
    """Match the word and its plural, also between underscores, not inside another word."""
    inner = r"[\s_-]+".join(map(re.escape, word.split()))
    return re.compile(rf"(?<![a-z]){inner}(?:s|es)?(?![a-z])", re.IGNORECASE)


def test_the_glossary_bans_words() -> None:
    assert banned_words()["moderator"] == "reviewer"
    assert len(banned_words()) > 20


def test_a_banned_word_is_found_in_names_and_sentences() -> None:
    assert pattern("moderator").search("claimed_by_moderators = 1")
    assert pattern("end user").search("The end-user sees")
    assert not pattern("asset").search("reassettled")


def test_banned_synonyms_do_not_occur_in_the_source() -> None:
    patterns = {word: pattern(word) for word in banned_words()}

    found = [
        f"{path.relative_to(ROOT)}:{number}: {word!r}, say {banned_words()[word]!r}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for word, banned in patterns.items()
        if banned.search(line)
    ]

    assert found == []
