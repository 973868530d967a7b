import json
from pathlib import Path

import pytest

from blog_core.testing.contracts import SUITES
from blog_core.testing.report import Finding, Report, Verdict, written

NOT_RUN = sum(len(suite.clauses()) for suite in SUITES) - 4


def finding(clause: str, verdict: Verdict, suite: str = "Outbox", reason: str = "") -> Finding:
    return Finding(
        clause=clause, sentence=f"{clause} holds.", suite=suite, verdict=verdict, reason=reason
    )


@pytest.fixture
def report() -> Report:
    report = Report(adapter="mine:adapter")
    report.add(finding("MAILER-01", "not offered", "Mailer", "no mailer"))
    report.add(finding("OUTBOX-02", "broken", reason="assert [] == [1]"))
    report.add(finding("OUTBOX-01", "kept"))
    report.add(finding("OUTBOX-03", "not offered", reason="lacks outbox: why so"))
    return report


def test_a_clause_is_as_good_as_the_worst_of_its_tests() -> None:
    report = Report(adapter="mine:adapter")
    verdicts: list[Verdict] = ["not offered", "kept", "broken", "kept"]

    found = []
    for verdict in verdicts:
        report.add(finding("OUTBOX-01", verdict))
        found.append(report.findings["OUTBOX-01"].verdict)

    assert found == ["not offered", "kept", "broken", "broken"]


def test_the_text_has_a_line_for_each_clause_in_the_order_of_the_suites(report: Report) -> None:
    assert report.as_text() == (
        f"mine:adapter: 1 kept, 1 broken, 2 not offered, {NOT_RUN} not run\n"
        "\n"
        "Outbox\n"
        "  + OUTBOX-01  OUTBOX-01 holds.\n"
        "  x OUTBOX-02  OUTBOX-02 holds.\n"
        "      assert [] == [1]\n"
        "  - OUTBOX-03  OUTBOX-03 holds.\n"
        "      lacks outbox: why so\n"
        "\n"
        "Not offered: Mailer\n"
    )


def test_the_json_has_the_counts_and_every_finding(report: Report) -> None:
    (found,) = json.loads(written([report], Path("found.json")))

    assert (found["adapter"], found["kept"], found["broken"], found["not offered"]) == (
        "mine:adapter", 1, 1, 2,
    )  # fmt: skip
    assert [clause["clause"] for clause in found["clauses"]] == [
        "OUTBOX-01", "OUTBOX-02", "OUTBOX-03", "MAILER-01",
    ]  # fmt: skip
    assert found["clauses"][1] == {
        "clause": "OUTBOX-02",
        "sentence": "OUTBOX-02 holds.",
        "suite": "Outbox",
        "verdict": "broken",
        "reason": "assert [] == [1]",
    }


def test_the_markdown_has_a_row_for_each_suite_and_for_each_clause(report: Report) -> None:
    rows = report.as_markdown().splitlines()

    assert rows[:7] == [
        "| `mine:adapter` | kept | broken | not offered |",
        "| --- | ---: | ---: | ---: |",
        "| Outbox | 1 | 1 | 1 |",
        "",
        "Not offered: Mailer.",
        "",
        f"Not run: {NOT_RUN} clauses.",
    ]
    assert "| OUTBOX-02 | broken | OUTBOX-02 holds. |" in rows
    assert "| OUTBOX-03 | lacks outbox: why so | OUTBOX-03 holds. |" in rows


def test_the_markdown_of_an_adapter_that_offers_everything_names_nothing_as_lacking() -> None:
    report = Report(adapter="mine:adapter")
    report.add(finding("OUTBOX-01", "kept"))

    assert "Not offered" not in report.as_markdown()


def test_the_text_of_several_adapters_stands_one_under_the_other(report: Report) -> None:
    assert written([report, report], Path("found.txt")).count("mine:adapter: 1 kept") == 2


def test_a_report_in_no_known_format_is_refused(report: Report) -> None:
    with pytest.raises(ValueError, match=r"found.html: a report ends in .txt, .json or .md"):
        written([report], Path("found.html"))
