"""Fit the sentence reader: `python -m rag.training.sentences DATA` writes sentences.json beside this file.

DATA holds documents.jsonl.gz and questions.jsonl.gz in the form of the evaluation suites. Of three parts
that share no article, the first fits the weights of sentences, the second confidence and threshold; the third checks.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import PrivateAttr
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from rag.config import Config
from rag.encoder import Encoder, Vectors
from rag.features import Asked, Place, documents_read, possible, sentence_features, written_as_names
from rag.index import Index
from rag.reader import WEIGHTS, Features, Reader, Weights, logit, readable, sigmoid
from rag.retrieval import to_read
from rag.sentences import sentences
from rag.types import Document
from rag.words import stems

SEED = 7
TITLES = 28  # of each part: about 1,200 documents
ANSWERABLE, UNANSWERABLE = 2000, 1000
DATASET = "squad_train"

# What confidence may lean on: features that mean the same over eight passages and over eight thousand.
CONFIDENCE = ("cosine_around", "coverage_named")
WRONG = 0.5  # what a wrong answer costs beside what a right one gains: its quote shows what the document says

Json = dict[str, Any]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question with the sentences of the passages that retrieval found, in that order."""

    answerable: bool
    rows: list[Features]
    right: list[bool]
    possible: list[bool]


class _RememberingEncoder(Encoder):
    """The encoder, embedding each text once."""

    _seen: dict[str, Vectors] = PrivateAttr(default_factory=dict)

    def encode(self, texts: Sequence[str]) -> Vectors:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._seen]
        self._seen.update(zip(fresh, super().encode(fresh), strict=True))
        return np.stack([self._seen[text] for text in texts])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.sentences", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)

    documents = list(_lines(options.data / "documents.jsonl.gz"))
    rarity, unseen = rarities(document["text"] for document in documents)
    weights = Weights(sentence={}, confidence={}, threshold=0.5, rarity=rarity, unseen=unseen)
    questions = list(_lines(options.data / "questions.jsonl.gz"))
    encoder = _RememberingEncoder()
    fit, calibrate, check = (
        examples(part, questions, weights, encoder, name)
        for name, part in zip(("fit", "calibrate", "check"), _parts(documents), strict=True)
    )
    weights = replace(weights, sentence=fit_sentences(fit))
    weights = replace(weights, confidence=fit_confidence(calibrate, weights))
    weights = replace(weights, threshold=choose_threshold(calibrate, weights))
    report("calibrate", calibrate, weights)
    report("check", check, weights)
    options.out.write_text(_dump(weights), encoding="utf-8")
    print(f"wrote {options.out} ({options.out.stat().st_size:,} bytes)")


