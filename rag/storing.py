"""How a document goes into the catalog's tables and out of them, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np

from rag.rows import DOCUMENT, PASSAGE, STAMP_SEAL, PassageRow, Row, file_seal, seal, stamp_of, stamp_seal
from rag.types import Document
from rag.visible import visible


def delete(connection: sqlite3.Connection, which: str, *values: str) -> None:
    """Delete the documents of which that holds, and what the catalog says of their files."""
    found = connection.execute(f"SELECT row, file FROM documents WHERE {which}", values).fetchall()
    for row, file in found:
        ids = "SELECT id FROM passages WHERE document = ?"
        connection.execute(f"DELETE FROM lexical WHERE rowid IN ({ids})", (row,))
        connection.execute("DELETE FROM documents WHERE row = ?", (row,))
        if connection.execute("SELECT 1 FROM documents WHERE file = ?", (file,)).fetchone():
            note_file(connection, file, "", 0)
        else:
            connection.execute("DELETE FROM files WHERE path = ?", (file,))
    if found:
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'traces'")


def note_file(connection: sqlite3.Connection, path: str, sha256: str, readers: int) -> None:
    seals = connection.execute("SELECT seal FROM documents WHERE file = ? ORDER BY path", (path,)).fetchall()
    values = (path, sha256, readers, file_seal(path, sha256, readers, (row[0] for row in seals)))
    connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", values)


def seal_stamp(connection: sqlite3.Connection) -> None:
    stamp = stamp_of(dict(connection.execute("SELECT key, value FROM meta").fetchall()))
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (STAMP_SEAL, stamp_seal(stamp)))


def insert(connection: sqlite3.Connection, document: Document, file: str, passages: Sequence[PassageRow]) -> None:
    columns = [_passage_columns(passage) for passage in passages]
    values = (*_document_columns(document), document.id, seal(document, file, columns), file)
    number = connection.execute(
        f"INSERT INTO documents ({DOCUMENT}, id, seal, file) VALUES ({', '.join('?' * len(values))})", values
    ).lastrowid
    for passage, row in zip(passages, columns, strict=True):
        added = connection.execute(
            f"INSERT INTO passages (document, {PASSAGE}) VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *row)
        ).lastrowid
        words = (added, *map(visible, (passage.title, passage.section, passage.text)))
        connection.execute("INSERT INTO lexical (rowid, title, section, text) VALUES (?, ?, ?, ?)", words)


def _passage_columns(passage: PassageRow) -> Row:
    """The PASSAGE columns of a passage."""
    sentences, vector = json.dumps(passage.sentences), passage.vector.astype(np.float16).tobytes()
    return passage.start, passage.stop, passage.section, sentences, passage.embedded, vector


def _document_columns(document: Document) -> Row:
    """The DOCUMENT columns of a document."""
    return (
        document.path, document.sha256, document.title, document.date, document.author, document.text,
        *map(json.dumps, (document.pages, document.headings, document.gaps)), document.outlet, document.updated,
        *map(json.dumps, (document.parts, document.boxes)),
    )  # fmt: skip
