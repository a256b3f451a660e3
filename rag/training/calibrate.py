"""Fit the reader's order, confidence and threshold: `python -m rag.training.calibrate DATA` writes calibration.json.

Questions of the articles that training did not see are asked over all documents of those articles, as a user asks; half
of the articles are put together first, for reports are longer than the paragraphs that the data holds. The calibrate
part fits, the check part reports. One document in five is left out of the index: its questions have no answer there.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from eval.confidence import calibration_error, threshold_for
from rag.config import Config
from rag.encoder import Encoder
from rag.index import Index
from rag.network import PINNED, WEIGHTS, Network
from rag.reader import (
    CALIBRATION,
    Calibration,
    Found,
    Reader,
    absent,
    asked_of,
    in_order,
    logit,
    question_features,
    sigmoid,
    supports,
)
from rag.retrieval import to_read
from rag.support import Claim, shared
from rag.training.data import PARTS, Json, drawn, lines, overlaps_evidence, part_of
from rag.training.recipe import Recipe
from rag.types import Document, Hit

ORDER = ("span", "relevance", "log_rank", "echo")
CONFIDENCE = ("sure", "relevance", "lead", "support")
TOGETHER = "policyqa"  # its questions fit a hundred documents alike, so that none of their answers is the right one
ANSWERABLE = 480  # questions of each part, and as many others: what users ask is not known, and this favours neither
PRECISION = 0.70  # share of right answers among those given that the threshold is chosen for
BETWEEN = "\n\n"  # paragraphs
NOTHING = Calibration(order={"span": 1.0}, confidence={}, threshold=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The spans that were found for one question.

    `right` says which of them overlap the evidence; `shown` the same of their whole sentences, which is what a user is
    shown, and so what confidence is about. `claims` is what the support checker is asked of each.
    """

    answerable: bool
    found: list[Found]
    right: list[bool]
    shown: list[bool]
    claims: list[Claim]

    def features(self, order: Mapping[str, float], *, checked: bool) -> tuple[dict[str, float], bool] | None:
        """What speaks for the best span, the support checker's word too where it is `checked`, and whether it is right;
        None where there is none."""
        best = in_order(self.found, order)
        if not best:
            return None
        features = question_features([self.found[i] for i in best])
        if checked:
            (features["support"],) = supports([self.claims[best[0]]], shared())
        return features, self.shown[best[0]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.calibrate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("--out", type=Path, default=CALIBRATION)
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(len(PARTS[1:]), mp_context=get_context("spawn")) as pool:
        calibrate, check = pool.map(examples, [options.data] * len(PARTS[1:]), PARTS[1:])
    fitted = fit(calibrate)
    for name, part in (("calibrate", calibrate), ("check", check)):
        report(name, part, fitted)
    options.out.write_text(json.dumps(asdict(fitted), indent=2) + "\n", encoding="utf-8")
    print(f"wrote {options.out}")


def examples(data: Path, part: str, weights: Path = WEIGHTS) -> list[Example]:
    """Index four documents in five of a part, ask about all, and mark which of the spans found are right.

    The parts are read side by side, each with its share of the cores. `weights` are the reader's.
    """
    torch.set_num_threads(max(1, torch.get_num_threads() // len(PARTS[1:])))
    config, held_out = Config(), Recipe.load().data.held_out
    network = Network.load(weights, pinned=PINNED if weights == WEIGHTS else "")
    encoder, reader = Encoder(), Reader(network, calibration=NOTHING)
    questions = list(lines(data / "questions.jsonl.gz"))
    documents, moved = put_together(
        [one for one in lines(data / "documents.jsonl.gz") if part_of(one["title"], held_out) == part]
    )
    kept = [one for one in documents if drawn(one["id"]) % 5]
    indexed = {one["id"] for one in kept}
    mine = [_moved(one, moved) for one in questions if one["meta"].get("doc_id") in moved]
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(folder, config=config, encoder=encoder, create=True) as index,
    ):
        index.add(Document(text=one["text"], path=one["id"], title=one["title"], sha256=one["id"]) for one in kept)
        for one in tqdm(_sampled(mine, indexed), desc=part, unit="question", position=PARTS.index(part) - 1):
            hits = to_read(index, one["question"], k=config.retrieval.read)
            if absent(one["question"], hits):
                continue  # refused before any confidence is asked for
            spans = reader.find(one["question"], hits)
            answerable = one["answerable"] and one["meta"]["doc_id"] in indexed
            right, shown = (
                [answerable and _right(span, hits[span.rank], one, whole=whole) for span in spans]
                for whole in (False, True)
            )
            claims = [asked_of(one["question"], span, hits[span.rank]) for span in spans]
            found.append(Example(answerable=answerable, found=spans, right=right, shown=shown, claims=claims))
    return found


def put_together(documents: Sequence[Json]) -> tuple[list[Json], dict[str, tuple[str, int]]]:
    """Half of the articles as one document each, the others as they are; and where each document has gone: the new id
    and the offset of its first character."""
    articles: dict[tuple[str, str], list[Json]] = {}
    for one in documents:
        whole = one["title"] and drawn(one["title"]) % 2
        articles.setdefault((one["id"].partition("|")[0], one["title"] if whole else one["id"]), []).append(one)
    found, moved = [], {}
    for parts in articles.values():
        text = ""
        for part in parts:
            moved[part["id"]] = (parts[0]["id"], len(text))
            text += part["text"] + BETWEEN
        found.append({**parts[0], "text": text.removesuffix(BETWEEN)})
    return found, moved


def _moved(question: Json, moved: dict[str, tuple[str, int]]) -> Json:
    """The question with its document and evidence where they have gone."""
    evidence = []
    for gold in question["evidence"]:
        if gold["doc_id"] in moved:
            into, by = moved[gold["doc_id"]]
            evidence.append({**gold, "doc_id": into, "start": gold["start"] + by, "end": gold["end"] + by})
    return {
        **question, "evidence": evidence, "meta": {**question["meta"], "doc_id": moved[question["meta"]["doc_id"]][0]}
    }  # fmt: skip


def _sampled(questions: Iterable[Json], indexed: set[str]) -> list[Json]:
    """Answerable questions on indexed documents; as many others, written by people or on absent documents."""
    chance = random.Random(7)
    mine = [
        one for one in questions
        if one["meta"]["kind"] != "syn" and not one["meta"]["dataset"].startswith(TOGETHER)
    ]  # fmt: skip
    answerable = [one for one in mine if one["answerable"] and one["meta"]["doc_id"] in indexed]
    absent = [one for one in mine if one["answerable"] and one["meta"]["doc_id"] not in indexed]
    written = [one for one in mine if not one["answerable"] and one["meta"]["doc_id"] in indexed]
    half = ANSWERABLE // 2
    parts = ((answerable, ANSWERABLE), (absent, half), (written, half))
    return [one for part, number in parts for one in chance.sample(part, min(number, len(part)))]


def _right(span: Found, hit: Hit, question: Json, *, whole: bool) -> bool:
    """Whether a span, or the `whole` sentences around it, overlap the evidence."""
    start, end = span.sentences if whole else (span.start, span.end)
    return overlaps_evidence(question, hit.path, start, end)


def fit(examples: Sequence[Example], names: Sequence[str] = CONFIDENCE) -> Calibration:
    """Order, confidence from the features of these `names`, and the threshold of PRECISION."""
    order = fit_order(examples)
    confidence = fit_confidence(examples, order, names)
    fitted = Calibration(order=order, confidence=confidence, threshold=0.0)
    return replace(fitted, threshold=threshold_for(*judged(examples, fitted), precision=PRECISION))


def fit_order(examples: Sequence[Example], *, steps: int = 400) -> dict[str, float]:
    """Weights that give the right spans the largest share of a softmax over all spans of their question."""
    used = [one for one in examples if any(one.right)]
    matrix = np.array([[span.features[name] for name in ORDER] for one in used for span in one.found])
    mean, deviation = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    rows = torch.tensor((matrix - mean) / deviation, dtype=torch.float32)
    right = torch.tensor([one for example in used for one in example.right])
    group = torch.tensor([i for i, example in enumerate(used) for _ in example.found])
    weights = torch.zeros(len(ORDER), requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05, weight_decay=1e-4)
    for _ in range(steps):
        share = torch.exp(rows @ weights)
        whole = torch.zeros(len(used)).index_add(0, group, share)
        good = torch.zeros(len(used)).index_add(0, group, share * right)
        loss = -(torch.log(good) - torch.log(whole)).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return _named(ORDER, weights.detach().numpy() / deviation)


def fit_confidence(examples: Sequence[Example], order: dict[str, float], names: Sequence[str]) -> dict[str, float]:
    """Logistic regression: do the best span's sentences hold the answer?"""
    rows, right = [], []
    for one in examples:
        if best := one.features(order, checked="support" in names):
            rows.append(best[0])
            right.append(best[1])
    matrix = np.array([[row[name] for name in names] for row in rows])
    model = LogisticRegression(C=10.0, max_iter=2000).fit(matrix, right)
    return _named((*names, "bias"), (*model.coef_[0], *model.intercept_))


def judged(examples: Sequence[Example], fitted: Calibration) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The confidence of each question's best span, and whether it is right."""
    confidences, right = [], []
    for one in examples:
        best = one.features(fitted.order, checked="support" in fitted.confidence)
        confidences.append(sigmoid(logit(fitted.confidence, best[0])) if best else 0.0)
        right.append(best is not None and best[1])
    return np.array(confidences), np.array(right)


def report(name: str, examples: Sequence[Example], fitted: Calibration) -> None:
    confidences, right = judged(examples, fitted)
    answerable = np.array([one.answerable for one in examples])
    print(f"{name}: {answerable.sum()} answerable, {(~answerable).sum()} not; "
          f"calibration error {calibration_error(confidences, right):.3f}")  # fmt: skip
    for threshold in (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, fitted.threshold):
        given = confidences >= threshold
        print(
            f"  threshold {threshold:.2f}: {right[given].mean():.3f} of {given.sum()} answers right; answerable: "
            f"{(right & given)[answerable].mean():.3f} right, {(~given)[answerable].mean():.3f} refused; "
            f"others: {(~given)[~answerable].mean():.3f} refused"
        )


def _named(names: Sequence[str], values: Iterable[Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


if __name__ == "__main__":
    main()
