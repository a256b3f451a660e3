"""The figures of reading with the right document given, with a network whose answers are known."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval.reading import read, row
from rag.stretches import Scored

TEXT = "Rubio met Lavrov in Riyadh."


class Fixed:
    """Finds "Rubio" in every text, as sure as the question's number says."""

    def score(self, question: str, titles: Sequence[str], texts: Sequence[str], parts: Sequence[Any]) -> Any:
        return [[Scored(start=0, end=5, score=float(question), relevance=0.0)] for _ in texts]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    document = {"id": "d", "title": "Talks", "text": TEXT, "meta": {}}
    questions = [
        {"id": str(i), "question": question, "answers": answers, "answerable": bool(answers), "evidence": [],
         "meta": {"doc_id": "d", "kind": "ans"}}
        for i, (question, answers) in enumerate(
            [("3", ["Rubio"]), ("2", ["Rubio met"]), ("-1", ["Rubio"]), ("1", []), ("-2", [])]
        )
    ]  # fmt: skip
    for name, rows in (("documents", [document]), ("questions", questions)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)
    return tmp_path


def test_a_span_below_the_threshold_is_a_refusal(data: Path) -> None:
    network: Any = Fixed()
    found = read(data, network)
    values = {name: one["value"] for name, one in found["figures"].items()}
    assert (found["questions"], found["answerable"]) == (5, 3)
    assert values == pytest.approx(
        {"exact_match": 40.0, "f1": 53.33, "f1_answerable": 55.56, "refused_unanswerable": 50.0}, abs=0.01
    )
    assert all(one["low"] <= one["value"] <= one["high"] for one in found["figures"].values())


def test_the_best_threshold_weighs_both_kinds_of_question_alike(data: Path) -> None:
    network: Any = Fixed()
    best = read(data, network)["best_threshold"]
    assert (best["threshold"], best["mean"]) == (2.0, pytest.approx(100 * (5 / 9 + 1) / 2, abs=0.01))


def test_a_row_shows_each_figure_with_its_interval() -> None:
    one = {"value": 70.04, "low": 69.0, "high": 71.26}
    assert row({"data": "x", "questions": 1234, "figures": {"exact_match": one, "f1": one, "f1_answerable": one}}) == (
        "| `x` | 1,234 | 70.0 (69.0–71.3) | 70.0 (69.0–71.3) | 70.0 (69.0–71.3) | – |"
    )
