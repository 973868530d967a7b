"""`make mutants`: has mutmut change the core a little at a time, and judges what no test noticed.

`docs/mutation-testing.md` lists every survivor with the reason for which it may live. The run fails
when too few mutants are killed, when one survives that is not listed, and when a listed one does
not survive; otherwise it writes its figures into that document.
"""

import ast
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "mutation-testing.md"

LEAST_KILLED = 0.90
FIGURES = re.compile(r"(?<=<!-- written by `make mutants` -->\n).*?(?=<!-- end -->)", re.DOTALL)
SURVIVOR_ROW = re.compile(r"(?m)^\| `([\w.]+)` \| `` (.+) `` \| \w.* \|$")


@dataclass(frozen=True, slots=True, order=True)
class Survivor:
    """A mutant that no test noticed: a function, and what a line of it became."""

    function: str
    line: str


def judged(found: Counter[str], survivors: set[Survivor], listed: set[Survivor]) -> list[str]:
    """Return what is wrong with a run, a line each; `found` counts the mutants by their fate."""
    few = found["killed"] < LEAST_KILLED * found.total() or not found
    return [
        *([f"Fewer than {LEAST_KILLED:.0%} are killed."] if few else []),
        *(f"Survives without a reason: {as_row(one)}" for one in sorted(survivors - listed)),
        *(f"Is listed and does not survive: {as_row(one)}" for one in sorted(listed - survivors)),
    ]


def as_row(survivor: Survivor, reason: str = "") -> str:
    """Return the row of the document's table for a survivor."""
    line = survivor.line.replace("|", r"\|")
    return f"| `{survivor.function}` | `` {line} `` | {reason} |"


def listed_in(document: str) -> set[Survivor]:
    """Return the survivors that have a row with a reason in the document."""
    return {
        Survivor(function, line.replace(r"\|", "|"))
        for function, line in SURVIVOR_ROW.findall(document)
    }


def function_of(mutant: str) -> str:
    """Return the dotted name of the function that a mutant replaces, from mutmut's name for it."""
    module, _, mangled = mutant.partition("__mutmut_")[0].rpartition(".")
    name = mangled[2:].replace("ǁ", ".")  # x_function, xǁClassǁmethod
    return f"{module}.{name}"


def functions(package: Path) -> Iterator[tuple[str, str]]:
    """Yield each function and method of the core, and what it is when mutmut leaves it alone."""
    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
            for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{module}.{owner}{inner.name}", _kind(module, inner)


def _kind(module: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if module.startswith("blog_core.testing"):
        return "of the testing kit"
    if module == "blog_core.ports":
        return "of the ports"
    return "with a decorator" if function.decorator_list else "with nothing to change"


def figures(found: Counter[str], mutated: set[str], seconds: float) -> str:
    """Return what a run found, as a table in Markdown."""
    alone = Counter(
        kind for name, kind in functions(ROOT / "src" / "blog_core") if name not in mutated
    )
    rows = [
        ("measured", f"{datetime.now(UTC):%Y-%m-%d}, by `make mutants`"),
        ("took", f"{seconds / 60:.1f} minutes, two mutants at a time"),
        ("with", f"mutmut {version('mutmut')}, Python {platform.python_version()}"),
        ("mutants", str(found.total())),
        *((fate, f"{count} ({count / found.total():.1%})") for fate, count in found.most_common()),
        ("functions mutated", str(len(mutated))),
        *((f"functions left alone, {kind}", str(count)) for kind, count in sorted(alone.items())),
    ]
    table = "".join(f"| {name} | {value} |\n" for name, value in rows)
    return f"\n| | |\n| --- | --- |\n{table}\n"


def mutmut(*arguments: str, stdout: int | None = subprocess.PIPE) -> str:
    """Return what mutmut prints, or let it print."""
    run = subprocess.run(  # noqa: S603 - our own tool on our own tree
        [Path(sys.executable).with_name("mutmut"), *arguments],
        cwd=ROOT, stdout=stdout, text=True, check=True,
    )  # fmt: skip
    return run.stdout or ""


def survivor(mutant: str, diff: str) -> Survivor:
    """Return a survivor by what it does: its number changes whenever its function does."""
    became = re.findall(r"(?m)^\+(?!\+\+)\s*(.+)$", diff)
    removed = re.findall(r"(?m)^-(?!--)\s*(.+)$", diff)
    return Survivor(function_of(mutant), " ".join(became or ["without", *removed]))


def main() -> int:
    """Mutate, test and judge; return the exit code."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)  # its verdicts outlive a change of tests
    began = time.monotonic()
    mutmut("run", "--max-children", "2", stdout=None)
    seconds = time.monotonic() - began

    fates = dict(re.findall(r"(?m)^ +(\S+): (.+)$", mutmut("results", "--all", "true")))
    found = Counter(fates.values())
    survivors = {
        survivor(name, mutmut("show", name)) for name, fate in fates.items() if fate != "killed"
    }
    document = DOCUMENT.read_text(encoding="utf-8")
    wrong = judged(found, survivors, listed_in(document))

    table = figures(found, {function_of(mutant) for mutant in fates}, seconds)
    sys.stdout.write("\n".join([table, *map(as_row, sorted(survivors)), "", *wrong, ""]))
    if not wrong:
        DOCUMENT.write_text(FIGURES.sub(lambda _: table, document), encoding="utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
