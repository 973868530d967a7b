"""The response cache alone, before an app that counts what it is asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import Message, Scope

from blog_api.cache import ResponseCache
from origins import Origin, Version

pytestmark = pytest.mark.anyio

READS = [
    *("/api/posts", "/api/posts?skip=5", "/api/posts/1", "/api/users/1", "/api/users/1/posts"),
    *("/feed.atom", "/feed.rss", "/users/1/feed.json", "/users/1/feed.atom?x", "/sitemap.xml"),
]
KIB = 1024


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def version() -> Version:
    return Version()


@pytest.fixture
def cache(origin: Origin, version: Version) -> ResponseCache:
    return ResponseCache(origin, version=version, max_bytes=80 * KIB)


@pytest.fixture
async def client(cache: ResponseCache) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(cache)
    async with AsyncClient(transport=transport, base_url="http://blog.test") as client:
        yield client


def started(client: AsyncClient, path: str, **headers: str) -> asyncio.Task[Response]:
    return asyncio.create_task(client.get(path, headers=headers))


async def settled() -> None:
    """Let everybody come as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


class TestWhatIsKept:
    """Anonymous reads that succeed."""

    @pytest.mark.parametrize("path", READS)
    async def test_the_second_reader_gets_the_first_ones_answer(
        self, client: AsyncClient, path: str
    ) -> None:
        first, second = await client.get(path), await client.get(path)

        assert first.text == second.text == "answer 1"
        assert first.headers == second.headers

    @pytest.mark.parametrize(
        "path",
        [
            "/api/posts/",
            "/api/posts/x",
            "/api/posts/1/x",
            "/api/posts/1%0A",
            "/api/posts/\u0663",
            "/api/users",
            "/api/users/me",
            "/api/users/me/sessions",
            "/api/users/1/picture",
            "/x/api/posts",
            "/livez",
            "/feed.xml",
            "/feedxatom",
            "/feed.atom/",
            "/feed.atom%0A",
            "/users/me/feed.atom",
            "/users/1/feed.",
            "/api/feed.atom",
            "/sitemap-1.xml",
            "/robots.txt",
        ],
    )
    async def test_no_other_path_is(self, client: AsyncClient, path: str) -> None:
        await client.get(path)

        assert (await client.get(path)).text == "answer 2"

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
    async def test_no_other_method_is_answered_or_kept(
        self, client: AsyncClient, origin: Origin, method: str
    ) -> None:
        await client.get("/api/posts/1")
        await client.request(method, "/api/posts/1")

        assert len(origin.asked) == 2
        assert (await client.get("/api/posts/1")).text == "answer 1"

    @pytest.mark.parametrize("header", ["Authorization", "Cookie"])
    async def test_whoever_may_be_somebody_gets_an_answer_of_their_own(
        self, client: AsyncClient, header: str
    ) -> None:
        await client.get("/api/posts")

        response = await client.get("/api/posts", headers={header: ""})

        assert response.text == "answer 2"

    @pytest.mark.parametrize("header", ["Authorization", "Cookie"])
    async def test_and_nobody_else_gets_it(self, client: AsyncClient, header: str) -> None:
        await client.get("/api/posts", headers={header: "x"})

        assert (await client.get("/api/posts")).text == "answer 2"

    @pytest.mark.parametrize("status", [201, 206, 301, 400, 404, 422, 500, 503])
    async def test_no_other_status_is(
        self, client: AsyncClient, origin: Origin, status: int
    ) -> None:
        origin.status = status
        response = await client.get("/api/posts/1")

        assert (response.status_code, response.text) == (status, "answer 1")
        assert (await client.get("/api/posts/1")).text == "answer 2"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"ETag": '"1"', "Cache-Control": "no-store"},
            {"ETag": '"1"', "Cache-Control": "private, no-cache"},
            {"ETag": '"1"', "Set-Cookie": "session=; Max-Age=0"},
        ],
        ids=["no tag", "not to be kept", "for one reader", "a cookie"],
    )
    async def test_no_answer_is_that_is_not_for_all(
        self, client: AsyncClient, origin: Origin, headers: dict[str, str]
    ) -> None:
        origin.headers = headers
        await client.get("/api/posts")

        assert (await client.get("/api/posts")).text == "answer 2"

    async def test_one_that_anybody_may_keep_is(self, client: AsyncClient, origin: Origin) -> None:
        origin.headers = {"ETag": '"1"', "Cache-Control": "public, max-age=300"}
        first, second = await client.get("/feed.atom"), await client.get("/feed.atom")

        assert first.text == second.text == "answer 1"
        assert second.headers["Cache-Control"] == "public, max-age=300"

    @pytest.mark.parametrize(
        "other",
        ["/api/posts?limit=1&skip=2", "/api/posts?skip=2&limit=1&", "/api/posts", "/api/posts/2"],
    )
    async def test_another_question_has_another_answer(
        self, client: AsyncClient, other: str
    ) -> None:
        await client.get("/api/posts?skip=2&limit=1")

        assert (await client.get(other)).text == "answer 2"

    async def test_a_prefix_of_the_server_is_no_part_of_the_path(
        self, cache: ResponseCache
    ) -> None:
        transport = ASGITransport(cache, root_path="/blog")
        async with AsyncClient(transport=transport, base_url="http://blog.test") as client:
            await client.get("/blog/api/posts")

            assert (await client.get("/blog/api/posts")).text == "answer 1"

    async def test_what_is_no_request_goes_by(self, cache: ResponseCache, origin: Origin) -> None:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {"type": "websocket", "path": "/api/posts", "headers": []}
        await cache(scope, asyncio.Queue[Message]().get, send)

        assert len(origin.asked) == 1


