"""How a command is stopped from outside: by Ctrl-C and by SIGTERM, also where the interrupt that they raise is lost."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import TracebackType
from typing import Any

_AGAIN = 8.0  # seconds until a stop that has not arrived is repeated


class Stopping:
    """While it is entered, SIGTERM raises KeyboardInterrupt as Ctrl-C does, again and again until it is left.

    Python drops an interrupt that comes while an object is deleted, and a library may catch it.
    """

    def __init__(self) -> None:
        self.terminated = False
        self._left = threading.Event()
        self._repeating = False
        self._before: tuple[Any, Any] | None = None

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._terminate), sys.unraisablehook
            sys.unraisablehook = self._dropped
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        if self._before:
            handler, sys.unraisablehook = self._before
            signal.signal(signal.SIGTERM, handler)

    def _terminate(self, *_: object) -> None:
        self.terminated = True
        self._repeat(signal.SIGTERM, _AGAIN)
        raise KeyboardInterrupt

    def _dropped(self, what: sys.UnraisableHookArgs) -> None:
        if issubclass(what.exc_type, KeyboardInterrupt):
            self._repeat(signal.SIGTERM if self.terminated else signal.SIGINT, 0.1)
        else:
            sys.__unraisablehook__(what)

    def _repeat(self, number: signal.Signals, seconds: float) -> None:
        def repeat() -> None:
            if not self._left.wait(seconds):
                self._repeating = False
                _thread.interrupt_main(number)

        if not self._repeating:
            self._repeating = True
            threading.Thread(target=repeat, daemon=True).start()
