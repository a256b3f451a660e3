"""The forms in which suites and published benchmarks come: each is read into documents and records of questions.

| form | found at |
|---|---|
| suite | a folder with `suite.toml`, a folder of files, and `questions.jsonl` |
| data | a folder with `documents.jsonl` and `questions.jsonl` |
| BEIR | a folder with `corpus.jsonl`, `queries.jsonl` and `qrels/` |
| MultiHop-RAG | a folder with `corpus.json` and `MultiHopRAG.json` |
| SQuAD 1.1, 2.0 | a file of one JSON object with `data` |
| RGB | a file of one JSON object per line, with `query`, `answer`, `positive` and `negative` |

All but a suite's files may be compressed (`.gz`). The records have the form of `questions.jsonl`, which `eval.suite`
describes and checks. A suite is our own, so anything amiss in it is an error. What is amiss in a published set is
listed in `Material.gaps`; where a quote does not stand at its place there, the whole document is the evidence.
"""

from __future__ import annotations

import csv
import itertools
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from eval.records import (
    Material,
    Record,
    given,
    joined,
    keep,
    lines,
    opened,
    places,
    span,
    stem,
    text_document,
    whole,
    whole_file,
)
from rag.errors import RagError, SuiteError
from rag.types import Document

_SETTINGS = {"name", "description", "documents", "questions"}
_HEAD = 4096  # characters of a file by which its form is told


def read(path: Path) -> Material:
    """Read a folder or a file in whichever of the known forms it is. Raises SuiteError."""
    for _, fits, reader in _FORMS:
        if fits(path):
            return reader(path)
    found = "holds neither suite.toml nor questions.jsonl.gz nor" if path.is_dir() else "is not in"
    raise SuiteError(f"{path} {found} a known form.", remedy=f"Known: {'; '.join(what for what, *_ in _FORMS)}.")


# --- our own forms


def suite_folder(folder: Path) -> Material:
    """A folder of files that Footnote itself reads, each a document named by its path in that folder."""
    settings = _settings(folder / "suite.toml")
    return Material(
        name=settings["name"],
        description=settings.get("description", ""),
        documents={document.path: document for document in _load_files(folder / settings["documents"])},
        questions=lines(folder / settings["questions"]),
        gaps=None,
    )


def questions_file(folder: Path) -> Path:
    """Where a suite folder keeps its questions."""
    return folder / _settings(folder / "suite.toml")["questions"]


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
    """The documents of each file below `folder`, named by their paths relative to it, by file."""
    from rag.config import Config
    from rag.documents import find
    from rag.documents.sandbox import Sandbox

    if not folder.is_dir():
        raise SuiteError(f"no folder {folder}.", remedy="Put the documents there, or correct suite.toml.")
    found = find([folder])
    if found.rejected:
        path, reason = found.rejected[0]
        raise SuiteError(f"{path}: {reason}.", remedy="Replace the file, or take it out of the suite.")
    files = {file.relative_to(folder.resolve()).as_posix(): file for file in found.files}
    with Sandbox(Config().documents) as sandbox:
        for doc_id, file in sorted(files.items()):
            try:
                documents = sandbox.load(file).documents
            except RagError as error:
                raise SuiteError(
                    f"{error.message}.", remedy="Replace the file, or take it out of the suite."
                ) from error
            for document in documents:
                yield replace(document, path=doc_id + document.path.removeprefix(str(file)))


def _data_folder(folder: Path) -> Material:
    documents: dict[str, Document] = {}
    for line in lines(given(folder, "documents.jsonl")):
        title, text = line.text("title", empty=True), line.text("text", empty=True)
        keep(documents, line, text_document(line.text("id"), title, text))
    questions = lines(given(folder, "questions.jsonl"))
    return Material(name=folder.resolve().name, documents=documents, questions=questions, gaps=[])


# --- published forms


def _squad(file: Path) -> Material:
    """SQuAD (Rajpurkar et al. 2016 and 2018, arXiv:1606.05250, 1806.03822): each paragraph is a document.

    It is named by its article and its number there, from 1. Answers are alternatives, their places the evidence.
    """
    documents: dict[str, Document] = {}
    questions: list[Record] = []
    gaps: list[str] = []
    seen: Counter[str] = Counter()
    for article in whole_file(file, dict).objects("data"):
        title = str(article.value.get("title") or "untitled")
        for paragraph in article.objects("paragraphs"):
            seen[title] += 1
            shown, text = unquote(title).replace("_", " "), paragraph.text("context", empty=True)
            document = text_document(f"{title}/{seen[title]}", shown, text)
            keep(documents, paragraph, document)
            questions += [_squad_question(asked, document, gaps) for asked in paragraph.objects("qas")]
    return Material(name=stem(file), description="SQuAD", documents=documents, questions=questions, gaps=gaps)


