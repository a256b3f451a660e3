"""Index: the one way to a folder of indexed documents, for updates, for search and for checks."""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from rag.catalog import Catalog
from rag.config import Config
from rag.database import CATALOG
from rag.documents import find
from rag.embedding import Embedding, configured
from rag.encoder import Encoder
from rag.errors import IndexDamaged, IndexFault, IndexLocked, IndexMismatch, QuestionError
from rag.fusion import fuse, query_words
from rag.lock import write_lock
from rag.rebuilding import settle
from rag.rows import Matrix, storable
from rag.types import Document, Hit, IndexedDocument, Progress, UpdateReport, Verification
from rag.updating import Update
from rag.vectors import Vectors

Given = str | Path | Iterable[str | Path]
Mode = Literal["fused", "dense", "lexical"]

_AT_ONCE = 64  # texts
UPLOADS = "uploads"  # below an index's folder: files that it alone keeps
_BESIDE_CATALOG = ("vectors.faiss", "vectors.tmp", "write.lock", "wrong-answers.jsonl")

_log = logging.getLogger(__name__)


class Index:
    """Documents, passages and vectors in one folder. Many readers, one writer at a time.

    Open it with `Index.open`; use it as a context manager or call `close()`. Thread-safe.
    """

    def __init__(self, folder: Path, catalog: Catalog, config: Config, encoder: Encoder | None) -> None:
        self.folder = folder
        self.config = config
        self._catalog = catalog
        self._given_encoder = encoder
        self._loaded: Embedding | None = None
        self._searched: Vectors | None = None  # there once it is loaded
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        config: Config | None = None,
        encoder: Encoder | None = None,
        create: bool = False,
        check: bool = True,
    ) -> Index:
        """Open the index in `folder`; with `create`, begin an empty one where there is none.

        Unless `check` is false, its file must be what was acknowledged last: known by its digest, or, where an update
        was broken off, by looking at every document. Raises IndexMissing, IndexMismatch (another encoder or passage
        rule built it) or IndexDamaged.
        """
        folder = resolved(folder)
        if folder.is_file():
            raise IndexFault(str(folder), "is a file.", remedy="An index is a folder: name one.")
        if create:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds the documents' whole text
            except OSError as error:
                raise IndexFault(
                    str(folder), f"cannot be made ({error.strerror}).", remedy="Choose another folder for the index."
                ) from None
        config = config or Config.load()
        index = cls(folder, Catalog(folder / CATALOG, create=create), config, encoder)
        try:
            if check:
                index._refuse_damage()
                index._refuse_others(configured(config) if encoder is None else index._ready().stamp)
        except BaseException:
            index.close()
            raise
        return index

    def close(self) -> None:
        self._catalog.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded at first use and checked against the one that built the index."""
        return self._ready().encoder

    # --- updating

    def update(
        self,
        given: Given,
        *,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        sync: bool = False,
    ) -> UpdateReport:
        """Index a file, a folder or a list of them; what is unchanged is not embedded again.

        Each document is committed on its own: after a stop at any time, the same call goes on where it was.
        With `sync`, documents below a given folder whose file is gone are removed. `cancelled` is asked between
        documents and within long ones. Raises IndexLocked where another process is writing.
        """
        roots = [resolved(one) for one in ([given] if isinstance(given, str | Path) else given)]
        found = find(roots)
        files = [file for file in found.files if not self._own(file)]
        folders = [root for root in roots if root.is_dir()]
        with write_lock(self.folder):
            work = self._work(len(files) + len(found.rejected), progress, cancelled)
            work.reject(found.rejected)
            work.read(files, self.config.documents)
            paths = sorted(map(str, [*files, *(path for path, _ in found.rejected)]))
            there = set(paths)
            left = [path for path in self._catalog.files() if any(_below(path, root) for root in folders)]
            missing = [path for path in left if path not in there and _gone(path)]
            removed = missing if sync and not work.cancelled else []
            for path in removed:
                self._catalog.remove(path)
            self.finish()
        return work.report(given=paths, missing=[] if removed else missing, removed=removed)

    def add(self, documents: Iterable[Document], *, progress: Callable[[Progress], None] | None = None) -> UpdateReport:
        """Index documents that are already read; each stands under its own `path`."""
        documents = list(documents)
        with write_lock(self.folder):
            work = self._work(len(documents), progress, None)
            work.add(documents)
            self.finish()
        return work.report(given=[document.path for document in documents])

    def remove(self, path: str | Path | Sequence[str | Path]) -> list[str]:
        """Delete a document, all below a folder, or a list of them, with passages, lexical entries and vectors.

        After a stop at any time all of them are there, or none is. Returns their paths. The files stay, but for those
        that were uploaded into the index's own folder.
        """
        with write_lock(self.folder):
            paths = self._matching(path)
            if paths:
                self._catalog.remove(*paths)
            self.finish()
            for one in paths:
                if _below(one, self.folder / UPLOADS):
                    delete_below(Path(one), self.folder / UPLOADS)
        return paths

    # --- reading

    @property
    def state(self) -> str:
        """Another one after every change, whoever made it."""
        return self._catalog.state

    def documents(self, within: str | Path | Sequence[str | Path] | None = None) -> list[IndexedDocument]:
        """All documents, in the order of their paths; or those that are, or lie below, one of `within`."""
        with self._catalog.snapshot():
            chosen = None if within is None else set(self._matching(within))
            return [one for one in self._catalog.documents() if chosen is None or one.path in chosen]

    def texts(self, within: str | Path | Sequence[str | Path] | None = None) -> Iterator[tuple[str, str]]:
        """Path and text of each of these documents, in the order of their paths: a few at once are in memory."""
        paths = self._catalog.paths() if within is None else self._matching(within)
        for first in range(0, len(paths), _AT_ONCE):
            yield from self._catalog.texts(paths[first : first + _AT_ONCE])

    def embedded(self, path: str) -> tuple[list[Hit], Matrix]:
        """The passages of a document in order, and their vectors: float32 [n, d], as they are stored."""
        with self._catalog.snapshot():
            ids = self._catalog.passage_ids([path])
            vectors = self._catalog.vectors(ids, self._catalog.dimension)
            return self._catalog.hits(dict.fromkeys(ids.tolist(), 0.0)), vectors

    def files(self) -> dict[str, str]:
        """Path to SHA-256 of every indexed file, as it was read; a file may hold several documents."""
        return self._catalog.files()

    def document(self, path: str | Path) -> Document:
        """The document at `path`, with its text. Raises IndexFault where there is none."""
        for name in (str(path), str(resolved(path))):
            document = self._catalog.document(name)
            if document is not None:
                return document
        raise IndexFault(str(self.folder), f"no document at {path}.", remedy="`rag documents` lists what is indexed.")

    def search(
        self, query: str, *, k: int = 10, within: str | Path | Sequence[str | Path] | None = None, mode: Mode = "fused"
    ) -> list[Hit]:
        """The k best passages for `query`, best first; the same query gives the same hits.

        `within` restricts the search to these documents or folders. Scores: fused and dense in [-1, 1], lexical BM25.
        """
        if k < 1 or mode not in get_args(Mode):
            raise ValueError(f"k is at least 1 and mode one of {get_args(Mode)}, got {k} and {mode!r}")
        if not storable(query):
            raise QuestionError("the query holds characters that are no text.", remedy="Write it in UTF-8.")
        ready = self._ready()
        assert self._searched is not None
        vector = ready.encoder.encode([query] if mode != "lexical" else [])
        with self._catalog.snapshot():
            self._refuse_others(ready.stamp)
            paths = None if within is None else self._matching(within)
            if paths is not None and not paths:
                return []
            count = max(k, self.config.retrieval.candidates)
            lexical = self._catalog.lexical(query_words(query), count, paths) if mode != "dense" else {}
            ids = None if paths is None else self._catalog.passage_ids(paths)
            dense = self._searched.search(vector[0], count, ids) if mode != "lexical" else {}
            if mode == "fused":
                dense |= self._searched.cosines(vector[0], sorted(set(lexical) - set(dense)))
                scores = fuse(dense, lexical)
            else:
                scores = dense or lexical
            return self._catalog.hits(self._catalog.best(scores, k))

    def lost(self) -> list[str]:
        """Paths of files that a repair could not keep and that nobody has been told of."""
        return self._catalog.lost

    def forget_lost(self) -> None:
        with write_lock(self.folder):
            self._catalog.set_meta({"lost": "[]"})
            self.finish()

    def neighbours(self, hit: Hit) -> tuple[Hit | None, Hit | None]:
        """The passages before and after `hit` in its document."""
        with self._catalog.snapshot():
            return self._catalog.neighbours(hit)

    def verify(self) -> Verification:
        """Check the catalog, its passages, its lexical index and the vector file against each other.

        A flipped byte is found wherever it could change what is shown. Raises IndexDamaged where SQLite cannot
        even count the documents.
        """
        findings = [*self._catalog.lexical_findings(), *self._findings_at_rest()]
        with self._catalog.snapshot():
            documents, passages = self._catalog.count()
            generation = self._catalog.generation
            try:
                findings += self._catalog.findings()
            except IndexDamaged as error:
                findings.append(error.message)
        return Verification(documents=documents, passages=passages, generation=generation, findings=tuple(findings))

    # --- inside

    def _findings_at_rest(self) -> list[str]:
        """What can only be judged while nobody writes: the ledger, and whether the vectors are up to date."""
        try:
            with write_lock(self.folder, patience=0):
                return self._at_rest()
        except IndexLocked:
            return []
        except IndexDamaged as error:
            return [error.message]
        except IndexFault:  # a folder that cannot be written has no writer
            return self._at_rest()

    def _at_rest(self) -> list[str]:
        unexpected = self._catalog.ledger.unexpected(self._catalog.generation)
        found = [f"the catalog: {unexpected}."] if unexpected else []
        if self._catalog.count()[1]:
            found += filter(None, [self._vectors(self._catalog.dimension).finding()])
        return found

    @staticmethod
    def _own(file: Path) -> bool:
        """Whether a file is part of this or another index: they may stand inside a folder of documents."""
        if file.name.startswith(CATALOG) or file.name in _BESIDE_CATALOG:
            return (file.parent / CATALOG).exists()
        # What was asked in the chat and rated is kept there too: copies of documents, and answers that are wrong.
        suites = [parent.parent for parent in file.parents if parent.name == "suite"]
        return any((folder / CATALOG).exists() for folder in suites)

    def _ready(self) -> Embedding:
        with self._lock:
            if self._loaded is None:
                made = Embedding.load(self.config, self._given_encoder)
                self._refuse_others(made.stamp)
                self._searched = self._vectors(made.encoder.dimension)
                self._loaded = made
            return self._loaded

    def _vectors(self, dimension: int) -> Vectors:
        return Vectors(self.folder / "vectors.faiss", self._catalog, dimension)

    def _refuse_others(self, stamp: Mapping[str, str]) -> None:
        """Raise IndexMismatch where something else than `stamp` says has built the index."""
        for what, wanted in stamp.items():
            found = self._catalog.meta(what)
            if found is not None and found != wanted:
                raise IndexMismatch(
                    str(self.folder),
                    f"was built with {what} {found!r}, but {wanted!r} is configured.",
                    remedy=f"Restore that setting, or embed everything anew: rag rebuild --index {self.folder}",
                )

    def _work(
        self, total: int, progress: Callable[[Progress], None] | None, cancelled: Callable[[], bool] | None
    ) -> Update:
        """An update that loads the encoder with the first document that needs it: mostly nothing has changed."""

        if self._loaded:
            self._refuse_others(self._loaded.stamp)

        return Update(
            self._catalog,
            cut=lambda document: self._stamped().cut(document),
            encode=lambda texts: self._stamped().encoder.encode(texts),
            total=total,
            progress=progress,
            cancelled=cancelled,
        )

    def _stamped(self) -> Embedding:
        """The encoder that the index is, or from now on will be, built with; for the holder of the write lock."""
        ready = self._ready()
        self._refuse_others(ready.stamp)
        if self._catalog.meta("encoder") is None:
            self._catalog.set_meta(ready.stamp)
        return ready

    def _refuse_damage(self) -> None:
        """Raise IndexDamaged where the catalog is not what was acknowledged, or does not hold together."""
        if self._catalog.ledger.fits():
            return
        try:
            with write_lock(self.folder, patience=0):  # nobody is writing it, so that it may be judged
                self._catalog.refuse_damage()
                settle(self.folder, self._catalog)
        except IndexLocked:
            return
        except IndexDamaged:
            raise
        except IndexFault:  # a folder that cannot be written has no writer
            self._catalog.refuse_damage()

    def finish(self) -> None:
        """Leave no trace of what was deleted, and the vectors as the catalog is; for the holder of the write lock."""
        settle(self.folder, self._catalog)
        dimension = self._catalog.dimension
        vectors = self._searched or self._vectors(dimension)
        if dimension and vectors.finding():
            try:
                vectors.save()
            except OSError as error:  # nothing is lost: the next reader rebuilds it, and verify() reports it
                _log.warning("vectors.faiss was not written: %s", error)

    def _matching(self, names: str | Path | Sequence[str | Path]) -> list[str]:
        """Indexed paths that are one of `names` or lie below one that is a folder."""
        listed = [str(name) for name in ([names] if isinstance(names, str | Path) else names) if name != ""]
        paths = self._catalog.paths()
        known = set(paths)
        roots = {name if name in known else str(resolved(name)) for name in listed}
        return [path for path in paths if not roots.isdisjoint(_upwards(path))]


def resolved(path: str | Path) -> Path:
    """Absolute and without links, as `find` returns paths; a name that cannot exist stays as it is."""
    try:
        return Path(os.path.realpath(os.path.expanduser(path)))
    except ValueError:
        return Path(path)


def _gone(path: str) -> bool:
    """Whether there is surely no such file; one that cannot be reached may be there still."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # which has taken its name
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def delete_below(file: Path, folder: Path) -> None:
    """Delete a file and the folders that this leaves empty, up to `folder`."""
    file.unlink(missing_ok=True)
    for parent in file.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()


def _upwards(path: str) -> Iterator[str]:
    """A path, then the folders above it."""
    yield path
    while (end := path.rfind("/")) > 0:
        path = path[:end]
        yield path
    if end == 0:
        yield "/"


def _below(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(f"{str(root).rstrip('/')}/")
