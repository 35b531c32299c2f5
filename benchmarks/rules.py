"""How many events a second one core takes through the compiled rules.

50 rules over 30 features on events of 0.8 KB; JSON parse (msgspec), counters, evaluation and
effects included. Two rule sets: one where 3 rules test text, one where 20 do. The same rules as one
hand-written Python function are measured in the same run. The last line with --json is one object.
"""

import argparse
import functools
import json
import random
import re
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from fieldfare.kernel import make_id
from fieldfare.records import Restriction, Subject
from fieldfare.rules import (
    Occurrence,
    PolicyTerms,
    RuleSet,
    Running,
    Vocabulary,
    load_rule_set,
)

NO_LISTS: Final[Mapping[str, frozenset[str]]] = {}
START_MS: Final = 1_767_225_600_000
NUMBERS: Final = tuple(f"n{i}" for i in range(16))
TEXTS: Final = ("caption", "text", "bio")
FLAGS: Final = ("is_private", "is_verified", "has_music", "is_duet", "is_live")
WORDS: Final = [
    "bramble",
    "calder",
    "dimple",
    "fennel",
    "gorsel",
    "hobbin",
    "jarrow",
    "kestle",
    "lumber",
    "mellow",
    "nettle",
    "orchel",
    "pindle",
    "quarry",
    "rustle",
    "saddle",
    "tamber",
    "umbral",
    "velvet",
    "wicker",
    "yarrow",
    "zephyr",
]
SPICE: Final = tuple(f"{a}{b}" for a in ("zor", "vex", "qui", "plo", "xan") for b in WORDS[:20])
FACTS: Final = {"visual.nsfw.max": 0.12, "author.age_s": 864_000.0, "item.views": 120}


def restriction(kind: str) -> Restriction:
    return Restriction(kind=kind, policy="IN.SPAM")


VOCABULARY: Final = Vocabulary(
    policies={
        "IN.SPAM": PolicyTerms(
            code="IN.SPAM",
            severity="S1",
            at_high_confidence=(restriction("limit"),),
            on_confirm=(restriction("remove"),),
            queue="integrity",
        )
    },
    facts={"visual.nsfw.max": "float", "author.age_s": "float", "item.views": "int"},
    lists=frozenset(),
    queues=frozenset({"integrity"}),
    event_kinds=frozenset({"item.posted"}),
    restriction_kinds=frozenset({"limit", "remove", "hold"}),
)


def pattern_of(at: int, words_each: int) -> str:
    words = [SPICE[(at * 5 + i) % len(SPICE)] for i in range(5)]
    more = [
        f"{WORDS[(at * 7 + i) % 22]}{WORDS[(at + i // 22) % 22]}" for i in range(words_each - 5)
    ]
    return [
        "|".join([*words, *more]),
        rf"\b({'|'.join([*words, *more])})\b",
        rf"{words[0]}[0-9]{{2,6}}|{words[1]}s?\b",
        rf"(buy|get) (my )?{words[2]}",
    ][at % 4]


