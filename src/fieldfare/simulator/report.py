"""The report of a played community: Measured flows in; tables or one JSON object flow out."""

from typing import Final

from rich.console import Console
from rich.table import Table

from fieldfare.kernel import JsonValue
from fieldfare.simulator.truth import Figures, Hands, HowFigures, Measured

DIGITS: Final = 4
_NOTE: Final = (
    "Precision and recall are against the truth of the plan. Views: of 10,000 seen, those of items "
    "that break the policy, with Fieldfare and if everything had been shown. To review: not "
    "restricted, but waiting for a person. People are wrong now and then, on purpose."
)


def figures_json(measured: Measured, *, seed: int) -> dict[str, JsonValue]:
    """Give the figures as plain values; the same play gives the same object."""
    return {
        "seed": seed,
        "videos": measured.videos,
        "comments": measured.comments,
        "comments_prevented": measured.comments_prevented,
        "reports": measured.reports,
        "views": {"with": measured.views, "without": measured.views_without},
        "accounts": {
            "flooders": measured.flooders,
            "flooders_stopped": measured.flooders_stopped,
            "others_stopped": measured.others_stopped,
        },
        "decided": {
            "by_machine": measured.hands.by_machine,
            "by_people": measured.hands.by_people,
            "restricted_by_machine": measured.hands.restricted_by_machine,
            "restricted_by_people": measured.hands.restricted_by_people,
            "wrong_by_people": measured.hands.wrong_by_people,
            "waiting": measured.hands.waiting,
        },
        "all": _figures_json(measured.overall),
        "policies": {row.policy: _figures_json(row) for row in measured.policies},
        "postings": {
            row.how: {"posted": row.posted, "restricted": row.restricted} for row in measured.hows
        },
    }


def print_report(measured: Measured, console: Console) -> None:
    """Print two tables: by policy, and by kind of posting."""
    console.print(_policies_table(measured))
    console.print(_hows_table(measured.hows))
    console.print(_NOTE)
    console.print(_hands_line(measured.hands))
    console.print(
        f"{measured.videos} videos, {measured.comments} comments "
        f"({measured.comments_prevented} more could not be written), "
        f"{measured.reports} reports, {measured.views:,} views of {measured.views_without:,} "
        f"planned; {measured.flooders_stopped} of {measured.flooders} flooding accounts stopped, "
        f"{measured.others_stopped} other accounts."
    )


def _hands_line(hands: Hands) -> str:
    return (
        f"Decided by machine alone: {hands.by_machine} items, {hands.restricted_by_machine} of "
        f"them restricted; by people: {hands.by_people}, {hands.restricted_by_people} restricted, "
        f"{hands.wrong_by_people} wrongly decided; {hands.waiting} wait for a person."
    )


def _policies_table(measured: Measured) -> Table:
    table = Table(
        title="By policy", box=None, pad_edge=False, title_justify="left", padding=(0, 1, 0, 0)
    )
    table.add_column("policy", no_wrap=True)
    for heading in (
        *("items", "restricted", "to review", "precision", "recall", "before any view"),
        *("views with", "without"),
    ):
        table.add_column(heading, justify="right")
    for row in (*measured.policies, measured.overall):
        table.add_row(
            row.policy or "all",
            str(row.violating),
            str(row.restricted),
            str(row.for_review),
            _share(row.precision),
            _share(row.recall),
            _share(row.before_any_view),
            f"{row.violative_views:.1f}",
            f"{row.violative_views_without:.1f}",
            style="" if row.policy else "bold",
        )
    return table


def _hows_table(hows: tuple[HowFigures, ...]) -> Table:
    table = Table(title="By kind of posting", box=None, pad_edge=False, title_justify="left")
    table.add_column("posting")
    table.add_column("posted", justify="right")
    table.add_column("restricted", justify="right")
    for row in hows:
        table.add_row(row.how, str(row.posted), str(row.restricted))
    return table


def _figures_json(row: Figures) -> dict[str, JsonValue]:
    return {
        "items": row.violating,
        "restricted": row.restricted,
        "caught": row.caught,
        "for_review": row.for_review,
        "precision": _rounded(row.precision),
        "recall": _rounded(row.recall),
        "before_any_view": _rounded(row.before_any_view),
        "violative_views_per_10000": round(row.violative_views, 2),
        "violative_views_per_10000_without": round(row.violative_views_without, 2),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, DIGITS)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
