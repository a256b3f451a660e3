"""How results look in a terminal: text that no document can bend, tables that fit, progress on stderr."""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.types import Answer, Hit, IndexedDocument, Progress, Repair, UpdateReport, Verification

# A document may hold escape sequences that a terminal obeys, or marks that turn a line around.
_CONTROLS = {
    *range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x2070), 0xFEFF,
    *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080),
}  # fmt: skip
_HARMLESS = dict.fromkeys(_CONTROLS - {ord("\n"), ord("\t")}, "\ufffd")
_STEERING = re.compile(f"[{''.join(chr(code) for code in sorted(_CONTROLS) if code >= 0x7F)}]")  # JSON escapes the rest
_LEAST_TITLE = 20  # columns that a title keeps, however long the path beside it
_SHOWN_TEXT = 300  # characters of a hit


def plain(text: str) -> str:
    """`text` without the characters that steer a terminal."""
    return text.translate(_HARMLESS)


def escaped(document: str) -> str:
    """A JSON document whose texts have their steering characters as JSON escapes: it reads back the same."""
    return _STEERING.sub(lambda one: json.dumps(one[0])[1:-1], document)


def shown(path: str) -> str:
    """The path from here where it lies below the current directory, on one line whatever it is called."""
    here = Path.cwd()
    below = str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
    return below.translate(dict.fromkeys(_CONTROLS, "\ufffd"))


