"""The kit for tests over HTTP: what it lends, and that no answer goes unnoticed."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from fastapi import FastAPI, HTTPException
from httpx import Request, Response

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api import dependencies
from blog_api.testing.people import Apps, Blog, LogIn, Member, OpenBlog, SignUp
from blog_api.testing.recorder import Answer, Recorder, Undeclared, declared, differences, document

pytestmark = pytest.mark.anyio


# People


async def test_whoever_signs_up_is_logged_in(blog_sign_up: SignUp) -> None:
    ada = await blog_sign_up("ada")

    assert (ada.id, ada.path, await ada.status()) == (1, "/api/users/1", 200)


async def test_whoever_logs_in_again_is_the_same_person(
    blog_sign_up: SignUp, blog_log_in: LogIn
) -> None:
    ada = await blog_sign_up("ada", "a password of her own")

    phone = await blog_log_in("ada@example.com", "a password of her own")

    assert phone.id == ada.id
    assert phone.headers["Authorization"] != ada.headers["Authorization"]


async def test_a_visitor_is_nobody(client: Member) -> None:
    assert (client.id, await client.status()) == (0, 401)


async def test_mails_are_sent_when_the_test_says_so(
    blog_sign_up: SignUp, container: Container, blog_deliver: Callable[[], Awaitable[None]]
) -> None:
    ada = await blog_sign_up("ada")
    await ada.post("/api/users/forgot-password", json={"email": "ada@example.com"})
    mailer: Any = container.mailer()
    before = len(mailer.sent)

    await blog_deliver()

    assert (before, len(mailer.sent)) == (0, 1)


# Apps


async def app_for(blog_http: OpenBlog, container: Container) -> FastAPI:
    async with blog_http(container) as blog:
        return blog.app


async def test_an_app_that_was_given_back_is_lent_again(blog_http: OpenBlog) -> None:
    apps = [await app_for(blog_http, in_memory_container()) for _ in range(2)]

    assert apps[0] is apps[1]


async def test_blogs_that_are_open_at_once_share_nothing(blog_http: OpenBlog) -> None:
    async with blog_http(in_memory_container()) as one, blog_http(in_memory_container()) as other:
        accounts = [await blog.sign_up("ada") for blog in (one, other)]

    assert [account.id for account in accounts] == [1, 1]


async def test_an_app_with_another_limit_is_another(blog_http: OpenBlog) -> None:
    usual = await app_for(blog_http, in_memory_container())

    container = in_memory_container(Settings(max_upload_size_bytes=1000))

    assert await app_for(blog_http, container) is not usual


async def test_an_app_that_serves_a_folder_is_lent_to_nobody_else(
    blog_http: OpenBlog, tmp_path: Path
) -> None:
    container = in_memory_container()
    container.media_folder.override(providers.Object(tmp_path))

    apps = [await app_for(blog_http, each) for each in (container, container)]

    assert apps[0] is not apps[1]


async def test_an_app_that_a_test_gave_a_route_is_lent_to_nobody_else(blog_http: OpenBlog) -> None:
    async with blog_http(in_memory_container()) as blog:
        blog.app.get("/mine")(lambda: None)

    assert await app_for(blog_http, in_memory_container()) is not blog.app


async def test_what_a_test_overrides_is_forgotten(blog_http: OpenBlog) -> None:
    async with blog_http(in_memory_container()) as blog:
        blog.app.dependency_overrides[dependencies.posts] = lambda: None

    assert (await app_for(blog_http, in_memory_container())).dependency_overrides == {}


async def test_the_container_is_closed_afterwards(blog_http: OpenBlog) -> None:
    container = in_memory_container()
    closed: list[str] = []
    container.exits().callback(closed.append, "closed")

    async with blog_http(container):
        assert not closed

    assert closed == ["closed"]


# The recorder

READ = Answer("posts_list", 200, "application/json", "")


@pytest.fixture
def seen() -> set[tuple[str, int, str, str]]:
    """What was recorded here, and is none of this run's business."""
    return set()


@pytest.fixture
async def blog(seen: set[tuple[str, int, str, str]]) -> AsyncIterator[Blog]:
    """A blog with a recorder of its own."""
    async with Apps(Recorder(document(), seen)).open(in_memory_container()) as blog:
        yield blog


async def test_an_answer_is_recorded_by_its_kind(blog: Blog, seen: set[Answer]) -> None:
    visitor = await blog.visitor()
    await visitor.get("/api/posts")
    await visitor.get("/api/posts", headers={"If-None-Match": "*"})
    await visitor.get("/api/posts/1")

    assert seen == {
        READ,
        Answer("posts_list", 304, "", ""),
        Answer("posts_read", 404, "application/problem+json", "post_not_found"),
    }


@pytest.mark.parametrize("path", ["/nothing", "/docs", "/api/posts/1/nothing"])
async def test_what_is_no_operation_is_not_recorded(
    blog: Blog, seen: set[Answer], path: str
) -> None:
    await (await blog.visitor()).get(path)

    assert seen == set()


async def test_an_answer_that_is_not_declared_fails_whoever_asked(blog: Blog) -> None:
    async def teapot() -> None:
        raise HTTPException(418)

    blog.app.dependency_overrides[dependencies.post_queries] = teapot
    visitor = await blog.visitor()

    with pytest.raises(Undeclared, match="does not declare: posts_list 418 application/problem"):
        await visitor.get("/api/posts")


