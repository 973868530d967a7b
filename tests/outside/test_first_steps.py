"""The first thing somebody does: a test file from the README, in an empty folder."""

import re
from pathlib import Path

import pytest

from outside.conftest import ROOT, Installed

README = (ROOT / "README.md").read_text(encoding="utf-8")
(TEST_FILE,) = re.findall(
    r"```python\n(import pytest\n[^`]*PostRepositoryContract.*?)```", README, re.DOTALL
)
BROKEN = '''
from contextlib import asynccontextmanager

from blog_adapters.memory import MemoryDatabase


class KeepingDatabase(MemoryDatabase):
    """Deletes no post."""

    @asynccontextmanager
    async def unit_of_work(self):
        async with super().unit_of_work() as unit:
            unit.posts.delete = unit.posts.get
            yield unit
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, far from the source tree."""
    assert not tmp_path.is_relative_to(ROOT)
    return tmp_path


def test_the_test_file_is_short() -> None:
    assert len(TEST_FILE.splitlines()) <= 15


def test_the_test_file_passes(installed: Installed, folder: Path) -> None:
    (folder / "test_mine.py").write_text(TEST_FILE)

    done = installed.pytest("-q", cwd=folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d\d passed", done.stdout, re.MULTILINE)


def test_a_broken_adapter_is_told_which_promise_it_breaks(
    installed: Installed, folder: Path
) -> None:
    (folder / "keeping.py").write_text(BROKEN)
    (folder / "test_mine.py").write_text(
        TEST_FILE.replace(
            "from blog_adapters.memory import MemoryDatabase",
            "from keeping import KeepingDatabase as MemoryDatabase",
        )
    )

    done = installed.pytest("-q", cwd=folder)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "-- Broken clause --" in done.stdout
    assert "\nPOST-REPO-10: A deleted post is gone.\n" in done.stdout
    assert (
        "FAILED test_mine.py::TestMyPosts::test_a_deleted_post_is_gone - POST-REPO" in done.stdout
    )
