"""Takes from what may never answer: it runs in a thread, and whoever takes from it waits no longer than they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_AHEAD = 32  # items that wait to be taken: whoever makes them faster waits, so that memory stays bounded
_LOOK = 0.05  # seconds after which a thread that waits for room sees that nobody takes any more
_END = object()


class Pump(Generic[T]):
    """Runs an iterator aside. `ended` and `error` say how it ended, once all that it made has been taken.

    A client's own time limit starts anew with each byte that arrives; this one does not.
    """

    def __init__(self, start: Callable[[], Iterator[T]]) -> None:
        self.ended = False
        self.error: Exception | None = None
        self._made: Queue[object] = Queue(maxsize=_AHEAD)
        self._closed = Event()
        self._thread = Thread(target=copy_context().run, args=(self._run, start), daemon=True)
        self._thread.start()

    def take(self, seconds: float) -> list[T]:
        """Return all that was made since, at least one item; none where none came within `seconds`, or at the end."""
        found: list[T] = []
        try:
            while not self.ended:
                item = self._made.get_nowait() if found else self._made.get(timeout=max(0.0, seconds))
                if item is _END:
                    self.ended = True
                elif isinstance(item, _Failed):
                    self.ended, self.error = True, item.error
                else:
                    found.append(item)  # type: ignore[arg-type]
        except Empty:
            pass
        return found

    def close(self, *, wait: float = 0.2) -> None:
        """Take no more; waits a little for the thread, which may still stand in a call that nothing ends."""
        self._closed.set()
        self.ended = True
        self._thread.join(wait)

    def _run(self, start: Callable[[], Iterator[T]]) -> None:
        last: object = _END
        items: Iterator[T] | None = None
        try:
            items = start()
            for item in items:
                if not self._put(item):
                    break
        except Exception as error:  # whatever a client library raises, the one who takes hears of it
            last = _Failed(error)
        finally:
            if close := getattr(items, "close", None):
                with suppress(Exception):
                    close()
        self._put(last)

    def _put(self, item: object) -> bool:
        while not self._closed.is_set():
            try:
                self._made.put(item, timeout=_LOOK)
                return True
            except Full:
                continue
        return False


class _Failed:
    def __init__(self, error: Exception) -> None:
        self.error = error
