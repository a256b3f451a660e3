"""Suites: documents, questions, and the places in the documents that answer them.

Two forms are read. A suite folder holds `suite.toml` (name, description, documents, questions), a folder of files and
`questions.jsonl`; it is our own, so anything amiss in it is an error. A data folder holds `documents.jsonl.gz` and
`questions.jsonl.gz` made from published sets; answers that are blank and evidence that is empty or absent are left
out there, and `Suite.gaps` lists them.

One question per line: `{id, question, answers, answerable, evidence: [{doc_id, start, end, text}], category}`.
Evidence may add `alt_starts` (other places that say the same) and `fact` (a name: evidence of the same fact is
interchangeable, and a question about several facts is answered in full when each of them is cited). Evidence whose
`start` and `end` are null names the whole document.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from rag.errors import RagError, SuiteError
from rag.types import Document

SUITES = Path(__file__).parent / "suites"
_SETTINGS = {"name", "description", "documents", "questions"}
_QUESTION_KEYS = {"id", "question", "answers", "answerable", "evidence", "category", "meta"}
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
    """A question with its gold answers, which are alternatives, and its evidence; both empty where it has no answer."""

    id: str
    question: str
    answers: tuple[str, ...]
    answerable: bool
    evidence: tuple[Gold, ...]
    category: str


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
        """Read a suite folder or a data folder; a bare name is looked up under `eval/suites/` first.

        Raises SuiteError that names the file, the line, the question and what to do.
        """
        folder = _folder(path)
        if (folder / "suite.toml").is_file():
            return _from_suite_folder(folder)
        if (folder / "questions.jsonl.gz").is_file():
            return _from_data_folder(folder)
        raise SuiteError(
            f"{folder} holds neither suite.toml nor questions.jsonl.gz.", remedy="Give the folder of a suite."
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


def _folder(path: str | Path) -> Path:
    bundled = SUITES / path
    if Path(path).name == str(path) and (bundled / "suite.toml").is_file():
        return bundled
    if not Path(path).is_dir():
        names = ", ".join(known_suites()) or "none"
        raise SuiteError(f"no suite {str(path)!r}.", remedy=f"Give a folder, or one of those bundled: {names}.")
    return Path(path)


def _from_suite_folder(folder: Path) -> Suite:
    settings = _settings(folder / "suite.toml")
    documents = {d.path: d for d in _load_files(folder / settings["documents"])}
    lines = _lines(folder / settings["questions"])
    questions = _questions(lines, documents, gaps=None)
    return _suite(settings["name"], settings.get("description", ""), documents, questions)


def _from_data_folder(folder: Path) -> Suite:
    documents: dict[str, Document] = {}
    gaps: list[str] = []
    for line in _lines(folder / "documents.jsonl.gz"):
        document = _given_document(line)
        if document.path in documents:
            line.fail(f"document id {document.path!r} is used twice", "Give every document its own id.")
        documents[document.path] = document
    questions = _questions(_lines(folder / "questions.jsonl.gz"), documents, gaps=gaps)
    for doc_id in [doc_id for doc_id, document in documents.items() if not document.text.strip()]:
        gaps.append(f"document {doc_id}: no text; left out")
        del documents[doc_id]
    return _suite(folder.resolve().name, "", documents, questions, gaps)


def _suite(
    name: str,
    description: str,
    documents: Mapping[str, Document],
    questions: Sequence[Question],
    gaps: Sequence[str] = (),
) -> Suite:
    if not documents or not questions:
        raise SuiteError(f"suite {name!r} has no {'questions' if documents else 'documents'}.", remedy="Add some.")
    return Suite(
        name=name,
        description=description,
        documents=tuple(documents.values()),
        questions=tuple(questions),
        digest=_digest(documents.values(), questions),
        total=len(questions),
        gaps=tuple(gaps),
    )


def _digest(documents: Any, questions: Sequence[Question]) -> str:
    """Sixteen hex digits over all that is asked and read."""
    content = [sorted((d.path, d.title, d.text) for d in documents), sorted(map(repr, questions))]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _settings(file: Path) -> dict[str, str]:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SuiteError(f"{file}: {error}.", remedy="Correct the TOML.") from None
    found = {"name": file.parent.name, "documents": "documents", "questions": "questions.jsonl"} | settings
    for key, value in found.items():
        if key not in _SETTINGS or not isinstance(value, str):
            known = ", ".join(sorted(_SETTINGS))
            raise SuiteError(f"{file}: {key} = {value!r}.", remedy=f"Known, each a text: {known}.")
    return found


def _load_files(folder: Path) -> Iterator[Document]:
    """Each file below `folder` as a document named by its path relative to it, in the order of those names."""
    from rag.documents import find, load

    if not folder.is_dir():
        raise SuiteError(f"no folder {folder}.", remedy="Put the documents there, or correct suite.toml.")
    found = find([folder])
    if found.rejected:
        path, reason = found.rejected[0]
        raise SuiteError(f"{path}: {reason}.", remedy="Replace the file, or take it out of the suite.")
    files = {file.relative_to(folder.resolve()).as_posix(): file for file in found.files}
    for doc_id, file in sorted(files.items()):
        try:
            yield replace(load(file), path=doc_id)
        except RagError as error:
            raise SuiteError(f"{error.message}.", remedy="Replace the file, or take it out of the suite.") from error


def _given_document(line: _Line) -> Document:
    doc_id = line.text("id")
    text = line.text("text", empty=True)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Document(text=text, path=doc_id, title=line.text("title", empty=True), sha256=digest)


@dataclass(frozen=True, slots=True)
class _Line:
    """One JSON object of a file, and where it stands."""

    file: Path
    number: int
    value: dict[str, Any]

    def fail(self, found: str, remedy: str) -> NoReturn:
        name = self.value.get("id")
        who = f" (id {name})" if isinstance(name, str) and name else ""
        raise SuiteError(f"{self.file}, line {self.number}{who}: {found}.", remedy=remedy)

    def text(self, key: str, *, empty: bool = False) -> str:
        value = self.value.get(key)
        if not isinstance(value, str) or not (empty or value.strip()):
            self.fail(f"{key} is {value!r}", f"Give a text as {key!r}.")
        return value


def _lines(file: Path) -> Iterator[_Line]:
    opened: Callable[..., Any] = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _Line(file, number, _parsed(file, number, line))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SuiteError(f"{file} cannot be read: {error}.", remedy="Restore the file; it is UTF-8 text.") from None


def _parsed(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise SuiteError(f"{file}, line {number}: {error}.", remedy="One JSON object per line.") from None
    if not isinstance(value, dict):
        raise SuiteError(f"{file}, line {number}: {type(value).__name__} found.", remedy="One JSON object per line.")
    return value


def _questions(lines: Iterator[_Line], documents: Mapping[str, Document], *, gaps: list[str] | None) -> list[Question]:
    """Read and check the questions; defects are errors, or, where `gaps` is a list, lines in it."""
    questions: dict[str, Question] = {}
    for line in lines:
        question = _question(line, documents, gaps)
        if question.id in questions:
            line.fail("the id is used twice", "Give every question its own id.")
        questions[question.id] = question
    return list(questions.values())


def _question(line: _Line, documents: Mapping[str, Document], gaps: list[str] | None) -> Question:
    name, value = line.text("id"), line.value
    _refuse_unknown(line, value, _QUESTION_KEYS)
    answerable, answers, evidence = value.get("answerable"), value.get("answers", []), value.get("evidence", [])
    if not isinstance(answerable, bool):
        line.fail(f"answerable is {answerable!r}", "Write true or false.")
    if not isinstance(answers, list) or not all(isinstance(a, str) for a in answers):
        line.fail("answers is not a list of texts", 'Write "answers": ["…", …].')
    if not isinstance(evidence, list) or not all(isinstance(e, dict) for e in evidence):
        line.fail("evidence is not a list of objects", 'Write "evidence": [{"doc_id", "start", "end", "text"}, …].')
    if not answerable and (answers or evidence):
        line.fail("it is unanswerable, yet has answers or evidence", "Empty both lists, or set answerable to true.")

    if not isinstance(value.get("meta") or {}, dict):
        line.fail(f"meta is {value['meta']!r}", 'Write an object as "meta", or leave it out.')

    def gap(found: str, remedy: str) -> None:
        if gaps is None:
            line.fail(found, remedy)
        gaps.append(f"question {name}: {found}")

    given = [a for a in answers if a.strip()]
    if len(given) < len(answers):
        gap("a blank answer", "Remove it.")
    if answerable and not given and not (value.get("meta") or {}).get("retrieval_only"):
        gap("answerable without an answer", "Give the answers, or set answerable to false.")
    golds = [gold for item in evidence for gold in _golds(line, item, documents, gap)]
    if answerable and not golds:
        gap("answerable without evidence", "Give the places that say so, or set answerable to false.")
    return Question(
        id=name,
        question=line.text("question"),
        answers=tuple(given),
        answerable=answerable,
        evidence=tuple(dict.fromkeys(golds)),
        category=_category(value, answerable),
    )


def _golds(
    line: _Line, item: dict[str, Any], documents: Mapping[str, Document], gap: Callable[[str, str], None]
) -> Iterator[Gold]:
    """The places that one piece of evidence names, each checked against the document's text."""
    _refuse_unknown(line, item, _EVIDENCE_KEYS)
    name = item.get("doc_id")
    document = documents.get(name) if isinstance(name, str) else None
    if document is None:
        line.fail(f"no document {name!r}", f"Known: {_few(documents)}.")
    start, end, quote = item.get("start"), item.get("end"), item.get("text")
    fact, others = str(item.get("fact", "")), item.get("alt_starts") or []
    if not isinstance(others, list):
        line.fail(f"alt_starts is {others!r}", "Give a list of offsets, or leave it out.")
    if start is None and end is None and quote is None:
        if not document.text.strip():
            gap(f"evidence in {document.path}, which holds no text", "Take the evidence out.")
        else:
            yield Gold(doc_id=document.path, start=0, end=len(document.text), fact=fact, anywhere=True)
        return
    if type(start) is not int or type(end) is not int or not isinstance(quote, str):
        line.fail(f"evidence {start!r}:{end!r} with text {quote!r}", "Give start, end and text, or null for all three.")
    if quote == "" and start == end:
        gap("empty evidence", "Remove it, or give its text.")
        return
    if not 0 <= start < end or document.text[start:end] != quote:
        line.fail(f"{document.path} does not say {quote[:80]!r} at {start}:{end}", _whereabouts(document, quote))
    yield Gold(doc_id=document.path, start=start, end=end, fact=fact)
    for other in others:
        # Published sets found them by search without regard to case.
        if type(other) is not int or other < 0 or _folded(document, other, quote) != quote.casefold():
            found = f"{document.path} does not say {quote[:80]!r} at {other!r} (alt_starts)"
            line.fail(found, _whereabouts(document, quote))
        yield Gold(doc_id=document.path, start=other, end=other + len(quote), fact=fact)


def _folded(document: Document, start: int, quote: str) -> str:
    return document.text[start : start + len(quote)].casefold()


def _refuse_unknown(line: _Line, value: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(value) - known)
    if unknown:
        line.fail(f"unknown key {unknown[0]!r}", f"Known: {', '.join(sorted(known))}.")


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


def _few(names: Mapping[str, Any], most: int = 5) -> str:
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f", … ({len(listed)} in all)" if len(listed) > most else "")
