"""Questions with known answers to compact arrays: `python -m rag.training.data DATA WORK` writes examples.npz."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from rag.encoder import Encoder, bundled, piece_counter
from rag.network import ends_abbreviated
from rag.passages import QUESTION_PIECES, TITLE_PIECES, PassageParser
from rag.training.opposites import denied, turned
from rag.training.recipe import Recipe
from rag.types import Document

PARTS = ("train", "calibrate", "check")
KINDS = (
    "answerable", "unanswerable", "shifted", "beside", "swapped", "sentence", "web", "policy", "covid", "time",
    "retrieved", "turned",
)  # fmt: skip
# Kinds of unanswerable questions whose passage is not even about what is asked: relevance is taught on these.
ELSEWHERE = {"shifted", "beside", "retrieved"}
KIND_OF = {
    "squad_train": "answerable", "qamr/dev": "sentence", "qamr/test": "sentence", "qed_train": "web",
    "policyqa/dev": "policy", "policyqa/test": "policy", "covidqa_200423": "covid", "timeqa_human_train": "time",
}  # fmt: skip
_NAME_OR_NUMBER = re.compile(r"(?<=\s)(?:[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*|\d[\d.,]*\d|\d)")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """n examples as arrays: `pieces` uint16, all of them in a row.

    `bounds` int64 [n, 4]: where question, title and passage of each begin in `pieces`, and where the passage ends;
    `answer` int16 [n, 2]: first and last piece of the answer within the passage, or -1; `relevant` int8 [n]: 1, 0, or
    -1 for unknown; `kind` and `part` uint8 [n]: places in KINDS and PARTS.
    """

    pieces: npt.NDArray[np.uint16]
    bounds: npt.NDArray[np.int64]
    answer: npt.NDArray[np.int16]
    relevant: npt.NDArray[np.int8]
    kind: npt.NDArray[np.uint8]
    part: npt.NDArray[np.uint8]

    @classmethod
    def load(cls, file: Path) -> Examples:
        with np.load(file) as arrays:
            return cls(**{name: arrays[name] for name in cls.__slots__})

    @classmethod
    def gather(cls, work: Path) -> Examples:
        """All examples of a folder: those of the data, and the negatives where they were searched for."""
        files = [work / name for name in ("examples.npz", "negatives.npz")]
        parts = [cls.load(file) for file in files if file.exists()]
        moved = [0, *np.cumsum([len(part.pieces) for part in parts])]
        return cls(
            **{
                name: np.concatenate(
                    [
                        getattr(part, name) + (by if name == "bounds" else 0)
                        for part, by in zip(parts, moved, strict=False)
                    ]
                ).astype(getattr(parts[0], name).dtype)
                for name in cls.__slots__
            }
        )

    def save(self, file: Path) -> None:
        np.savez_compressed(file, **{name: getattr(self, name) for name in self.__slots__})

    def __len__(self) -> int:
        return len(self.bounds)

    def of(self, part: str) -> npt.NDArray[np.int64]:
        """The numbers of the examples in a part."""
        return np.flatnonzero(self.part == PARTS.index(part))

    def texts(self, i: int) -> tuple[list[int], list[int], list[int]]:
        """Question, title and passage of an example, as word pieces."""
        a, b, c, d = self.bounds[i]
        return self.pieces[a:b].tolist(), self.pieces[b:c].tolist(), self.pieces[c:d].tolist()


@dataclass(slots=True)
class Builder:
    pieces: list[int] = field(default_factory=list)
    rows: list[tuple[int, ...]] = field(default_factory=list)

    def add(
        self, question: list[int], title: list[int], passage: list[int], answer: tuple[int, int] | None,
        relevant: int, kind: str, part: str,
    ) -> None:  # fmt: skip
        begin = len(self.pieces)
        for text in (question, title, passage):
            self.pieces.extend(text)
        bounds = (begin, begin + len(question), begin + len(question) + len(title), len(self.pieces))
        self.rows.append((*bounds, *(answer or (-1, -1)), relevant, KINDS.index(kind), PARTS.index(part)))

    def built(self) -> Examples:
        table = np.array(self.rows, dtype=np.int64).reshape(-1, 9)
        return Examples(
            pieces=np.array(self.pieces, dtype=np.uint16),
            bounds=table[:, :4],
            answer=table[:, 4:6].astype(np.int16),
            relevant=table[:, 6].astype(np.int8),
            kind=table[:, 7].astype(np.uint8),
            part=table[:, 8].astype(np.uint8),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    start: int
    text: str
    ids: list[int]
    offsets: list[tuple[int, int]]

    def holds(self, start: int, end: int) -> bool:
        return self.start <= start and end <= self.start + len(self.text)

    def answer(self, start: int, end: int) -> tuple[int, int]:
        """First and last word piece of a span of the document."""
        begins = [begin for begin, _ in self.offsets]
        first = bisect_right(begins, start - self.start) - 1
        last = bisect_right(begins, end - 1 - self.start) - 1
        return max(first, 0), max(last, first, 0)


def part_of(title: str, held_out: int) -> str:
    """The part to which an article belongs, by its title alone."""
    return {0: "calibrate", 1: "check"}.get(drawn(title) % held_out, "train")


def drawn(name: str) -> int:
    """A number that looks drawn by chance, always the same for a name."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


