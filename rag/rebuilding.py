"""A catalog built beside the one in use, which then takes its place: after damage, and for another encoder."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from rag.catalog import Catalog, Contents
from rag.database import CATALOG, Database, faults_of
from rag.errors import IndexDamaged, IndexFault, IndexLocked
from rag.ledger import Ledger, sync_folder
from rag.rows import PassageRow, Stored, file_seal, floats, stamp_of, stored
from rag.soundness import stamp_is_sound
from rag.types import UpdateReport
from rag.updating import Update

_BESIDE = f"{CATALOG}.next"
_DAMAGED = f"{CATALOG}.damaged"
_HEADED = f"{CATALOG}.headed"
_T = TypeVar("_T")
_PATIENCE = 1.0  # seconds to wait for others to close the catalog
_LEFT = "an earlier catalog cannot be deleted"
# https://www.sqlite.org/fileformat.html#the_database_header: what stands there in every catalog, by its offset.
_MAGIC = b"SQLite format 3\0"
_HEAD = {0: _MAGIC, 18: b"\2\2\0\x40\x20\x20", 44: b"\0\0\0\4", 56: b"\0\0\0\1"}
_HEAD_LENGTH = 100  # bytes
_PAGES = tuple(512 << power for power in range(8))  # sizes that a page may have
_PAGE = 4096  # SQLite's own choice, which no catalog changes
_SIDES = ("", "-wal", "-shm", ".ledger")  # what SQLite and the ledger write beside a catalog


# --- after damage


def salvage(folder: Path) -> list[str]:
    """Put a catalog of all files that are whole in the place of a damaged one; for the holder of the write lock.

    The damaged file stays as `catalog.sqlite.damaged` until a document is deleted. A stop at any time leaves the
    damaged catalog, or the new one. Returns the paths of the files that were whole; the new catalog notes those that
    are known to be lost. Raises IndexLocked where another process has the catalog open.
    """
    old, beside = folder / CATALOG, folder / _BESIDE
    Ledger(old).condemn()
    discard(beside)
    kept, lost = [], set[str]()
    with closing(Catalog(beside, create=True)) as new:
        with suppress(IndexDamaged), _readable(old) as damaged:
            lost.update(_lost_before(damaged))
            if stamp := _stamp(damaged):  # else nobody knows which encoder the vectors are of
                new.set_meta(stamp)
                for path, sha256, readers, contents in _whole(damaged, lost):
                    new.put_file(path, sha256, contents, readers=readers)
                    kept.append(path)
            else:
                lost.update(_paths(damaged))
        new.set_meta({"lost": json.dumps(sorted(lost.difference(kept)))})  # told when they have been looked for
        new.settle()
    _exclude_others(old)
    Ledger(old).copy(Ledger(beside))
    with faults_of(folder, "the mended catalog cannot be put in its place"):
        for side in ("-wal", "-shm"):
            old.with_name(old.name + side).unlink(missing_ok=True)
        sync_folder(folder)  # the old log must never stand beside the new catalog
        _keep(old, folder / _DAMAGED)
        beside.replace(old)
        sync_folder(folder)
    discard(beside)
    return kept


@contextmanager
def _readable(catalog: Path) -> Iterator[Database]:
    """The damaged catalog; if its first bytes are destroyed, a copy with those that every catalog has.

    SQLite takes the whole for no database without them, though all pages behind them may be sound.
    """
    unread = faults_of(catalog.parent, "the damaged catalog cannot be read")
    with unread, open(catalog, "rb") if catalog.exists() else nullcontext() as stream:
        head = stream.read(_HEAD_LENGTH) if stream else b""
        made = _with_head(head, catalog.stat().st_size) if len(head) == _HEAD_LENGTH else head
    if made == head:
        with closing(Database(catalog)) as database:
            yield database
        return
    copy = catalog.with_name(_HEADED)
    discard(copy)
    try:
        with faults_of(catalog.parent, "the damaged catalog cannot be copied"):
            for side in ("", "-wal"):
                if (beside := catalog.with_name(catalog.name + side)).exists():
                    shutil.copyfile(beside, copy.with_name(copy.name + side))
            with open(copy, "r+b") as stream:
                stream.write(made)
        with closing(Database(copy)) as database:
            yield database
    finally:
        discard(copy)


def _with_head(head: bytes, size: int) -> bytes:
    """The header of a file of this size as it should be; that of a sound file is left as it is."""
    made = bytearray(head)
    for offset, expected in _HEAD.items():
        made[offset : offset + len(expected)] = expected
    if (page := _page_size(head)) not in _PAGES or size % page:
        made[16:18] = _PAGE.to_bytes(2, "big")
    if made != head:
        made[28:32] = bytes(4)  # the number of pages: that of the file counts
    return bytes(made)


def _page_size(head: bytes) -> int:
    return {1: 65536}.get(stated := int.from_bytes(head[16:18], "big"), stated)


def discard(catalog: Path) -> None:
    """Delete a catalog's file and what stands beside it."""
    with faults_of(catalog.parent, _LEFT):
        for side in _SIDES:
            catalog.with_name(catalog.name + side).unlink(missing_ok=True)


def settle(folder: Path, catalog: Catalog) -> None:
    """Settle the catalog of the index in `folder`; with what was deleted goes what holds it still beside it.

    A stopped rebuilding has left such a catalog, or a repair.
    """
    if catalog.has_traces:
        discard(folder / _BESIDE)
        discard(folder / _HEADED)
        with faults_of(folder, _LEFT):
            (folder / _DAMAGED).unlink(missing_ok=True)
    catalog.settle()


