"""The truth of an index: one SQLite file with documents, passages, vectors and the lexical index."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.database import Database, Row
from rag.errors import IndexDamaged, IndexFault, IndexMissing
from rag.types import Document, Hit, IndexedDocument, Span

FORMAT = 1

_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, id TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, author TEXT, text TEXT NOT NULL, pages TEXT NOT NULL, headings TEXT NOT NULL,
    gaps TEXT NOT NULL, seal TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL, section TEXT NOT NULL, sentences TEXT NOT NULL,
    embedded BLOB NOT NULL, vector BLOB NOT NULL);
CREATE INDEX passages_by_document ON passages(document, start);
CREATE INDEX passages_by_embedded ON passages(embedded);
CREATE VIRTUAL TABLE lexical USING fts5(title, section, text, tokenize = "porter unicode61 remove_diacritics 2");
INSERT INTO lexical(lexical, rank) VALUES ('rank', 'bm25(0.5, 0.5, 1.0)');
INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '0'), ('mark', ''), ('traces', '0');
"""

_DOCUMENT = "path, sha256, title, date, author, text, pages, headings, gaps"
_HIT = """SELECT p.id, p.start, p.stop, p.section, p.sentences, d.id, d.path, d.title, d.date, d.pages,
    substr(d.text, p.start + 1, p.stop - p.start) FROM passages p JOIN documents d ON d.row = p.document """
_WITHIN = (
    "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document "
    "WHERE d.path IN (SELECT value FROM json_each(?))"
)
_WORD = re.compile(r"\w+(?:[.,](?=\d)\w+)*")  # FTS5 reads "40,000" as the phrase of its parts
_SURROGATE = re.compile("[\ud800-\udfff]")

Ids = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]


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


