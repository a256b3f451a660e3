"""The page: documents left, conversation in the middle, evidence right. Each tab has a conversation of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import LONGEST_QUESTION, Assistant
from rag.errors import RagError
from ui import api, export, render
from ui.asking import answering, judged
from ui.collections import Collections
from ui.conversation import Conversation
from ui.evidence import EvidenceView
from ui.history import Histories, tab_of
from ui.library import Library
from ui.settings import AT_ONCE, HEAVY, HIDDEN, PLAIN
from ui.suggestions import Made, Suggestions

log = logging.getLogger(__name__)

_BESIDE = Path(__file__).parent


def _beside(kind: str) -> list[str]:
    """Each side of the page has a style and a script of its own; the page's come first, the others build on them."""
    files = sorted(_BESIDE.glob(f"*.{kind}"), key=lambda file: (file.stem not in ("page", "style"), file.name))
    return [file.read_text(encoding="utf-8") for file in files if file != _FRAME]


_FRAME = _BESIDE / "frame.css"
CSS = "\n".join(_beside("css"))
HEAD = f"<style>{_FRAME.read_text(encoding='utf-8')}</style>" + "".join(
    f"<script>{text}</script>" for text in _beside("js")
)

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
    button_primary_background_fill_hover_dark="*primary_800",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_400",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
)

_LOOK_AGAIN = 2.0  # seconds until the page asks again for questions to suggest


def build_app(given: Assistant | Collections) -> gr.Blocks:
    """Return the page over one assistant or several collections; THEME, CSS and HEAD go to where it is mounted."""
    collections = given if isinstance(given, Collections) else Collections(given)
    app: gr.Blocks = gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600))
    with app:
        _Page(app, collections)
        api.register(collections)
    return app


