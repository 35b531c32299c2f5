"""The JSON API under /v1, /health and /metrics: thin routes that translate and call."""

from fastapi import APIRouter

from fieldfare.web.api.health import router as health

ROUTERS: tuple[APIRouter, ...] = (health,)

__all__ = ["ROUTERS"]
