"""What one tab has asked and been told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rag.assistant import Underway
from rag.types import Answer, Turn
from ui import render

KEPT = 200  # exchanges with their answers; of earlier ones the question alone stays
_WAITING = "Waiting for its turn…"
_NO_LONGER = "This answer is no longer kept. Ask again to see it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and what was said to it, as HTML; `asked` is plain.

    `open`: still being answered, and `waiting` until that has begun. `answer`: what the HTML was made of, in part
    while it is open. `searched`: how many documents a refusal looked into; `trouble`: why there is no whole answer.
    """

    asked: str
    said: str
    open: bool = True
    waiting: bool = True
    answer: Answer | None = None
    searched: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What one tab shows, and the finished turns as the assistant reads them."""

    exchanges: tuple[Exchange, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges else None

    @property
    def busy(self) -> bool:
        return self.last is not None and self.last.open

    def asking(self, asked: str) -> Conversation:
        """Add a question that waits to be answered."""
        earlier = self.exchanges
        if len(earlier) >= KEPT:
            old = earlier[-KEPT]
            said = f'<p class="fn-note">{render.inert(_NO_LONGER)}</p>'
            bare = Exchange(asked=old.asked, said=said, open=False, waiting=False, trouble=_NO_LONGER)
            earlier = (*earlier[:-KEPT], bare, *earlier[-KEPT + 1 :])
        exchange = Exchange(asked=asked, said=render.pending(_WAITING))
        return replace(self, exchanges=(*earlier, exchange), turns=self.turns[-KEPT:])

    def doing(self, step: Underway) -> Conversation:
        """Say truly what is done: the search, then how many passages are read."""
        asked = self.exchanges[-1].asked
        read = step.question if step.question.strip() != asked.strip() else ""
        told = f"Reading {render.counted(step.passages, 'passage')}…" if step.passages else "Searching…"
        if step.writer:
            told = f"{step.writer} is writing; each sentence is checked before it is shown…"
        return self._with(said=render.pending(told, read=read), waiting=False)

    def answering(self, answer: Answer, *, searched: int = 0) -> Conversation:
        number, asked = len(self.exchanges), self.exchanges[-1].asked
        said = render.answer(answer, asked=asked, turn=number, searched=searched)
        now = self._with(said=said, answer=answer, searched=searched, open=not answer.complete, waiting=False)
        if not answer.complete:
            return now
        return replace(now, turns=(*self.turns, Turn(question=answer.question, answer=answer.text)))

    def failing(self, said: str, *, trouble: str) -> Conversation:
        """Close the exchange with what went wrong, as HTML and plain."""
        return self._with(said=said, trouble=trouble, answer=None, open=False, waiting=False)

    def stopped(self) -> Conversation:
        """Close an exchange that was interrupted; what it had found stays."""
        if self.last is None or not self.last.open:
            return self
        said, trouble = render.stopped(), render.STOPPED
        if answer := self.last.answer:
            whole = replace(answer, complete=True)
            said = render.stopped(render.answer(whole, asked=self.last.asked, turn=len(self.exchanges)))
            trouble = render.STOPPED_HERE
        return self._with(said=said, trouble=trouble, open=False, waiting=False)

    def taken_back(self) -> Conversation:
        """The conversation without a question that was never begun."""
        waits = self.last is not None and self.last.waiting
        return replace(self, exchanges=self.exchanges[:-1]) if waits else self

    def messages(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        for exchange in self.exchanges:
            shown.append({"role": "user", "content": render.question(exchange.asked)})
            shown.append({"role": "assistant", "content": exchange.said})
        return shown

    def _with(self, **changes: Any) -> Conversation:
        return replace(self, exchanges=(*self.exchanges[:-1], replace(self.exchanges[-1], **changes)))
