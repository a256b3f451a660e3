"""A thumb in the chat: a right answer becomes a question of the suite beside the index, a wrong one is written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from eval.authoring import Quote, add, begin, refuse_repeated
from eval.records import places
from rag.errors import SuiteError
from rag.types import Answer, Citation, Hit

SUITE = "suite"  # a folder of the index; `rag eval INDEX/suite` runs it
WRONG = "wrong-answers.jsonl"


def right(folder: Path, answer: Answer, *, hits: Sequence[Hit], files: Mapping[str, str]) -> str:
    """Make a question of an answer, or of a refusal, and return its id.

    The suite in `folder` holds copies of the files that were cited and of those that were found beside them, which
    do not answer, each as it was indexed: `files` holds their digests, as `Index.files()` gives them. Raises
    SuiteError where the question is there already, or a file that is cited is no longer as it was read.
    """
    suite = folder / SUITE
    begin(suite)
    refuse_repeated(suite, answer.question)
    cited = dict.fromkeys(citation.path for citation in answer.citations)
    beside = dict.fromkeys(hit.path for hit in (*answer.nearest, *hits) if hit.path not in cited)
    names = {path: _copied(path, suite / "documents", files) for path in cited}
    for path in beside:
        with suppress(SuiteError):  # it may have changed: then the suite does without it
            _copied(path, suite / "documents", files)
    several = len(answer.statements) > 1
    evidence = [
        _quote(citation, names[citation.path], fact=f"statement {number}" if several else "")
        for number, statement in enumerate(answer.statements, 1)
        for citation in statement.citations
    ]
    short = answer.short or " ".join(statement.text for statement in answer.statements)
    return add(suite, answer.question, answers=[short] if short else [], evidence=evidence, category="chat").id


def wrong(folder: Path, answer: Answer, *, citation: int | None = None) -> None:
    """Add a line with question, answer and places to the file of wrong answers.

    `citation` is the number of the one source that is wrong, where it is not the whole answer.
    """
    told = answer.as_dict() if citation is None else {**answer.as_dict(), "wrong_citation": citation}
    with (folder / WRONG).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(told, ensure_ascii=False) + "\n")


def _quote(citation: Citation, name: str, *, fact: str) -> Quote:
    starts = places(citation.document.text, citation.quote)
    return Quote(name, citation.quote, nth=starts.index(citation.span.start) + 1, fact=fact)


def _copied(path: str, folder: Path, files: Mapping[str, str]) -> str:
    """The document's name in the copy of its file; another file of its name has part of its content's hash in it."""
    file = next((Path(one) for one in (path, *map(str, PurePath(path).parents)) if one in files), Path(path))
    sha256, within = files.get(str(file), ""), path.removeprefix(str(file))
    copy, remedy = folder / file.name, "Index the folder again, then ask again."
    try:
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SuiteError(f"{file} has changed since it was indexed.", remedy=remedy)
        if copy.exists() and copy.read_bytes() != content:
            copy = copy.with_stem(f"{copy.stem}-{sha256[:8]}")
        if not copy.exists():
            copy.write_bytes(content)
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror}.", remedy=remedy) from None
    return copy.name + within