def build(data: Path, recipe: Recipe) -> Examples:
    """The examples of a folder in the form of the evaluation suites, its documents cut as the product cuts them."""
    chance = random.Random(recipe.training.seed)
    encoder = Encoder()
    parser = PassageParser(encoder)
    tokenizer = piece_counter((bundled() / "tokenizer.json").read_text(encoding="utf-8"))
    documents = {one["id"]: one for one in lines(data / "documents.jsonl.gz")}
    questions = list(lines(data / "questions.jsonl.gz"))
    cut: dict[str, list[_Passage]] = {}
    for one in tqdm(documents.values(), desc="passages", unit="document"):
        nodes = parser.parse(Document(text=one["text"], path=one["id"], title=one["title"], sha256=one["id"]))
        cut[one["id"]] = [_passage(tokenizer, node.start_char_idx or 0, node.text) for node in nodes]
    said = _names_by_title(questions, documents)
    builder = Builder()
    for one in tqdm(questions, desc="questions", unit="question"):
        meta = one["meta"]
        document = documents[one["evidence"][0]["doc_id"] if one["evidence"] else meta["doc_id"]]
        part = part_of(document["title"], recipe.data.held_out)
        title = tokenizer.encode(document["title"], add_special_tokens=False).ids[:TITLE_PIECES]
        question = tokenizer.encode(one["question"], add_special_tokens=False).ids[:QUESTION_PIECES]
        passages = cut[document["id"]]
        if not one["answerable"]:
            kind = "shifted" if meta["kind"] == "syn" else "unanswerable"
            relevant = 0 if kind in ELSEWHERE else -1
            builder.add(question, title, chance.choice(passages).ids, None, relevant, kind, part)
            continue
        kind = KIND_OF[meta["dataset"]]
        start, end = _trimmed(document["text"], one["evidence"][0])
        right = next((passage for passage in passages if passage.holds(start, end)), None)
        if right is None or end <= start:
            continue  # an answer that no single passage holds
        builder.add(question, title, right.ids, right.answer(start, end), 1, kind, part)
        if kind != "answerable":
            continue
        answers = [answer.lower() for answer in one["answers"]]
        others = [p for p in passages if p is not right and not any(answer in p.text.lower() for answer in answers)]
        if others:
            builder.add(question, title, chance.choice(others).ids, None, 0, "beside", part)
        swaps = chance.random() < recipe.data.swapped
        swapped = _swapped(one["question"], document, said, chance) if swaps else ""
        denies = chance.random() < recipe.data.denied
        opposite = denied(one["question"]) if denies else turned(one["question"], chance)
        for kind, other in (("swapped", swapped), ("turned", opposite)):
            if other:
                changed = tokenizer.encode(other, add_special_tokens=False).ids[:QUESTION_PIECES]
                builder.add(changed, title, right.ids, None, -1, kind, part)
    return builder.built()


def _passage(tokenizer: Any, start: int, text: str) -> _Passage:
    encoded = tokenizer.encode(text, add_special_tokens=False)
    return _Passage(start=start, text=text, ids=encoded.ids, offsets=encoded.offsets)


def _trimmed(text: str, evidence: Json) -> tuple[int, int]:
    """The evidence without outer white space and a full stop that belongs to the sentence, not to an abbreviation."""
    start, end = evidence["start"], evidence["end"]
    while start < end and text[start].isspace():
        start += 1
    while start < end and (text[end - 1].isspace() or (text[end - 1] == "." and not ends_abbreviated(text, end))):
        end -= 1
    return start, end


def overlaps_evidence(question: Json, path: str, start: int, end: int) -> bool:
    """Whether a place in a document shares a character with the question's evidence."""
    return any(gold["doc_id"] == path and gold["start"] < end and start < gold["end"] for gold in question["evidence"])


def _names_by_title(questions: Sequence[Json], documents: dict[str, Json]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = defaultdict(list)
    for one in questions:
        if one["answerable"]:
            said[documents[one["evidence"][0]["doc_id"]]["title"]] += _NAME_OR_NUMBER.findall(one["question"])
    return {title: sorted(set(found)) for title, found in said.items()}


def _swapped(question: str, document: Json, said: dict[str, list[str]], chance: random.Random) -> str:
    """The question with one name or number of another question on the same article; empty where none fits."""
    own = list(_NAME_OR_NUMBER.finditer(question))
    if not own:
        return ""
    match = chance.choice(own)
    text = document["text"].lower()
    digits = match.group()[0].isdigit()
    others = [
        one for one in said[document["title"]]
        if one[0].isdigit() == digits and one.lower() not in text and one.lower() not in question.lower()
    ]  # fmt: skip
    return question[: match.start()] + chance.choice(others) + question[match.end() :] if others else ""


def lines(file: Path) -> Iterator[Json]:
    """The records of a gzipped JSONL file."""
    with gzip.open(file, "rt", encoding="utf-8") as file_lines:
        yield from map(json.loads, file_lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rag.training.data", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with documents.jsonl.gz and questions.jsonl.gz")
    parser.add_argument("work", type=Path, help="folder for the arrays and checkpoints")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    examples = build(options.data, Recipe.load())
    examples.save(options.work / "examples.npz")
    for number, kind in enumerate(KINDS):
        chosen = examples.kind == number
        lengths = (examples.bounds[chosen, 3] - examples.bounds[chosen, 0]).astype(float)
        counts = " ".join(f"{part} {np.sum(chosen & (examples.part == p)):,}" for p, part in enumerate(PARTS))
        print(f"{kind:13} {counts}, {lengths.mean() if len(lengths) else 0:.0f} word pieces on average")


if __name__ == "__main__":
    main()
