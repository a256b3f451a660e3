"""One writer of an index at a time: a lock that ends with the process that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexFault, IndexLocked

_PATIENCE = 5.0  # seconds to wait for another writer


@contextmanager
def write_lock(folder: Path, patience: float | None = None) -> Iterator[None]:
    """Hold the right to write the index in `folder`. Raises IndexLocked, or IndexFault where nobody may write."""
    lock = FileLock(folder / "write.lock", timeout=_PATIENCE if patience is None else patience)
    try:
        lock.acquire()
    except Timeout:
        raise IndexLocked(
            str(folder), "is being updated already.", remedy="Try again when that has finished."
        ) from None
    except OSError as error:
        raise IndexFault(str(folder), f"cannot be written ({error.strerror}).") from None
    try:
        yield
    finally:
        lock.release()


def is_being_written(folder: Path) -> bool:
    """Whether another holds the lock; where nobody can write, nobody does."""
    try:
        with write_lock(folder, patience=0):
            return False
    except IndexLocked:
        return True
    except IndexFault:
        return False
