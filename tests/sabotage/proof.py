"""How saboteurs are found: by `pytest --blog-adapter`, as anybody's adapter would be."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from blog_core.testing.contracts import SUITES, Clause, Contract
from blog_core.testing.contracts.base import _clause_in
from sabotage.saboteur import Saboteur

ROOT = Path(__file__).parents[2]


def found_by_clauses(saboteurs: Sequence[Saboteur], report: Path) -> dict[str, frozenset[str]]:
    """Return the clauses that each saboteur breaks, by its name; one run proves them all.

    Only tests that use what is broken are run: no other can tell such an adapter from a sound one.
    """
    tests = [
        f"blog_core.testing.suites::Test{suite.__name__.removesuffix('Contract')}::{test}"
        for suite in SUITES
        for test in dir(suite)
        if (clause := _clause_in(getattr(suite, test)))
        if any(_uses_what_is_broken(suite, clause, saboteur) for saboteur in saboteurs)
    ]
    return broken_clauses([saboteur.name for saboteur in saboteurs], tests, report)


def broken_clauses(
    adapters: Sequence[str], tests: Sequence[str], report: Path
) -> dict[str, frozenset[str]]:
    """Return the clauses that each adapter breaks, by the name of its factory."""
    subprocess.run(  # noqa: S603 - our own command on our own adapters
        [
            *(sys.executable, "-m", "pytest", "--quiet", "--tb=line", f"--blog-report={report}"),
            # Other plugins take longer to load than many a saboteur to be found.
            *("--disable-plugin-autoload", "-panyio", "-pblog-proving", "-pno:cacheprovider"),
            *(f"--blog-adapter={adapter}" for adapter in adapters),
            *("--pyargs", *tests),
        ],
        cwd=ROOT,
        # Without what makes it measured: coverage is of tests that pass.
        env={name: value for name, value in os.environ.items() if "COV" not in name},
        capture_output=True,
        check=False,
    )
    return {
        proven["adapter"]: frozenset(
            found["clause"] for found in proven["clauses"] if found["verdict"] == "broken"
        )
        for proven in json.loads(report.read_text(encoding="utf-8"))
    }


def _uses_what_is_broken(suite: type[Contract], clause: Clause, saboteur: Saboteur) -> bool:
    parts = suite.needs | clause.needs
    return saboteur.port in suite.ports and (saboteur.part is None or saboteur.part in parts)
