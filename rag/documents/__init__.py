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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from rag.documents.extract import Extract, Rejected, clean_title, one_line, settled
from rag.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat
from rag.types import Document

__all__ = ["SUFFIXES", "VERSION", "Found", "Loaded", "find", "load"]

LARGEST_FILE = 100_000_000  # bytes
VERSION = 2  # of all readers: with another number, files are read again though their bytes have not changed
_DEEPEST = 5  # a mail in a mail in …
_LONGEST_NAME = 120  # characters

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
    ".docx": "office:read_docx",
}

SUFFIXES = frozenset(_READERS)


class Loaded(NamedTuple):
    """What one file gave: its own document first, if it has text of its own, then those within it.

    A document within it stands at a path below the file's, as though the file were a folder.
    """

    sha256: str  # of the file's bytes
    documents: tuple[Document, ...]  # at least one; the first one's gaps also tell what of the file was not read


def load(path: str | Path) -> Loaded:
    """Read a file; raises the DocumentError that says why it gives no document."""
    where, shown = _resolved(path), _printable(path)
    try:
        if shown != str(where):
            raise Rejected(UnreadableDocument, "its name is not valid Unicode", "Rename it.")
        _check_kind(where)
        reader = _reader(where.suffix.lower())
        data = _read(where)
        extract = _extracted(reader, data)
    except Rejected as rejected:
        raise rejected.kind(shown, rejected.reason, remedy=rejected.remedy) from rejected.__cause__
    sha256 = hashlib.sha256(data).hexdigest()
    documents, gaps = _documents(extract, shown, where.stem, sha256, depth=0)
    if not documents:
        raise EmptyDocument(shown, "; ".join(("it holds no text", *gaps)))
    documents[0] = replace(documents[0], gaps=(*documents[0].gaps, *gaps))
    return Loaded(sha256, tuple(documents))


def _documents(extract: Extract, path: str, name: str, sha256: str, *, depth: int) -> tuple[list[Document], list[str]]:
    """The documents of an extract and of its members, and the gaps that none of them carries."""
    extract = settled(extract)
    documents: list[Document] = []
    gaps: list[str] = []
    if extract.text.strip():
        documents.append(
            Document(
                text=extract.text,
                path=path,
                title=_title(extract) or name,
                sha256=sha256,
                date=extract.date,
                author=extract.author,
                outlet=extract.outlet,
                updated=extract.updated,
                pages=extract.pages,
                parts=extract.parts,
                boxes=extract.boxes,
                headings=extract.headings,
                gaps=extract.gaps,
            )
        )
    else:
        gaps += extract.gaps
    if extract.members and depth == _DEEPEST:
        return documents, [*gaps, f"documents nested more than {_DEEPEST} deep not read: {len(extract.members)}"]
    taken: set[str] = set()
    for member in extract.members:
        last = _member_name(member.name, taken)
        try:
            data = member.content
            content = _extracted(_reader(Path(last).suffix.lower()), data) if isinstance(data, bytes) else data
        except Rejected as rejected:
            gaps.append(f"{last}: {rejected.reason}")
            continue
        own = hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else sha256
        inner, lost = _documents(content, f"{path}/{last}", Path(last).stem, own, depth=depth + 1)
        if not inner and not lost:
            lost = ["it holds no text"]
        documents += inner
        gaps += [f"{last}: {gap}" for gap in lost]
    return documents, gaps


def _member_name(name: str, taken: set[str]) -> str:
    """A name for one step of a path: without separators and what cannot be shown, and unlike those taken."""
    last = re.split(r"[/\\]", name)[-1].strip()
    plain = (
        "".join("_" if unicodedata.category(c)[0] == "C" else c for c in last).strip(". ")[:_LONGEST_NAME] or "unnamed"
    )
    stem, suffix = Path(plain).stem, Path(plain).suffix
    number = 2
    while plain.casefold() in taken:
        plain = f"{stem} ({number}){suffix}"
        number += 1
    taken.add(plain.casefold())
    return plain


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
        return Path(path)


def _printable(path: str | Path) -> str:
    return str(_resolved(path)).replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")


def _reader(suffix: str) -> Callable[[bytes], Extract]:
    if suffix not in _READERS:
        known = ", ".join(sorted(SUFFIXES))
        what = f"{suffix} files are not supported" if suffix else "a file without a suffix is not supported"
        raise Rejected(UnsupportedFormat, f"{what}.", f"Supported: {known}.")
    module, function = _READERS[suffix].split(":")
    reader: Callable[[bytes], Extract] = getattr(importlib.import_module(f"rag.documents.{module}"), function)
    return reader


def _check_kind(path: Path) -> None:
    with _reasons():
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            listed = os.access(path, os.R_OK | os.X_OK)
            raise Rejected(UnreadableDocument, "it is a folder" if listed else "it is a folder that you may not list")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
            raise Rejected(UnreadableDocument, "it is not an ordinary file")


def _read(path: Path) -> bytes:
    with _reasons():
        if path.stat().st_size > LARGEST_FILE:
            raise Rejected(UnreadableDocument, f"it is larger than {LARGEST_FILE // 1_000_000} MB", "Split it.")
        return path.read_bytes()


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
    except Rejected:
        raise
    except Exception as error:  # parsers raise anything at all on damaged files
        what = one_line(str(error))[:120] or type(error).__name__
        raise Rejected(UnreadableDocument, f"it is damaged or not of the kind its suffix says ({what})") from error


def _title(extract: Extract) -> str:
    first = extract.text[slice(*extract.headings[0])] if extract.headings else ""
    return clean_title(extract.title) or clean_title(first)
