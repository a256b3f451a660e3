"""How well the reader reads when the right document is given, as SQuAD measures it: no retrieval, no calibration.

    python -m eval.reading ../shared/data/squad2_dev

Each question is read against the whole of its own document; the best span answers unless no answer scores higher.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from eval.measures import exact_match, f1
from eval.provenance import provenance, publish
from rag.errors import RagError
from rag.network import WEIGHTS, Network
from rag.sentences import Offsets, sentences
from rag.training.data import PARTS, Json, lines, part_of
from rag.training.recipe import Recipe

RESAMPLES = 1000


def read(
    data: Path,
    network: Network,
    *,
    limit: int | None = None,
    threshold: float = 0.0,
    part: str = "",
) -> dict[str, Any]:
    """Exact match and F1 of all questions, F1 of the answerable, share of the others refused; with 95 % intervals.

    `threshold` is the least logit of a span against no answer; a set without unanswerable questions takes the best
    span whatever it is. `part` restricts a training set to the articles of one of its held-out parts.
    """
    documents = {one["id"]: one for one in lines(data / "documents.jsonl.gz")}
    questions = [one for one in lines(data / "questions.jsonl.gz") if one["meta"].get("doc_id") in documents]
    if part:
        held_out = Recipe.load().data.held_out
        mine = {name for name, one in documents.items() if part_of(one["title"], held_out) == part}
        questions = [one for one in questions if one["meta"]["doc_id"] in mine and one["meta"]["kind"] != "syn"]
    if limit is not None and limit < len(questions):
        questions = random.Random(0).sample(questions, limit)
    forced = all(one["answerable"] for one in questions)
    read_of = _Reading(network)
    rows = []
    for one in tqdm(questions, unit="question"):
        score, best = read_of(one["question"], documents[one["meta"]["doc_id"]])
        short = best if forced or score >= threshold else ""
        answers = [" ".join(answer.split()) for answer in one["answers"]]
        rows.append((one["answerable"], exact_match(short, answers), f1(short, answers), score, f1(best, answers)))
    table = np.array(rows, dtype=np.float64)
    answerable = table[:, 0] == 1
    figures = {"exact_match": table[:, 1], "f1": table[:, 2], "f1_answerable": table[answerable, 2],
               "refused_unanswerable": table[~answerable, 2]}  # fmt: skip
    return {
        "data": f"{data.name}/{part}".rstrip("/"),
        "questions": len(rows),
        "answerable": int(answerable.sum()),
        "threshold": threshold,
        "figures": {name: _interval(values) for name, values in figures.items() if len(values)},
        "best_threshold": None if forced else _best_threshold(table),
    }


class _Reading:
    """The best span of a document for a question, with its logit; the sentences of each document are found once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._sentences: dict[str, list[Offsets]] = {}

    def __call__(self, question: str, document: Json) -> tuple[float, str]:
        name, text = document["id"], document["text"]
        if name not in self._sentences:
            self._sentences[name] = sentences(text)
        (found,) = self._network.score(question, [document["title"]], [text], [self._sentences[name]])
        return (found[0].score, text[found[0].start : found[0].end]) if found else (-math.inf, "")


def _interval(values: Any) -> dict[str, Any]:
    """The mean in percent with its bootstrap interval (Efron 1979), seeded."""
    chance = np.random.default_rng(0)
    means = [values[chance.integers(0, len(values), len(values))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {"value": round(100 * values.mean(), 2), "low": round(100 * low, 2), "high": round(100 * high, 2)}


def _best_threshold(table: Any) -> dict[str, float]:
    """The threshold with the highest mean of the answerable questions' F1 and the share of the others refused.

    It is for choosing a threshold on held-out questions, never on reported ones.
    """
    answerable, scores, spans = table[:, 0] == 1, table[:, 3], table[:, 4]
    gains = [
        (float(np.where(scores >= t, spans, 0)[answerable].mean() + (scores < t)[~answerable].mean()) / 2, float(t))
        for t in np.arange(-6, 6.25, 0.25)
    ]
    value, threshold = max(gains)
    return {"threshold": threshold, "mean": round(100 * value, 2)}


def row(found: dict[str, Any]) -> str:
    """The figures of one set as a row of the README's table."""
    cells = [f"`{found['data']}`", f"{found['questions']:,}"]
    for name in ("exact_match", "f1", "f1_answerable", "refused_unanswerable"):
        one = found["figures"].get(name)
        cells.append(f"{one['value']:.1f} ({one['low']:.1f}–{one['high']:.1f})" if one else "–")
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.reading", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("--limit", type=int, help="ask so many questions, sampled")
    parser.add_argument("--threshold", type=float, default=0.0, help="least logit of an answer against no answer")
    parser.add_argument("--part", choices=PARTS[1:], default="", help="only this held-out part of a training set")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    options = parser.parse_args(arguments)
    try:
        pinned = {} if options.weights == WEIGHTS else {"pinned": ""}
        network = Network.load(options.weights, **pinned)
        found = read(options.data, network, limit=options.limit, threshold=options.threshold, part=options.part)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    publish({**found, **provenance()}, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
