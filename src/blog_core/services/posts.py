"""Publishing, revising and deleting posts."""

from blog_core.domain.access import Actor
from blog_core.domain.idempotency import IdempotencyKey
from blog_core.domain.posts import NewPost, Post, PostId, PostView
from blog_core.domain.versions import require_seen
from blog_core.errors import SessionEnded, UserNotFound
from blog_core.ports import Clock, UnitOfWork, UnitOfWorkFactory
from blog_core.services.once import done_before, remember


class Posts:
    """What authors do with their posts. Readers go through `blog_core.ports.PostQueries`."""

    def __init__(self, *, uow: UnitOfWorkFactory, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def publish(
        self, *, actor: Actor, title: str, content: str, key: IdempotencyKey | None = None
    ) -> PostView:
        """Publish a new post, dated now; under a key once, and again it is returned as it is now.

        Raises:
            InvalidText: the title or the content breaks a text rule.
            RequestInFlight: the author is publishing under this key at this moment.
            KeyReused: the author has published something else under this key.
            PostNotFound: what was published under this key was deleted since.
            SessionEnded: the account was deleted meanwhile.
        """
        now = self._clock()
        draft = NewPost.drafted(author_id=actor.user.id, title=title, content=content, now=now)
        request = key.request(f"publish {actor.user.id}", title, content) if key else None
        async with self._uow() as uow:
            post_id = await done_before(uow, request, now)
            if post_id is not None:
                post = await uow.posts.get(PostId(post_id))
            else:
                post = await self._add(uow, draft)
                await remember(uow, request, post.id, now)
                await uow.commit()
        return PostView(post=post, author=actor.user.author)

    async def revise(
        self,
        *,
        actor: Actor,
        post_id: PostId,
        title: str | None = None,
        content: str | None = None,
        seen: frozenset[int] | None = None,
    ) -> PostView:
        """Change what is given of one's own post; edits of different fields at once all survive.

        Args:
            actor: who asks.
            post_id: which post.
            title: the new title; None leaves it.
            content: the new content; None leaves it.
            seen: the versions the change was made against; None asks for nothing.

        Raises:
            PostNotFound, Forbidden, StaleVersion, InvalidText: in this order.
        """
        async with self._uow() as uow:
            post = await uow.posts.get(post_id)
            post.require_author(actor, "update this post")
            require_seen(post.version, seen)
            revised = post.revised(title=title, content=content)
            if revised != post:
                post = await uow.posts.save(revised)
                await uow.commit()
        return PostView(post=post, author=actor.user.author)

    async def delete(
        self, *, actor: Actor, post_id: PostId, seen: frozenset[int] | None = None
    ) -> None:
        """Delete one's own post.

        Raises:
            PostNotFound, Forbidden, StaleVersion: in this order.
        """
        async with self._uow() as uow:
            post = await uow.posts.get(post_id)
            post.require_author(actor, "delete this post")
            require_seen(post.version, seen)
            await uow.posts.delete(post_id)
            await uow.commit()

    @staticmethod
    async def _add(uow: UnitOfWork, draft: NewPost) -> Post:
        try:
            return await uow.posts.add(draft)
        except UserNotFound as gone:
            raise SessionEnded from gone
