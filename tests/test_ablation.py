"""How two readers are compared on the same questions."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import pytest

from rag.reader import Found
from rag.support import Claim
from rag.training.ablation import Judged, _named, compared
from rag.training.calibrate import ORDER, Example

ANSWERABLE = np.array([True, True, True, False, False])
GOOD = Judged(
    confidence=np.array([0.9, 0.8, 0.3, 0.2, 0.7]), right=np.array([True, True, True, False, False]),
    given=np.array([True, True, False, False, True]), answerable=ANSWERABLE,
)  # fmt: skip
BAD = Judged(
    confidence=np.array([0.9, 0.1, 0.3, 0.2, 0.7]), right=np.array([True, False, False, False, False]),
    given=np.array([True, False, False, False, True]), answerable=ANSWERABLE,
)  # fmt: skip


def test_the_figures_of_a_reader_are_those_counted_by_hand() -> None:
    assert GOOD.figures() == pytest.approx(
        {
            "best_span_right": 1.0,
            "area_under_roc": 5 / 6,  # of six pairs of right and wrong one, 0.3 and 0.7, stands the wrong way round
            "area_under_risk_coverage": (0 + 0 + 1 / 3 + 1 / 4 + 2 / 5) / 5,
            "given_right": 2 / 3,
            "answerable_right": 2 / 3,
            "others_refused": 1 / 2,
        }
    )
    assert BAD.figures()["best_span_right"] == pytest.approx(1 / 3)
    assert GOOD.figures(np.array([0, 0, 3]))["answerable_right"] == 1.0


def test_a_difference_has_the_sign_of_the_second_and_an_interval_over_the_questions() -> None:
    many = [Judged(**{name: np.tile(getattr(one, name), 40) for name in Judged.__slots__}) for one in (BAD, GOOD)]
    found = compared(*many, resamples=400)
    right = found["best_span_right"]
    assert right["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert right["low"] == pytest.approx(2 / 3 - 0.084, abs=0.02)  # 1.96 times the deviation of a share of 120
    assert right["high"] == pytest.approx(2 / 3 + 0.084, abs=0.02)
    assert found["others_refused"] == {"value": 0.0, "low": 0.0, "high": 0.0}  # both give and refuse the same ones
    assert compared(*many[::-1], resamples=2)["best_span_right"]["value"] == pytest.approx(-2 / 3, abs=1e-4)


def test_a_reader_is_fitted_on_one_part_and_judged_on_the_other_without_the_support_checker() -> None:
    chance = random.Random(0)
    calibrate, check = ([question(chance, answerable=i % 2 == 0) for i in range(60)] for _ in range(2))
    judged = Judged.of(calibrate, check)
    assert judged.answerable.tolist() == [one.answerable for one in check]
    assert judged.right.tolist() == judged.answerable.tolist()  # the span that scores highest is the right one
    assert judged.figures()["area_under_roc"] == 1.0


def question(chance: random.Random, *, answerable: bool) -> Example:
    """A right span of high logit beside two wrong ones of low logit; or the wrong ones alone."""
    logits = [*([chance.uniform(3, 6)] if answerable else []), chance.uniform(-4, 0), chance.uniform(-4, 0)]
    found = [
        Found(
            rank=i, start=0, end=4, text=f"Kell{i}", said=f"Kell{i} spoke.", sentences=(0, 10),
            features=dict.fromkeys(ORDER, 0.0) | {"span": logit, "relevance": logit / 2},
        )
        for i, logit in enumerate(logits)
    ]  # fmt: skip
    right = [answerable and i == 0 for i in range(len(found))]
    claims = [Claim(text="Kell", title="", premise=one.said) for one in found]
    return Example(answerable=answerable, found=found, right=right, shown=right, claims=claims)


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    weights = tmp_path / "reader.safetensors"
    weights.touch()
    assert _named(f"with={weights}") == ("with", weights)
    for text in ("with", "with=", f"with={tmp_path}/other"):
        with pytest.raises(argparse.ArgumentTypeError, match="names no weights"):
            _named(text)
