"""Files to documents: `load` reads one, `find` lists those of a folder, `SUFFIXES` names the formats.

A reader is a function `bytes -> Extract` that knows no path, opens nothing and raises `Rejected`;
a new format is a new line in `_READERS`.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import stat
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rag.documents.extract import Extract, Rejected, clean_author, clean_title, one_line, settled
from rag.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat
from rag.types import Document

__all__ = ["SUFFIXES", "Found", "Loaded", "find", "load", "printable", "readers"]

LARGEST_FILE = 100_000_000  # bytes
_VERSION = 4  # of all readers
_MOST_CHARACTERS = 50_000_000  # of a file with all documents within it
_MOST_MEMBERS = 20_000  # documents within a file, at any depth
_MOST_GAPS = 1_000  # told of a document
_DEEPEST = 5  # a mail in a mail in …
_LONGEST_NAME = 120  # characters
_LONGEST_SUFFIX = 20
_LONGEST_NOTE = 300

# Imported when a file of the kind is met: nobody waits for a PDF library to read a text.
_READERS = {
    ".txt": "text:read",
    ".text": "text:read",
    ".log": "text:read",
    ".md": "markdown:read",
    ".markdown": "markdown:read",
    ".html": "html:read",
    ".htm": "html:read",
    ".xhtml": "html:read",
    ".pdf": "pdf:read",
    ".doc": "word:read",
    ".docx": "office:read_docx",
    ".docm": "office:read_docx",
    ".pptx": "slides:read",
    ".pptm": "slides:read",
    ".xlsx": "sheets:read",
    ".xlsm": "sheets:read",
    ".xls": "sheets:read",
    ".ods": "opendocument:read",
    ".odt": "opendocument:read",
    ".odp": "opendocument:read",
    ".rtf": "rtf:read",
    ".csv": "delimited:read",
    ".tsv": "delimited:read",
    ".eml": "mail:read_eml",
    ".mbox": "mail:read_mbox",
    ".msg": "outlook:read",
    ".epub": "epub:read",
    ".ipynb": "notebook:read",
    ".json": "records:read",
    ".jsonl": "records:read",
    ".ndjson": "records:read",
    ".xml": "markup:read",
}

_INSTEAD = {".dot": ".docx", ".pot": ".pptx", ".pps": ".pptx", ".ppt": ".pptx"}  # of kinds that are not read

SUFFIXES = frozenset(_READERS)


def readers(seconds: int) -> int:
    """Which readers read a file, and with what: where this number differs, a file is read again."""
    from rag.documents.ocr import program

    return zlib.crc32(repr((_VERSION, bool(program()), seconds)).encode())


class Loaded(NamedTuple):
    """What one file gave: its own document first, if it has text of its own, then those within it.

    A document within it stands at a path below the file's, as though the file were a folder.
    """

    sha256: str  # of the file's bytes
    documents: tuple[Document, ...]  # at least one; the first one's gaps also tell what of the file was not read


def load(path: str | Path) -> Loaded:
    """Read a file; raises the DocumentError that says why it gives no document."""
    where, shown = _resolved(path), printable(path)
    try:
        if shown != str(where):
            raise Rejected(UnreadableDocument, "its name is not valid Unicode", "Rename it.")
        reader = _reader_of(where)
        data = _read(where)
        sha256 = hashlib.sha256(data).hexdigest()
        documents, gaps = _Unfolding().documents(_extracted(reader, data), shown, where.stem, sha256)
        if not documents:
            raise Rejected(EmptyDocument, "; ".join(("it holds no text", *_few(gaps, 3))))
    except Rejected as rejected:
        raise rejected.kind(shown, _note(rejected.reason), remedy=rejected.remedy) from rejected.__cause__
    documents[0] = replace(documents[0], gaps=(*documents[0].gaps, *gaps))
    return Loaded(sha256, tuple(replace(one, gaps=_few(one.gaps, _MOST_GAPS)) for one in documents))


class _Unfolding:
    """Makes the documents of a file and of its members, as many and as much of them as one file may give."""

    def __init__(self) -> None:
        self._members = _MOST_MEMBERS
        self._characters = _MOST_CHARACTERS

    def documents(
        self, extract: Extract, path: str, name: str, sha256: str, *, depth: int = 0
    ) -> tuple[list[Document], list[str]]:
        """The documents of an extract and of its members, and the gaps that none of them carries."""
        extract = settled(extract)
        if len(extract.text) > self._characters:
            whole = f"a file with more than {_MOST_CHARACTERS // 1_000_000} million characters is not read whole"
            raise Rejected(UnreadableDocument, whole, "Split it.")
        self._characters -= len(extract.text)
        has_text = bool(extract.text.strip())
        documents = [_document(extract, path, name, sha256)] if has_text else []
        gaps = [] if has_text else [*extract.gaps]
        if extract.members and depth == _DEEPEST:
            return documents, [*gaps, f"documents nested more than {_DEEPEST} deep not read: {len(extract.members)}"]
        taken: set[str] = set()
        for number, member in enumerate(extract.members):
            if not self._members:
                gaps.append(f"documents beyond the first {_MOST_MEMBERS:,} not read: {len(extract.members) - number:,}")
                break
            self._members -= 1
            last = _member_name(member.name, taken)
            try:
                inner, lost = self._member(member.content, f"{path}/{last}", sha256, depth=depth + 1)
            except Rejected as rejected:
                inner, lost = [], [rejected.reason]
            documents += inner
            gaps += [f"{last}: {gap}" for gap in lost]
        return documents, gaps

    def _member(
        self, content: Extract | bytes, path: str, sha256: str, *, depth: int
    ) -> tuple[list[Document], list[str]]:
        """As `documents`; `sha256` is that of the file, which a member that was no file itself goes by."""
        where = Path(path)
        if isinstance(content, bytes):
            sha256 = hashlib.sha256(content).hexdigest()
            content = _extracted(_reader(where.suffix.lower()), content)
        documents, gaps = self.documents(content, path, where.stem, sha256, depth=depth)
        return documents, gaps if documents or gaps else ["it holds no text"]


def _document(extract: Extract, path: str, name: str, sha256: str) -> Document:
    return Document(
        text=extract.text,
        path=path,
        title=_title(extract) or one_line(name) or "untitled",
        sha256=sha256,
        date=extract.date,
        author=clean_author(extract.author),
        outlet=clean_author(extract.outlet),
        updated=extract.updated,
        pages=extract.pages,
        parts=tuple((offset, part[:_LONGEST_NAME]) for offset, part in extract.parts),
        boxes=extract.boxes,
        headings=extract.headings,
        gaps=extract.gaps,
    )


def _member_name(name: str, taken: set[str]) -> str:
    """A name for one step of a path: without separators and what cannot be shown, and unlike those taken."""
    last = one_line(re.split(r"[/\\]", name)[-1][-_LONGEST_NOTE:])
    shown = "".join("\0" if unicodedata.category(c)[0] == "C" else c for c in last)
    plain = Path(shown.strip(". \0").replace("\0", "_") or "unnamed")
    suffix = plain.suffix if len(plain.suffix) <= _LONGEST_SUFFIX else ""
    stem = plain.name.removesuffix(suffix)[: _LONGEST_NAME - len(suffix)]
    plain_name, number = f"{stem}{suffix}", 2
    while plain_name.casefold() in taken:
        plain_name = f"{stem} ({number}){suffix}"
        number += 1
    taken.add(plain_name.casefold())
    return plain_name


def _few(notes: Sequence[str], most: int) -> tuple[str, ...]:
    """The first notes as they may be shown, and how many more there are."""
    more = (f"and {len(notes) - most:,} more",) if len(notes) > most else ()
    return (*map(_note, notes[:most]), *more)


def _note(text: str) -> str:
    """A short line that shows all it holds: reasons and gaps quote names and contents of files."""
    line = one_line(text[: 2 * _LONGEST_NOTE])
    if len(line) > _LONGEST_NOTE:
        line = f"{line[:_LONGEST_NOTE]}…"
    hidden = {c for c in line if unicodedata.category(c)[0] == "C"}
    return line.translate({ord(c): c.encode("unicode_escape").decode("ascii") for c in hidden})


class Found(NamedTuple):
    """Absolute paths, sorted, each once; of the links that are not followed their own, each with the reason."""

    files: list[Path]
    rejected: list[tuple[Path, str]]


def find(given: Iterable[str | Path]) -> Found:
    """List the files given and those below the folders given.

    Below a folder, hidden files and folders and lock files (`~$…`) are left out; links that lead out of it or to
    nothing are rejected. Files of unknown kinds are in, and so is whatever does not exist: `load` says what is wrong.
    """
    files: set[Path] = set()
    rejected: dict[Path, str] = {}
    for item in given:
        path = _resolved(item)
        for one, reason in _walked(path) if os.path.isdir(path) else [(path, "")]:
            if reason:
                rejected[one] = reason
            else:
                files.add(one)
    return Found(sorted(files), sorted(rejected.items()))


def _walked(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file below a folder, and each link there that is not followed with the reason why."""
    closed: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if reason := _unfollowed(Path(root, name), folder):
                yield Path(root, name), reason
        for name in files:
            if not name.startswith((".", "~$")):
                reason = _unfollowed(Path(root, name), folder)
                yield Path(root, name) if reason else _resolved(Path(root, name)), reason
    yield from ((_resolved(error.filename), "") for error in closed)  # load() reports that they cannot be listed


