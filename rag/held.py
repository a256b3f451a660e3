"""What a language model writes, held to the passages sentence by sentence while it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.errors import LLMError
from rag.grounding import Checked, Gate
from rag.types import Document, Hit, Statement

if TYPE_CHECKING:
    from rag.support import Checker
    from rag.writing import Draft

REPLY = 5.0  # seconds for a short reply: a question that stands alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What of a draft the passages carry so far; `cut` says why it ends before its end."""

    found: Checked = field(default_factory=lambda: Checked(statements=()))
    cut: str = ""

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.found.statements

    def notes(self, writer: str) -> tuple[str, ...]:
        """What the user is told of what is not shown."""
        told = []
        if unsupported := sum(one.unsupported for one in self.found.removed):
            sentences = f"{unsupported} sentence{'s' * (unsupported > 1)}"
            told.append(f"{sentences} of {writer} removed: not supported by the passages cited.")
        if self.cut:
            told.append(f"The answer of {writer} may lack its end: {self.cut}.")
        return tuple(told)


def held(
    stream: Callable[[Callable[[], bool]], Iterator[Draft]],
    hits: Sequence[Hit],
    document_of: Callable[[str], Document],
    checker: Checker | None,
) -> Iterator[Held]:
    """Yield what may be shown of a draft as it grows, the whole of it last; closing this ends the model.

    `stream` begins the draft, given what tells whether a sentence has been accepted yet. What there is comes again
    while nothing is written, so that the caller can stop. Raises LLMError where nothing was accepted.
    """
    gate, now, text, cut = Gate(hits, document_of, checker=checker), Held(), "", ""
    drafts = stream(lambda: bool(now.statements))
    with closing(drafts):  # type: ignore[type-var]
        for draft in drafts:
            if draft.text != text:
                now = Held(found=gate.check(draft.text, complete=False))
            text, cut = draft.text, draft.cut
            yield now
    yield Held(found=gate.check(text), cut=cut)


def reply(drafts: Iterator[Draft], *, seconds: float = REPLY) -> str:
    """Return a short text that a model writes. Raises LLMError where it takes longer, as where it fails."""
    until, text = time.monotonic() + seconds, ""
    with closing(drafts):  # type: ignore[type-var]
        for draft in drafts:
            text = draft.text
            if time.monotonic() > until:
                raise LLMError("the model took too long.", remedy="Run `rag doctor`.")
    return text
