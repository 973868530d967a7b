"""The examples: distributions as somebody else would write them, proven against the wheel."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from outside.conftest import EXAMPLES, ROOT, Installed

LINES = {"sqlite_blog": 410, "starlette_blog": 60}
"""The number of lines that each example stays below."""

PUBLIC = {"blog_core", "blog_adapters.container"}
"""What the examples may build on; none of it by a name that begins with an underscore."""

WITH_OUR_TOOLS_APART = "-pno:asyncio"  # it is in the lock, and warns at every start


def sources(example: str) -> list[Path]:
    return sorted((ROOT / "examples" / example / "src").rglob("*.py"))


def ours(source: ast.Module) -> set[str]:
    """Return the full names of what a module imports from this distribution."""
    names: set[str] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if re.match(r"blog_(core|adapters|api)\b", name)}


def is_public(name: str) -> bool:
    return "._" not in name and any(f"{name}.".startswith(f"{each}.") for each in PUBLIC)


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def copy(example: str, tmp_path: Path) -> Path:
    """An example without its source, which can only come from the wheel."""
    folder = tmp_path / example
    shutil.copytree(
        ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns("src", "__pycache__")
    )
    return folder


def test_an_example_stays_short(example: str) -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources(example))

    assert lines < LINES[example]


def test_an_example_imports_nothing_private(example: str) -> None:
    modules = [*sources(example), *(ROOT / "examples" / example / "tests").glob("*.py")]

    imported = set().union(*(ours(ast.parse(path.read_text("utf-8"))) for path in modules))

    assert imported
    assert {name for name in imported if not is_public(name)} == set()


@pytest.mark.parametrize(
    "line", ["from blog_core.domain.text import _checked", "import blog_adapters.sql.tables"]
)
def test_an_import_of_something_private_is_seen(line: str) -> None:
    (name,) = ours(ast.parse(line))

    assert not is_public(name)


def test_an_example_runs_on_the_wheels(installed: Installed, copy: Path) -> None:
    modules = "blog_core, blog_adapters, blog_api, blog_sqlite, blog_starlette"
    command = f"import {modules}; print(*(m.__file__ for m in ({modules})), sep='\\n')"

    done = installed.python("-c", command, cwd=copy)

    folders = [Path(line).parents[1] for line in done.stdout.splitlines()]
    assert folders == [installed.packages] * 5, done.stderr


def test_an_example_passes_its_own_tests(installed: Installed, copy: Path) -> None:
    done = installed.pytest(WITH_OUR_TOOLS_APART, "-q", cwd=copy)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("example", ["sqlite_blog"], indirect=True)
def test_the_command_reports_what_is_kept_and_why_the_rest_is_not_offered(
    installed: Installed, copy: Path
) -> None:
    done = installed.pytest(
        WITH_OUR_TOOLS_APART, "-q", "--blog-adapter=proof:sqlite_blog", "--blog-report=report.md",
        cwd=copy,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(
        r"^proof:sqlite_blog: \d+ kept, 0 broken, \d+ not offered$", done.stdout, re.MULTILINE
    )
    assert "  + POST-REPO-10  A deleted post is gone.\n" in done.stdout
    assert "Outbox: lacks outbox: nothing is sent later\n" in done.stdout
    summary = (copy / "report.md").read_text(encoding="utf-8").partition("\n\n<details>")[0]
    assert summary in (copy / "README.md").read_text(encoding="utf-8")


def test_the_readme_of_an_example_shows_what_runs(installed: Installed, copy: Path) -> None:
    (shown,) = re.findall(
        r"```python\n(.*?)```", (copy / "README.md").read_text("utf-8"), re.DOTALL
    )

    done = installed.python("-c", shown, cwd=copy)

    said = {"sqlite_blog": "Hello by ada of 1\n", "starlette_blog": ""}
    assert (done.returncode, done.stdout) == (0, said[copy.name]), done.stderr
