"""Only apps that answer alike are compared."""

import json
from collections.abc import Iterable, Mapping

from benchmarks.http.servers import Serving


class UnlikeAnswers(Exception):
    """Two apps answer differently, so that their figures would mean nothing; says where."""


def require_alike(path: str, bodies: Mapping[str, bytes]) -> None:
    """Hold the answers of all apps against the first one's: the same JSON, and as many bytes.

    Raises:
        UnlikeAnswers: one differs.
    """
    (first, model), *others = bodies.items()
    for name, body in others:
        if json.loads(body) != json.loads(model):
            raise UnlikeAnswers(f"{name} and {first} answer GET {path} with different JSON")
        if len(body) != len(model):
            raise UnlikeAnswers(
                f"{name} answers GET {path} with {len(body)} bytes, {first} with {len(model)}"
            )


def check(apps: Iterable[Serving], paths: Iterable[str]) -> int:
    """Ask every app the same questions.

    Returns:
        How long the answer to the first question is, in bytes.

    Raises:
        UnlikeAnswers: they are answered differently.
        NotServing: one is not answered at all.
    """
    apps = list(apps)
    lengths = []
    for path in paths:
        bodies = {app.variant.name: app.get(path) for app in apps}
        require_alike(path, bodies)
        lengths.append(len(next(iter(bodies.values()))))
    return lengths[0]
