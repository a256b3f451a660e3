"""What the files of a suite hold before it is checked: documents, records of questions, and where they stand."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

from rag.errors import SuiteError
from rag.types import Document


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object, and where it stands: its line, or its path within a file that is one JSON value."""

    file: Path
    place: str
    value: dict[str, Any]

    def fail(self, found: str, remedy: str) -> NoReturn:
        name = self.value.get("id")
        who = f" (id {name})" if isinstance(name, str) and name else ""
        where = ", ".join(filter(None, (str(self.file), self.place)))
        raise SuiteError(f"{where}{who}: {found}.", remedy=remedy)

    def text(self, key: str, *, empty: bool = False) -> str:
        value = self.value.get(key)
        if not isinstance(value, str) or not (empty or value.strip()):
            self.fail(f"{key} is {value!r}", f"Give a text as {key!r}.")
        return value

    def objects(self, key: str) -> Iterator[Record]:
        """The objects of a list, each as a record."""
        listed = self.value.get(key)
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self.fail(f"{key} is not a list of objects", f"Give a list of objects as {key!r}.")
        for number, one in enumerate(listed):
            yield Record(self.file, f"{self.place}.{key}[{number}]".lstrip("."), one)

    def groups(self, key: str) -> list[list[str]]:
        """The items of a list of texts or of lists of texts, each as a list; a text alone is a list of one."""
        value = self.value.get(key)
        listed = [one if isinstance(one, list) else [one] for one in (value if isinstance(value, list) else [value])]
        if not all(isinstance(one, str | int | float) for one in joined(listed)):
            self.fail(f"{key} holds something other than texts", f"Give texts, or lists of texts, as {key!r}.")
        return [[str(one) for one in group] for group in listed]

    def asks(self, **question: Any) -> Record:
        """The question, in the form of `questions.jsonl`, that is asked at this place."""
        return Record(self.file, self.place, question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Documents by id, their `path`, and questions that are not checked yet.

    `gaps` lists what is amiss and was let pass; None: nothing may be amiss.
    """

    name: str
    description: str = ""
    documents: dict[str, Document] = field(repr=False)
    questions: Iterable[Record] = field(repr=False)
    gaps: list[str] | None


def places(text: str, quote: str) -> list[int]:
    """Where in `text` the quote stands, in order: every offset, character for character."""
    found = []
    start = text.find(quote) if quote else -1
    while start >= 0:
        found.append(start)
        start = text.find(quote, start + 1)
    return found


def span(document: Document, quote: str, starts: Sequence[int], *, fact: str = "") -> dict[str, Any]:
    """Evidence, as in `questions.jsonl`, at the first of the places; the others say the same."""
    first, *others = starts
    found = {"doc_id": document.path, "start": first, "end": first + len(quote), "text": quote}
    return found | ({"alt_starts": others} if others else {}) | ({"fact": fact} if fact else {})


def whole(document: Document, *, fact: str = "") -> dict[str, Any]:
    """Evidence, as in `questions.jsonl`, anywhere in the document."""
    return {"doc_id": document.path, "start": None, "end": None, "text": None} | ({"fact": fact} if fact else {})


def text_document(doc_id: str, title: str, text: str) -> Document:
    """A document whose file nobody has: its text is all there is of it."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Document(text=text, path=doc_id, title=title, sha256=digest)


def keep(documents: dict[str, Document], record: Record, one: Document) -> None:
    """Put a document among the others; the record is where it was found. Raises SuiteError where its id is taken."""
    if one.path in documents:
        record.fail(f"document id {one.path!r} is used twice", "Give every document its own id.")
    documents[one.path] = one


def given(folder: Path, name: str) -> Path:
    """The file of that name, or the compressed one where there is no other."""
    return folder / name if (folder / name).is_file() else folder / f"{name}.gz"


@contextmanager
def opened(file: Path) -> Iterator[IO[str]]:
    """Open a text in UTF-8, compressed or not. Raises SuiteError where it is neither."""
    opener: Callable[..., IO[str]] = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8-sig") as text:
            yield text
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise SuiteError(f"{file} cannot be read: {error}.", remedy="Restore the file; it is UTF-8 text.") from None


def lines(file: Path) -> Iterator[Record]:
    """The objects of a file that holds one JSON object per line."""
    with opened(file) as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                yield Record(file, f"line {number}", _parsed(file, number, line))


def _parsed(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise SuiteError(f"{file}, line {number}: {error}.", remedy="One JSON object per line.") from None
    if not isinstance(value, dict):
        raise SuiteError(f"{file}, line {number}: {type(value).__name__} found.", remedy="One JSON object per line.")
    return value


def whole_file(file: Path, kind: type[dict[str, Any]] | type[list[Any]]) -> Record:
    """What a file that is one JSON value holds: an object, or a list, whose items are the `record`s of one."""
    with opened(file) as text:
        content = text.read()
    try:
        value = json.loads(content)
    except ValueError as error:
        raise SuiteError(f"{file}: {error}.", remedy="Restore the file; it is one JSON value.") from None
    if not isinstance(value, kind):
        raise SuiteError(f"{file}: {type(value).__name__} found.", remedy=f"The file is one JSON {kind.__name__}.")
    return Record(file, "", value if isinstance(value, dict) else {"record": value})


def stem(file: Path) -> str:
    """The file's name without the suffixes of its form."""
    return file.name.removesuffix(".gz").removesuffix(".json").removesuffix(".jsonl")


def joined(groups: Iterable[Iterable[Any]]) -> list[Any]:
    """The members of all the groups, one after another."""
    return list(itertools.chain.from_iterable(groups))
