"""How many comments a second one machine takes from HTTP to a durable decision, on SQLite.

Posts comments to a real server over loopback, in batches of 100 and one by one, and stops the clock
when the last one is decided. Half of the figure is the client's: both share the machine's cores.
"""

import argparse
import json
import statistics
import threading
import time

from fieldfare.testing.served import Line, Served, serving, temporary_home

BATCH = 100
SENDERS = 2
WORDS = ("lumet", "sarno", "wivel", "tobrek", "fennul", "quimsa", "arlo", "medin", "pastor", "vira")


def comment(number: int) -> dict[str, object]:
    """Make a clean comment of some twelve invented words, each by one of 500 people."""
    words = " ".join(WORDS[(number * 7 + place * place) % len(WORDS)] for place in range(12))
    return {
        "kind": "comment",
        "host_id": f"c{number}",
        "author": f"u{number % 500}",
        "market": "DE",
        "text": f"{words} {number}",
        "parent": {"kind": "video", "host_id": f"v{number % 50}"},
    }


def batches(first: int, count: int) -> list[bytes]:
    """Bodies of /v1/events, encoded before the clock starts."""
    return [
        json.dumps(
            {
                "events": [
                    {"kind": "item.posted", "key": f"k{n}", "item": comment(n)}
                    for n in range(start, start + BATCH)
                ]
            }
        ).encode()
        for start in range(first, first + count, BATCH)
    ]


def singles(first: int, count: int) -> list[bytes]:
    """Bodies of /v1/items, encoded before the clock starts."""
    return [
        json.dumps({**comment(n), "key": f"k{n}"}).encode() for n in range(first, first + count)
    ]


def send_all(line: Line, path: str, bodies: list[bytes]) -> None:
    """Send every body; a refusal under pressure is sent again."""
    for body in bodies:
        status, told = line.send("POST", path, body)
        while status == 429:
            time.sleep(0.05)
            status, told = line.send("POST", path, body)
        assert status == 202, told


def measure(server: Served, path: str, bodies: list[bytes], events: int) -> float:
    """Events a second from the first byte sent to the last decision made."""
    share = [bodies[n::SENDERS] for n in range(SENDERS)]
    lines = [server.connect() for _ in range(SENDERS)]
    watch = server.connect()
    last = json.loads(bodies[-1])
    last_id = last["events"][-1]["item"]["host_id"] if "events" in last else last["host_id"]
    threads = [
        threading.Thread(target=send_all, args=(line, path, part))
        for line, part in zip(lines, share, strict=True)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until_decided(watch, last_id)
    return events / (time.perf_counter() - started)


def wait_until_decided(line: Line, host_id: str) -> None:
    """Wait until nothing waits for the evaluator and the given comment has its decision."""
    while True:
        parts = line.ask("/health").get("parts")
        waiting = parts["evaluator"]["events_waiting"] if isinstance(parts, dict) else 0
        status, body = line.send("GET", f"/v1/items/comment/{host_id}")
        if not waiting and status == 200 and json.loads(body)["state"] == "decided":
            return
        time.sleep(0.005)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    wanted = parser.parse_args()
    repeats, count, single = (2, 600, 60) if wanted.quick else (5, 20_000, 1_500)
    with temporary_home() as (home, key), serving(home, key) as server:
        measure(server, "/v1/events", batches(10**7, 1_000), 1_000)
        many = [
            measure(server, "/v1/events", batches(n * count, count), count) for n in range(repeats)
        ]
        measure(server, "/v1/items", singles(2 * 10**7, 100), 100)
        ones = [
            measure(server, "/v1/items", singles(3 * 10**7 + n * single, single), single)
            for n in range(repeats)
        ]
    figures = {
        "events_per_s": round(statistics.median(many)),
        "events_per_s_single": round(statistics.median(ones)),
        "runs": [round(each) for each in many],
        "runs_single": [round(each) for each in ones],
        "comments": count,
    }
    print(f"batches of {BATCH}: {figures['events_per_s']:,} comments/s to a durable decision")
    print(f"one by one:     {figures['events_per_s_single']:,} comments/s")
    if wanted.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