def _squad_question(asked: Record, document: Document, gaps: list[str]) -> Record:
    name, impossible = asked.text("id"), asked.value.get("is_impossible") is True
    answers, evidence = [], []
    for answer in asked.objects("answers"):
        quote, start = answer.text("text", empty=True), answer.value.get("answer_start")
        answers.append(quote)
        if type(start) is int and start >= 0 and document.text.startswith(quote, start):
            evidence.append(span(document, quote, [start]))
        else:
            gaps.append(_not_said(name, document, f"{quote[:80]!r} at {start!r}"))
            evidence.append(whole(document))
    if impossible and answers:
        gaps.append(f"question {name}: answers, though it is said to be impossible; left out")
        answers, evidence = [], []
    return asked.asks(
        id=name,
        question=asked.value.get("question"),
        answers=list(dict.fromkeys(answers)),
        answerable=not impossible,
        evidence=evidence,
        meta={"doc_id": document.path},
    )


def _beir(folder: Path) -> Material:
    """BEIR (Thakur et al. 2021, arXiv:2104.08663): judged queries without answers; evidence names whole documents.

    Asked are the queries that one split judges. Every grade above 0 is evidence, and all such grades are equal.
    Some documents are a title alone, and can be relevant: the title is their text.
    """
    split = _split(folder / "qrels")
    judged = _judgements(split)
    documents: dict[str, Document] = {}
    for line in lines(given(folder, "corpus.jsonl")):
        title, text = str(line.value.get("title") or ""), line.text("text", empty=True)
        keep(documents, line, text_document(line.text("_id"), title, text if text.strip() else title))
    questions, gaps = [], []
    for line in lines(given(folder, "queries.jsonl")):
        name = line.text("_id")
        if name not in judged:
            continue
        relevant = [doc_id for doc_id, grade in judged.pop(name).items() if grade > 0]
        absent = [doc_id for doc_id in relevant if doc_id not in documents]
        gaps += [f"question {name}: document {doc_id} is judged, and not in the corpus; left out" for doc_id in absent]
        evidence = [whole(documents[doc_id]) for doc_id in relevant if doc_id in documents]
        if evidence:
            meta = {"retrieval_only": True}
            asked = line.value.get("text")
            questions.append(line.asks(id=name, question=asked, answerable=True, evidence=evidence, meta=meta))
        else:
            gaps.append(f"question {name}: no document is relevant; left out")
    gaps += [f"question {name}: judged, and not among the queries; left out" for name in judged]
    name, description = folder.resolve().name, f"BEIR, qrels/{split.name}"
    return Material(name=name, description=description, documents=documents, questions=questions, gaps=gaps)


def _split(folder: Path) -> Path:
    """The judgements of the test split, else of dev, else the only ones."""
    files = {file.name.split(".tsv")[0]: file for file in sorted(folder.glob("*.tsv*"))}
    for name in ("test", "dev", *(files if len(files) == 1 else ())):
        if name in files:
            return files[name]
    found = ", ".join(file.name for file in files.values()) or "no .tsv file"
    raise SuiteError(f"{folder} holds {found}.", remedy="Name the judgements that are meant test.tsv.")


def _judgements(file: Path) -> dict[str, dict[str, float]]:
    """The grade of each document by query; a first line without a grade is the header."""
    judged: dict[str, dict[str, float]] = {}
    with opened(file) as text:
        rows = csv.reader(text, delimiter="\t")
        for row in filter(None, rows):
            try:
                query, document, grade = row[0], row[1], float(row[2])
            except (IndexError, ValueError):
                if rows.line_num == 1:
                    continue
                found = Record(file, f"line {rows.line_num}", {})
                found.fail(f"{row!r} found", "One query id, document id and score per line, with tabs between.")
            judged.setdefault(query, {})[document] = grade
    return judged


def _multihop(folder: Path) -> Material:
    """MultiHop-RAG (Tang & Yang 2024, arXiv:2401.15391): each piece of evidence is a fact that the answer needs.

    Documents are named by their address, questions by their number in the file, from 0.
    """
    documents: dict[str, Document] = {}
    titles: dict[str, Document] = {}
    gaps: list[str] = []
    for article in whole_file(given(folder, "corpus.json"), list).objects("record"):
        title, value = article.text("title", empty=True), article.value
        document = text_document(str(value.get("url") or title), title, article.text("body", empty=True))
        keep(documents, article, replace(document, date=value.get("published_at"), author=value.get("author")))
        titles.setdefault(title, document)
    named = titles | documents
    questions = []
    for number, asked in enumerate(whole_file(given(folder, "MultiHopRAG.json"), list).objects("record")):
        name, kind = f"q{number}", asked.text("question_type")
        answerable, answer = kind != "null_query", asked.text("answer", empty=True)
        evidence = list(_multihop_evidence(name, asked, named, gaps))
        if evidence and not answerable:
            gaps.append(f"question {name}: evidence, though it is a null_query; left out")
        questions.append(
            asked.asks(
                id=name,
                question=asked.value.get("query"),
                answers=[answer] if answerable else [],
                answerable=answerable,
                evidence=evidence if answerable else [],
                category=kind,
            )
        )
    name = folder.resolve().name
    return Material(name=name, description="MultiHop-RAG", documents=documents, questions=questions, gaps=gaps)


