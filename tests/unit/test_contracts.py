import pytest

from blog_core.testing.contracts import MailerContract


def test_a_suite_may_say_more() -> None:
    class Longer(MailerContract):
        def test_something_else(self) -> None: ...

    assert issubclass(Longer, MailerContract)


def test_a_suite_may_not_redefine_what_it_inherits() -> None:
    with pytest.raises(TypeError, match=r"^Softer must not redefine test_long_lines_arrive_whole$"):

        class Softer(MailerContract):
            async def test_long_lines_arrive_whole(self) -> None: ...


def test_a_suite_may_not_drop_what_it_inherits() -> None:
    with pytest.raises(TypeError, match="must not redefine test_long_lines_arrive_whole"):

        class Shorter(MailerContract):
            test_long_lines_arrive_whole = None  # type: ignore[assignment] # the point


def test_a_suite_may_not_redefine_what_its_parent_added() -> None:
    class Longer(MailerContract):
        def test_something_else(self) -> None: ...

    with pytest.raises(TypeError, match="must not redefine test_something_else"):

        class Softer(Longer):
            def test_something_else(self) -> None: ...


def test_a_mixin_may_not_redefine_what_a_suite_states() -> None:
    class Mixin:
        async def test_long_lines_arrive_whole(self) -> None: ...

    with pytest.raises(TypeError, match="must not redefine test_long_lines_arrive_whole"):

        class Softer(Mixin, MailerContract):
            pass
