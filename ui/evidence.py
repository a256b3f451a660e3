"""The evidence side of the page: the source of a citation, opened at its quote."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

from ui import source
from ui.collections import Collections
from ui.conversation import Conversation


class EvidenceView:
    """Made within the page's Blocks; `outputs` are its components, which `latest` gives values for."""

    def __init__(self, collections: Collections, *, collection: gr.State, conversation: gr.State) -> None:
        self._collections = collections
        self.html = gr.Markdown(source.panel(""), elem_id="evidence", latex_delimiters=[], line_breaks=False)
        opened = gr.Textbox(visible="hidden", elem_id="opened")  # "source-TURN-NUMBER COUNT", written by page.js
        self.outputs: list[Any] = [self.html]
        opened.input(
            self._open, [opened, conversation], self.outputs, api_visibility="private", show_progress="hidden",
            queue=False,
        )  # fmt: skip

    def latest(self, collection: str, now: Conversation) -> tuple[Any, ...]:
        """The sources of the newest answer."""
        return (self._shown(now, len(now.exchanges)),)

    def _open(self, opened: str, now: Conversation) -> tuple[Any, ...]:
        if not (named := re.match(r"source-(\d+)-(\d+) ", opened)):
            return (gr.skip(),)
        return (self._shown(now, int(named[1]), int(named[2])),)

    def _shown(self, now: Conversation, turn: int, number: int = 1) -> str:
        answer = now.exchanges[turn - 1].answer if 0 < turn <= len(now.exchanges) else None
        return source.panel(source.evidence(answer, turn=turn) if answer else "")
