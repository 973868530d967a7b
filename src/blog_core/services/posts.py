"""Publishing, revising and deleting posts."""

from blog_core.domain.access import Actor
from blog_core.domain.posts import NewPost, PostId, PostView
from blog_core.domain.versions import require_seen
from blog_core.errors import SessionEnded, UserNotFound
from blog_core.ports import Clock, UnitOfWorkFactory


class Posts:
    """What authors do with their posts. Readers go through `blog_core.ports.PostQueries`."""

    def __init__(self, *, uow: UnitOfWorkFactory, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def publish(self, *, actor: Actor, title: str, content: str) -> PostView:
        """Publish a new post, dated now.

        Raises:
            InvalidText: the title or the content breaks a text rule.
            SessionEnded: the account was deleted meanwhile.
        """
        draft = NewPost.drafted(
            author_id=actor.user.id, title=title, content=content, now=self._clock()
        )
        async with self._uow() as uow:
            try:
                post = await uow.posts.add(draft)
            except UserNotFound as gone:
                raise SessionEnded from gone
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
