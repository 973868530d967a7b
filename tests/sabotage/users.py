"""Mistakes in what stores accounts."""

from collections.abc import Iterable
from dataclasses import asdict, replace

from blog_adapters.memory.repositories import MemoryUsers
from blog_core.domain.users import NewUser, User, UserId
from blog_core.errors import EmailTaken, UsernameTaken, UserNotFound
from sabotage.saboteur import saboteur


@saboteur("USER-REPO-01")
class StoresNamesInLowerCase(MemoryUsers):
    async def add(self, user: NewUser) -> User:
        return await super().add(replace(user, username=user.username.lower()))


@saboteur("USER-REPO-01")
class CutsLongPasswordHashes(MemoryUsers):
    async def add(self, user: NewUser) -> User:
        return await super().add(replace(user, password_hash=user.password_hash[:60]))


@saboteur("USER-REPO-02", also="USER-REPO-04 10")
class ComparesNamesWithCase(MemoryUsers):
    @staticmethod
    def _require_free(user: NewUser, others: Iterable[User]) -> None:
        others = list(others)
        if any(other.username == user.username for other in others):
            raise UsernameTaken
        if any(other.email_key == user.email_key for other in others):
            raise EmailTaken


@saboteur("USER-REPO-02")
class ComparesNamesInLowerCase(MemoryUsers):
    async def add(self, user: NewUser) -> User:
        names = {other.username.lower() for other in self._tables.users.values()}
        try:
            return await super().add(user)
        except UsernameTaken:
            if user.username.lower() in names:
                raise
            return self._stored(user)

    def _stored(self, user: NewUser) -> User:
        stored = User(id=UserId(self._next_id()), **asdict(user))
        self._tables.users[stored.id] = stored
        return stored


@saboteur("USER-REPO-03")
class ComparesAddressesWithCase(MemoryUsers):
    @staticmethod
    def _require_free(user: NewUser, others: Iterable[User]) -> None:
        others = list(others)
        if any(other.username_key == user.username_key for other in others):
            raise UsernameTaken
        if any(other.email == user.email for other in others):
            raise EmailTaken


@saboteur("USER-REPO-04 10", also="UOW-07")
class LooksAtTheAddressFirst(MemoryUsers):
    @staticmethod
    def _require_free(user: NewUser, others: Iterable[User]) -> None:
        others = list(others)
        if any(other.email_key == user.email_key for other in others):
            raise EmailTaken
        if any(other.username_key == user.username_key for other in others):
            raise UsernameTaken


@saboteur("USER-REPO-05", also="UOW-02 05 09 USER-REPO-21")
class AnswersNoneForAMissingAccount(MemoryUsers):
    async def get(self, user_id: UserId) -> User:
        return self._tables.users.get(user_id)  # type: ignore[return-value] # the mistake


@saboteur("USER-REPO-06")
class LooksForTheVeryAddress(MemoryUsers):
    async def by_email(self, email: str) -> User:
        found = await super().by_email(email)
        if found.email != email:
            raise UserNotFound
        return found


@saboteur("USER-REPO-06")
class FindsAnyoneByAddress(MemoryUsers):
    async def by_email(self, email: str) -> User:
        await super().by_email(email)
        return min(self._tables.users.values(), key=lambda user: user.id)


@saboteur("USER-REPO-07")
class CannotEncodeAStrangeAddress(MemoryUsers):
    async def by_email(self, email: str) -> User:
        email.encode()
        return await super().by_email(email)


@saboteur("USER-REPO-08", also="USER-REPO-11 12")
class ForgetsTheNewAddress(MemoryUsers):
    async def save(self, user: User) -> User:
        stored = await self.get(user.id)
        return await super().save(replace(user, email=stored.email))


@saboteur("USER-REPO-08")
class ForgetsTheNewPassword(MemoryUsers):
    async def save(self, user: User) -> User:
        stored = await self.get(user.id)
        return await super().save(replace(user, password_hash=stored.password_hash))


@saboteur("USER-REPO-09")
class FindsItsOwnNameTaken(MemoryUsers):
    async def save(self, user: User) -> User:
        stored = await self.get(user.id)
        if stored.username != user.username and stored.username_key == user.username_key:
            raise UsernameTaken
        return await super().save(user)


