"""Suites: documents, questions, and the places in the documents that answer them.

`eval.formats` reads suite folders, data folders made from published sets, and published sets as they come. In a suite
folder, which is our own, anything amiss is an error; in the others answers that are blank and evidence that is empty or
absent are left out, and `Suite.gaps` lists them.

One question per line: `{id, question, answers, answerable, evidence: [{doc_id, start, end, text}], category}`.
`paraphrases` may ask the same in other words, for runs that try whether it is answered the same. Evidence may add
`alt_starts` (other places that say the same) and `fact` (a name: evidence of the same fact is interchangeable, and a
question about several facts is answered in full when each of them is cited). Evidence whose `start` and `end` are null
names the whole document.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eval import formats
from eval.records import Material, Record
from rag.errors import SuiteError
from rag.types import Document

SUITES = Path(__file__).parent / "suites"
_QUESTION_KEYS = {"id", "question", "answers", "answerable", "evidence", "category", "meta", "paraphrases"}
_EVIDENCE_KEYS = {"doc_id", "start", "end", "text", "alt_starts", "fact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A place that answers: half-open offsets into the text of `doc_id`; `anywhere`: any place in it will do."""

    doc_id: str
    start: int
    end: int
    fact: str = ""
    anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its gold answers, which are alternatives, and its evidence; both empty where it has no answer.

    `document` is the one that it was asked about, where one is known; `paraphrases` ask the same in other words.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    answerable: bool
    evidence: tuple[Gold, ...]
    category: str
    document: str = field(default="", repr=False)  # not part of the digest
    paraphrases: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Documents (`path` is the doc_id) and questions; `digest` names the content of the whole, sampled or not."""

    name: str
    description: str = ""
    documents: tuple[Document, ...] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    digest: str
    total: int
    gaps: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> Suite:
        """Read a suite in any form that `eval.formats` knows; a bare name is looked up under `eval/suites/` first.

        Raises SuiteError that names the file, the line, the question and what to do.
        """
        material = formats.read(folder_of(path))
        questions = checked(material)
        documents = _with_text(material)
        if not documents or not questions:
            lacking, remedy = ("questions", "Add one: `rag eval add`.") if documents else ("documents", "Add some.")
            raise SuiteError(f"suite {material.name!r} has no {lacking}.", remedy=remedy)
        return cls(
            name=material.name,
            description=material.description,
            documents=tuple(documents),
            questions=tuple(questions),
            digest=_digest(documents, questions),
            total=len(questions),
            gaps=tuple(material.gaps or ()),
        )

    def sample(self, n: int, *, seed: int = 0) -> Suite:
        """`n` of the questions, drawn from those sorted by id, in the suite's order; all documents stay."""
        if n < 1:
            raise SuiteError(f"cannot sample {n} questions.", remedy="Ask for at least one.")
        if n >= len(self.questions):
            return self
        drawn = set(random.Random(seed).sample(sorted(q.id for q in self.questions), n))
        return replace(self, questions=tuple(q for q in self.questions if q.id in drawn))


def known_suites() -> list[str]:
    """The names of the suites that come with Footnote."""
    return sorted(file.parent.name for file in SUITES.glob("*/suite.toml"))


def folder_of(path: str | Path) -> Path:
    """The folder, or for a published set the file, that a path or the name of a bundled suite stands for."""
    bundled = SUITES / path
    if Path(path).name == str(path) and (bundled / "suite.toml").is_file():
        return bundled
    if not Path(path).exists():
        names = ", ".join(known_suites()) or "none"
        raise SuiteError(f"no suite {str(path)!r}.", remedy=f"Give a folder or file, or one of those bundled: {names}.")
    return Path(path)


def _with_text(material: Material) -> list[Document]:
    """The documents that hold any; in a published set those that hold none become gaps."""
    documents = list(material.documents.values())
    if material.gaps is None:
        return documents
    material.gaps.extend(f"document {one.path}: no text; left out" for one in documents if not one.text.strip())
    return [one for one in documents if one.text.strip()]


def _digest(documents: Sequence[Document], questions: Sequence[Question]) -> str:
    """Sixteen hex digits over all that is asked and read."""
    content = [sorted((d.path, d.title, d.text) for d in documents), sorted(map(repr, questions))]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def checked(material: Material) -> list[Question]:
    """Read and check the questions; defects are errors, or, where gaps may be, lines in `material.gaps`."""
    questions: dict[str, Question] = {}
    for record in material.questions:
        question = _question(record, material.documents, material.gaps)
        if question.id in questions:
            record.fail("the id is used twice", "Give every question its own id.")
        questions[question.id] = question
    return list(questions.values())


