"""Uploaded files become documents of the index: kept in its folder under a safe name, never half replaced."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import NamedTuple

from rag.errors import IndexFault, IndexLocked
from rag.index import UPLOADS, Index, delete_below
from rag.lock import write_lock
from rag.types import Progress, UpdateReport

_NAME_BYTES = 200  # file systems take 255, temporary names included
_DEEPEST = 10  # folders of a name that are kept: the last ones
_WORK = ".work"  # below the uploads, hidden from every listing: the lock, and what a broken-off upload is undone with
_PLACED = "placed.json"  # no upload has such a place: all of theirs lie one folder deeper
_EARLIER = "earlier"


class Given(NamedTuple):
    """An uploaded file where it lies now, and its name, which may begin with the folders that it was chosen with."""

    file: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far an upload is: `done` of `total` files, the one in work, passages embedded, share of the new bytes."""

    done: int
    total: int
    name: str
    passages: int
    share: float


def safe_name(name: str) -> str:
    """Return the last part of `name` as a plain, visible file name of at most 200 bytes."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    visible = "".join("_" if unicodedata.category(c)[0] == "C" or c in '<>:"|?*' else c for c in last).strip(" .")
    stem, suffix = PurePath(visible).stem, PurePath(visible).suffix
    room = max(_NAME_BYTES - len(suffix.encode()), 0)
    return (stem.encode()[:room].decode(errors="ignore") + suffix)[:_NAME_BYTES] or "document"


def safe_path(name: str) -> str:
    """Return `name` as a path of plain names that leads nowhere but down."""
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    return "/".join(map(safe_name, parts[-_DEEPEST:])) or "document"


def add(
    index: Index,
    given: Sequence[Given],
    *,
    progress: Callable[[Step], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> UpdateReport:
    """Copy files into the index's folder and index them there; a given file is gone once its fate is settled.

    So those that are left afterwards, also after a fault, were not reached: the same call goes on with them. A file
    of the same name as an earlier upload is the new version of that document; where the index rejects it, the earlier
    version stays. Raises IndexLocked where others add files or update the index, IndexFault where the disk is full.
    """
    with _uploading(index) as (folder, aside):
        placing = _Placing(index, folder, aside)
        try:
            placing.place(given)
            report = UpdateReport()
            if placing.placed:
                watched = placing.watched(progress) if progress else None
                report = index.update(list(placing.placed), progress=watched, cancelled=cancelled)
        except OSError as error:
            remedy = "Check that the disk has room and that the folder is yours to write."
            raise IndexFault(str(index.folder), f"cannot take the files ({error.strerror}).", remedy=remedy) from None
        finally:  # also after a fault half-way: a file stays exactly where the index holds its bytes
            placing.settle()
        return placing.account(report)


def settle(index: Index) -> None:
    """Undo what uploads that were killed have left, unless one is at work just now."""
    if any(_work(index).glob("*/")):
        with suppress(IndexFault, OSError), _uploading(index):  # the next upload sees to it
            pass


class _Placing:
    """The files of one upload in their places, until it is known which of them stay there."""

    def __init__(self, index: Index, folder: Path, aside: Path) -> None:
        self._index = index
        self._folder = folder
        self._aside = aside
        self._refused: list[tuple[str, str]] = []
        self._standing: set[Path] = set()
        self.placed: dict[Path, Given] = {}

    def place(self, given: Sequence[Given]) -> None:
        for one in given:
            path = self._folder / safe_path(one.name)
            if path in self.placed:
                self._refuse(one, "another file of this name came with it; add them one after the other")
            elif path.is_dir() or any(parent.is_file() for parent in path.parents):
                self._refuse(one, "it cannot stand where an earlier document has taken the name of its folder")
            else:
                self.placed[path] = one
        names = [str(path.relative_to(self._folder)) for path in self.placed]
        (self._aside / _PLACED).write_text(json.dumps(names), encoding="utf-8")
        for path, one in self.placed.items():
            self._standing.add(path)
            _place(one.file, path, earlier=self._aside / _EARLIER / path.relative_to(self._folder))

    def watched(self, progress: Callable[[Step], None]) -> Callable[[Progress], None]:
        """Tell the share of what is new in bytes: files that are indexed already cost next to nothing."""
        known = self._index.files()
        sizes = {str(p): 0 if known.get(str(p)) == _digest(p) else p.stat().st_size for p in self.placed}
        whole = max(sum(sizes.values()), 1)
        settled: dict[str, int] = {}
        done = 0

        def tell(now: Progress) -> None:
            nonlocal done
            if now.done > done:
                done, settled[now.path] = now.done, sizes.get(now.path, 0)
            name = now.path.removeprefix(f"{self._folder}/")
            share = sum(settled.values()) / whole
            progress(Step(done=now.done, total=now.total, name=name, passages=now.passages, share=share))

        return tell

    def settle(self) -> None:
        indexed = self._index.files()
        for path, one in self.placed.items():
            held = indexed.get(str(path))
            if held is not None and held == _digest(one.file):
                _discard(one.file)
            elif path in self._standing and held != _digest(path):
                _restore(path, self._aside / _EARLIER / path.relative_to(self._folder), self._folder)

    def account(self, made: UpdateReport) -> UpdateReport:
        """The report of all that was given, where what was rejected is let go too."""
        told = {*made.added, *made.updated, *made.unchanged, *made.pending, *(path for path, _ in made.rejected)}
        for path, one in self.placed.items():
            if str(path) not in told:
                self._refuse(one, "a file of this name is part of an index, not a document")
        for rejected, _ in made.rejected:
            _discard(self.placed[Path(rejected)].file)
        kept = [path for path in made.pending if not self.placed[Path(path)].file.exists()]  # as it was indexed before
        return replace(
            made,
            unchanged=(*made.unchanged, *kept),
            rejected=(*made.rejected, *self._refused),
            pending=tuple(path for path in made.pending if path not in kept),
        )

    def _refuse(self, one: Given, reason: str) -> None:
        self._refused.append((str(self._folder / safe_path(one.name)), reason))
        _discard(one.file)


@contextmanager
def _uploading(index: Index) -> Iterator[tuple[Path, Path]]:
    """The folder of uploads and one beside it for what they replace, for one upload at a time."""
    work = _work(index)
    work.mkdir(parents=True, exist_ok=True)
    for folder in (work.parent, work):
        folder.chmod(0o700)  # for this user alone, as the files
    with ExitStack() as held:
        try:
            held.enter_context(write_lock(work, patience=0))
        except IndexLocked:
            remedy = "Try again when that has finished."
            raise IndexLocked(str(index.folder), "other files are being added just now.", remedy=remedy) from None
        _undo_killed(index, work)
        yield work.parent, Path(held.enter_context(tempfile.TemporaryDirectory(dir=work)))


def _work(index: Index) -> Path:
    return index.folder.resolve() / UPLOADS / _WORK


def _undo_killed(index: Index, work: Path) -> None:
    """A file that a killed upload had placed and that is not indexed gives way to the one that was there before."""
    known = index.files()
    for aside in work.glob("*/"):
        try:
            names = json.loads((aside / _PLACED).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # killed before it placed anything
            names = []
        for name in names:
            path = work.parent / name
            if known.get(str(path)) != _digest(path):
                _restore(path, aside / _EARLIER / name, work.parent)
        shutil.rmtree(aside)


def _place(given: Path, target: Path, *, earlier: Path) -> None:
    """Put a file where its document lives, whole, with what was there before set aside."""
    earlier.parent.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming = earlier.with_name(f".new-{earlier.name[-100:]}")  # a name that no upload has, see `safe_name`
    incoming.touch(mode=0o600)
    shutil.copyfile(given, incoming)
    if target.exists():  # at no time is nothing there
        try:
            os.link(target, earlier)
        except OSError:  # a file system without links
            shutil.copyfile(target, earlier)
    os.replace(incoming, target)


def _digest(file: Path) -> str | None:
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _restore(target: Path, earlier: Path, folder: Path) -> None:
    if earlier.exists():
        os.replace(earlier, target)
    else:
        delete_below(target, folder)


def _discard(given: Path) -> None:
    """Remove an uploaded file and the folder that Gradio made for it."""
    given.unlink(missing_ok=True)
    if given.parent.is_dir() and not any(given.parent.iterdir()):
        given.parent.rmdir()
