"""The truth of an index: one SQLite file with documents, passages, vectors and the lexical index."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag import storing
from rag.database import Database
from rag.errors import IndexDamaged, IndexFault, IndexMismatch, IndexMissing
from rag.ledger import Ledger
from rag.rows import DOCUMENT, HIT, Ids, Matrix, PassageRow, Row, as_document, as_hit, floats, seal, storable, stored
from rag.schema import FORMAT, create, upgrade
from rag.soundness import findings, lexical_findings
from rag.types import Document, Hit, IndexedDocument

_MUCH_FREE = 0.25  # share of the file's pages
_APART = 2**32  # ids of passages: more than one catalog will ever give

_log = logging.getLogger(__name__)

_WITHIN = (
    "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document "
    "WHERE d.path IN (SELECT value FROM json_each(?))"
)
_WORD = re.compile(r"\w+(?:[.,](?=\d)\w+)*")  # FTS5 reads "40,000" as the phrase of its parts

Contents = Sequence[tuple[Document, Sequence[PassageRow]]]  # the documents of one file, each with its passages


class Source(NamedTuple):
    """A file as it was read: its digest, the version of the readers (0: of none) and its documents."""

    path: str
    sha256: str
    readers: int
    documents: Sequence[Document]


class Catalog:
    """What a method has written is on disk when it returns; every thread may read and write.

    The generation number grows with every change. Row ids are never reused. Raises IndexMissing where the file
    is empty, IndexMismatch where another version made it, IndexDamaged where SQLite cannot read it, IndexFault
    where the disk or its permissions are at fault.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._db = Database(path)
        self.ledger = Ledger(path)
        try:
            noted = self.ledger.read()
            if noted and noted.generation and not (path.exists() and path.stat().st_size):
                raise self._db.damaged("its file is gone or empty")
            tables = self._tables(written=bool(noted and noted.generation)) if path.exists() else set()
            if create:
                self._create()
                tables = self._tables()
            if not tables:  # the file is there, but empty, where the very first update was killed
                remedy = f"Build one: rag index FOLDER --index {path.parent}"
                raise IndexMissing(str(path.parent), "there is no index here.", remedy=remedy)
            found = self.meta("format") if "meta" in tables else None
            if found == "1":
                remedy = f"Bring it up to this version: rag index FOLDER --index {path.parent}"
                raise IndexMismatch(str(path.parent), "was made by an earlier version.", remedy=remedy)
            if found != str(FORMAT):
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

    @property
    def has_traces(self) -> bool:
        """Whether anything was deleted that `settle` has not seen to."""
        return self.meta("traces") == "1"

    def files(self, readers: int | None = None) -> dict[str, str]:
        """Path to SHA-256 of every indexed file; with `readers`, "" for those that other readers have read."""
        rows = self._db.all("SELECT path, sha256, readers FROM files ORDER BY path")
        return {path: sha256 if readers in (None, by) else "" for path, sha256, by in rows}

    def versions(self) -> dict[str, Row]:
        """Path of each file to what tells this version of it from any other."""
        sql = (
            "SELECT f.path, f.sha256, f.readers, (SELECT group_concat(id) FROM "
            "(SELECT id FROM documents WHERE file = f.path ORDER BY path)) FROM files f ORDER BY f.path"
        )
        return {row[0]: row[1:] for row in self._db.all(sql)}

    def source(self, path: str) -> Source:
        """A file with its documents. Raises IndexDamaged where these are not as they were indexed."""
        with self._db.snapshot():
            sha256, readers = self._db.all("SELECT sha256, readers FROM files WHERE path = ?", path)[0]
            names = self._db.all("SELECT path FROM documents WHERE file = ? ORDER BY path", path)
            documents = [self.document(name) for (name,) in names]
        return Source(path, sha256, readers, [document for document in documents if document is not None])

    def paths(self) -> list[str]:
        """Of all documents, sorted: document order."""
        return [path for (path,) in self._db.all("SELECT path FROM documents ORDER BY path")]

    def documents(self) -> list[IndexedDocument]:
        rows = self._db.all(
            "SELECT path, title, date, author, sha256, (SELECT count(*) FROM passages WHERE document = row), "
            "length(text), outlet, updated, gaps FROM documents ORDER BY path"
        )
        with self._db.sound():
            return [
                IndexedDocument(
                    path=path, title=title, date=date, author=author, sha256=sha256, passages=passages,
                    characters=characters, outlet=outlet, updated=updated, gaps=tuple(json.loads(gaps)),
                )
                for path, title, date, author, sha256, passages, characters, outlet, updated, gaps in rows
            ]  # fmt: skip

    def document(self, path: str) -> Document | None:
        """The document at `path`. Raises IndexDamaged where its text is not the one that was indexed."""
        if not storable(path):
            return None
        row = self._db.one(f"SELECT {DOCUMENT}, id FROM documents WHERE path = ?", path)
        if row is None:
            return None
        with self._db.sound():
            document = as_document(row[:-1])
        if document.id != row[-1]:
            raise self._db.damaged(f"the text of {path} has changed")
        return document

    def texts(self, paths: Sequence[str]) -> list[tuple[str, str]]:
        """Path and text of each document that is there, in the order of paths."""
        sql = "SELECT path, text FROM documents WHERE path IN (SELECT value FROM json_each(?)) ORDER BY path"
        return self._db.all(sql, _array(paths))

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
            return floats(b"".join(row[0] for row in rows)).reshape(len(ids), dimension)

    def embedded(self, digests: Iterable[bytes]) -> dict[bytes, Matrix]:
        """Digest of embedded text to its vector, float32 [d], for those that some passage has already."""
        sql = "SELECT vector FROM passages WHERE embedded = ? ORDER BY id LIMIT 1"
        return {digest: floats(row[0]) for digest in digests if (row := self._db.one(sql, digest))}

    def hits(self, scores: dict[int, float]) -> list[Hit]:
        """The passages with these ids and scores, best first, ties in document order; ids that are gone are absent."""
        rows = self._db.all(HIT + "WHERE p.id IN (SELECT value FROM json_each(?))", _array(scores))
        with self._db.sound():
            return sorted((as_hit(row, scores[row[0]]) for row in rows), key=lambda h: (-h.score, h.path, h.span.start))

    def best(self, scores: Mapping[int, float], k: int) -> dict[int, float]:
        """The k best of these passages, ties in document order, whatever order they were indexed in."""
        sql = (
            "SELECT p.id FROM passages p JOIN documents d ON d.row = p.document "
            "WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY d.path, p.start"
        )
        ids = [row[0] for row in self._db.all(sql, _array(scores))]
        return {i: scores[i] for i in sorted(ids, key=lambda i: -scores[i])[:k]}

    def neighbours(self, hit: Hit) -> tuple[Hit | None, Hit | None]:
        """The passages just before and just after `hit` in its document; they carry its score."""
        around = "WHERE p.document = (SELECT document FROM passages WHERE id = ?) AND p.start "
        before = self._db.one(HIT + around + "< ? ORDER BY p.start DESC LIMIT 1", hit.passage_id, hit.span.start)
        after = self._db.one(HIT + around + "> ? ORDER BY p.start LIMIT 1", hit.passage_id, hit.span.start)
        with self._db.sound():
            return (as_hit(before, hit.score) if before else None), (as_hit(after, hit.score) if after else None)

    def lexical(self, query: str, k: int, paths: Sequence[str] | None = None) -> dict[int, float]:
        """Passage id to BM25 (Robertson & Zaragoza 2009, as FTS5 computes it; greater is better).

        The k best, and all that score as the k-th does.
        """
        words = sorted(set(_WORD.findall(query.lower())))
        if not words:
            return {}
        inside, values = "", [" OR ".join(f'"{word}"' for word in words)]
        if paths is not None:
            inside = f"AND +lexical.rowid IN ({_WITHIN})"  # the plus: ask the lexical index once, not for each id
            values.append(_array(paths))
        sql = f"SELECT rowid, -rank FROM lexical WHERE lexical MATCH ? {inside} ORDER BY rank, rowid LIMIT ?"
        count = k + 1
        while True:
            rows = self._db.all(sql, *values, count)
            if len(rows) < count or rows[-1][1] < rows[k - 1][1]:
                return {i: score for i, score in rows if score >= rows[min(k, len(rows)) - 1][1]}
            count *= 2

    # --- writing

    def set_meta(self, values: dict[str, str]) -> None:
        with self._change() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(values.items()))
            storing.seal_stamp(connection)

    def put(self, document: Document, passages: Sequence[PassageRow]) -> None:
        """Store the one document of a file of its own."""
        self.put_file(document.path, document.sha256, [(document, passages)])

    def put_file(self, path: str, sha256: str, contents: Contents, *, readers: int = 0) -> None:
        """Store all documents of a file whole in one transaction, in place of what was there of it before."""
        with self._change() as connection:
            storing.delete(connection, "file = ?", path)
            for document, passages in contents:
                storing.delete(connection, "path = ?", document.path)  # of a file that has made way for this
                storing.insert(connection, document, path, passages)
            storing.note_file(connection, path, sha256, readers)

    def remove(self, *paths: str) -> None:
        """Delete documents, or all documents of files, with passages, lexical entries and vectors in one transaction.

        Where other documents of its file stay, the file counts as changed: the next update reads it again.
        """
        with self._change() as connection:
            for path in paths:
                storing.delete(connection, "path = ? OR file = ?", path, path)

    @property
    def lost(self) -> list[str]:
        """Paths of files that were lost with a damaged catalog, until somebody has been told."""
        with self._db.sound():
            return list(json.loads(self.meta("lost") or "[]"))

    def number_after(self, other: Catalog) -> None:
        """Give passages ids that `other`, whose place this will take, never gives: who reads it still may know them."""
        last = other._db.one("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
        first = ((last[0] if last else 0) // _APART + 1) * _APART
        with self._change() as connection:
            connection.execute("INSERT INTO sqlite_sequence VALUES ('passages', ?)", (first,))

    def become(self, other: Catalog) -> None:
        """Take over all that another catalog holds; readers of this one see all of it or nothing."""
        with other._db.transaction() as connection:  # what is acknowledged only grows
            later = self.generation + other.generation + 1
            connection.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(later),))
        self.ledger.open(self.generation)
        self._db.take_over(other._db)
        self.ledger.acknowledge(self.generation)

    def settle(self) -> None:
        """Overwrite what deleted documents left in the files, give back what is free, and note the file's digest.

        Deleted words stay in the lexical index, and all of them in the log, until then.
        """
        if self.has_traces:
            self.ledger.open(self.generation)
            with self._db.transaction() as connection:
                connection.execute("INSERT INTO lexical(lexical) VALUES ('optimize')")
                connection.execute("UPDATE meta SET value = '0' WHERE key = 'traces'")
            self._shrink()
        elif (noted := self.ledger.read()) and noted.sha256 and noted.generation == self.generation:
            return  # as it was left
        busy = self._db.all("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        if not busy:  # else somebody reads what the log holds: the next update sees to it
            self.ledger.close(self.generation)

    # --- checking

    def findings(self) -> list[str]:
        """What does not hold together, each in a sentence; empty where all is well. Raises IndexDamaged."""
        return findings(self._db)

    def lexical_findings(self) -> list[str]:
        """Whether the lexical index fits its passages; left out where the folder cannot be written."""
        return lexical_findings(self._db)

    def refuse_damage(self) -> None:
        """Raise IndexDamaged where this is not what was acknowledged, or does not hold together.

        For the holder of the write lock, or where nobody can write.
        """
        unexpected = self.ledger.unexpected(self.generation)
        for finding in [unexpected] if unexpected else [*self.lexical_findings(), *self.findings()]:
            raise self._db.damaged(finding)

    # --- inside

    def _tables(self, *, written: bool = False) -> set[str]:
        """Their names; none before anything has been `written`. Raises IndexDamaged where they are gone since."""
        with self._db.snapshot():
            tables = {row[0] for row in self._db.all("SELECT name FROM sqlite_master")}
            if not tables and (written or self._db.all("PRAGMA page_count")[0][0] > 1):
                raise self._db.damaged("its tables are gone")
        return tables

    def _create(self) -> None:
        """Write the schema, or bring an earlier one up to date, whole or not at all."""
        with self._db.transaction() as connection:
            create(connection)
            if upgrade(connection):
                for (number,) in connection.execute("SELECT row FROM documents").fetchall():
                    found = stored(connection, number)
                    sealed = (seal(found.document, found.file, found.passages), number)
                    connection.execute("UPDATE documents SET seal = ? WHERE row = ?", sealed)
                for row in connection.execute("SELECT path, sha256, readers FROM files").fetchall():
                    storing.note_file(connection, *row)
                storing.seal_stamp(connection)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that leads to a new generation, which is noted when it is on disk."""
        self.ledger.open(self.generation)
        with self._db.transaction() as connection:
            yield connection
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
            connection.execute("UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = 'mark'")
        self.ledger.acknowledge(self.generation)

    def _shrink(self) -> None:
        """Give the room of deleted documents back where it is much; another time where the disk is full just now."""
        pages, free = (self._db.all(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count"))
        if free > pages * _MUCH_FREE:
            try:
                self._db.all("VACUUM")
            except IndexDamaged:
                raise
            except IndexFault as error:
                _log.info("the catalog was not made smaller: %s", error)


def _array(values: Iterable[object]) -> str:
    """A JSON array, which json_each() turns into rows: a query takes only so many parameters."""
    return json.dumps(list(values))
