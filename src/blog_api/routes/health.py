"""Is the process alive; are its parts reachable."""

import asyncio

from fastapi import APIRouter, Request, Response

from blog_adapters.container import Check
from blog_api.dependencies import container_of
from blog_api.openapi import INTERNAL_ERROR, RETRY_AFTER
from blog_api.problems import RETRY_AFTER_SECONDS
from blog_api.schemas import Liveness, Readiness
from blog_core.errors import Unavailable

router = APIRouter(tags=["health"])


@router.get("/livez", operation_id="health_live")
async def live() -> Liveness:
    """Return at once, whatever else is broken: restarting would not help."""
    return Liveness()


@router.get(
    "/readyz",
    operation_id="health_ready",
    responses={503: {"model": Readiness, "headers": RETRY_AFTER}, **INTERNAL_ERROR},
)
async def ready(request: Request, response: Response) -> Readiness:
    """Return whether each part that requests need answers."""
    checks = container_of(request).checks()
    found = await asyncio.gather(*(_outcome(check) for check in checks.values()))
    outcomes = dict(zip(checks, found, strict=True))
    if all(outcome == "ok" for outcome in outcomes.values()):
        return Readiness(status="ok", checks=outcomes)
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return Readiness(status="unavailable", checks=outcomes)


async def _outcome(check: Check) -> str:
    try:
        await check()
    except Unavailable as error:
        return error.code
    return "ok"
