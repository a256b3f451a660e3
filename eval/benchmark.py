"""Speed beside llama-index: the same documents, encoder and passage length, in the same process, taking turns.

    python -m eval.benchmark --data ../shared/data/squad2_dev --rounds 3

Indexing is cutting, embedding and storing: Footnote commits each document to disk, a VectorStoreIndex stays in memory.
A question's time is that of retrieval in both, and in Footnote also that of the whole answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eval.baselines import as_llama, starter_nodes, starter_splitter
from eval.provenance import provenance
from eval.run import RUNS
from eval.suite import Suite
from eval.systems import Footnote
from rag.config import Config
from rag.encoder import Encoder
from rag.errors import RagError
from rag.types import Document

Samples = dict[str, list[float]]


def measure(
    documents: Sequence[Document],
    questions: Sequence[str],
    *,
    config: Config,
    encoder: Encoder,
    rounds: int = 3,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Index and ask in turns for `rounds` rounds; per system the samples of each quantity, one per round.

    Characters per second of indexing; median seconds per question.
    """
    lengths = footnote_lengths(documents, config=config, encoder=encoder)
    size, starter_mean = matching_size(documents, target=statistics.fmean(lengths))
    systems: dict[str, Footnote | LlamaIndex] = {
        "footnote": Footnote(config=config, encoder=encoder),
        "llama-index": LlamaIndex(encoder=encoder, chunk_size=size),
    }
    samples: dict[str, Samples] = {name: {} for name in systems}
    encoder.encode(questions[:1])  # the first call allocates
    for number in range(rounds):
        for name, system in list(systems.items())[:: 1 if number % 2 == 0 else -1]:
            if progress is not None:
                progress(f"round {number + 1} of {rounds}: {name}")
            for quantity, value in _one_round(system, documents, questions).items():
                samples[name].setdefault(quantity, []).append(value)
            system.close()
    return {
        "characters": sum(len(document.text) for document in documents),
        "documents": len(documents),
        "questions": len(questions),
        "passages": {
            "footnote": {"mean_characters": round(statistics.fmean(lengths), 1), "n": len(lengths)},
            "llama-index": {"chunk_size": size, "mean_characters": round(starter_mean, 1)},
        },
        "samples": samples,
    }


class LlamaIndex:
    """A VectorStoreIndex as its documentation builds it, with another length of passages."""

    def __init__(self, *, encoder: Encoder, chunk_size: int) -> None:
        self._encoder = encoder
        self._size = chunk_size
        self._index: Any = None

    def index(self, documents: Sequence[Document]) -> None:
        from llama_index.core import VectorStoreIndex

        self._index = VectorStoreIndex.from_documents(
            [as_llama(document) for document in documents],
            transformations=[starter_splitter(chunk_size=self._size, chunk_overlap=0)],
            embed_model=self._encoder,
        )

    def search(self, question: str, k: int) -> Sequence[object]:
        hits: Sequence[object] = self._index.as_retriever(similarity_top_k=k).retrieve(question)
        return hits

    def close(self) -> None:
        self._index = None


def _one_round(
    system: Footnote | LlamaIndex, documents: Sequence[Document], questions: Sequence[str]
) -> dict[str, float]:
    begin = time.perf_counter()
    system.index(documents)
    indexed = time.perf_counter() - begin
    found = {
        "characters_per_second": sum(len(document.text) for document in documents) / indexed,
        "retrieval_seconds": _median_seconds(lambda question: system.search(question, 10), questions),
    }
    if isinstance(system, Footnote):
        found["answer_seconds"] = _median_seconds(system.ask, questions)
    return found


def _median_seconds(act: Callable[[str], object], questions: Sequence[str]) -> float:
    act(questions[0])  # opens files and caches
    taken = []
    for question in questions:
        begin = time.perf_counter()
        act(question)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def footnote_lengths(documents: Sequence[Document], *, config: Config, encoder: Encoder) -> list[int]:
    """The characters of each of Footnote's passages."""
    from rag.passages import PassageParser

    parser = PassageParser(encoder, pieces=config.passages.pieces)
    return [len(node.text) for document in documents for node in parser.parse(document)]


def matching_size(documents: Sequence[Document], *, target: float) -> tuple[int, float]:
    """The chunk_size whose passages come closest to `target` characters on average, and that average.

    Averages grow with the size but for rounding, so the interval is halved, then its end compared with its neighbour.
    """
    means: dict[int, float] = {}

    def mean_of(size: int) -> float:
        if size not in means:
            nodes = starter_nodes(documents, starter_splitter(chunk_size=size, chunk_overlap=0))
            means[size] = statistics.fmean(len(node.text) for node in nodes)
        return means[size]

    low, high = 96, 1024
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if mean_of(middle) < target else (low, middle)
    mean_of(low)
    best = min(means, key=lambda size: (abs(means[size] - target), size))
    return best, means[best]


def table(found: dict[str, Any]) -> str:
    """Medians over the rounds, with the least and the greatest."""
    lines = []
    for name, quantities in found["samples"].items():
        for quantity, values in quantities.items():
            places = 0 if quantity == "characters_per_second" else 4
            middle, least, most = statistics.median(values), min(values), max(values)
            label = f"{name}, {quantity.replace('_', ' ')}"
            lines.append(f"{label:42} {middle:>12,.{places}f}   ({least:,.{places}f} – {most:,.{places}f})")
    ratio = _ratio(found["samples"], "characters_per_second")
    lines.append(f"{'indexing, footnote : llama-index':42} {ratio:>12.2f}")
    return "\n".join(lines)


def _ratio(samples: dict[str, Samples], quantity: str) -> float:
    ours, theirs = (statistics.median(samples[name][quantity]) for name in ("footnote", "llama-index"))
    return ours / theirs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print it, and write `--out` where given."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m eval.benchmark", description="Speed beside llama-index.")
    parser.add_argument("--data", default="../shared/data/squad2_dev", help="folder of a suite or a data set")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that each system takes")
    parser.add_argument("--questions", type=int, default=50, help="questions asked in each round")
    parser.add_argument("--documents", type=int, default=0, help="documents indexed, from the first; 0: all")
    parser.add_argument("--out", type=Path, default=RUNS / "benchmark.json", help="results file")
    given = parser.parse_args(arguments)
    try:
        suite = Suite.load(given.data)
        documents = suite.documents[: given.documents or None]
        questions = [question.question for question in suite.sample(given.questions).questions]
        config = Config.load()
        found = measure(
            documents, questions, config=config, encoder=Encoder.from_settings(config.encoder), rounds=given.rounds,
            progress=lambda text: print(text, file=sys.stderr),
        )  # fmt: skip
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    found |= {"suite": suite.name, "rounds": given.rounds, "torch_threads": torch.get_num_threads(), **provenance()}
    print(table(found))
    print(f"{suite.name}: {found['documents']:,} documents, {found['characters']:,} characters; {given.rounds} rounds")
    print(f"passages: {json.dumps(found['passages'])}")
    print(f"{found['machine']}, {found['torch_threads']} torch threads, Python {found['python']}")
    print(", ".join(f"{name} {version}" for name, version in found["packages"].items()))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
