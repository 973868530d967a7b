"""A blog in process, and the people who use it over HTTP."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from blog_adapters.container import Container, close
from blog_adapters.testing.containers import MovableClock

PASSWORD = "testpassword123"


class Member(AsyncClient):
    """Somebody's browser, logged in."""

    id = 0

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


class Blog:
    """The app over a container, without a server."""

    def __init__(self, app: FastAPI, clients: AsyncExitStack) -> None:
        self.container: Container = app.state.container
        self._app = app
        self._clients = clients

    async def visitor(self) -> Member:
        """Return somebody who is not logged in."""
        transport = ASGITransport(self._app)
        client = Member(transport=transport, base_url="http://blog.test")
        return await self._clients.enter_async_context(client)

    async def sign_up(self, username: str) -> Member:
        """Open an account and log it in."""
        email = f"{username}@example.com"
        body = {"username": username, "email": email, "password": PASSWORD}
        response = await (await self.visitor()).post("/api/users", json=body)
        assert response.status_code == 201, response.text
        return await self.log_in(email)

    async def log_in(self, email: str, password: str = PASSWORD) -> Member:
        """Log an account in once more."""
        member = await self.visitor()
        form = {"username": email, "password": password}
        response = await member.post("/api/users/token", data=form)
        assert response.status_code == 200, response.text
        member.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
        member.id = (await member.get("/api/users/me")).json()["id"]
        return member

    async def deliver(self) -> None:
        """Do what the relay does, until nothing is due."""
        while await self.container.delivery().deliver_due():
            pass

    @property
    def clock(self) -> MovableClock:
        """The clock of all parts."""
        clock = self.container.clock()
        assert isinstance(clock, MovableClock)
        return clock


@asynccontextmanager
async def opened(app: FastAPI, container: Container) -> AsyncIterator[Blog]:
    """Lend the blog over this container, which is closed afterwards.

    The app is lent for it: its first answer takes longer than most tests.
    """
    app.state.container = container
    async with AsyncExitStack() as exits:
        exits.push_async_callback(close, container)
        yield Blog(app, exits)


def reset_token_in(message: EmailMessage) -> str:
    """Return the token that a reset mail carries."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"#token=(\S+)", body.get_content())
    assert found is not None
    return found[1]
