"""The process that reads files, kept from one test to the next: to start it takes longer than most tests."""

from __future__ import annotations

import json
from types import TracebackType

from rag.documents.sandbox import Sandbox, _environment, _Server

_kept: dict[str, list[_Server]] = {}  # by what they were started with


class Warm(Sandbox):
    """Takes over the process of one that is done, if it would start another just like it."""

    def __enter__(self) -> Warm:
        if kept := _kept.get(_like()):
            self._server = kept.pop()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None and self._server is not None:
            _kept.setdefault(_like(), []).append(self._server)
            self._server = None
        self.close()


def _like() -> str:
    return json.dumps(_environment(), sort_keys=True)


def end() -> None:
    """End the processes that are kept."""
    for servers in _kept.values():
        while servers:
            servers.pop().close()
