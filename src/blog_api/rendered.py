"""The contents of posts as HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from blog_adapters.texts import KeptTexts
from blog_adapters.workers import Workers
from blog_api.markdown import as_typed, rendered
from blog_core.domain.posts import Post
from blog_core.errors import Busy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RenderedPosts:
    """Renders contents aside, each version of a post once.

    Args:
        texts: makes and keeps what readers see.
        previews: the threads for what only its author sees; readers do not wait behind it.
    """

    texts: KeptTexts
    previews: Workers

    async def html(self, post: Post) -> str:
        """Return a post's content as HTML.

        Raises:
            Busy: too many other contents wait to be rendered.
        """
        return await self.texts.get(
            # A content that was changed by hand, in SQL, may have kept its version.
            (post.id, post.version, hash(post.content)),
            rendered,
            post.content,
            name=str(post.id),
        )

    async def html_or_typed(self, post: Post) -> str:
        """Return a post's content as HTML; as it was typed when it would have to wait too long.

        This is for who has just written it: what is done must not look as if it had failed.
        """
        try:
            return await self.html(post)
        except Busy:
            return as_typed(post.content)

    async def preview(self, content: str) -> str:
        """Return as HTML a content that no post has yet. It is not kept.

        Raises:
            Busy: too many other contents wait to be rendered.
        """
        return await self.previews.run(rendered, content)

    async def aside(self, make: Callable[[], T]) -> T:
        """Return what a function makes of such texts, which takes long, too.

        Raises:
            Busy: too many other contents wait to be rendered.
        """
        return await self.texts.workers.run(make)
