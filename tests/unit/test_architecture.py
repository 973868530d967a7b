"""The import rules in `pyproject.toml` hold, and each of them can be broken."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

INWARDS = "Imports point inwards"
STDLIB = "The core stands on the standard library alone"
CORE = "In the core, services stand on ports, ports on the domain, the domain on errors"
INDEPENDENT = "Adapters do not know each other"
WIRING = "Only the container, the doctor and the testing kit know the adapters"
PRODUCTION = "Production code does without the testing kits"
ACYCLIC = "Siblings do not import each other in circles"

VIOLATIONS = [
    ("blog_adapters/relay.py", "import blog_api", {INWARDS}),
    ("blog_core/services/posts.py", "import blog_adapters.workers", {INWARDS}),
    ("blog_core/domain/versions.py", "import sqlalchemy", {STDLIB}),
    ("blog_core/services/posts.py", "import pytest", {STDLIB}),
    ("blog_core/testing/builders.py", "import fastapi", {STDLIB}),
    ("blog_core/helpers.py", "", {CORE}),
    ("blog_core/domain/versions.py", "import blog_core.ports", {CORE, ACYCLIC}),
    ("blog_adapters/smtp.py", "import blog_adapters.s3", {INDEPENDENT, WIRING}),
    ("blog_api/problems.py", "import blog_adapters.sql.tables", {WIRING}),
    ("blog_adapters/relay.py", "import blog_adapters.memory", {WIRING}),
    ("blog_adapters/relay.py", "import blog_core.testing.builders", {PRODUCTION}),
    ("blog_api/problems.py", "import blog_core.testing", {PRODUCTION}),
    ("blog_api/cli.py", "import blog_api.testing.people", {PRODUCTION}),
    ("blog_core/domain/text.py", "import blog_core.domain.users", {ACYCLIC}),
    ("blog_adapters/settings.py", "import blog_adapters.container", {ACYCLIC}),
]
"""A module, a line to add to it, and the contracts which that breaks."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source and its contracts, to be broken."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "static")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own linter on our own source
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def borrowed(package: Path) -> set[tuple[str, str]]:
    """Tell which part of a package imports what that is neither its own nor Python's."""
    at_home = {package.name, *sys.stdlib_module_names}
    return {
        (path.relative_to(package).parts[0], library)
        for path in package.rglob("*.py")
        for library in libraries(ast.parse(path.read_text(encoding="utf-8"))) - at_home
    }


def libraries(source: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_every_contract_is_kept() -> None:
    linted = lint(ROOT)

    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert set(re.findall(r"^(.+?) KEPT\b", linted.stdout, re.MULTILINE)) == {
        INWARDS, STDLIB, CORE, INDEPENDENT, WIRING, PRODUCTION, ACYCLIC,
    }  # fmt: skip


@pytest.mark.parametrize(("module", "line", "broken"), VIOLATIONS)
def test_an_import_that_points_the_wrong_way_breaks_its_contract(
    tree: Path, module: str, line: str, broken: set[str]
) -> None:
    with (tree / "src" / module).open("a") as source:
        source.write(f"\n{line}\n")

    linted = lint(tree)

    assert set(re.findall(r"^(.+?) BROKEN\b", linted.stdout, re.MULTILINE)) == broken
    assert linted.returncode == 1


def test_the_core_borrows_pytest_for_its_testing_kit_and_nothing_else() -> None:
    assert borrowed(ROOT / "src/blog_core") <= {("testing", "pytest"), ("testing", "hypothesis")}


@pytest.mark.parametrize("line", ["import attr", "from attr.validators import in_"])
def test_a_library_that_nobody_listed_is_found(tree: Path, line: str) -> None:
    core = tree / "src/blog_core"
    (core / "services/rating.py").write_text(line)

    assert ("services", "attr") in borrowed(core)


def test_the_core_and_the_fakes_need_no_installed_package() -> None:
    imported = subprocess.run(
        [sys.executable, "-S", "-c", "import blog_core.services, blog_adapters.memory"],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (imported.returncode, imported.stderr) == (0, "")
