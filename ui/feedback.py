"""A thumb in the chat: a right answer becomes a question of the suite beside the index, a wrong one is written down."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from eval.authoring import Quote, add, begin
from eval.records import places
from rag.errors import SuiteError
from rag.types import Answer, Citation, Hit

SUITE = "suite"  # a folder of the index; `rag eval INDEX/suite` runs it
WRONG = "wrong-answers.jsonl"


def right(folder: Path, answer: Answer, *, hits: Sequence[Hit]) -> str:
    """Make a question of an answer, or of a refusal, and return its id.

    The suite in `folder` holds copies of the files that were cited and of those that were found beside them, which
    do not answer. Raises SuiteError where the question is there already, or a file is no longer as it was read.
    """
    suite = folder / SUITE
    begin(suite)
    paths = [citation.path for citation in answer.citations] + [hit.path for hit in (*answer.nearest, *hits)]
    names = {path: _copied(Path(path), suite / "documents") for path in dict.fromkeys(paths)}
    several = len(answer.statements) > 1
    evidence = [
        _quote(citation, names[citation.path], fact=f"statement {number}" if several else "")
        for number, statement in enumerate(answer.statements, 1)
        for citation in statement.citations
    ]
    short = answer.short or " ".join(statement.text for statement in answer.statements)
    return add(suite, answer.question, answers=[short] if short else [], evidence=evidence, category="chat").id


def wrong(folder: Path, answer: Answer) -> None:
    """Add a line with question, answer and places to the file of wrong answers."""
    with (folder / WRONG).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(answer.as_dict(), ensure_ascii=False) + "\n")


def _quote(citation: Citation, name: str, *, fact: str) -> Quote:
    starts = places(citation.document.text, citation.quote)
    return Quote(name, citation.quote, nth=starts.index(citation.span.start) + 1, fact=fact)


def _copied(file: Path, folder: Path) -> str:
    """The name of the file's copy; another file of its name has part of its path's hash in its name."""
    copy = folder / file.name
    try:
        content = file.read_bytes()
        if copy.exists() and copy.read_bytes() != content:
            own = hashlib.sha256(str(file).encode("utf-8", "surrogateescape")).hexdigest()[:8]
            copy = copy.with_stem(f"{copy.stem}-{own}")
        if not copy.exists():
            shutil.copyfile(file, copy)
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror}.", remedy="Index the folder again, then ask again.") from None
    return copy.name
