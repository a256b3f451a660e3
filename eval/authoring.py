"""Making suites: a folder from documents, and questions added to it with the places that answer them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from eval.formats import questions_file, suite_folder
from eval.records import Record, lines, places, span
from eval.suite import Question, checked, folder_of, named_document
from rag.errors import DocumentError, SuiteError
from rag.types import Document

ALL = 0  # of the places where a document says what is quoted
_MARKS = re.compile("['\"‘’“”]")  # which people type for one another
_PATIENCE = 30  # seconds to wait for another process that adds a question
_TOML = """\
name = {name}
description = ""
documents = "documents"
questions = "questions.jsonl"

# `rag eval add` appends a question and finds the place of its answer. By hand, questions.jsonl holds one per line:
# {{"id": "q001", "question": "…", "answers": ["…"], "answerable": true,
#  "evidence": [{{"doc_id": "report.txt", "start": 0, "end": 6, "text": "…"}}], "category": "…"}}
# Answers are alternatives. What the documents do not answer has "answers": [], "answerable": false, "evidence": [].
"""


class Quote(NamedTuple):
    """What a document says, word for word, that answers a question.

    `doc_id` is the document's path within the suite's documents. Where the document says it several times, `nth`, from
    1, is the place that is meant; ALL: each of them will do. So will each quote of the same `fact`; a question about
    several facts, each with its name, is answered in full when every one of them is cited.
    """

    doc_id: str
    text: str
    nth: int | None = None
    fact: str = ""


class Scaffold(NamedTuple):
    """The folder of a new suite, and the files that were left out, each with the reason."""

    folder: Path
    rejected: list[tuple[str, str]]


def scaffold(documents: str | Path, target: str | Path) -> Scaffold:
    """Make a suite folder, `target`, of the files below a folder: `suite.toml`, copies of the files, no questions yet.

    Files that Footnote cannot read are left out and named, in `suite.toml` too. Raises SuiteError where it can read
    none of them, or where the target is there already and not an empty folder.
    """
    source, folder = Path(documents), Path(target)
    if not source.is_dir():
        raise SuiteError(f"no folder {source}.", remedy="Give the folder that holds the documents.")
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise SuiteError(f"{folder} is there already.", remedy="Give a new folder, or an empty one.")
    readable, rejected = _sorted_out(source.resolve())
    if not readable:
        first = f" ({rejected[0][0]}: {rejected[0][1]})" if rejected else ""
        raise SuiteError(f"{source} holds no document that Footnote can read{first}.", remedy="Give another folder.")
    with _writing(folder):
        for doc_id, file in readable.items():
            copy = folder / "documents" / doc_id
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    begin(folder, comments=[f"# Left out: {name!r}: {' '.join(reason.split())}\n" for name, reason in rejected])
    return Scaffold(folder, rejected)


def begin(folder: Path, *, comments: Sequence[str] = ()) -> None:
    """Make a folder a suite without questions, if it is none yet; its documents are put into `documents` by others."""
    settings = folder / "suite.toml"
    if settings.is_file():
        return
    with _writing(folder):
        (folder / "documents").mkdir(parents=True, exist_ok=True)
        (folder / "questions.jsonl").touch()
        name = json.dumps(folder.resolve().name, ensure_ascii=False)
        settings.write_text(_TOML.format(name=name) + "".join(comments), encoding="utf-8")  # last: it makes the suite


def add(
    folder: str | Path,
    question: str,
    *,
    answers: Sequence[str] = (),
    evidence: Sequence[Quote | tuple[str, str]] = (),
    category: str = "",
    id: str | None = None,
) -> Question:
    """Append a question to a suite folder, or bundled suite, with the places where its documents say what is quoted.

    Answers are alternatives; without evidence the question is unanswerable, and has none. The id is by default the
    first of q001, q002, … that is free, counted from the number of questions. The file of questions is replaced as a
    whole, one addition at a time. Raises SuiteError, and changes nothing, where the suite as it stands is amiss, a
    document is unknown or does not say what is quoted, or the id or the question is there already.
    """
    suite = folder_of(folder)
    if not (suite / "suite.toml").is_file():
        raise SuiteError(f"{suite} holds no suite.toml.", remedy="Make a suite: `rag eval new`.")
    file = questions_file(suite)
    with _alone(file):
        material = suite_folder(suite)
        records = list(material.questions)
        known = checked(replace(material, questions=records))
        value: dict[str, Any] = {"id": id or _free_id(known), "question": question.strip()}
        new = Record(file, "the new question", value)
        _refuse_repeated(new, records)
        if answers and not evidence:
            new.fail("answers without evidence", "Quote what says so; without answers the question is unanswerable.")
        value["answers"] = list(answers)
        value["answerable"] = bool(evidence)
        value["evidence"] = [_found(new, Quote(*quoted), material.documents) for quoted in evidence]
        if category:
            value["category"] = category
        added = checked(replace(material, questions=[*records, new]))[-1]
        _append(file, json.dumps(value, ensure_ascii=False))
    return added


def refuse_repeated(folder: Path, question: str) -> None:
    """Raise SuiteError where a suite asks the question already."""
    file = questions_file(folder)
    _refuse_repeated(Record(file, "the new question", {"id": "new", "question": question.strip()}), lines(file))


def _sorted_out(source: Path) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """The files below a folder that can be read, by their path in it, and the others with the reason."""
    from rag.config import Config
    from rag.documents import find
    from rag.documents.sandbox import Sandbox

    found = find([source])
    readable: dict[str, Path] = {}
    rejected = [(path.relative_to(source).as_posix(), reason) for path, reason in found.rejected]
    with Sandbox(Config().documents) as sandbox:
        for file in found.files:
            name = file.relative_to(source).as_posix()
            try:
                sandbox.load(file)
            except DocumentError as error:
                rejected.append((name, error.reason))
            else:
                readable[name] = file
    return readable, sorted(rejected)


def _free_id(known: Sequence[Question]) -> str:
    taken = {question.id for question in known}
    return next(name for n in range(len(known) + 1, 2 * len(known) + 2) if (name := f"q{n:03}") not in taken)


def _refuse_repeated(new: Record, known: Iterable[Record]) -> None:
    asked = _folded(new.text("question"))
    same = next((one.text("id") for one in known if _folded(one.text("question")) == asked), None)
    if same is not None:
        new.fail(f"question {same} is the same", "Ask something else, or change that one in the file.")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _found(new: Record, quote: Quote, documents: Mapping[str, Document]) -> dict[str, Any]:
    """The evidence, as in `questions.jsonl`, of a quote at its place, or at all of its places."""
    document = named_document(new, quote.doc_id, documents)
    starts = places(document.text, quote.text) if quote.text.strip() else []
    if not starts:
        new.fail(f"{quote.doc_id} does not say {quote.text[:80]!r}", _nearest(document.text, quote.text))
    if quote.nth is None and len(starts) > 1:
        found = f"{quote.doc_id} says {quote.text[:80]!r} at {len(starts)} places ({', '.join(map(str, starts))})"
        new.fail(found, "Quote more words, or say which place: its number, or all where each of them answers.")
    if quote.nth in (None, ALL):
        return span(document, quote.text, starts, fact=quote.fact)
    if not 1 <= quote.nth <= len(starts):
        found = f"{quote.doc_id} says {quote.text[:80]!r} at {len(starts)} places, and number {quote.nth} is none"
        new.fail(found, f"Give a number from 1 to {len(starts)}.")
    return span(document, quote.text, [starts[quote.nth - 1]], fact=quote.fact)


def _nearest(text: str, quote: str) -> str:
    """What the text says that differs from the quote in white space, case and the form of quotation marks alone."""
    words = [_MARKS.sub(lambda mark: _MARKS.pattern, re.escape(word)) for word in quote.split()]
    found = re.search(r"\s+".join(words), text, re.IGNORECASE) if words else None
    return f"It says {found[0]!r}." if found else "Copy the text from the document as Footnote reads it."


def _append(file: Path, line: str) -> None:
    """Add a line, written aside and renamed: whoever reads meanwhile sees the file as it was, or with the line."""
    target = file.resolve()
    with _writing(file):
        before = target.read_bytes()
        aside = target.with_name(f"{target.name}.part")
        with aside.open("wb") as written:
            written.write(before + (b"\n" if before and not before.endswith(b"\n") else b"") + line.encode() + b"\n")
            written.flush()
            os.fsync(written.fileno())
        shutil.copymode(target, aside)
        aside.replace(target)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep other processes from adding a question meanwhile, which would lose one of the two."""
    from filelock import FileLock, Timeout

    with _writing(file):
        lock = FileLock(file.with_name(f".{file.name}.lock"), timeout=_PATIENCE)
        try:
            lock.acquire()
        except Timeout:
            raise SuiteError(f"{file} is being written already.", remedy="Try again when that has finished.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SuiteError(f"{path} cannot be written: {reason}.", remedy="Check permissions and free space.") from error
