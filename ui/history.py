"""The conversations of every tab, so that a reload or a change of collection brings each back to its own tab alone."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rag.types import Answer, Citation, Document
from ui.conversation import Conversation

TABS = 500
IDLE = 12 * 3600.0  # seconds
_DOCUMENTS = 500
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_EMPTY = Conversation()


@dataclass(slots=True)
class _Tab:
    used: float
    collection: str = ""  # the one that it shows
    conversations: dict[str, Conversation] = field(default_factory=dict)


class Histories:
    """Conversations by tab and collection; the tab longest unused goes first. Thread-safe."""

    def __init__(self, *, tabs: int = TABS, idle: float = IDLE, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._idle, self._clock = tabs, idle, clock
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()
        self._documents: OrderedDict[tuple[str, str], Document] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tab: str, collection: str) -> Conversation:
        """What a tab has asked this collection; empty where nobody knows it."""
        with self._lock:
            self._forget()
            if tab not in self._tabs:
                return _EMPTY
            self._touch(tab)
            return self._tabs[tab].conversations.get(collection, _EMPTY)

    def open(self, tab: str, collection: str) -> Conversation:
        """The same, for a tab that shows it from now on."""
        with self._lock:
            if known(tab):
                self._tabs.setdefault(tab, _Tab(0.0)).collection = collection
                self._touch(tab)
        return self.get(tab, collection)

    def collection(self, tab: str) -> str:
        """The collection that a tab has shown last; "" where nobody knows it."""
        with self._lock:
            return self._tabs[tab].collection if tab in self._tabs else ""

    def put(self, tab: str, collection: str, now: Conversation) -> None:
        with self._lock:
            self._put(tab, collection, now)

    def advance(self, tab: str, collection: str, *, before: Conversation, now: Conversation) -> bool:
        """Put `now` where `before` still stands: a stopped answer must not come back over a new conversation."""
        with self._lock:
            if known(tab):
                held = self._tabs.get(tab)
                if (held.conversations.get(collection, _EMPTY) if held else _EMPTY) != before:
                    return False
                self._put(tab, collection, now)
            return True

    def adopt(self, tab: str, collection: str, now: Conversation) -> None:
        """Take over what was asked before the tab was known, where nothing else is."""
        with self._lock:
            held = self._tabs.get(tab)
            if held is None or collection not in held.conversations:
                self._put(tab, collection, now)

    def stop(self, tab: str) -> None:
        """Close whatever a tab is still being told, of any collection: the page shows another conversation now."""
        with self._lock:
            if held := self._tabs.get(tab):
                held.conversations = {name: one.stopped() for name, one in held.conversations.items()}

    def shared(self, answer: Answer) -> Answer:
        """The answer over documents that equal answers share, so that a thousand do not hold a thousand copies."""
        with self._lock:
            statements = tuple(
                replace(one, citations=tuple(map(self._over_shared, one.citations))) for one in answer.statements
            )
        return replace(answer, statements=statements)

    def _over_shared(self, citation: Citation) -> Citation:
        document = citation.document
        key = (document.path, document.id)
        if self._documents.get(key) != document:
            self._documents[key] = document
        self._documents.move_to_end(key)
        while len(self._documents) > _DOCUMENTS:
            self._documents.popitem(last=False)
        return replace(citation, document=self._documents[key])

    def _put(self, tab: str, collection: str, now: Conversation) -> None:
        if not known(tab):
            return
        self._tabs.setdefault(tab, _Tab(0.0)).conversations[collection] = now
        self._touch(tab)
        self._forget()

    def _touch(self, tab: str) -> None:
        self._tabs[tab].used = self._clock()
        self._tabs.move_to_end(tab)

    def _forget(self) -> None:
        """Drop tabs that were idle too long, and the oldest beyond the limit."""
        oldest = self._clock() - self._idle
        while self._tabs:
            first = next(iter(self._tabs))
            if len(self._tabs) <= self._limit and self._tabs[first].used >= oldest:
                return
            del self._tabs[first]


def known(tab: str) -> bool:
    """Whether a tab's id has the form of those that page.js makes: random, 122 bits."""
    return _UUID.fullmatch(tab) is not None


def tab_of(told: str) -> str:
    """The id in what page.js tells: "ID COUNT"."""
    return told.split(" ")[0]
