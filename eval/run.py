"""Run a suite: put every question to every system, measure, and write down what made the result.

Two runs on the same machine, commit and packages are byte-identical but for `timings`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import measures
from eval.provenance import provenance
from eval.suite import Question, Suite
from eval.systems import Found, Reply, System, build
from rag.errors import SuiteError

if TYPE_CHECKING:
    from rag.config import Config
    from rag.encoder import Encoder

RUNS = Path("eval-runs")  # in the current directory; what is published lies in eval/results
CHARACTERS = (1_000, 2_000, 4_000)  # of ranked passages, read for recall_within: so passage size cannot buy recall
DEPTH = 20  # passages ranked at least: short ones must be able to fill those characters
MEASURES = (
    "exact_match", "f1", "recall_at_1", "recall_at_5", "recall_at_k", "reciprocal_rank",
    "recall_within_1000", "recall_within_2000", "recall_within_4000", "citation_precision",
    "citation_recall", "characters_cited", "refusal_precision", "refusal_recall",
    "false_refusals", "answered", "refused", "failed",
)  # fmt: skip
SHOWN = 200  # characters of a short answer kept in a row; all of it is measured
_PLACES = 6  # decimals in results
_PATH = re.compile(r"(?<![\w.])~?(?:/[^\s:,)'\"]+)+/?")

Progress = Callable[[str, int, int], None]  # the system's name, questions done, questions in all
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run found, as plain JSON values.

    `about` says what was run on what; `summary[system][measure]` is `{"value", "n"}`, and so is
    `categories[system][category][measure]`; `rows[system]` has one entry per question, in the suite's order;
    `timings[system]` holds seconds.
    """

    about: dict[str, Any]
    summary: dict[str, dict[str, Any]]
    categories: dict[str, dict[str, Any]]
    rows: dict[str, list[Row]]
    timings: dict[str, dict[str, float | None]]

    @property
    def systems(self) -> tuple[str, ...]:
        """Their names, in the order in which they ran."""
        return tuple(system["name"] for system in self.about["systems"])

    def value(self, system: str, measure: str) -> float | None:
        found: float | None = self.summary[system][measure]["value"]
        return found

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("about", "summary", "categories", "rows", "timings")}

    def dump(self) -> str:
        """The text of the results file."""
        return _dump(self.as_dict())

    def save(self, file: str | Path) -> Path:
        """Write the results aside, then rename: a run that is stopped leaves the old file whole."""
        target = Path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.part")
        aside.write_text(self.dump(), encoding="utf-8")
        aside.replace(target)
        return target

    @classmethod
    def load(cls, file: str | Path) -> Run:
        """Read a results file. Raises SuiteError where it is none."""
        try:
            return cls(**json.loads(Path(file).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SuiteError(f"{file} is no results file: {error}.", remedy="Write one with `rag eval`.") from None


def run_suite(
    path: str | Path,
    *,
    systems: Sequence[str] = ("footnote",),
    limit: int | None = None,
    seed: int = 0,
    k: int = 10,
    out: str | Path | None = None,
    config: Config | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> tuple[Run, Path]:
    """Load a suite, run the systems of these names on it, and save the results; return them and their file.

    They go to `out`, by default `eval-runs/<suite>[-<limit>].json` in the current directory. Raises SuiteError.
    """
    suite = Suite.load(path)
    built = build(systems, config=config, encoder=encoder)
    run = evaluate(suite, built, limit=limit, seed=seed, k=k, progress=progress)
    return run, run.save(out or results_file(suite, limit=limit))


def results_file(suite: Suite, *, limit: int | None = None) -> Path:
    """Where the results of a suite go unless another file is named."""
    sampled = limit is not None and limit < suite.total
    return RUNS / (f"{suite.name}-{limit}.json" if sampled else f"{suite.name}.json")


def evaluate(
    suite: Suite,
    systems: Iterable[System],
    *,
    limit: int | None = None,
    seed: int = 0,
    k: int = 10,
    progress: Progress | None = None,
) -> Run:
    """Put the suite's questions, or `limit` of them, to each system in turn; each is closed when it is done.

    A question at which a system raises counts as a failure and scores 0 wherever it is scored.
    """
    asked = suite if limit is None else suite.sample(limit, seed=seed)
    rows: dict[str, list[Row]] = {}
    timings: dict[str, dict[str, float | None]] = {}
    made: list[dict[str, Any]] = []
    for system in systems:
        try:
            found = _run_system(system, asked, k, progress)
            made.append({"name": system.name, "rejected": list(found.rejected), "settings": dict(system.settings)})
        finally:
            system.close()
        rows[system.name], timings[system.name] = found.rows, found.timings
    return Run(
        about=_about(asked, seed, k, made),
        summary={name: summarise(listed) for name, listed in rows.items()},
        categories={name: _by_category(listed) for name, listed in rows.items()},
        rows=rows,
        timings=timings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    rows: list[Row]
    timings: dict[str, float | None]
    rejected: Sequence[str]


def _run_system(system: System, suite: Suite, k: int, progress: Progress | None) -> _Outcome:
    total = len(suite.questions)
    tell = progress or (lambda name, done, of: None)
    tell(system.name, 0, total)
    begin = time.perf_counter()
    rejected = system.index(suite.documents)
    indexed = time.perf_counter() - begin
    rows, seconds = [], []
    for done, question in enumerate(suite.questions, 1):
        row, taken = _put(system, question, k)
        rows.append(row)
        seconds.append(taken)
        tell(system.name, done, total)
    characters = sum(len(document.text) for document in suite.documents)
    timings = {
        "index_characters_per_second": round(characters / indexed, 1) if indexed else None,
        "index_seconds": round(indexed, 3),
        "question_seconds_p50": round(measures.median(seconds) or 0.0, 5),
    }
    return _Outcome(rows=rows, timings=timings, rejected=rejected)


def _put(system: System, question: Question, k: int) -> tuple[Row, float]:
    """Ask one question: its row, and the seconds until the answer or the failure."""
    error, begin, taken = "", time.perf_counter(), None
    try:
        reply = system.ask(question.question)
        taken = time.perf_counter() - begin
        ranked = system.rank(question.question, max(k, DEPTH))
    except Exception as raised:  # whatever goes wrong is the system's failure, and is counted
        error, reply, ranked = _described(raised), Reply(), []
    if taken is None:
        taken = time.perf_counter() - begin
    return score(question, reply, ranked, k=k, error=error), taken


def _described(error: Exception) -> str:
    """Kind and first line of an error, without paths: they differ from run to run and tell of the machine."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {_PATH.sub('…', first)}"[:200]


def score(question: Question, reply: Reply, ranked: Sequence[Found], *, k: int, error: str = "") -> Row:
    """The row of one question; a measure is None where it does not apply.

    Retrieval and citation recall need evidence. Citation precision is taken over answers: a refusal cites nothing,
    and of an answer to an unanswerable question every citation is wrong. A failure, of which `reply` and `ranked` are
    empty, is neither answer nor refusal.
    """
    evidence, citations, answered = question.evidence, reply.citations, not reply.refused
    row: Row = {
        "id": question.id,
        "category": question.category,
        "answerable": question.answerable,
        "refused": reply.refused,
        "short": reply.short if len(reply.short) <= SHOWN else f"{reply.short[:SHOWN]}…",
        "confidence": reply.confidence,
        "citations": [str(found) for found in citations],
        "rank": measures.first_find(ranked[:k], evidence),
        "exact_match": _correct(measures.exact_match, question, reply),
        "f1": _correct(measures.f1, question, reply),
        "recall_at_1": measures.recall_at_k(ranked, evidence, 1),
        "recall_at_5": measures.recall_at_k(ranked, evidence, 5),
        "recall_at_k": measures.recall_at_k(ranked, evidence, k),
        "reciprocal_rank": measures.reciprocal_rank(ranked, evidence, k),
        **{f"recall_within_{n}": measures.recall_within(ranked, evidence, n) for n in CHARACTERS},
        "citation_precision": measures.citation_precision(citations, evidence) if answered else None,
        "citation_recall": measures.citation_recall(citations, evidence),
        "characters_cited": sum(c.end - c.start for c in citations) if answered and not error else None,
        "error": error,
    }
    return {key: _rounded(value) for key, value in row.items()}


def _correct(measure: Callable[[str, Sequence[str]], float], question: Question, reply: Reply) -> float | None:
    """Compare the short answer; a refusal is right, and wholly so, exactly where there is no answer."""
    if not question.answerable:
        return float(reply.refused)
    if not question.answers:
        return None
    return 0.0 if reply.refused else measure(reply.short, question.answers)


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Each measure over the questions to which it applies: `{"value", "n"}`; of counts, n is all questions."""
    refused = [row["refused"] for row in rows]
    answerable = [row["answerable"] for row in rows]
    failed = [bool(row["error"]) for row in rows]
    special = {
        "refusal_precision": measures.refusal_precision(refused, answerable),
        "refusal_recall": measures.refusal_recall(refused, answerable),
        "false_refusals": measures.false_refusals(refused, answerable),
        "answered": measures.Mean(len(rows) - sum(refused) - sum(failed), len(rows)),
        "refused": measures.Mean(sum(refused), len(rows)),
        "failed": measures.Mean(sum(failed), len(rows)),
    }
    found = {name: special.get(name) or measures.mean(row[name] for row in rows) for name in MEASURES}
    return {name: {"value": _rounded(value), "n": n} for name, (value, n) in found.items()}


def _by_category(rows: Sequence[Row]) -> dict[str, Any]:
    names = sorted({row["category"] for row in rows})
    return {name: summarise([row for row in rows if row["category"] == name]) for name in names}


def _about(suite: Suite, seed: int, k: int, systems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    asked = len(suite.questions)
    return {
        "suite": suite.name,
        "suite_digest": suite.digest,
        "suite_gaps": list(suite.gaps),
        "documents": len(suite.documents),
        "questions": asked,
        "questions_in_suite": suite.total,
        "seed": seed if asked < suite.total else None,
        "k": k,
        "systems": list(systems),
        **provenance(),
    }


def _rounded(value: Any) -> Any:
    return round(value, _PLACES) if isinstance(value, float) else value


def _dump(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys; a question's row stands on one line, so that two runs can be compared by line."""
    parts = []
    for key in sorted(value):
        if key == "rows":
            systems = (f"{json.dumps(name)}: {_lines(rows)}" for name, rows in sorted(value[key].items()))
            text = "{" + ",\n".join(systems) + "}"
        else:
            text = json.dumps(value[key], ensure_ascii=False, sort_keys=True, indent=1)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ",\n".join(parts) + "}\n"


def _lines(rows: Sequence[Row]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows) + "]"
