"""What the outbox relay does with an entry."""

import asyncio
import logging
from datetime import timedelta

from blog_core.domain.access import ResetToken, digest_of
from blog_core.domain.mail import Mail, password_reset_mail
from blog_core.domain.outbox import Entry, ResetMail, ResetRequested
from blog_core.domain.users import User
from blog_core.errors import (
    AttemptsSpent,
    BlogError,
    InvalidResetToken,
    LeaseLost,
    MailRefused,
    UserNotFound,
)
from blog_core.ports import Clock, ImageStorage, Mailer, NewId, UnitOfWorkFactory
from blog_core.services.access import AccessPolicy

LEASE = timedelta(seconds=60)
"""How long a claimed entry is left to its relay; longer than any delivery may take."""

_log = logging.getLogger("blog.delivery")


class Delivery:
    """Does the tasks in the outbox, each at least once.

    Claiming, doing and finishing are separate transactions, and no connection is held while mail
    or storage is slow. A relay that dies leaves its entries to the next one when their lease is
    over.
    """

    def __init__(
        self,
        *,
        uow: UnitOfWorkFactory,
        mailer: Mailer,
        storage: ImageStorage,
        clock: Clock,
        new_id: NewId,
        policy: AccessPolicy,
    ) -> None:
        self._uow = uow
        self._mailer = mailer
        self._storage = storage
        self._clock = clock
        self._new_id = new_id
        self._policy = policy

    async def deliver_due(self, *, limit: int = 10) -> int:
        """Claim at most `limit` due entries, do them side by side, return how many there were.

        What fails comes back later, by `Entry.next_due`; what fails for good is kept as a dead
        letter. Raises only what claiming raises.
        """
        now = self._clock()
        async with self._uow() as uow:
            entries = await uow.outbox.claim(now=now, until=now + LEASE, limit=limit)
            await uow.commit()
        await asyncio.gather(*(self._deliver(entry) for entry in entries))
        return len(entries)

    async def _deliver(self, entry: Entry) -> None:
        try:
            await self._do(entry)
        except LeaseLost:
            _log.warning("outbox entry %s was taken over by another relay", entry.id)
        except Exception as error:  # noqa: BLE001 - one bad entry must not stop the others
            await self._set_aside(entry, error)

    async def _do(self, entry: Entry) -> None:
        if entry.is_spent:
            raise AttemptsSpent
        match entry.task:
            case ResetRequested(email=email):
                await self._promise_reset(entry, email)
            case ResetMail():
                await self._send_reset_mail(entry)
            case discarded:  # no other kind is left, as the type checker knows
                await self._discard_picture(entry, discarded.image_file)

    async def _promise_reset(self, entry: Entry, email: str) -> None:
        """Turn a request into a token and its mail, if the address belongs to an account."""
        async with self._uow() as uow:
            try:
                user = await uow.users.by_email(email)
            except UserNotFound:
                _log.info("reset requested for an unknown address (entry %s)", entry.id)
            else:
                now = self._clock()
                mail = Entry(id=self._new_id(), task=ResetMail(user.id), created_at=now, due_at=now)
                token = self._policy.keys.reset_tokens(mail.id)[0]
                await uow.reset_tokens.replace(
                    ResetToken(
                        digest=digest_of(token),
                        user_id=user.id,
                        created_at=entry.created_at,
                        expires_at=now + self._policy.reset_lifetime,
                    )
                )
                await uow.outbox.add(mail)
            await uow.outbox.finish(entry)
            await uow.commit()

    async def _send_reset_mail(self, entry: Entry) -> None:
        mail = await self._reset_mail(entry)
        if mail is not None:
            await self._mailer.send(mail)
        await self._finish(entry)

    async def _reset_mail(self, entry: Entry) -> Mail | None:
        """Return the mail, or None if its token was used, replaced, discarded or is over."""
        async with self._uow() as uow:
            # Whichever key was the first one when the token was promised.
            for token in self._policy.keys.reset_tokens(entry.id):
                try:
                    reset = await uow.reset_tokens.get(digest_of(token))
                    user = await uow.users.get(reset.user_id)
                except (InvalidResetToken, UserNotFound):
                    continue
                return None if reset.is_over(self._clock()) else self._mail_with(token, entry, user)
        return None

    def _mail_with(self, token: str, entry: Entry, user: User) -> Mail:
        return password_reset_mail(
            mail_id=entry.id,
            to=user.email,
            username=user.username,
            # In the fragment: browsers send it to no server, so it stays out of logs.
            link=f"{self._policy.frontend_url}/reset-password#token={token}",
            lifetime=self._policy.reset_lifetime,
        )

    async def _discard_picture(self, entry: Entry, image_file: str) -> None:
        async with self._uow() as uow:
            shown = await uow.users.shows_picture(image_file)
        if not shown:
            await self._storage.delete(image_file)
        await self._finish(entry)

    async def _finish(self, entry: Entry) -> None:
        async with self._uow() as uow:
            await uow.outbox.finish(entry)
            await uow.commit()

    async def _set_aside(self, entry: Entry, error: Exception) -> None:
        # An unexpected error's text may quote what must not be stored; its class may not.
        expected = isinstance(error, BlogError)
        reason = error.code if isinstance(error, BlogError) else type(error).__name__
        _log.warning(
            "outbox entry %s (%s) failed, attempt %d: %s",
            entry.id, entry.task.kind, entry.attempts, reason,
            exc_info=None if expected else error,
        )  # fmt: skip
        try:
            async with self._uow() as uow:
                if entry.is_last_attempt or isinstance(error, MailRefused):
                    await uow.outbox.bury(entry, error=reason)
                else:
                    due_at = entry.next_due(self._clock())
                    await uow.outbox.postpone(entry, due_at=due_at, error=reason)
                await uow.commit()
        except Exception:  # noqa: BLE001 - the lease runs out, and somebody tries again
            _log.exception("outbox entry %s stays claimed", entry.id)
