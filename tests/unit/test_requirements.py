"""The lock files: complete, checked by hash, naming no registry, and above the security floors."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from blog_adapters.floors import FLOORS, is_below

ROOT = Path(__file__).parents[2]
LOCKS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("requirements.lock", "requirements-browser.lock")
}
NPM_LOCK = (ROOT / "tests/browser/package-lock.json").read_text(encoding="utf-8")


def pinned(name: str) -> dict[str, str]:
    """Return the packages of a lock file, and their versions."""
    return dict(re.findall(r"(?m)^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==([0-9.]+)", LOCKS[name]))


PINNED = pinned("requirements.lock")


@pytest.mark.parametrize("package", FLOORS)
def test_a_pinned_version_is_above_its_floor(package: str) -> None:
    floor, because = FLOORS[package]

    assert not is_below(PINNED[package], floor), because


@pytest.mark.parametrize("name", LOCKS)
def test_every_pinned_package_has_its_hashes(name: str) -> None:
    blocks = re.split(r"(?m)^(?=[a-z0-9-]+(?:\[[^]]*\])?==)", LOCKS[name])[1:]

    assert {block.split("==")[0].split("[")[0] for block in blocks} == pinned(name).keys()
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_every_declared_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    declared = [line for extra in extras.values() for line in extra]
    declared += project["dependency-groups"]["dev"] + project["build-system"]["requires"]
    names = {re.split(r"[^a-z0-9-]", line)[0] for line in declared} - {"blog-core"}

    assert names - PINNED.keys() == set()


def test_the_browser_tests_take_their_packages_in_the_same_versions() -> None:
    browser = pinned("requirements-browser.lock")

    assert "playwright" in browser
    shared = browser.keys() & PINNED.keys()
    assert {name: PINNED[name] for name in shared} == {name: browser[name] for name in shared}


def test_every_package_of_the_npm_lock_has_its_hash() -> None:
    packages = json.loads(NPM_LOCK)["packages"]
    ours = packages.pop("")

    assert ours["dependencies"].keys() == {"axe-core", "html-validate"}
    assert [name for name, each in packages.items() if "sha512-" not in each["integrity"]] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name: str) -> None:
    assert re.findall(r"https?://|--index|--find-links|--extra", LOCKS[name]) == []


def test_the_npm_lock_names_no_registry() -> None:
    assert re.findall(r"registry|\"resolved\"", NPM_LOCK) == []
