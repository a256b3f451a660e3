"""Answers over several documents, measured on the sample reports: mentions, comparisons, and what is taken for them.

    python -m eval.several --squad ../shared/data/squad2_dev --out eval/results/several/sample.json

Mentions: for every name in the reports, the documents cited against those in which a regular expression finds it.
Comparisons: sides asked about by hand, with words of the sentence that is right for each ("" where none is).
Recognition: questions for a fact that were taken for anything else.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.provenance import provenance, publish
from eval.suite import Suite
from rag.assistant import Assistant
from rag.tasks import task_of
from rag.types import Answer

SAMPLE = Path(__file__).parent / "suites" / "sample"
_NAME = re.compile(r"\b[A-Z][a-z]{3,}\b")

# A question, then for each side in its order words that its statement must hold; "": the reports say nothing of it.
COMPARISONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("How do Velmark and Kasrovia see the ceasefire?", ("guns had been silent", "a pause for reloading")),
    ("What do the union and the company say about the number of strikers?", ("2,400", "1,650")),
    ("Compare what the mayor and the county say about the sirens", ("a work of imagination", "five sirens")),
    ("How did Strand and Corrigan react to the recount?", ("asked for the recount", "welcomed the recount")),
    ("What do Tannahill and Wenna Water say about the gates of the dam?", ("until 10 p.m.", "7:30 p.m.")),
    ("What did Velmark and Sellonia say about the barges?", ("minesweepers", "")),
    ("What do Lisk and Onslow say about the rate?", ("inflation", "a second time")),
    ("Compare what Frost and Stile say about the containers", ("80 of her containers", "")),
    ("What do Voss and Dale say about the letter?", ("three times", "no letter had been found")),
    ("What did Pike and Lindhagen say about the contract?", ("wait until the new government", "crude oil")),
    ("How do Kell and Stile see the agreement?", ("not everything we marched for", "27 ships")),
    ("What do Putin and Macron say about the ceasefire?", ("", "")),
)


def mentions(assistant: Assistant) -> dict[str, Any]:
    """Every name against a regular expression over all texts: documents missed, documents too many, seconds."""
    texts = dict(assistant.index.texts())
    names = sorted({name for text in texts.values() for name in _NAME.findall(text)})
    missed, wrong, asked, cited = 0, 0, 0, 0
    begun = time.perf_counter()
    for name in names:
        question = f"Which documents mention {name}?"
        if task_of(question) is None:
            continue
        asked += 1
        answer = assistant.ask(question)
        shown = {citation.path for citation in answer.citations}
        cited += len(shown)
        form = re.compile(rf"(?<![^\W_]){name}(?![^\W_])", re.IGNORECASE)
        missed += len({path for path, text in texts.items() if form.search(text)} - shown)
        stem = re.compile(rf"(?<![^\W_]){name[:3]}", re.IGNORECASE)
        wrong += sum(not stem.search(citation.quote) for citation in answer.citations)
    seconds = (time.perf_counter() - begun) / max(asked, 1)
    return {"names": asked, "cited": cited, "missed": missed, "wrong": wrong, "seconds_each": round(seconds, 4)}


def compared(answer: Answer, expected: Sequence[str], sides: Sequence[str]) -> list[bool]:
    """For each side, whether a statement that the answer gives it holds the words; for "", whether it gives none."""
    told = answer.notes[0] if answer.notes else ""
    right = []
    for side, words in zip(sides, expected, strict=True):
        match = re.search(rf"(?:^|; ){re.escape(side)}: ((?:\[\d+\])+)", told)
        numbers = {int(number) for number in re.findall(r"\d+", match[1])} if match else set()
        quotes = " ".join(c.quote for c in answer.citations if c.number in numbers)
        right.append(words in quotes if words else not numbers)
    return right


def comparisons(assistant: Assistant) -> dict[str, Any]:
    rows = []
    for question, expected in COMPARISONS:
        task = task_of(question)
        answer = assistant.ask(question)
        right = compared(answer, expected, getattr(task, "sides", ()))
        rows.append({"question": question, "right": right, "text": answer.text, "notes": list(answer.notes)})
    sides = [one for row in rows for one in row["right"]]
    return {"sides": len(sides), "right": sum(sides), "questions": rows}


def taken(suite: Suite) -> dict[str, Any]:
    """Questions for a fact that were taken for something else."""
    wrongly = [one.question for one in suite.questions if task_of(one.question)]
    return {"questions": len(suite.questions), "taken": len(wrongly), "which": wrongly[:20]}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.several", description=__doc__)
    parser.add_argument("--squad", type=Path, nargs="*", default=[], help="data folders with questions for facts")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures there as JSON")
    options = parser.parse_args(arguments)
    sample = Suite.load(SAMPLE)
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(Path(folder) / "index", documents=SAMPLE / "documents") as assistant,
    ):
        found = {
            "mentions": mentions(assistant),
            "comparisons": comparisons(assistant),
            "recognition": {suite.name: taken(suite) for suite in [sample, *map(Suite.load, options.squad)]},
        }
    publish({**found, **provenance()}, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
