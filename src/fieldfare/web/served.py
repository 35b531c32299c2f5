"""The platform as the web serves it; named here once, so that routes need not know where it is."""

from fieldfare.platform import Platform as Served

__all__ = ["Served"]
