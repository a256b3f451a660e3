"""What one tab has asked and been told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rag.types import Answer, Turn
from ui import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and what was said to it, as HTML; `asked` is plain. `open`: still being answered; `answer`: what
    the HTML was made of, in part while it is open."""

    asked: str
    said: str
    open: bool = True
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What one tab shows, and the finished turns as the assistant reads them."""

    exchanges: tuple[Exchange, ...] = ()
    turns: tuple[Turn, ...] = ()

    def asking(self, asked: str) -> Conversation:
        return replace(self, exchanges=(*self.exchanges, Exchange(asked=asked, said=render.pending())))

    def saying(self, said: str, *, answer: Answer | None = None, open: bool = False) -> Conversation:
        last = replace(self.exchanges[-1], said=said, answer=answer, open=open)
        return replace(self, exchanges=(*self.exchanges[:-1], last))

    def answering(self, answer: Answer) -> Conversation:
        number, asked = len(self.exchanges), self.exchanges[-1].asked
        said = render.answer(answer, asked=asked, turn=number)
        now = self.saying(said, answer=answer, open=not answer.complete)
        if not answer.complete:
            return now
        return replace(now, turns=(*self.turns, Turn(question=answer.question, answer=answer.text)))

    def stopped(self) -> Conversation:
        """Close an exchange that was interrupted; what it had found stays."""
        if not self.exchanges or not self.exchanges[-1].open:
            return self
        last = self.exchanges[-1]
        found = f"{last.said}{render.pending('Stopped here.')}" if last.answer else render.pending("Stopped.")
        return self.saying(found, answer=last.answer)

    def messages(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        for exchange in self.exchanges:
            shown.append({"role": "user", "content": render.question(exchange.asked)})
            shown.append({"role": "assistant", "content": exchange.said})
        return shown
