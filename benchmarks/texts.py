"""What known texts and URLs cost, which edits of a text are still found, and what is found wrongly.

The comments of one collection are known, those of others are looked up: whatever is a near copy
among them is no copy of anybody's. The collections are those of FIELDFARE_DATA_AT_HAND; without it
sentences of invented words stand in, which say something of speed and nothing of false matches.
Then known comments are changed and looked up. `--show` prints the pairs taken for copies: they hold
real insults. The last line with --json is one object.
"""

import argparse
import csv
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from fieldfare.matching.long_texts import TLSH_DISTANCE, distances, read_tlsh, tlsh_of
from fieldfare.matching.shingles import shingles, skeleton
from fieldfare.matching.text_copies import TextIndex, least_similarity
from fieldfare.matching.url_copies import UrlIndex
from fieldfare.matching.url_finding import find_urls
from fieldfare.matching.urls import read_url

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
Edit = Callable[[str, random.Random], str]


def column(path: Path, name: str) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        yield from (row[name] for row in csv.DictReader(file) if row.get(name))


def collections(chance: random.Random) -> tuple[list[str], list[str]]:
    """Give (known, asked): comments of different collections, each text once."""
    root = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not root:
        words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(5_000)]
        texts = [" ".join(chance.choices(words, k=chance.randint(4, 40))) for _ in range(40_000)]
        return texts[:20_000], texts[20_000:]
    folder = Path(root) / "text"
    csv.field_size_limit(1 << 30)
    known = column(folder / "edos" / "edos_labelled_aggregated.csv", "text")
    asked = [
        *column(folder / "ken20" / "ken20_en_train_20692.csv", "text"),
        *column(folder / "surge_toxicity" / "toxicity_en.csv", "text"),
    ]
    messages = (folder / "sms_spam" / "sms.tsv").read_text("utf-8", "replace").splitlines()
    asked += [line.partition("\t")[2] for line in messages if "\t" in line]
    return list(dict.fromkeys(known)), list(dict.fromkeys(asked))


def letters(share: float) -> Edit:
    def edit(text: str, chance: random.Random) -> str:
        found = list(text)
        for _ in range(max(1, round(share * len(found)))):
            place = chance.randrange(len(found))
            found[place : place + 1] = chance.choice(
                ([chance.choice(LETTERS)], [], [found[place], chance.choice(LETTERS)])
            ) or [""]
        return "".join(found)

    return edit


def words(share: float, vocabulary: Sequence[str]) -> Edit:
    def edit(text: str, chance: random.Random) -> str:
        found = text.split()
        for _ in range(max(1, round(share * len(found)))):
            place = chance.randrange(len(found))
            other = chance.choice(vocabulary)
            found[place : place + 1] = chance.choice(([other], [], [found[place], other])) or [""]
        return " ".join(found)

    return edit


def disguised(text: str, chance: random.Random) -> str:
    forms = {"a": "a4@а", "e": "e3е", "o": "o0о", "s": "s$5", "i": "i1і"}  # noqa: RUF001 -- look-alikes
    return "".join(
        chance.choice(forms.get(char, char) + char.upper()) for char in text.lower()
    ).replace(" ", "  ")


def framed(text: str, chance: random.Random) -> str:
    return f"@u{chance.randrange(999)} lol {text} check this out"


def timed(what: Callable[[], object]) -> float:
    begin = time.process_time()
    what()
    return time.process_time() - begin


def recalls(index: TextIndex, known: Sequence[str], chance: random.Random) -> dict[str, float]:
    """Give the share of changed comments (16 pieces or more) whose original is found, by edit."""
    vocabulary = [word for text in known[:3_000] for word in text.split()]
    edits: dict[str, Edit] = {
        "disguised": disguised,
        "one_word": words(0.0, vocabulary),
        "words_10": words(0.1, vocabulary),
        "words_20": words(0.2, vocabulary),
        "letters_5": letters(0.05),
        "framed": framed,
    }
    owners = [owner for owner, text in enumerate(known) if len(shingles(skeleton(text))) >= 16]
    chosen = chance.sample(owners, min(1_000, len(owners)))
    return {
        name: sum(
            any(hit.owner == owner for hit in index.search(edit(known[owner], chance)))
            for owner in chosen
        )
        / len(chosen)
        for name, edit in edits.items()
    }


