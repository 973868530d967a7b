"""Each clause has a saboteur that it finds, and nothing unforeseen finds that saboteur.

A run of the suites takes far longer to begin than to find one saboteur, so those of a module share
a run. With `--dist loadgroup` they also share a worker, and no run is made twice.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from sabotage.proof import ROOT, broken_clauses, found_by_clauses
from sabotage.saboteur import Saboteur
from sabotage.table import CLAUSES, SABOTEURS, as_markdown

FindBroken = Callable[[Saboteur], frozenset[str]]


@pytest.fixture(scope="session")
def broken_by(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> FindBroken:
    """Tells which clauses a saboteur breaks, after a run of all of its module that are wanted."""
    callspecs = (getattr(item, "callspec", None) for item in request.session.items)
    asked = (callspec.params.get("saboteur") for callspec in callspecs if callspec)
    wanted = [each for each in asked if isinstance(each, Saboteur)]

    @cache
    def found(module: str) -> dict[str, frozenset[str]]:
        saboteurs = [saboteur for saboteur in wanted if saboteur.module == module]
        return found_by_clauses(saboteurs, tmp_path_factory.mktemp("sabotage") / "report.json")

    return lambda saboteur: found(saboteur.module)[saboteur.name]


@pytest.mark.parametrize(
    "saboteur",
    [
        pytest.param(each, id=each.name, marks=pytest.mark.xdist_group(each.module))
        for each in SABOTEURS
    ],
)
def test_a_saboteur_breaks_what_the_table_says_and_nothing_else(
    saboteur: Saboteur, broken_by: FindBroken
) -> None:
    assert broken_by(saboteur) == saboteur.breaks


def test_every_clause_has_a_saboteur() -> None:
    aimed_at = {clause for saboteur in SABOTEURS for clause in saboteur.aims}

    assert {clause.id for clause in CLAUSES} == aimed_at


def test_a_clause_touches_no_repository_that_it_does_not_say_it_needs(tmp_path: Path) -> None:
    adapters = [
        f"sabotage.lacking:no_{part}"
        for part in ("posts", "sessions", "reset_tokens", "outbox", "idempotency")
    ]

    broken = broken_clauses(adapters, ["blog_core.testing.suites"], tmp_path / "report.json")

    assert broken == dict.fromkeys(adapters, frozenset())


def test_the_table_in_the_docs_is_current() -> None:
    assert (ROOT / "docs/sabotage.md").read_text(encoding="utf-8") == as_markdown()
