"""Rows of the catalog's tables as values and back, and the seal by which a document knows its own rows again."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag.types import Box, Document, Hit, Span

Row = tuple[Any, ...]
Ids = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

DOCUMENT = "path, sha256, title, date, author, text, pages, headings, gaps, outlet, updated, parts, boxes"
HIT = """SELECT p.id, p.start, p.stop, p.section, p.sentences, d.id, d.path, d.title, d.date, d.pages, d.parts,
    substr(d.text, p.start + 1, p.stop - p.start) FROM passages p JOIN documents d ON d.row = p.document """
PASSAGE = "start, stop, section, sentences, embedded, vector"
STAMP_SEAL = "stamp"
_STAMP = ("encoder", "weights", "dimension", "passages")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """A passage on its way into the catalog: offsets, its sentences' offsets and its vector, float32 [d].

    `embedded` is the digest of the text that the vector was made from.
    """

    start: int
    stop: int
    title: str
    section: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    embedded: bytes
    vector: Matrix


def storable(text: str) -> bool:
    """Whether SQLite gives `text` back as it was: it encodes no lone surrogate, and cuts at a null character."""
    return "\0" not in text and not _SURROGATE.search(text)


def seal(document: Document, file: str, passages: Iterable[Row]) -> str:
    """SHA-256 over a document but for its text, which `Document.id` covers, its file's path, and its PASSAGE rows."""
    own = (
        document.id, document.path, document.sha256, document.title, document.date, document.author, document.outlet,
        document.updated, file, document.pages, document.headings, document.gaps, document.parts,
        tuple(map(tuple, document.boxes)),
    )  # fmt: skip
    digest = hashlib.sha256(repr(own).encode("utf-8", "surrogatepass"))
    for passage in passages:
        digest.update(repr(tuple(passage)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def file_seal(path: str, sha256: str, readers: int, documents: Iterable[str]) -> str:
    """SHA-256 over a row of the table of files and the seals of the file's documents, in the order of their paths."""
    return hashlib.sha256(repr((path, sha256, readers, list(documents))).encode("utf-8", "surrogatepass")).hexdigest()


def stamp_of(meta: Mapping[str, str]) -> dict[str, str]:
    """What of the table of settings says which encoder and which rule made the passages."""
    return {key: meta[key] for key in _STAMP if key in meta}


def stamp_seal(stamp: Mapping[str, str]) -> str:
    """SHA-256 over what says which encoder and which rule made the passages."""
    return hashlib.sha256(repr(sorted(stamp.items())).encode()).hexdigest()


class Stored(NamedTuple):
    """A document as it stands in the catalog now, with the id and the seal that it was given, and its PASSAGE rows."""

    document: Document
    id: str
    seal: str
    file: str
    passages: list[Row]

    @property
    def is_whole(self) -> bool:
        return (self.document.id, seal(self.document, self.file, self.passages)) == (self.id, self.seal)


def stored(connection: sqlite3.Connection, number: int) -> Stored:
    """The document of this row. Raises what a damaged row makes Python raise."""
    sql = f"SELECT {DOCUMENT}, id, seal, file FROM documents WHERE row = ?"
    row = connection.execute(sql, (number,)).fetchone()
    rows = connection.execute(f"SELECT {PASSAGE} FROM passages WHERE document = ? ORDER BY start", (number,))
    passages = rows.fetchall()  # at once: an error would leave the query, and with it the file, open
    name, sealed, file = row[-3:]
    return Stored(as_document(row[:-3]), name, sealed, file, passages)


def floats(blob: bytes) -> Matrix:
    """Vectors as they are stored, one after another."""
    return np.frombuffer(blob, dtype=np.float16).astype(np.float32)


def as_document(row: Row) -> Document:
    """A document of the columns DOCUMENT."""
    path, sha256, title, date, author, text, pages, headings, gaps, outlet, updated, parts, boxes = row
    return Document(
        text=text, path=path, title=title, sha256=sha256, date=date, author=author, outlet=outlet, updated=updated,
        pages=tuple(json.loads(pages)), parts=_pairs(parts), headings=_pairs(headings), gaps=tuple(json.loads(gaps)),
        boxes=tuple(Box(*box) for box in json.loads(boxes)),
    )  # fmt: skip


def _pairs(value: str) -> tuple[Any, ...]:
    return tuple((left, right) for left, right in json.loads(value))


def as_hit(row: Row, score: float) -> Hit:
    """A passage of the columns HIT."""
    number, start, stop, section, sentences, document_id, path, title, date, pages, parts, text = row
    named = _pairs(parts)
    part = bisect_right(named, start, key=lambda one: one[0])
    return Hit(
        score=score, text=text, title=title, path=path, span=Span(document_id=document_id, start=start, end=stop),
        passage_id=number, section=section, page=bisect_right(json.loads(pages), start) or None,
        part=named[part - 1][1] if part else None, date=date, sentences=_pairs(sentences),
    )  # fmt: skip
