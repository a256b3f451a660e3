"""Speed of the reader beside a cross-encoder of the same body: 20 passages for one question, taking turns.

    python -m eval.reading_speed ../shared/data/squad2_dev --rounds 20

The cross-encoder is that of sentence-transformers over the bundled MiniLM weights, as they come (float32) and in
bfloat16.
Its head is untrained, for only its speed is asked; it gives one score, the reader a score and a span.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import CrossEncoder
from transformers.utils import logging

from eval.provenance import provenance, publish
from eval.suite import Suite
from rag.encoder import bundled, has_bfloat16
from rag.network import WINDOW, Network

PASSAGES = 20
Scorer = Callable[[str, list[str]], object]


def measure(scorers: dict[str, Scorer], questions: Sequence[tuple[str, list[str]]]) -> dict[str, list[float]]:
    """Seconds of each scorer for each question; they take turns, and who begins changes."""
    seconds: dict[str, list[float]] = {name: [] for name in scorers}
    for question, texts in questions[:1]:
        for score in scorers.values():
            score(question, texts)  # the first call allocates
    for number, (question, texts) in enumerate(questions):
        for name, score in list(scorers.items())[:: 1 if number % 2 == 0 else -1]:
            begun = time.perf_counter()
            score(question, texts)
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.reading_speed", description=__doc__)
    parser.add_argument("data", type=Path, help="suite or data folder: its documents are the passages")
    parser.add_argument("--rounds", type=int, default=20, help="questions asked")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures there as JSON")
    options = parser.parse_args(arguments)
    suite = Suite.load(options.data)
    texts = [document.text for document in suite.documents if len(document.text) < 900]
    asked = suite.sample(options.rounds, seed=1).questions
    questions = [
        (one.question, [texts[(i * PASSAGES + j) % len(texts)] for j in range(PASSAGES)]) for i, one in enumerate(asked)
    ]
    network = Network.load()
    logging.set_verbosity_error()  # of the head that nobody trained
    crosses = {
        "cross-encoder float32": CrossEncoder(str(bundled()), num_labels=1, max_length=WINDOW, device="cpu"),
        "cross-encoder bfloat16": CrossEncoder(
            str(bundled()), num_labels=1, max_length=WINDOW, device="cpu", model_kwargs={"dtype": torch.bfloat16}
        ),
    }
    scorers: dict[str, Scorer] = {
        "reader": lambda question, given: network.score(
            question, [""] * len(given), given, [[(0, len(text))] for text in given]
        ),
        **{name: _cross(cross) for name, cross in crosses.items()},
    }
    seconds = measure(scorers, questions)
    found: dict[str, Any] = {
        name: {"p50": round(statistics.median(values), 4), "from": round(min(values), 4), "to": round(max(values), 4)}
        for name, values in seconds.items()
    }
    about = {"passages": PASSAGES, "questions": len(questions), "threads": torch.get_num_threads(),
             "reader_precision": "bfloat16" if has_bfloat16() else "float32"}  # fmt: skip
    publish({**about, "seconds": found, **provenance()}, options.out)
    return 0


def _cross(model: CrossEncoder) -> Scorer:
    return lambda question, texts: model.predict([(question, text) for text in texts], show_progress_bar=False)


if __name__ == "__main__":
    raise SystemExit(main())
