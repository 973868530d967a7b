"""What a run of the suites found, clause by clause: as text, JSON and a Markdown table."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from blog_core.testing.contracts import SUITES

Verdict = Literal["kept", "broken", "not offered"]

_MARKS: dict[Verdict, str] = {"kept": "+", "broken": "x", "not offered": "-"}
_GRAVITY: dict[Verdict, int] = {"not offered": 0, "kept": 1, "broken": 2}
_ORDER = [suite.__name__.removesuffix("Contract") for suite in SUITES]


@dataclass(slots=True, kw_only=True)
class Finding:
    """What is known of one clause; `reason` says why it is not kept."""

    clause: str
    sentence: str
    suite: str
    verdict: Verdict
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Report:
    """The findings about one adapter, by clause."""

    adapter: str
    findings: dict[str, Finding] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Take in what one test found; a clause is as good as the worst of its tests."""
        known = self.findings.setdefault(finding.clause, finding)
        if _GRAVITY[finding.verdict] > _GRAVITY[known.verdict]:
            self.findings[finding.clause] = finding

    def count(self, verdict: Verdict, suite: str | None = None) -> int:
        """Return how many clauses have this verdict, in one suite or in all."""
        return sum(
            found.verdict == verdict and suite in {None, found.suite}
            for found in self.findings.values()
        )

    def left_out(self) -> int:
        """Return how many clauses were not run, because somebody chose among them."""
        return sum(clause.id not in self.findings for suite in SUITES for clause in suite.clauses())

    def suites(self) -> list[str]:
        """Return the names of the suites of which something was proven, or is said to lack."""
        absent = self.absent()
        found = (each.suite for each in self.sorted())
        return [suite for suite in dict.fromkeys(found) if suite not in absent]

    def absent(self) -> list[str]:
        """Return the names of the suites whose ports are not offered at all."""
        found = (each.suite for each in self.sorted() if each.reason.startswith("no "))
        return list(dict.fromkeys(found))

    def sorted(self) -> list[Finding]:
        """Return the findings, suite by suite, each in the order of its clauses."""
        return sorted(
            self.findings.values(), key=lambda found: (_ORDER.index(found.suite), found.clause)
        )

    def as_text(self) -> str:
        """Return a line for each clause under its suite; of what is not offered only the name."""
        lines = [f"{self.adapter}: {self._summary()}"]
        for suite in self.suites():
            found = [each for each in self.sorted() if each.suite == suite]
            reasons = {each.reason for each in found if each.verdict == "not offered"}
            if len(reasons) == 1 and all(each.verdict == "not offered" for each in found):
                lines += ["", f"{suite}: {found[0].reason}"]
                continue
            lines += ["", suite]
            for each in found:
                lines.append(f"  {_MARKS[each.verdict]} {each.clause}  {each.sentence}")
                if each.reason:
                    lines.append(f"      {each.reason}")
        if absent := self.absent():
            lines += ["", f"Not offered: {', '.join(absent)}"]
        return "\n".join(lines) + "\n"

    def as_data(self) -> dict[str, object]:
        """Return the adapter, the counts and the findings, ready for JSON."""
        counts = {verdict: self.count(verdict) for verdict in get_args(Verdict)}
        findings = [asdict(found) for found in self.sorted()]
        left_out = {"not run": self.left_out()}
        return {"adapter": self.adapter, **counts, **left_out, "clauses": findings}

    def as_markdown(self) -> str:
        """Return two tables for a README: a row for each suite, and folded, one for each clause.

        Suites whose ports are not offered at all are named below.
        """
        verdicts, absent = get_args(Verdict), self.absent()
        rows = [f"| `{self.adapter}` | {' | '.join(verdicts)} |", "| --- | ---: | ---: | ---: |"]
        for suite in self.suites():
            counts = " | ".join(str(self.count(verdict, suite)) for verdict in verdicts)
            rows.append(f"| {suite} | {counts} |")
        if absent:
            rows += ["", f"Not offered: {', '.join(absent)}."]
        if left_out := self.left_out():
            rows += ["", f"Not run: {left_out} clauses."]
        rows += ["", "<details><summary>Clause by clause</summary>", ""]
        rows += ["| clause | | promise |", "| --- | --- | --- |"]
        for each in self.sorted():
            if each.suite not in absent:
                verdict = each.reason if each.verdict == "not offered" else each.verdict
                verdict = verdict.replace("|", "\\|")
                rows.append(f"| {each.clause} | {verdict} | {each.sentence} |")
        return "\n".join([*rows, "", "</details>"]) + "\n"

    def _summary(self) -> str:
        counts = [f"{self.count(verdict)} {verdict}" for verdict in get_args(Verdict)]
        left_out = self.left_out()
        return ", ".join([*counts, f"{left_out} not run"] if left_out else counts)


def written(reports: list[Report], path: Path) -> str:
    """Return the reports in the format that a path's ending names.

    Raises:
        ValueError: it is none of .txt, .json and .md.
    """
    match path.suffix:
        case ".txt":
            return "\n".join(report.as_text() for report in reports)
        case ".json":
            return json.dumps([report.as_data() for report in reports], indent=2) + "\n"
        case ".md":
            return "\n".join(report.as_markdown() for report in reports)
    raise ValueError(f"{path.name}: a report ends in .txt, .json or .md")
