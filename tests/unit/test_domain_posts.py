import pytest

from blog_core.domain.paging import Cursor
from blog_core.domain.posts import NewPost, Post, PostId
from blog_core.domain.users import UserId
from blog_core.testing.builders import NOW

AUTHOR = UserId(7)


@pytest.fixture
def post() -> Post:
    return Post(id=PostId(5), author_id=AUTHOR, title="A title", content="Words.", date_posted=NOW)


def test_a_draft_says_what_its_author_says_and_is_dated_now() -> None:
    draft = NewPost.drafted(author_id=AUTHOR, title="A title", content="Words.", now=NOW)

    assert draft == NewPost(author_id=AUTHOR, title="A title", content="Words.", date_posted=NOW)


@pytest.mark.parametrize("of_author", [None, AUTHOR])
@pytest.mark.parametrize("backward", [False, True])
def test_the_place_next_to_a_post_is_in_the_list_it_was_asked_for(
    post: Post, of_author: UserId | None, backward: bool
) -> None:
    place = post.place(of_author=of_author, backward=backward)

    assert place == Cursor(date_posted=NOW, post_id=5, backward=backward, author_id=of_author)


def test_unless_told_otherwise_it_looks_at_older_posts_in_the_list_of_all(post: Post) -> None:
    assert post.place() == Cursor(date_posted=NOW, post_id=5, backward=False, author_id=None)
