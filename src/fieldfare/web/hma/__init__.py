"""HMA's HTTP API over our banks, so that clients written for HMA work unchanged."""

from fieldfare.web.hma.app import create_hma_app

__all__ = ["create_hma_app"]
