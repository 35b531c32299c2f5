"""The web: a JSON API and a console of pages over one platform."""

from fieldfare.web.app import create_app
from fieldfare.web.guards import Platform, open_to_all, requires
from fieldfare.web.served import Served

__all__ = ["Platform", "Served", "create_app", "open_to_all", "requires"]
