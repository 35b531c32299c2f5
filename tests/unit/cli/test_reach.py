"""How a command reaches an installation: quickly, for what a command loads people wait for."""

import subprocess
import sys


def loaded_by(module: str) -> set[str]:
    """Import a module in a fresh interpreter, and name what that loads."""
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def test_a_command_that_asks_a_server_loads_neither_rules_nor_store_nor_web() -> None:
    loaded = loaded_by("fieldfare.cli.matching")

    assert "fieldfare.cli.reach" in loaded
    assert not loaded & {
        "fieldfare.rules",
        "fieldfare.storage",
        "fieldfare.web",
        "numpy",
        "fastapi",
    }


def test_a_command_that_opens_the_installation_itself_loads_no_pages() -> None:
    assert "fieldfare.web.console.pages" not in loaded_by("fieldfare.web.app")
