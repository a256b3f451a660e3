"""Uploaded files become documents of the index: kept in its folder under a safe name, never half replaced."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from rag.index import UPLOADS, Index
from rag.types import Progress, UpdateReport

_NAME_BYTES = 200  # file systems take 255, temporary names included


def safe_name(name: str) -> str:
    """Return the last part of `name` as a plain, visible file name of at most 200 bytes."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    visible = "".join("_" if unicodedata.category(c)[0] == "C" or c in '<>:"|?*' else c for c in last).strip(" .")
    stem, suffix = PurePath(visible).stem, PurePath(visible).suffix
    room = max(_NAME_BYTES - len(suffix.encode()), 0)
    return (stem.encode()[:room].decode(errors="ignore") + suffix)[:_NAME_BYTES] or "document"


def add(
    index: Index, files: Sequence[str | Path], *, progress: Callable[[Progress], None] | None = None
) -> UpdateReport:
    """Move `files` into the index's folder and index them there.

    A file named like an earlier upload is the new version of that document; where the index rejects it,
    the earlier version stays. The given files are gone afterwards.
    """
    folder = index.folder.resolve() / UPLOADS
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # for this user alone, as the files
    _settle_earlier(index, folder)
    refused: list[tuple[str, str]] = []
    report = UpdateReport()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".earlier-") as aside:
        placed: dict[str, Path] = {}
        try:
            for given in map(Path, files):
                name = safe_name(given.name)
                if name in placed:
                    refused.append((name, "another file of this name came with it; add them one after the other"))
                else:
                    placed[name] = _place(given, folder / name, aside=Path(aside))
            if placed:
                report = index.update(list(placed.values()), progress=progress)
        finally:
            # Also after a fault half-way: a file stays exactly where the index holds its bytes.
            indexed = index.files()
            for path in placed.values():
                if indexed.get(str(path)) != _digest(path):
                    _restore(path, aside=Path(aside))
            for given in map(Path, files):
                _discard(given)
    return replace(report, rejected=(*report.rejected, *refused))


def _place(given: Path, target: Path, *, aside: Path) -> Path:
    """Put a file where its document lives, whole, with what was there before set aside."""
    incoming = aside / f".new-{target.name}"  # a name that no upload has, see `safe_name`
    incoming.touch(mode=0o600)
    shutil.copyfile(given, incoming)
    if target.exists():  # at no time is nothing there
        try:
            os.link(target, aside / target.name)
        except OSError:  # a file system without links
            shutil.copyfile(target, aside / target.name)
    os.replace(incoming, target)
    return target


def _settle_earlier(index: Index, folder: Path) -> None:
    """Undo what an upload that was killed has left: a file that is not indexed gives way to the one that is."""
    known = index.files()
    for aside in folder.glob(".earlier-*"):
        for earlier in aside.iterdir():
            target = folder / earlier.name
            if known.get(str(target)) == _digest(earlier) != _digest(target):
                os.replace(earlier, target)
        shutil.rmtree(aside)


def _digest(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _restore(target: Path, *, aside: Path) -> None:
    earlier = aside / target.name
    if earlier.exists():
        os.replace(earlier, target)
    else:
        target.unlink(missing_ok=True)


def _discard(given: Path) -> None:
    """Remove an uploaded file and the folder that Gradio made for it."""
    given.unlink(missing_ok=True)
    if given.parent.is_dir() and not any(given.parent.iterdir()):
        given.parent.rmdir()
