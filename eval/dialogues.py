"""Follow-ups: whether the place that answers the last turn of a dialogue is found, as typed and as completed.

    python -m eval.dialogues --json eval/results/dialogues/sample.json

A suite's `dialogues.jsonl` holds one dialogue per line: `{id, part, kind, turns, standalone, evidence}`. `turns` are
what is typed, `standalone` the last of them as somebody would ask it first, written by hand; `evidence`, as in
`questions.jsonl`, is the place that answers it. Rules may be tuned on the part "tune", never on "held out".

Each dialogue is held in four ways with the real index and reader: `raw`, as typed; `rewritten`, as the product
completes each turn from those before and its own answers to them; `standalone`; and, where a file of another version
is named, as that completes them.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from eval import measures
from eval.provenance import provenance, publish
from eval.records import Material, Record, lines
from eval.statistics import column, difference, interval, mean_of, resamples
from eval.suite import Gold, Suite, checked, folder_of
from eval.systems import Found
from rag.conversation import complete
from rag.errors import RagError
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from rag.assistant import Assistant

FILE = "dialogues.jsonl"
PARTS = ("tune", "held out")
CUTOFFS = (1, 3, 5, 12)
FIGURES = (*(f"recall_at_{k}" for k in CUTOFFS), "reciprocal_rank", "right")

Completes = Callable[[str, Sequence[Turn]], str]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """What is typed, turn by turn; the last turn as a question of its own, and the places that answer it."""

    id: str
    part: str
    kind: str
    turns: tuple[str, ...]
    standalone: str
    evidence: tuple[Gold, ...]


def load(suite: str | Path) -> tuple[Suite, list[Dialogue]]:
    """The suite and its dialogues. Raises SuiteError that names the line and what to do."""
    loaded = Suite.load(suite)
    records = list(lines(folder_of(suite) / FILE))
    documents = {one.path: one for one in loaded.documents}
    asked = Material(name=loaded.name, documents=documents, questions=map(_question, records), gaps=None)
    return loaded, [
        Dialogue(
            id=question.id, part=_part(record), kind=question.category, turns=_turns(record),
            standalone=question.question, evidence=question.evidence,
        )
        for record, question in zip(records, checked(asked), strict=True)
    ]  # fmt: skip


def _question(record: Record) -> Record:
    """The last turn as a question that `eval.suite` checks; a dialogue names the place of its answer only."""
    return record.asks(
        id=record.text("id"), question=record.text("standalone"), category=record.text("kind"), answerable=True,
        evidence=record.value.get("evidence", []), meta={"retrieval_only": True},
    )  # fmt: skip


def _part(record: Record) -> str:
    part = record.text("part")
    if part not in PARTS:
        record.fail(f"part is {part!r}", f"Write one of: {', '.join(PARTS)}.")
    return part


def _turns(record: Record) -> tuple[str, ...]:
    turns = tuple(joined for (joined,) in record.groups("turns"))
    if len(turns) < 2 or not all(turn.strip() for turn in turns):
        record.fail(f"turns is {list(turns)!r}", "Give at least two questions.")
    return turns


class Held:
    """Holds dialogues over one index; what was asked once is not asked again."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._answers: dict[str, Answer] = {}

    def last_turn(self, dialogue: Dialogue, completes: Completes) -> str:
        """The last turn as `completes` makes it of the turns before and of the product's own answers to them."""
        history: list[Turn] = []
        for turn in dialogue.turns[:-1]:
            answer = self._answer(completes(turn, history))
            history.append(Turn(question=answer.question, answer=answer.text))
        return completes(dialogue.turns[-1], history)

    def row(self, dialogue: Dialogue, question: str) -> Row:
        """What comes of the dialogue where this is asked last."""
        ranked = [_found(hit) for hit in self._assistant.index.search(question, k=max(CUTOFFS))]
        answer = self._answer(question)
        cited = [_found(citation) for citation in answer.citations]
        return {
            "question": question,
            "rank": measures.first_find(ranked, dialogue.evidence),
            "right": measures.citation_recall(cited, dialogue.evidence),
            "refused": answer.abstained,
            **{f"recall_at_{k}": measures.recall_at_k(ranked, dialogue.evidence, k) for k in CUTOFFS},
            "reciprocal_rank": measures.reciprocal_rank(ranked, dialogue.evidence, max(CUTOFFS)),
        }

    def _answer(self, question: str) -> Answer:
        if question not in self._answers:
            self._answers[question] = self._assistant.ask(question)
        return self._answers[question]


