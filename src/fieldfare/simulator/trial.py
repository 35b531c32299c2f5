"""What the demo's rule authors try: a version of the rules that runs in the shadow of the live one.

The shipped rules and one more file flow in; a proposed version, looked at by somebody else, flows
out, so that the pages about versions have something to show once the community has played.
"""

from collections.abc import Mapping
from typing import Final

from fieldfare.policies import packs_dir
from fieldfare.rules import read_folder
from fieldfare.simulator.host import Host

NOTE: Final = "Stop copied comments after five accounts, floods after eight comments."
APPROVAL: Final = "Read it; the tests pass. Let us see it beside the live rules first."
_TAKEN_IN: Final = "\nRequire(rule='trial.sml', require_if=ActionName == 'item.posted')\n"


def trial_rules() -> Mapping[str, str]:
    """Give the default rules with the demo's own file taken in.

    The demo's `tests/accounts.yaml` takes the place of the pack's, which expects that nothing but
    the default rules fires on a burst.
    """
    files = read_folder(packs_dir() / "default" / "rules")
    folder = packs_dir() / "demo" / "rules"
    own = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {**files, **own, "main.sml": files["main.sml"] + _TAKEN_IN}


def try_in_shadow(author: Host, approver: Host) -> str:
    """Propose the trial, have it approved by somebody else, and let it run without effects.

    Answers the hash of the version.
    """
    version = author.propose_rules(trial_rules(), note=NOTE)
    author.move_rules(version, to="review")
    approver.move_rules(version, to="shadow", note=APPROVAL)
    return version