def _whole(damaged: Database, lost: set[str]) -> Iterator[tuple[str, str, int, Contents]]:
    """Every file of which all documents are as they were indexed; the others' paths go into `lost`."""
    lost.update(_paths(damaged))
    files: dict[str, list[int]] = {}
    for number in _numbers(damaged):
        with suppress(IndexDamaged):
            files.setdefault(_surely(_sealed, damaged, number).file, []).append(number)
    for path, numbers in sorted(files.items()):
        lost.add(path)
        with suppress(IndexDamaged):
            read = sorted((_surely(_sealed, damaged, number) for number in numbers), key=lambda one: one.document.path)
            row = _surely(damaged.one, "SELECT sha256, readers, seal FROM files WHERE path = ?", path)
            if row and row[2] == file_seal(path, row[0], row[1], [one.seal for one in read]):
                yield path, row[0], row[1], [(one.document, list(_passages(one))) for one in read]


def _sealed(damaged: Database, number: int) -> Stored:
    """A document with its passages. Raises IndexDamaged where it is not as it was indexed."""
    with damaged.use() as connection, damaged.sound():
        found = stored(connection, number)
    if not found.is_whole:
        raise damaged.damaged(f"{found.document.path} is not as it was indexed")
    return found


def _surely(read: Callable[..., _T], *given: object) -> _T:
    """What is read at the second try if not at the first: SQLite also calls damage what a disk just fails to read."""
    with suppress(IndexDamaged):
        return read(*given)
    return read(*given)


def _passages(found: Stored) -> Iterator[PassageRow]:
    for start, stop, section, sentences, embedded, vector in found.passages:
        yield PassageRow(
            start=start,
            stop=stop,
            title=found.document.title,
            section=section,
            text=found.document.text[start:stop],
            sentences=tuple((left, right) for left, right in json.loads(sentences)),
            embedded=embedded,
            vector=floats(vector),
        )


def _numbers(damaged: Database) -> Iterable[int]:
    """The rows of all documents, or, where even these cannot be listed, all rows that there may ever have been."""
    with suppress(IndexDamaged):
        return [number for (number,) in _surely(damaged.all, "SELECT row FROM documents")]
    with suppress(IndexDamaged):
        last = _surely(damaged.one, "SELECT seq FROM sqlite_sequence WHERE name = 'documents'")
        return range(1, 1 + (last[0] if last and isinstance(last[0], int) else 0))
    return []


def _paths(damaged: Database) -> list[str]:
    with suppress(IndexDamaged):
        return [path for (path,) in _surely(damaged.all, "SELECT path FROM files") if isinstance(path, str)]
    return []


def _lost_before(damaged: Database) -> list[str]:
    """What an earlier repair lost and, being stopped, did not tell."""
    with suppress(IndexDamaged, ValueError, TypeError):
        row = damaged.one("SELECT value FROM meta WHERE key = 'lost'")
        return [path for path in json.loads(row[0]) if isinstance(path, str)] if row else []
    return []


def _stamp(damaged: Database) -> dict[str, str]:
    """Which encoder built it; empty where that cannot be believed."""
    with suppress(IndexDamaged):
        if _surely(stamp_is_sound, damaged):
            return stamp_of(dict(_surely(damaged.all, "SELECT key, value FROM meta")))
    return {}


def _exclude_others(catalog: Path) -> None:
    """Raise IndexLocked where a connection to the catalog is open: SQLite leaves the log only when it is alone."""
    try:
        connection = sqlite3.connect(catalog, isolation_level=None, timeout=_PATIENCE)
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter over what SQLite says of damage
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise IndexLocked(
                str(catalog.parent), "is open elsewhere.", remedy="Close the chat and whatever else uses it."
            ) from None


def _keep(file: Path, name: Path) -> None:
    """Let a file stand under a second name."""
    name.unlink(missing_ok=True)
    try:
        os.link(file, name)
    except OSError:  # a file system without links
        shutil.copyfile(file, name)


# --- for another encoder


def reencode(folder: Path, stamp: Mapping[str, str], make: Callable[[Catalog, int], Update]) -> UpdateReport:
    """Embed all that the catalog holds anew, into one beside it that then takes its place; for the holder of the lock.

    Until then the old vectors answer. A stop at any time loses nothing, and the same call goes on where it was.
    `make` gives the update that fills a catalog, of which it is told how many files there will be.
    """
    beside = folder / _BESIDE
    with closing(Catalog(folder / CATALOG)) as old, closing(_begun(beside, stamp, old)) as new:
        files = old.files()
        for path in sorted(set(new.files()) - set(files)):
            new.remove(path)
        work = make(new, len(files))
        work.copy(old)
        report = work.report(given=list(files))
        if not report.cancelled:
            new.settle()
            old.become(new)
            old.settle()
    if not report.cancelled:
        discard(beside)
    return report


def _begun(beside: Path, stamp: Mapping[str, str], old: Catalog) -> Catalog:
    """A catalog with this stamp, to take the place of `old`: the one that an earlier call began, if it is sound."""
    with suppress(IndexFault):
        catalog = Catalog(beside)
        if all(catalog.meta(key) == value for key, value in stamp.items()):
            with suppress(IndexDamaged):
                catalog.refuse_damage()
                return catalog
        catalog.close()
    discard(beside)
    catalog = Catalog(beside, create=True)
    catalog.number_after(old)
    catalog.set_meta(dict(stamp))
    return catalog