def long_texts(texts: Sequence[str], chance: random.Random, limit: int) -> dict[str, float]:
    """Compare TLSH with pieces on texts of 200 letters or more, a tenth of the words changed."""
    pairs = [(text, tlsh_of(text)) for text in texts if len(skeleton(text)) >= 200]
    found = [(text, digest) for text, digest in pairs if digest][:limit]
    rows = np.stack([read_tlsh(digest) for _, digest in found])
    wrong = sum(
        int(np.count_nonzero(distances(row, rows[place + 1 :]) <= TLSH_DISTANCE))
        for place, row in enumerate(rows)
    )
    change = words(0.1, " ".join(texts[:500]).split())
    by_tlsh = by_pieces = 0
    for (text, _), row in zip(found, rows, strict=True):
        typed = change(text, chance)
        digest = tlsh_of(typed)
        by_tlsh += bool(digest and distances(read_tlsh(digest), row[None])[0] <= TLSH_DISTANCE)
        one, other = ({*shingles(skeleton(each)).tolist()} for each in (text, typed))
        least = least_similarity(min(len(one), len(other))) or 1.0
        by_pieces += len(one & other) / len(one | other) >= least
    return {
        "long_texts": len(found),
        "tlsh_wrong_per_million_pairs": 2e6 * wrong / len(found) / (len(found) - 1),
        "tlsh_recall_words_10": by_tlsh / len(found),
        "pieces_recall_words_10": by_pieces / len(found),
    }


def urls(texts: Sequence[str], entries: int) -> dict[str, float]:
    index = UrlIndex()
    for number in range(entries):
        index.add(number, read_url(f"https://h{number}.example.com/p/{number}?b=1&a=2"))
    written = [f"https://www.h{n}.Example.com/p/./{n}?a=2&utm_source=x&b=1" for n in range(5_000)]
    hits = sum(bool(index.search(read_url(each))) for each in written[: entries // 2])
    assert hits == min(len(written), entries // 2)
    seeking = timed(lambda: [find_urls(text) for text in texts])
    reading = timed(lambda: [index.search(read_url(each)) for each in written])
    return {
        "url_seek_texts_per_s": len(texts) / seeking,
        "url_lookups_per_s": len(written) / reading,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    parser.add_argument("--show", action="store_true", help="print what is taken for copies")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    known, asked = collections(chance)
    chance.shuffle(asked)
    if options.quick:
        known, asked = known[:1_500], asked[:1_000]
    index = TextIndex()
    building = timed(lambda: index.add(enumerate(known)))
    hits = {}
    looking = timed(lambda: hits.update({text: index.search(text) for text in asked}))
    near = [(text, hit) for text, found in hits.items() for hit in found if hit.means == "near"]
    figures: dict[str, float] = {
        "known": len(known),
        "pairs": len(known) * len(asked),
        "lookups_per_s": len(asked) / looking,
        "added_per_s": len(known) / building,
        "bytes_per_entry": index.nbytes / len(known),
        "exact": sum(hit.means == "exact" for found in hits.values() for hit in found),
        "near": len(near),
        "texts_with_a_near_copy": len({text for text, _ in near}),
    }
    recalled = recalls(index, known, chance)
    figures |= {f"recall_{name}": share for name, share in recalled.items()}
    figures |= long_texts(known + asked, chance, 100 if options.quick else 2_000)
    figures |= urls(asked, 1_000 if options.quick else 100_000)
    for text, hit in near if options.show else ():
        print(f"{hit.similarity:.2f}  {text[:90]!r}  {known[hit.owner][:90]!r}")
    for name, value in figures.items():
        print(f"{name:32} {value:,.3f}".rstrip("0").rstrip("."))
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