def _unfollowed(path: Path, folder: Path) -> str:
    """Why a link below a folder is not followed, or nothing."""
    if not path.is_symlink():
        return ""
    if not os.path.exists(path):
        return "it is a link to nothing"
    return "" if _resolved(path).is_relative_to(folder) else "it is a link that leads out of the folder"


def _resolved(path: str | Path) -> Path:
    """An absolute path without links; unlike Path.resolve it stands a loop of links and a name that cannot exist."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a null character
        return Path(os.getcwd(), path)


def printable(path: str | Path) -> str:
    """The absolute path that a file goes by, with what is no Unicode in it spelt out."""
    return str(_resolved(path)).replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")


def _reader(suffix: str) -> Callable[[bytes], Extract]:
    if suffix not in _READERS:
        known = ", ".join(sorted(SUFFIXES))
        what = f"{suffix} files are not supported" if suffix else "a file without a suffix is not supported"
        remedy = f"Save it as {_INSTEAD[suffix]}." if suffix in _INSTEAD else f"Supported: {known}."
        raise Rejected(UnsupportedFormat, f"{what}.", remedy)
    module, function = _READERS[suffix].split(":")
    reader: Callable[[bytes], Extract] = getattr(importlib.import_module(f"rag.documents.{module}"), function)
    return reader


def _reader_of(path: Path) -> Callable[[bytes], Extract]:
    """The reader for a file, which is checked first: of a folder or a pipe, its suffix is not what is wrong."""
    with _reasons():
        _check_kind(path.stat().st_mode, path)
    return _reader(path.suffix.lower())


def _check_kind(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        listed = os.access(path, os.R_OK | os.X_OK)
        raise Rejected(UnreadableDocument, "it is a folder" if listed else "it is a folder that you may not list")
    if not stat.S_ISREG(mode):
        raise Rejected(UnreadableDocument, "it is not an ordinary file")


def _read(path: Path) -> bytes:
    def at_once(name: str, flags: int) -> int:  # a pipe would wait for ever for its other end
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with _reasons(), open(path, "rb", opener=at_once) as stream:
        _check_kind(os.fstat(stream.fileno()).st_mode, path)  # again: it may have become another one
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise Rejected(UnreadableDocument, f"it is larger than {LARGEST_FILE // 1_000_000} MB", "Split it.")
    return data


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn what the system says of a file into the reason why it is rejected."""
    try:
        yield
    except FileNotFoundError as error:
        raise Rejected(UnreadableDocument, "there is no such file") from error
    except PermissionError as error:
        raise Rejected(UnreadableDocument, "you may not read it", "Check its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Rejected(UnreadableDocument, f"it cannot be read: {reason}") from error


def _extracted(reader: Callable[[bytes], Extract], data: bytes) -> Extract:
    if not data:
        raise Rejected(EmptyDocument, "it is empty")
    try:
        return reader(data)
    except (Rejected, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raise Rejected(UnreadableDocument, "reading it needs more memory than there is") from error
    except RecursionError as error:
        raise Rejected(UnreadableDocument, "what it holds is nested too deep") from error
    except BaseException as error:  # parsers raise anything at all on damaged files, and Rust panics are no Exception
        what = one_line(str(error))[:120] or type(error).__name__
        raise Rejected(UnreadableDocument, f"it is damaged or not of the kind its suffix says ({what})") from error


def _title(extract: Extract) -> str:
    if extract.title is None:
        return ""
    first = extract.text[slice(*extract.headings[0])] if extract.headings else ""
    return clean_title(extract.title) or clean_title(first)