def _question(record: Record, documents: Mapping[str, Document], gaps: list[str] | None) -> Question:
    name, value = record.text("id"), record.value
    _refuse_unknown(record, value, _QUESTION_KEYS)
    answerable, answers, evidence = value.get("answerable"), value.get("answers", []), value.get("evidence", [])
    if not isinstance(answerable, bool):
        record.fail(f"answerable is {answerable!r}", "Write true or false.")
    if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
        record.fail("answers is not a list of texts", 'Write "answers": ["…", …].')
    if not isinstance(evidence, list) or not all(isinstance(e, dict) for e in evidence):
        record.fail("evidence is not a list of objects", 'Write "evidence": [{"doc_id", "start", "end", "text"}, …].')
    if not answerable and (answers or evidence):
        record.fail("it is unanswerable, yet has answers or evidence", "Empty both lists, or set answerable to true.")

    paraphrases = value.get("paraphrases", [])
    if not isinstance(paraphrases, list) or not all(isinstance(p, str) and p.strip() for p in paraphrases):
        record.fail("paraphrases is not a list of texts", 'Write "paraphrases": ["…", …], or leave it out.')
    if not isinstance(value.get("meta") or {}, dict):
        record.fail(f"meta is {value['meta']!r}", 'Write an object as "meta", or leave it out.')

    def gap(found: str, remedy: str) -> None:
        if gaps is None:
            record.fail(found, remedy)
        gaps.append(f"question {name}: {found}")

    given = [a for a in answers if a.strip()]
    if len(given) < len(answers):
        gap("a blank answer", "Remove it.")
    if answerable and not given and not (value.get("meta") or {}).get("retrieval_only"):
        gap("answerable without an answer", "Give the answers, or set answerable to false.")
    golds = [gold for item in evidence for gold in _golds(record, item, documents, gap)]
    if answerable and not golds:
        gap("answerable without evidence", "Give the places that say so, or set answerable to false.")
    return Question(
        id=name,
        question=record.text("question"),
        answers=tuple(given),
        answerable=answerable,
        evidence=tuple(dict.fromkeys(golds)),
        category=_category(value, answerable),
        document=_asked_about(value, golds),
        paraphrases=tuple(paraphrases),
    )


def _golds(
    record: Record, item: dict[str, Any], documents: Mapping[str, Document], gap: Callable[[str, str], None]
) -> Iterator[Gold]:
    """The places that one piece of evidence names, each checked against the document's text."""
    _refuse_unknown(record, item, _EVIDENCE_KEYS)
    document = named_document(record, item.get("doc_id"), documents)
    start, end, quote = item.get("start"), item.get("end"), item.get("text")
    fact, others = str(item.get("fact", "")), item.get("alt_starts") or []
    if not isinstance(others, list):
        record.fail(f"alt_starts is {others!r}", "Give a list of offsets, or leave it out.")
    if start is None and end is None and quote is None:
        if not document.text.strip():
            gap(f"evidence in {document.path}, which holds no text", "Take the evidence out.")
        else:
            yield Gold(doc_id=document.path, start=0, end=len(document.text), fact=fact, anywhere=True)
        return
    if type(start) is not int or type(end) is not int or not isinstance(quote, str):
        found = f"evidence {start!r}:{end!r} with text {quote!r}"
        record.fail(found, "Give start, end and text, or null for all three.")
    if quote == "" and start == end:
        gap("empty evidence", "Remove it, or give its text.")
        return
    if not 0 <= start < end or document.text[start:end] != quote:
        record.fail(f"{document.path} does not say {quote[:80]!r} at {start}:{end}", _whereabouts(document, quote))
    yield Gold(doc_id=document.path, start=start, end=end, fact=fact)
    for other in others:
        # Published sets found them by search without regard to case.
        if type(other) is not int or other < 0 or _folded(document, other, quote) != quote.casefold():
            found = f"{document.path} does not say {quote[:80]!r} at {other!r} (alt_starts)"
            record.fail(found, _whereabouts(document, quote))
        yield Gold(doc_id=document.path, start=other, end=other + len(quote), fact=fact)


def named_document(record: Record, name: Any, documents: Mapping[str, Document]) -> Document:
    """The document that evidence names; SuiteError where there is none of that id."""
    document = documents.get(name) if isinstance(name, str) else None
    if document is None:
        record.fail(f"no document {name!r}", f"Known: {_few(documents)}.")
    return document


def _folded(document: Document, start: int, quote: str) -> str:
    return document.text[start : start + len(quote)].casefold()


def _refuse_unknown(record: Record, value: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(value) - known)
    if unknown:
        record.fail(f"unknown key {unknown[0]!r}", f"Known: {', '.join(sorted(known))}.")


def _whereabouts(document: Document, quote: str) -> str:
    """Where the text of the evidence does occur."""
    found = document.text.find(quote) if quote else -1
    if found < 0:
        return "Copy the text from the document as Footnote reads it."
    return f"It says so first at {found}:{found + len(quote)}."


def _category(value: Mapping[str, Any], answerable: bool) -> str:
    """The question's own category, else what its set calls the kind of answer, else whether it has one."""
    meta = value.get("meta") or {}
    return str(value.get("category") or meta.get("answer_type") or ("answerable" if answerable else "unanswerable"))


def _asked_about(value: Mapping[str, Any], golds: Sequence[Gold]) -> str:
    """What the question's set says it was asked about, else the document of its first evidence."""
    named = (value.get("meta") or {}).get("doc_id")
    return str(named or (golds[0].doc_id if golds else ""))


def _few(names: Mapping[str, Any], most: int = 5) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f", … ({len(listed)} in all)" if len(listed) > most else "")
