"""What an idempotency key adds to a use case: that it happens once. Without a key, nothing."""

from datetime import datetime

from blog_core.domain.idempotency import REMEMBERED_FOR, KeyedRequest
from blog_core.ports import UnitOfWork


async def done_before(uow: UnitOfWork, request: KeyedRequest | None, now: datetime) -> int | None:
    """Return the id of what the request has led to already; None when it is still to be done.

    Then nobody else does it until the unit ends.

    Raises:
        RequestInFlight: somebody else is doing it.
        KeyReused: something else was done under its key.
    """
    if request is None:
        return None
    outcome = await uow.idempotency.take(request.digest, since=now - REMEMBERED_FOR)
    return None if outcome is None else outcome.result_of(request)


async def remember(
    uow: UnitOfWork, request: KeyedRequest | None, result_id: int, now: datetime
) -> None:
    """Remember what the request has led to, and forget some of what is over."""
    if request is not None:
        await uow.idempotency.remember(request.led_to(result_id, now))
        await uow.idempotency.forget(before=now - REMEMBERED_FOR)
