"""What the README shows works as it stands there."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from processes import environment, run, serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, "Hello by ada of 1\nReset Your Password - FastAPI Blog\n"),
        (1, "From PostgreSQL. 1\n"),
    ],
)
def test_an_import_example_runs_as_it_is(tmp_path: Path, number: int, printed: str) -> None:
    done = run(
        [sys.executable, "-c", blocks("python")[number]],
        cwd=tmp_path,
        env=environment(tmp_path),
    )

    assert done.stdout == printed, done.stderr


@pytest.mark.parametrize(("number", "passed"), [(2, "1"), (3, r"\d\d")])
def test_a_test_example_passes_as_it_is(tmp_path: Path, number: int, passed: str) -> None:
    (tmp_path / "test_mine.py").write_text(blocks("python")[number])
    done = run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        env=environment(tmp_path),
    )

    assert done.returncode == 0, done.stdout
    assert re.search(rf"^{passed} passed", done.stdout, re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the journey is told with curl")
def test_the_journey_by_curl_runs_as_it_is(tmp_path: Path) -> None:
    (journey,) = blocks("bash")
    with serving(tmp_path) as served:
        done = run(
            ["/bin/bash", "-euc", journey.replace("http://127.0.0.1:8000", served.url)],
            cwd=ROOT,
            env=environment(tmp_path),
        )

    assert done.returncode == 0, done.stderr
    assert '"title":"Hello"' in done.stdout
    assert '"image_path":"/media/profile_pics/' in done.stdout
    assert done.stdout.rstrip().endswith(
        '{"message":"Password reset successfully. You can now log in with your new password."}'
    )
