"""An endpoint that failed several times in a row is left alone for a while, so that questions do not wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Why nothing is asked now: how often it failed, how it failed last, and for how many seconds more."""

    failures: int
    last: str
    seconds: float


class Breaker:
    """Counts failures in a row. Thread-safe: after the pause one caller alone tries, and its success ends it."""

    def __init__(self, *, limit: int = 3, pause: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._pause, self._clock = limit, pause, clock
        self._lock = Lock()
        self._failures, self._last = 0, ""
        self._until = 0.0  # when the next trial may begin

    def enter(self) -> Closed | None:
        """Return None where the endpoint may be asked now; whoever asks then says how it ended."""
        with self._lock:
            if self._failures < self._limit:
                return None
            left = self._until - self._clock()
            if left > 0:
                return Closed(failures=self._failures, last=self._last, seconds=left)
            self._until = self._clock() + self._pause  # for all others, until this trial has ended
            return None

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._last = 0, ""

    def failed(self, why: str) -> None:
        with self._lock:
            self._failures, self._last = self._failures + 1, why
            self._until = self._clock() + self._pause

    def left(self) -> None:
        """Say that the endpoint was neither found to work nor to fail: the next caller may try at once."""
        with self._lock:
            self._until = min(self._until, self._clock()) if self._failures >= self._limit else self._until