def rules_of(texts: int, words_each: int = 5) -> str:
    """Write 50 rules: `texts` of them test text, 3 test counters, the others compare."""
    lines = [
        "Author: Entity[str] = EntityJson(type='User', path='$.item.author')",
        "Kind: str = JsonData(path='$.item.kind')",
        "Language: str = JsonData(path='$.item.language')",
        *(f"{n.upper()}: int = JsonData(path='$.stats.{n}')" for n in NUMBERS),
        *(f"{t.title()}: str = JsonData(path='$.item.{t}')" for t in TEXTS),
        *(f"{f.title()}: bool = JsonData(path='$.flags.{f}')" for f in FLAGS),
        "Nsfw = Fact('visual.nsfw.max')",
        "Age = Fact('author.age_s')",
        "Views = Fact('item.views')",
        "Posts = Count(key=[Author], window='5m')",
        "Loud = Count(key=[Author], window='10m', where=N0 > 500)",
        "Authors = CountDistinct(of=Author, key=[Language], window='10m')",
    ]
    conditions = ["Posts > 20", "Loud > 15 and Age < 3600", "Authors > 400 and Kind == 'audio'"]
    for at in range(texts):
        target = TEXTS[at % 3].title()
        pattern = pattern_of(at, words_each)
        conditions.append(
            f"RegexMatch(target={target}, pattern={pattern!r}, case_insensitive=True)"
        )
    at = 0
    while len(conditions) < 50:
        a, b = NUMBERS[at % 16].upper(), NUMBERS[(at * 7 + 3) % 16].upper()
        conditions.append(
            (
                f"{a} > 970, {b} < 300",
                f"Language in ['de', 'fr', 'nl', 'pl'], {a} + {b} > 1960",
                f"Kind == 'video', not {FLAGS[at % 5].title()}, {a} >= 970",
                f"Nsfw > 0.9 or Views > 100000, {a} != {b}",
                f"Age < 3600 and {a} > 900 or {b} == 77",
            )[at % 5]
        )
        at += 1
    for at, condition in enumerate(conditions):
        lines.append(f"R{at} = Rule(when_all=[{condition}], description=f'rule {at} on {{Kind}}')")
    for at in range(0, 50, 5):
        names = ", ".join(f"R{i}" for i in range(at, at + 5))
        effect = "Limit(policy='IN.SPAM')" if at % 2 else "Review(policy='IN.SPAM')"
        lines.append(f"WhenRules(rules_any=[{names}], then=[{effect}])")
    return "\n".join(lines)


def events_of(count: int) -> list[bytes]:
    """Write events of about 0.8 KB, spiced words in two of a hundred."""
    rng = random.Random(7)
    events = []
    for _ in range(count):
        spice = [rng.choice(SPICE)] if rng.random() < 0.1 else []
        caption, text, bio = (
            " ".join(rng.choices(WORDS, k=k) + (spice if k == 14 else [])) for k in (14, 28, 10)
        )
        item = {
            "kind": rng.choice(["video", "video", "comment"]),
            "host_id": str(rng.randrange(10**9)),
            "author": f"u{rng.randrange(5000)}",
            "caption": caption,
            "text": text,
            "bio": bio,
            "language": rng.choice(["en", "de", "es", "id", "pt"]),
            "hashtags": rng.choices(WORDS, k=3),
        }
        stats = {name: rng.randrange(1000) for name in NUMBERS}
        flags = {name: rng.random() < 0.5 for name in FLAGS}
        event = {"kind": "item.posted", "item": item, "stats": stats, "flags": flags}
        events.append(msgspec.json.encode(event))
    return events


def engine_run(rules: RuleSet, events: Sequence[bytes]) -> tuple[float, int]:
    """Take events through everything; CPU seconds and how many rules fired."""
    running = Running([rules])
    decode = msgspec.json.Decoder().decode
    fired = 0
    begin = time.process_time()
    for at, raw in enumerate(events):
        data = decode(raw)
        item = data["item"]
        event = Occurrence(
            kind="item.posted",
            event_id=make_id(START_MS + at * 20),
            subject=Subject(item["kind"], item["host_id"]),
            version="",
            data=data,
            facts=FACTS,
        )
        outcome = running.judge(rules, event, NO_LISTS)
        fired += len(outcome.fired)
    return time.process_time() - begin, fired


def hand_written(texts: int, words_each: int = 5) -> Callable[[Sequence[bytes]], tuple[float, int]]:
    """Write the same rules by hand: conditions and counters only, no reasons, no verdicts."""
    patterns = [re.compile(pattern_of(at, words_each), re.IGNORECASE) for at in range(texts)]

    def run(events: Sequence[bytes]) -> tuple[float, int]:
        posts: dict[str, deque[int]] = {}
        loud: dict[str, deque[int]] = {}
        authors: dict[str, dict[str, int]] = {}
        decode = msgspec.json.Decoder().decode
        fired = 0
        begin = time.process_time()
        for at, raw in enumerate(events):
            now = START_MS + at * 20
            data = decode(raw)
            item, stats, flags = data["item"], data["stats"], data["flags"]
            fired += by_hand(patterns, item, stats, flags, now, (posts, loud, authors))
        return time.process_time() - begin, fired

    return run


