"""Passages that our retrieval ranks high and that do not answer: `python -m rag.training.negatives DATA WORK`.

Writes negatives.npz beside examples.npz. Over all SQuAD documents of the training part, half an hour on two cores.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from rag.config import Config
from rag.encoder import Encoder, bundled, piece_counter
from rag.index import Index
from rag.passages import QUESTION_PIECES, TITLE_PIECES
from rag.training.data import Builder, Examples, Json, lines, overlaps_evidence, part_of
from rag.training.recipe import Recipe
from rag.types import Document, Hit

DATASET = "squad_train"
READ = 10  # passages that are looked at for each question


def search(data: Path, recipe: Recipe, *, questions: int) -> Examples:
    """One negative for each of so many answerable questions, drawn from the passages found that hold no answer."""
    chance = random.Random(recipe.training.seed)
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    documents = {
        one["id"]: one
        for one in lines(data / "documents.jsonl.gz")
        if one["meta"]["dataset"] == DATASET and part_of(one["title"], recipe.data.held_out) == "train"
    }
    asked = [
        one for one in lines(data / "questions.jsonl.gz") if one["answerable"] and one["meta"]["doc_id"] in documents
    ]
    asked = chance.sample(asked, min(questions, len(asked)))
    builder = Builder()
    with (
        tempfile.TemporaryDirectory() as folder,
        Index.open(folder, config=Config(), encoder=Encoder(), create=True) as index,
    ):
        with tqdm(total=len(documents), desc="documents", unit="document") as bar:
            index.add(
                [
                    Document(text=one["text"], path=one["id"], title=one["title"], sha256=one["id"])
                    for one in documents.values()
                ],
                progress=lambda at: bar.update(at.done - bar.n),
            )
        for one in tqdm(asked, desc="questions", unit="question"):
            wrong = wrong_hits(one, index.search(one["question"], k=READ))
            if wrong:
                hit = chance.choice(wrong)
                question, title, passage = (
                    tokenizer.encode(text, add_special_tokens=False).ids
                    for text in (one["question"], hit.title, hit.text)
                )
                builder.add(question[:QUESTION_PIECES], title[:TITLE_PIECES], passage, None, 0, "retrieved", "train")
    return builder.built()


def wrong_hits(question: Json, hits: Iterable[Hit]) -> list[Hit]:
    """The passages that neither overlap the evidence nor hold the words of an answer."""
    answers = [answer.lower() for answer in question["answers"]]
    return [
        hit
        for hit in hits
        if not any(answer in hit.text.lower() for answer in answers)
        and not overlaps_evidence(question, hit.path, hit.span.start, hit.span.end)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.negatives", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("work", type=Path, help="folder with examples.npz")
    parser.add_argument("--questions", type=int, default=30_000, help="how many questions are asked")
    options = parser.parse_args(arguments)
    found = search(options.data, Recipe.load(), questions=options.questions)
    found.save(options.work / "negatives.npz")
    print(f"{len(found):,} negatives")


if __name__ == "__main__":
    main()
