"""The blog in process, without a server, and the people who use it over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any, Protocol

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from blog_adapters.container import Container
from blog_api.app import create_app

PASSWORD = "testpassword123"
"""The password of everybody who does not choose one."""


class Member(AsyncClient):
    """Somebody's browser; `id` is 0 and `refresh_token` empty until somebody is logged in."""

    id = 0
    refresh_token = ""

    @property
    def path(self) -> str:
        """Where the account is found."""
        return f"/api/users/{self.id}"

    @property
    def picture(self) -> str:
        """Where its picture is set."""
        return f"{self.path}/picture"

    async def publish(self, title: str = "A title", content: str = "Some words.") -> dict[str, Any]:
        """Publish a post and return it."""
        response = await self.post("/api/posts", json={"title": title, "content": content})
        assert response.status_code == 201, response.text
        post: dict[str, Any] = response.json()
        return post

    async def status(self) -> int:
        """Return what asking for one's own account answers: 401 when the session is over."""
        return (await self.get("/api/users/me")).status_code


OnAnswer = Callable[[Response], Awaitable[None]]
"""Is shown every answer before whoever asked; what it raises, they get."""


class Blog:
    """The app over a container, and doors to it.

    Every visitor calls from an address of their own, as people do: what one of them tries too often
    is no other's trouble.
    """

    def __init__(self, app: FastAPI, clients: AsyncExitStack, *on_answer: OnAnswer) -> None:
        self.app = app
        self.container: Container = app.state.container
        self._clients = clients
        self._addresses = map(str, ip_network("10.0.0.0/8").hosts())
        self._on_answer = list(on_answer)

    async def visitor(self) -> Member:
        """Return somebody who is not logged in."""
        visitor = Member(
            transport=ASGITransport(self.app, client=(next(self._addresses), 50_000)),
            base_url="http://blog.test",
            event_hooks={"response": self._on_answer},
        )
        return await self._clients.enter_async_context(visitor)

    async def sign_up(self, username: str, password: str = PASSWORD) -> Member:
        """Open an account and log it in; its address is `<username>@example.com`."""
        email = f"{username}@example.com"
        body = {"username": username, "email": email, "password": password}
        response = await (await self.visitor()).post("/api/users", json=body)
        assert response.status_code == 201, response.text
        return await self.log_in(email, password)

    async def log_in(self, email: str, password: str = PASSWORD) -> Member:
        """Log an account in once more."""
        member = await self.visitor()
        form = {"username": email, "password": password}
        response = await member.post("/api/users/token", data=form)
        assert response.status_code == 200, response.text
        tokens = response.json()
        member.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        member.refresh_token = tokens["refresh_token"]
        member.id = (await member.get("/api/users/me")).json()["id"]
        return member

    async def browse(self, email: str, password: str = PASSWORD) -> Member:
        """Log a browser in: the session is in its cookie, and it says that our own page asks."""
        member = await self.visitor()
        member.headers["Origin"] = "http://blog.test"
        form = {"username": email, "password": password}
        response = await member.post("/api/session", data=form)
        assert response.status_code == 204, response.text
        member.id = (await member.get("/api/users/me")).json()["id"]
        return member

    async def deliver(self) -> None:
        """Do what the relay does, which does not run here: send mails, until nothing is due."""
        while await self.container.delivery().deliver_due():
            pass


OpenBlog = Callable[[Container], AbstractAsyncContextManager[Blog]]
"""`blog_http`."""


class SignUp(Protocol):
    """`blog_sign_up`."""

    async def __call__(self, username: str, password: str = PASSWORD) -> Member:
        """See `Blog.sign_up`."""


class LogIn(Protocol):
    """`blog_log_in`."""

    async def __call__(self, email: str, password: str = PASSWORD) -> Member:
        """See `Blog.log_in`."""


class Apps:
    """Apps to be lent again and again: the first answers of a new one take longer than most tests.

    The lifespan is run anew for each container. No relay runs in it: see `Blog.deliver`.
    """

    def __init__(self, *on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._free: dict[tuple[object, ...], list[FastAPI]] = {}

    @asynccontextmanager
    async def open(self, container: Container) -> AsyncIterator[Blog]:
        """Lend the blog over a container, which is closed afterwards."""
        async with (
            self._lent(container) as app,
            app.router.lifespan_context(app),
            AsyncExitStack() as clients,
        ):
            yield Blog(app, clients, *self._on_answer)

    @asynccontextmanager
    async def _lent(self, container: Container) -> AsyncIterator[FastAPI]:
        # What an app asks of its container while it is created must not be another container's.
        settings = container.settings()
        asked = (
            settings.max_upload_size_bytes,
            settings.response_cache_bytes,
            settings.frontend_url,
            settings.s3_public_url,
            settings.hosts,
            settings.origins,
            settings.docs,
            settings.proxies,
        )
        free = self._free.setdefault(asked, [])
        if container.media_folder() is not None:
            free = []
        app = free.pop() if free else create_app(container, relay=False)
        app.state.container = container
        routes = list(app.router.routes)
        try:
            yield app
        finally:
            app.dependency_overrides.clear()
            if app.router.routes == routes:  # no test gave it another
                free.append(app)
