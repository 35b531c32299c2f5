"""What a package exports is what its `__all__` says, no more and no less."""

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src"
PACKAGES = sorted(
    ".".join(path.parent.relative_to(SOURCE).parts)
    for path in SOURCE.rglob("__init__.py")
    if "migrations" not in path.parts
)


def imported_names(package: str) -> set[str]:
    """Name what an `__init__` imports from its own package or defines.

    Underscored names and imports under another name are for the package's own use.
    """
    tree = ast.parse((SOURCE / package.replace(".", "/") / "__init__.py").read_text())
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith(f"{package}."):
                names |= {alias.name for alias in node.names if not alias.asname}
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return {name for name in names if not name.startswith("_") or name == "__version__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_exact(package: str) -> None:
    exported = list(getattr(importlib.import_module(package), "__all__", []))

    assert set(exported) == imported_names(package)
    assert len(exported) == len(set(exported))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_there(package: str) -> None:
    module = importlib.import_module(package)

    assert [name for name in getattr(module, "__all__", []) if not hasattr(module, name)] == []
