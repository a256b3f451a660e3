"""The whole route: a question, and the documents' answer to it or an honest refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Config
from rag.conversation import complete, last_question
from rag.disagreement import difference
from rag.encoder import Encoder
from rag.errors import IndexFault, LLMError, QuestionError
from rag.generator import Generator
from rag.grounding import quoted
from rag.held import Held, held, reply
from rag.index import Given, Index
from rag.prompts import load
from rag.reader import Candidate, Reader, Reading, pointed
from rag.retrieval import to_read
from rag.rewriting import standing_alone
from rag.several import Desk
from rag.showing import alike, asks_for_several, growing, in_short, to_show
from rag.support import SupportChecker, shared
from rag.tasks import Comparison, stands_alone, task_of
from rag.types import Answer, Document, Hit, Progress, Turn, UpdateReport
from rag.whom import TOLD, of_meetings
from rag.words import spelled

if TYPE_CHECKING:
    from llama_index.core.base.base_query_engine import BaseQueryEngine

    from rag.writing import Draft

LONGEST_QUESTION = 2000  # characters
NEAREST = 3  # passages shown with a refusal
CHANGED = "The documents changed while they were read. Ask again."
NOT_CLOSE = "The documents do not seem to say: no passage answers this closely enough."
Within = Sequence[str | Path] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """What is being done for a question, as it is read: searching, or reading so many `passages`.

    `writer` is the language model that is writing about them.
    """

    question: str
    passages: int = 0
    writer: str = ""


class Assistant:
    """Answers questions over one index. Open it with `Assistant.open`; a context manager. Thread-safe."""

    def __init__(self, index: Index, config: Config, report: UpdateReport | None) -> None:
        self.index = index
        self.config = config
        self.report = report
        self._generator = Generator(config.llm, prompts=config.prompts) if config.llm.model else None
        rewrites = config.llm.model and (config.prompts / "rewrite.txt").is_file()
        self._rewrite = load("rewrite", config.prompts) if rewrites else None

    @classmethod
    def open(
        cls,
        index: str | Path,
        *,
        documents: Given | None = None,
        config: Config | None = None,
        encoder: Encoder | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Assistant:
        """Open the index in a folder; with `documents`, begin it where there is none and bring it up to date first.

        `report` then says what became of each file. Raises IndexMissing, IndexMismatch, IndexLocked or EncoderError.
        """
        config = config or Config.load()
        opened = Index.open(index, config=config, encoder=encoder, create=documents is not None)
        try:
            report = None if documents is None else opened.update(documents, progress=progress)
            return cls(opened, config, report)
        except BaseException:
            opened.close()
            raise

    @cached_property
    def _reader(self) -> Reader:
        return Reader()

    @cached_property
    def _checker(self) -> SupportChecker:
        return shared()

    def load(self) -> None:
        """Load encoder and reader now rather than with the first question. Raises EncoderError or IndexMismatch."""
        assert self.index.encoder
        assert self._reader.network
        assert self._checker.network

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: str, *, history: Sequence[Turn] = (), within: Within = None) -> Answer:
        """Answer from the documents, or refuse with the reason; `within` restricts them to these files or folders.

        Raises QuestionError where the question is empty or too long, or the history holds anything but turns.
        """
        *_, answer = self.stream(question, history=history, within=within)
        return answer

    def stream(self, question: str, *, history: Sequence[Turn] = (), within: Within = None) -> Iterator[Answer]:
        """The answer as it grows, statement by statement; only the last one is `complete`."""
        return (step for step in self.steps(question, history=history, within=within) if isinstance(step, Answer))

    def steps(
        self, question: str, *, history: Sequence[Turn] = (), within: Within = None
    ) -> Iterator[Underway | Answer]:
        """What is done before there is an answer, then `stream`."""
        if not all(isinstance(turn, Turn) for turn in history):
            raise QuestionError(
                "the history holds something other than turns.",
                remedy="Give earlier exchanges as rag.Turn(question=…, answer=…).",
            )
        question = self._standing_alone(_asked(question), history)
        yield Underway(question=question)
        desk = Desk(index=self.index, reader=self._reader, config=self.config, within=within)
        if answer := desk.answer(question):
            answer = yield from self._compared(answer, desk)
            if answer.answered_by == "reader":
                yield from growing(answer)
            yield answer
            return
        for _ in range(2):  # once more where the documents changed between search and reading
            hits = to_read(self.index, question, k=self.config.retrieval.read, within=within)
            if hits:
                yield Underway(question=question, passages=len(hits))
            answer = yield from self._answer(question, hits, self._reader.read(question, hits))
            if answer.reason != CHANGED:
                break
        assert answer is not None
        yield answer

    def rank(self, question: str, *, k: int = 10, within: Within = None) -> list[Hit]:
        """The k passages most likely to answer, in the reader's order."""
        hits = to_read(self.index, _asked(question), k=self.config.retrieval.read, within=within)
        ranked = list(self._reader.read(question, hits).ranked)
        if len(ranked) < k:
            known = {hit.passage_id for hit in ranked}
            more = self.index.search(question, k=k + len(known), within=within)
            ranked.extend(hit for hit in more if hit.passage_id not in known)
        return ranked[:k]

    def as_query_engine(self) -> BaseQueryEngine:
        """This assistant as a llama-index query engine."""
        from rag.query_engine import FootnoteQueryEngine

        return FootnoteQueryEngine(self)

    # --- the route

    def _standing_alone(self, question: str, history: Sequence[Turn]) -> str:
        """A follow-up with what it leaves open filled in: by the language model where there is one, or by rules."""
        if stands_alone(task_of(question)):
            return question
        if self._generator is None or self._rewrite is None:
            return complete(question, history)
        written = self._generator.written
        return standing_alone(question, history, template=self._rewrite, reply=lambda prompt: reply(written(prompt)))

    def _answer(self, question: str, hits: Sequence[Hit], reading: Reading) -> Steps[Underway | Answer, None, Answer]:
        """Yield what there is before the answer, and return it."""
        document_of = lru_cache(maxsize=None)(self.index.document)
        note = ""
        if self._generator and hits:
            written = yield from self._written(question, reading, document_of)
            if isinstance(written, Answer):
                return written
            note = written
        answer = self._read(question, reading, document_of, *filter(None, [note]))
        if answer.reason != CHANGED:
            yield from growing(answer)
        return answer

    def _compared(self, answer: Answer, desk: Desk) -> Steps[Underway | Answer, None, Answer]:
        """Let the language model put what each side says into words, where there is one; else the answer stays."""
        task = task_of(answer.question)
        if self._generator is None or answer.abstained or not isinstance(task, Comparison):
            return answer
        reading = Reading(ranked=tuple(desk.beside(task)), confidence=answer.confidence)
        document_of = lru_cache(maxsize=None)(self.index.document)
        written = yield from self._written(answer.question, reading, document_of, sides=task.sides)
        if isinstance(written, str):
            return replace(answer, notes=(*answer.notes, written))
        return answer if written.abstained else written

    def _written(
        self,
        question: str,
        reading: Reading,
        document_of: Callable[[str], Document],
        *,
        sides: Sequence[str] = (),
    ) -> Steps[Underway | Answer, None, Answer | str]:
        """Yield what the language model writes as far as the passages carry it; return the answer, or why none is."""
        assert self._generator
        writer, now = self._generator.name, Held()
        shown = self._generator.fitting(question, reading.ranked, sides=sides)
        stream = partial(self._stream, question, shown, sides)
        try:
            for now in held(stream, shown, document_of, self._checker):
                if now.statements:
                    yield self._as_written(question, reading, now, complete=False)
                else:
                    yield Underway(question=question, passages=len(shown), writer=writer)
        except LLMError as error:
            return f"The language model failed, so the reader answered: {error}"
        if now.statements:
            return self._as_written(question, reading, now, complete=True)
        if now.found.declined:
            return self._refusal(question, reading, f"The documents do not say, as {writer} reads them.", writer)
        return f"Nothing that {writer} wrote is supported by the passages that it cites, so the reader answered."

    def _stream(
        self, question: str, shown: Sequence[Hit], sides: Sequence[str], accepted: Callable[[], bool]
    ) -> Iterator[Draft]:
        assert self._generator
        return self._generator.stream(question, shown, sides=sides, accepted=accepted)

    def _as_written(self, question: str, reading: Reading, now: Held, *, complete: bool) -> Answer:
        assert self._generator
        return Answer(
            question=question,
            statements=now.statements,
            confidence=reading.confidence,
            answered_by=self._generator.name,
            notes=now.notes(self._generator.name) if complete else (),
            config=self.config.digest(),
            complete=complete,
        )

    def _refusal(
        self, question: str, reading: Reading, reason: str, answered_by: str = "reader", *notes: str
    ) -> Answer:
        return Answer(
            question=question,
            confidence=reading.confidence,
            reason=reason,
            nearest=reading.ranked[:NEAREST],
            answered_by=answered_by,
            notes=notes,
            config=self.config.digest(),
        )

    def _read(self, question: str, reading: Reading, document_of: Callable[[str], Document], *notes: str) -> Answer:
        """The best sentences verbatim, or a refusal."""
        reason = self._reason(question, reading)
        sure = reading.candidates[0] if not reason else None
        if reason in ("", NOT_CLOSE) and (answer := self._met(question, reading, sure, document_of, *notes)):
            return answer
        if reason:
            return self._refusal(question, reading, reason, "reader", *notes)
        apart = (
            None if asks_for_several(question) else difference(last_question(question), reading.candidates, document_of)
        )
        shown = list(apart.candidates) if apart else to_show(reading.candidates)
        statements = quoted(shown, document_of)[: None if apart else self.config.reader.statements]
        if not statements:  # changed meanwhile, or grounding sees more of the document than the passage read
            reason = CHANGED if _changed(shown, document_of) else NOT_CLOSE
            return self._refusal(question, reading, reason, "reader", *notes)
        cited = {(citation.path, citation.span) for statement in statements for citation in statement.citations}
        return Answer(
            question=question,
            statements=statements,
            short=apart.short
            if apart
            else in_short(question, [one.short for one in shown if (one.path, one.span) in cited]),
            confidence=reading.confidence,
            notes=(*notes, apart.note) if apart else notes,
            config=self.config.digest(),
        )

    def _met(
        self,
        question: str,
        reading: Reading,
        sure: Candidate | None,
        document_of: Callable[[str], Document],
        *notes: str,
    ) -> Answer | None:
        """What documents tell of a meeting that is asked about; None where the reader is `sure` of another place."""
        told, short = of_meetings(question, reading.ranked, document_of)
        statements = quoted(told, document_of)[: self.config.reader.statements]
        confidence = max(reading.confidence, TOLD)
        elsewhere = sure and not any(sure.path == one.path and sure.span.overlaps(one.span) for one in told)
        if not statements or elsewhere or confidence < self._threshold:
            return None
        return Answer(
            question=question, statements=statements, short="; ".join(short), confidence=confidence, notes=notes,
            config=self.config.digest(),
        )  # fmt: skip

    def _reason(self, question: str, reading: Reading) -> str:
        """Why the reading is no answer; empty where it is one."""
        if not reading.ranked:
            if self.index.documents():
                return "None of the documents that the question is restricted to is indexed."
            return "No documents are indexed here, so nothing can be answered."
        if reading.absent:
            missing = spelled(question, reading.absent)
            known = [word for word in missing if self.index.search(word, k=1, mode="lexical")]
            if len(known) < len(missing):
                unknown = [word for word in missing if word not in known]
                meant = [name for word in unknown for name in alike(word, reading.ranked)]
                hint = f" They do mention {', '.join(meant)}." if meant else ""
                return f"The documents do not say: they do not mention {', '.join(unknown)}.{hint}"
            if set(missing) == set(spelled(question, pointed(reading.ranked) & reading.absent)):
                only = ", ".join(missing)
                return f"The documents do not say: they mention {only} only where they point to another article."
            return f"The documents do not say: what they hold on this does not mention {', '.join(missing)}."
        return "" if reading.candidates and reading.confidence >= self._threshold else NOT_CLOSE

    @property
    def _threshold(self) -> float:
        given = self.config.reader.threshold
        return self._reader.threshold if given is None else given


def _asked(question: str) -> str:
    text = question.strip()
    if not text:
        raise QuestionError("the question is empty.", remedy="Ask something about the documents.")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(text):,} characters.", remedy=f"Ask in at most {LONGEST_QUESTION:,}."
        )
    return text


def _changed(candidates: Sequence[Candidate], document_of: Callable[[str], Document]) -> bool:
    """Whether the index no longer holds these places as they were read."""
    try:
        return any(document_of(one.path).id != one.span.document_id for one in candidates)
    except IndexFault:
        return True
