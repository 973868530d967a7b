"""`pytest --blog-adapter`, and what a broken clause says, in runs of pytest of their own."""

import json
from textwrap import dedent

import pytest

BROKEN = """
    from dataclasses import replace

    from blog_adapters.memory import MemoryDatabase, MemoryMailer, MemoryPostQueries
    from blog_adapters.testing.adapters import memory_adapter
    from blog_core.testing import Adapter

    class LastFirst(MemoryPostQueries):
        async def page(self, **asked):
            page = await super().page(**asked)
            return replace(page, posts=tuple(reversed(page.posts)))

    def broken():
        database = MemoryDatabase()
        return Adapter(uow=database.unit_of_work, post_queries=LastFirst(database))
"""


@pytest.fixture
def mine(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a module `mine`, and a test that must not run."""
    pytester.makepyfile(mine=dedent(BROKEN))
    pytester.makepyfile(test_other="def test_of_the_project(): assert False")
    return pytester


def prove(run: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    alone = ("no:randomly", "no:cacheprovider", "no:asyncio")
    return run.runpytest_inprocess(*(f"-p{plugin}" for plugin in alone), *arguments)


def test_an_adapter_is_proven_without_a_test_file(mine: pytest.Pytester) -> None:
    done = prove(mine, "--blog-adapter=blog_adapters.testing.adapters:memory_adapter")

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "*= blog adapter =*",
            "blog_adapters.testing.adapters:memory_adapter: 1?? kept, 0 broken, 0 not offered",
            "UnitOfWork",
            "  + UOW-01  What was committed is there for the next unit.",
            "AccessTokens",
        ]
    )


def test_a_broken_clause_is_named_with_its_promise(mine: pytest.Pytester) -> None:
    done = prove(mine, "--blog-adapter=mine:broken")

    assert done.ret == 1
    done.stdout.fnmatch_lines(
        [
            "*- Broken clause -*",
            "POST-QUERY-06: The newest posts come first.",
            "  x POST-QUERY-06  The newest posts come first.",
            "FAILED *test_the_newest_come_first* - POST-QUERY-06 broken: *",
        ]
    )


def test_what_an_adapter_does_not_offer_is_not_proven(mine: pytest.Pytester) -> None:
    done = prove(mine, "--blog-adapter=mine:broken")

    done.stdout.fnmatch_lines(["Not offered: *UserQueries, *Mailer, *"])


def test_what_an_adapter_declares_to_lack_is_reported_with_the_reason(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        mine="""
        from blog_adapters.memory import MemoryDatabase
        from blog_core.testing import Adapter

        def partial():
            return Adapter(uow=MemoryDatabase().unit_of_work, lacks={"outbox": "no mail here"})
        """
    )
    done = prove(pytester, "--blog-adapter=mine:partial")

    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "  - UOW-04  All repositories are rolled back together.",
            "      lacks outbox: no mail here",
            "Outbox: lacks outbox: no mail here",
        ]
    )


def test_a_context_manager_is_opened_and_closed_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="""
        from contextlib import asynccontextmanager
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter

        @asynccontextmanager
        async def opened():
            print("<in>")
            yield Adapter(tokens=MemoryAccessTokens())
            print("<out>")
        """
    )
    done = prove(pytester, "--blog-adapter=mine:opened", "-s", "-k", "TestAccessTokens")

    said = done.stdout.str()
    assert said.count("<in>") == said.count("<out>") == done.parseoutcomes()["passed"]


def test_several_adapters_are_reported_one_by_one(mine: pytest.Pytester) -> None:
    fakes = "blog_adapters.testing.adapters:memory_adapter"
    prove(mine, "--blog-adapter=mine:broken", f"--blog-adapter={fakes}", "--blog-report=both.json")

    reports = json.loads((mine.path / "both.json").read_text())
    assert [report["adapter"] for report in reports] == ["mine:broken", fakes]
    assert [bool(report["broken"]) for report in reports] == [True, False]


def test_the_report_is_the_same_when_processes_share_the_work(mine: pytest.Pytester) -> None:
    prove(mine, "--blog-adapter=mine:broken", "--blog-report=one.json")
    prove(mine, "--blog-adapter=mine:broken", "--blog-report=two.json", "-n2")

    one, two = (json.loads((mine.path / name).read_text()) for name in ("one.json", "two.json"))
    assert [(c["clause"], c["verdict"]) for c in one[0]["clauses"]] == [
        (c["clause"], c["verdict"]) for c in two[0]["clauses"]
    ]


@pytest.mark.parametrize("ending", ["txt", "json", "md"])
def test_the_report_is_written_as_its_name_says(mine: pytest.Pytester, ending: str) -> None:
    prove(mine, "--blog-adapter=mine:broken", f"--blog-report=found.{ending}")

    written = (mine.path / f"found.{ending}").read_text()
    assert "POST-QUERY-06" in written
    assert {"txt": "mine:broken:", "json": "[\n", "md": "| `mine:broken` |"}[ending] in written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--blog-adapter=nowhere:adapter"], "--blog-adapter=nowhere:adapter: No module named*"),
        (["--blog-adapter=mine:nothing"], "*mine:nothing: module 'mine' has no attribute*"),
        (["--blog-report=found.md"], "--blog-report goes with --blog-adapter"),
        (
            ["--blog-adapter=mine:broken", "test_other.py"],
            "--blog-adapter runs the suites and nothing else: name no test",
        ),
        (
            ["--blog-adapter=mine:broken", "--blog-report=no/found.md"],
            "--blog-report: there is no folder no",
        ),
        (["--blog-adapter=mine"], "*--blog-adapter=mine: name a factory, as in package:factory"),
        (["--blog-adapter=mine:__name__"], "*--blog-adapter=mine:__name__: this is no factory"),
        (
            ["--blog-adapter=mine:broken", "--blog-report=found.html"],
            "*--blog-report: found.html must end in .txt, .json, .md",
        ),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(
    mine: pytest.Pytester, arguments: list[str], said: str
) -> None:
    done = prove(mine, *arguments)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: {said.lstrip('*')}" if said[0] != "*" else said])


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("def other(): return 'a string'", "TypeError: this is no Adapter but str"),
        ("def other(): return 1 / 0", "ZeroDivisionError: division by zero"),
        ("async def other(): pass", "TypeError: the factory must be a plain function or an*"),
        (
            "from blog_core.testing import Adapter\ndef other(): return Adapter()",
            "ValueError: an Adapter offers at least one port",
        ),
    ],
)
def test_an_adapter_that_cannot_be_opened_ends_the_run_in_one_line(
    pytester: pytest.Pytester, factory: str, said: str
) -> None:
    pytester.makepyfile(mine=factory)
    done = prove(pytester, "--blog-adapter=mine:other")

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines([f"*--blog-adapter=mine:other: {said}*"])
    assert "1 error" not in done.stdout.str()


def test_what_was_left_out_is_counted(mine: pytest.Pytester) -> None:
    done = prove(mine, "--blog-adapter=mine:broken", "-k", "TestUnitOfWork")

    done.stdout.fnmatch_lines(["mine:broken: * kept, 0 broken, * not run"])


@pytest.mark.parametrize("how", ["skip", "xfail"])
def test_an_adapter_cannot_pass_a_clause_over_while_it_runs(
    pytester: pytest.Pytester, how: str
) -> None:
    pytester.makepyfile(
        mine=f"""
        import pytest
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter

        class Unwilling(MemoryAccessTokens):
            def read(self, token, *, now):
                pytest.{how}("I would rather not")

        def unwilling():
            return Adapter(tokens=Unwilling())
        """
    )
    done = prove(pytester, "--blog-adapter=mine:unwilling", "-k", "TestAccessTokens")

    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(
        ["  x TOKENS-01 *", "      passed over while it ran: *I would rather not*"]
    )


@pytest.mark.parametrize(
    "trick",
    [
        "TestMine.test_a_token_expires = None",
        "async def kept(self): pass\n        TestMine.test_a_token_expires = kept",
        "TestMine.take = lambda self, adapter, test: None",
        "TestMine.needs = frozenset({'outbox'})",
    ],
)
def test_a_suite_cannot_be_changed_behind_its_back(pytester: pytest.Pytester, trick: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter
        from blog_core.testing.contracts import AccessTokensContract

        @pytest.fixture
        def blog_adapter():
            return Adapter(tokens=MemoryAccessTokens())

        class TestMine(AccessTokensContract):
            pass

        {trick}
        """
    )
    done = prove(pytester)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: TestMine must not change *"])


