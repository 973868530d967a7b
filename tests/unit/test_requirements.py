"""The lock file: complete, checked by hash, naming no registry, and above the security floors."""

import re
import tomllib
from pathlib import Path

import pytest

from blog_adapters.floors import FLOORS, is_below

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = dict(re.findall(r"(?m)^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==([0-9.]+)", LOCK))


@pytest.mark.parametrize("package", FLOORS)
def test_a_pinned_version_is_above_its_floor(package: str) -> None:
    floor, because = FLOORS[package]

    assert not is_below(PINNED[package], floor), because


def test_every_pinned_package_has_its_hashes() -> None:
    blocks = re.split(r"(?m)^(?=[a-z0-9-]+(?:\[[^]]*\])?==)", LOCK)[1:]

    assert {block.split("==")[0].split("[")[0] for block in blocks} == PINNED.keys()
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_declared_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    declared = [line for extra in extras.values() for line in extra]
    declared += project["dependency-groups"]["dev"] + project["build-system"]["requires"]
    names = {re.split(r"[^a-z0-9-]", line)[0] for line in declared} - {"blog-core"}

    assert names - PINNED.keys() == set()


def test_the_lock_names_no_registry() -> None:
    assert re.findall(r"https?://|--index|--find-links|--extra", LOCK) == []
