"""The indexes that a chat can switch between: one assistant for each, opened when it is first asked for."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import ConfigError, IndexFault, IndexMissing
from rag.rebuilding import CATALOG
from rag.types import IndexedDocument
from ui import uploads

LONGEST_NAME = 60
_NAME = re.compile(r"[^\W_](?:[\w .-]*[\w-])?")
_PATIENCE = 20.0  # seconds that `close` waits for work to end


class Collections:
    """`first` names the index that the chat was started with; with `folder`, every index directly below it is there.

    One that cannot be opened fails alone, each time that it is asked for. Thread-safe.
    """

    def __init__(self, first: Assistant, *, folder: Path | None = None) -> None:
        self.first = first.index.folder.resolve().name
        self.config = first.config
        self.closing = threading.Event()  # all work is to end
        self._first = first
        self._folder = folder.resolve() if folder else None
        self._open = {self.first: first}
        self._listed: dict[str, tuple[str, Sequence[IndexedDocument]]] = {}
        self._lock = threading.Lock()
        self._opening: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._works = 0
        uploads.settle(first.index)

    @property
    def grows(self) -> bool:
        """Whether there is a place for new collections."""
        return self._folder is not None

    def names(self) -> list[str]:
        return sorted(self._folders(), key=lambda name: (name.casefold(), name))

    def get(self, name: str) -> Assistant:
        """The assistant over a collection. Raises RagError where there is none or it cannot be opened."""
        with self._lock:
            if name in self._open:
                return self._open[name]
            opening = self._opening[name]
        with opening:
            with self._lock:
                if name in self._open:
                    return self._open[name]
            folder = self._folders().get(name)
            if folder is None:
                raise IndexMissing(name, "there is no such collection.", remedy="Choose another.")
            return self._keep(name, self._opened(folder))

    def create(self, name: str) -> str:
        """Begin an empty collection and return its name. Raises ConfigError where it cannot be called so."""
        name = " ".join(name.split())
        if self._folder is None:
            raise ConfigError("there is no folder of collections.", remedy="Start the chat with one.")
        if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise ConfigError(
                "a collection cannot be called so.",
                remedy=f"Begin with a letter or digit; use these, spaces, - _ and .; at most {LONGEST_NAME} in all.",
            )
        with self._lock:
            there = {*self._folders(), *(entry.name for entry in self._folder.iterdir())}
            if name.casefold() in {other.casefold() for other in there}:
                raise ConfigError(f"the name {name!r} is taken.", remedy="Choose another.")
            folder = self._folder / name
            folder.mkdir(mode=0o700)
        with self._opening[name]:
            self._keep(name, self._opened(folder, create=True))
        return name

    def documents(self, name: str) -> Sequence[IndexedDocument]:
        """What a collection holds, read anew only where it has changed."""
        index = self.get(name).index
        state = index.state
        known = self._listed.get(name)
        if known is None or known[0] != state:
            known = self._listed[name] = (state, index.documents())
        return known[1]

    @contextmanager
    def working(self, name: str) -> Iterator[Assistant]:
        """An assistant to change its index with: `close` waits until that is done. Raises as `get` does."""
        with self._lock:
            if self.closing.is_set():
                raise IndexFault(name, "the chat is being stopped.")
            self._works += 1
        try:
            yield self.get(name)
        finally:
            with self._lock:
                self._works -= 1

    def close(self) -> None:
        """End all work and close every collection but the first, which is its owner's."""
        with self._lock:
            self.closing.set()
        end = time.monotonic() + _PATIENCE
        while self._works and time.monotonic() < end:
            time.sleep(0.02)
        with self._lock:
            others = [one for one in self._open.values() if one is not self._first]
            self._open = {self.first: self._first}
        for one in others:
            one.close()

    # --- inside

    def _folders(self) -> dict[str, Path]:
        """Name to folder of each collection; another one that is called as the first one is has its parent's name."""
        found = {self.first: self._first.index.folder}
        if self._folder is not None and self._folder.is_dir():
            for catalog in self._folder.glob(f"*/{CATALOG}"):
                folder = catalog.parent
                if folder.resolve() != found[self.first].resolve():
                    name = folder.name if folder.name != self.first else f"{folder.name} ({self._folder.name})"
                    found[name] = folder
        return found

    def _opened(self, folder: Path, *, create: bool = False) -> Assistant:
        encoder = self._first.index.encoder  # loaded once for all
        return Assistant.open(folder, documents=() if create else None, config=self.config, encoder=encoder)

    def _keep(self, name: str, opened: Assistant) -> Assistant:
        with self._lock:
            if not self.closing.is_set():
                self._open[name] = opened
        if self.closing.is_set():
            opened.close()
            raise IndexFault(name, "the chat is being stopped.")
        uploads.settle(opened.index)
        return opened
