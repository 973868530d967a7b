"""The OpenAPI document, executed: which answers it declares, and which of them were seen."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from httpx import Response

from blog_adapters.container import in_memory_container
from blog_api.app import create_app

Document = Mapping[str, Any]


class Answer(NamedTuple):
    """A kind of answer; `media_type` is empty without a body, `code` without a problem."""

    operation: str
    status: int
    media_type: str
    code: str

    def __str__(self) -> str:
        """Return it in one line."""
        return " ".join(str(part) for part in self if part)


@cache
def document() -> Document:
    """Return the OpenAPI document of the API."""
    return create_app(in_memory_container()).openapi()


class Terms(NamedTuple):
    """What a document says of a kind of answer."""

    schema: Document
    headers: list[str]
    """Which must be there."""


def declared(document: Document) -> dict[Answer, Terms]:
    """Return every kind of answer that a document declares."""
    return {
        Answer(operation["operationId"], int(status), media_type, code): Terms(
            schema=content.get("schema", {}),
            headers=[name for name, header in answer["headers"].items() if header.get("required")],
        )
        for _, _, operation in _operations(document)
        for status, answer in operation["responses"].items()
        for media_type, content in answer.get("content", {"": {}}).items()
        for code in _codes(content.get("schema", {}))
    }


def _codes(schema: Document) -> list[str]:
    codes: list[str] = schema.get("properties", {}).get("code", {}).get("enum", [""])
    return codes


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def differences(document: Document, seen: Iterable[tuple[str, int, str, str]]) -> list[str]:
    """Return a line for each answer that was declared or seen, and not both."""
    expected = set(declared(document))
    met = {Answer(*each) for each in seen}
    return [f"declared and never seen: {each}" for each in sorted(expected - met)] + [
        f"seen and not declared: {each}" for each in sorted(met - expected)
    ]


class Undeclared(AssertionError):
    """The app gave an answer that its document does not declare."""


class Recorder:
    """Is shown the answers of an app, and holds each against the document.

    Bodies are held against their schemas where the library `jsonschema` is installed.

    Args:
        document: the app's OpenAPI document.
        seen: where the kinds of answers are put.
    """

    def __init__(self, document: Document, seen: set[tuple[str, int, str, str]]) -> None:
        self._components = document["components"]
        self._declared = declared(document)
        # Literal paths come before templates in the document, as they do in the router.
        self._operations = [
            (method, re.compile(re.sub(r"{\w+}", "[^/]+", path)), operation["operationId"])
            for method, path, operation in _operations(document)
        ]
        self._seen = seen

    async def __call__(self, response: Response) -> None:
        """Take note of an answer; to what is no operation of the document, any will do.

        Raises:
            Undeclared: the document does not declare it.
        """
        operation = self._operation(response.request.method, response.request.url.path)
        if operation is None:
            return
        await response.aread()
        media_type, code = "", ""
        if response.content:
            media_type = response.headers.get("Content-Type", "")
            code = response.json()["code"] if media_type == "application/problem+json" else ""
        answer = Answer(operation, response.status_code, media_type, code)
        self._seen.add(answer)
        if answer not in self._declared:
            raise Undeclared(f"the OpenAPI document does not declare: {answer}")
        terms = self._declared[answer]
        for name in terms.headers:
            if name not in response.headers:
                raise Undeclared(f"the OpenAPI document declares a {name} with: {answer}")
        if media_type:
            self._check_body(answer, terms.schema, response.json())

    def _operation(self, method: str, path: str) -> str | None:
        return next(
            (
                name
                for verb, shape, name in self._operations
                if verb == method and shape.fullmatch(path)
            ),
            None,
        )

    def _check_body(self, answer: Answer, schema: Document, body: object) -> None:
        try:
            from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # none are published
        except ModuleNotFoundError:
            return
        try:
            Draft202012Validator({**schema, "components": self._components}).validate(body)
        except ValidationError as error:
            raise Undeclared(f"the OpenAPI document declares another body of: {answer}") from error
