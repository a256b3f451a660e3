"""The sample suite measures what its expected.toml and results say: the README shows figures of this code.

All of its questions take minutes: a part of them is asked anew, and held to what the results say of each.
"""

from __future__ import annotations

from pathlib import Path

from eval.expected import deviations, expected
from eval.run import Run, run_suite
from eval.suite import Suite

RESULTS = Run.load(Path(__file__).parents[1] / "eval" / "results" / "sample.json")
PART = 24
SAME = 22  # of these; other processors may round otherwise


def test_the_results_of_the_sample_suite_are_what_is_expected() -> None:
    wanted = expected("sample")
    assert set(wanted) == {"footnote"}
    assert deviations(RESULTS, wanted) == []
    assert len(RESULTS.rows["footnote"]) == Suite.load("sample").total


def test_a_part_of_the_sample_suite_is_answered_as_its_results_say(tmp_path: Path) -> None:
    run, _ = run_suite(Suite.load("sample"), limit=PART, out=tmp_path / "sample.json")
    known = {row["id"]: row["outcome"] for row in RESULTS.rows["footnote"]}
    other = {row["id"]: (row["outcome"], known[row["id"]]) for row in run.rows["footnote"]}
    other = {id: both for id, both in other.items() if both[0] != both[1]}
    assert len(run.rows["footnote"]) == PART
    assert len(other) <= PART - SAME, other
    assert run.value("footnote", "quote_fidelity") == 1.0
    assert run.value("footnote", "failed") == 0