def _found(place: Any) -> Found:
    return Found(doc_id=place.path, start=place.span.start, end=place.span.end)


def hold(dialogues: Sequence[Dialogue], assistant: Assistant, ways: Mapping[str, Completes]) -> dict[str, list[Row]]:
    """The rows of each way and of `standalone`, in the order of the dialogues."""
    held = Held(assistant)
    rows: dict[str, list[Row]] = {name: [] for name in (*ways, "standalone")}
    for one in tqdm(dialogues, unit="dialogue"):
        for name, completes in ways.items():
            rows[name].append(held.row(one, held.last_turn(one, completes)))
        rows["standalone"].append(held.row(one, one.standalone))
    return rows


def figures(dialogues: Sequence[Dialogue], rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """The means of each way over each part, with their intervals, and how `rewritten` differs from the other ways."""
    found: dict[str, Any] = {}
    for part in (*PARTS, "all"):
        chosen = [i for i, one in enumerate(dialogues) if part in (one.part, "all")]
        clusters = [dialogues[i].evidence[0].doc_id for i in chosen]
        drawn = resamples(clusters)
        mine = {name: [every[i] for i in chosen] for name, every in rows.items()}
        found[part] = {"n": len(chosen), "ways": {name: _means(own, drawn) for name, own in mine.items()}}
        found[part]["rewritten_minus"] = {
            other: {
                measure: _rounded(asdict(apart))
                for measure in FIGURES
                if (apart := difference(column(mine["rewritten"], measure), column(own, measure), clusters, drawn))
            }
            for other, own in mine.items()
            if other != "rewritten"
        }
    return found


def _means(rows: Sequence[Row], drawn: Any) -> dict[str, Any]:
    found = {}
    for measure in FIGURES:
        values = column(rows, measure)
        low, high = (interval(mean_of(values), drawn) if len(values) else None) or (None, None)
        value = float(values.mean()) if len(values) else None
        found[measure] = _rounded({"value": value, "low": low, "high": high})
    return found


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def rules(file: Path) -> Completes:
    """`complete` of another version of `rag/conversation.py`."""
    spec = importlib.util.spec_from_file_location("conversation_of_another_version", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise RagError(f"no Python file at {file}.", remedy="Name a version of rag/conversation.py.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    completes: Completes = module.complete
    return completes


def measured(suite: str | Path, ways: Mapping[str, Completes], *, part: str = "") -> dict[str, Any]:
    """Figures and rows of the dialogues of a suite, or of one part of them."""
    loaded, dialogues = load(suite)
    dialogues = [one for one in dialogues if part in ("", one.part)]
    from rag.assistant import Assistant
    from rag.config import Config
    from rag.encoder import Encoder
    from rag.index import Index

    config = Config.load()
    encoder = Encoder.from_settings(config.encoder)
    with TemporaryDirectory(prefix="footnote-dialogues-") as folder:
        with Index.open(folder, config=config, encoder=encoder, create=True) as index:
            index.add(loaded.documents)
        with Assistant.open(folder, config=config, encoder=encoder) as assistant:
            rows = hold(dialogues, assistant, ways)
    return {
        "suite": loaded.name,
        "digest": loaded.digest,
        "figures": figures(dialogues, rows),
        "dialogues": [
            {"id": one.id, "part": one.part, "kind": one.kind, "turns": one.turns}
            | {name: every[i] for name, every in rows.items()}
            for i, one in enumerate(dialogues)
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.dialogues", description=__doc__)
    parser.add_argument("--suite", default="sample", help="name or folder of a suite with dialogues")
    parser.add_argument("--part", choices=PARTS, default="", help="only these dialogues")
    parser.add_argument("--before", type=Path, metavar="FILE", help="another version of rag/conversation.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    try:
        ways: dict[str, Completes] = {"raw": lambda question, _: question}
        if options.before:
            ways["before"] = rules(options.before)
        found = measured(options.suite, ways | {"rewritten": complete}, part=options.part)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    publish({**found, **provenance()}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
