"""What the guide shows works as it stands there: its files are written and its commands run."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest

from processes import environment, run

GUIDE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def appears(said: list[str], expected: str) -> bool:
    """Whether a line that was said is, or holds, the one expected; what was passed is dropped."""
    while said:
        if fnmatch(said.pop(0), f"*{expected}*"):
            return True
    return False


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_the_guide_works_as_it_stands(tmp_path: Path, section: str) -> None:
    for file in blocks(SECTIONS[section], "python"):
        name = file.partition("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(file, encoding="utf-8")

    for session in blocks(SECTIONS[section], "console"):
        command, *expected = session.removeprefix("$ ").splitlines()
        words = [*shlex.split(command), "-pno:cacheprovider"]
        done = run(words, cwd=tmp_path, env=environment(tmp_path))

        said = done.stdout.splitlines()
        for line in expected:
            assert appears(said, line), f"{command}: {line}\n\n{done.stdout}\n{done.stderr}"


def test_every_file_of_the_guide_is_used_by_a_command() -> None:
    for text in SECTIONS.values():
        commands = "".join(blocks(text, "console"))
        for file in blocks(text, "python"):
            module = file.partition("\n")[0].removeprefix("# ").removesuffix(".py")
            assert module in commands or f"from {module} import" in text
