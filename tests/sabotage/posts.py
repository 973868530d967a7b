"""Mistakes in what stores posts."""

from contextlib import suppress
from dataclasses import asdict, replace

from blog_adapters.memory.repositories import MemoryPosts
from blog_adapters.memory.tables import without
from blog_core.domain.posts import NewPost, Post, PostId
from blog_core.errors import UserNotFound
from sabotage.saboteur import saboteur


@saboteur("POST-REPO-01")
class CutsLongTitles(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        return await super().add(replace(post, title=post.title[:80]))


@saboteur("POST-REPO-01")
class TurnsTabsIntoBlanks(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        return await super().add(replace(post, content=post.content.expandtabs(1)))


@saboteur("POST-REPO-01")
class LosesMicroseconds(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        return await super().add(replace(post, date_posted=post.date_posted.replace(microsecond=0)))


@saboteur("POST-REPO-02")
class KeepsContentInASmallColumn(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        return await super().add(replace(post, content=post.content[:65_535]))


@saboteur("POST-REPO-03")
class GivesAnIdOnceMore(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        stored = await super().add(post)
        del self._tables.posts[stored.id]
        stored = replace(stored, id=PostId(max(self._tables.posts, default=0) + 1))
        self._tables.posts[stored.id] = stored
        return stored


@saboteur("POST-REPO-03")
class CountsFromZero(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        stored = await super().add(post)
        del self._tables.posts[stored.id]
        stored = replace(stored, id=PostId(stored.id - 2))
        self._tables.posts[stored.id] = stored
        return stored


@saboteur("POST-REPO-04")
class SwallowsAConstraintError(MemoryPosts):
    async def add(self, post: NewPost) -> Post:
        with suppress(UserNotFound):
            return await super().add(post)
        return Post(id=PostId(self._next_id()), **asdict(post))


@saboteur("POST-REPO-05", also="UOW-04 11 POST-REPO-10 13 USER-REPO-15")
class AnswersNoneForAMissingPost(MemoryPosts):
    async def get(self, post_id: PostId) -> Post:
        return self._tables.posts.get(post_id)  # type: ignore[return-value] # the mistake


@saboteur("POST-REPO-05")
class OverflowsOnAHugeId(MemoryPosts):
    async def get(self, post_id: PostId) -> Post:
        post_id.to_bytes(8, signed=True)
        return await super().get(post_id)


@saboteur("POST-REPO-06")
class ForgetsTheNewContent(MemoryPosts):
    async def save(self, post: Post) -> Post:
        stored = await self.get(post.id)
        return await super().save(replace(post, content=stored.content))


@saboteur("POST-REPO-06")
class ReturnsTheFormerVersion(MemoryPosts):
    async def save(self, post: Post) -> Post:
        return replace(await super().save(post), version=post.version)


@saboteur("POST-REPO-07")
class MovesAPostToAnotherAuthor(MemoryPosts):
    async def save(self, post: Post) -> Post:
        saved = replace(await super().save(post), author_id=post.author_id)
        self._tables.posts[post.id] = saved
        return saved


@saboteur("POST-REPO-07")
class MovesAPostToAnotherDate(MemoryPosts):
    async def save(self, post: Post) -> Post:
        saved = replace(await super().save(post), date_posted=post.date_posted)
        self._tables.posts[post.id] = saved
        return saved


@saboteur("POST-REPO-08")
class OverwritesANewerVersion(MemoryPosts):
    async def save(self, post: Post) -> Post:
        return await super().save(replace(post, version=(await self.get(post.id)).version))


@saboteur("POST-REPO-09")
class BringsBackADeletedPost(MemoryPosts):
    async def save(self, post: Post) -> Post:
        self._tables.posts.setdefault(post.id, post)
        return await super().save(post)


@saboteur("POST-REPO-10", also="POST-REPO-09 POST-QUERY-21 22")
class KeepsAPostAfterDelete(MemoryPosts):
    async def delete(self, post_id: PostId) -> None:
        await self.get(post_id)


@saboteur("POST-REPO-11")
class DeletesWithoutLooking(MemoryPosts):
    async def delete(self, post_id: PostId) -> None:
        self._tables.posts.pop(post_id, None)


@saboteur("POST-REPO-12")
class SavesATitleForAllPosts(MemoryPosts):
    async def save(self, post: Post) -> Post:
        saved = await super().save(post)
        for other in list(self._tables.posts.values()):
            self._tables.posts[other.id] = replace(other, title=saved.title)
        return saved


@saboteur("POST-REPO-12", also="POST-QUERY-20 21 22 29")
class DeletesAllPostsOfTheAuthor(MemoryPosts):
    async def delete(self, post_id: PostId) -> None:
        deleted = await self.get(post_id)
        self._tables.posts = without(
            self._tables.posts, lambda post: post.author_id == deleted.author_id
        )
