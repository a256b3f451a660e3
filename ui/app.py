"""The page: documents left, conversation in the middle, evidence right. Each tab has a conversation of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from rag.errors import RagError
from ui import feedback, render
from ui.collections import Collections
from ui.conversation import Conversation
from ui.evidence import EvidenceView
from ui.library import Library

log = logging.getLogger(__name__)

_BESIDE = Path(__file__).parent
# Each side of the page has a style and a script of its own; page.js comes first, for the others use what it defines.
_SCRIPTS = sorted(_BESIDE.glob("*.js"), key=lambda file: (file.name != "page.js", file.name))
CSS = "\n".join(file.read_text(encoding="utf-8") for file in sorted(_BESIDE.glob("*.css")))
HEAD = "".join(f"<script>{file.read_text(encoding='utf-8')}</script>" for file in _SCRIPTS)

# Darker than Soft's own where white or coloured text would fall below a contrast of 4.5.
THEME = gr.themes.Soft(
    primary_hue="teal",
    secondary_hue="teal",
    neutral_hue="slate",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_600",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_400",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
)


def build_app(given: Assistant | Collections) -> gr.Blocks:
    """Return the page over one assistant or several collections; THEME, CSS and HEAD go to where it is mounted."""
    collections = given if isinstance(given, Collections) else Collections(given)
    # Text arrives inert from `render`; nothing is left for Gradio's own conversions.
    plain: dict[str, Any] = {"latex_delimiters": [], "line_breaks": False}
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as app:
        conversation = gr.State(Conversation())
        collection = gr.State(collections.first)
        chosen = gr.State(())
        with gr.Sidebar(width=320, elem_id="library"):
            library = Library(collections, collection=collection, chosen=chosen)
        gr.Markdown(render.header(), **plain)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=3, min_width=300, elem_id="conversation"):
                chat = gr.Chatbot(
                    label="Conversation", show_label=False, height="100%", elem_id="chat", buttons=[], container=False,
                    placeholder=render.welcome(), allow_file_downloads=False, feedback_options=["Like", "Dislike"],
                    **plain,
                )  # fmt: skip
                box = gr.Textbox(
                    label="Question", show_label=False, placeholder="Ask about your documents", max_lines=5,
                    max_length=2000, autofocus=True, container=False, elem_id="question",
                )  # fmt: skip
                with gr.Row(elem_id="actions"):
                    ask = gr.Button("Ask", variant="primary", elem_id="ask", min_width=60)
                    stop = gr.Button("Stop", elem_id="stop", min_width=60, interactive=False)
                    new = gr.Button("New chat", elem_id="new", min_width=60)
            with gr.Column(scale=2, min_width=300, elem_id="side"):
                view = EvidenceView(collections, collection=collection, conversation=conversation)

        def shown(name: str, now: Conversation, *, question: str | None = None) -> tuple[Any, ...]:
            busy = bool(now.exchanges) and now.exchanges[-1].open
            buttons = gr.update(interactive=not busy), gr.update(interactive=busy)
            typed = gr.skip() if question is None else question
            return typed, now, now.messages(), *buttons, *view.latest(name, now)

        def asked(question: str, name: str, paths: tuple[str, ...], so_far: Conversation) -> Iterator[tuple[Any, ...]]:
            for number, now in enumerate(_ask(collections, name, question, so_far, within=paths or None)):
                yield shown(name, now, question=None if number else "")

        def judged(name: str, so_far: Conversation, thumb: gr.LikeData) -> None:
            _judge(collections.get(name), so_far, thumb)

        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        outputs = [box, conversation, chat, ask, stop, *view.outputs]
        asking = gr.on(
            [ask.click, box.submit], asked, [box, collection, chosen, conversation], outputs, concurrency_limit=2,
            **hidden,
        )  # fmt: skip
        chat.like(judged, [collection, conversation], None, concurrency_limit=1, **hidden)  # its notices need the queue
        hidden["queue"] = False
        stop.click(
            lambda name, so_far: shown(name, so_far.stopped()), [collection, conversation], outputs, cancels=[asking],
            **hidden,
        )  # fmt: skip
        # A new chat waits for the old answer to end, which could otherwise put its conversation back.
        ended = new.click(None, cancels=[asking], **hidden)
        ended.then(lambda name: shown(name, Conversation(), question=""), collection, outputs, **hidden)
        library.load(app)
    app.queue(max_size=32, api_open=False)
    return app


def _ask(
    collections: Collections, name: str, question: str, so_far: Conversation, *, within: Sequence[str] | None
) -> Iterator[Conversation]:
    """Yield the conversation as the answer grows."""
    question = question.strip()
    if not question:
        return
    now = so_far.stopped().asking(question)
    yield now
    try:
        for answer in collections.get(name).stream(question, history=so_far.turns, within=within):
            now = now.answering(answer)
            yield now
        now = now.stopped()
    except RagError as error:
        now = now.saying(render.fault(error.message, remedy=error.remedy))
    except Exception:
        log.exception("a question could not be answered")
        now = now.saying(render.unexpected())
    yield now


def _judge(assistant: Assistant, so_far: Conversation, thumb: gr.LikeData) -> None:
    """Keep what somebody thinks of an answer, and say what became of it."""
    at = thumb.index[0] if isinstance(thumb.index, tuple) else thumb.index
    answer = so_far.exchanges[at // 2].answer if at // 2 < len(so_far.exchanges) else None
    if answer is None or thumb.liked not in (True, False):
        return  # not finished, or the thumb was taken back
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