class Catalog:
    """What a method has written is on disk when it returns; every thread may read and write.

    The generation number grows with every change. Row ids are never reused. Raises IndexMissing where the file
    is empty, IndexDamaged where SQLite cannot read it, IndexFault where the disk or its permissions are at fault.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._db = Database(path)
        try:
            if create:
                self._create()
            tables = {row[0] for row in self._db.all("SELECT name FROM sqlite_master")} if path.exists() else set()
            if not tables:  # the file is there, but empty, where the very first update was killed
                remedy = f"Build one: rag index FOLDER --index {path.parent}"
                raise IndexMissing(str(path.parent), "there is no index here.", remedy=remedy)
            if "meta" not in tables or self.meta("format") != str(FORMAT):
                raise self._db.damaged("it is of another format")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Wait for what other threads are reading, then close the file."""
        self._db.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything read inside see one state of the catalog."""
        return self._db.snapshot()

    # --- reading

    @property
    def generation(self) -> int:
        with self._db.sound():
            return int(self.meta("generation") or 0)

    @property
    def state(self) -> str:
        """The generation with a random mark of its own: two histories of one catalog never share a state."""
        return f"{self.generation}-{self.meta('mark')}"

    @property
    def dimension(self) -> int:
        """Of the vectors; 0 where nothing has been indexed yet."""
        with self._db.sound():
            return int(self.meta("dimension") or 0)

    def meta(self, key: str) -> str | None:
        row = self._db.one("SELECT value FROM meta WHERE key = ?", key)
        return row[0] if row else None

    def known(self) -> dict[str, str]:
        """Path to SHA-256 of the file, for every document."""
        return dict(self._db.all("SELECT path, sha256 FROM documents ORDER BY row"))

    def documents(self) -> list[IndexedDocument]:
        rows = self._db.all(
            "SELECT path, title, date, author, sha256, (SELECT count(*) FROM passages WHERE document = row), "
            "length(text), gaps FROM documents ORDER BY row"
        )
        with self._db.sound():
            return [
                IndexedDocument(
                    path=path, title=title, date=date, author=author, sha256=sha256, passages=passages,
                    characters=characters, gaps=tuple(json.loads(gaps)),
                )
                for path, title, date, author, sha256, passages, characters, gaps in rows
            ]  # fmt: skip

    def document(self, path: str) -> Document | None:
        if not storable(path):
            return None
        row = self._db.one(f"SELECT {_DOCUMENT} FROM documents WHERE path = ?", path)
        with self._db.sound():
            return _document(row) if row else None

    def count(self) -> tuple[int, int]:
        """The number of documents and of passages."""
        documents, passages = (self._db.all(f"SELECT count(*) FROM {name}")[0][0] for name in ("documents", "passages"))
        return documents, passages

    def passage_ids(self, paths: Sequence[str] | None = None) -> Ids:
        """int64 [n], ascending; with `paths`, only those of these documents."""
        every = "SELECT id FROM passages ORDER BY id"
        rows = self._db.all(every) if paths is None else self._db.all(f"{_WITHIN} ORDER BY p.id", _array(paths))
        return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))

    def vectors(self, ids: Ids, dimension: int) -> Matrix:
        """float32 [len(ids), dimension]; every id must be one of `passage_ids()`, ascending."""
        sql = "SELECT vector FROM passages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        rows = self._db.all(sql, _array(ids.tolist()))
        with self._db.sound():
            return _floats(b"".join(row[0] for row in rows)).reshape(len(ids), dimension)

    def embedded(self, digests: Iterable[bytes]) -> dict[bytes, Matrix]:
        """Digest of embedded text to its vector, float32 [d], for those that some passage has already."""
        sql = "SELECT vector FROM passages WHERE embedded = ? ORDER BY id LIMIT 1"
        return {digest: _floats(row[0]) for digest in digests if (row := self._db.one(sql, digest))}

    def hits(self, scores: dict[int, float]) -> list[Hit]:
        """The passages with these ids and scores, best first, ties in document order; ids that are gone are absent."""
        rows = self._db.all(_HIT + "WHERE p.id IN (SELECT value FROM json_each(?))", _array(scores))
        with self._db.sound():
            return sorted((_hit(row, scores[row[0]]) for row in rows), key=lambda hit: (-hit.score, hit.passage_id))

    def neighbours(self, hit: Hit) -> tuple[Hit | None, Hit | None]:
        """The passages just before and just after `hit` in its document; they carry its score."""
        around = "WHERE p.document = (SELECT document FROM passages WHERE id = ?) AND p.start "
        before = self._db.one(_HIT + around + "< ? ORDER BY p.start DESC LIMIT 1", hit.passage_id, hit.span.start)
        after = self._db.one(_HIT + around + "> ? ORDER BY p.start LIMIT 1", hit.passage_id, hit.span.start)
        with self._db.sound():
            return (_hit(before, hit.score) if before else None), (_hit(after, hit.score) if after else None)

    def lexical(self, query: str, k: int, paths: Sequence[str] | None = None) -> dict[int, float]:
        """Passage id to BM25 (Robertson & Zaragoza 2009, as FTS5 computes it; greater is better), at most k."""
        words = sorted(set(_WORD.findall(query.lower())))
        if not words:
            return {}
        inside, values = "", [" OR ".join(f'"{word}"' for word in words)]
        if paths is not None:
            inside = f"AND +lexical.rowid IN ({_WITHIN})"  # the plus: ask the lexical index once, not for each id
            values.append(_array(paths))
        sql = f"SELECT rowid, -rank FROM lexical WHERE lexical MATCH ? {inside} ORDER BY rank, rowid LIMIT ?"
        return dict(self._db.all(sql, *values, k))

    # --- writing

    def set_meta(self, values: dict[str, str]) -> None:
        with self._change() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(values.items()))

    def put(self, document: Document, passages: Sequence[PassageRow]) -> None:
        """Store a document whole in one transaction, in place of any earlier version at its path."""
        rows = [
            (p.start, p.stop, p.section, json.dumps(p.sentences), p.embedded, p.vector.astype(np.float16).tobytes())
            for p in passages
        ]
        with self._change() as connection:
            _delete(connection, document.path)
            number = connection.execute(
                f"INSERT INTO documents ({_DOCUMENT}, id, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.path, document.sha256, document.title, document.date, document.author, document.text,
                    json.dumps(document.pages), json.dumps(document.headings), json.dumps(document.gaps),
                    document.id, seal(document, rows),
                ),
            ).lastrowid  # fmt: skip
            for passage, row in zip(passages, rows, strict=True):
                added = connection.execute(
                    "INSERT INTO passages (document, start, stop, section, sentences, embedded, vector) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, *row),
                ).lastrowid
                words = (added, passage.title, passage.section, passage.text)
                connection.execute("INSERT INTO lexical (rowid, title, section, text) VALUES (?, ?, ?, ?)", words)

    def remove(self, path: str) -> None:
        """Delete a document with its passages, lexical entries and vectors in one transaction."""
        with self._change() as connection:
            _delete(connection, path)

    def erase(self) -> None:
        """Overwrite what deleted documents left in the files: their words in the lexical index, and the log."""
        if self.meta("traces") == "1":
            with self._db.transaction() as connection:
                connection.execute("INSERT INTO lexical(lexical) VALUES ('optimize')")
                connection.execute("UPDATE meta SET value = '0' WHERE key = 'traces'")
        self._db.all("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- checking

    def findings(self) -> list[str]:
        """What does not hold together, each in a sentence; empty where all is well. Raises IndexDamaged."""
        found = [f"SQLite: {row[0]}." for row in self._db.all("PRAGMA integrity_check(20)") if row[0] != "ok"]
        checks = {
            "passages without a document": "FROM passages WHERE document NOT IN (SELECT row FROM documents)",
            "lexical entries without a passage": "FROM lexical WHERE rowid NOT IN (SELECT id FROM passages)",
        }
        for what, clause in checks.items():
            if number := self._db.all(f"SELECT count(*) {clause}")[0][0]:
                found.append(f"{number} {what}.")
        for (number,) in self._db.all("SELECT row FROM documents ORDER BY row"):
            found.extend(self._unsealed(number))
        return found

    def lexical_findings(self) -> list[str]:
        """Whether the lexical index fits its passages; left out where the folder cannot be written."""
        try:
            with self._db.transaction() as connection:
                connection.execute("INSERT INTO lexical(lexical) VALUES ('integrity-check')")
        except IndexFault as error:
            return ["the lexical index is damaged."] if isinstance(error, IndexDamaged) else []
        return []

    def _unsealed(self, number: int) -> Iterator[str]:
        """What of one document, by its row, is not as it was indexed."""
        row = self._db.one(f"SELECT {_DOCUMENT}, id, seal FROM documents WHERE row = ?", number)
        passages = self._db.all(
            "SELECT p.start, p.stop, p.section, p.sentences, p.embedded, p.vector, l.title, l.section, l.text "
            "FROM passages p LEFT JOIN lexical l ON l.rowid = p.id WHERE p.document = ? ORDER BY p.start",
            number,
        )
        if row is None:
            return
        with self._db.sound():
            document = _document(row[:-2])
            if (document.id, seal(document, [passage[:6] for passage in passages])) != row[-2:]:
                yield f"{document.path}: the document or its passages are not as they were indexed."
            wanted = [(document.title, section, document.text[left:right]) for left, right, section, *_ in passages]
            if wanted != [passage[6:] for passage in passages]:
                yield f"{document.path}: its lexical entries do not hold its text."

    # --- inside

    def _create(self) -> None:
        """Write the schema whole or not at all; a file that holds something already stays as it is."""
        with self._db.transaction() as connection:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in _SCHEMA.split(";\n"):
                    connection.execute(statement)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that leads to a new generation."""
        with self._db.transaction() as connection:
            yield connection
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
            connection.execute("UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = 'mark'")


