"""The truth of an index: one SQLite file with documents, passages, vectors and the lexical index."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamaged, IndexFault
from rag.types import Document, Hit, IndexedDocument, Span

FORMAT = 1

_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, id TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, author TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL,
    gaps TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_by_document ON passages(document, start);
CREATE VIRTUAL TABLE lexical USING fts5(title, section, text, tokenize = "porter unicode61 remove_diacritics 2");
INSERT INTO lexical(lexical, rank) VALUES ('rank', 'bm25(0.5, 0.5, 1.0)');
INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '0');
"""

_HIT = """SELECT p.id, p.start, p.stop, p.section, p.sentences, d.id, d.path, d.title, d.date, d.pages,
    substr(d.text, p.start + 1, p.stop - p.start) FROM passages p JOIN documents d ON d.row = p.document """

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """A passage on its way into the catalog: offsets, its sentences' offsets and its vector, float32 [d]."""

    start: int
    stop: int
    title: str
    section: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    vector: npt.NDArray[np.float32]


class Catalog:
    """One file, one connection a thread, WAL with synchronous=FULL: what a method returned from is on disk.

    The generation number grows with every change. Row ids are never reused. Raises IndexDamaged where SQLite
    cannot read the file.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._path = path
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        with self._faults():
            if create and not self._has_schema():
                # The schema arrives whole or not at all: a kill here leaves an empty file that is begun again.
                self._connection().executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
            if not self._has_schema() or self.meta("format") != str(FORMAT):
                raise IndexDamaged(
                    str(path.parent),
                    "the catalog is empty or of another format.",
                    remedy="Index the documents again into a new folder.",
                )

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything read inside see one state of the catalog."""
        connection = self._connection()
        with self._faults():
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN")
            try:
                yield
            finally:
                connection.execute("COMMIT")

    # --- reading

    @property
    def generation(self) -> int:
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str | None:
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        return row[0] if row else None

    def known(self) -> dict[str, str]:
        """Path to SHA-256 of the file, for every document."""
        return dict(self._all("SELECT path, sha256 FROM documents"))

    def documents(self) -> list[IndexedDocument]:
        rows = self._all(
            "SELECT path, title, date, author, sha256, (SELECT count(*) FROM passages WHERE document = row), "
            "length(text), gaps FROM documents ORDER BY row"
        )
        return [
            IndexedDocument(
                path=path, title=title, date=date, author=author, sha256=sha256, passages=passages,
                characters=characters, gaps=tuple(json.loads(gaps)),
            )
            for path, title, date, author, sha256, passages, characters, gaps in rows
        ]  # fmt: skip

    def document(self, path: str) -> Document | None:
        row = self._one(
            "SELECT text, path, title, sha256, date, author, pages, headings, gaps FROM documents WHERE path = ?", path
        )
        if row is None:
            return None
        text, path, title, sha256, date, author, pages, headings, gaps = row
        return Document(
            text=text, path=path, title=title, sha256=sha256, date=date, author=author, pages=tuple(json.loads(pages)),
            headings=tuple((left, right) for left, right in json.loads(headings)), gaps=tuple(json.loads(gaps)),
        )  # fmt: skip

    def count(self) -> tuple[int, int]:
        """The number of documents and of passages."""
        documents, passages = self._all("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)")[0]
        return documents, passages

    def passage_ids(self, paths: Sequence[str] | None = None) -> npt.NDArray[np.int64]:
        """int64 [n], ascending; with `paths`, only those of these documents."""
        if paths is None:
            rows = self._all("SELECT id FROM passages ORDER BY id")
        else:
            rows = self._all(
                "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document "
                "WHERE d.path IN (SELECT value FROM json_each(?)) ORDER BY p.id",
                json.dumps(list(paths)),
            )
        return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))

    def vectors(self, ids: npt.NDArray[np.int64], dimension: int) -> npt.NDArray[np.float32]:
        """float32 [len(ids), dimension]; every id must be one of `passage_ids()`, ascending."""
        rows = self._all(
            "SELECT vector FROM passages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            json.dumps(ids.tolist()),
        )
        matrix = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.float16).astype(np.float32)
        return matrix.reshape(-1, dimension)

    def hits(self, scores: dict[int, float]) -> list[Hit]:
        """The passages with these ids and scores, best first, ties in document order; ids that are gone are absent."""
        rows = self._all(_HIT + "WHERE p.id IN (SELECT value FROM json_each(?))", json.dumps(list(scores)))
        return sorted((_hit(row, scores[row[0]]) for row in rows), key=lambda hit: (-hit.score, hit.passage_id))

    def neighbours(self, hit: Hit) -> tuple[Hit | None, Hit | None]:
        """The passages just before and just after `hit` in its document; they carry its score."""
        around = "WHERE p.document = (SELECT document FROM passages WHERE id = ?) AND p.start "
        before = self._one(_HIT + around + "< ? ORDER BY p.start DESC LIMIT 1", hit.passage_id, hit.span.start)
        after = self._one(_HIT + around + "> ? ORDER BY p.start LIMIT 1", hit.passage_id, hit.span.start)
        return (_hit(before, hit.score) if before else None), (_hit(after, hit.score) if after else None)

    def lexical(self, query: str, k: int, paths: Sequence[str] | None = None) -> dict[int, float]:
        """Passage id to BM25 (Robertson & Zaragoza 2009, as FTS5 computes it; greater is better), at most k."""
        words = sorted(set(_WORD.findall(query.lower())))
        if not words:
            return {}
        match = " OR ".join(f'"{word}"' for word in words)
        inside, values = "", [match]
        if paths is not None:
            inside = (
                "AND lexical.rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.row = p.document "
                "WHERE d.path IN (SELECT value FROM json_each(?))) "
            )
            values.append(json.dumps(list(paths)))
        rows = self._all(
            f"SELECT rowid, -rank FROM lexical WHERE lexical MATCH ? {inside}ORDER BY rank, rowid LIMIT {int(k)}",
            *values,
        )
        return dict(rows)

    # --- writing

    def set_meta(self, values: dict[str, str]) -> None:
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(values.items()))

    def put(self, document: Document, passages: Sequence[PassageRow]) -> None:
        """Store a document whole in one transaction, in place of any earlier version at its path."""
        with self._transaction() as connection:
            self._delete(connection, document.path)
            row = connection.execute(
                "INSERT INTO documents (path, id, sha256, title, date, author, text, pages, headings, gaps) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.path, document.id, document.sha256, document.title, document.date, document.author,
                    document.text, json.dumps(document.pages), json.dumps(document.headings), json.dumps(document.gaps),
                ),
            ).lastrowid  # fmt: skip
            for passage in passages:
                number = connection.execute(
                    "INSERT INTO passages (document, start, stop, section, sentences, vector) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        row, passage.start, passage.stop, passage.section, json.dumps(passage.sentences),
                        passage.vector.astype(np.float16).tobytes(),
                    ),
                ).lastrowid  # fmt: skip
                connection.execute(
                    "INSERT INTO lexical (rowid, title, section, text) VALUES (?, ?, ?, ?)",
                    (number, passage.title, passage.section, passage.text),
                )

    def remove(self, path: str) -> None:
        """Delete a document with its passages, lexical entries and vectors in one transaction."""
        with self._transaction() as connection:
            self._delete(connection, path)

    @staticmethod
    def _delete(connection: sqlite3.Connection, path: str) -> None:
        ids = "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document WHERE d.path = ?"
        connection.execute(f"DELETE FROM lexical WHERE rowid IN ({ids})", (path,))
        connection.execute("DELETE FROM documents WHERE path = ?", (path,))

    # --- checking

    def findings(self, dimension: int) -> list[str]:
        """What does not hold together, each in a sentence; empty where all is well."""
        found = [f"SQLite: {row[0]}" for row in self._all("PRAGMA quick_check") if row[0] != "ok"]
        checks = (
            ("passages without a document", "FROM passages WHERE document NOT IN (SELECT row FROM documents)"),
            ("documents without a passage", "FROM documents WHERE row NOT IN (SELECT document FROM passages)"),
            ("passages without a lexical entry", "FROM passages WHERE id NOT IN (SELECT rowid FROM lexical)"),
            ("lexical entries without a passage", "FROM lexical WHERE rowid NOT IN (SELECT id FROM passages)"),
            ("vectors of a wrong size", f"FROM passages WHERE length(vector) != {2 * dimension}"),
        )
        for what, clause in checks:
            if number := self._all(f"SELECT count(*) {clause}")[0][0]:
                found.append(f"{number} {what}.")
        for text_id, path in self._all("SELECT id, path FROM documents ORDER BY row"):
            document = self.document(path)
            if document is not None and document.id != text_id:
                found.append(f"{path}: the stored text is not the one that was indexed.")
        return found

    # --- SQLite

    def _has_schema(self) -> bool:
        return self._one("SELECT 1 FROM sqlite_master WHERE name = 'meta'") is not None

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # check_same_thread: close() is called from one thread for all; each is used by its own thread only.
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            self._open.append(connection)
        return connection

    def _all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._faults():
            return self._connection().execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> tuple | None:  # type: ignore[type-arg]
        with self._faults():
            row: tuple | None = self._connection().execute(sql, values).fetchone()  # type: ignore[type-arg]
            return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with self._faults():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say what SQLite's errors mean for the index."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise IndexFault(
                str(self._path.parent),
                f"the catalog cannot be read or written ({error}).",
                remedy="Check that the disk has room and that the folder is yours to write.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise IndexDamaged(
                str(self._path.parent),
                f"the catalog is damaged ({error}).",
                remedy="Restore the folder from a backup, or index the documents again into a new folder.",
            ) from error


def _hit(row: tuple, score: float) -> Hit:  # type: ignore[type-arg]
    number, start, stop, section, sentences, document_id, path, title, date, pages, text = row
    span = Span(document_id=document_id, start=start, end=stop)
    page = sum(1 for offset in json.loads(pages) if offset <= start) or None
    return Hit(
        score=score, text=text, title=title, path=path, span=span, passage_id=number, section=section, page=page,
        date=date, sentences=tuple((left, right) for left, right in json.loads(sentences)),
    )  # fmt: skip
