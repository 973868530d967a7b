"""Registering, changing and deleting accounts, and their pictures."""

from datetime import timedelta

from blog_core.domain import text
from blog_core.domain.access import Actor
from blog_core.domain.idempotency import IdempotencyKey, KeyedRequest
from blog_core.domain.limits import DEFAULT_LIMITS, RateLimits
from blog_core.domain.outbox import Entry, PictureDiscarded
from blog_core.domain.users import NewUser, User, UserId
from blog_core.domain.versions import require_seen
from blog_core.errors import InvalidImage, KeyReused, NoPicture
from blog_core.ports import (
    Clock,
    ImageProcessor,
    ImageStorage,
    NewId,
    PasswordHasher,
    RateLimiter,
    UnitOfWork,
    UnitOfWorkFactory,
)
from blog_core.services.once import done_before, remember

_ABANDONED_AFTER = timedelta(hours=1)
_MEBIBYTE = 1024 * 1024


class Users:
    """What people do with their accounts. Readers go through `blog_core.ports.UserQueries`."""

    def __init__(
        self,
        *,
        uow: UnitOfWorkFactory,
        passwords: PasswordHasher,
        images: ImageProcessor,
        storage: ImageStorage,
        clock: Clock,
        new_id: NewId,
        max_upload_bytes: int,
        limiter: RateLimiter,
        limits: RateLimits = DEFAULT_LIMITS,
    ) -> None:
        self._uow = uow
        self._passwords = passwords
        self._images = images
        self._storage = storage
        self._clock = clock
        self._new_id = new_id
        self._max_upload_bytes = max_upload_bytes
        self._limiter = limiter
        self._limits = limits

    async def register(
        self,
        *,
        username: str,
        email: str,
        password: str,
        key: IdempotencyKey | None = None,
        address: str = "",
    ) -> User:
        """Open an account; under a key once, and again it is returned as it is now.

        Args:
            username: the account's name.
            email: the account's address.
            password: the account's password.
            key: makes it safe to ask again.
            address: the caller's network address; '' when it is not known.

        Raises:
            InvalidText: the name, the address or the password breaks a text rule.
            RequestInFlight: an account is being opened under this key at this moment.
            KeyReused: another account was opened under this key.
            UserNotFound: the account that was opened under this key was deleted since.
            TooManyRequests: it was tried too often; what was done before is not counted again.
            UsernameTaken: also when the address is taken too.
            EmailTaken: another account has the address.
        """
        username, email = text.username(username), text.email(email)
        text.password(password)
        request = key.request("register", username, email, password) if key else None
        if request is not None:  # no hashing for what was done already
            try:
                async with self._uow() as uow:
                    if known := await self._registered(uow, request):
                        return known
            except KeyReused:  # or somebody tries which password it was done with
                await self._admit_registration(address)
                raise
        await self._admit_registration(address)
        password_hash = await self._passwords.hash(password)
        async with self._uow() as uow:
            user = await self._registered(uow, request)
            if user is None:
                user = await uow.users.add(
                    NewUser(username=username, email=email, password_hash=password_hash)
                )
                await remember(uow, request, user.id, self._clock())
                await uow.commit()
        return user

    async def update(
        self,
        *,
        actor: Actor,
        user_id: UserId,
        username: str | None = None,
        email: str | None = None,
        seen: frozenset[int] | None = None,
    ) -> User:
        """Change one's own name or address; None leaves one as it is.

        Another address ends all sessions and voids the reset token: whoever held the old
        mailbox must not come back in with it.

        Raises:
            Forbidden, UserNotFound, StaleVersion, InvalidText, UsernameTaken, EmailTaken: in
                this order.
        """
        actor.require_self(user_id, "update this user")
        async with self._uow() as uow:
            user = await uow.users.get(user_id)
            require_seen(user.version, seen)
            renamed = user.renamed(username=username, email=email)
            if renamed == user:
                return user
            saved = await uow.users.save(renamed)
            if saved.email != user.email:
                await uow.sessions.end_all(user_id)
                await uow.reset_tokens.discard(user_id)
            await uow.commit()
        return saved

    async def delete(
        self, *, actor: Actor, user_id: UserId, seen: frozenset[int] | None = None
    ) -> None:
        """Delete one's own account with everything that belongs to it.

        Raises:
            Forbidden, UserNotFound, StaleVersion: in this order.
        """
        actor.require_self(user_id, "delete this user")
        async with self._uow() as uow:
            user = await uow.users.get(user_id)
            require_seen(user.version, seen)
            await uow.users.delete(user_id)
            if user.image_file is not None:
                await uow.outbox.add(self._discarded(user.image_file))
            await uow.commit()

    async def change_picture(
        self,
        *,
        actor: Actor,
        user_id: UserId,
        upload: bytes,
        seen: frozenset[int] | None = None,
    ) -> User:
        """Show another picture, made from this upload.

        The picture is stored before the account points to it, and is announced to the outbox
        before that: whatever fails in between, no account shows a picture that is missing, and
        the relay deletes one that nobody shows after an hour.

        Raises:
            Forbidden, StaleVersion, InvalidImage, StorageUnavailable, UserNotFound: in this order;
                StaleVersion once more at the end, when it was changed meanwhile.
        """
        actor.require_self(user_id, "update this user's picture")
        require_seen(actor.user.version, seen)
        if len(upload) > self._max_upload_bytes:
            limit = self._max_upload_bytes // _MEBIBYTE
            raise InvalidImage(f"File too large. Maximum size is {limit}MB")
        picture = await self._images.profile_picture(upload)

        image_file = f"{self._new_id().hex}.jpg"
        abandoned = self._discarded(image_file, after=_ABANDONED_AFTER)
        async with self._uow() as uow:
            await uow.outbox.add(abandoned)
            await uow.commit()
        await self._storage.put(image_file, picture)

        async with self._uow() as uow:
            user = await self._show(uow, user_id, image_file, seen)
            await uow.outbox.cancel(abandoned.id)
            await uow.commit()
        return user

    async def remove_picture(
        self, *, actor: Actor, user_id: UserId, seen: frozenset[int] | None = None
    ) -> User:
        """Show no picture any more.

        Raises:
            Forbidden, UserNotFound, StaleVersion, NoPicture: in this order.
        """
        actor.require_self(user_id, "delete this user's picture")
        async with self._uow() as uow:
            user = await self._show(uow, user_id, None, seen)
            await uow.commit()
        return user

    async def _admit_registration(self, address: str) -> None:
        for attempt in self._limits.of_registration(address=address):
            await self._limiter.admit(attempt)

    async def _registered(self, uow: UnitOfWork, request: KeyedRequest | None) -> User | None:
        user_id = await done_before(uow, request, self._clock())
        return None if user_id is None else await uow.users.get(UserId(user_id))

    async def _show(
        self,
        uow: UnitOfWork,
        user_id: UserId,
        image_file: str | None,
        seen: frozenset[int] | None,
    ) -> User:
        user = await uow.users.get(user_id)
        require_seen(user.version, seen)
        if user.image_file is not None:
            await uow.outbox.add(self._discarded(user.image_file))
        elif image_file is None:
            raise NoPicture
        return await uow.users.save(user.with_picture(image_file))

    def _discarded(self, image_file: str, *, after: timedelta = timedelta()) -> Entry:
        now = self._clock()
        return Entry(
            id=self._new_id(),
            task=PictureDiscarded(image_file),
            created_at=now,
            due_at=now + after,
        )