def storable(text: str) -> bool:
    """Whether SQLite gives `text` back as it was: it encodes no lone surrogate, and cuts at a null character."""
    return "\0" not in text and not _SURROGATE.search(text)


def seal(document: Document, passages: Iterable[Row]) -> str:
    """SHA-256 over all of a document but its text, which `Document.id` covers, and over its passages' rows."""
    own = (document.id, document.path, document.sha256, document.title, document.date, document.author)
    lists = (list(document.pages), [list(heading) for heading in document.headings], list(document.gaps))
    digest = hashlib.sha256(repr((own, lists)).encode("utf-8", "surrogatepass"))
    for passage in passages:
        digest.update(repr(tuple(passage)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _delete(connection: sqlite3.Connection, path: str) -> None:
    ids = "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document WHERE d.path = ?"
    connection.execute(f"DELETE FROM lexical WHERE rowid IN ({ids})", (path,))
    if connection.execute("DELETE FROM documents WHERE path = ?", (path,)).rowcount:
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'traces'")


def _array(values: Iterable[object]) -> str:
    """A JSON array, which json_each() turns into rows: a query takes only so many parameters."""
    return json.dumps(list(values))


def _floats(blob: bytes) -> Matrix:
    return np.frombuffer(blob, dtype=np.float16).astype(np.float32)


def _document(row: Row) -> Document:
    path, sha256, title, date, author, text, pages, headings, gaps = row
    return Document(
        text=text, path=path, title=title, sha256=sha256, date=date, author=author, pages=tuple(json.loads(pages)),
        headings=tuple((left, right) for left, right in json.loads(headings)), gaps=tuple(json.loads(gaps)),
    )  # fmt: skip


def _hit(row: Row, score: float) -> Hit:
    number, start, stop, section, sentences, document_id, path, title, date, pages, text = row
    return Hit(
        score=score, text=text, title=title, path=path, span=Span(document_id=document_id, start=start, end=stop),
        passage_id=number, section=section, page=bisect_right(json.loads(pages), start) or None, date=date,
        sentences=tuple((left, right) for left, right in json.loads(sentences)),
    )  # fmt: skip
