"""The documents side of the page: which collection is asked, what it holds, what of it is asked, added and removed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.types import IndexedDocument
from ui import listing, render
from ui.adding import Adding
from ui.collections import LONGEST_NAME, Collections
from ui.finding import Wanted, matching, outlets
from ui.intake import Intake
from ui.settings import AT_ONCE, HIDDEN, PLAIN

log = logging.getLogger(__name__)

_ORDERS = [("Title", "title"), ("Newest first", "newest"), ("Oldest first", "oldest")]


class Library:
    """Made within the page's Blocks.

    `changed` are the events after which other documents are indexed, `switched` those after which `collection` names
    another one. `chosen` holds the paths of the documents that are asked; empty: all. `scope` is the component that
    changes with them.
    """

    def __init__(self, collections: Collections, *, collection: gr.State, chosen: gr.State) -> None:
        self._collections = collections
        self._collection, self._chosen = collection, chosen
        self._shown = gr.State(())  # paths of the documents on the screen
        self._lay_out_collections()
        self._adding = Adding(collections, collection=collection)
        self._lay_out_list()
        self._list = [
            self._outlet, self._found, self._ticks, self._shown, self._chosen, self.scope, self._all, self._remove,
        ]  # fmt: skip
        self._wanted = [self._words, self._outlet, self._since, self._until, self._order]
        self._choose()
        self.changed: list[Any] = [self._adding.done, self._removal()]
        self.switched: list[Any] = self._switching()
        for changed in self.changed:
            changed.then(self._refreshed, [collection, chosen, *self._wanted], self._list, **AT_ONCE)

    def load(self, app: gr.Blocks) -> Any:
        """Fill the list when the page opens; returns the event."""
        return app.load(
            lambda intake, name, chosen: (intake, *self._names(name), *self._refreshed(name, chosen)),
            [self._adding.intake, self._collection, self._chosen],
            [self._adding.intake, self._choice, self._new, *self._list], **AT_ONCE,
        )  # fmt: skip

    def keep(self, told: gr.Textbox, *, shown: Callable[[str], str]) -> Any:
        """Bring back, once a tab has told which it is, what it had before it was loaded anew: the collection that it
        has `shown`, and the files that it was adding. Returns the event after which the collection is there.
        """
        found = told.change(
            lambda told, name: self._found_again(shown(told), name), [told, self._collection], self._restarted,
            **AT_ONCE,
        )  # fmt: skip
        added = self._adding.keep(told, after=found)
        wanted = [self._adding.intake, self._collection, self._chosen, *self._wanted]
        added.then(self._added_meanwhile, wanted, self._list, **AT_ONCE)
        self.changed.append(added)
        return found

    def chosen_label(self, chosen: Sequence[str], collection: str) -> str:
        """Return what questions are asked of as HTML, "" where it is all documents of the collection."""
        try:
            return listing.scope(chosen, self._collections.documents(collection)) if chosen else ""
        except RagError:
            return ""

    # --- components

    def _lay_out_collections(self) -> None:
        names, first = self._collections.names(), self._collections.first
        several = len(names) > 1 or self._collections.grows
        self._choice = gr.Dropdown(
            names, value=first, label="Collection", elem_id="collection",
            visible=several,
        )  # fmt: skip
        grows = self._collections.grows
        with gr.Accordion("New collection", open=False, elem_id="new-collection", visible=grows) as self._new:
            self._name = gr.Textbox(label="Name", max_length=LONGEST_NAME, elem_id="collection-name")
            self._create = gr.Button("Create", size="sm", elem_id="collection-create")

    def _lay_out_list(self) -> None:
        gr.Markdown("<h2>Documents</h2>", elem_id="documents-head", **PLAIN)
        self._words = gr.Textbox(
            value="", label="Search by title or path", placeholder="Search by title or path", container=False,
            elem_id="documents-words",
        )  # fmt: skip
        with gr.Accordion("Filter and sort", open=False, elem_id="documents-filter"):
            self._outlet = gr.Dropdown([("All", "")], value="", label="Outlet", elem_id="documents-outlet")
            with gr.Row():
                date: dict[str, Any] = {"placeholder": "2025-03", "value": "", "max_length": 10, "min_width": 0}
                self._since = gr.Textbox(label="From", elem_id="documents-since", **date)
                self._until = gr.Textbox(label="To", elem_id="documents-until", **date)
            self._order = gr.Dropdown(_ORDERS, value="title", label="Sort by", elem_id="documents-order")
        self._found = gr.Markdown(elem_id="documents-found", **PLAIN)
        self.scope = gr.Markdown(elem_id="documents-scope", **PLAIN)
        self._lay_out_actions()
        self._ticks = gr.CheckboxGroup(label="Ask only these documents", container=False, elem_id="documents")

    def _lay_out_actions(self) -> None:
        with gr.Row(elem_id="documents-actions"):
            small: dict[str, Any] = {"size": "sm", "min_width": 0}
            self._every = gr.Button("Tick all that match", elem_id="documents-tick", **small)
            self._all = gr.Button("All documents", elem_id="documents-all", interactive=False, **small)
            self._remove = gr.Button("Remove ticked…", elem_id="documents-remove", interactive=False, **small)
        with gr.Column(elem_id="removal", visible=False) as self._confirm:
            self._question = gr.Markdown(**PLAIN)
            with gr.Row():
                self._yes = gr.Button("Remove", variant="stop", elem_id="removal-yes", **small)
                self._no = gr.Button("Keep", elem_id="removal-no", **small)

    # --- events

    def _choose(self) -> None:
        """Filters keep what is ticked; ticks keep the filters."""
        now = [self._collection, self._chosen, *self._wanted]
        gr.on(
            [self._words.change, self._since.change, self._until.change, self._outlet.input, self._order.input],
            self._refreshed, now, self._list, trigger_mode="always_last", **AT_ONCE,
        )  # fmt: skip
        scope = [self._chosen, self.scope, self._all, self._remove]
        self._ticks.input(
            self._ticked, [self._ticks, self._shown, self._chosen, self._collection], scope,
            trigger_mode="always_last", **AT_ONCE,
        )  # fmt: skip
        self._every.click(self._ticked_all, now, self._list, **AT_ONCE)
        self._all.click(lambda name, _, *wanted: self._refreshed(name, (), *wanted), now, self._list, **AT_ONCE)

    def _removal(self) -> Any:
        self._remove.click(self._asked, self._chosen, [self._confirm, self._question, self._adding.heard], **AT_ONCE)
        self._no.click(lambda: gr.update(visible=False), None, self._confirm, **AT_ONCE)
        return self._yes.click(
            self._removed, [self._collection, self._chosen],
            [self._confirm, self._adding.report, self._adding.heard], concurrency_limit=None, **HIDDEN,
        )  # fmt: skip

    def _switching(self) -> list[Any]:
        report = self._adding.report
        shown = [self._collection, report, self._confirm, self._choice, self._new, *self._wanted[:1], *self._wanted[2:]]
        outputs = self._restarted = [*shown, *self._list]
        # A field that is only passed through with Tab reports a choice as well.
        chosen = self._choice.input(_another, [self._choice, self._collection], None, concurrency_limit=None, **HIDDEN)
        switched = chosen.success(self._switched, self._choice, outputs, **AT_ONCE)
        created = gr.on(
            [self._create.click, self._name.submit], self._created, [self._name, self._collection, self._chosen],
            [self._name, *outputs], **AT_ONCE,
        )  # fmt: skip
        return [switched, created]

    # --- what they do

    def _refreshed(self, name: str, chosen: Sequence[str], *given: str) -> tuple[Any, ...]:
        """The list as filtered; what was chosen and is gone is chosen no more."""
        try:
            documents = self._collections.documents(name)
        except RagError as error:
            found = render.fault(error.message, remedy=error.remedy)
            return gr.skip(), found, gr.update(choices=[], value=[]), (), gr.skip(), *self._scoped((), ())
        there = {document.path for document in documents}
        chosen = tuple(path for path in chosen if path in there)
        published = outlets(documents)
        wanted = _filtered(given)
        wanted = wanted if wanted.outlet in published else replace(wanted, outlet="")
        matches = matching(documents, wanted)
        listed = matches[: listing.LISTED]
        paths, ticked = tuple(document.path for document in listed), set(chosen)
        return (
            gr.update(choices=[("All", ""), *((one, one) for one in published)], value=wanted.outlet),
            listing.found(matches=len(matches), documents=len(documents), unreadable=wanted.unreadable()),
            gr.update(
                choices=[(listing.label(document), document.path) for document in listed],
                value=[path for path in paths if path in ticked],
            ),
            paths, chosen, *self._scoped(chosen, documents),
        )  # fmt: skip

    def _scoped(self, chosen: Sequence[str], documents: Sequence[IndexedDocument]) -> tuple[Any, ...]:
        some = gr.update(interactive=bool(chosen))
        return listing.scope(chosen, documents), some, some

    def _ticked(self, ticked: list[str], shown: Sequence[str], chosen: Sequence[str], name: str) -> tuple[Any, ...]:
        kept = set(shown)
        chosen = (*(path for path in chosen if path not in kept), *ticked)
        return chosen, *self._scoped(chosen, self._collections.documents(name))

    def _ticked_all(self, name: str, chosen: Sequence[str], *given: Any) -> tuple[Any, ...]:
        try:
            documents = self._collections.documents(name)
        except RagError:
            return self._refreshed(name, chosen, *given)
        matches = (document.path for document in matching(documents, _filtered(given)))
        return self._refreshed(name, tuple(dict.fromkeys((*chosen, *matches))), *given)

    def _asked(self, chosen: Sequence[str]) -> tuple[Any, ...]:
        asked = listing.confirmation(chosen)
        return gr.update(visible=bool(chosen)), asked, f"Remove {render.counted(len(chosen), 'document')}?"

    def _removed(self, name: str, chosen: Sequence[str]) -> tuple[Any, ...]:
        heard = "Nothing was removed."
        try:
            with self._collections.working(name) as assistant:
                gone = assistant.index.remove(list(chosen))
            shown, heard = listing.removed(gone), f"Removed {render.counted(len(gone), 'document')}."
        except RagError as error:
            shown = render.fault(error.message, remedy=error.remedy)
        except Exception:
            log.exception("documents could not be removed")
            shown = render.unexpected()
        return gr.update(visible=False), shown, heard

    def _names(self, name: str) -> tuple[Any, ...]:
        names = self._collections.names()
        grows = self._collections.grows
        return gr.update(choices=names, value=name, visible=grows or len(names) > 1), gr.update(visible=grows)

    def _switched(self, name: str, *, report: Any = "") -> tuple[Any, ...]:
        hidden, filters = gr.update(visible=False), ("", "", "", "title")
        return name, report, hidden, *self._names(name), *filters, *self._refreshed(name, ())

    def _added_meanwhile(self, intake: Intake, *wanted: Any) -> tuple[Any, ...]:
        """List the documents anew where files were being added; else a list in which somebody ticks already stays."""
        return self._refreshed(*wanted) if intake.last else tuple(gr.skip() for _ in self._list)

    def _found_again(self, shown: str, name: str) -> tuple[Any, ...]:
        if shown == name or shown not in self._collections.names():
            return tuple(gr.skip() for _ in self._restarted)
        return self._switched(shown, report=gr.skip())

    def _created(self, wanted: str, name: str, chosen: Sequence[str]) -> tuple[Any, ...]:
        try:
            made = self._collections.create(wanted)
        except RagError as error:
            shown = render.fault(error.message, remedy=error.remedy)
            return gr.skip(), gr.skip(), shown, *(gr.skip() for _ in self._restarted[2:])
        return "", *self._switched(made, report=f'<p class="fn-note">{render.inert(made)} was created.</p>')


def _filtered(given: Sequence[str | None]) -> Wanted:
    """What the filters say; without any, all documents are wanted."""
    words, outlet, since, until, order = (one or "" for one in given or [""] * 5)
    return Wanted(words=words, outlet=outlet, since=since, until=until, order=order)


def _another(chosen: str, collection: str) -> None:
    """End quietly where the collection that was chosen is the one that is open."""
    if chosen == collection:
        raise gr.Error(visible=False, print_exception=False)
