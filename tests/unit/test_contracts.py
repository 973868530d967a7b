"""The suites themselves: what may be done to them, and that every clause is in order."""

import re
from pathlib import Path

import pytest

from blog_adapters.testing.adapters import memory_adapter
from blog_core.testing import Adapter, catalogue
from blog_core.testing.contracts import SUITES, Contract, MailerContract

CLAUSES = Path(__file__).parents[2] / "docs" / "clauses.md"


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


def test_the_document_lists_the_clauses_as_they_are() -> None:
    assert CLAUSES.read_text(encoding="utf-8") == catalogue.as_markdown()


@pytest.mark.parametrize("suite", SUITES)
def test_every_test_of_a_suite_proves_a_clause(suite: type[Contract]) -> None:
    tests = [name for name in vars(suite) if name.startswith("test_")]

    assert len(suite.clauses()) == len(tests) > 0


@pytest.mark.parametrize("suite", SUITES)
def test_the_clauses_of_a_suite_are_numbered_without_gaps(suite: type[Contract]) -> None:
    prefix = suite.clauses()[0].id.rpartition("-")[0]

    assert [clause.id for clause in suite.clauses()] == [
        f"{prefix}-{number:02}" for number in range(1, len(suite.clauses()) + 1)
    ]


def test_no_two_suites_share_an_id() -> None:
    ids = [clause.id for suite in SUITES for clause in suite.clauses()]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("suite", SUITES)
def test_every_clause_has_a_sentence(suite: type[Contract]) -> None:
    for clause in suite.clauses():
        assert re.fullmatch(r"\S.{10,}\.", clause.sentence), clause


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_names_ports_that_the_fakes_offer(suite: type[Contract]) -> None:
    assert suite.ports
    assert memory_adapter().missing(*suite.ports) == []


def test_an_adapter_offers_something() -> None:
    with pytest.raises(ValueError, match="an Adapter offers at least one port"):
        Adapter()


def test_an_adapter_can_only_lack_what_there_is() -> None:
    with pytest.raises(ValueError, match="lacks: 'likes' is none of posts, sessions"):
        Adapter(uow=memory_adapter().uow, lacks={"likes": "nobody likes"})  # type: ignore[dict-item] # the point


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_adapter_that_lacks_something_says_why(reason: str) -> None:
    with pytest.raises(ValueError, match="lacks: say why there is no outbox"):
        Adapter(uow=memory_adapter().uow, lacks={"outbox": reason})
