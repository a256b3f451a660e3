"""What happens to a question: it is answered step by step, or ends in a fault; and what is thought of the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import gradio as gr

from rag.assistant import Assistant, Underway
from rag.errors import RagError
from ui import feedback, render
from ui.collections import Collections
from ui.conversation import Conversation
from ui.history import Histories

log = logging.getLogger(__name__)


def answering(
    collections: Collections, histories: Histories, *, tab: str, name: str, before: Conversation, within: Sequence[str]
) -> Iterator[Conversation]:
    """Yield the conversation as its last question is answered; ends early where the tab has gone on without it."""
    for now in _steps(collections, histories, name=name, now=before, within=within):
        if not histories.advance(tab, name, before=before, now=now):
            return
        yield now
        before = now


def _steps(
    collections: Collections, histories: Histories, *, name: str, now: Conversation, within: Sequence[str]
) -> Iterator[Conversation]:
    asked = now.exchanges[-1].asked
    try:
        assistant = collections.get(name)
        for step in assistant.steps(asked, history=now.turns, within=within or None):
            if isinstance(step, Underway):
                now = now.doing(step)
            else:
                searched = (len(within) or len(collections.documents(name))) if step.abstained else 0
                now = now.answering(histories.shared(step), searched=searched)
            yield now
    except RagError as error:
        said = render.fault(error.message, remedy=error.remedy, again=True)
        yield now.failing(said, trouble=" ".join(filter(None, (error.message, error.remedy))))
    except Exception:
        log.exception("a question could not be answered")
        yield now.failing(render.unexpected(again=True), trouble="An unexpected error stopped this.")


def judged(assistant: Assistant, so_far: Conversation, thumb: gr.LikeData) -> None:
    """Keep what somebody thinks of an answer, and say what became of it."""
    at = thumb.index[0] if isinstance(thumb.index, tuple) else thumb.index
    answer = so_far.exchanges[at // 2].answer if at // 2 < len(so_far.exchanges) else None
    if thumb.liked not in (True, False):
        return  # the thumb was taken back
    if answer is None or not answer.complete:
        gr.Info("Only a whole answer can be judged.")
        return
    folder = assistant.index.folder
    try:
        if thumb.liked:
            hits = assistant.index.search(answer.question, k=10)
            name = feedback.right(folder, answer, hits=hits, files=assistant.index.files())
            gr.Info(f"Kept as question {render.inert(name)} of this index's suite.")
        else:
            feedback.wrong(folder, answer)
            gr.Info("Written down with its sources.")
    except RagError as error:
        gr.Warning(render.inert(str(error)))
    except OSError:
        log.exception("an answer could not be kept")
        gr.Warning(render.SEE_LOG)
