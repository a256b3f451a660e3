"""The evidence side of the page: the source of a citation, opened at its quote.

What the browser opens, it says in hidden fields (see `evidence.js`). The page of a PDF follows when it is drawn.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.types import Answer, Citation, Document, Span
from ui import feedback, source
from ui.collections import Collections
from ui.conversation import Conversation
from ui.pages import Pages, has_pages
from ui.render import SEE_LOG, anchor
from ui.settings import AT_ONCE, HEAVY, PLAIN

log = logging.getLogger(__name__)

_NEWER = "The document has changed since this answer: a newer version is indexed. The quote is shown as it was read."
_REMOVED = "The document is no longer in the index. The quote is shown as it was read."
_PASSAGE_CHANGED = "The document has changed since, or is gone: the passage is shown as it was found."


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where what is open stands in which document, and what is to be known of it; `part` is its page or the like."""

    name: str
    document: Document
    span: Span
    part: str = ""
    citation: Citation | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What one tab has open: of turn `turn` a citation's number, or which of the nearest passages (0: their list).

    `start` and `end` bound what is shown of the document; `newest` names the answer that was opened by itself;
    `wrong` holds the question and the place of each source that was found wrong.
    """

    turn: int = 0
    number: int = 0
    place: Place | None = None
    start: int = 0
    end: int = 0
    newest: str = ""
    wrong: frozenset[tuple[str, Span]] = frozenset()


class EvidenceView:
    """Made within the page's Blocks; `outputs` are its components, which `latest` gives values for."""

    def __init__(self, collections: Collections, *, collection: gr.State, conversation: gr.State) -> None:
        self._collections = collections
        self._pages = Pages(collections.config.documents)
        opened, drawn = gr.State(Opened(), **HEAVY), gr.State("")
        with gr.Column(elem_id="evidence", min_width=0):
            sources = gr.Markdown(elem_id="evidence-sources", **PLAIN)
            head = gr.Markdown(source.nothing(), elem_id="evidence-head", **PLAIN)
            page = gr.Markdown(elem_id="evidence-page", **PLAIN)
            text = gr.Markdown(elem_id="evidence-text", **PLAIN)
            told = gr.Markdown(elem_id="evidence-told", **PLAIN)
        newest = gr.State("")
        asked, done = (gr.Textbox(visible="hidden", elem_id=name) for name in ("opened", "evidence-done"))
        self.outputs: list[Any] = [newest, sources, head, page, text, told]
        state = [opened, conversation, collection]
        shown = [opened, drawn, sources, head, page, text, told]
        drawing = {"fn": self._draw, "inputs": [opened, drawn], "outputs": [drawn, page]}
        newest.change(self._follow, state, shown, trigger_mode="multiple", **AT_ONCE).then(**drawing, **AT_ONCE)
        asked.change(self._open, [asked, *state], shown, **AT_ONCE).then(**drawing, **AT_ONCE)
        done.change(self._do, [done, *state], [opened, text, told], **AT_ONCE)

    def latest(self, collection: str, now: Conversation) -> tuple[Any, ...]:
        """Whether the newest answer has grown: only then is anything looked up."""
        answer = now.exchanges[-1].answer if now.exchanges else None
        if answer is None:
            return f"{len(now.exchanges)} empty", "", source.nothing(), "", "", ""
        state = f"{len(now.exchanges)} {len(answer.citations)} {answer.complete}"
        return state, *[gr.skip()] * 5

    def _follow(self, opened: Opened, now: Conversation, collection: str) -> tuple[Any, ...]:
        """Open the newest answer's first source, once; as the answer grows, only the list of its sources changes."""
        turn = len(now.exchanges)
        answer = _answer(now, turn)
        if answer is None:
            return Opened(wrong=opened.wrong), "", *[gr.skip()] * 5
        newest = f"{turn} {now.exchanges[-1].asked}"
        if opened.newest != newest:
            first = answer.citations[0].number if answer.citations else 0
            anew = Opened(turn=turn, number=first, newest=newest, wrong=opened.wrong)
            return self._shown(anew, now, collection)
        if opened.turn != turn:
            return tuple([gr.skip()] * 7)
        listed = source.sources(answer, turn=turn, number=opened.number)
        return gr.skip(), gr.skip(), listed, *[gr.skip()] * 4

    def _open(self, asked: str, opened: Opened, now: Conversation, collection: str) -> tuple[Any, ...]:
        """Open what a mark or a button names: "source-TURN-NUMBER COUNT" or "nearest-TURN-NUMBER COUNT"."""
        named = re.match(r"(source|nearest)-(\d{1,6})-(\d{1,6}) ", asked)
        turn, number = (int(named[2]), int(named[3])) if named else (0, 0)
        answer = _answer(now, turn)
        nothing = tuple([gr.skip()] * 7)
        if named is None or answer is None or answer.abstained != (named[1] == "nearest"):
            return nothing
        numbers = range(len(answer.nearest) + 1) if answer.abstained else [one.number for one in answer.citations]
        if number not in numbers or (opened.turn, opened.number) == (turn, number):
            return nothing
        return self._shown(replace(opened, turn=turn, number=number), now, collection)

    def _shown(self, opened: Opened, now: Conversation, collection: str) -> tuple[Any, ...]:
        answer, turn = now.exchanges[opened.turn - 1].answer, opened.turn
        assert answer is not None
        listed = source.sources(answer, turn=turn, number=opened.number)
        place = self._place(answer, collection, turn=turn, number=opened.number)
        if place is None:
            outlets = [self._outlet(hit.path, hit.span.document_id, collection) for hit in answer.nearest]
            cards = source.cards(answer, outlets, turn=turn) if answer.abstained else ""
            return replace(opened, place=None), "", listed, "", "", cards, ""
        start, end = _stretched("less", opened, place)
        opened = replace(opened, place=place, start=start, end=end)
        head = (
            source.head(answer, place.citation, turn=turn, notes=place.notes)
            if place.citation
            else source.nearest_head(place.document, place.part, name=place.name, notes=place.notes)
        )
        waits = source.drawing(name=place.name) if has_pages(place.document) else ""
        return opened, "", listed, head, waits, _text(opened, place, answer), ""

    def _do(self, done: str, opened: Opened, now: Conversation, collection: str) -> tuple[Any, ...]:
        """Show more of the document, less, or all; or take down that this is a wrong source."""
        what, place, answer = done.partition(" ")[0], opened.place, _answer(now, opened.turn)
        if answer is None or place is None:
            return gr.skip(), gr.skip(), gr.skip()
        if what == "wrong":
            return self._wrong(opened, answer, place, collection)
        start, end = _stretched(what, opened, place)
        opened = replace(opened, start=start, end=end)
        return opened, _text(opened, place, answer), gr.skip()

    def _wrong(self, opened: Opened, answer: Answer, place: Place, collection: str) -> tuple[Any, ...]:
        """Write down, once, that what is open is a wrong source of the answer."""
        this = (answer.question, place.span)
        if place.citation is None or this in opened.wrong:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            folder = self._collections.get(collection).index.folder
            feedback.wrong(folder, answer, citation=place.citation.number)
        except RagError as error:
            return gr.skip(), gr.skip(), source.told(str(error))
        except OSError:
            log.exception("a wrong source could not be written down")
            return gr.skip(), gr.skip(), source.told(SEE_LOG)
        opened = replace(opened, wrong=opened.wrong | {this})
        written = source.told(f"Written down: source {place.citation.number} is wrong.")
        return opened, _text(opened, place, answer), written

    def _draw(self, opened: Opened, drawn: str) -> tuple[Any, Any]:
        """Draw the pages of what is open, unless they are there."""
        place = opened.place
        if place is None or not has_pages(place.document) or drawn == place.name:
            return gr.skip(), gr.skip()
        return place.name, source.page(*self._pages.of(place.document, place.span), name=place.name)

    def _place(self, answer: Answer, collection: str, *, turn: int, number: int) -> Place | None:
        """None where the list of nearest passages is meant, or what is named is not there."""
        if not answer.abstained:
            found = next((citation for citation in answer.citations if citation.number == number), None)
            if found is None:
                return None
            indexed = self._indexed(found.path, collection)
            notes = (_REMOVED,) if indexed is None else (_NEWER,) if indexed.id != found.document.id else ()
            name = anchor(turn, number)
            return Place(name=name, document=found.document, span=found.span, citation=found, notes=notes)
        if not 0 < number <= len(answer.nearest):
            return None
        hit, name = answer.nearest[number - 1], source.nearest(turn, number)
        indexed = self._indexed(hit.path, collection)
        if indexed is not None and indexed.id == hit.span.document_id:
            return Place(name=name, document=indexed, span=hit.span, part=hit.place)
        alone = Document(text=hit.text, path=hit.path, title=hit.title, sha256="", date=hit.date)
        span = alone.span(0, len(hit.text))
        return Place(name=name, document=alone, span=span, part=hit.place, notes=(_PASSAGE_CHANGED,))

    def _indexed(self, path: str, collection: str) -> Document | None:
        try:
            return self._collections.get(collection).index.document(path)
        except RagError:
            return None

    def _outlet(self, path: str, document_id: str, collection: str) -> str | None:
        indexed = self._indexed(path, collection)
        return indexed.outlet if indexed and indexed.id == document_id else None


def _answer(now: Conversation, turn: int) -> Answer | None:
    return now.exchanges[turn - 1].answer if 0 < turn <= len(now.exchanges) else None


def _stretched(what: str, opened: Opened, place: Place) -> tuple[int, int]:
    """What is shown of the document then; "less" is how it begins, with whole sentences around the quote."""
    document, span = place.document, place.span
    if what == "before":
        return source.earlier(document, opened.start, source.STEP), opened.end
    if what == "after":
        return opened.start, source.later(document, opened.end, source.STEP)
    if what == "whole" and len(document.text) < source.WHOLE:
        return 0, len(document.text)
    if what == "less":
        near = 0 if has_pages(document) else source.NEAR  # a page shows what stands around the quote
        return source.earlier(document, span.start, near), source.later(document, span.end, near)
    return opened.start, opened.end


def _text(opened: Opened, place: Place, answer: Answer) -> str:
    return source.text(
        place.document, place.span, start=opened.start, end=opened.end, name=place.name, citation=place.citation,
        wrong=(answer.question, place.span) in opened.wrong,
    )  # fmt: skip