@saboteur("USER-REPO-11")
class SwallowsAConstraintError(MemoryUsers):
    async def save(self, user: User) -> User:
        try:
            return await super().save(user)
        except EmailTaken:
            return user


@saboteur("USER-REPO-12")
class KeepsFormerNamesTaken(MemoryUsers):
    async def save(self, user: User) -> User:
        former = await self.get(user.id)
        saved = await super().save(user)
        if former.username_key != saved.username_key:
            ghost = UserId(self._next_id())
            self._tables.users[ghost] = replace(former, id=ghost, email=f"{ghost}")
        return saved


@saboteur("USER-REPO-13")
class OverwritesANewerVersion(MemoryUsers):
    async def save(self, user: User) -> User:
        return await super().save(replace(user, version=(await self.get(user.id)).version))


@saboteur("USER-REPO-14")
class BringsBackADeletedAccount(MemoryUsers):
    async def save(self, user: User) -> User:
        self._tables.users.setdefault(user.id, user)
        return await super().save(user)


@saboteur("USER-REPO-15")
class OrphansThePosts(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        posts = self._tables.posts
        await super().delete(user_id)
        self._tables.posts = posts


@saboteur("USER-REPO-15")
class DeletesThePostsOfAll(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        await super().delete(user_id)
        self._tables.posts = {}


@saboteur("USER-REPO-16")
class LeavesTheSessionsOpen(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        sessions = self._tables.sessions
        await super().delete(user_id)
        self._tables.sessions = sessions


@saboteur("USER-REPO-16")
class EndsTheSessionsOfAll(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        await super().delete(user_id)
        self._tables.sessions = {}


@saboteur("USER-REPO-17")
class LeavesTheResetToken(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        reset_tokens = self._tables.reset_tokens
        await super().delete(user_id)
        self._tables.reset_tokens = reset_tokens


@saboteur("USER-REPO-17")
class DeletesTheResetTokensOfAll(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        await super().delete(user_id)
        self._tables.reset_tokens = {}


@saboteur("USER-REPO-18")
class DeletesWithoutLooking(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        if user_id in self._tables.users:
            await super().delete(user_id)


@saboteur("USER-REPO-19")
class LooksForAPictureAtOneAccount(MemoryUsers):
    async def shows_picture(self, image_file: str) -> bool:
        return next(iter(self._tables.users.values())).image_file == image_file


@saboteur("USER-REPO-19")
class TakesAPictureForALongerName(MemoryUsers):
    async def shows_picture(self, image_file: str) -> bool:
        shown = [user.image_file or "" for user in self._tables.users.values()]
        return any(name.startswith(image_file) for name in shown)


@saboteur("USER-REPO-19")
class SaysEveryPictureIsShown(MemoryUsers):
    async def shows_picture(self, image_file: str) -> bool:
        return True


@saboteur("USER-REPO-20")
class SavesAPictureForAll(MemoryUsers):
    async def save(self, user: User) -> User:
        saved = await super().save(user)
        for other in list(self._tables.users.values()):
            self._tables.users[other.id] = other.with_picture(saved.image_file)
        return saved


@saboteur("USER-REPO-21")
class KeepsTheNameOfADeletedAccount(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        deleted = await self.get(user_id)
        await super().delete(user_id)
        ghost = UserId(self._next_id())
        self._tables.users[ghost] = replace(deleted, id=ghost, email=f"{ghost}")


@saboteur("USER-REPO-21")
class KeepsADeletedAccountUnderItsAddress(MemoryUsers):
    async def delete(self, user_id: UserId) -> None:
        deleted = await self.get(user_id)
        await super().delete(user_id)
        ghost = UserId(self._next_id())
        self._tables.users[ghost] = replace(deleted, id=ghost, username=f"{ghost}")


@saboteur("USER-REPO-22")
class GivesAnIdOnceMore(MemoryUsers):
    async def add(self, user: NewUser) -> User:
        stored = await super().add(user)
        del self._tables.users[stored.id]
        stored = replace(stored, id=UserId(max(self._tables.users, default=0) + 1))
        self._tables.users[stored.id] = stored
        return stored
