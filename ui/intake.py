"""The files of one tab on their way into a collection: those that wait, and the work on them, which can be stopped."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.errors import RagError
from rag.types import UpdateReport
from ui.collections import Collections
from ui.history import known
from ui.uploads import Given, Step, add

log = logging.getLogger(__name__)

MOST_FILES = 20_000  # that wait at once
IDLE = 12 * 3600.0  # seconds after which files that wait are let go
_MOST_UPLOADS = 10  # how often the largest upload may wait at once, in bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a run over `collection`: its report, or why there is none; so many files still wait."""

    collection: str
    report: UpdateReport = field(default_factory=UpdateReport)
    error: RagError | None = None
    unexpected: bool = False
    waiting: int = 0
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.error is not None or self.unexpected


class Intake:
    """One tab's files. What is not reached waits in a private folder until it is, or is discarded. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._waiting: list[Given] = []
        self._bytes = self._count = 0
        self._refused: list[tuple[str, str]] = []
        self._run: Run | None = None
        self.last: Run | None = None  # the one at work, or that has ended last
        self.used = time.monotonic()
        self.kept = False  # by its tab's id, beyond the session in which it began

    def __deepcopy__(self, _: object) -> Intake:
        """Gradio copies what a state begins with for every tab."""
        return Intake()

    @property
    def waiting(self) -> int:
        with self._lock:
            return len(self._waiting)

    @property
    def run(self) -> Run | None:
        """The run that is at work, if one is."""
        with self._lock:
            return self._run

    def receive(self, files: Iterable[tuple[Path, str]], *, megabytes: int) -> None:
        """Take files with their names from where Gradio has left them; what is too much is refused in the report."""
        with self._lock:
            self.used = time.monotonic()
            if self._folder is None:  # of this user alone, and gone with the server at the latest
                self._folder = Path(tempfile.mkdtemp(prefix="waiting-", dir=os.environ.get("GRADIO_TEMP_DIR")))
            for file, name in files:
                if not file.is_file():
                    self._refused.append((name, "it was lost on the way; add it again"))
                elif len(self._waiting) < MOST_FILES and self._bytes < _MOST_UPLOADS * megabytes * 1_000_000:
                    self._keep(file, name, self._folder)
                else:
                    self._refused.append((name, "too many files wait; add it when these are done"))
                    file.unlink()

    def refuse(self, names: Iterable[str], reason: str) -> None:
        """Have the next report name files that were never sent."""
        with self._lock:
            self._refused += [(name, reason) for name in names]

    def start(self, collections: Collections, collection: str) -> Run | None:
        """Begin to add what waits; None where that is being done already."""
        with self._lock:
            if self._run is not None:
                return None
            self._run = Run(self, collections, collection, tuple(self._waiting), tuple(self._refused))
            self._refused = []
            self.last, self.used = self._run, time.monotonic()
            self._run.start()
            return self._run

    def cancel(self) -> None:
        """Ask the run to end after the file in work."""
        with self._lock:
            if self._run:
                self._run.cancelled.set()

    def discard(self) -> None:
        """End the work and delete what waits."""
        self.cancel()
        with self._lock:
            if self._run is None:
                self._delete()
            else:
                self._run.abandoned = True

    def left(self) -> None:
        """Take the end of the session in which this began."""
        if not self.kept and self.run is None:
            self.discard()

    def settled(self, run: Run) -> int:
        """Take the end of a run: its files that are gone from their places are settled; return how many wait."""
        with self._lock:
            self._run = None
            if run.abandoned:
                self._delete()
            self._waiting = [one for one in self._waiting if one.file.exists()]
            self._bytes = sum(one.file.stat().st_size for one in self._waiting)
            if not self._waiting:
                self._delete()
            return len(self._waiting)

    def _keep(self, file: Path, name: str, folder: Path) -> None:
        self._count += 1
        kept = folder / f"{self._count}"
        shutil.move(file, kept)
        self._bytes += kept.stat().st_size
        self._waiting.append(Given(kept, name))

    def _delete(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._waiting, self._bytes = None, [], 0


class Intakes:
    """The files of each tab by its id, so that a page that is loaded anew goes on with its own. Thread-safe."""

    def __init__(self, *, idle: float = IDLE) -> None:
        self._idle = idle
        self._of: dict[str, Intake] = {}
        self._lock = threading.Lock()

    def of(self, tab: str, begun: Intake) -> Intake:
        """The files of a tab; where it has none yet, those that its session has begun with."""
        with self._lock:
            self._forget()
            if not known(tab) or (tab in self._of and begun.last):  # more has been added before it was known
                return begun
            begun = self._of.setdefault(tab, begun)
            begun.kept, begun.used = True, time.monotonic()
            return begun

    def _forget(self) -> None:
        oldest = time.monotonic() - self._idle
        for tab, one in list(self._of.items()):
            if one.used < oldest and one.run is None:
                one.discard()
                del self._of[tab]


class Run(threading.Thread):
    """Adds the files that wait; `step` and `seconds` tell how far it is, `outcome` what became of it, `seen` whether
    the tab has been told."""

    def __init__(
        self,
        intake: Intake,
        collections: Collections,
        collection: str,
        given: tuple[Given, ...],
        refused: tuple[tuple[str, str], ...],
    ) -> None:
        super().__init__(name="intake", daemon=True)  # what it has committed is safe, whenever it ends
        self.cancelled = threading.Event()
        self.finished = threading.Event()
        self.abandoned = False
        self.seen = False
        self.step = Step(done=0, total=len(given), name="", passages=0, share=0.0)
        self.outcome = Outcome(collection=collection)
        self._intake = intake
        self._collections = collections
        self._given = given
        self._refused = refused
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def run(self) -> None:
        name = self.outcome.collection
        try:
            with self._collections.working(name) as assistant:
                made = add(assistant.index, self._given, progress=self._tell, cancelled=self._stops)
            self.outcome = replace(self.outcome, report=replace(made, rejected=(*made.rejected, *self._refused)))
        except RagError as error:
            self.outcome = replace(self.outcome, error=error)
        except Exception:
            log.exception("uploaded files could not be indexed")
            self.outcome = replace(self.outcome, unexpected=True)
        finally:
            waiting = self._intake.settled(self)
            self.outcome = replace(self.outcome, waiting=waiting, seconds=self.seconds)
            self.finished.set()

    def _tell(self, step: Step) -> None:
        self.step = step

    def _stops(self) -> bool:
        return self.cancelled.is_set() or self._collections.closing.is_set()
