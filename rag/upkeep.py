"""Upkeep of a whole index: mend it, embed it anew for another encoder, keep it level with folders that change."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from rag.catalog import Catalog
from rag.config import Config
from rag.database import CATALOG, existing
from rag.embedding import Embedding
from rag.encoder import Encoder
from rag.errors import IndexDamaged, IndexLocked, UnreadableDocument
from rag.index import Index, resolved
from rag.lock import is_being_written, write_lock
from rag.rebuilding import reencode, salvage
from rag.types import Progress, Repair, UpdateReport
from rag.updating import Update

_AGAIN = 0.5  # seconds until an update is tried again that found another writer
_FIRST_ROUND = 200  # milliseconds


def repair(folder: str | Path, *, config: Config | None = None, encoder: Encoder | None = None) -> Repair:
    """Mend what can be mended of the index in `folder`, and read again what was lost and still stands on the disk.

    Every file whose documents are as they were indexed is kept; where one is not, the damaged catalog stays beside
    the new one as `catalog.sqlite.damaged` until a document is deleted. Raises IndexMissing or IndexLocked.
    """
    folder = resolved(folder)
    with write_lock(existing(folder)):
        kept = None if _is_sound(folder) else salvage(folder)
    with Index.open(folder, config=config, encoder=encoder) as index:
        lost = index.lost()
        found = index.update([path for path in lost if os.path.isfile(path)])
        restored = {*found.added, *found.updated, *found.unchanged}
        if lost:
            index.forget_lost()
        return Repair(
            salvaged=None if kept is None else len(kept),
            restored=tuple(path for path in lost if path in restored),
            lost=tuple(path for path in lost if path not in restored),
            verification=index.verify(),
        )


def rebuild(
    folder: str | Path,
    *,
    config: Config | None = None,
    encoder: Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> UpdateReport:
    """Embed all documents of the index in `folder` anew, as now configured, without reading their files.

    The old vectors answer until the new ones take their place at once. After a stop the same call goes on where it
    was. Raises IndexMissing, IndexLocked, IndexDamaged or EncoderError.
    """
    folder, config = resolved(folder), config or Config.load()
    with write_lock(existing(folder)):
        _refuse_damage(folder)  # else it would be copied, and pass for sound
        made = Embedding.load(config, encoder)

        def work(catalog: Catalog, total: int) -> Update:
            encode = made.encoder.encode
            return Update(catalog, cut=made.cut, encode=encode, total=total, progress=progress, cancelled=cancelled)

        report = reencode(folder, made.stamp, work)
    if not report.cancelled:
        with Index.open(folder, config=config, encoder=made.encoder) as index, write_lock(folder):
            index.finish()
    return report


def watch(
    index: Index,
    folders: Sequence[str | Path],
    *,
    told: Callable[[UpdateReport], None],
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Keep the index level with what stands below `folders` until `stop` is set: as they are, then as they change.

    `told` is given the report of the first update and of each that changed or rejected something.
    Raises UnreadableDocument where one is no folder.
    """
    from watchfiles import watch as changes

    stop, roots, told_first = stop or threading.Event(), list(map(resolved, folders)), False
    for root in roots:
        if not root.is_dir():
            raise UnreadableDocument(str(root), "it is no folder.", remedy="Only folders can be watched.")

    def counts(_: object, path: str) -> bool:
        return not Index._own(Path(path)) and any(_is_listed(path, root) for root in roots)

    # The first round has no changes: from then on nothing is missed, not even what changes during the first update.
    rounds = changes(*roots, watch_filter=counts, stop_event=stop, rust_timeout=_FIRST_ROUND, yield_on_timeout=True)
    for changed in rounds:
        if (changed or not told_first) and (report := _level(index, roots, progress, stop)):
            if not told_first or report.added or report.updated or report.removed or report.rejected:
                told(report)
            told_first = True


def _level(
    index: Index, folders: Sequence[Path], progress: Callable[[Progress], None] | None, stop: threading.Event
) -> UpdateReport | None:
    """Update the index once nobody else writes it, or not at all where `stop` is set before."""
    while not stop.is_set():
        if not is_being_written(index.folder):  # an update would wait for the other writer, whatever `stop` says
            with suppress(IndexLocked):
                return index.update(folders, progress=progress, cancelled=stop.is_set, sync=True)
        stop.wait(_AGAIN)
    return None


def _is_listed(path: str, root: Path) -> bool:
    """Whether a file or folder that changed is one that an update of `root` would look at: hidden ones are not."""
    below = Path(path)
    return below.is_relative_to(root) and not any(
        name.startswith((".", "~$")) for name in below.relative_to(root).parts
    )


def _is_sound(folder: Path) -> bool:
    """Whether a catalog passes all checks, for the holder of the write lock. Raises IndexMismatch or IndexMissing."""
    try:
        _refuse_damage(folder)
    except IndexDamaged:
        return False
    return True


def _refuse_damage(folder: Path) -> None:
    with closing(Catalog(folder / CATALOG)) as catalog:
        catalog.refuse_damage()
