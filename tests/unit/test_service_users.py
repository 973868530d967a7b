import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from blog_adapters.memory import (
    MemoryDatabase,
    MemoryImages,
    MemoryImageStorage,
    MemoryMailer,
    MemoryPasswords,
    MemoryPostQueries,
    MemoryRateLimiter,
    MemoryUserQueries,
)
from blog_core.domain.access import Actor
from blog_core.domain.keys import KeyRing
from blog_core.domain.outbox import PictureDiscarded
from blog_core.domain.users import User, UserId
from blog_core.errors import (
    BlogError,
    EmailTaken,
    Forbidden,
    InvalidImage,
    InvalidResetToken,
    InvalidText,
    NoPicture,
    SessionEnded,
    StaleVersion,
    StorageUnavailable,
    UsernameTaken,
    UserNotFound,
)
from blog_core.services import AccessPolicy, Delivery, Users
from blog_core.testing import builders
from blog_core.testing.builders import NOW, StoppedClock, minutes
from blog_core.testing.contracts.base import given_posts, given_user

pytestmark = pytest.mark.anyio

MAX_UPLOAD = 5 * 1024 * 1024
STALE = frozenset({7})
SEEN = frozenset({1})


@dataclass
class NumberedIds:
    """Ids that tell in which order they were made."""

    made: int = 0

    def __call__(self) -> UUID:
        self.made += 1
        return UUID(int=self.made)


