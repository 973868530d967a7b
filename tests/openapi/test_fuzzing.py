"""The API keeps the word of its document, whatever is sent.

This is a tier of its own: it takes as long as all unit tests together, and chance has a part.
"""

from collections.abc import Callable

import pytest
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

from blog_api.app import create_app
from fuzzing import PHASES, fuzz, peopled_container
from operations import ROUTES, SECURED

QUICK = 2_000
"""How many requests are enough to find again what was found once."""


@pytest.mark.parametrize("logged_in", [True, False], ids=["logged in", "anonymous"])
def test_whatever_is_sent_every_answer_is_as_documented(
    pytestconfig: pytest.Config, logged_in: bool
) -> None:
    cases = pytestconfig.getoption("fuzz_cases", None) or QUICK
    seed = pytestconfig.getoption("fuzz_seed", None) or 1
    app = create_app(peopled_container(seed), relay=False)

    # Half of them each; the document itself suggests about 500, and chance 22 for every example.
    examples = max(1, (cases // 2 - 500) // 22)
    run = fuzz(app, seed=seed, examples=examples, logged_in=logged_in)

    again = f"again: pytest tests/openapi --fuzz-cases={cases} --fuzz-seed={seed}"
    assert not run.failures, "\n\n".join([*run.failures, again])
    assert run.cases >= cases // 2
    assert run.phases == PHASES
    assert run.operations == {" ".join(route) for route in ROUTES.values()}
    assert logged_in or run.done.isdisjoint(" ".join(ROUTES[name]) for name in SECURED)


# That it finds what is wrong


def with_headers(**headers: str | None) -> Callable[[Response], Response]:
    """Return what changes headers of an answer, and takes away those that are None."""

    def change(response: Response) -> Response:
        for name, value in headers.items():
            del response.headers[name.replace("_", "-")]
            if value is not None:
                response.headers[name.replace("_", "-")] = value
        return response

    return change


def with_status(status: int) -> Callable[[Response], Response]:
    """Return what gives an answer another status."""

    def change(response: Response) -> Response:
        response.status_code = status
        return response

    return change


SABOTAGE = {
    "a fault": (lambda _: JSONResponse({}, 500), "Server error"),
    "another status": (with_status(206), "Undocumented status code"),
    "another media type": (
        with_headers(content_type="text/html"),
        "Undocumented Content-Type",
    ),
    "a missing header": (with_headers(ETag=None), "Missing required response headers"),
    "a wrong header": (with_headers(ETag=""), "Response header does not conform"),
    "another body": (
        lambda answer: JSONResponse({"posts": []}, answer.status_code, {"ETag": "1"}),
        "Response violates schema",
    ),
}


@pytest.mark.parametrize(("change", "found"), SABOTAGE.values(), ids=SABOTAGE)
def test_an_answer_that_breaks_the_documents_word_is_found(
    change: Callable[[Response], Response], found: str
) -> None:
    app = create_app(peopled_container(1), relay=False)

    @app.middleware("http")
    async def tamper(request: Request, answer: RequestResponseEndpoint) -> Response:
        response = await answer(request)
        return change(response) if request.url.path == "/api/posts" else response

    run = fuzz(app, seed=1, examples=5, logged_in=False, only="posts_list")

    assert found in "\n".join(run.failures)
