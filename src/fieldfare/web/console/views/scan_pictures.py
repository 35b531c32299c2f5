"""Pictures that the scan of an item kept: its event flows in, what there is to see flows out."""

from dataclasses import dataclass

from fieldfare.kernel import JsonValue
from fieldfare.records import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture out of the media. t: seconds. blurred, clear: names of the blobs."""

    number: int
    t: float
    blurred: str
    clear: str


def stills_of(scan: Event | None) -> tuple[Still, ...]:
    """List the pictures a scan kept."""
    kept = (scan.data or {}).get("stills") if scan else None
    return tuple(
        Still(
            number=number,
            t=seconds_of(each.get("t")),
            blurred=str(each.get("blurred", "")),
            clear=str(each.get("clear", "")),
        )
        for number, each in enumerate(kept if isinstance(kept, list) else [])
        if isinstance(each, dict)
    )


def seconds_of(value: JsonValue) -> float:
    """Read a number of the log; what is none is 0."""
    return float(value) if isinstance(value, int | float) else 0.0