class TestVersions:
    """What is kept is as good as new, or it is not served."""

    async def test_another_version_is_asked_for_anew(
        self, client: AsyncClient, version: Version
    ) -> None:
        await client.get("/api/posts")
        version.now = 2

        assert (await client.get("/api/posts")).text == "answer 2"

    async def test_the_answers_of_a_version_that_is_over_are_gone(
        self, client: AsyncClient, version: Version
    ) -> None:
        await client.get("/api/posts")
        version.now = 2
        await client.get("/api/posts/1")
        version.now = 1

        assert (await client.get("/api/posts")).text == "answer 3"

    async def test_while_the_version_is_not_known_nothing_is_served(
        self, client: AsyncClient, version: Version
    ) -> None:
        await client.get("/api/posts")
        version.now = None

        assert (await client.get("/api/posts")).text == "answer 2"

    async def test_nor_kept(self, client: AsyncClient, version: Version) -> None:
        version.now = None
        await client.get("/api/posts")
        version.now = 1

        assert (await client.get("/api/posts")).text == "answer 2"

    async def test_what_is_kept_is_served_when_its_version_is_known_again(
        self, client: AsyncClient, version: Version
    ) -> None:
        await client.get("/api/posts")
        version.now = None
        await client.get("/api/posts")
        version.now = 1

        assert (await client.get("/api/posts")).text == "answer 1"

    @pytest.mark.parametrize("then", [2, None])
    async def test_an_answer_is_not_kept_when_the_data_changed_meanwhile(
        self, client: AsyncClient, origin: Origin, version: Version, then: int | None
    ) -> None:
        origin.open.clear()
        reader = started(client, "/api/posts")
        await settled()
        version.now = then
        origin.open.set()
        await reader
        version.now = version.now or 1

        assert (await client.get("/api/posts")).text == "answer 2"


