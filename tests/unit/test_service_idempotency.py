"""Publishing and registering under a key: once, however often it is asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from blog_adapters.memory import (
    MemoryDatabase,
    MemoryImages,
    MemoryImageStorage,
    MemoryPasswords,
    MemoryPostQueries,
    MemoryRateLimiter,
)
from blog_core.domain.access import Actor, digest_of
from blog_core.domain.idempotency import IdempotencyKey
from blog_core.domain.keys import KeyRing
from blog_core.domain.posts import PostView
from blog_core.domain.users import NewUser, User
from blog_core.errors import (
    BlogError,
    EmailTaken,
    InvalidText,
    KeyReused,
    PostNotFound,
    SessionEnded,
    UsernameTaken,
    UserNotFound,
)
from blog_core.services import Posts, Users
from blog_core.testing import builders
from blog_core.testing.builders import NOW, StoppedClock
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio

SECRET, NEW_SECRET = b"s" * 32, b"n" * 32
DAY = timedelta(hours=24)
MOMENT = timedelta(microseconds=1)


def key(value: str = "key", *secrets: bytes) -> IdempotencyKey:
    return IdempotencyKey(value, KeyRing(secrets or (SECRET,)))


@dataclass
class CountedPasswords(MemoryPasswords):
    """Counts its hashes, and does something while it makes one."""

    hashed: int = 0
    meanwhile: list[Callable[[], Awaitable[object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def hash(self, password: str) -> str:
        self.hashed += 1
        if self.meanwhile:
            await self.meanwhile.pop()()
        return await super().hash(password)


class Scene:
    """The services over fakes."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.clock = StoppedClock()
        self.passwords = CountedPasswords()
        self.posts = Posts(uow=self.database.unit_of_work, clock=self.clock)
        self.users = Users(
            uow=self.database.unit_of_work,
            passwords=self.passwords,
            images=MemoryImages(),
            storage=MemoryImageStorage(),
            clock=self.clock,
            new_id=lambda: builders.entry().id,
            max_upload_bytes=1,
            limiter=MemoryRateLimiter(self.clock),
        )

    async def actor(self, username: str) -> Actor:
        user = await given_user(self.database.unit_of_work, builders.new_user(username))
        return Actor(user=user, session=builders.session(user.id))

    async def register(
        self,
        username: str = "grace",
        email: str = "grace@example.com",
        password: str = "password1",
        key: IdempotencyKey | None = key(),  # noqa: B008 - it never changes
    ) -> User:
        return await self.users.register(username=username, email=email, password=password, key=key)

    async def number_of_posts(self) -> int:
        return (await MemoryPostQueries(self.database).page(limit=1)).total


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
async def ada(scene: Scene) -> Actor:
    return await scene.actor("ada")


@pytest.fixture
async def published(scene: Scene, ada: Actor) -> PostView:
    return await scene.posts.publish(actor=ada, title="A title", content="x", key=key())


