"""What an operator hears of the walls round the decoder."""

import threading

from structlog.testing import capture_logs

from fieldfare.engine.walls import Walls
from fieldfare.kernel import Unavailable
from fieldfare.media import SandboxReport

WHOLE = SandboxReport(
    landlock_abi=1, seccomp=True, no_new_privs=True, dropped_root=True, limited=True
)


class Scans:
    """A scanner that answers, or fails as often as told first."""

    def __init__(self, report: SandboxReport, *, failures: int = 0) -> None:
        self.told = report
        self.failures = failures

    def report(self) -> SandboxReport:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the decoding process did not start")
        return self.told


def test_missing_walls_are_a_warning_and_stand_in_the_details() -> None:
    walls = Walls(Scans(SandboxReport(seccomp=True, no_new_privs=True, limited=True)))

    with capture_logs() as logs:
        assert walls.ask()

    missing = ["Landlock (Linux 5.13 or later)", "running as nobody"]
    assert walls.ok
    assert walls.detail() == {"missing": missing}
    assert [(line["log_level"], [*line["missing"]]) for line in logs] == [("warning", missing)]


def test_all_walls_standing_are_no_warning() -> None:
    walls = Walls(Scans(WHOLE))

    with capture_logs() as logs:
        walls.ask()

    assert walls.detail() == {"missing": []}
    assert logs == []


def test_a_scanner_that_cannot_start_is_not_well_until_it_can() -> None:
    walls = Walls(Scans(WHOLE, failures=1))

    before = (walls.ask(), walls.ok, walls.detail())
    walls.run(threading.Event())

    assert before == (False, False, {"problem": "the decoding process did not start"})
    assert (walls.ok, walls.detail()) == (True, {"missing": []})
