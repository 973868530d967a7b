"""What `docs/security.md` points to exists, and its table adds up."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

_POINTER = re.compile(r"`((?:tests|src|docs)/[\w./-]+)((?:::\w+)*)`")
_ROW = re.compile(r"(?m)^\| ([0-9][0-9., to]*) \| [^|]+ \| ([a-z ]+) \| ")
_COUNT = re.compile(r"(?m)^\| ([0-9]+) \| ([a-z]+) \|")


def missing(page: str) -> list[str]:
    """Return what a page names of the tree and is not there: files, and tests in them."""
    return [path + names for path, names in _POINTER.findall(page) if not _is_there(path, names)]


def _is_there(path: str, names: str) -> bool:
    file = ROOT / path
    text = file.read_text(encoding="utf-8") if file.is_file() else None
    return text is not None and all(
        re.search(rf"(?m)^ *(?:class|def|async def) {name}\b", text)
        for name in names.split("::")[1:]
    )


def requirements(numbers: str) -> list[str]:
    """Return every number of a cell such as `1.2.3, 2.1.1 to 2.1.4`."""
    found = []
    for part in numbers.split(", "):
        first, _, last = part.partition(" to ")
        section, _, start = first.rpartition(".")
        end = (last or first).rpartition(".")[2]
        found += [f"{section}.{number}" for number in range(int(start), int(end) + 1)]
    return found


def test_everything_that_is_named_is_there() -> None:
    assert missing(PAGE) == []


def test_what_is_not_there_is_found() -> None:
    here = "tests/unit/test_security_page.py"

    gone = missing(f"`{here}::missing` `{here}::missed` `{here}::Missing::missing` `docs/gone.md`")

    assert gone == [f"{here}::missed", f"{here}::Missing::missing", "docs/gone.md"]


def test_the_counts_are_those_of_the_table() -> None:
    counted = Counter[str]()
    for numbers, state in _ROW.findall(PAGE):
        counted[state] += len(requirements(numbers))
    irrelevant = counted.pop("not applicable")

    assert {state: int(count) for count, state in _COUNT.findall(PAGE)} == counted
    total = counted.total() + irrelevant
    assert f"Of the {total} requirements, {irrelevant} are not applicable" in PAGE


def test_each_requirement_is_there_once() -> None:
    found = [each for numbers, _ in _ROW.findall(PAGE) for each in requirements(numbers)]

    assert sorted(Counter(found) - Counter(set(found))) == []
