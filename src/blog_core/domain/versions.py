"""Optimistic concurrency: a change may name the versions it was made against."""

from blog_core.errors import StaleVersion


def require_seen(version: int, seen: frozenset[int] | None) -> None:
    """Raise StaleVersion unless this version is among those the caller has seen.

    None means that the caller names none, and any version will do.
    """
    if seen is not None and version not in seen:
        raise StaleVersion
