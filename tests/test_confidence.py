"""Calibration and risk–coverage, by hand and against scikit-learn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from eval.confidence import (
    area,
    calibration_error,
    coverage_at,
    figures,
    judged,
    plot,
    reliability,
    risk_coverage,
    threshold_for,
)
from rag.errors import SuiteError

CONFIDENCES = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, True])


def test_the_calibration_error_is_the_mean_gap_between_confidence_and_truth() -> None:
    said = np.array([0.95, 0.95, 0.15, 0.15])
    assert calibration_error(said, np.array([True, False, False, False])) == pytest.approx(0.45 / 2 + 0.15 / 2)
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0.0


def test_reliability_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(3)
    said = chance.random(500)
    right = chance.random(500) < said**2
    was, mean = calibration_curve(right, said, n_bins=10)
    bins = reliability(said, right)
    assert [one[3] for one in bins] == pytest.approx(was.tolist())
    assert [one[2] for one in bins] == pytest.approx(mean.tolist())
    assert sum(one[1] for one in bins) == pytest.approx(1.0)


def test_risk_grows_with_each_wrong_answer_in_the_order_of_confidence() -> None:
    coverage, risk = risk_coverage(CONFIDENCES, RIGHT, asked=5)
    assert coverage.tolist() == [0.2, 0.4, 0.6, 0.8]
    assert risk.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 4])
    assert area(CONFIDENCES, RIGHT) == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_answers_as_sure_as_each_other_come_in_no_order() -> None:
    said = np.array([0.9, 0.5, 0.5, 0.5])
    for right in ([True, True, False, False], [True, False, True, False], [True, False, False, True]):
        assert area(said, np.array(right)) == pytest.approx((0 + (2 / 3) / 2 + (4 / 3) / 3 + 2 / 4) / 4)


def test_coverage_at_a_precision_is_the_most_that_keeps_it() -> None:
    assert coverage_at(CONFIDENCES, RIGHT, asked=5, precision=0.95) == 0.4
    assert coverage_at(CONFIDENCES, RIGHT, asked=5, precision=0.75) == 0.8
    assert coverage_at(CONFIDENCES, ~RIGHT, asked=5, precision=0.95) == 0.0


def test_the_threshold_is_the_least_confidence_that_keeps_the_precision() -> None:
    said = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    assert threshold_for(said, right, precision=0.75) == 0.6
    assert threshold_for(said, right, precision=0.8) == 0.8
    assert threshold_for(said, ~right, precision=0.9) == 1.0
    assert threshold_for(np.array([0.65919, 0.65913]), np.array([True, False]), precision=1.0) == 0.65919
    assert threshold_for(np.array([0.9, 0.7, 0.7]), np.array([True, True, False]), precision=0.9) == 0.9


def test_a_plot_fetches_nothing(tmp_path: Path) -> None:
    plot(CONFIDENCES, RIGHT, tmp_path / "deep" / "plot.svg", asked=5)
    drawn = (tmp_path / "deep" / "plot.svg").read_text(encoding="utf-8")
    assert "<svg" in drawn
    assert not re.findall(r'(?:href|src)="(?!#)[^"]*"', drawn)


def test_refusals_are_left_out_and_failures_are_not_judged() -> None:
    given: dict[str, Any] = {"citation_recall": 1.0, "confidence": 0.75, "refused": False, "error": ""}
    rows = [given, given | {"citation_recall": 0.0}, given | {"refused": True}, given | {"citation_recall": None}]
    confidences, right = judged(rows)
    assert (confidences.tolist(), right.tolist()) == ([0.75] * 3, [True, False, False])
    for amiss in ([given | {"refused": True}], [given | {"error": "broke"}], [given | {"confidence": None}]):
        with pytest.raises(SuiteError, match="RAG_READER__THRESHOLD=0"):
            judged(amiss)


def test_the_figures_say_over_how_many_answers_they_are_taken() -> None:
    found = figures(CONFIDENCES, RIGHT, asked=5)
    assert (found["questions"], found["answers"], found["right"], found["mean_confidence"]) == (5, 4, 0.75, 0.65)
