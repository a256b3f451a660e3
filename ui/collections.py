"""The indexes that a chat can switch between: one assistant for each, opened when it is first asked for."""

from __future__ import annotations

import threading
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import IndexMissing


class Collections:
    """`first` names the index that the chat was started with; with `folder`, every index directly below it is there."""

    def __init__(self, first: Assistant, *, folder: Path | None = None) -> None:
        self.first = first.index.folder.resolve().name
        self.config = first.config
        self._folder = folder
        self._open = {self.first: first}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        return sorted(self._open)

    def get(self, name: str) -> Assistant:
        """The assistant over a collection. Raises RagError where there is none or it cannot be opened."""
        with self._lock:
            if name not in self._open:
                raise IndexMissing(name, "there is no such collection.", remedy="Choose another.")
            return self._open[name]