def rarities(texts: Iterable[str], *, piece: int = 1000, least: int = 25) -> tuple[dict[str, float], float]:
    """Inverse document frequency, ln(n / df), of stems over pieces of text; and that of a stem never seen."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        for start in range(0, min(len(text), 6 * piece), piece):
            number += 1
            counts.update(set(stems(text[start : start + piece])))
    kept = {one: round(math.log(number / count), 2) for one, count in sorted(counts.items()) if count >= least}
    return kept, round(math.log(number / (least / 4)), 2)


def examples(
    part: Sequence[Json], questions: Sequence[Json], weights: Weights, encoder: Encoder, name: str
) -> list[Example]:
    """Index the documents, ask their questions over all of them, and mark which sentences hold the answer."""
    config = Config()
    reader = Reader(encoder, weights)
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(folder, config=config, encoder=encoder, create=True) as index,
    ):
        index.add(Document(text=one["text"], path=one["id"], title=one["title"], sha256=one["id"]) for one in part)
        asked_here = _sampled(questions, {one["id"] for one in part})
        encoder.encode([" ".join(one["text"][a:b].split()) for one in part for a, b in sentences(one["text"])])
        encoder.encode([question["question"] for question in asked_here])
        for question in tqdm(asked_here, desc=name, unit="question"):
            hits = to_read(index, question["question"], k=config.retrieval.read)
            asked = Asked.of(question["question"], weights.rarity, weights.unseen, written_as_names(hits))
            places = readable(hits)
            documents = documents_read(places)
            rows = sentence_features(asked, places, reader.cosines(question["question"], places))
            found.append(
                Example(
                    answerable=question["answerable"],
                    rows=rows,
                    right=[_holds(place, question["evidence"]) for place in places],
                    possible=[possible(asked, place, documents[place.hit.path]) for place in places],
                )
            )
    return found


def fit_sentences(examples: Sequence[Example], *, steps: int = 300) -> dict[str, float]:
    """Weights that give the right sentences the largest share of a softmax over all sentences of their question."""
    torch.manual_seed(SEED)
    used = [one for one in examples if any(one.right)]
    names, matrix = _matrix([row for one in used for row in one.rows])
    mean, deviation = matrix.mean(axis=0), matrix.std(axis=0) + 1e-6
    rows = torch.tensor((matrix - mean) / deviation, dtype=torch.float32)
    right = torch.tensor([float(one) for example in used for one in example.right])
    group = torch.tensor([i for i, example in enumerate(used) for _ in example.rows])
    weights = torch.zeros(len(names), requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.02, weight_decay=1e-4)
    for _ in range(steps):
        share = torch.exp(rows @ weights)
        whole = torch.zeros(len(used)).index_add(0, group, share)
        good = torch.zeros(len(used)).index_add(0, group, share * right)
        loss = -(torch.log(good) - torch.log(whole)).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    plain = weights.detach().numpy() / deviation
    return _named((*names, "bias"), (*plain, -float(plain @ mean)))


def fit_confidence(examples: Sequence[Example], weights: Weights) -> dict[str, float]:
    """Logistic regression: is the best possible sentence right?"""
    tops = [(one, top) for one in examples if (top := _top(one, weights)) is not None]
    names, matrix = _matrix([{name: one.rows[top][name] for name in CONFIDENCE} for one, top in tops])
    model = LogisticRegression(C=10.0, max_iter=1000).fit(matrix, [one.right[top] for one, top in tops])
    return _named((*names, "bias"), (*model.coef_[0], *model.intercept_))


def choose_threshold(examples: Sequence[Example], weights: Weights) -> float:
    """The confidence from which answering gains most: a right answer 1, a wrong one less WRONG, a refusal nothing."""
    return max((round(t, 2) for t in np.arange(0.05, 0.95, 0.01)), key=lambda t: (_gain(examples, weights, t), -t))


def _gain(examples: Sequence[Example], weights: Weights, threshold: float) -> float:
    outcomes = [_outcome(one, weights, threshold) for one in examples]
    return outcomes.count("right") - WRONG * outcomes.count("wrong")


def report(name: str, examples: Sequence[Example], weights: Weights) -> None:
    for threshold in sorted({0.0, 0.2, 0.3, 0.4, 0.5, 0.6, weights.threshold}):
        shares = _shares(examples, weights, threshold)
        print(
            f"{name}: threshold {threshold:.2f}: of {shares['answerable']:.0f} answerable questions "
            f"{shares['right']:.3f} answered rightly, {shares['wrong']:.3f} wrongly; "
            f"of {shares['unanswerable']:.0f} others {shares['refused']:.3f} refused"
        )


def _shares(examples: Sequence[Example], weights: Weights, threshold: float) -> dict[str, float]:
    answerable = [_outcome(one, weights, threshold) for one in examples if one.answerable]
    others = [_outcome(one, weights, threshold) for one in examples if not one.answerable]
    return {
        "answerable": len(answerable),
        "unanswerable": len(others),
        "right": answerable.count("right") / len(answerable),
        "wrong": answerable.count("wrong") / len(answerable),
        "refused": others.count("refused") / len(others),
    }


def _outcome(example: Example, weights: Weights, threshold: float) -> str:
    top = _top(example, weights)
    if top is None or sigmoid(logit(weights.confidence, example.rows[top])) < threshold:
        return "refused"
    return "right" if example.right[top] else "wrong"


def _top(example: Example, weights: Weights) -> int | None:
    held = [i for i, possible in enumerate(example.possible) if possible]
    return max(held, key=lambda i: (logit(weights.sentence, example.rows[i]), -i), default=None)


def _matrix(rows: Sequence[Features]) -> tuple[tuple[str, ...], Matrix]:
    names = tuple(sorted(rows[0]))
    return names, np.array([[row[name] for name in names] for row in rows], dtype=np.float64)


def _named(names: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def _holds(place: Place, evidence: Sequence[Json]) -> bool:
    return any(
        gold["doc_id"] == place.hit.path and gold["start"] < place.end and place.start < gold["end"]
        for gold in evidence
    )


def _parts(documents: Sequence[Json]) -> Iterator[list[Json]]:
    """Three parts that share no article."""
    own = [one for one in documents if one["meta"]["dataset"] == DATASET]
    titles = sorted({one["title"] for one in own})
    random.Random(SEED).shuffle(titles)
    for number in range(3):
        chosen = set(titles[number * TITLES : (number + 1) * TITLES])
        yield [one for one in own if one["title"] in chosen]


def _sampled(questions: Sequence[Json], ids: set[str]) -> list[Json]:
    """Questions on these documents: answerable ones, and half as many that people made unanswerable."""
    mine = [one for one in questions if one["meta"].get("doc_id") in ids]
    chance = random.Random(SEED)
    answerable = [one for one in mine if one["meta"]["kind"] == "ans"]
    others = [one for one in mine if one["meta"]["kind"] == "unans"]
    return chance.sample(answerable, min(ANSWERABLE, len(answerable))) + chance.sample(
        others, min(UNANSWERABLE, len(others))
    )


def _lines(file: Path) -> Iterator[Json]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _dump(weights: Weights) -> str:
    return (
        json.dumps(
            {
                "sentence": weights.sentence,
                "confidence": weights.confidence,
                "threshold": weights.threshold,
                "unseen": weights.unseen,
                "rarity": weights.rarity,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        ).replace(',"', ',\n"')
        + "\n"
    )


if __name__ == "__main__":
    main()