def windowed(ids: deque[int], now: int, window: int, *, adds: bool) -> int:
    while ids and ids[0] <= now - window:
        ids.popleft()
    if adds:
        ids.append(now)
    return len(ids)


def by_hand(  # noqa: PLR0917 -- plain on purpose
    patterns: Sequence[re.Pattern[str]],
    item: dict[str, Any],
    stats: dict[str, int],
    flags: dict[str, bool],
    now: int,
    counters: tuple[dict[str, deque[int]], dict[str, deque[int]], dict[str, dict[str, int]]],
) -> int:
    posts, loud, authors = counters
    who, language = item["author"], item["language"]
    n = [stats[name] for name in NUMBERS]
    post_count = windowed(posts.setdefault(who, deque()), now, 300_000, adds=True)
    loud_count = windowed(loud.setdefault(who, deque()), now, 600_000, adds=n[0] > 500)
    seen = authors.setdefault(language, {})
    seen.pop(who, None)
    seen[who] = now
    while seen[first := next(iter(seen))] <= now - 600_000:
        del seen[first]
    age, nsfw, views = FACTS["author.age_s"], FACTS["visual.nsfw.max"], FACTS["item.views"]
    fired = (
        (post_count > 20)
        + (loud_count > 15 and age < 3600)
        + (len(seen) > 400 and item["kind"] == "audio")
    )
    texts = (item["caption"], item["text"], item["bio"])
    for at, pattern in enumerate(patterns):
        fired += pattern.search(texts[at % 3]) is not None
    for at in range(50 - 3 - len(patterns)):
        a, b = n[at % 16], n[(at * 7 + 3) % 16]
        match at % 5:
            case 0:
                fired += a > 970 and b < 300
            case 1:
                fired += language in {"de", "fr", "nl", "pl"} and a + b > 1960
            case 2:
                fired += item["kind"] == "video" and not flags[FLAGS[at % 5]] and a >= 970
            case 3:
                fired += (nsfw > 0.9 or views > 100_000) and a != b
            case _:
                fired += (age < 3600 and a > 900) or b == 77
    return fired


def rates(
    run: Callable[[Sequence[bytes]], tuple[float, int]], events: Sequence[bytes], repeats: int
) -> tuple[list[float], int]:
    run(events[: len(events) // 4])  # warm up
    results = [run(events) for _ in range(repeats)]
    return [len(events) / cpu for cpu, _ in results], results[0][1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    parser.add_argument("--words", type=int, default=5, help="in a list of words; at least 5")
    parser.add_argument("--semantics", choices=["safe", "osprey"], help="of a missing value")
    options = parser.parse_args()
    repeats = 3 if options.quick else 7
    events = events_of(4_000 if options.quick else 20_000)
    figures: dict[str, float] = {}
    print(f"{len(events)} events of {statistics.mean(map(len, events)):.0f} bytes, one core")
    for key, texts in (("events_per_s", 3), ("events_per_s_text", 20)):
        rules = load_rule_set(
            {"main.sml": rules_of(texts, options.words)},
            vocabulary=VOCABULARY,
            semantics=options.semantics,
        )
        ours, fired = rates(functools.partial(engine_run, rules), events, repeats)
        plain, fired_by_hand = rates(hand_written(texts, options.words), events, repeats)
        assert fired == fired_by_hand, f"{fired} fired, by hand {fired_by_hand}"
        figures[key] = round(statistics.median(ours))
        figures[f"{key}_by_hand"] = round(statistics.median(plain))
        if key == "events_per_s":
            spread = (max(ours) - min(ours)) / statistics.median(ours)
            figures["spread"] = round(spread, 3)
        print(
            f"50 rules, {texts:2} on text: {figures[key]:,.0f} events/s, "
            f"by hand {figures[f'{key}_by_hand']:,.0f} "
            f"(ratio {figures[key] / figures[f'{key}_by_hand']:.2f}), "
            f"{fired / len(events):.2f} rules fired an event"
        )
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
