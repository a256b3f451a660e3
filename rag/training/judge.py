"""Fit and measure the support checker: `python -m rag.training.judge WORK --data ../shared/data`.

The calibrate part of pairs.npz fits scale, biases and thresholds, and writes them beside the weights (`--fit`); its
check part is reported, as are pairs made in the same way of the sets that are for reports alone. With weights that
were not pinned yet, name them with `--weights`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from eval.confidence import calibration_error
from eval.provenance import provenance, publish
from eval.statistics import interval, resamples
from rag.network import arrange
from rag.support import CALIBRATION, Claim, SupportCalibration, SupportChecker
from rag.support_network import PINNED, TRAINED, Scorer
from rag.training.pair_arrays import KINDS, LABELS, Pairs, arrays
from rag.training.pairs import made_from
from rag.training.recipe import Recipe

REPORTED = ("squad2_dev", "squadshifts_new_wiki")
TRUE_KEPT = 0.96  # share of true statements that may count as supported: the threshold is chosen so
SURELY_FALSE = 0.05  # share of the false ones that may pass where the checker is to be sure
SURE = 0.95  # share of the claims called contradicted that are at least not supported
ROUNDS = 60  # of the timing
AT_ONCE = 6  # claims judged together in it: a drafted sentence against what it may rest on
BATCH = 64

Logits = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.judge", description=__doc__)
    parser.add_argument("work", type=Path, help="folder with pairs.npz")
    parser.add_argument("--data", type=Path, help="folder with the report sets")
    parser.add_argument("--weights", type=Path, default=TRAINED)
    parser.add_argument("--limit", type=int, default=6000, help="pairs of each part and set, drawn by chance")
    parser.add_argument("--fit", action="store_true", help="write the calibration")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    scorer = Scorer.load(options.weights, pinned=PINNED if options.weights == TRAINED else "")
    pairs = Pairs.load(options.work / "pairs.npz")
    calibration = SupportCalibration.load()
    if options.fit:
        held = sample(pairs, "calibrate", options.limit)
        calibration = fitted(logits_of(scorer, pairs, held), pairs.label[held])
        CALIBRATION.write_text(json.dumps(asdict(calibration), indent=2) + "\n", encoding="utf-8")
    held = sample(pairs, "check", options.limit)
    found = {"check": figures(logits_of(scorer, pairs, held), pairs, held, calibration)}
    for name in REPORTED if options.data else ():
        others = of_report(options.data / name, options.work / f"{name}.npz")
        held = sample(others, "check", options.limit)
        found[name] = figures(logits_of(scorer, others, held), others, held, calibration)
    speed = {str(threads): timed(scorer, threads) for threads in (1, 2) if threads <= len(os.sched_getaffinity(0))}
    publish({"calibration": asdict(calibration), "sets": found, "ms_per_claim": speed, **provenance()}, options.json)


def sample(pairs: Pairs, part: str, limit: int) -> Numbers:
    """At most `limit` pairs of a part, drawn by chance, always the same."""
    return np.sort(np.random.default_rng(5).permutation(pairs.of(part))[:limit])


def of_report(folder: Path, kept: Path) -> Pairs:
    """All pairs of a set for reports, unseen by training and fit; made once, and `kept` in a file."""
    if kept.exists():
        return Pairs.load(kept)
    recipe = Recipe.load().support
    pairs = arrays(list(made_from(folder, recipe, held_out=1, all_in="check")), window=recipe.window)
    pairs.save(kept)
    return pairs


def logits_of(scorer: Scorer, pairs: Pairs, held: Numbers) -> Logits:
    """Float64 [n, 3], of the pairs in the order given."""
    found = np.zeros((len(held), len(LABELS)))
    order = np.argsort((pairs.bounds[:, 3] - pairs.bounds[:, 0])[held], kind="stable")
    for begin in tqdm(range(0, len(held), BATCH), unit="batch", mininterval=10):
        rows = order[begin : begin + BATCH]
        with torch.inference_mode():
            found[rows] = scorer.network(arrange(*zip(*(pairs.texts(i) for i in held[rows]), strict=True))).numpy()
    return found


def probabilities(logits: Logits, calibration: SupportCalibration) -> Logits:
    """Float64 [n, 3]; what `rag.support.judgement` computes of one row."""
    scaled = calibration.scale * logits + np.array(calibration.bias)
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    whole: Logits = shares / shares.sum(axis=1, keepdims=True)
    return whole


def fitted(logits: Logits, labels: npt.NDArray[np.uint8], *, steps: int = 400) -> SupportCalibration:
    """Scale and biases of least log loss (vector scaling with one scale: Guo et al. 2017, section 4.2); thresholds by
    the shares above."""
    rows, gold = torch.tensor(logits), torch.tensor(labels.astype(np.int64))
    scale, bias = (
        torch.ones(1, dtype=torch.float64, requires_grad=True),
        torch.zeros(3, dtype=torch.float64, requires_grad=True),
    )
    optimizer = torch.optim.Adam([scale, bias], lr=0.03)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(scale * rows + bias, gold)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    first, second, third = (bias.detach() - bias.detach().mean()).round(decimals=4).tolist()
    plain = SupportCalibration(
        scale=round(scale.item(), 4), bias=(first, second, third), supported=0.5, sure=0.5, contradicted=0.5
    )
    found = probabilities(logits, plain)
    true = labels == LABELS.index("supported")
    supported = float(np.quantile(found[true, 0], 1 - TRUE_KEPT))
    sure = float(np.quantile(found[~true, 0], 1 - SURELY_FALSE))
    against = found[:, 1]
    contradicted = next(
        (float(one) for one in np.linspace(0.3, 0.99, 70) if (~true)[against >= one].mean() >= SURE), 0.99
    )
    return SupportCalibration(
        scale=plain.scale,
        bias=plain.bias,
        supported=round(supported, 4),
        sure=round(max(sure, supported), 4),
        contradicted=round(contradicted, 4),
    )


def figures(logits: Logits, pairs: Pairs, held: Numbers, calibration: SupportCalibration) -> dict[str, Any]:
    """Accuracy as a judge of supported against the rest, at the threshold and at one half; by kind, with intervals."""
    found = probabilities(logits, calibration)
    true = pairs.label[held] == LABELS.index("supported")
    drawn = resamples([str(one) for one in pairs.document[held]])
    result: dict[str, Any] = {"pairs": len(held), "documents": len(set(pairs.document[held].tolist()))}
    for name, threshold in (("at_threshold", calibration.supported), ("at_half", 0.5)):
        taken = found[:, 0] >= threshold

        def balanced(chosen: Numbers, taken: npt.NDArray[np.bool_] = taken) -> float:
            mine, right = true[chosen], taken[chosen] == true[chosen]
            return float((right[mine].mean() + right[~mine].mean()) / 2)

        every = np.arange(len(held))
        low, high = interval(balanced, drawn) or (float("nan"), float("nan"))
        result[name] = {
            "balanced_accuracy": _rounded(balanced(every)), "interval": [_rounded(low), _rounded(high)],
            "true_kept": _rounded(taken[true].mean()), "false_passed": _rounded(taken[~true].mean()),
            "kinds": {
                kind: {"pairs": int(at.sum()), "right": _rounded((taken == true)[at].mean())}
                for i, kind in enumerate(KINDS)
                for label in (True, False)
                if (at := (pairs.kind[held] == i) & (true == label)).any()
            },
        }  # fmt: skip
    against = found[:, 1] >= calibration.contradicted
    contradicted = pairs.label[held] == LABELS.index("contradicted")
    result["contradicted"] = {
        "found": _rounded(against[contradicted].mean()), "of_true": _rounded(against[true].mean()),
        "right": _rounded(contradicted[against].mean()),
    }  # fmt: skip
    result["calibration_error"] = _rounded(calibration_error(found[:, 0], true))
    return result


def timed(scorer: Scorer, threads: int) -> dict[str, Any]:
    """Milliseconds for each claim of a batch of six, median and quartiles; and of processor time, which others that
    run beside it disturb less."""
    claims = [
        Claim(
            text=f"Rubio met Lavrov in Riyadh on {18 + i} February, the State Department said after the talks.",
            title="Talks in Riyadh",
            premise="US Secretary of State Marco Rubio met his Russian counterpart, Sergei Lavrov, in Riyadh on "
            f"{18 + i} February. It was the first such meeting since the war began, the State Department said. "
            "No date was set for another round.",
        )
        for i in range(AT_ONCE)
    ]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    seconds, busy = [], []
    for _ in range(ROUNDS + 3):
        checker = SupportChecker(scorer)  # which remembers nothing yet
        begun, used = time.perf_counter(), time.process_time()
        checker.judge(claims)
        seconds.append(1000 * (time.perf_counter() - begun) / AT_ONCE)
        busy.append(1000 * (time.process_time() - used) / AT_ONCE)
    torch.set_num_threads(before)
    found = {}
    for name, values in (("elapsed", seconds), ("processor", busy)):
        low, median, high = statistics.quantiles(values[3:], n=4)
        found[name] = {"median": round(median, 2), "quartiles": [round(low, 2), round(high, 2)]}
    return {**found, "load": round(os.getloadavg()[0], 1)}


def _rounded(value: Any) -> float:
    return round(float(value), 4)


if __name__ == "__main__":
    main()
