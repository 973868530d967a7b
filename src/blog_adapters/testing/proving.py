"""pytest plugin: `--blog-adapter` proves an adapter, and a failure names the clause it broke.

Imported at the start of every pytest run where this distribution is installed, so it imports
nothing but pytest before it is needed.
"""

import sys
from collections.abc import AsyncIterator, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from inspect import isasyncgen, iscoroutine, isgenerator
from pathlib import Path
from typing import Any

import pytest

_FORMATS = (".txt", ".json", ".md")
_FINDING = "blog_finding"
_SUITES = "blog_core.testing.suites"
_OPENED = pytest.StashKey[set[str]]()
_VERDICTS: Any = {"passed": "kept", "failed": "broken", "skipped": "not offered"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("blog", "blog-core's testing kit")
    group.addoption(
        "--blog-adapter",
        action="append",
        default=[],
        metavar="PACKAGE:FACTORY",
        help="Prove an adapter without a test file: run every suite on what FACTORY returns, a "
        "blog_core.testing.Adapter or an async context manager of one. May be repeated.",
    )
    group.addoption(
        "--blog-report",
        action="append",
        default=[],
        metavar="PATH",
        type=Path,
        help="Write what --blog-adapter found to a file that ends in .txt, .json or .md.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Run the suites and nothing else when an adapter is to be proven."""
    config.addinivalue_line("markers", "clause(id, needs): the promise of a port that this proves")
    adapters: list[str] = config.getoption("blog_adapter")
    _check_reports(config.getoption("blog_report"), wanted=bool(adapters))
    if not adapters:
        return
    sys.path.append(str(config.invocation_params.dir))
    for adapter in adapters:
        _load(adapter)
    for setting, names in (("python_classes", "Test"), ("python_functions", "test")):
        config.addinivalue_line(setting, names)  # whatever else a project calls its own
    is_worker = hasattr(config, "workerinput")  # of xdist: it reports to its controller
    if config.args_source is pytest.Config.ArgsSource.ARGS and not is_worker:
        if not all(argument.startswith((_SUITES, _suites())) for argument in config.args):
            raise pytest.UsageError("--blog-adapter runs the suites and nothing else: name no test")
    else:
        config.args[:] = [_suites()]
    if not is_worker and not config.getoption("collectonly"):
        config.pluginmanager.register(_Findings(config), "blog-findings")


def _check_reports(paths: list[Path], *, wanted: bool) -> None:
    if paths and not wanted:
        raise pytest.UsageError("--blog-report goes with --blog-adapter")
    for path in paths:
        if path.suffix not in _FORMATS:
            raise pytest.UsageError(f"--blog-report: {path} must end in {', '.join(_FORMATS)}")
        if not path.absolute().parent.is_dir():
            raise pytest.UsageError(f"--blog-report: there is no folder {path.parent}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the suites once for each adapter."""
    adapters: list[str] = metafunc.config.getoption("blog_adapter")
    if adapters and metafunc.module.__file__ == _suites():
        ids = adapters if len(adapters) > 1 else [pytest.HIDDEN_PARAM]
        metafunc.parametrize("blog_adapter", adapters, ids=ids, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a suite of which something was changed after its class was made."""
    contracts: Any = sys.modules.get("blog_core.testing.contracts")
    if contracts is None:
        return
    kinds = {kind for item in items if (kind := getattr(item, "cls", None))}
    for kind in sorted(kinds, key=lambda each: str(each.__name__)):
        if issubclass(kind, contracts.Contract) and (changed := kind.changes()):
            raise pytest.UsageError(f"{kind.__name__} must not change {', '.join(changed)}")


@pytest.fixture
async def blog_adapter(request: pytest.FixtureRequest) -> AsyncIterator[object]:
    """What the contract suites prove: replace it by one that returns a blog_core.testing.Adapter.

    It must be empty, and a new one for each test. With --blog-adapter it is the adapter named
    there.
    """
    named: str | None = getattr(request, "param", None)
    if named is None:
        pytest.fail(
            "supply a fixture `blog_adapter` that returns a blog_core.testing.Adapter, or run "
            "pytest --blog-adapter=package:factory",
            pytrace=False,
        )
    async with _opened(named, request.config) as adapter:
        missing = adapter.missing(*request.cls.ports)
        if missing and not request.cls.needs & adapter.lacks.keys():
            from blog_core.testing.contracts.base import NOT_OFFERED

            request.node.stash[NOT_OFFERED] = True
            pytest.skip(f"no {', '.join(missing)}")
        yield adapter


@pytest.fixture
def blog_clause(blog_adapter: Any, request: pytest.FixtureRequest) -> None:
    """Hands what `blog_adapter` offers to a clause, or passes it over when that is declared."""
    request.instance.take(blog_adapter, request.node)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # to see what skips and xfails have made of it
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say of a test that proves a clause what it means for the clause."""
    report = yield
    mark = item.get_closest_marker("clause")
    if mark is None:
        return report
    clause_id, sentence = mark.args[0], " ".join(str(item.function.__doc__).split())  # type: ignore[attr-defined] # only functions are marked
    said = "" if call.excinfo is None else str(call.excinfo.value) or call.excinfo.typename
    callspec = getattr(item, "callspec", None)
    adapter = callspec.params.get("blog_adapter") if callspec else None
    if adapter and report.skipped and not _is_not_offered(item):
        said = f"passed over while it ran: {said}"
        report.outcome, report.longrepr = "failed", said
        vars(report).pop("wasxfail", None)
    if report.failed:
        report.sections.append(("Broken clause", f"{clause_id}: {sentence}"))
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None:
            crash.message = f"{clause_id} broken: {sentence}\n{crash.message}"
    if adapter:
        suite = item.cls.__name__.removeprefix("Test")  # type: ignore[attr-defined] # a suite is a class
        about = [adapter, suite, clause_id, sentence, _in_one_line(said)]
        report.user_properties.append((_FINDING, about))
    return report


def _is_not_offered(item: pytest.Item) -> bool:
    from blog_core.testing.contracts.base import NOT_OFFERED

    return item.stash.get(NOT_OFFERED, False)


class _Findings:
    """Gathers what the suites found, shows it at the end and writes it down."""

    def __init__(self, config: pytest.Config) -> None:
        from blog_core.testing.report import Report

        self._paths: list[Path] = config.getoption("blog_report")
        self._reports = {name: Report(adapter=name) for name in config.getoption("blog_adapter")}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of one test."""
        from blog_core.testing.report import Finding

        if report.when != "call" and report.passed:
            return
        about: Any = dict(report.user_properties).get(_FINDING)
        if about is not None:
            adapter, suite, clause_id, sentence, reason = about
            finding = Finding(
                clause=clause_id,
                sentence=sentence,
                suite=suite,
                verdict=_VERDICTS[report.outcome],
                reason=reason,
            )
            self._reports[adapter].add(finding)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports. Nothing proven is a failure too."""
        from blog_core.testing.report import written

        for path in self._paths:
            path.write_text(written(list(self._reports.values()), path), encoding="utf-8")
        if any(not report.count("kept") for report in self._reports.values()):
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the reports."""
        for report in self._reports.values():
            terminalreporter.section("blog adapter")
            terminalreporter.write(report.as_text())


def _load(adapter: str) -> Any:
    """Return the factory that `package:factory` names. Raises UsageError."""
    module, _, name = adapter.partition(":")
    if not name:
        raise pytest.UsageError(f"--blog-adapter={adapter}: name a factory, as in package:factory")
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"--blog-adapter={adapter}: {error}") from error
    if not callable(factory):
        raise pytest.UsageError(f"--blog-adapter={adapter}: this is no factory")
    return factory


@asynccontextmanager
async def _opened(named: str, config: pytest.Config) -> AsyncIterator[Any]:
    """Open an adapter; one that cannot be opened at all ends the run, and not each test in turn."""
    known = config.stash.setdefault(_OPENED, set())
    async with AsyncExitStack() as stack:
        try:
            made = _load(named)()
            if isinstance(made, AbstractAsyncContextManager):
                made = await stack.enter_async_context(made)
            _require_adapter(made)
        except Exception as error:
            if named in known:
                raise
            said = f"--blog-adapter={named}: {type(error).__name__}: {error}"
            pytest.exit(said, returncode=pytest.ExitCode.USAGE_ERROR)
        known.add(named)
        yield made


def _require_adapter(made: object) -> None:
    from blog_core.testing import Adapter

    if iscoroutine(made):
        made.close()  # or it warns, at some later time, that nobody awaited it
    if iscoroutine(made) or isasyncgen(made) or isgenerator(made):
        raise TypeError("the factory must be a plain function or an @asynccontextmanager")
    if not isinstance(made, Adapter):
        raise TypeError(f"this is no Adapter but {type(made).__name__}")


def _in_one_line(said: str) -> str:
    """Return a declared reason whole, and of an error what it begins with."""
    return " ".join(said.split()) if said.startswith("lacks ") else said.strip().partition("\n")[0]


def _suites() -> str:
    spec = find_spec(_SUITES)
    assert spec is not None
    return str(spec.origin)
