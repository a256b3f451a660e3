"""The page: conversation left, evidence right, documents below it. Each tab has a conversation of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import RagError
from rag.types import Answer, Progress, Turn
from ui import feedback, render
from ui.uploads import add

if TYPE_CHECKING:
    from rag.assistant import Assistant

log = logging.getLogger(__name__)

CSS = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

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

_UNEXPECTED = "An unexpected error stopped this."
_SEE_LOG = "Try again; the details are in the program's log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and what was said to it, as HTML; `asked` is plain. `open`: still being answered; `answer`: when
    it is complete, what the HTML was made of."""

    asked: str
    said: str
    evidence: str = ""
    open: bool = True
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What one tab shows, and the finished turns as the assistant reads them."""

    exchanges: tuple[Exchange, ...] = ()
    turns: tuple[Turn, ...] = ()

    def asking(self, asked: str) -> Conversation:
        return replace(self, exchanges=(*self.exchanges, Exchange(asked=asked, said=render.pending())))

    def saying(self, said: str, *, evidence: str = "", open: bool = False) -> Conversation:
        last = replace(self.exchanges[-1], said=said, evidence=evidence, open=open)
        return replace(self, exchanges=(*self.exchanges[:-1], last))

    def answering(self, answer: Answer) -> Conversation:
        number, asked = len(self.exchanges), self.exchanges[-1].asked
        said = render.answer(answer, asked=asked, turn=number)
        now = self.saying(said, evidence=render.evidence(answer, turn=number), open=not answer.complete)
        if not answer.complete:
            return now
        last = replace(now.exchanges[-1], answer=answer)
        turn = Turn(question=answer.question, answer=answer.text)
        return replace(now, exchanges=(*now.exchanges[:-1], last), turns=(*self.turns, turn))

    def stopped(self) -> Conversation:
        """Close an exchange that was interrupted; what it had found stays."""
        if not self.exchanges or not self.exchanges[-1].open:
            return self
        last = self.exchanges[-1]
        found = f"{last.said}{render.pending('Stopped here.')}" if last.evidence else render.pending("Stopped.")
        return self.saying(found, evidence=last.evidence)

    def messages(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        for exchange in self.exchanges:
            shown.append({"role": "user", "content": render.question(exchange.asked)})
            shown.append({"role": "assistant", "content": exchange.said})
        return shown

    def panel(self) -> str:
        return render.panel([(exchange.asked, exchange.evidence) for exchange in self.exchanges])


def build_app(assistant: Assistant) -> gr.Blocks:
    """Return the page for one assistant; THEME and CSS go to where it is mounted."""
    # Text arrives inert from `render`; nothing is left for Gradio's own conversions.
    plain: dict[str, Any] = {"latex_delimiters": [], "line_breaks": False}
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as app:
        conversation = gr.State(Conversation())
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
                evidence = gr.Markdown(render.panel(()), elem_id="evidence", **plain)
                gr.Markdown(render.invitation(assistant.config.chat.max_upload_mb), elem_id="invitation", **plain)
                files = gr.File(
                    label="Add documents", show_label=False, file_count="multiple", elem_id="upload", height=96,
                )  # fmt: skip
                report = gr.Markdown(elem_id="report", **plain)
                with gr.Accordion("Documents", open=False, elem_id="library"):
                    library = gr.Markdown(elem_id="documents", **plain)

        def asked(question: str, so_far: Conversation) -> Iterator[tuple[Any, ...]]:
            yield from _ask(assistant, question, so_far)

        def added(given: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple[Any, ...]:  # noqa: B008
            return None, _add(assistant, given or [], progress=progress), _library(assistant)

        def judged(so_far: Conversation, thumb: gr.LikeData) -> None:
            _judge(assistant, so_far, thumb)

        hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        outputs = [box, conversation, chat, evidence, ask, stop]
        asking = gr.on([ask.click, box.submit], asked, [box, conversation], outputs, concurrency_limit=2, **hidden)
        chat.like(judged, conversation, None, concurrency_limit=1, **hidden)  # its notices come by the queue
        hidden["queue"] = False
        stop.click(lambda so_far: _view(so_far.stopped()), conversation, outputs, cancels=[asking], **hidden)
        # A new chat waits for the old answer to end, which could otherwise put its conversation back.
        ended = new.click(None, cancels=[asking], **hidden)
        ended.then(lambda: _view(Conversation(), box=""), None, outputs, **hidden)
        files.upload(
            added, files, [files, report, library], concurrency_limit=1, show_progress="full",
            show_progress_on=report, api_visibility="private",
        )  # fmt: skip
        app.load(lambda: _library(assistant), None, library, **hidden)
    app.queue(max_size=32, api_open=False)
    return app


def _ask(assistant: Assistant, question: str, so_far: Conversation) -> Iterator[tuple[Any, ...]]:
    """Yield the page's state as the answer grows."""
    question = question.strip()
    if not question:
        return
    now = so_far.stopped().asking(question)
    yield _view(now, box="")
    try:
        for answer in assistant.stream(question, history=so_far.turns):
            now = now.answering(answer)
            yield _view(now)
        now = now.stopped()
    except RagError as error:
        now = now.saying(render.fault(error.message, remedy=error.remedy))
    except Exception:
        log.exception("a question could not be answered")
        now = now.saying(render.fault(_UNEXPECTED, remedy=_SEE_LOG))
    yield _view(now)


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
        gr.Warning(_SEE_LOG)


def _view(now: Conversation, *, box: str | None = None) -> tuple[Any, ...]:
    """Return the outputs of a conversation event: box, conversation, chat, evidence, ask, stop."""
    busy = bool(now.exchanges) and now.exchanges[-1].open
    buttons = gr.update(interactive=not busy), gr.update(interactive=busy)
    return gr.skip() if box is None else box, now, now.messages(), now.panel(), *buttons


def _add(assistant: Assistant, given: list[str], *, progress: gr.Progress) -> str:
    """Index uploaded files and return the report as HTML."""

    def show(at: Progress) -> None:
        progress(
            (at.done, at.total),
            desc=f"{at.done} of {at.total}: {PurePath(at.path).name}, {at.passages:,} passages read",
        )

    try:
        return render.report(add(assistant.index, given, progress=show))
    except RagError as error:
        return render.fault(error.message, remedy=error.remedy)
    except Exception:
        log.exception("an upload could not be indexed")
        return render.fault(_UNEXPECTED, remedy=_SEE_LOG)


def _library(assistant: Assistant) -> str:
    try:
        return render.documents(assistant.index.documents())
    except RagError as error:
        return render.fault(error.message, remedy=error.remedy)
