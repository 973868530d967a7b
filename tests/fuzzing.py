"""Requests that an OpenAPI document suggests, and that it forbids: thousands, by chance."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any
from uuid import UUID

import schemathesis
from dependency_injector import providers
from fastapi import FastAPI
from schemathesis.engine import Status, events, from_schema
from structlog.testing import capture_logs

from blog_adapters.container import Container, in_memory_container
from blog_adapters.settings import Settings
from blog_api.testing.people import PASSWORD
from blog_core.errors import BadCredentials, NotAuthenticated, UsernameTaken
from blog_core.testing import builders

PHASES = {"examples", "coverage", "fuzzing", "stateful"}
PEOPLE = ("ada", "alan", "grace")


@dataclass
class Run:
    """What was sent, and what was wrong with the answers."""

    cases: int = 0
    phases: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    """The operations that succeeded at least once."""
    failures: list[str] = field(default_factory=list)

    def note(self, event: events.EngineEvent) -> None:
        """Take note of what an event tells."""
        match event:
            case events.ScenarioFinished(phase=phase, recorder=recorder):
                self.cases += len(recorder.interactions)
                self.failures += _failures(recorder)
                for case, exchange in recorder.interactions.items():
                    operation = recorder.cases[case].value.operation.label
                    self.phases.add(phase.value)
                    self.operations.add(operation)
                    if exchange.response and 200 <= exchange.response.status_code < 300:
                        self.done.add(operation)
            case events.NonFatalError() | events.FatalError():
                self.failures.append(str(event))


def fuzz(app: FastAPI, *, seed: int, examples: int, logged_in: bool, only: str = "") -> Run:
    """Send what schemathesis makes up, in all its phases, and check the answers.

    Args:
        app: over fakes; it is not reset, so that requests build on each other.
        seed: the same requests come of the same seed.
        examples: how many requests by chance for an operation, beside those of the document.
        logged_in: whether they come with an access token.
        only: the operation to ask for, if not all.
    """
    generation = {"max-examples": examples, "database": "none"}
    settings = _CONFIG | {"seed": seed, "generation": generation}
    if only:
        others = {"include-operation-id-regex": f"^(?!{only}$)", "enabled": False}
        settings = settings | {"operations": [others]}
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    if logged_in:
        schema.auth(refresh_interval=None)(Caller)
    run = Run()
    with capture_logs():  # keeps them off the terminal
        for event in from_schema(schema).execute():
            run.note(event)
    return run


_OFF = {"enabled": False}

_CONFIG: dict[str, Any] = {
    # What the text rules forbid, a name in use, a stale version: no schema can say them.
    "checks": {"positive_data_acceptance": _OFF},
    "operations": [
        {
            # These paths also fit /api/users/{user_id}, and take its methods too.
            "include-path-regex": "^/api/users/(me|token|logout|forgot-password|reset-password)$",
            "checks": {"unsupported_method": _OFF, "allow_header_conformance": _OFF},
        },
        {
            "include-operation-id": ["users_login", "session_open"],
            "parameters": {"body.username": {"dictionary": "address", "probability": 0.5}},
        },
    ],
    # Half of the time something that may well be there, so that not all ends with a 404.
    "dictionaries": {
        "id": {"values": list(range(1, 2 * len(PEOPLE) + 1))},
        "address": {"values": [f"{name}@example.com" for name in PEOPLE]},
        "password": {"values": [PASSWORD]},
    },
    "parameters": {
        "path.user_id": {"dictionary": "id", "probability": 0.5},
        "path.post_id": {"dictionary": "id", "probability": 0.5},
        "body.password": {"dictionary": "password", "probability": 0.5},
        "body.current_password": {"dictionary": "password", "probability": 0.5},
    },
}


def _failures(recorder: Any) -> Iterator[str]:  # noqa: ANN401 - the library does not export the type
    for checks in recorder.checks.values():
        for check in checks:
            if check.status == Status.FAILURE:
                found = check.failure_info
                told = (recorder.label, found.failure.title, found.failure.message)
                yield "\n".join([*told, found.code_sample])


class Caller:
    """Somebody with an access token: the first whose account is still there."""

    def __init__(self) -> None:
        self._token = ""
        self._names = chain(PEOPLE, (f"newcomer{number}" for number in count()))
        self._name = next(self._names)

    def get(self, _: object, context: schemathesis.AuthContext) -> str:
        """Return a token that lets in."""
        assert context.app
        return asyncio.run(self._good_token(context.app.state.container))

    def set(self, case: "schemathesis.Case[Any]", token: str, _: object) -> None:
        """Send it."""
        case.headers["Authorization"] = f"Bearer {token}"

    async def _good_token(self, container: Container) -> str:
        try:
            await container.access().authenticate(token=self._token)
        except NotAuthenticated:
            self._token = await self._log_in(container)
        return self._token

    async def _log_in(self, container: Container) -> str:
        email = f"{self._name}@example.com"
        try:
            token = await container.access().log_in(email=email, password=PASSWORD, user_agent="")
        except BadCredentials:  # gone, or with another password
            self._name = next(self._names)
            with suppress(UsernameTaken):
                await _welcome(container, self._name)
            return await self._log_in(container)
        return token.value


async def _welcome(container: Container, name: str) -> None:
    """Open an account and publish something by it."""
    await container.users().register(username=name, email=f"{name}@example.com", password=PASSWORD)
    token = await container.access().log_in(
        email=f"{name}@example.com", password=PASSWORD, user_agent=""
    )
    actor = await container.access().authenticate(token=token.value)
    await container.posts().publish(actor=actor, title=name, content=name)


def peopled_container(seed: int) -> Container:
    """Return fakes with a few accounts and posts, that answer the same to the same requests."""
    chance = random.Random(seed)  # noqa: S311 - to be guessed is the point
    container = in_memory_container(Settings(rate_limits="off"))
    container.clock.override(providers.Object(builders.StoppedClock()))
    container.new_id.override(
        providers.Object(lambda: UUID(int=chance.getrandbits(128), version=4))
    )
    for name in PEOPLE:
        asyncio.run(_welcome(container, name))
    return container
