"""Whether a system's confidence can be believed: calibration and the price of answering, from the results of a run.

    RAG_READER__THRESHOLD=0 rag eval ../shared/data/squad2_dev --limit 1000 --out eval-runs/open.json
    python -m eval.confidence eval-runs/open.json --plot eval-runs/open.svg

Nothing may be held back for want of confidence, hence the threshold of 0: of what is held back nobody knows whether it
was right. Questions refused all the same, for naming what is not there, count as not answered. An answer is right
where every fact that was asked for is cited at a gold span.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.provenance import provenance, publish
from rag.errors import RagError, SuiteError

Confidences = npt.NDArray[np.float64]
Right = npt.NDArray[np.bool_]
BINS = 10
PRECISION = 0.95


def calibration_error(confidences: Confidences, right: Right, *, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal width (Guo et al. 2017, arXiv:1706.04599, equation 3)."""
    return sum(share * abs(said - was) for _, share, said, was in reliability(confidences, right, bins=bins))


def reliability(confidences: Confidences, right: Right, *, bins: int = BINS) -> list[tuple[int, float, float, float]]:
    """Of each bin that holds answers: its number, share of the answers, mean confidence, and share that is right."""
    at = np.minimum((confidences * bins).astype(int), bins - 1)
    return [
        (b, float((at == b).mean()), float(confidences[at == b].mean()), float(right[at == b].mean()))
        for b in range(bins)
        if (at == b).any()
    ]


def risk_coverage(confidences: Confidences, right: Right, *, asked: int) -> tuple[Confidences, Confidences]:
    """(coverage, risk) after the k most confident answers, k from 1: share answered of the questions `asked`, and share
    of those answers that is wrong.

    El-Yaniv & Wiener 2010, On the foundations of noise-free selective classification.
    """
    order = np.argsort(-confidences, kind="stable")
    number = np.arange(1, len(order) + 1)
    _, tied = np.unique(-confidences[order], return_inverse=True)  # of answers as sure as each other none comes first
    wrong = (np.bincount(tied, ~right[order]) / np.bincount(tied))[tied] if len(order) else number
    return number / asked, np.cumsum(wrong) / number


def area(confidences: Confidences, right: Right) -> float:
    """Area under the risk–coverage curve: the mean risk over all coverages (Geifman et al. 2019, arXiv:1805.08206)."""
    return float(risk_coverage(confidences, right, asked=len(right))[1].mean())


def coverage_at(confidences: Confidences, right: Right, *, asked: int, precision: float = PRECISION) -> float:
    """The largest share of questions that can be answered with at least this precision; 0.0 where there is none."""
    coverage, risk = risk_coverage(confidences, right, asked=asked)
    enough = coverage[risk <= 1 - precision + 1e-12]
    return float(enough.max()) if len(enough) else 0.0


def threshold_for(confidences: Confidences, right: Right, *, precision: float) -> float:
    """The least confidence from which the answers given are right as often as `precision`; 1.0 where none is."""
    order = np.argsort(-confidences, kind="stable")
    _, risk = risk_coverage(confidences, right, asked=len(right))
    last = np.r_[np.diff(confidences[order]) != 0, True]  # of answers with the same confidence all are given or none
    enough = np.flatnonzero((risk <= 1 - precision + 1e-12) & last)
    return math.floor(1e6 * float(confidences[order[enough[-1]]])) / 1e6 if len(enough) else 1.0


def judged(rows: Sequence[Mapping[str, Any]]) -> tuple[Confidences, Right]:
    """Confidence of each answer, and whether it is right; refusals are left out.

    Raises SuiteError where there is no answer, or one without confidence.
    """
    answers = [row for row in rows if not row["refused"]]
    if not answers or any(row["error"] or row["confidence"] is None for row in answers):
        raise SuiteError(
            "these results hold no answers with a confidence, or questions that failed.",
            remedy="Run the suite again with RAG_READER__THRESHOLD=0.",
        )
    confidences = np.array([row["confidence"] for row in answers], dtype=np.float64)
    return confidences, np.array([(row["citation_recall"] or 0) == 1 for row in answers])


def figures(confidences: Confidences, right: Right, *, asked: int) -> dict[str, Any]:
    """What there is to say of them in numbers; `asked` counts the questions, refused ones included."""
    return {
        "questions": asked,
        "answers": len(right),
        "right": round(float(right.mean()), 4),
        "mean_confidence": round(float(confidences.mean()), 4),
        "calibration_error": round(calibration_error(confidences, right), 4),
        "area_under_risk_coverage": round(area(confidences, right), 4),
        f"coverage_at_{PRECISION:.0%}_precision": round(coverage_at(confidences, right, asked=asked), 4),
    }


def plot(confidences: Confidences, right: Right, file: Path, *, asked: int) -> None:
    """Draw the risk–coverage curve and the reliability of each bin."""
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "footnote"
    figure, (left, middle) = pyplot.subplots(1, 2, figsize=(9, 4), layout="constrained")
    left.plot(*risk_coverage(confidences, right, asked=asked))
    left.set(xlabel="coverage: share answered", ylabel="risk: share of answers wrong", xlim=(0, 1), ylim=(0, None))
    bins = reliability(confidences, right)
    middle.plot([0, 1], [0, 1], color="grey", linewidth=1)
    middle.scatter([said for *_, said, _ in bins], [was for *_, was in bins], s=[20 + 600 * b[1] for b in bins])
    middle.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.confidence", description=__doc__)
    parser.add_argument("results", type=Path, help="results file of a run that refused nothing")
    parser.add_argument("--system", default="footnote")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures there as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curves there (.svg or .png)")
    options = parser.parse_args(arguments)
    from eval.run import Run  # it measures calibration, by the functions above

    try:
        rows = Run.load(options.results).rows[options.system]
        confidences, right = judged(rows)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    publish({**figures(confidences, right, asked=len(rows)), **provenance()}, options.out)
    if options.plot:
        plot(confidences, right, options.plot, asked=len(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
