"""The list of clauses, from the suites themselves."""

from blog_core.testing.contracts import SUITES, Contract

_HEAD = """\
# Clauses

What an adapter of each port promises, and what the suites in `blog_core.testing.contracts` prove.
An id never changes and is never given to another promise. *Supply* names what the `Adapter` offers
to be proven; *needs* names the repositories without which a promise cannot be seen, and which an
adapter may declare to lack, with a reason.

Written by `make docs`; a test keeps it current.
"""


def as_markdown() -> str:
    """Return every suite with its clauses, ready for `docs/clauses.md`."""
    return "\n".join([_HEAD, *(_section(suite) for suite in SUITES)])


def _section(suite: type[Contract]) -> str:
    rows = [
        f"| {clause.id} | {clause.sentence} | {', '.join(sorted(suite.needs | clause.needs))} |"
        for clause in suite.clauses()
    ]
    return "\n".join(
        [
            f"## {suite.__name__}",
            "",
            f"Supply: {', '.join(f'`{port}`' for port in suite.ports)}",
            "",
            "| id | promise | needs |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