def test_a_projects_own_names_for_tests_do_not_matter(mine: pytest.Pytester) -> None:
    mine.makeini("[pytest]\npython_classes = Spec\npython_functions = should_*")

    done = prove(mine, "--blog-adapter=mine:broken")

    done.stdout.fnmatch_lines(["mine:broken: * kept, 1? broken, * not offered"])


def test_collecting_only_is_no_failure(mine: pytest.Pytester) -> None:
    assert prove(mine, "--blog-adapter=mine:broken", "--collect-only", "-q").ret == 0


def test_an_adapter_that_opens_once_and_then_no_more_breaks_clauses(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        mine="""
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter

        left = [1, 2]

        def tired():
            left.pop()
            return Adapter(tokens=MemoryAccessTokens())
        """
    )
    done = prove(pytester, "--blog-adapter=mine:tired", "-k", "TestAccessTokens")

    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["  x TOKENS-* *", "      pop from empty list"])


def test_an_adapter_of_which_nothing_is_proven_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="""
        from blog_core.testing import Adapter

        def halves():
            return Adapter(stored=lambda: {})
        """
    )
    done = prove(pytester, "--blog-adapter=mine:halves")

    assert done.ret == 1
    done.stdout.fnmatch_lines(["mine:halves: 0 kept, 0 broken, 1?? not offered"])


def test_a_suite_needs_no_conftest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter
        from blog_core.testing.contracts import AccessTokensContract

        @pytest.fixture
        def blog_adapter():
            return Adapter(tokens=MemoryAccessTokens())

        class TestMine(AccessTokensContract):
            pass
        """
    )
    done = prove(pytester)

    assert done.ret == 0
    assert done.parseoutcomes()["passed"] > 6


def test_a_suite_without_an_adapter_says_what_to_supply(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from blog_core.testing.contracts import AccessTokensContract

        class TestMine(AccessTokensContract):
            pass
        """
    )
    done = prove(pytester)

    assert done.ret == 1
    done.stdout.fnmatch_lines(["*supply a fixture `blog_adapter` that returns*Adapter*"])


def test_a_suite_whose_port_is_not_offered_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from blog_adapters.memory import MemoryAccessTokens
        from blog_core.testing import Adapter
        from blog_core.testing.contracts import MailerContract

        @pytest.fixture
        def blog_adapter():
            return Adapter(tokens=MemoryAccessTokens())

        class TestMine(MailerContract):
            pass
        """
    )
    done = prove(pytester)

    assert done.ret == 1
    done.stdout.fnmatch_lines(["*the adapter offers no mailer, received*"])
