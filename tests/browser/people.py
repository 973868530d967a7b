"""People of the browser tests, and what they do without a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from processes import PATIENCE, Served


@dataclass(frozen=True, kw_only=True)
class Account:
    """What somebody has to know to log in."""

    username: str
    email: str
    password: str = "correct horse"


def somebody(name: str = "ada") -> Account:
    """Return an account that nobody has registered yet."""
    username = f"{name}-{uuid4().hex[:8]}"
    return Account(username=username, email=f"{username}@example.com")


@dataclass(frozen=True, kw_only=True)
class Author:
    """Somebody who writes by the API."""

    account: Account
    id: int
    client: httpx.Client

    def publish(self, title: str, content: str = "Some words.") -> int:
        """Publish a post and return its id."""
        answer = self.client.post("/api/posts", json={"title": title, "content": content})
        return int(answer.raise_for_status().json()["id"])

    def change(self, post_id: int, **fields: str) -> None:
        """Change a post, whatever has become of it."""
        self.client.patch(f"/api/posts/{post_id}", json=fields).raise_for_status()

    def me(self) -> dict[str, Any]:
        """Return one's own account."""
        return dict(self.client.get("/api/users/me").raise_for_status().json())

    def post(self, post_id: int) -> dict[str, Any]:
        """Return a post as everybody may read it."""
        answer = self.client.get(f"/api/posts/{post_id}").raise_for_status()
        return dict(answer.json())


@contextmanager
def registered(served: Served, account: Account) -> Iterator[Author]:
    """Register an account and log it in, as a client of the API does."""
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
        made = client.post(
            "/api/users",
            json={
                "username": account.username,
                "email": account.email,
                "password": account.password,
            },
        )
        user_id = made.raise_for_status().json()["id"]
        form = {"username": account.email, "password": account.password}
        token = client.post("/api/users/token", data=form).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield Author(account=account, id=user_id, client=client)
