"""Fieldfare: trust & safety for short-form video, on one machine and beyond.

ARCHITECTURE.md is the map; each room (sub-package) says in its docstring what flows in and out.
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