def columns() -> int | None:
    """The width of the terminal; None where output goes to a file or another program, and nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def answer(given: Answer) -> str:
    """The answer and its sources, with paths from here."""
    statements = tuple(
        replace(
            statement,
            citations=tuple(replace(c, document=replace(c.document, path=shown(c.path))) for c in statement.citations),
        )
        for statement in given.statements
    )
    return str(replace(given, statements=statements))


def report(made: UpdateReport, *, index: str) -> str:
    """What became of the files: one line of counts, then everything that did not go as usual."""
    counts = ", ".join(f"{len(getattr(made, name)):,} {name}" for name in ("added", "updated", "unchanged", "rejected"))
    parts = [f"{counts} ({shown(index)})"]
    if not made.given:
        from rag.documents import SUFFIXES

        parts[0] = f"No files were found. Supported: {', '.join(sorted(SUFFIXES))} ({shown(index)})"
    parts += _listed("Rejected", (f"{shown(path)}: {reason}" for path, reason in made.rejected))
    parts += _listed("Gaps and guesses in indexed files", (f"{shown(path)}: {gap}" for path, gap in made.gaps))
    parts += _listed("Removed, for their files are gone", map(shown, made.removed))
    parts += _listed("Indexed, but their files are gone (--sync removes them)", map(shown, made.missing))
    parts += _listed("Not reached", map(shown, made.pending))
    return "\n".join(parts)


def report_as_dict(made: UpdateReport) -> dict[str, Any]:
    """The report as plain JSON values."""
    whole = ("added", "updated", "unchanged", "missing", "removed", "pending")
    return {
        **{name: list(getattr(made, name)) for name in whole},
        "rejected": [{"path": path, "reason": reason} for path, reason in made.rejected],
        "gaps": [{"path": path, "gap": gap} for path, gap in made.gaps],
        "cancelled": made.cancelled,
    }


def documents(listed: Sequence[IndexedDocument], *, width: int | None = None) -> str:
    """A table of title, date, passages and path; titles are cut so that a line fits `width` columns where it can."""
    heads = ("title", "date", "passages", "path")
    rows = [(_line(d.title), d.date or "", f"{d.passages:,}", shown(d.path)) for d in listed]
    widest = [max(map(_columns, column)) for column in zip(heads, *rows, strict=True)]
    if width is not None:
        widest[0] = min(widest[0], max(_LEAST_TITLE, width - sum(widest[1:]) - 6))
    lines = []
    for title, date, passages, path in (heads, *rows):
        cut = _cut(title, widest[0])
        lines.append(
            f"{cut}{' ' * (widest[0] - _columns(cut))}  {date:{widest[1]}}  {passages:>{widest[2]}}  {path}".rstrip()
        )
    total = f"{_counted(len(listed), 'document')}, {_counted(sum(d.passages for d in listed), 'passage')}"
    return "\n".join((*lines, "", total))


def hits(found: Sequence[Hit]) -> str:
    """Each passage with its score and its place."""
    lines = []
    for number, hit in enumerate(found, 1):
        where = ", ".join(filter(None, (hit.date, hit.place, shown(hit.path))))
        lines.append(f"{number}. {_line(hit.title)} ({where}; characters {hit.span.start}–{hit.span.end})")
        text = _line(hit.text)
        lines.append(f"   {hit.score:.3f}  {text if len(text) <= _SHOWN_TEXT else text[:_SHOWN_TEXT] + '…'}")
    return "\n".join(lines) or "No passage was found."


def verification(found: Verification, *, index: str) -> str:
    lines = [_state(found, index=index), *_listed("Found", found.findings)]
    if not found.ok:
        lines.append(f"Mend it: rag verify --repair --index {shown(index)}")
    return "\n".join(lines)


def repaired(made: Repair, *, index: str) -> str:
    """What was kept, read again and lost, and what to do about it."""
    folder, found = shown(index), made.verification
    again = f"index your folders again: rag index FOLDER --index {folder}"
    stays = f"The damaged catalog stays as {folder}/catalog.sqlite.damaged until a document is deleted."
    if made.salvaged is None:
        lines = ["No document was damaged."]
    elif not made.salvaged:
        lines = ["Damage was found, and nothing in the catalog could be kept."]
    else:
        lines = [f"Damage was found. {_counted(made.salvaged, 'file')} kept as indexed."]
    lines += _listed("Damaged, and read again from the disk", map(shown, made.restored))
    lines += _listed("Lost, for nothing to read stands there now", map(shown, made.lost))
    if made.salvaged is not None:
        lines += [f"What the catalog could not even name is not told here. To be sure, {again}", stays]
    lines += [_state(found, index=index), *_listed("Found", found.findings)]
    if not found.ok:
        lines.append(f"That cannot be mended. Delete the folder {folder} and index your folders again.")
    return "\n".join(lines)


def _state(found: Verification, *, index: str) -> str:
    counts = f"{_counted(found.documents, 'document')}, {_counted(found.passages, 'passage')}"
    return f"{shown(index)}: {counts}, generation {found.generation}: {'in order' if found.ok else 'not in order'}."


def rebuilt(made: UpdateReport, *, index: str) -> str:
    """How much was embedded anew, now and before an earlier stop."""
    line = f"{_counted(len(made.added) + len(made.updated), 'file')} embedded anew"
    if made.unchanged:
        line += f", {len(made.unchanged):,} before the last stop"
    return f"{line} ({shown(index)})"


def calibration(found: dict[str, Any]) -> str:
    """The threshold for a precision, what it costs, and how to set it."""
    if found["precision"] is None:
        return "No threshold reaches that precision on these questions. Ask for less with --precision."
    return (
        f"From a confidence of {found['threshold']:.2f}, {found['precision']:.1%} of the answers are right, and "
        f"{found['answered']:.1%} of the {_counted(found['questions'], 'question')} are answered.\n"
        f"Set it in rag.toml:\n\n[reader]\nthreshold = {found['threshold']}"
    )


class Meter:
    """Progress on stderr: a bar in a terminal, otherwise a line for each tenth of the work.

    As a context manager it says in a terminal that models are loading, until there is progress to show.
    """

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._label = ""
        self._tenth = 0
        self._bar: Any = None
        self._waiting = False
        self._interactive = sys.stderr.isatty()

    def files(self, progress: Progress) -> None:
        """Take the progress of an update; outside of a terminal nothing is said until there is work."""
        note = f"{_counted(progress.passages, 'passage')}, {Path(shown(progress.path)).name}"
        if self._interactive or progress.passages:
            self.step(progress.done, progress.total, note=note)

    def questions(self, system: str, done: int, total: int) -> None:
        """Take the progress of an evaluation."""
        self.step(done, total, label=system)

    def step(self, done: int, total: int, *, label: str = "", note: str = "") -> None:
        if label != self._label:
            self.close()
            self._label, self._tenth = label, 0
        if self._interactive:
            self._draw(done, total, note)
        elif total and done * 10 // total > self._tenth:
            self._tenth = done * 10 // total
            said = f"{label}: " if label else ""
            sys.stderr.write(plain(f"{said}{done:,} of {total:,} {self._unit}{f' ({note})' if note else ''}\n"))

    def close(self) -> None:
        self._stop_waiting()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, done: int, total: int, note: str) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._stop_waiting()
            self._bar = tqdm(
                total=total, desc=self._label or None, unit=f" {self._unit}", dynamic_ncols=True, file=sys.stderr
            )
        self._bar.set_postfix_str(plain(note), refresh=False)
        self._bar.update(done - self._bar.n)

    def _stop_waiting(self) -> None:
        if self._waiting:
            sys.stderr.write("\r\x1b[K")
            self._waiting = False

    def __enter__(self) -> Meter:
        if self._interactive:
            sys.stderr.write("Loading …")
            sys.stderr.flush()
            self._waiting = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _listed(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"  {_line(line)}" for line in lines]
    return [f"{title}:", *found] if found else []


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _columns(text: str) -> int:
    """Columns that a terminal gives to `text`: two to an East Asian wide character, none to a combining one."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    while _columns(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"
