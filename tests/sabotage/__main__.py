"""Writes the sabotage table: `python -m sabotage > docs/sabotage.md`."""

from sabotage.table import as_markdown

print(as_markdown(), end="")  # noqa: T201 - that is what it is for
