"""The benchmark's arithmetic and its refusals; what it measures is measured by running it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.http import report, targets
from benchmarks.http.answers import UnlikeAnswers, require_alike
from benchmarks.http.chart import chart
from benchmarks.http.figures import Figures, Ratio
from benchmarks.http.footprint import API, CORE, THEIRS, Footprint, kept
from benchmarks.http.generator import requests_for
from benchmarks.http.load import BadAnswers, Load, Scenario, figures_in
from benchmarks.http.report import Run
from benchmarks.http.rounds import Reading

LIST = Scenario(name="list", path="/api/posts?skip=0&limit=10")
SAID = '{"requests": 300, "seconds": 1.5, "p50": 4.25, "p99": 9.5, "refused": 0, "broken": 0}'
FOOTPRINT = Footprint(
    starts={"ours": 0.9, "tutorial": 0.6},
    imports={CORE: 50.0, API: 500.0, THEIRS: 400.0},
    memory={"ours": {0: 90.0, 10_000: 100.0, 100_000: 104.0}, "tutorial": {0: 75.0, 9_000: 80.0}},
)


def reading(app: str, rate: float, *, connections: int = 16, p99: float = 8.0) -> Reading:
    return Reading(
        app=app,
        scenario="list",
        connections=connections,
        load=Load(requests=round(rate * 2), seconds=2.0, p50=4.0, p99=p99),
        app_cpu=200.0,
        database_cpu=100.0,
        others=0.0,
        memory=80.0,
    )


def readings(**rates: Sequence[float]) -> Figures:
    return Figures([reading(app, rate) for app, found in rates.items() for rate in found])


FIGURES = readings(
    ours=[500, 600, 700],
    tutorial=[100, 100, 100],
    limit4=[1000, 1100, 900],
    limit16=[800, 900, 2000],
)


def run_with(figures: Figures) -> Run:
    return Run(
        date="2026-11-24",
        command="make bench",
        machine="Linux",
        versions={"Python": "3.11"},
        data="10 posts.",
        scenarios=[LIST],
        figures=figures,
        footprint=FOOTPRINT,
        missing=[],
    )


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    # The ratio of the medians would be 20 / 100.
    assert Ratio.of([10, 20, 90], [100, 25, 100]).median == 0.8


def test_a_ratio_tells_the_rounds_that_differ_most() -> None:
    ratio = Ratio.of([10, 20, 90], [100, 25, 100])

    assert (ratio.least, ratio.most) == (0.1, 0.9)


def test_rounds_without_a_counterpart_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        Ratio.of([10, 20], [100])


def test_the_limit_is_the_pool_that_is_faster_in_the_median() -> None:
    assert FIGURES.limit("list", 16) == "limit4"


def test_only_readings_of_the_same_load_are_compared() -> None:
    slow = reading("ours", 10, connections=64)
    figures = Figures([*FIGURES.readings, slow])

    assert figures.ratio("ours", "tutorial", "list", 16).least == 5.0


def test_what_the_load_says_is_read_from_among_other_lines() -> None:
    load = figures_in(f"Running 1s test\n  2 threads\n\n{SAID}\n")

    assert load == Load(requests=300, seconds=1.5, p50=4.25, p99=9.5)


def test_a_rate_is_what_was_answered_over_the_time_it_took() -> None:
    assert figures_in(SAID).rate == 200.0


@pytest.mark.parametrize(
    "said",
    [
        SAID.replace('"refused": 0', '"refused": 1'),
        SAID.replace('"broken": 0', '"broken": 1'),
        SAID.replace('"requests": 300', '"requests": 0'),
        "unable to connect to 127.0.0.1",
    ],
)
def test_figures_of_requests_that_went_wrong_are_refused(said: str) -> None:
    with pytest.raises(BadAnswers):
        figures_in(said)


def test_the_same_json_of_the_same_length_is_alike() -> None:
    require_alike("/", {"ours": b'{"a":1,"b":2}', "limit4": b'{"b":2,"a":1}'})


def test_another_answer_is_refused_and_its_app_named() -> None:
    with pytest.raises(UnlikeAnswers, match="limit4 and ours answer GET /api/posts/1 with differ"):
        require_alike("/api/posts/1", {"ours": b'{"a":1}', "limit4": b'{"a":2}'})


def test_the_same_json_in_more_bytes_is_refused() -> None:
    with pytest.raises(UnlikeAnswers, match="ninja answers GET / with 8 bytes, ours with 7"):
        require_alike("/", {"ours": b'{"a":1}', "limit4": b'{"a":1}', "ninja": b'{"a": 1}'})


def test_memory_is_noted_when_a_mark_is_first_passed_and_at_the_end() -> None:
    turns = [
        replace(reading("ours", rate), memory=memory)
        for rate, memory in [(3_000, 91.0), (2_000, 92.0), (2_000, 93.0), (1, 94.0)]
    ]

    assert kept(turns, idle=90.0) == {0: 90.0, 10_000: 92.0, 14_002: 94.0}


@pytest.mark.parametrize(("measured", "reached"), [(0.49, False), (0.5, True), (0.51, True)])
def test_a_target_is_reached_from_its_figure_on(measured: float, reached: bool) -> None:
    assert targets.Target(text="", asked=0.5, measured=measured).kept is reached


@pytest.mark.parametrize(("measured", "reached"), [(3.9, True), (4.0, True), (4.1, False)])
def test_a_bound_is_kept_up_to_its_figure(measured: float, reached: bool) -> None:
    assert targets.Target(text="", asked=4.0, measured=measured, at_most=True).kept is reached


def test_speed_is_held_against_the_better_limit() -> None:
    found = {target.text: target.measured for target in targets.speed(FIGURES)}

    assert found["list, 16 connections: ours in terms of the limit"] == pytest.approx(600 / 1100)


def test_the_tail_is_held_against_the_median_of_the_same_round() -> None:
    turns = [reading("ours", 10, connections=64, p99=p99) for p99 in (8.0, 20.0, 12.0)]

    assert [target.measured for target in targets.speed(Figures(turns))] == [3.0]


def test_memory_is_flat_when_the_last_mark_is_near_the_first() -> None:
    found = {target.text: target.measured for target in targets.size(FOOTPRINT)}

    assert found["memory after 100,000 requests, in terms of 10,000"] == 1.04


def test_a_target_that_was_missed_is_said_to_be() -> None:
    lines = run_with(FIGURES).as_markdown().splitlines()

    assert (
        "| list, 16 connections: ours in terms of the tutorial | ≥ 6.00 | 6.00 | reached |" in lines
    )
    assert (
        "| start to the first answer, in terms of the tutorial's | ≤ 1.30 | 1.50 | **missed** |"
        in lines
    )


def test_a_table_begins_with_the_fastest() -> None:
    rows = [line for line in run_with(FIGURES).as_markdown().splitlines() if "| 16 |" in line]

    assert [row.split(" | ")[1] for row in rows] == ["limit4", "limit16", "ours", "tutorial"]


def test_a_busy_machine_is_said_to_have_been_busy() -> None:
    first, *others = FIGURES.readings
    figures = Figures([replace(first, others=report.BUSY + 0.5), *others])

    assert "in 1 of 12 turns others used more than 0.3 processors, 0.8 at worst" in (
        run_with(figures).as_markdown()
    )


def test_a_quiet_machine_is_not_mentioned() -> None:
    assert "busy" not in run_with(FIGURES).as_markdown()


def test_the_json_holds_every_reading_and_every_target() -> None:
    run = run_with(FIGURES)

    written = json.loads(run.as_json())

    assert len(written["readings"]) == len(FIGURES.readings)
    assert [each["measured"] for each in written["targets"]] == pytest.approx(
        [target.measured for target in run.targets], abs=0.001
    )


def test_the_chart_is_well_formed_and_names_every_app_with_its_rate() -> None:
    drawn = ET.fromstring(chart(FIGURES, [LIST], subtitle="<2026>"))  # noqa: S314 - ours

    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"ours", "tutorial", "limit4", "limit16"} <= set(texts)
    assert "600, 0.55 times the limit" in texts


def test_the_longest_bar_belongs_to_the_fastest() -> None:
    drawn = ET.fromstring(chart(FIGURES, [LIST], subtitle=""))  # noqa: S314 - ours

    bars = [
        float(element.attrib["width"])
        for element in drawn.iter("{http://www.w3.org/2000/svg}rect")
        if element.attrib["class"].startswith("bar")
    ]
    assert bars == sorted(bars, reverse=True)
    assert (bars[0], bars[-1]) == (380.0, 38.0)


def test_a_cached_answers_bar_is_cut_so_that_the_others_can_be_compared() -> None:
    cached = [reading("ours-cached", rate) for rate in (9_000, 9_900, 8_100)]
    drawn = chart(Figures([*FIGURES.readings, *cached]), [LIST], subtitle="")

    assert drawn.count('width="380.0"') == 2
    assert "9,000, 9.00 times the limit (bar is cut)" in drawn


def test_our_own_load_publishes_in_the_name_of_one_author_after_the_other(tmp_path: Path) -> None:
    tokens, body = tmp_path / "tokens", tmp_path / "body"
    tokens.write_text("ada\ngrace\n")
    body.write_text('{"title": "é"}')

    sent = list(islice(requests_for("http://127.0.0.1:80/api/posts", tokens, body), 3))

    assert [b"Bearer ada\r\n" in each for each in sent] == [True, False, True]
    assert all(each.endswith(b"Content-Length: 15\r\n\r\n" + body.read_bytes()) for each in sent)
