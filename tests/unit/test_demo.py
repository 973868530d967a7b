"""The demo's blog, over the fakes."""

from datetime import UTC, datetime, timedelta

import pytest

from blog_adapters.container import Container, in_memory_container
from blog_api import demo

pytestmark = pytest.mark.anyio


@pytest.fixture
def container() -> Container:
    return in_memory_container()


async def fill(container: Container) -> tuple[int, int]:
    """Return how many posts were added, in how many steps."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    return (await demo.fill(container, step=step)).posts_added, steps


async def test_it_has_six_authors_with_pictures_and_44_posts(container: Container) -> None:
    added, steps = await fill(container)

    page = await container.post_queries().page(limit=100)
    pictures = {view.author.image_file for view in page.posts}
    assert (added, steps, page.total) == (44, 50, 44)
    assert len(pictures) == 6
    assert None not in pictures


async def test_the_posts_spread_over_ninety_days_and_none_is_of_the_future(
    container: Container,
) -> None:
    await fill(container)

    page = await container.post_queries().page(limit=100)
    newest, oldest = page.posts[0].post.date_posted, page.posts[-1].post.date_posted
    now = datetime.now(UTC)
    assert now - timedelta(days=4) < newest < now
    assert now - timedelta(days=91) < oldest < now - timedelta(days=89)


async def test_filling_twice_adds_nothing(container: Container) -> None:
    await fill(container)

    assert await fill(container) == (0, 50)


async def test_what_is_missing_is_added(container: Container) -> None:
    await fill(container)
    page = await container.post_queries().page(limit=2)
    async with container.unit_of_work()() as unit:
        for view in page.posts:
            await unit.posts.delete(view.post.id)
        await unit.commit()

    assert await fill(container) == (2, 50)


async def test_an_account_of_somebody_else_is_left_alone(container: Container) -> None:
    ada = await container.users().register(
        username="ada", email="ada@example.org", password="another password"
    )

    filled = await demo.fill(container, step=lambda: None)

    assert (filled.posts_added, filled.left_alone) == (36, ("ada",))
    assert (await container.post_queries().page(author_id=ada.id, limit=1)).total == 0


async def test_no_session_stays_open(container: Container) -> None:
    await fill(container)

    page = await container.post_queries().page(limit=100)
    authors = {view.author.id for view in page.posts}
    assert [await container.user_queries().sessions(author) for author in authors] == [[]] * 6