class TestMany:
    """Of those who miss the same answer at once, one asks for it."""

    @pytest.fixture(autouse=True)
    def closed(self, origin: Origin) -> None:
        origin.open.clear()

    async def test_one_question_answers_all(self, client: AsyncClient, origin: Origin) -> None:
        readers = [started(client, "/api/posts") for _ in range(10)]
        await settled()
        origin.open.set()

        assert {(await reader).text for reader in readers} == {"answer 1"}
        assert len(origin.asked) == 1

    async def test_nobody_waits_for_another_answer(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        readers = [started(client, path) for path in READS]
        await settled()

        assert len(origin.asked) == len(READS)
        origin.open.set()
        await asyncio.gather(*readers)

    async def test_nobody_waits_for_an_older_version(
        self, client: AsyncClient, origin: Origin, version: Version
    ) -> None:
        early = started(client, "/api/posts")
        await settled()
        version.now = 2
        late = started(client, "/api/posts")
        await settled()
        origin.open.set()

        assert [(await early).text, (await late).text] == ["answer 1", "answer 2"]

    async def test_an_answer_that_came_too_late_to_be_kept_is_still_everybodys(
        self, client: AsyncClient, origin: Origin, version: Version
    ) -> None:
        readers = [started(client, "/api/posts") for _ in range(3)]
        await settled()
        version.now = 2
        origin.open.set()

        assert {(await reader).text for reader in readers} == {"answer 1"}

    async def test_when_the_one_who_asks_fails_the_others_ask_themselves(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        leader, *others = [started(client, "/api/posts") for _ in range(3)]
        await settled()
        origin.error = ZeroDivisionError()
        origin.open.set()
        with pytest.raises(ZeroDivisionError):
            await leader
        origin.error = None

        assert sorted([(await other).text for other in others]) == ["answer 2", "answer 3"]

    async def test_when_the_one_who_asks_goes_away_the_others_ask_themselves(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        leader, *others = [started(client, "/api/posts") for _ in range(3)]
        await settled()
        leader.cancel()
        await settled()
        origin.open.set()

        assert sorted([(await other).text for other in others]) == ["answer 2", "answer 3"]

    async def test_when_one_who_waits_goes_away_the_others_still_wait(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        _, gone, other = readers = [started(client, "/api/posts") for _ in range(3)]
        await settled()
        gone.cancel()
        await settled()
        origin.open.set()

        assert (await other).text == "answer 1"
        assert [reader.cancelled() for reader in readers] == [False, True, False]

    async def test_an_answer_that_is_not_for_all_is_the_askers_alone(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        origin.status = 404
        readers = [started(client, "/api/posts/1") for _ in range(3)]
        await settled()
        origin.open.set()

        answers = sorted([(await reader).text for reader in readers])
        assert answers == ["answer 1", "answer 2", "answer 3"]

    async def test_each_is_told_what_they_have_at_hand(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        tags = ['"1"', '"0"', 'W/"1"']
        readers = [started(client, "/api/posts", **{"If-None-Match": tag}) for tag in tags]
        await settled()
        origin.open.set()

        assert [(await reader).status_code for reader in readers] == [304, 200, 304]

    async def test_nobody_is_left_waiting(
        self, client: AsyncClient, cache: ResponseCache, origin: Origin
    ) -> None:
        origin.open.set()
        await client.get("/api/posts")

        assert cache._coming == {}


class TestTags:
    """Whoever has the answer at hand is told so."""

    async def get(self, client: AsyncClient, *tags: str) -> Response:
        return await client.get("/api/posts", headers=[("If-None-Match", tag) for tag in tags])

    @pytest.mark.parametrize("kept", [False, True])
    @pytest.mark.parametrize(
        "tags", [['"1"'], ['W/"1"'], ['"x", "1"'], ["*"], [" * "], ['"x"', '"1"']]
    )
    async def test_what_is_current_is_304(
        self, client: AsyncClient, tags: list[str], kept: bool
    ) -> None:
        if kept:
            await client.get("/api/posts")

        response = await self.get(client, *tags)

        assert (response.status_code, response.content) == (304, b"")
        assert dict(response.headers) == {"link": "<?x>", "etag": '"1"'}

    @pytest.mark.parametrize("tag", ['"x"', "", "1", "**", '"1', "\xff"])
    async def test_another_tag_is_200(self, client: AsyncClient, tag: str) -> None:
        response = await client.get(
            "/api/posts", headers=[(b"If-None-Match", tag.encode("latin-1"))]
        )

        assert (response.status_code, response.text) == (200, "answer 1")

    async def test_what_one_has_at_hand_is_kept_for_those_who_have_not(
        self, client: AsyncClient
    ) -> None:
        await self.get(client, "*")

        assert (await client.get("/api/posts")).text == "answer 1"

    async def test_the_app_is_asked_for_all_of_it(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        await client.get("/api/posts", headers={"If-None-Match": '"1"', "Accept": "x"})

        assert "If-None-Match" not in origin.asked[0]
        assert origin.asked[0]["Accept"] == "x"

    async def test_standing_aside_leaves_the_tags_to_the_app(
        self, client: AsyncClient, origin: Origin, version: Version
    ) -> None:
        version.now = None
        await self.get(client, '"1"')

        assert origin.asked[0]["If-None-Match"] == '"1"'


class TestRoom:
    """It takes as much memory as it was given."""

    async def read(self, client: AsyncClient, origin: Origin, paths: list[str]) -> list[str]:
        """Read answers that take a tenth of the cache each; return which were asked for anew."""
        origin.body = bytes(7 * KIB - 100)
        anew: list[str] = []
        for path in paths:
            before = len(origin.asked)
            await client.get(path)
            anew += [path] * (len(origin.asked) - before)
        return anew

    async def test_what_fits_is_kept(self, client: AsyncClient, origin: Origin) -> None:
        paths = [f"/api/posts/{number}" for number in range(10)]
        await self.read(client, origin, paths)

        assert await self.read(client, origin, paths) == []

    async def test_what_nobody_asked_for_the_longest_goes_first(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        paths = [f"/api/posts/{number}" for number in range(10)]
        await self.read(client, origin, paths)
        await self.read(client, origin, [paths[0], "/api/posts/10"])

        assert await self.read(client, origin, [paths[0], *paths[2:], paths[1]]) == [paths[1]]

    async def test_another_version_has_all_the_room(
        self, client: AsyncClient, origin: Origin, version: Version
    ) -> None:
        paths = [f"/api/posts/{number}" for number in range(10)]
        await self.read(client, origin, paths)
        version.now = 2
        await self.read(client, origin, paths)

        assert await self.read(client, origin, paths) == []

    async def test_the_question_counts_too(self, client: AsyncClient, cache: ResponseCache) -> None:
        for number in range(20):
            await client.get(f"/api/posts?{number:08000}")

        assert len(cache._kept) == 9

    async def test_an_answer_that_takes_too_much_of_it_is_not_kept(
        self, client: AsyncClient, origin: Origin
    ) -> None:
        origin.body = bytes(9 * KIB + 100)
        await client.get("/api/posts")
        await client.get("/api/posts")

        assert len(origin.asked) == 2


async def test_the_log_is_told_the_route_of_what_was_kept(cache: ResponseCache) -> None:
    async def read() -> object:
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/posts",
            "query_string": b"",
            "headers": [],
        }

        async def send(_: Message) -> None:
            pass

        await cache(scope, asyncio.Queue[Message]().get, send)
        return scope["route"]

    assert await read() == await read() == "the route of /api/posts"