class TestPublishing:
    async def test_what_is_asked_again_is_published_once(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        again = await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

        assert again == published
        assert await scene.number_of_posts() == 1

    async def test_without_a_key_it_is_published_again(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        again = await scene.posts.publish(actor=ada, title="A title", content="x")

        assert again.post.id != published.post.id
        assert len(scene.database.committed().idempotency) == 1

    async def test_under_another_key_it_is_published_again(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        again = await scene.posts.publish(actor=ada, title="A title", content="x", key=key("2"))

        assert again.post.id != published.post.id

    @pytest.mark.parametrize(("title", "content"), [("Another", "x"), ("A title", "y")])
    @pytest.mark.usefixtures("published")
    async def test_something_else_under_the_key_is_refused(
        self, scene: Scene, ada: Actor, title: str, content: str
    ) -> None:
        with pytest.raises(KeyReused):
            await scene.posts.publish(actor=ada, title=title, content=content, key=key())

        assert await scene.number_of_posts() == 1

    async def test_authors_do_not_share_keys(self, scene: Scene, published: PostView) -> None:
        eve = await scene.actor("eve")

        hers = await scene.posts.publish(actor=eve, title="A title", content="x", key=key())

        assert hers.post.id != published.post.id

    async def test_it_is_returned_as_it_is_now(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        revised = await scene.posts.revise(actor=ada, post_id=published.post.id, title="Newer")

        again = await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

        assert again == revised

    async def test_what_was_deleted_is_not_published_again(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        await scene.posts.delete(actor=ada, post_id=published.post.id)

        with pytest.raises(PostNotFound):
            await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

    @pytest.mark.parametrize(("later", "posts"), [(DAY - MOMENT, 1), (DAY, 2)])
    @pytest.mark.usefixtures("published")
    async def test_after_a_day_the_key_is_free_again(
        self, scene: Scene, ada: Actor, later: timedelta, posts: int
    ) -> None:
        scene.clock.now = NOW + later

        await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

        assert await scene.number_of_posts() == posts

    @pytest.mark.usefixtures("published")
    async def test_what_is_over_is_forgotten_when_something_is_remembered(
        self, scene: Scene, ada: Actor
    ) -> None:
        scene.clock.now = NOW + DAY + MOMENT

        await scene.posts.publish(actor=ada, title="A title", content="x", key=key("2"))

        (kept,) = scene.database.committed().idempotency.values()
        assert kept.created_at == scene.clock.now

    async def test_a_rotation_of_the_secret_does_not_matter(
        self, scene: Scene, ada: Actor, published: PostView
    ) -> None:
        rotated = key("key", NEW_SECRET, SECRET)

        again = await scene.posts.publish(actor=ada, title="A title", content="x", key=rotated)

        assert again == published

    async def test_what_failed_leaves_the_key_free(self, scene: Scene, ada: Actor) -> None:
        with pytest.raises(InvalidText):
            await scene.posts.publish(actor=ada, title="", content="x", key=key())

        await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

        assert await scene.number_of_posts() == 1

    async def test_who_was_deleted_meanwhile_leaves_no_key_behind(
        self, scene: Scene, ada: Actor
    ) -> None:
        await scene.users.delete(actor=ada, user_id=ada.user.id)

        with pytest.raises(SessionEnded):
            await scene.posts.publish(actor=ada, title="A title", content="x", key=key())

        assert scene.database.committed().idempotency == {}


class TestRegistering:
    async def test_who_asks_again_has_one_account(self, scene: Scene) -> None:
        user = await scene.register()

        again = await scene.register()

        assert again == user
        assert len(scene.database.committed().users) == 1

    async def test_to_ask_again_costs_no_hash(self, scene: Scene) -> None:
        await scene.register()

        await scene.register()

        assert scene.passwords.hashed == 1

    async def test_who_was_quicker_while_the_password_was_hashed_is_found(
        self, scene: Scene
    ) -> None:
        scene.passwords.meanwhile.append(scene.register)

        user = await scene.register()

        assert scene.passwords.hashed == 2
        assert list(scene.database.committed().users.values()) == [user]

    async def test_no_unit_is_open_while_the_password_is_hashed(self, scene: Scene) -> None:
        open_units: list[bool] = []

        async def look() -> None:
            open_units.append(scene.database._turn.locked())

        scene.passwords.meanwhile.append(look)

        await scene.register()

        assert open_units == [False]

    async def test_an_address_may_be_written_in_another_case(self, scene: Scene) -> None:
        user = await scene.register()

        assert await scene.register(email="Grace@Example.com") == user

    @pytest.mark.parametrize(
        "other",
        [{"username": "Grace"}, {"email": "other@example.com"}, {"password": "password2"}],
    )
    async def test_another_account_under_the_key_is_refused_without_a_hash(
        self, scene: Scene, other: dict[str, str]
    ) -> None:
        await scene.register()

        with pytest.raises(KeyReused):
            await scene.register(**other)  # type: ignore[arg-type] # none of them is the key

        assert scene.passwords.hashed == 1

    async def test_it_is_returned_as_it_is_now(self, scene: Scene) -> None:
        user = await scene.register()
        actor = Actor(user=user, session=builders.session(user.id))
        renamed = await scene.users.update(actor=actor, user_id=user.id, username="hopper")

        assert await scene.register() == renamed

    async def test_an_account_that_was_deleted_is_not_opened_again(self, scene: Scene) -> None:
        user = await scene.register()
        actor = Actor(user=user, session=builders.session(user.id))
        await scene.users.delete(actor=actor, user_id=user.id)

        with pytest.raises(UserNotFound):
            await scene.register()

    async def test_after_a_day_the_key_is_free_again(self, scene: Scene) -> None:
        await scene.register()
        scene.clock.now = NOW + DAY

        with pytest.raises(UsernameTaken):
            await scene.register()

    @pytest.mark.parametrize(
        ("taken", "error"),
        [
            (builders.new_user("grace", "other@example.com"), UsernameTaken),
            (builders.new_user("other", "grace@example.com"), EmailTaken),
        ],
    )
    async def test_what_was_refused_leaves_the_key_free(
        self, scene: Scene, taken: NewUser, error: type[BlogError]
    ) -> None:
        await given_user(scene.database.unit_of_work, taken)
        with pytest.raises(error):
            await scene.register()

        user = await scene.register("hopper", "hopper@example.com")

        assert user.username == "hopper"

    @pytest.mark.usefixtures("published")
    async def test_a_key_for_a_post_is_another_than_one_for_an_account(self, scene: Scene) -> None:
        await scene.register()

        assert len(scene.database.committed().idempotency) == 2

    async def test_the_next_release_looks_for_a_key_where_this_one_left_it(
        self, scene: Scene, published: PostView
    ) -> None:
        await scene.register()

        scopes = (f"publish {published.author.id}", "register")
        assert list(scene.database.committed().idempotency) == [
            digest_of(f"{scope}\0key") for scope in scopes
        ]

    async def test_nothing_of_what_was_said_is_stored(self, scene: Scene) -> None:
        await scene.register(key=key("canary-key"))

        stored = repr(scene.database.committed().idempotency)

        for said in ("canary-key", "grace", "password1"):
            assert said not in stored
