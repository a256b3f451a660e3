"""The documents side of the page: what is indexed, and what becomes of files that are added."""

from __future__ import annotations

import logging
from pathlib import PurePath
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.types import Progress
from ui import listing, render
from ui.collections import Collections
from ui.uploads import add

log = logging.getLogger(__name__)


class Library:
    """Made within the page's Blocks.

    `changed` are the events after which other documents are indexed, `switched` those after which `collection` names
    another one. `chosen` holds the paths of the documents that are asked; empty: all.
    """

    def __init__(self, collections: Collections, *, collection: gr.State, chosen: gr.State) -> None:
        self._collections = collections
        plain: dict[str, Any] = {"latex_delimiters": [], "line_breaks": False}
        gr.Markdown(listing.invitation(collections.config.chat.max_upload_mb), elem_id="invitation", **plain)
        files = gr.File(
            label="Add documents", show_label=False, file_count="multiple", elem_id="upload", height=96,
        )  # fmt: skip
        report = gr.Markdown(elem_id="report", **plain)
        documents = gr.Markdown(elem_id="documents", **plain)
        added = files.upload(
            self._added, [files, collection], [files, report, documents], concurrency_limit=1, show_progress="full",
            show_progress_on=report, api_visibility="private",
        )  # fmt: skip
        self.changed: list[Any] = [added]
        self.switched: list[Any] = []
        self._listed = collection, documents

    def load(self, app: gr.Blocks) -> None:
        """Fill the list when the page opens."""
        collection, documents = self._listed
        app.load(self._documents, collection, documents, api_visibility="private", show_progress="hidden", queue=False)

    def _added(
        self,
        given: list[str] | None,
        collection: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:
        def show(at: Progress) -> None:
            said = f"{at.done} of {at.total}: {PurePath(at.path).name}, {at.passages:,} passages read"
            progress((at.done, at.total), desc=said)

        try:
            made = listing.report(add(self._collections.get(collection).index, given or [], progress=show))
        except RagError as error:
            made = render.fault(error.message, remedy=error.remedy)
        except Exception:
            log.exception("an upload could not be indexed")
            made = render.unexpected()
        return None, made, self._documents(collection)

    def _documents(self, collection: str) -> str:
        try:
            return listing.documents(self._collections.get(collection).index.documents())
        except RagError as error:
            return render.fault(error.message, remedy=error.remedy)
