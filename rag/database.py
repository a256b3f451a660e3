"""One SQLite file, many threads: a connection for each, and SQLite's errors as what they mean for the index."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import IndexDamaged, IndexFault, IndexMissing

CATALOG = "catalog.sqlite"  # in the folder of an index

Row = tuple[Any, ...]

WAIT = 30.0  # seconds that a statement waits for another connection

_OUTSIDE = {  # faults of the machine; all else that SQLite complains of lies in the file
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
}  # fmt: skip

_REMEDY = "Check that the disk has room and that the folder is yours to write."

_reading = threading.Lock()
_users: Counter[str] = Counter()  # of this process: how many databases are open, by path
_read: dict[str, list[FileIO]] = {}  # their files, as `file_digest` has opened them


def existing(folder: Path) -> Path:
    """A folder that holds an index, or what a lost one left. Raises IndexMissing."""
    if not any((folder / f"{CATALOG}{side}").exists() for side in ("", ".ledger")):
        remedy = f"Build one: rag index FOLDER --index {folder}"
        raise IndexMissing(str(folder), "there is no index here.", remedy=remedy)
    return folder


class _Session(NamedTuple):
    connection: sqlite3.Connection
    lock: AbstractContextManager[bool]  # held while in use: close() waits for it


class Database:
    """WAL with synchronous=FULL: what a transaction has written is on disk when it ends.

    Raises IndexDamaged where SQLite cannot make sense of the file, IndexFault where the disk or its permissions
    are at fault or where it was closed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = os.path.realpath(path)
        self._sessions: dict[threading.Thread, _Session] = {}
        self._guard = threading.Lock()
        self._closed = False
        with _reading:
            _users[self._name] += 1

    def close(self) -> None:
        """Close every thread's connection once what it is doing is done; further use raises IndexFault."""
        with self._guard:
            was_closed, self._closed = self._closed, True
            sessions = list(self._sessions.values())
        for session in sessions:
            with session.lock:
                session.connection.close()
        with self._guard:
            self._sessions.clear()
        if not was_closed:
            _leave(self._name)

    def all(self, sql: str, *values: object) -> list[Row]:
        with self.use() as connection:
            return connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> Row | None:
        with self.use() as connection:
            row: Row | None = connection.execute(sql, values).fetchone()
            return row

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything read inside see one state of the file."""
        with self.use() as connection:
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write that is whole or not at all."""
        with self.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def take_over(self, other: Database) -> None:
        """Become a copy of `other` in one transaction: whoever reads this sees the old state or the new."""
        with self.use() as own, other.use() as its:
            its.backup(own)

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Call a stored value that cannot be understood what it is: damage."""
        try:
            yield
        except (ValueError, TypeError, AttributeError) as error:
            raise self.damaged(str(error)) from error

    def damaged(self, what: str) -> IndexDamaged:
        return IndexDamaged(
            str(self._path.parent),
            f"the catalog is damaged ({what[:200]}).",
            remedy=f"Mend it: rag verify --repair --index {self._path.parent}",
        )

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, outside of a transaction or inside the one that it has begun."""
        try:
            session = self._session()
            with session.lock:
                yield session.connection
        except sqlite3.ProgrammingError as error:  # closed while this thread was waiting for the lock
            raise self._is_closed() from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            code: int | None = getattr(error, "sqlite_errorcode", None)
            if code is None:  # raised by Python's module over a text, or over a message, that is not UTF-8
                raise self.damaged("it holds bytes that are not UTF-8") from error
            if code & 0xFF not in _OUTSIDE:
                raise self.damaged(str(error)) from error
            raise self._fault(str(error)) from error

    def _session(self) -> _Session:
        thread = threading.current_thread()
        with self._guard:
            if thread not in self._sessions:
                if self._closed:
                    raise self._is_closed()
                for ended in [one for one in self._sessions if not one.is_alive()]:
                    self._sessions.pop(ended).connection.close()
                self._sessions[thread] = _Session(self._connect(), threading.RLock())
            return self._sessions[thread]

    def _connect(self) -> sqlite3.Connection:
        # check_same_thread: a connection is used by its own thread, but may be closed by another.
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=WAIT, check_same_thread=False)
        try:
            if not _use_wal(connection):
                raise self._fault("its log cannot be begun")
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _fault(self, what: str) -> IndexFault:
        return IndexFault(str(self._path.parent), f"the catalog cannot be read or written ({what}).", remedy=_REMEDY)

    def _is_closed(self) -> IndexFault:
        return IndexFault(str(self._path.parent), "the index is closed.", remedy="Open it again.")


@contextmanager
def faults_of(folder: Path, what: str) -> Iterator[None]:
    """Say of an error of the system what it means for the index in `folder`."""
    try:
        yield
    except OSError as error:
        raise IndexFault(str(folder), f"{what} ({error.strerror}).", remedy=_REMEDY) from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, or "" where there is none. Raises IndexFault where it cannot be read.

    To close a file gives up every POSIX lock that this process holds on it, SQLite's own too: other processes would
    take the database for unused, and delete the log that is still written here. It stays open as long as the database.
    """
    name = os.path.realpath(path)
    with _reading, faults_of(path.parent, "the catalog cannot be read"), suppress(FileNotFoundError):
        opened = _read.setdefault(name, [])
        try:
            file = next((one for one in opened if os.path.samestat(os.fstat(one.fileno()), os.stat(name))), None)
            if file is None:
                file = FileIO(name)
                opened.append(file)
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
        finally:
            _close_unused(name)
    return ""


def _leave(name: str) -> None:
    with _reading:
        _users[name] -= 1
        _close_unused(name)


def _close_unused(name: str) -> None:
    if not _users[name]:
        _users.pop(name, None)
        for file in _read.pop(name, ()):
            file.close()


def _use_wal(connection: sqlite3.Connection) -> bool:
    """Switch to the write-ahead log, waiting like any other statement; return whether SQLite has.

    SQLite itself gives up at once here where another connection makes the same switch, and stays with another kind
    of log, without an error, where the disk is full.
    """
    until = time.monotonic() + WAIT
    while True:
        try:
            mode: str = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            return mode == "wal"
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