class WatchedStorage(MemoryImageStorage):
    """Storage that may be down, and remembers how the database was at each `put`."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__()
        self.down = False
        self.announced: list[set[str]] = []
        self.units_open: list[bool] = []
        self._database = database

    async def put(self, image_file: str, data: bytes) -> None:
        self.announced.append(discarded(self._database))
        self.units_open.append(self._database._turn.locked())
        if self.down:
            raise StorageUnavailable
        await super().put(image_file, data)


def discarded(database: MemoryDatabase) -> set[str]:
    """Tell which pictures the committed outbox will delete."""
    tasks = [held.entry.task for held in database.committed().outbox.values()]
    return {task.image_file for task in tasks if isinstance(task, PictureDiscarded)}


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def queries(database: MemoryDatabase) -> MemoryUserQueries:
    return MemoryUserQueries(database)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def storage(database: MemoryDatabase) -> WatchedStorage:
    return WatchedStorage(database)


@pytest.fixture
def users(database: MemoryDatabase, storage: WatchedStorage, clock: StoppedClock) -> Users:
    return Users(
        uow=database.unit_of_work,
        passwords=MemoryPasswords(),
        images=MemoryImages(),
        storage=storage,
        clock=clock,
        new_id=NumberedIds(),
        max_upload_bytes=MAX_UPLOAD,
        limiter=MemoryRateLimiter(clock),
    )


@pytest.fixture
def relay(database: MemoryDatabase, storage: WatchedStorage, clock: StoppedClock) -> Delivery:
    return Delivery(
        uow=database.unit_of_work,
        mailer=MemoryMailer(),
        storage=storage,
        clock=clock,
        new_id=NumberedIds(),
        policy=AccessPolicy(keys=KeyRing((b"k" * 32,)), frontend_url="http://localhost"),
    )


async def given_actor(database: MemoryDatabase, username: str) -> Actor:
    user = await given_user(database.unit_of_work, builders.new_user(username))
    session = builders.session(user.id)
    async with database.unit_of_work() as unit:
        await unit.sessions.add(session)
        await unit.reset_tokens.replace(builders.reset_token(user.id, f"token of {username}"))
        await unit.commit()
    return Actor(user=user, session=session)


@pytest.fixture
async def corey(database: MemoryDatabase) -> Actor:
    return await given_actor(database, "Corey")


@pytest.fixture
async def stranger(database: MemoryDatabase) -> Actor:
    return await given_actor(database, "stranger")


async def has_reset_token(database: MemoryDatabase, username: str) -> bool:
    async with database.unit_of_work() as unit:
        try:
            await unit.reset_tokens.get(
                builders.reset_token(UserId(0), f"token of {username}").digest
            )
        except InvalidResetToken:
            return False
        return True


class TestRegistering:
    async def test_an_account_keeps_its_name_as_typed_and_its_address_in_lower_case(
        self, users: Users, queries: MemoryUserQueries
    ) -> None:
        user = await users.register(
            username="CoreyMS", email="Corey@Example.com", password="password1"
        )

        assert (user.username, user.email, user.image_file) == (
            "CoreyMS",
            "corey@example.com",
            None,
        )
        assert await queries.by_email("corey@example.com") == user

    async def test_the_password_is_stored_as_a_hash_that_it_belongs_to(self, users: Users) -> None:
        user = await users.register(username="a", email="a@example.com", password="password1")

        assert user.password_hash != "password1"
        assert await MemoryPasswords().verify("password1", user.password_hash)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"username": ""}, "username"),
            ({"email": "x"}, "email"),
            ({"password": "7"}, "password"),
        ],
    )
    async def test_what_breaks_a_text_rule_opens_no_account(
        self, users: Users, database: MemoryDatabase, changed: dict[str, Any], field: str
    ) -> None:
        given = {"username": "corey", "email": "corey@example.com", "password": "password1"}

        with pytest.raises(InvalidText) as refused:
            await users.register(**{**given, **changed})

        assert refused.value.field == field
        assert database.committed().users == {}

    @pytest.mark.parametrize(
        ("username", "email", "error"),
        [
            ("corey", "new@example.com", UsernameTaken),
            ("new", "COREY@example.com", EmailTaken),
            ("COREY", "corey@example.com", UsernameTaken),
            ("\uff23orey", "new@example.com", UsernameTaken),
        ],
        ids=["name", "address", "both", "look-alike"],
    )
    async def test_what_is_taken_is_refused_and_the_name_is_told_first(
        self,
        users: Users,
        corey: Actor,
        database: MemoryDatabase,
        username: str,
        email: str,
        error: type[BlogError],
    ) -> None:
        with pytest.raises(error):
            await users.register(username=username, email=email, password="password1")

        assert list(database.committed().users.values()) == [corey.user]

    async def test_of_many_who_want_one_name_at_once_one_gets_it(
        self, users: Users, database: MemoryDatabase
    ) -> None:
        results = await asyncio.gather(
            *(
                users.register(username=name, email=f"{n}@example.com", password="password1")
                for n, name in enumerate(["straße", "STRASSE", "Straße", "strasse"])
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(result, UsernameTaken) for result in results) == 3
        assert len(database.committed().users) == 1


class TestUpdating:
    @pytest.mark.parametrize(
        "changes",
        [
            {"username": "New"},
            {"email": "new@example.com"},
            {"username": "New", "email": "new@example.com"},
            {"username": "COREY"},
        ],
        ids=["name", "address", "both", "only-the-case"],
    )
    async def test_what_is_given_changes_and_nothing_else(
        self, users: Users, queries: MemoryUserQueries, corey: Actor, changes: dict[str, Any]
    ) -> None:
        updated = await users.update(actor=corey, user_id=corey.user.id, **changes)

        expected = {"username": "Corey", "email": "corey@example.com", **changes}
        assert {"username": updated.username, "email": updated.email} == expected
        assert updated.version == 2
        assert await queries.by_email(updated.email) == updated

    @pytest.mark.parametrize(
        "changes",
        [{}, {"username": "Corey", "email": "COREY@example.com"}],
        ids=["nothing", "the-same"],
    )
    async def test_an_update_that_changes_nothing_makes_no_new_version(
        self, users: Users, corey: Actor, database: MemoryDatabase, changes: dict[str, Any]
    ) -> None:
        updated = await users.update(actor=corey, user_id=corey.user.id, **changes)

        assert updated == corey.user
        assert database.committed().users[corey.user.id] == corey.user

    async def test_another_address_ends_all_sessions_and_voids_the_reset_token(
        self, users: Users, queries: MemoryUserQueries, database: MemoryDatabase, corey: Actor
    ) -> None:
        await users.update(actor=corey, user_id=corey.user.id, email="new@example.com")

        assert await queries.sessions(corey.user.id) == []
        assert not await has_reset_token(database, "Corey")

    async def test_another_name_ends_no_session_and_leaves_the_reset_token(
        self, users: Users, queries: MemoryUserQueries, database: MemoryDatabase, corey: Actor
    ) -> None:
        await users.update(actor=corey, user_id=corey.user.id, username="New")

        assert await queries.sessions(corey.user.id) == [corey.session]
        assert await has_reset_token(database, "Corey")

    @pytest.mark.usefixtures("stranger")
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"username": "STRANGER", "email": "stranger@example.com"}, UsernameTaken),
            ({"email": "Stranger@example.com"}, EmailTaken),
            ({"username": " "}, InvalidText),
        ],
    )
    async def test_a_refused_update_changes_nothing(
        self,
        users: Users,
        database: MemoryDatabase,
        corey: Actor,
        changes: dict[str, Any],
        error: type[BlogError],
    ) -> None:
        before = database.committed()

        with pytest.raises(error):
            await users.update(actor=corey, user_id=corey.user.id, **changes)

        assert database.committed() == before


class TestDeleting:
    async def test_everything_that_belongs_to_the_account_goes_with_it(
        self, users: Users, database: MemoryDatabase, corey: Actor, stranger: Actor
    ) -> None:
        await given_posts(
            database.unit_of_work,
            builders.new_post(corey.user.id),
            builders.new_post(stranger.user.id),
        )

        await users.delete(actor=corey, user_id=corey.user.id)

        left = database.committed()
        assert list(left.users) == [stranger.user.id]
        assert [post.author_id for post in left.posts.values()] == [stranger.user.id]
        assert [token.user_id for token in left.reset_tokens.values()] == [stranger.user.id]
        with pytest.raises(SessionEnded):
            await MemoryUserQueries(database).actor(corey.session.id)

    async def test_the_picture_is_deleted_by_the_relay(
        self, users: Users, relay: Delivery, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        await users.delete(actor=corey, user_id=corey.user.id)
        await relay.deliver_due()

        assert storage.pictures == {}

    async def test_without_a_picture_there_is_nothing_for_the_relay(
        self, users: Users, database: MemoryDatabase, corey: Actor
    ) -> None:
        await users.delete(actor=corey, user_id=corey.user.id)

        assert database.committed().outbox == {}


class TestPictures:
    async def test_an_account_shows_the_picture_that_was_stored(
        self, users: Users, storage: WatchedStorage, queries: MemoryUserQueries, corey: Actor
    ) -> None:
        user = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert list(storage.pictures) == [user.image_file]
        assert (await queries.public(user.id)).image_file == user.image_file
        assert user.version == 2

    async def test_a_picture_is_stored_under_a_fresh_name(self, users: Users, corey: Actor) -> None:
        user = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert user.image_file == f"{UUID(int=1).hex}.jpg"

    async def test_what_is_stored_is_not_the_upload(
        self, users: Users, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.png())

        (stored,) = storage.pictures.values()
        assert stored == await MemoryImages().profile_picture(builders.png())

    async def test_a_picture_is_announced_to_the_outbox_before_it_is_stored(
        self, users: Users, storage: WatchedStorage, corey: Actor
    ) -> None:
        user = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert storage.announced == [{user.image_file}]

    async def test_no_unit_of_work_waits_for_the_storage(
        self, users: Users, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert storage.units_open == [False]

    async def test_a_picture_that_is_shown_is_announced_no_more(
        self, users: Users, database: MemoryDatabase, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert discarded(database) == set()

    async def test_the_replaced_picture_is_deleted_by_the_relay(
        self, users: Users, relay: Delivery, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)
        shown = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.GIF)

        await relay.deliver_due()

        assert list(storage.pictures) == [shown.image_file]

    async def test_what_is_discarded_is_dated_now(
        self, users: Users, database: MemoryDatabase, clock: StoppedClock, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)
        clock.now += minutes(1)

        await users.remove_picture(actor=corey, user_id=corey.user.id)

        (held,) = database.committed().outbox.values()
        assert (held.entry.created_at, held.entry.due_at) == (clock.now, clock.now)

    async def test_a_storage_that_is_down_leaves_the_account_as_it_was(
        self, users: Users, storage: WatchedStorage, database: MemoryDatabase, corey: Actor
    ) -> None:
        storage.down = True

        with pytest.raises(StorageUnavailable):
            await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert database.committed().users == {corey.user.id: corey.user}

    @pytest.mark.parametrize(
        ("after", "left"), [(minutes(60) - timedelta(microseconds=1), 1), (minutes(60), 0)]
    )
    async def test_the_relay_sweeps_a_picture_that_nobody_came_to_show_an_hour_later(
        self,
        users: Users,
        relay: Delivery,
        storage: WatchedStorage,
        clock: StoppedClock,
        corey: Actor,
        after: timedelta,
        left: int,
    ) -> None:
        await users.update(actor=corey, user_id=corey.user.id, username="changed meanwhile")
        with pytest.raises(StaleVersion):
            await users.change_picture(
                actor=corey, user_id=corey.user.id, upload=builders.JPEG, seen=SEEN
            )
        clock.now = NOW + after

        await relay.deliver_due()

        assert len(storage.pictures) == left

    async def test_the_relay_finishes_a_sweep_that_finds_nothing(
        self,
        users: Users,
        relay: Delivery,
        storage: WatchedStorage,
        clock: StoppedClock,
        database: MemoryDatabase,
        corey: Actor,
    ) -> None:
        storage.down = True
        with pytest.raises(StorageUnavailable):
            await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)
        clock.now = NOW + minutes(60)

        await relay.deliver_due()

        assert discarded(database) == set()

    async def test_the_relay_never_deletes_a_picture_that_is_shown(
        self,
        users: Users,
        relay: Delivery,
        storage: WatchedStorage,
        database: MemoryDatabase,
        corey: Actor,
    ) -> None:
        shown = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)
        async with database.unit_of_work() as unit:
            await unit.outbox.add(builders.entry(PictureDiscarded(shown.image_file or "")))
            await unit.commit()

        await relay.deliver_due()

        assert list(storage.pictures) == [shown.image_file]
        assert discarded(database) == set()

    async def test_a_picture_for_an_account_deleted_meanwhile_stays_announced(
        self, users: Users, database: MemoryDatabase, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.delete(actor=corey, user_id=corey.user.id)

        with pytest.raises(UserNotFound):
            await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        assert discarded(database) == set(storage.pictures)

    async def test_an_upload_of_exactly_the_limit_is_looked_at(
        self, users: Users, corey: Actor
    ) -> None:
        upload = builders.JPEG.ljust(MAX_UPLOAD, b"\0")

        user = await users.change_picture(actor=corey, user_id=corey.user.id, upload=upload)

        assert user.image_file is not None

    async def test_a_larger_upload_is_refused_with_the_limit(
        self, users: Users, corey: Actor
    ) -> None:
        upload = builders.JPEG.ljust(MAX_UPLOAD + 1, b"\0")

        with pytest.raises(InvalidImage, match=r"^File too large\. Maximum size is 5MB$"):
            await users.change_picture(actor=corey, user_id=corey.user.id, upload=upload)

    @pytest.mark.parametrize("upload", [b"text", b"\x89PNG\r\n\x1a\nIEND"], ids=["text", "stub"])
    async def test_an_upload_that_is_no_picture_leaves_no_trace(
        self,
        users: Users,
        storage: WatchedStorage,
        database: MemoryDatabase,
        corey: Actor,
        upload: bytes,
    ) -> None:
        before = database.committed()

        with pytest.raises(InvalidImage):
            await users.change_picture(actor=corey, user_id=corey.user.id, upload=upload)

        assert (storage.pictures, database.committed()) == ({}, before)

    async def test_a_removed_picture_is_no_longer_shown_and_deleted_by_the_relay(
        self, users: Users, relay: Delivery, storage: WatchedStorage, corey: Actor
    ) -> None:
        await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        user = await users.remove_picture(actor=corey, user_id=corey.user.id)
        await relay.deliver_due()

        assert (user.image_file, storage.pictures) == (None, {})

    async def test_where_no_picture_is_none_can_be_removed(
        self, users: Users, database: MemoryDatabase, corey: Actor
    ) -> None:
        with pytest.raises(NoPicture):
            await users.remove_picture(actor=corey, user_id=corey.user.id)

        assert database.committed().users[corey.user.id] == corey.user

    async def test_of_pictures_changed_at_once_one_is_kept_and_shown(
        self,
        users: Users,
        relay: Delivery,
        storage: WatchedStorage,
        queries: MemoryUserQueries,
        corey: Actor,
    ) -> None:
        await asyncio.gather(
            *(
                users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)
                for _ in range(4)
            )
        )

        await relay.deliver_due()

        assert list(storage.pictures) == [(await queries.public(corey.user.id)).image_file]


Attempt = Callable[[Users, Actor, UserId], Awaitable[object]]


async def update(users: Users, actor: Actor, user_id: UserId) -> None:
    await users.update(actor=actor, user_id=user_id, username="", seen=STALE)


async def delete(users: Users, actor: Actor, user_id: UserId) -> None:
    await users.delete(actor=actor, user_id=user_id, seen=STALE)


async def change_picture(users: Users, actor: Actor, user_id: UserId) -> None:
    upload = builders.JPEG if actor.user.id == user_id else b"text"
    await users.change_picture(actor=actor, user_id=user_id, upload=upload, seen=STALE)


async def remove_picture(users: Users, actor: Actor, user_id: UserId) -> None:
    await users.remove_picture(actor=actor, user_id=user_id, seen=STALE)


WORDS: dict[Attempt, str] = {
    update: "update this user",
    delete: "delete this user",
    change_picture: "update this user's picture",
    remove_picture: "delete this user's picture",
}


class TestPrecedence:
    @pytest.mark.parametrize("attempt", WORDS)
    @pytest.mark.parametrize("exists", [True, False])
    async def test_another_account_is_forbidden_whether_or_not_it_exists(
        self, users: Users, corey: Actor, stranger: Actor, attempt: Attempt, exists: bool
    ) -> None:
        with pytest.raises(Forbidden) as refused:
            await attempt(users, stranger, corey.user.id if exists else UserId(999))

        assert str(refused.value) == f"Not authorized to {WORDS[attempt]}"

    # Changing the picture is the exception: it looks at the version before it works on an upload.
    @pytest.mark.parametrize("attempt", [update, delete, remove_picture])
    async def test_an_account_deleted_meanwhile_is_told_before_a_stale_version(
        self, users: Users, corey: Actor, attempt: Attempt
    ) -> None:
        await users.delete(actor=corey, user_id=corey.user.id)

        with pytest.raises(UserNotFound):
            await attempt(users, corey, corey.user.id)

    @pytest.mark.parametrize("attempt", WORDS)
    async def test_a_stale_version_is_told_before_what_is_wrong_with_the_change(
        self, users: Users, database: MemoryDatabase, corey: Actor, attempt: Attempt
    ) -> None:
        with pytest.raises(StaleVersion):
            await attempt(users, corey, corey.user.id)

        assert database.committed().users == {corey.user.id: corey.user}

    async def test_a_stale_version_is_told_before_a_bad_upload(
        self, users: Users, storage: WatchedStorage, corey: Actor
    ) -> None:
        with pytest.raises(StaleVersion):
            await users.change_picture(
                actor=corey, user_id=corey.user.id, upload=b"junk", seen=STALE
            )

        assert storage.pictures == {}

    async def test_a_version_that_was_seen_may_be_changed(self, users: Users, corey: Actor) -> None:
        updated: User = await users.update(
            actor=corey, user_id=corey.user.id, username="New", seen=SEEN
        )

        assert updated == replace(corey.user, username="New", version=2)

    async def test_a_version_that_was_seen_may_be_deleted(
        self, users: Users, database: MemoryDatabase, corey: Actor
    ) -> None:
        await users.delete(actor=corey, user_id=corey.user.id, seen=SEEN)

        assert database.committed().users == {}

    async def test_the_picture_of_a_version_that_was_seen_may_be_removed(
        self, users: Users, corey: Actor
    ) -> None:
        shown = await users.change_picture(actor=corey, user_id=corey.user.id, upload=builders.JPEG)

        user = await users.remove_picture(
            actor=corey, user_id=corey.user.id, seen=frozenset({shown.version})
        )

        assert user.image_file is None


async def test_a_new_name_and_picture_stand_beside_every_post(
    users: Users, database: MemoryDatabase, corey: Actor
) -> None:
    (post,) = await given_posts(database.unit_of_work, builders.new_post(corey.user.id))

    user = await users.update(actor=corey, user_id=corey.user.id, username="New")

    assert (await MemoryPostQueries(database).get(post.id)).author == user.author
