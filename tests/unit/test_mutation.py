"""What judges a mutation run, and the survivors that are listed in the document."""

from collections import Counter
from pathlib import Path

import pytest

from mutation import DOCUMENT, ROOT, Survivor, as_row, functions, judged, listed_in, survivor

ONE = Survivor("blog_core.domain.text.title", 'return _checked("title", value, 2 | 1)')
GOOD = Counter(killed=90, survived=10)


def test_a_run_whose_survivors_are_all_listed_is_well() -> None:
    assert judged(GOOD, {ONE}, {ONE}) == []


@pytest.mark.parametrize(
    "found", [Counter(killed=89, survived=11), Counter(killed=89, timeout=11), Counter[str]()]
)
def test_a_run_that_kills_fewer_than_nine_in_ten_is_not_well(found: Counter[str]) -> None:
    assert judged(found, set(), set()) == ["Fewer than 90% are killed."]


def test_a_survivor_that_is_not_listed_is_named() -> None:
    assert judged(GOOD, {ONE}, set()) == [f"Survives without a reason: {as_row(ONE)}"]


def test_a_listed_mutant_that_does_not_survive_is_named() -> None:
    assert judged(GOOD, set(), {ONE}) == [f"Is listed and does not survive: {as_row(ONE)}"]


def test_a_row_is_read_as_it_was_written() -> None:
    assert listed_in(as_row(ONE, "A reason.")) == {ONE}


def test_a_row_without_a_reason_lists_nothing() -> None:
    assert listed_in(as_row(ONE)) == set()


@pytest.mark.parametrize(
    ("mutant", "function"),
    [
        ("blog_core.domain.text.x__checked__mutmut_12", "blog_core.domain.text._checked"),
        ("blog_core.errors.xǁForbiddenǁ__init____mutmut_1", "blog_core.errors.Forbidden.__init__"),
    ],
)
def test_a_survivor_is_its_function_and_what_a_line_became(mutant: str, function: str) -> None:
    diff = "--- a\n+++ b\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"

    assert survivor(mutant, diff) == Survivor(function, "return 2")


def test_a_survivor_that_lacks_a_line_says_which() -> None:
    diff = "--- a\n+++ b\n@@ -1,3 +1,2 @@\n def f():\n-    case 1: pass\n     case 2: pass\n"

    assert survivor("m.x_f__mutmut_1", diff) == Survivor("m.f", "without case 1: pass")


def test_a_function_that_is_left_alone_says_why(tmp_path: Path) -> None:
    package = tmp_path / "blog_core"
    (package / "testing").mkdir(parents=True)
    (package / "ports.py").write_text("class P:\n    async def get(self): ...\n")
    (package / "testing" / "kit.py").write_text("def made(): ...\n")
    (package / "text.py").write_text("@cache\ndef key(): ...\ndef all_of(): ...\n")

    assert dict(functions(package)) == {
        "blog_core.ports.P.get": "of the ports",
        "blog_core.testing.kit.made": "of the testing kit",
        "blog_core.text.key": "with a decorator",
        "blog_core.text.all_of": "with nothing to change",
    }


def test_every_survivor_in_the_document_is_of_a_function_of_the_core() -> None:
    listed = listed_in(DOCUMENT.read_text(encoding="utf-8"))

    assert listed
    assert {one.function for one in listed} <= dict(functions(ROOT / "src" / "blog_core")).keys()
