"""The oldest versions that are safe to use, and what is wrong with those before them."""

from collections.abc import Mapping

FLOORS: Mapping[str, tuple[str, str]] = {
    "fastapi": ("0.165", "it takes JSON that says it is something else"),
    "starlette": ("1.6.0", "CVE-2026-48710 and CVE-2026-54283"),
    "python-multipart": ("0.0.27", "CVE-2026-24486, CVE-2026-40347 and CVE-2026-42561"),
    "pillow": ("12.3.0", "CVE-2026-40192, CVE-2026-55379 and CVE-2026-55798"),
    "pyjwt": ("2.13.0", "CVE-2026-32597 and CVE-2026-48526"),
    "sqlalchemy": ("2.1.9", "connections end while they are given back"),
}
"""By package: the version, and why."""


def is_below(found: str, floor: str) -> bool:
    """Whether a version comes before another; what follows the numbers does not count."""
    return _numbers(found) < _numbers(floor)


def _numbers(version: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        numbers += [int(digits)] if digits else []
        if digits != part:
            break
    return tuple(numbers)
