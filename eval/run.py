"""Run a suite: put every question to every system, measure, and write down what made the result.

Two runs on the same machine, commit and packages are byte-identical but for `timings`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import measures
from eval.journal import Journal
from eval.provenance import PeakMemory, code_digest, provenance
from eval.robustness import robustness
from eval.scoring import Row, by_category, compare, draw, score, summarise
from eval.suite import Question, Suite
from eval.systems import Found, Reply, System, build
from rag.errors import SuiteError

if TYPE_CHECKING:
    from rag.config import Config
    from rag.encoder import Encoder

RUNS = Path("eval-runs")  # in the current directory; what is published lies in eval/results
DEPTH = 20  # passages ranked at least: short ones must be able to fill CHARACTERS
_OF_THIS_RUN = re.compile(r"(?<![\w.])~?(?:/[^\s:,)'\"]+)+/?|\b0x[0-9a-f]+")  # paths and addresses
_ELSEWHERE = ("engine:", "http:")  # systems whose code is not ours: what they said before is not what they say now

Progress = Callable[[str, int, int], None]  # the system's name, questions done, questions in all


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run found, as plain JSON values.

    `about` says what was run on what; `summary[system][measure]` is `{"value", "n", "low", "high"}`, and so is
    `categories[system][category][measure]`, without limits; `comparisons` set the first system against each other, and
    each against a run of before; `rows[system]` has one entry per question, in the suite's order; `timings[system]`
    holds what differs from run to run: seconds, of each question too, memory, and the size of the index;
    `robustness[system]` what `eval.robustness` found, where it was asked for.
    """

    about: dict[str, Any]
    summary: dict[str, dict[str, Any]]
    categories: dict[str, dict[str, Any]]
    rows: dict[str, list[Row]]
    timings: dict[str, dict[str, Any]]
    comparisons: list[dict[str, Any]] = field(default_factory=list)
    robustness: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def systems(self) -> tuple[str, ...]:
        """Their names, in the order in which they ran."""
        return tuple(system["name"] for system in self.about["systems"])

    def value(self, system: str, measure: str) -> float | None:
        found: float | None = self.summary[system][measure]["value"]
        return found

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def dump(self) -> str:
        """The text of the results file."""
        return _dump(self.as_dict())

    def save(self, file: str | Path) -> Path:
        """Write the results aside, then rename: a run that is stopped leaves the old file whole."""
        target = Path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{target.name}.part")
        aside.write_text(
            self.dump(), encoding="utf-8", errors="backslashreplace"
        )  # JSON's own way for half a character
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
    suite: Suite,
    *,
    systems: Sequence[str] = ("footnote",),
    limit: int | None = None,
    seed: int = 0,
    k: int = 10,
    out: str | Path | None = None,
    baseline: Run | None = None,
    robust: bool = False,
    config: Config | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> tuple[Run, Path]:
    """Run the systems of these names on a suite, and save the results; return them and their file.

    They go to `out`, by default `eval-runs/<suite>[-<limit>].json` in the current directory; what a run that was
    stopped left there is gone on with. `baseline` are earlier results to compare with; `robust` asks for the trials of
    `eval.robustness` too. Raises SuiteError.
    """
    if baseline and baseline.about["suite"] != suite.name:
        raise SuiteError(
            f"the baseline is a run of {baseline.about['suite']!r}, not of {suite.name!r}.",
            remedy="Compare runs of one suite.",
        )
    built = build(systems, config=config, encoder=encoder)
    file = Path(out or results_file(suite, limit=limit))
    asked = suite if limit is None else suite.sample(limit, seed=seed)
    about = _about(asked, seed, k, [{"name": one.name, "settings": dict(one.settings)} for one in built])
    with Journal(file.with_name(f"{file.name}.rows"), about | {"code": code_digest()}) as journal:
        run = evaluate(asked, built, seed=seed, k=k, baseline=baseline, journal=journal, progress=progress)
        saved = run.save(file)
        journal.remove()
    for one in built if robust else ():
        run.robustness[one.name] = robustness(asked, one, seed=seed, progress=progress)
        run.save(file)
    return run, saved


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
    baseline: Run | None = None,
    journal: Journal | None = None,
    progress: Progress | None = None,
) -> Run:
    """Put the suite's questions, or `limit` of them, to each system in turn; each is closed when it is done.

    A question at which a system raises counts as a failure and scores 0 wherever it is scored.
    """
    asked = suite if limit is None else suite.sample(limit, seed=seed)
    rows: dict[str, list[Row]] = {}
    timings: dict[str, dict[str, Any]] = {}
    made: list[dict[str, Any]] = []
    for system in systems:
        try:
            found = _run_system(system, asked, k, journal, progress)
            made.append({"name": system.name, "rejected": list(found.rejected), "settings": dict(system.settings)})
        finally:
            system.close()
        rows[system.name], timings[system.name] = found.rows, found.timings
    drawn = draw(next(iter(rows.values()), []))
    return Run(
        about=_about(asked, seed, k, made) | _before(baseline),
        summary={name: summarise(listed, drawn) for name, listed in rows.items()},
        categories={name: by_category(listed) for name, listed in rows.items()},
        rows=rows,
        timings=timings,
        comparisons=_comparisons(rows, baseline),
    )


