"""The sabotage table: every clause, and the saboteurs that it finds."""

from blog_core.testing.contracts import SUITES, Clause, Contract
from sabotage import (
    idempotency,
    limits,
    mail,
    outbox,
    pictures,
    post_queries,
    posts,
    reset_tokens,
    secrets,
    sessions,
    unit_of_work,
    user_queries,
    users,
)
from sabotage.saboteur import Saboteur, saboteurs_in

_HEAD = """\
# Sabotage

Who proves the suites? Each saboteur is the adapter in memory with one mistake in it, the kind that
people make. The clause beside it has to find it; *also* names every other clause that does. A test
runs them all with `pytest --blog-adapter` and fails when a clause has no saboteur, when a saboteur
gets past its clause, and when any clause is broken that is not in this table. To see one at work:

    .venv/bin/python -m pytest --blog-adapter=sabotage.post_queries:ForgetsTheTieBreaker

The saboteurs are in `tests/sabotage`. Written by `make docs`; a test keeps it current.
"""

SABOTEURS: list[Saboteur] = [
    saboteur
    for module in (
        unit_of_work, posts, users, sessions, reset_tokens, outbox, idempotency, post_queries,
        user_queries, pictures, mail, secrets, limits,
    )
    for saboteur in saboteurs_in(module)
]  # fmt: skip
"""Every saboteur, module by module."""

_MANY = 20
"""So many ids do not make a row of a table."""

CLAUSES: list[Clause] = [clause for suite in SUITES for clause in suite.clauses()]
"""Every clause, suite by suite."""


def as_markdown() -> str:
    """Return the table, clause by clause, ready for `docs/sabotage.md`."""
    return "\n".join([_HEAD, *(_section(suite) for suite in SUITES)])


def _section(suite: type[Contract]) -> str:
    rows = [
        f"| {clause.id} | {clause.sentence} | {_row(saboteur, clause)} |"
        for clause in suite.clauses()
        for saboteur in SABOTEURS
        if clause.id in saboteur.aims
    ]
    head = ["| clause | promise | saboteur | also |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {suite.__name__.removesuffix('Contract')}", "", *head, *rows, ""])


def _row(saboteur: Saboteur, clause: Clause) -> str:
    also = [each.id for each in CLAUSES if each.id in saboteur.breaks - {clause.id}]
    others = ", ".join(also) if len(also) <= _MANY else f"{len(also)} others"
    return f"`{saboteur.name.removeprefix('sabotage.')}` | {others}"
