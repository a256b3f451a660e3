"""What a choice in the reader's training brings: `python -m rag.training.ablation DATA NAME=WEIGHTS NAME=WEIGHTS …`.

Each reader answers the same questions over an index, as `rag.training.calibrate` asks them. Its order and confidence
are fitted on the calibrate part, without the support checker's word, and judged on the check part.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from eval.confidence import area
from eval.provenance import provenance, publish
from rag.training.calibrate import CONFIDENCE, Example, examples, fit, judged
from rag.training.data import PARTS

OWN = tuple(name for name in CONFIDENCE if name != "support")  # what the reader itself knows
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one reader made of n questions, as arrays [n]: its confidence, whether its best span is right, and whether
    that is given as the answer at the fitted threshold; `answerable` is the same for all readers."""

    confidence: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    given: npt.NDArray[np.bool_]
    answerable: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, calibrate: Sequence[Example], check: Sequence[Example]) -> Judged:
        fitted = fit(calibrate, OWN)
        confidence, right = judged(check, fitted)
        answerable = np.array([one.answerable for one in check])
        return cls(confidence=confidence, right=right, given=confidence >= fitted.threshold, answerable=answerable)

    def figures(self, chosen: npt.NDArray[np.int64] | slice = slice(None)) -> dict[str, float]:
        """Shares between 0 and 1 of the `chosen` questions."""
        right, given, answerable = (one[chosen] for one in (self.right, self.given, self.answerable))
        return {
            "best_span_right": float(right[answerable].mean()),
            "area_under_roc": float(roc_auc_score(right, self.confidence[chosen])),
            "area_under_risk_coverage": area(self.confidence[chosen], right),
            "given_right": float(right[given].mean()),
            "answerable_right": float((right & given)[answerable].mean()),
            "others_refused": float((~given)[~answerable].mean()),
        }


def compared(first: Judged, second: Judged, *, resamples: int = RESAMPLES) -> dict[str, dict[str, float]]:
    """Second less first, with 95 % intervals over the questions, drawn for both alike (Efron 1979)."""
    chance, n = np.random.default_rng(0), len(first.right)
    drawn = [chance.integers(0, n, n) for _ in range(resamples)]
    gains = [(first.figures(chosen), second.figures(chosen)) for chosen in drawn]
    whole = first.figures()
    found = {}
    for name, value in second.figures().items():
        low, high = np.percentile([after[name] - before[name] for before, after in gains], [2.5, 97.5])
        found[name] = {"value": round(value - whole[name], 4), "low": round(low, 4), "high": round(high, 4)}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.ablation", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("readers", type=_named, nargs="+", metavar="NAME=WEIGHTS", help="the first is compared with")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    options = parser.parse_args(arguments)
    names, weights = zip(*options.readers, strict=True)
    with ProcessPoolExecutor(len(PARTS[1:]), mp_context=get_context("spawn")) as pool:
        read = {part: pool.map(examples, repeat(options.data), repeat(part), weights) for part in PARTS[1:]}
        found = {name: Judged.of(*parts) for name, *parts in zip(names, *read.values(), strict=True)}
    base, *others = found
    publish(
        {
            "answerable": int(found[base].answerable.sum()),
            "others": int((~found[base].answerable).sum()),
            "readers": {name: _rounded(one.figures()) for name, one in found.items()},
            "difference": {f"{name} - {base}": compared(found[base], found[name]) for name in others},
            **provenance(),
        },
        options.out,
    )


def _named(text: str) -> tuple[str, Path]:
    name, _, file = text.partition("=")
    if not Path(file).is_file():
        raise argparse.ArgumentTypeError(f"“{text}” names no weights: write NAME=FILE with a file that exists")
    return name, Path(file)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    main()
