"""The documents side of the page as inert HTML and labels: what is indexed, what becomes of files that are added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePath

from rag.index import UPLOADS
from rag.terminal import plain
from rag.types import IndexedDocument
from ui import render
from ui.intake import Outcome
from ui.render import counted, inert
from ui.uploads import Step

LISTED = 100  # documents shown of those that match
_ROWS = 1000  # files named of each kind in a report
_OPEN = 5  # of so many the names are shown at once
_MEASURED = 0.02  # share of the work from which a rate can be told
_TITLE = 48  # characters of a title beside the question
_SUPPORTED = " Supported: "  # in a reason, what could be added instead


def invitation(megabytes: int) -> str:
    return (
        '<div class="fn-invitation"><h2>Add documents</h2>'
        f'<p class="fn-note">Files up to <span class="fn-megabytes">{megabytes}</span> MB</p></div>'
    )


def progress(step: Step, *, seconds: float, cancelled: bool = False) -> str:
    """Return how far an upload is, in a bar and in words."""
    number = min(step.done + 1, step.total)
    name = f"<bdi>{inert(step.name)}</bdi>" if step.name else "Preparing…"
    known = [f"{counted(step.passages, 'passage')} embedded", duration(seconds)]
    if (left := time_left(step, seconds)) is not None:
        known.append(f"about {duration(left)} left")
    doing = "Stopping after this file" if cancelled else f"File {number:,} of {step.total:,}"
    return (
        f'<div class="fn-progress"><p class="fn-group">{doing}</p><p class="fn-name">{name}</p>'
        f'<progress value="{step.share:.4f}" max="1" title="Adding documents">{step.share:.0%}</progress>'
        f'<p class="fn-note">{" · ".join(known)}</p></div>'
    )


def time_left(step: Step, seconds: float) -> float | None:
    """Seconds that the rest takes at the rate so far; None while there is too little to tell a rate from."""
    if step.share < _MEASURED or seconds < 1 or not step.done:
        return None
    return seconds * (1 - step.share) / step.share


def duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def report(made: Outcome) -> str:
    """Return what became of every file, with the reasons."""
    if made.failed:
        box = render.fault(made.error.message, remedy=made.error.remedy) if made.error else render.unexpected()
        wait = f'<p class="fn-note">{counted(made.waiting, "file")} wait to be added.</p>' if made.waiting else ""
        return f'<div class="fn-report">{box}{wait}</div>'
    told = made.report
    groups = [
        ("Added", [(path, "") for path in told.added]),
        ("Updated", [(path, "") for path in told.updated]),
        ("Unchanged", [(path, "") for path in told.unchanged]),
        ("Rejected", list(told.rejected)),
        ("Not reached", [(path, "") for path in told.pending]),
        ("Could not be read in part", list(told.gaps)),
    ]
    if not any(rows for _, rows in groups):
        return '<div class="fn-report"><p class="fn-note">No files were added.</p></div>'
    body = "".join(_group(name, rows) for name, rows in groups if rows)
    took = f'<p class="fn-note">In {duration(made.seconds)}.</p>' if made.seconds >= 1 else ""
    return f'<div class="fn-report">{body}{took}</div>'


def heard(made: Outcome) -> str:
    """Return the end of an upload in a sentence, for screen readers."""
    if made.failed:
        return inert(f"Adding documents failed. {made.error.message if made.error else ''}".strip())
    told = made.report
    counts = [
        (len(told.added), "added"), (len(told.updated), "updated"), (len(told.unchanged), "unchanged"),
        (len(told.rejected), "rejected"), (len(told.pending), "not reached"),
    ]  # fmt: skip
    said = ", ".join(f"{number:,} {what}" for number, what in counts if number) or "nothing to add"
    return inert(f"{'Stopped' if told.cancelled else 'Finished'}: {said}.")


def label(document: IndexedDocument) -> str:
    """Return a document in two lines of plain text: its title, then what is known of it."""
    gaps = len(document.gaps)
    known = [document.outlet, document.date, counted(gaps, "gap") if gaps else ""]
    lines = [document.title, " · ".join(filter(None, known)) or place(document.path)]
    return "\n".join(" ".join(plain(line).split()) for line in lines)


def found(*, matches: int, documents: int, unreadable: Sequence[str] = ()) -> str:
    """Return how many documents match and how many of them are listed."""
    if not documents:
        return '<p class="fn-empty">No documents yet. Add some to ask about.</p>'
    said = counted(documents, "document") if matches == documents else f"{matches:,} of {documents:,} documents match"
    shown = f", the first {LISTED} are listed" if matches > LISTED else ""
    wrong = "".join(
        f'<p class="fn-note fn-wrong">No date: <bdi>{inert(bound)}</bdi>. Such as 2025 or 2025-03-14.</p>'
        for bound in unreadable
    )
    return f'<p class="fn-note">{said}{shown}.</p>{wrong}'


def scope(chosen: Collection[str], documents: Sequence[IndexedDocument]) -> str:
    """Return what questions are asked of, where that is not all documents."""
    if not chosen:
        return ""
    titles = {document.path: document.title for document in documents}
    title = titles.get(next(iter(chosen)), "")
    if len(chosen) == 1 and title:
        short = title if len(title) <= _TITLE else f"{title[:_TITLE].rstrip()}…"
        return f'<span class="fn-scope">Asking only <bdi>{inert(short)}</bdi></span>'
    return f'<span class="fn-scope">Asking only the {len(chosen):,} ticked of {len(documents):,} documents</span>'


def confirmation(chosen: Collection[str]) -> str:
    """Return the question that stands before a removal."""
    return (
        f'<div class="fn-confirm" role="group"><p><strong>Remove {counted(len(chosen), "document")}?</strong></p>'
        "<p>Answers no longer use what is removed. The files themselves stay on disk, except those that were "
        "uploaded here.</p></div>"
    )


def removed(paths: Collection[str]) -> str:
    return f'<div class="fn-report"><p class="fn-group">Removed: {len(paths):,}</p></div>'


def place(path: str) -> str:
    """Return a path as the user knows it: an uploaded file below the uploads, any other by its name."""
    before, uploads, below = path.rpartition(f"/{UPLOADS}/")
    return below if before and uploads else PurePath(path).name


def _group(name: str, rows: Sequence[tuple[str, str]]) -> str:
    items, supported = "", ""
    for path, told in rows[:_ROWS]:
        reason, _, kinds = told.partition(_SUPPORTED)
        supported = supported or kinds
        items += f"<li><bdi>{inert(place(path))}</bdi>{': ' + inert(reason) if reason else ''}</li>"
    more = f'<p class="fn-note">and {len(rows) - _ROWS:,} more</p>' if len(rows) > _ROWS else ""
    if supported:  # once, and not in the way
        more += f'<details class="fn-kinds"><summary>What can be added</summary><p>{inert(supported)}</p></details>'
    opened = " open" if len(rows) <= _OPEN else ""
    return f"<details{opened}><summary>{name}: {len(rows):,}</summary><ul>{items}</ul>{more}</details>"