HEADERS = {"ETag": '"1"', "X-Request-ID": "x"}
NOT_FOUND = {
    "type": "urn:blog:problem:user_not_found",
    "title": "User not found",
    "status": 404,
    "detail": "User not found",
    "code": "user_not_found",
    "instance": "x",
}


@pytest.mark.parametrize(
    ("answer", "undeclared"),
    [
        (Response(201, json={}), "not declare: users_read 201 application/json$"),
        (Response(200, text="hello"), "not declare: users_read 200 text/plain"),
        (Response(200), "not declare: users_read 200$"),
        (Response(304, json={}), "not declare: users_read 304 application/json"),
        (
            Response(
                404,
                json=NOT_FOUND | {"code": "lost"},
                headers={"Content-Type": "application/problem+json"},
            ),
            "not declare: users_read 404 application/problem.json lost",
        ),
        (
            Response(
                404,
                json={"code": "user_not_found"},
                headers={"Content-Type": "application/problem+json"},
            ),
            "another body of: users_read 404",
        ),
        (Response(200, json={"id": 1}), "another body of: users_read 200 application/json"),
    ],
    ids=["status", "media type", "no body", "a body", "code", "problem", "schema"],
)
async def test_an_answer_differs_by_its(
    seen: set[tuple[str, int, str, str]], answer: Response, undeclared: str
) -> None:
    answer.request = Request("GET", "http://blog.test/api/users/1")
    answer.headers.update(HEADERS)

    with pytest.raises(Undeclared, match=undeclared):
        await Recorder(document(), seen)(answer)


@pytest.mark.parametrize("missing", HEADERS)
async def test_an_answer_lacks_its(seen: set[tuple[str, int, str, str]], missing: str) -> None:
    answer = Response(304, request=Request("GET", "http://blog.test/api/users/1"), headers=HEADERS)
    del answer.headers[missing]

    with pytest.raises(Undeclared, match=f"declares a {missing} with: users_read 304$"):
        await Recorder(document(), seen)(answer)


async def test_without_the_library_for_schemas_the_kinds_of_answers_still_count(
    seen: set[tuple[str, int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    request = Request("GET", "http://blog.test/api/posts")
    answer = Response(200, json={"id": 1}, request=request, headers=HEADERS)

    await Recorder(document(), seen)(answer)

    assert seen == {READ}


def test_what_was_declared_or_seen_and_not_both_is_named() -> None:
    seen = set(declared(document())) - {READ} | {Answer("posts_list", 418, "", "")}

    assert differences(document(), seen) == [
        "declared and never seen: posts_list 200 application/json",
        "seen and not declared: posts_list 418",
    ]


# A run of pytest

TESTS = """
    import pytest
    from blog_adapters.container import in_memory_container

    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    def anyio_backend():
        return "asyncio"

    @pytest.fixture
    def blog_container():
        return in_memory_container()

    @pytest.mark.parametrize("path", ["/api/posts", "/livez"])
    async def test_reading(blog_client, path):
        assert (await blog_client.get(path)).status_code == 200
"""
"""What somebody writes who has the kit installed."""

UNSEEN = "*declared and never seen: posts_list 304*"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_that_should_be_complete_fails_by_what_it_did_not_see(
    pytester: pytest.Pytester, workers: str
) -> None:
    pytester.makepyfile(TESTS)

    run = pytester.runpytest_subprocess("--blog-openapi=complete", "-n", workers)

    run.assert_outcomes(passed=2)
    run.stdout.fnmatch_lines([UNSEEN])
    run.stdout.no_fnmatch_line("*posts_list 200*")
    run.stdout.no_fnmatch_line("*health_live 200*")
    assert run.ret == pytest.ExitCode.TESTS_FAILED


def test_a_run_that_failed_anyway_names_what_it_did_not_see(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS, test_failing="def test_nothing(): assert False")

    run = pytester.runpytest_subprocess("--blog-openapi=complete")

    run.assert_outcomes(passed=2, failed=1)
    run.stdout.fnmatch_lines([UNSEEN])


def test_any_other_run_may_see_little(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)

    run = pytester.runpytest_subprocess()

    run.stdout.no_fnmatch_line(UNSEEN)
    assert run.ret == pytest.ExitCode.OK


def test_a_run_can_only_be_complete_where_bodies_can_be_checked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.makeconftest("import sys; sys.modules['jsonschema'] = None")

    run = pytester.runpytest_subprocess("--blog-openapi=complete")

    run.stderr.fnmatch_lines(["*--blog-openapi=complete needs: pip install jsonschema"])


def test_pytest_names_what_the_kit_offers(pytester: pytest.Pytester) -> None:
    offered = pytester.runpytest_subprocess("--fixtures").outlines

    ours = [line for line in offered if "blog_api/testing/plugin.py" in line]
    assert sorted(line.partition(" ")[0] for line in ours) == [
        "blog_app",
        "blog_client",
        "blog_deliver",
        "blog_http",
        "blog_log_in",
        "blog_over_http",
        "blog_sign_up",
    ]


def test_finding_the_plugin_imports_nothing_heavy() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", "import sys, blog_api.testing.plugin; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert not {"fastapi", "httpx", "pydantic", "dependency_injector", "jsonschema"} & set(imported)
