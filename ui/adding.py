"""The part of the page that takes files and folders, shows the work on them and tells what became of each."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui import listing
from ui.collections import Collections
from ui.history import tab_of
from ui.intake import Intake, Intakes, Outcome, Run
from ui.settings import AT_ONCE, HEAVY, HIDDEN, PLAIN

_LOOK = 0.3  # seconds between two looks at the work


class Adding:
    """Made within the page's Blocks. `done` is the event that ends when files have been added, or not."""

    def __init__(self, collections: Collections, *, collection: gr.State) -> None:
        self._collections = collections
        self._megabytes = collections.config.chat.max_upload_mb
        self._intakes = Intakes()
        self.intake = gr.State(Intake(), delete_callback=Intake.left, **HEAVY)
        gr.Markdown(listing.invitation(self._megabytes), elem_id="invitation", **PLAIN)
        files = gr.File(label="Add documents", show_label=False, file_count="multiple", elem_id="upload", height=96)
        gr.Button("Choose a folder", size="sm", elem_id="upload-folder")  # library.js opens the dialog
        names = gr.Textbox(visible="hidden", elem_id="upload-names")  # library.js: what the files of a batch are called
        taken = gr.Textbox(visible="hidden", elem_id="upload-taken")  # the batch that has arrived
        sent = gr.Textbox(visible="hidden", elem_id="upload-sent")  # library.js: all batches have, and what is left out
        self._progress = gr.Markdown(elem_id="upload-progress", **PLAIN)
        self._cancel = gr.Button("Cancel", size="sm", elem_id="upload-cancel", visible=False)
        with gr.Row(elem_id="upload-rest"):
            self._resume = gr.Button("Continue", size="sm", elem_id="upload-continue", min_width=0, visible=False)
            self._discard = gr.Button("Discard", size="sm", elem_id="upload-discard", min_width=0, visible=False)
        self.report = gr.Markdown(elem_id="report", **PLAIN)
        self.heard = gr.Markdown(elem_id="library-heard", **PLAIN)  # for screen readers
        outputs = self._outputs = [
            self._progress, self.report, self.heard, self._cancel, self._resume, self._discard,
        ]  # fmt: skip

        files.upload(self._received, [files, names, self.intake], [files, taken], **AT_ONCE)
        sent.change(self._sent, [sent, self.intake], None, **AT_ONCE)
        self.done = gr.on(
            [sent.change, self._resume.click], self._work, [collection, self.intake], outputs,
            concurrency_limit=None, **HIDDEN,
        )  # fmt: skip
        self._cancel.click(lambda intake: intake.cancel(), self.intake, None, **AT_ONCE)
        self._discard.click(self._discarded, self.intake, outputs, **AT_ONCE)

    def keep(self, told: gr.Textbox, *, after: Any) -> Any:
        """Go on with what the tab was adding before it was loaded anew; returns the event that ends with that."""
        known = after.then(
            lambda told, intake: self._intakes.of(tab_of(told), intake), [told, self.intake], self.intake, **AT_ONCE
        )
        return known.then(self._again, self.intake, self._outputs, concurrency_limit=None, **HIDDEN)

    def _received(self, files: Sequence[str] | None, names: str, intake: Intake) -> tuple[Any, ...]:
        intake.receive(_named([Path(file) for file in files or ()], names), megabytes=self._megabytes)
        return None, names.rpartition(" ")[2]

    def _sent(self, sent: str, intake: Intake) -> None:
        for reason, left_out in _left_out(sent, megabytes=self._megabytes):
            intake.refuse(left_out, reason)

    async def _work(self, collection: str, intake: Intake) -> AsyncIterator[tuple[Any, ...]]:
        async for shown in self._watched(intake.start(self._collections, collection)):
            yield shown

    async def _again(self, intake: Intake) -> AsyncIterator[tuple[Any, ...]]:
        """Show the run that goes on, or its end where that was not seen or files still wait."""
        run = intake.last
        async for shown in self._watched(run if run and (not run.seen or intake.waiting) else None):
            yield shown

    async def _watched(self, run: Run | None) -> AsyncIterator[tuple[Any, ...]]:
        """Show a run until it ends. It goes on without anybody to see it."""
        if run is None:
            yield tuple(gr.skip() for _ in self._outputs)  # or Gradio would empty them all
            return
        told: Any = ""  # later on the report is that of whatever else is done meanwhile
        while not run.finished.is_set():
            yield self._at_work(run, told=told)
            told = gr.skip()
            await asyncio.sleep(_LOOK)
        yield self._ended(run.outcome)
        run.seen = True

    def _at_work(self, run: Run, *, told: Any) -> tuple[Any, ...]:
        cancelled = run.cancelled.is_set()
        shown = listing.progress(run.step, seconds=run.seconds, cancelled=cancelled)
        hidden = gr.update(visible=False)
        return shown, told, told, gr.update(visible=True, interactive=not cancelled), hidden, hidden

    def _ended(self, made: Outcome) -> tuple[Any, ...]:
        again = gr.update(visible=made.waiting > 0, value="Continue" if not made.failed else "Try again")
        discard = gr.update(visible=made.waiting > 0)
        return "", listing.report(made), listing.heard(made), gr.update(visible=False), again, discard

    def _discarded(self, intake: Intake) -> tuple[Any, ...]:
        intake.discard()
        hidden = gr.update(visible=False)
        return "", "", "Discarded.", hidden, hidden, hidden


def _named(files: Sequence[Path], told: str) -> Iterator[tuple[Path, str]]:
    """Each file with its name: those of a batch are called TOKEN-NUMBER, and `told` lists what they were before."""
    try:
        names = json.loads(told.rpartition(" ")[0])
    except ValueError:
        names = []
    token = re.escape(told.rpartition(" ")[2])
    for file in files:
        numbered = re.fullmatch(rf"{token}-(\d+)(?:\..*)?", file.name) if token else None
        known = numbered and isinstance(names, list) and int(numbered[1]) < len(names)
        yield file, str(names[int(numbered[1])]) if known and numbered else file.name


def _left_out(told: str, *, megabytes: int) -> Iterator[tuple[str, list[str]]]:
    """Why the page did not send files, and their names."""
    try:
        given = json.loads(told.rpartition(" ")[0])
    except ValueError:
        return
    for key, reason in (("large", f"it is larger than {megabytes} MB"), ("lost", "it could not be sent")):
        names = given.get(key, []) if isinstance(given, dict) else []
        if isinstance(names, list):
            yield reason, [str(name) for name in names]