def _comparisons(rows: Mapping[str, list[Row]], baseline: Run | None) -> list[dict[str, Any]]:
    """The first system against each other one; each against itself in the run of before, where that has it."""
    first, *others = rows
    found = [one for other in others for one in compare(rows[first], rows[other], system=first, baseline=other)]
    for name in rows:
        if baseline and name in baseline.rows:
            found += compare(rows[name], baseline.rows[name], system=name, baseline=f"{name} before")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    rows: list[Row]
    timings: dict[str, Any]
    rejected: Sequence[str]


def _run_system(system: System, suite: Suite, k: int, journal: Journal | None, progress: Progress | None) -> _Outcome:
    total = len(suite.questions)
    tell = progress or (lambda name, done, of: None)
    texts = {document.path: document.text for document in suite.documents}
    known = journal.rows(system.name) if journal and not system.name.startswith(_ELSEWHERE) else {}
    tell(system.name, 0, total)
    with PeakMemory() as memory:
        begin = time.perf_counter()
        broken, rejected = _indexed(system, suite)
        indexed = time.perf_counter() - begin
        rows, seconds = [], []
        for done, question in enumerate(suite.questions, 1):
            if broken:
                row, taken = score(question, Reply(), [], k=k, error=broken), None
            elif question.id in known:
                row, taken = known[question.id]
            else:
                row, taken = _put(system, question, k, texts)
                if journal:
                    journal.add(system.name, row, taken)
            rows.append(row)
            if taken is not None:
                seconds.append(taken)
            tell(system.name, done, total)
    characters = sum(len(text) for text in texts.values())
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts.values())
    bytes_taken = None if broken else system.index_bytes()
    timings = {
        "index_bytes_per_source_byte": round(bytes_taken / size, 3) if bytes_taken is not None and size else None,
        "index_characters_per_second": round(characters / indexed, 1) if indexed else None,
        "index_seconds": round(indexed, 3),
        "peak_memory_mib": memory.mib,
        "question_seconds_p50": round(measures.median(seconds) or 0.0, 5) if seconds else None,
        "question_seconds_p95": round(measures.percentile(seconds, 95) or 0.0, 5) if seconds else None,
        "seconds": [round(taken, 5) for taken in seconds],
    }
    return _Outcome(rows=rows, timings=timings, rejected=rejected)


def _indexed(system: System, suite: Suite) -> tuple[str, Sequence[str]]:
    """What went wrong, and the documents refused: a system that takes in nothing has failed on every question."""
    try:
        return "", system.index(suite.documents)
    except Exception as raised:
        return f"indexing: {_described(raised)}", []


def _put(system: System, question: Question, k: int, texts: Mapping[str, str]) -> tuple[Row, float]:
    """Ask one question: its row, and the seconds until the answer or the failure."""
    error, begin, taken = "", time.perf_counter(), None
    try:
        reply = system.ask(question.question)
        taken = time.perf_counter() - begin
        ranked = system.rank(question.question, max(k, DEPTH))
    except Exception as raised:  # whatever goes wrong is the system's failure, and is counted
        error, reply, ranked = _described(raised), Reply(), _nothing_ranked(system)
    if taken is None:
        taken = time.perf_counter() - begin
    return score(question, reply, ranked, k=k, texts=texts, error=error), taken


def _nothing_ranked(system: System) -> list[Found] | None:
    """What a failure ranks: nothing, or None where the system never ranks."""
    try:
        return [] if system.rank("", 1) is not None else None
    except Exception:
        return []


def _described(error: Exception) -> str:
    """Kind and first line of an error, without paths and addresses: they differ from run to run."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {_OF_THIS_RUN.sub('…', first)}"[:200]


def _before(baseline: Run | None) -> dict[str, Any]:
    """What a run was compared with."""
    if baseline is None:
        return {}
    return {"baseline": {name: baseline.about[name] for name in ("commit", "dirty", "k", "suite_digest")}}


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
