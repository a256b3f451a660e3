"""The sample suite measures what its expected.toml says, so that the README's figures are those of this code."""

from __future__ import annotations

from pathlib import Path

from eval.expected import deviations, expected
from eval.run import run_suite
from eval.suite import Suite


def test_the_sample_suite_measures_what_is_expected(tmp_path: Path) -> None:
    run, _ = run_suite(Suite.load("sample"), out=tmp_path / "sample.json")
    wanted = expected("sample")
    assert set(wanted) == {"footnote"}
    assert deviations(run, wanted) == []
    assert run.value("footnote", "quote_fidelity") == 1.0
    assert run.value("footnote", "failed") == 0
