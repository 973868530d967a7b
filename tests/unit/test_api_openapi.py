"""The OpenAPI document."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # none are published
import pytest

from blog_adapters.container import in_memory_container
from blog_api.app import create_app

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"

OPERATIONS = {
    "posts_list": "GET /api/posts",
    "posts_create": "POST /api/posts",
    "posts_read": "GET /api/posts/{post_id}",
    "posts_replace": "PUT /api/posts/{post_id}",
    "posts_update": "PATCH /api/posts/{post_id}",
    "posts_delete": "DELETE /api/posts/{post_id}",
    "posts_preview": "POST /api/preview",
    "users_register": "POST /api/users",
    "users_login": "POST /api/users/token",
    "users_refresh": "POST /api/users/token/refresh",
    "users_logout": "POST /api/users/logout",
    "users_sessions": "GET /api/users/me/sessions",
    "users_end_session": "DELETE /api/users/me/sessions/{session_id}",
    "users_me": "GET /api/users/me",
    "users_change_password": "PATCH /api/users/me/password",
    "users_forgot_password": "POST /api/users/forgot-password",
    "users_reset_password": "POST /api/users/reset-password",
    "users_read": "GET /api/users/{user_id}",
    "users_posts": "GET /api/users/{user_id}/posts",
    "users_update": "PATCH /api/users/{user_id}",
    "users_delete": "DELETE /api/users/{user_id}",
    "users_set_picture": "PATCH /api/users/{user_id}/picture",
    "users_delete_picture": "DELETE /api/users/{user_id}/picture",
    "session_open": "POST /api/session",
    "session_end": "DELETE /api/session",
    "health_live": "GET /livez",
    "health_ready": "GET /readyz",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(in_memory_container()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def answers(document: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for _, operation in operations(document):
        for status, answer in operation["responses"].items():
            yield operation["operationId"], int(status), answer


def test_the_document_in_docs_is_this_apps(document: dict[str, Any]) -> None:
    written = json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    assert DOCUMENT.read_text(encoding="utf-8") == written, "run `make openapi`"


def test_it_has_a_title_and_the_distributions_version(document: dict[str, Any]) -> None:
    assert document["info"] == {"title": "Blog", "version": version("blog-core")}


def test_operations_keep_their_names(document: dict[str, Any]) -> None:
    found = {operation["operationId"]: route for route, operation in operations(document)}

    assert found == OPERATIONS


def test_operations_are_tagged_by_their_area(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        area, _, _ = operation["operationId"].partition("_")
        assert operation["tags"] == [area]


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    others = {
        (operation, status)
        for operation, status, answer in answers(document)
        if status >= 400 and list(answer["content"]) != ["application/problem+json"]
    }

    assert others == {("health_ready", 503)}  # which says what is down


def test_every_problem_declares_which_codes_it_may_have(document: dict[str, Any]) -> None:
    for _, _, answer in answers(document):
        problem = answer.get("content", {}).get("application/problem+json")
        if problem:
            assert problem["schema"]["properties"]["code"]["enum"] == sorted(problem["examples"])


def test_no_error_is_the_frameworks(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in json.dumps(document)


@pytest.mark.parametrize("status", [500, 503])
def test_every_operation_may_fail_but_the_one_that_asks_no_part(
    document: dict[str, Any], status: int
) -> None:
    failing = {operation for operation, found, _ in answers(document) if found == status}

    assert set(OPERATIONS) - failing == {"health_live"}


@pytest.mark.parametrize(
    ("status", "header"),
    [(304, "ETag"), (401, "WWW-Authenticate"), (409, "Retry-After"), (503, "Retry-After")],
)
def test_a_status_comes_with_its_header(document: dict[str, Any], status: int, header: str) -> None:
    without = [
        operation
        for operation, found, answer in answers(document)
        if found == status and header not in answer["headers"]
    ]

    assert without == []


def test_every_answer_names_its_request(document: dict[str, Any]) -> None:
    assert all("X-Request-ID" in answer["headers"] for _, _, answer in answers(document))


def test_operations_that_need_a_token_are_those_that_answer_401(document: dict[str, Any]) -> None:
    secured = {o["operationId"] for _, o in operations(document) if "security" in o}
    answering = {operation for operation, status, _ in answers(document) if status == 401}

    assert answering - secured == {"users_login", "users_refresh", "session_open"}
    assert secured <= answering


def test_examples_of_problems_are_problems(document: dict[str, Any]) -> None:
    for _, status, answer in answers(document):
        for content in answer.get("content", {}).values():
            schema = {**content["schema"], "components": document["components"]}
            for example in content.get("examples", {}).values():
                jsonschema.validate(example["value"], schema)
                assert example["value"]["status"] == status


@pytest.mark.parametrize(
    ("schema", "field", "bounds"),
    [
        ("UserCreate", "username", {"minLength": 1, "maxLength": 50}),
        ("UserCreate", "email", {"maxLength": 120, "format": "email"}),
        ("UserCreate", "password", {"minLength": 8, "maxLength": 128}),
        ("PostCreate", "title", {"minLength": 1, "maxLength": 100}),
        ("PostCreate", "content", {"minLength": 1, "maxLength": 200_000}),
        ("PostUpdate", "title", {"type": "string", "maxLength": 100}),
        ("ResetPasswordRequest", "new_password", {"minLength": 8, "maxLength": 128}),
    ],
)
def test_bounds_are_in_the_schema(
    document: dict[str, Any], schema: str, field: str, bounds: dict[str, object]
) -> None:
    found = document["components"]["schemas"][schema]["properties"][field]

    assert bounds.items() <= found.items()


@pytest.mark.parametrize(
    ("schema", "required"),
    [
        ("UserCreate", ["username", "email", "password"]),
        ("PostCreate", ["title", "content"]),
        ("PostUpdate", None),
        ("UserUpdate", None),
        ("LoginForm", ["username", "password"]),
    ],
)
def test_required_fields_are_in_the_schema(
    document: dict[str, Any], schema: str, required: list[str] | None
) -> None:
    assert document["components"]["schemas"][schema].get("required") == required


def test_no_answer_has_a_field_for_a_password(document: dict[str, Any]) -> None:
    shown = {
        field
        for name in ("UserPublic", "UserPrivate", "PostResponse", "SessionResponse")
        for field in document["components"]["schemas"][name]["properties"]
    }

    assert not {field for field in shown if "password" in field or "hash" in field}


def test_only_private_accounts_have_an_address(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert "email" in schemas["UserPrivate"]["properties"]
    assert "email" not in schemas["UserPublic"]["properties"]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    assert all(operation["description"] for _, operation in operations(document))
