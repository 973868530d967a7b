"""The fixtures as other projects use them, in runs of pytest of their own."""

import os
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from processes import eventually, is_alive

USES = """
    import pytest

    pytestmark = pytest.mark.anyio

    async def test_over_fakes(blog_container, blog_mailbox):
        await blog_container.users().register(
            username="ada", email="ada@example.com", password="correct horse"
        )
        await blog_container.access().forgot_password(email="ada@example.com")
        while await blog_container.delivery().deliver_due():
            pass

        assert [mail.to for mail in blog_mailbox.sent] == ["ada@example.com"]
"""

ROLLED_BACK = """
    import pytest

    pytestmark = pytest.mark.anyio

    @pytest.mark.parametrize("time", range(4))
    async def test_over_postgresql(blog_postgres_container, time):
        users = blog_postgres_container.users()
        # Taken already, if anything were left of another test.
        await users.register(username="ada", email="ada@example.com", password="correct horse")
"""


def run(pytester: pytest.Pytester, *arguments: str, server: str = "") -> pytest.RunResult:
    """Run pytest in a process of its own, as a project without any configuration does."""
    ini = [f"-oblog_database_url={server}"] if server else []
    return pytester.runpytest_subprocess("-pno:cacheprovider", *ini, *arguments)


def test_a_test_over_fakes_needs_no_configuration(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES)

    done = run(pytester, "-pno:asyncio")

    assert done.parseoutcomes() == {"passed": 1}


def test_the_kit_works_beside_pytest_asyncio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_ours=USES,
        test_theirs="""
        import asyncio
        import pytest

        @pytest.fixture
        def number():
            return 1

        @pytest.mark.asyncio
        async def test_theirs(number):
            await asyncio.sleep(0)
            assert number == 1
        """,
    )

    done = run(pytester, "-oasyncio_mode=strict")

    assert done.parseoutcomes() == {"passed": 2}


def test_pytest_asyncios_auto_mode_is_refused_with_the_way_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES)

    done = run(pytester, "-oasyncio_mode=auto")

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*auto mode takes them over*set asyncio_mode = strict*"])


def test_auto_mode_is_nobodys_business_where_the_kit_is_not_used(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("async def test_theirs(): pass")

    done = run(pytester, "-oasyncio_mode=auto")

    assert done.parseoutcomes() == {"passed": 1}


@pytest.mark.parametrize("how", [[], ["-n2"], ["-prandomly"]], ids=["in order", "shared", "mixed"])
def test_nothing_is_left_of_a_test_on_postgresql(
    pytester: pytest.Pytester, blog_server: str, how: list[str]
) -> None:
    pytester.makepyfile(ROLLED_BACK)

    done = run(pytester, *how, server=blog_server)

    assert done.parseoutcomes() == {"passed": 4}


def test_what_one_connection_commits_another_sees_in_a_database_of_its_own(
    pytester: pytest.Pytester, blog_server: str
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from blog_core.testing import builders

        @pytest.mark.anyio
        @pytest.mark.parametrize("time", range(2))
        async def test_over_a_clone(blog_committing_database, blog_container_over, time):
            blog = blog_container_over(blog_committing_database)
            async with blog.unit_of_work()() as mine, blog.unit_of_work()() as other:
                user = await mine.users.add(builders.new_user())
                await mine.commit()

                assert await other.users.get(user.id) == user
        """
    )

    done = run(pytester, server=blog_server)

    assert done.parseoutcomes() == {"passed": 2}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing", "*Connect*"),
        ("mysql://nobody@127.0.0.1/nothing", "the database URL must begin with postgresql://"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_in_one_line(
    pytester: pytest.Pytester, url: str, reason: str
) -> None:
    pytester.makepyfile(ROLLED_BACK)

    done = run(pytester, server=url)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines([f"*blog_database_url, *: no databases can be made there: {reason}*"])


def test_what_a_killed_run_leaves_is_removed_by_the_next(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(prefix="blog-test-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.delenv("BLOG_TEST_DATABASE_URL", raising=False)
        pytester.makepyfile(
            test_killed="""
            import os, signal

            def test_it(blog_server):
                os.kill(os.getpid(), signal.SIGKILL)
            """,
            test_next="def test_it(blog_server): pass",
        )
        run(pytester, "test_killed.py")
        (left,) = Path(folder).glob("blog-test-*")
        pid = int((left / "postgres" / "postmaster.pid").read_text().split()[0])
        long_ago = time.time() - 3600
        os.utime(left / "postgres", (long_ago, long_ago))

        done = run(pytester, "test_next.py")

        assert done.parseoutcomes() == {"passed": 1}
        assert list(Path(folder).iterdir()) == []
        assert eventually(lambda: not is_alive(pid))


def test_a_project_may_put_its_own_container_under_everything(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from blog_adapters.container import in_memory_container
        from blog_adapters.settings import Settings

        @pytest.fixture
        def blog_container():
            return in_memory_container(Settings(posts_per_page=3))

        def test_it_is_used(blog_container):
            assert blog_container.settings().posts_per_page == 3
        """
    )

    done = run(pytester)

    assert done.parseoutcomes() == {"passed": 1}


def test_pictures_go_to_a_bucket_that_is_empty_for_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("name", ["a.jpg", "b.jpg"])
        async def test_it_is_stored(blog_storage, blog_bucket, name):
            await blog_storage.put(name, b"picture")

            assert blog_bucket.stored() == [f"profile_pics/{name}"]
        """
    )

    done = run(pytester)

    assert done.parseoutcomes() == {"passed": 2}


def test_tests_that_do_not_use_the_kit_keep_their_backends(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(params=["asyncio", ("asyncio", {"debug": True})], ids=["one", "two"])
        def anyio_backend(request):
            return request.param

        @pytest.mark.anyio
        async def test_theirs(): pass

        @pytest.mark.anyio
        async def test_ours(blog_container): pass
        """
    )

    done = run(pytester, "-v")

    assert done.parseoutcomes() == {"passed": 3}
    for backend in ("one", "two"):
        done.stdout.fnmatch_lines([f"*test_theirs?{backend}? PASSED*"])


def test_the_fixtures_introduce_themselves(pytester: pytest.Pytester) -> None:
    done = run(pytester, "--fixtures")

    said = dict(re.findall(r"^(blog_\w+).*\n    (.*)$", done.stdout.str(), re.MULTILINE))
    assert {"blog_adapter", "blog_container", "blog_database", "blog_mailbox"} <= said.keys()
    assert "no docstring available" not in said.values()


def test_nothing_is_imported_that_nobody_asked_for(pytester: pytest.Pytester) -> None:
    heavy = "sqlalchemy", "fastapi", "boto3", "moto", "dependency_injector", "blog_core", "httpx"
    pytester.makepyfile(
        f"""
        import sys

        def test_it():
            assert not set({heavy!r}) & set(sys.modules)
        """
    )

    done = run(pytester, "-pno:schemathesis", "-pno:hypothesispytest", "-pno:asyncio")

    assert done.parseoutcomes() == {"passed": 1}
