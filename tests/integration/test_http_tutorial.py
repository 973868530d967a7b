"""The tutorial's own twelve tests, on our parts: each asserts what it asserts there."""

from typing import Any

import pytest
from httpx import AsyncClient

from blog_adapters.testing.s3 import S3Server
from blog_api.testing.people import PASSWORD, Blog, Member
from blog_core.testing import builders
from journeys import reset_token_in
from servers import MailServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def test_user(visitor: AsyncClient) -> dict[str, Any]:
    body = {"username": "testuser", "email": "test@example.com", "password": PASSWORD}
    response = await visitor.post("/api/users", json=body)
    user: dict[str, Any] = response.json()
    return user


@pytest.fixture
async def member(blog: Blog, test_user: dict[str, Any]) -> Member:
    return await blog.log_in(test_user["email"])


async def test_get_posts_empty(visitor: AsyncClient) -> None:
    response = await visitor.get("/api/posts")

    page = response.json()
    assert response.status_code == 200
    assert (page["posts"], page["total"], page["has_more"]) == ([], 0, False)


async def test_get_post_not_found(visitor: AsyncClient) -> None:
    response = await visitor.get("/api/posts/999999999")

    assert (response.status_code, response.json()["detail"]) == (404, "Post not found")


async def test_create_post_success(member: Member, test_user: dict[str, Any]) -> None:
    body = {"title": "Test Post", "content": "This is a test post"}

    response = await member.post("/api/posts", json=body)

    post = response.json()
    assert response.status_code == 201
    assert (post["title"], post["content"]) == ("Test Post", "This is a test post")
    assert post["user_id"] == test_user["id"]
    assert "id" in post
    assert "date_posted" in post
    assert post["author"]["username"] == "testuser"


async def test_create_post_unauthorized(visitor: AsyncClient) -> None:
    response = await visitor.post("/api/posts", json={"title": "Test", "content": "Test"})

    assert (response.status_code, response.json()["detail"]) == (401, "Not authenticated")


async def test_update_post_success(member: Member) -> None:
    post = await member.publish("Original Title", "Original content")

    response = await member.patch(f"/api/posts/{post['id']}", json={"title": "Updated Title"})

    updated = response.json()
    assert response.status_code == 200
    assert (updated["title"], updated["content"]) == ("Updated Title", "Original content")


async def test_update_post_wrong_user(blog: Blog, member: Member) -> None:
    post = await member.publish("Original Title", "Original content")
    other = await blog.sign_up("otheruser")

    response = await other.patch(f"/api/posts/{post['id']}", json={"title": "Hacked"})

    detail = "Not authorized to update this post"
    assert (response.status_code, response.json()["detail"]) == (403, detail)


async def test_get_posts_with_pagination(member: Member) -> None:
    for number in range(5):
        await member.publish(f"Post {number}")

    everything = (await member.get("/api/posts")).json()
    first = (await member.get("/api/posts?limit=2")).json()
    second = (await member.get("/api/posts?skip=2&limit=2")).json()

    assert (len(everything["posts"]), everything["has_more"]) == (5, False)
    assert (len(first["posts"]), first["has_more"]) == (2, True)
    assert (len(second["posts"]), second["skip"], second["limit"]) == (2, 2, 2)
    assert [page["total"] for page in (everything, first, second)] == [5, 5, 5]


async def test_create_user_validation_error(visitor: AsyncClient) -> None:
    response = await visitor.post("/api/users", json={"username": "testuser"})

    assert response.status_code == 422
    assert "email" in response.text
    assert "password" in response.text


async def test_create_user_duplicate_email(visitor: AsyncClient, test_user: dict[str, Any]) -> None:
    body = {"username": "different", "email": test_user["email"], "password": PASSWORD}

    response = await visitor.post("/api/users", json=body)

    assert (response.status_code, response.json()["detail"]) == (400, "Email already registered")


async def test_create_user_success(visitor: AsyncClient) -> None:
    body = {"username": "newuser", "email": "new@example.com", "password": PASSWORD}

    response = await visitor.post("/api/users", json=body)

    user = response.json()
    assert response.status_code == 201
    assert (user["username"], user["email"]) == ("newuser", "new@example.com")
    assert "id" in user
    assert "image_path" in user
    assert "password" not in user
    assert "password_hash" not in user


async def test_upload_profile_picture(member: Member, blog_bucket: S3Server) -> None:
    files = {"file": ("test.png", builders.png(100, 100), "image/png")}

    response = await member.patch(member.picture, files=files)

    user = response.json()
    assert response.status_code == 200
    assert user["image_file"].endswith(".jpg")
    assert "s3" in user["image_path"]
    (key,) = blog_bucket.stored()
    assert key.endswith(user["image_file"])


async def test_forgot_password_sends_email(
    blog: Blog, visitor: AsyncClient, test_user: dict[str, Any], mail_server: MailServer
) -> None:
    response = await visitor.post("/api/users/forgot-password", json={"email": test_user["email"]})
    await blog.deliver()

    assert response.status_code == 202
    (message,) = mail_server.messages
    assert message["To"] == "test@example.com"
    assert "testuser" in message.as_string()
    redeemed = await visitor.post(
        "/api/users/reset-password",
        json={"token": reset_token_in(message), "new_password": "newpassword123"},
    )
    assert redeemed.status_code == 200
