"""What browsers are told: policies, other origins, host names, and pages that can be turned off."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from dependency_injector import providers

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api.pages.hashes import hash_of
from blog_api.testing.people import Blog, Member, OpenBlog
from operations import ROUTES, SECURED, call

pytestmark = pytest.mark.anyio

OURS, STRANGER = "https://blog.example.com", "https://evil.example.com"

Open = Callable[..., AbstractAsyncContextManager[Blog]]


@pytest.fixture
def opened(blog_http: OpenBlog) -> Open:
    """Opens a blog of fakes with settings of its own."""

    @asynccontextmanager
    async def open_blog(**settings: object) -> AsyncIterator[Blog]:
        async with blog_http(in_memory_container(Settings.model_validate(settings))) as blog:
            yield blog

    return open_blog


def directives(policy: str) -> dict[str, str]:
    """Return what a policy allows, by what for."""
    pairs = (part.strip().partition(" ") for part in policy.split(";"))
    return {name: allowed for name, _, allowed in pairs}


# Policies


@pytest.mark.parametrize(
    "path", ["/api/posts", "/api/nothing", "/livez", "/readyz", "/openapi.json"]
)
async def test_data_may_load_nothing_and_be_framed_by_nobody(client: Member, path: str) -> None:
    headers = (await client.get(path)).headers

    policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert headers["Content-Security-Policy"] == policy
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/nothing"])
async def test_a_page_may_load_what_is_ours_and_run_no_script_of_its_own(
    client: Member, path: str
) -> None:
    headers = (await client.get(path)).headers

    policy = directives(headers["Content-Security-Policy"])
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/static/profile_pics/default.jpg", "/media/profile_pics/x.jpg"])
async def test_a_picture_runs_nothing_and_shows_on_pages_of_other_origins(
    client: Member, path: str
) -> None:
    headers = (await client.get(path)).headers

    assert "sandbox" in directives(headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_documentation_runs_only_the_scripts_that_its_policy_names(
    client: Member, path: str
) -> None:
    response = await client.get(path)

    policy = directives(response.headers["Content-Security-Policy"])
    sources = policy["script-src"].split()
    loaded = re.findall(r'<script src="([^"]+)"', response.text)
    inline = re.findall(r"<script>(.*?)</script>", response.text, flags=re.DOTALL)
    assert len(loaded) == 1
    assert loaded[0].startswith(sources[0])
    assert sources[1:] == [hash_of(script) for script in inline]
    assert policy["default-src"] == "'none'"


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_what_the_documentation_loads_from_elsewhere_is_pinned(
    client: Member, path: str
) -> None:
    page = (await client.get(path)).text

    loaded = re.findall(r'<[^>]*(?:src|href)="https://[^>]*>', page)
    assert loaded
    assert all(re.search(r'integrity="sha384-[\w+/]{64}" crossorigin', tag) for tag in loaded)
    assert all(re.search(r"@\d+\.\d+\.\d+/", tag) for tag in loaded)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_documentation_reads_the_document_beside_it(client: Member, path: str) -> None:
    assert '"openapi.json"' in (await client.get(path)).text.replace("'", '"')


@pytest.mark.parametrize(
    ("frontend_url", "expected"),
    [("https://blog.example.com", "max-age=31536000"), ("http://blog.example.com", None)],
)
async def test_only_a_blog_of_https_asks_browsers_to_stay_with_it(
    opened: Open, frontend_url: str, expected: str | None
) -> None:
    async with opened(frontend_url=frontend_url) as blog:
        response = await (await blog.visitor()).get("/api/posts")

    assert response.headers.get("Strict-Transport-Security") == expected


# What is not to be kept


@pytest.mark.parametrize("operation", SECURED)
async def test_no_private_answer_is_to_be_kept(corey: Member, operation: str) -> None:
    await corey.publish()

    response = await call(corey, operation, post_id=1)

    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("operation", SECURED)
async def test_no_refusal_is_to_be_kept(client: Member, operation: str) -> None:
    response = await call(client, operation)

    assert (response.status_code, response.headers["Cache-Control"]) == (401, "no-store")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/posts/999", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/api/posts?limit=0", 422),
        ("PUT", "/api/posts", 405),
        ("POST", "/static/nothing", 405),
    ],
)
async def test_no_error_is_to_be_kept(client: Member, method: str, path: str, status: int) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store")


# Other origins

PREFLIGHT = {"Access-Control-Request-Method": "PATCH"}


async def test_without_a_setting_no_origin_is_let_in(client: Member) -> None:
    response = await client.get("/api/posts", headers={"Origin": OURS})

    assert not [name for name in response.headers if name.startswith("access-control")]
    assert "Vary" not in response.headers


@pytest.mark.parametrize("origins", ["", OURS])
async def test_options_that_ask_for_no_origin_are_405(opened: Open, origins: str) -> None:
    async with opened(cors_origins=origins) as blog:
        response = await (await blog.visitor()).options("/api/posts")

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "origin",
    [
        STRANGER,
        "null",
        "",
        "*",
        "http://blog.example.com",
        "https://blog.example.com:8443",
        "https://blog.example.com.evil.example",
        "https://BLOG.example.com",
        "https://blog.example.com/",
    ],
)
async def test_a_stranger_is_not_let_in(opened: Open, origin: str) -> None:
    async with opened(cors_origins=OURS) as blog:
        visitor = await blog.visitor()
        asked = await visitor.options("/api/posts", headers={"Origin": origin, **PREFLIGHT})
        read = await visitor.get("/api/posts", headers={"Origin": origin})

    assert asked.status_code == 405
    for response in (asked, read):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", ["/api/posts", "/api/posts/1", "/api/users/token", "/api/nothing"])
@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
async def test_a_known_origin_is_answered_beforehand(opened: Open, origin: str, path: str) -> None:
    async with opened(cors_origins=f"{OURS}, http://localhost:3000") as blog:
        response = await (await blog.visitor()).options(
            path, headers={"Origin": origin, **PREFLIGHT}
        )

    headers = response.headers
    assert (response.status_code, response.content) == (204, b"")
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
    assert set(headers["Access-Control-Allow-Headers"].split(", ")) == {
        "Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key",
    }  # fmt: skip
    assert "Access-Control-Allow-Credentials" not in headers
    assert "X-Request-ID" in headers


@pytest.mark.parametrize(
    ("path", "status"), [("/api/posts", 200), ("/api/posts/999", 404), ("/api/users/me", 401)]
)
async def test_a_known_origin_may_read_answers_and_errors(
    opened: Open, path: str, status: int
) -> None:
    async with opened(cors_origins=OURS) as blog:
        response = await (await blog.visitor()).get(path, headers={"Origin": OURS})

    shown = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (status, OURS)
    assert {"ETag", "Link", "X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"} <= shown


async def test_a_known_origin_may_read_what_the_edge_itself_answers(opened: Open) -> None:
    async with opened(cors_origins=OURS) as blog:
        response = await (await blog.visitor()).post(
            "/api/users", content=b"0" * 70_000, headers={"Origin": OURS}
        )

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (413, OURS)


async def test_a_known_origin_may_read_of_an_unexpected_error(opened: Open) -> None:
    async with opened(cors_origins=OURS) as blog:
        blog.container.post_queries.override(providers.Object(None))
        response = await (await blog.visitor()).get("/api/posts", headers={"Origin": OURS})

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (500, OURS)


async def test_an_answer_from_the_cache_tells_each_origin_its_own(opened: Open) -> None:
    async with opened(cors_origins=OURS) as blog:
        visitor = await blog.visitor()
        answers = [await visitor.get("/api/posts", headers={"Origin": OURS})]
        blog.container.post_queries.override(providers.Object(None))  # the cache is asked alone
        answers += [
            await visitor.get("/api/posts", headers=asking)
            for asking in ({"Origin": STRANGER}, {}, {"Origin": OURS})
        ]

    told = [response.headers.get("Access-Control-Allow-Origin") for response in answers]
    assert told == [OURS, None, None, OURS]
    assert {response.status_code for response in answers} == {200}
    assert {response.headers["Vary"] for response in answers} == {"Origin"}


# Host names


@pytest.mark.parametrize("host", ["blog.example.com", "10.1.2.3:8000", "[::1]:8000", "evil"])
async def test_without_a_setting_any_host_name_will_do(client: Member, host: str) -> None:
    assert (await client.get("/api/posts", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["blog.example.com", "BLOG.example.com:8443", "a.blog.test", "a.b.blog.test", "[::1]:8000"],
)
async def test_a_host_name_of_ours_is_answered(opened: Open, host: str) -> None:
    async with opened(allowed_hosts="Blog.example.com, *.blog.test,[::1]") as blog:
        response = await (await blog.visitor()).get("/api/posts", headers={"Host": host})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.test",
        "blog.test",
        "xblog.test",
        "blog.example.com.evil",
        "blog.example.com.",
        ".blog.test",
        "a..blog.test",
        "evil@a.blog.test",
        "evil/a.blog.test",
        "evil a.blog.test",
    ],
)
async def test_any_other_is_refused(opened: Open, host: str) -> None:
    async with opened(allowed_hosts="blog.example.com,*.blog.test") as blog:
        visitor = await blog.visitor()
        refused = await visitor.get("/api/posts", headers={"Host": host})
        page = await visitor.get("/docs", headers={"Host": host})

    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_host")
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


async def test_two_host_names_are_none(opened: Open) -> None:
    async with opened(allowed_hosts="blog.test") as blog:
        visitor = await blog.visitor()
        request = visitor.build_request("GET", "/api/posts")
        request.headers = type(request.headers)([("Host", "blog.test"), ("Host", "blog.test")])
        response = await visitor.send(request)

    assert response.status_code == 400


@pytest.mark.parametrize("operation", sorted(set(ROUTES) - {"health_live", "health_ready"}))
async def test_every_operation_refuses_a_host_name_that_is_not_ours(
    opened: Open, operation: str
) -> None:
    async with opened(allowed_hosts="example.org") as blog:
        response = await call(await blog.visitor(), operation)

    assert (response.status_code, response.json()["code"]) == (400, "unknown_host")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probes_know_the_process_by_its_address(opened: Open, path: str) -> None:
    async with opened(allowed_hosts="example.org") as blog:
        response = await (await blog.visitor()).get(path, headers={"Host": "10.1.2.3:8000"})

    assert response.status_code == 200


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
async def test_no_header_bends_the_link_of_a_reset_mail(
    corey: Member,
    container: Container,
    blog_deliver: Callable[[], Awaitable[None]],
    header: str,
) -> None:
    await corey.post(
        "/api/users/forgot-password",
        json={"email": "corey@example.com"},
        headers={header: "evil.example"},
    )
    await blog_deliver()

    (mail,) = container.mailer().sent  # type: ignore[attr-defined]  # the fake's
    assert "http://localhost:8000/reset-password#token=" in mail.text
    assert "evil" not in mail.text


# Documentation


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_the_documentation_can_be_turned_off(opened: Open, path: str) -> None:
    async with opened(docs=False) as blog:
        response = await (await blog.visitor()).get(path)

    assert response.status_code == 404


@pytest.mark.parametrize("docs", [True, False])
async def test_home_leads_to_something_either_way(opened: Open, docs: bool) -> None:
    async with opened(docs=docs) as blog:
        response = await (await blog.visitor()).get("/", follow_redirects=True)

    assert response.status_code == 200