class _Page:
    """Made within its Blocks."""

    def __init__(self, app: gr.Blocks, collections: Collections) -> None:
        self.collections = collections
        self.histories = Histories()
        self.suggestions = Suggestions()
        self.conversation = gr.State(Conversation(), **HEAVY)
        self.collection = gr.State(collections.first)
        self.chosen = gr.State(())
        with gr.Sidebar(width=304, open=False, elem_id="library"):
            self.library = Library(collections, collection=self.collection, chosen=self.chosen)
        gr.Markdown(render.header(), elem_id="header", **PLAIN)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=1, min_width=0, elem_id="conversation"):
                self._converse()
            with gr.Column(scale=1, min_width=0, elem_id="side"):
                self.view = EvidenceView(collections, collection=self.collection, conversation=self.conversation)
        self._unseen()
        self.outputs = [
            self.box, self.conversation, self.chat, self.ask, self.stop, self.markdown, self.html, self.heard,
            *self.view.outputs,
        ]  # fmt: skip
        self._answer()
        self._keep(app)
        self._narrow()
        self._suggest(app)

    def _converse(self) -> None:
        self.chat = gr.Chatbot(
            label="Conversation", show_label=False, height="100%", elem_id="chat", buttons=[], container=False,
            placeholder=render.welcome(), allow_file_downloads=False, feedback_options=["Like", "Dislike"],
            autoscroll=False, **PLAIN,
        )  # fmt: skip
        self.scope = gr.Markdown(elem_id="scope", **PLAIN)  # which documents are asked, where it is not all
        with gr.Row(elem_id="composer"):
            self.box = gr.Textbox(
                label="Question", placeholder="Ask a question", max_lines=5,
                max_length=LONGEST_QUESTION, autofocus=True, container=False, elem_id="question", min_width=0,
            )  # fmt: skip
            self.ask = gr.Button("Ask", variant="primary", elem_id="ask", min_width=0)
            self.stop = gr.Button("Stop", elem_id="stop", min_width=0, interactive=False)
        with gr.Row(elem_id="actions"):
            self.new = gr.Button("New chat", elem_id="new", size="sm", min_width=0)
            gr.Markdown(render.hint(), elem_id="hint", **PLAIN)
            self.markdown = gr.Button("Markdown", elem_id="export-markdown", size="sm", min_width=0, interactive=False)
            self.html = gr.Button("HTML", elem_id="export-html", size="sm", min_width=0, interactive=False)

    def _unseen(self) -> None:
        """What Python and page.js tell each other."""
        self.heard = gr.Markdown(elem_id="heard", **PLAIN)  # for screen readers
        self.told = gr.Textbox(visible="hidden", elem_id="tab")  # "ID COUNT", written by page.js
        self.exported = gr.Textbox(visible="hidden", elem_id="exported", lines=2)  # a file's name, a line end, its text
        self.ready = gr.Markdown(visible="hidden", elem_id="ready", **PLAIN)  # changes when `exported` has changed
        self.timer = gr.Timer(_LOOK_AGAIN, active=False)

    # --- events

    def _answer(self) -> None:
        where = [self.told, self.collection, self.conversation]
        asked = gr.on([self.ask.click, self.box.submit], self._asked, [self.box, *where], self.outputs, **AT_ONCE)
        answered = asked.success(
            self._answered, [*where, self.chosen], self.outputs, concurrency_limit=2, concurrency_id="ask",
            trigger_mode="multiple", **HIDDEN,
        )  # fmt: skip
        # Nothing is cancelled by Gradio, which would hold the next question until a step of this one is done: an
        # answer ends itself where its tab has gone on.
        settled: dict[str, Any] = {"inputs": [self.box, *where], "outputs": self.outputs, **AT_ONCE}
        answered.failure(self._settled, **settled)  # such as by a full queue
        self.stop.click(self._settled, **settled)
        self.new.click(self._cleared, [self.told, self.collection], self.outputs, **AT_ONCE)
        for switched in self.library.switched:
            self._evidence(switched.then(self._restored, [self.told, self.collection], self.outputs, **AT_ONCE))
        self.chat.like(self._judged, [self.collection, self.conversation], None, concurrency_limit=1, **HIDDEN)

    def _keep(self, app: gr.Blocks) -> None:
        """Bring a tab's collection, conversation and uploads back, and hand the conversation out as a file."""
        loaded = self.library.load(app)
        loaded.then(lambda: "loaded", None, self.ready, **AT_ONCE)  # before that, nobody would hear what page.js tells
        found = self.library.keep(self.told, shown=lambda told: self.histories.collection(tab_of(told)))
        inputs = [self.told, self.collection, self.conversation]
        self._evidence(found.then(self._opened, inputs, self.outputs, **AT_ONCE))
        for button, form in ((self.markdown, "md"), (self.html, "html")):
            button.click(
                lambda name, now, form=form: _exported(form, name, now), [self.collection, self.conversation],
                [self.exported, self.ready], **AT_ONCE,
            )  # fmt: skip

    def _evidence(self, restored: Any) -> None:
        """Open the newest answer's sources. Queued, for a State that changes outside the queue tells nobody."""
        restored.then(
            self.view.latest, [self.collection, self.conversation], self.view.outputs, concurrency_limit=None, **HIDDEN
        )

    def _narrow(self) -> None:
        """Say beside the question which documents it is asked of."""
        self.library.scope.change(self.library.chosen_label, [self.chosen, self.collection], self.scope, **AT_ONCE)

    def _suggest(self, app: gr.Blocks) -> None:
        """Show first questions once they are worked out, which no page waits for."""
        outputs = [self.chat, self.timer]
        triggers = [app.load, self.timer.tick]
        gr.on(triggers, self._suggested, self.collection, outputs, **AT_ONCE)
        for event in (*self.library.changed, *self.library.switched):
            event.then(self._suggested, self.collection, outputs, **AT_ONCE)

    # --- what they do

    def _asked(self, question: str, told: str, name: str, so_far: Conversation) -> tuple[Any, ...]:
        """Put the question up at once; the answer has to wait for its turn."""
        if not so_far.exchanges:  # the tab may have been left alone for long
            so_far = self.histories.get(tab_of(told), name)
        if so_far.busy or not question.strip():
            return tuple(gr.skip() for _ in self.outputs)
        now = so_far.asking(question.strip())
        self.histories.put(tab_of(told), name, now)
        return self._shown(name, now, box="")

    def _answered(
        self, told: str, name: str, so_far: Conversation, chosen: tuple[str, ...]
    ) -> Iterator[tuple[Any, ...]]:
        now = so_far
        if so_far.last is not None and so_far.last.waiting:
            self.histories.adopt(tab_of(told), name, so_far)  # put up before the page had told which tab it is
            steps = answering(
                self.collections, self.histories, tab=tab_of(told), name=name, before=so_far, within=chosen
            )
            for now in steps:
                answer = now.exchanges[-1].answer
                heard = render.announcement(answer) if answer and answer.complete else now.exchanges[-1].trouble
                yield self._shown(name, now, heard=heard, evidence=answer is not None)
        if now is so_far or now.busy:  # not this one's to answer any more: what Gradio sends last must change nothing
            yield tuple(gr.skip() for _ in self.outputs)

    def _settled(self, box: str, told: str, name: str, so_far: Conversation) -> tuple[Any, ...]:
        """Close what was interrupted; a question that was never begun goes back into the box."""
        nothing = tuple(gr.skip() for _ in self.outputs)
        last = so_far.last
        if last is None or not last.open:
            return nothing
        now = so_far.taken_back() if last.waiting else so_far.stopped()
        if not self.histories.advance(tab_of(told), name, before=so_far, now=now):
            return nothing
        typed = "\n".join(filter(None, (last.asked, box.strip()))) if last.waiting else gr.skip()
        return self._shown(name, now, box=typed, evidence=False)

    def _cleared(self, told: str, name: str) -> tuple[Any, ...]:
        now = Conversation()
        self.histories.put(tab_of(told), name, now)
        return self._shown(name, now, box="")

    def _restored(self, told: str, name: str) -> tuple[Any, ...]:
        self.histories.stop(tab_of(told))
        return self._shown(name, self.histories.open(tab_of(told), name), evidence=False)

    def _opened(self, told: str, name: str, so_far: Conversation) -> tuple[Any, ...]:
        """Meet a tab by its id; what was asked before it was known stays."""
        if so_far.exchanges:
            self.histories.open(tab_of(told), name)
            self.histories.put(tab_of(told), name, so_far)
            return tuple(gr.skip() for _ in self.outputs)
        return self._restored(told, name)

    def _suggested(self, name: str) -> tuple[Any, ...]:
        try:
            assistant = self.collections.get(name)
            documents = len(self.collections.documents(name))
            made = self.suggestions.get(name, assistant) if documents else Made(whole=True)
        except RagError:
            return gr.skip(), gr.update(active=False)
        welcome = render.welcome(made.questions, documents=documents)
        return gr.update(placeholder=welcome), gr.update(active=not made.whole)

    def _judged(self, name: str, so_far: Conversation, thumb: gr.LikeData) -> None:
        judged(self.collections.get(name), so_far, thumb)

    def _shown(
        self, name: str, now: Conversation, *, box: Any = None, heard: str = "", evidence: bool = True
    ) -> tuple[Any, ...]:
        """The values of `outputs`; `box` and `evidence`: whether these change."""
        busy, some = now.busy, bool(now.exchanges)
        side = self.view.latest(name, now) if evidence else tuple(gr.skip() for _ in self.view.outputs)
        return (
            gr.skip() if box is None else box, now, now.messages(), gr.update(interactive=not busy),
            gr.update(interactive=busy), gr.update(interactive=some), gr.update(interactive=some),
            render.inert(heard), *side,
        )  # fmt: skip


def _exported(form: str, collection: str, now: Conversation) -> tuple[str, str]:
    made = time.localtime()
    name = f"footnote-{time.strftime('%Y-%m-%d-%H%M%S', made)}.{form}"
    write = export.markdown if form == "md" else export.html
    text = write(now, collection=collection, date=time.strftime("%Y-%m-%d %H:%M", made))
    return f"{name}\n{text}", render.inert(f"{name} {time.monotonic_ns()}")
