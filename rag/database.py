"""One SQLite file, many threads: a connection for each, and SQLite's errors as what they mean for the index."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import IndexDamaged, IndexFault

Row = tuple[Any, ...]

WAIT = 30.0  # seconds that a statement waits for another connection

_OUTSIDE = {  # faults of the machine; all else that SQLite complains of lies in the file
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG,
}  # fmt: skip


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
        self._sessions: dict[threading.Thread, _Session] = {}
        self._guard = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Close every thread's connection once what it is doing is done; further use raises IndexFault."""
        with self._guard:
            self._closed = True
            sessions = list(self._sessions.values())
        for session in sessions:
            with session.lock:
                session.connection.close()
        with self._guard:
            self._sessions.clear()

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
            raise IndexFault(
                str(self._path.parent),
                f"the catalog cannot be read or written ({error}).",
                remedy="Check that the disk has room and that the folder is yours to write.",
            ) from error

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
            _use_wal(connection)
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_closed(self) -> IndexFault:
        return IndexFault(str(self._path.parent), "the index is closed.", remedy="Open it again.")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, waiting like any other statement.

    SQLite itself gives up at once here where another connection makes the same switch.
    """
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