def _multihop_evidence(
    name: str, asked: Record, documents: Mapping[str, Document], gaps: list[str]
) -> Iterator[dict[str, Any]]:
    """Each fact at every place of its document that says it word for word; `documents` by address and by title."""
    for number, item in enumerate(asked.objects("evidence_list"), 1):
        fact, quote = str(number), item.text("fact", empty=True).strip()
        keys = [str(item.value[key]) for key in ("url", "title") if item.value.get(key)]
        document = next((documents[key] for key in keys if key in documents), None)
        if document is None:
            gaps.append(f"question {name}: evidence in {' or '.join(keys)}, which is not in the corpus; left out")
        elif starts := places(document.text, quote):
            yield span(document, quote, starts, fact=fact)
        else:
            gaps.append(_not_said(name, document, repr(quote[:80])))
            yield whole(document, fact=fact)


def _rgb(file: Path) -> Material:
    """RGB (Chen et al. 2023, arXiv:2309.01431): the passages of all questions are documents, equal texts one.

    Evidence are the positive ones as wholes, and the places in them that say an answer; without any the question is
    unanswerable. The negative and the falsified ones (`positive_wrong`) are there to be told apart. Answers are
    alternatives. Where the positive ones are a list for each part of the answer, the full answer has every part
    (so the authors' own script), and each part is a fact.
    """
    documents: dict[str, Document] = {}
    known: dict[str, Document] = {}  # by text
    questions = []
    for asked in lines(file):
        name = str(asked.value.get("id"))
        positive, answers = asked.groups("positive"), asked.groups("answer")
        others = [asked.groups(key) for key in ("negative", "positive_wrong") if key in asked.value]
        for number, text in enumerate(joined([*positive, *joined(others)]), 1):
            document = known.setdefault(text, text_document(f"{name}/{number}", "", text))
            documents[document.path] = document
        in_parts = len(positive) == len(answers) > 1 and any(isinstance(p, list) for p in asked.value["positive"])
        parts = list(zip(answers, positive, strict=True)) if in_parts else [(joined(answers), joined(positive))]
        evidence = []
        for fact, (wanted, texts) in enumerate(parts, 1):
            for document in (known[text] for text in texts):
                named = str(fact) if in_parts else ""
                evidence.append(whole(document, fact=named))
                said = ((one, places(document.text, one)) for one in wanted)
                evidence += [span(document, one, starts, fact=named) for one, starts in said if starts]
        full = [", ".join(chosen) for chosen in itertools.product(*(wanted for wanted, _ in parts))]
        questions.append(
            asked.asks(
                id=name,
                question=asked.value.get("query"),
                answers=list(dict.fromkeys(full)) if evidence else [],
                answerable=bool(evidence),
                evidence=evidence,
            )
        )
    return Material(name=stem(file), description="RGB", documents=documents, questions=questions, gaps=[])


def _not_said(name: str, document: Document, what: str) -> str:
    return f"question {name}: {document.path} does not say {what}; the whole document is the evidence"


def _has(*names: str) -> Callable[[Path], bool]:
    return lambda path: all(given(path, name).is_file() for name in names)


def _begins(key: str) -> Callable[[Path], bool]:
    """Whether a path is that of a JSON file whose first object has this key, as far as its head shows."""

    def fits(path: Path) -> bool:
        if not path.is_file() or not path.name.removesuffix(".gz").endswith((".json", ".jsonl")):
            return False
        with opened(path) as text:
            head = text.read(_HEAD).lstrip()
        return head.startswith("{") and f'"{key}"' in head

    return fits


_FORMS = (
    ("a suite folder (suite.toml)", lambda path: (path / "suite.toml").is_file(), suite_folder),
    ("a data folder (documents.jsonl, questions.jsonl)", _has("documents.jsonl", "questions.jsonl"), _data_folder),
    ("a BEIR folder (corpus.jsonl, queries.jsonl, qrels/)", _has("corpus.jsonl", "queries.jsonl"), _beir),
    ("a MultiHop-RAG folder (corpus.json, MultiHopRAG.json)", _has("corpus.json", "MultiHopRAG.json"), _multihop),
    ("an RGB file (.json, a question per line)", _begins("query"), _rgb),
    ("a SQuAD file (.json)", _begins("data"), _squad),
)
